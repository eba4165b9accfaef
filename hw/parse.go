package hw

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of the text form, so that no input can ask for much more memory than its
// own size.
const (
	maxSource = 1 << 20 // bytes
	maxErrors = 50      // reported
)

// ParseText reads a design in the text form (see [WriteText]) and returns its last
// module, verified. All errors are reported together, each with the file's name,
// line and column, the offending value and what was expected.
func ParseText(name string, src []byte) (*Module, error) {
	p := &parser{file: name, mods: map[string]*Module{}}
	if len(src) > maxSource {
		p.fail(1, 1, "text has %d bytes (expected at most %d)", len(src), maxSource)
		return nil, errors.Join(p.errs...)
	}
	no := 0
	for line := range strings.SplitSeq(string(src), "\n") {
		no++
		c := &cursor{p: p, line: no, toks: lex(line)}
		if c.peek().kind == tokenEnd {
			continue
		}
		if p.mod == nil {
			p.header(c)
		} else {
			p.mod.item(c)
		}
	}
	switch {
	case p.mod != nil:
		p.fail(p.mod.line, 1, "module %s does not end (expected a line with \"}\")", p.mod.m.Name)
	case p.last == nil && len(p.errs) == 0:
		p.fail(no, 1, "text has no module (expected at least 1)")
	}
	if p.more > 0 {
		p.errs = append(p.errs, fmt.Errorf("%s: %d more errors", name, p.more))
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.last, nil
}

type parser struct {
	file string
	errs []error
	more int                // errors past maxErrors
	mods map[string]*Module // nil: has errors
	mod  *moduleParser      // the module that is open, or nil
	last *Module
}

func (p *parser) fail(line, col int, format string, args ...any) {
	if len(p.errs) >= maxErrors {
		p.more++
		return
	}
	p.errs = append(p.errs, fmt.Errorf("%s:%d:%d: "+format, append([]any{p.file, line, col}, args...)...))
}

// header reads the line that opens a module.
func (p *parser) header(c *cursor) {
	c.expect("module")
	name := c.name("a module name")
	c.expect("{")
	c.end()
	if _, twice := p.mods[name.text]; twice {
		c.failAt(name, "module is declared twice: %s", name)
	}
	m := &moduleParser{p: p, line: c.line, m: &Module{Name: name.text}, nodes: map[string]ID{}, insts: map[string]int{}, tables: map[string]int{}, broken: c.failed}
	p.mods[name.text] = nil
	p.mod = m
}

// moduleParser reads the items of one module. References to nodes are connected at
// its end, because they may stand before their node.
type moduleParser struct {
	p      *parser
	m      *Module
	line   int
	nodes  map[string]ID
	insts  map[string]int
	tables map[string]int
	refs   []reference
	lines  []int // of each node
	broken bool  // some line has an error, or an instance is of a broken module
}

type reference struct {
	cursor cursor
	name   token
	set    func(ID)
}

// item reads one line of a module.
func (p *moduleParser) item(c *cursor) {
	first := c.next()
	switch {
	case first.text == "}":
		c.end()
		p.broken = p.broken || c.failed
		p.close()
		return
	case c.peek().text == "=":
		p.node(c, first)
	case first.text == "doc":
		p.doc(c)
	case first.text == "axis":
		p.axis(c)
	case first.text == "table":
		p.table(c)
	case first.text == "input":
		p.input(c)
	case first.text == "inst":
		p.inst(c)
	case first.text == "output", first.text == "assert":
		p.sink(c, first.text)
	default:
		c.failAt(first, "unexpected %s (expected doc, axis, table, input, inst, output, assert, a node or \"}\")", first)
	}
	c.end()
	p.broken = p.broken || c.failed
}

func (p *moduleParser) doc(c *cursor) {
	t := c.next()
	s, err := strconv.Unquote(t.text)
	if t.kind != tokenString || err != nil {
		c.failAt(t, "unexpected %s (expected a string in double quotes)", t)
		return
	}
	p.m.Doc = s
}

func (p *moduleParser) axis(c *cursor) {
	name := c.name("an axis name")
	size := c.number("an axis size", 1, MaxLanes)
	switch {
	case c.failed:
	case p.m.AxisIndex(name.text) >= 0:
		c.failAt(name, "axis is declared twice: %s", name)
	case len(p.m.Axes) == MaxAxes:
		c.failAt(name, "one axis too many: %s (expected at most %d)", name, MaxAxes)
	default:
		p.m.Axes = append(p.m.Axes, Axis{name.text, size})
	}
}

func (p *moduleParser) table(c *cursor) {
	name := c.name("a table name")
	r := Rom{Name: name.text, Width: c.number("a width", 1, MaxWidth)}
	c.expect("(")
	for !c.failed && !c.accept(")") {
		if len(r.Data) == maxRom {
			c.failAt(c.peek(), "one table entry too many: %s (expected at most %d)", c.peek(), maxRom)
		}
		r.Data = append(r.Data, c.bits("a table entry"))
	}
	if _, twice := p.tables[name.text]; twice {
		c.failAt(name, "table is declared twice: %s", name)
	}
	p.tables[name.text] = len(p.m.Roms)
	p.m.Roms = append(p.m.Roms, r)
}

// refer takes a reference to a node; set gets the node at the end of the module.
func (p *moduleParser) refer(c *cursor, set func(ID)) {
	t := c.word("a node")
	if !c.failed {
		p.refs = append(p.refs, reference{*c, t, set})
	}
}

// declare adds a node by the name that it has in the text.
func (p *moduleParser) declare(c *cursor, name token, n Node) {
	if _, twice := p.nodes[name.text]; twice {
		c.failAt(name, "node is declared twice: %s", name)
	}
	if c.failed { // stay silent where others refer to it
		p.nodes[name.text] = None
		return
	}
	if name.text[0] != '_' {
		n.Name = name.text
	}
	p.nodes[name.text] = ID(len(p.m.Nodes))
	p.m.Nodes = append(p.m.Nodes, n)
	p.lines = append(p.lines, c.line)
}

// typ reads the width and shape of a node.
func (p *moduleParser) typ(c *cursor, n *Node) {
	c.expect(":")
	n.Width = c.number("a width", 1, MaxWidth)
	n.Shape = p.shape(c)
}

// shape reads axes in brackets, if there are any.
func (p *moduleParser) shape(c *cursor) Shape {
	var s Shape
	if !c.accept("[") {
		return s
	}
	for !c.failed && !c.accept("]") {
		t := c.peek()
		a := p.axisRef(c)
		if !c.failed && s.Has(a) {
			c.failAt(t, "axis stands twice: %s", t)
		}
		s = s.With(a)
	}
	return s
}

func (p *moduleParser) axisRef(c *cursor) int {
	t := c.word("an axis")
	a := p.m.AxisIndex(t.text)
	if a < 0 {
		c.failAt(t, "no such axis: %s (expected one of %s)", t, shorten(p.m.ShapeString(1<<len(p.m.Axes)-1)))
		return 0
	}
	return a
}

func (p *moduleParser) input(c *cursor) {
	name := c.name("a port name")
	n := Node{Op: OpInput, Imm: uint64(len(p.m.Inputs))}
	p.typ(c, &n)
	c.end()
	p.m.Inputs = append(p.m.Inputs, Port{name.text, ID(len(p.m.Nodes))})
	p.declare(c, name, n)
}

// sink reads an output or an assertion.
func (p *moduleParser) sink(c *cursor, kind string) {
	name := c.name("a name")
	c.expect("=")
	if kind == "output" {
		k := len(p.m.Outputs)
		p.m.Outputs = append(p.m.Outputs, Port{name.text, None})
		p.refer(c, func(id ID) { p.m.Outputs[k].Node = id })
		return
	}
	k := len(p.m.Asserts)
	p.m.Asserts = append(p.m.Asserts, Assert{name.text, None})
	p.refer(c, func(id ID) { p.m.Asserts[k].Cond = id })
}

func (p *moduleParser) inst(c *cursor) {
	name := c.name("an instance name")
	c.expect("=")
	t := c.word("a module")
	mod, ok := p.p.mods[t.text]
	switch {
	case c.failed:
		return
	case !ok || t.text == p.m.Name:
		c.failAt(t, "no such module before this one: %s", t)
	case mod == nil: // it has errors of its own; say no more
		p.broken, c.failed = true, true
	}
	in := Inst{Name: name.text, Mod: mod}
	if c.accept("over") {
		in.Over = p.shape(c)
	}
	if _, twice := p.insts[name.text]; twice {
		c.failAt(name, "instance is declared twice: %s", name)
	}
	p.insts[name.text] = len(p.m.Insts)
	if c.failed {
		p.insts[name.text] = -1
		return
	}
	in.In, in.Out = make([]ID, len(mod.Inputs)), make([]ID, len(mod.Outputs))
	for k := range in.In {
		in.In[k] = None
	}
	for k := range in.Out {
		in.Out[k] = None
	}
	p.connections(c, &in)
	p.m.Insts = append(p.m.Insts, in)
}

// connections reads the drivers of an instance's inputs.
func (p *moduleParser) connections(c *cursor, in *Inst) {
	c.expect("(")
	seen := make([]bool, len(in.In))
	for first := true; !c.failed && !c.accept(")"); first = false {
		if !first {
			c.expect(",")
		}
		port := c.word("a port")
		k := portIndex(in.Mod.Inputs, port.text)
		switch {
		case k < 0:
			c.failAt(port, "module %s has no such input: %s", in.Mod.Name, port)
		case seen[k]:
			c.failAt(port, "input is connected twice: %s", port)
		default:
			seen[k] = true
		}
		c.expect("=")
		drivers := in.In
		p.refer(c, func(id ID) { drivers[k] = id })
	}
	for k, done := range seen {
		if !done {
			c.failAt(c.peek(), "input of module %s is not connected: %q", in.Mod.Name, in.Mod.Inputs[k].Name)
		}
	}
}

func portIndex(ports []Port, name string) int {
	for i, p := range ports {
		if p.Name == name {
			return i
		}
	}
	return -1
}

// close connects the references of a module and verifies it.
func (p *moduleParser) close() {
	p.p.mod = nil
	for i := range p.refs {
		r := &p.refs[i]
		switch id, ok := p.nodes[r.name.text]; {
		case !ok:
			p.broken = true
			p.p.fail(r.cursor.line, r.name.col, "no such node: %s", r.name)
		case id == None: // its own line has an error
		default:
			r.set(id)
		}
	}
	for i := range p.m.Nodes {
		if p.broken {
			break
		}
		n := &p.m.Nodes[i]
		w, s, err := p.m.infer(n)
		if err == nil && (w != n.Width || s != n.Shape) {
			err = fmt.Errorf("type differs from that of the operands (expected : %d %s)", w, p.m.ShapeString(s))
		}
		if err != nil {
			p.p.fail(p.lines[i], 1, "%s: %w", p.m.describe(n), err)
		}
	}
	if p.broken || len(p.p.errs) > 0 {
		return
	}
	if err := Verify(p.m); err != nil {
		for _, e := range unjoin(err) {
			p.p.fail(p.line, 1, "%w", e)
		}
		return
	}
	p.p.mods[p.m.Name], p.p.last = p.m, p.m
}

// unjoin lists the errors that [errors.Join] put together.
func unjoin(err error) []error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		return list.Unwrap()
	}
	return []error{err}
}
