package rtlgen

import (
	"fmt"
	"slices"
	"strings"
)

// block is the body of the module (v < 0) or of a generate loop.
type block struct {
	v      int // loop variable
	label  string
	params []string // localparam statements
	regs   []string
	decls  []string
	wires  []string // statements; a statement may have several lines
	picks  []*choice
	insts  []string
	kids   []*block
	unread []string
}

// child finds or makes the loop over variable v inside b.
func (e *emitter) child(b *block, v int) *block {
	label := "g_" + e.vars[v].name
	for _, k := range b.kids {
		if k.v == v {
			return k
		}
	}
	return e.newChild(b, v, label)
}

// newChild makes a loop with a label that is new among the loops of b.
func (e *emitter) newChild(b *block, v int, label string) *block {
	base := label
	for k := 2; slices.ContainsFunc(b.kids, func(x *block) bool { return x.label == label }); k++ {
		label = fmt.Sprintf("%s_%d", base, k)
	}
	k := &block{v: v, label: label}
	if g := e.vars[v].name; !e.genvarSeen[g] {
		e.genvarSeen[g] = true
		e.genvars = append(e.genvars, g)
	}
	b.kids = append(b.kids, k)
	return k
}

// loops finds or makes the loop nest over the given variables inside b.
func (e *emitter) loops(b *block, path []int) *block {
	for _, v := range path {
		b = e.child(b, v)
	}
	return b
}

func (b *block) wire(format string, args ...any) {
	b.wires = append(b.wires, fmt.Sprintf(format, args...))
}

// choice is a generate-if of a loop's body: what holds in its edge lane and in all
// others.
type choice struct {
	cond        string // true in the edge lane
	edge, other string // labels
	atEdge      []string
	elsewhere   []string
}

// choice finds or makes the choice between the edge lane, the first or last along
// loop variable v, and the others.
func (e *emitter) choice(b *block, v int, first bool) *choice {
	name := e.vars[v].name
	cond, edge, other := name+" == 0", "g_first_"+name, "g_next_"+name
	if !first {
		cond, edge, other = name+" == "+e.sizeName(v)+" - 1", "g_last_"+name, "g_prev_"+name
	}
	for _, c := range b.picks {
		if c.cond == cond {
			return c
		}
	}
	c := &choice{cond: cond, edge: e.names.fresh(edge), other: e.names.fresh(other)}
	b.picks = append(b.picks, c)
	return c
}

// lines writes the choice.
func (c *choice) lines() []string {
	indent := func(list []string) (out []string) {
		for _, s := range list {
			out = append(out, "  "+s)
		}
		return out
	}
	return slices.Concat([]string{"if (" + c.cond + ") begin : " + c.edge}, indent(c.atEdge),
		[]string{"end else begin : " + c.other}, indent(c.elsewhere), []string{"end"})
}

// writer collects lines and breaks long ones.
type writer struct {
	b     strings.Builder
	width int
}

// line writes a statement, each of its lines indented by two spaces a level.
func (w *writer) line(level int, s string) {
	for l := range strings.SplitSeq(s, "\n") {
		w.wrap(strings.Repeat("  ", level), l)
	}
}

// wrap breaks a line at its last suitable space before the margin. Continuation lines
// are indented by four more spaces.
func (w *writer) wrap(indent, s string) {
	text := indent + s
	first := true
	for len(text) > w.width && !strings.Contains(text, "//") && !strings.Contains(text, `"`) {
		body := len(text) - len(strings.TrimLeft(text, " "))
		cut := breakAt(text[body:w.width+1]) + body
		if cut <= body {
			break
		}
		w.b.WriteString(strings.TrimRight(text[:cut], " ") + "\n")
		if first {
			indent = text[:body] + "    "
			first = false
		}
		text = indent + strings.TrimLeft(text[cut:], " ")
	}
	w.b.WriteString(strings.TrimRight(text, " ") + "\n")
}

// breakAt returns where to break s: among its spaces in the last two thirds the
// last one that is nested least; 0 if there is none.
func breakAt(s string) int {
	best, least, depth := 0, 1<<30, 0
	for i := range len(s) {
		switch s[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ' ':
			level := depth * 2
			if i > 0 && s[i-1] != ',' && !strings.Contains("?:|&^+*=", s[i+1:min(i+2, len(s))]) {
				level += 3
			}
			if i > len(s)/3 && level <= least {
				best, least = i, level
			}
		}
	}
	if best == 0 {
		return strings.LastIndex(s, " ")
	}
	return best
}

func (w *writer) blank() { w.b.WriteString("\n") }

// block writes the statements of a block at a level.
func (e *emitter) block(w *writer, level int, b *block) {
	groups := 0
	group := func(list []string) {
		if len(list) == 0 {
			return
		}
		if groups++; groups > 1 {
			w.blank()
		}
		for _, s := range list {
			w.line(level, s)
		}
	}
	group(slices.Concat(b.params, b.regs, b.decls))
	group(b.wires)
	for _, c := range b.picks {
		group(c.lines())
	}
	for _, s := range b.insts {
		group([]string{s})
	}
	if len(b.kids) > 0 {
		if groups > 0 {
			w.blank()
		}
		groups++
		e.kids(w, level, b)
	}
	if len(b.unread) > 0 {
		group([]string{unusedWire(b.unread)})
	}
}

// kids writes the loops of a block.
func (e *emitter) kids(w *writer, level int, b *block) {
	if b.v < 0 {
		w.line(level, "generate")
		level++
	}
	for i, k := range b.kids {
		if i > 0 {
			w.blank()
		}
		v := e.vars[k.v]
		w.line(level, fmt.Sprintf("for (%s = 0; %s < %s; %s = %s + 1) begin : %s",
			v.name, v.name, v.span, v.name, v.name, k.label))
		e.block(w, level+1, k)
		w.line(level, "end")
	}
	if b.v < 0 {
		w.line(level-1, "endgenerate")
	}
}

func unusedWire(list []string) string {
	return "wire _unused_ok = &{1'b0, " + strings.Join(list, ", ") + "};"
}
