package hw

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Grammar is the grammar of the text form, which [WriteText] writes and
// [ParseText] reads. Every node stands on a line of its own and states its width
// and shape, which must be those that its operator gives; nothing is implied.
const Grammar = `design   = { module }                            leaf modules first, the top one last
module   = "module" NAME "{"                     each item stands on a line of its own
             [ "doc" STRING ]
             { "axis" NAME SIZE }
             { "table" NAME WIDTH "(" { WORD } ")" }
             { "input" NAME type }
             { node | instance }
             { "output" NAME "=" REF }
             { "assert" NAME "=" REF }
           "}"
type     = ":" WIDTH [ "[" { AXIS } "]" ]        width in bits, axes of the shape
node     = REF "=" OP "(" operands ")" type
instance = "inst" NAME "=" MODULE [ "over" "[" { AXIS } "]" ] "(" [ PORT "=" REF { "," PORT "=" REF } ] ")"

operands of the lane operators and bcast         REF { "," REF }
            slice                                REF "," "lo" BIT
            rom                                  REF "," TABLE
            const                                WORD
            coord                                AXIS
            reg                                  "reset" WORD "," "next" REF
            memq                                 "depth" N "," [ "forward" "," ] "wen" REF "," "waddr" REF "," "wdata" REF "," "raddr" REF
            instout                              INSTANCE "." PORT
            shift, rotate                        REF [ "," REF ] "," AXIS ( "+1" | "-1" )
            index                                REF "," AXIS K
            select, pack                         REF [ "," REF ] "," AXIS
            reduce                               REF "," AXIS OP
            stride                               REF "," REF "," AXIS "to" AXIS "start" N "step" N
            split                                REF "," REF "," AXIS "to" AXIS AXIS
            delay                                REF "," "base" N { "," AXIS COEFFICIENT }

REF is the name of a node, or _ and a number for a node without a name; it may stand
before its node does. Numbers are decimal or, after 0x, hexadecimal. A # starts a
comment that ends with the line.
`

// WriteText writes a verified module and all modules below it in the text form,
// leaf modules first. Equal designs give equal text; modules of one name are
// told apart by a suffix.
func WriteText(w io.Writer, top *Module) error {
	out := bufio.NewWriter(w)
	names, used := map[*Module]string{}, map[string]bool{}
	for i, m := range top.Modules() {
		names[m] = unused(used, m.Name)
		if i > 0 {
			fmt.Fprintln(out)
		}
		p := &textWriter{out: out, m: m, modules: names}
		p.module()
	}
	return out.Flush()
}

// String returns the text form of the module and all modules below it.
func (m *Module) String() string {
	var b strings.Builder
	if err := WriteText(&b, m); err != nil { // a strings.Builder takes everything
		return err.Error()
	}
	return b.String()
}

// unused returns the name, with a suffix if it is used already, and marks it used.
func unused(used map[string]bool, name string) string {
	fresh := name
	for k := 2; used[fresh]; k++ {
		fresh = name + "_" + strconv.Itoa(k)
	}
	used[fresh] = true
	return fresh
}

// textWriter prints one module. Inputs come first; unnamed nodes are numbered in
// the order of printing, so that reading and printing again changes nothing.
type textWriter struct {
	out     *bufio.Writer
	m       *Module
	modules map[*Module]string
	tables  []string
	refs    []string
	placed  int // instances printed so far
}

func (p *textWriter) line(format string, args ...any) {
	fmt.Fprintf(p.out, "  "+format+"\n", args...)
}

func (p *textWriter) module() {
	m := p.m
	fmt.Fprintf(p.out, "module %s {\n", p.modules[m])
	if m.Doc != "" {
		p.line("doc %s", strconv.QuoteToASCII(m.Doc))
	}
	for _, a := range m.Axes {
		p.line("axis %s %d", a.Name, a.Size)
	}
	used := map[string]bool{}
	for _, r := range m.Roms {
		name := unused(used, r.Name)
		p.tables = append(p.tables, name)
		words := make([]string, len(r.Data))
		for i, v := range r.Data {
			words[i] = word(v)
		}
		p.line("table %s %d (%s)", name, r.Width, strings.Join(words, " "))
	}
	p.number()
	for _, port := range m.Inputs {
		p.line("input %s%s", port.Name, p.typ(port.Node))
	}
	for i := range m.Nodes {
		if n := &m.Nodes[i]; n.Op != OpInput {
			if n.Op == OpInstOut {
				p.instances(int(n.Imm) + 1)
			}
			p.line("%s = %s(%s)%s", p.refs[i], n.Op, p.operands(n), p.typ(ID(i)))
		}
	}
	p.instances(len(m.Insts))
	for _, port := range m.Outputs {
		p.line("output %s = %s", port.Name, p.refs[port.Node])
	}
	for _, a := range m.Asserts {
		p.line("assert %s = %s", a.Name, p.refs[a.Cond])
	}
	fmt.Fprintln(p.out, "}")
}

// number gives every node the name by which it is printed.
func (p *textWriter) number() {
	p.refs = make([]string, len(p.m.Nodes))
	k := len(p.m.Inputs)
	for i := range p.m.Nodes {
		n := &p.m.Nodes[i]
		p.refs[i] = n.Name
		if n.Name == "" {
			p.refs[i] = "_" + strconv.Itoa(k)
		}
		if n.Op != OpInput {
			k++
		}
	}
}

func (p *textWriter) typ(id ID) string {
	n := &p.m.Nodes[id]
	s := ": " + strconv.Itoa(n.Width)
	if n.Shape != 0 {
		s += " " + p.m.ShapeString(n.Shape)
	}
	return s
}

// instances prints the instances before the given index that are not yet printed.
func (p *textWriter) instances(before int) {
	for ; p.placed < before; p.placed++ {
		in := &p.m.Insts[p.placed]
		over := ""
		if in.Over != 0 {
			over = " over " + p.m.ShapeString(in.Over)
		}
		ports := make([]string, len(in.In))
		for k, x := range in.In {
			ports[k] = in.Mod.Inputs[k].Name + " = " + p.refs[x]
		}
		p.line("inst %s = %s%s (%s)", in.Name, p.modules[in.Mod], over, strings.Join(ports, ", "))
	}
}

func (p *textWriter) axis(a int) string { return p.m.Axes[a].Name }

// operands prints what stands between the parentheses of a node.
func (p *textWriter) operands(n *Node) string {
	var list []string
	for _, a := range n.Args {
		list = append(list, p.refs[a])
	}
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	switch n.Op {
	case OpSlice:
		add("lo %d", n.Imm)
	case OpRom:
		add("%s", p.tables[n.Imm])
	case OpConst:
		add("%s", word(n.Imm))
	case OpCoord, OpSelect, OpPack:
		add("%s", p.axis(n.Axis))
	case OpReg:
		r := &p.m.Regs[n.Imm]
		add("reset %s", word(r.Reset))
		add("next %s", p.refs[r.Next])
	case OpMemQ:
		mem := &p.m.Mems[n.Imm]
		add("depth %d", mem.Depth)
		if mem.Forward {
			add("forward")
		}
		add("wen %s", p.refs[mem.WEn])
		add("waddr %s", p.refs[mem.WAddr])
		add("wdata %s", p.refs[mem.WData])
		add("raddr %s", p.refs[mem.RAddr])
	case OpInstOut:
		in := &p.m.Insts[n.Imm]
		add("%s.%s", in.Name, in.Mod.Outputs[n.K].Name)
	case OpShift, OpRotate:
		add("%s %+d", p.axis(n.Axis), n.K)
	case OpIndex:
		add("%s %d", p.axis(n.Axis), n.K)
	case OpReduce:
		add("%s %s", p.axis(n.Axis), n.Sub)
	case OpStride:
		add("%s to %s start %d step %d", p.axis(n.Axis), p.axis(n.To[0]), n.K, n.Step)
	case OpSplit:
		add("%s to %s %s", p.axis(n.Axis), p.axis(n.To[0]), p.axis(n.To[1]))
	case OpDelay:
		add("base %d", n.K)
		for a, c := range n.Coef {
			if c != 0 {
				add("%s %d", p.axis(a), c)
			}
		}
	}
	return strings.Join(list, ", ")
}

// word prints small words in decimal and others in hexadecimal.
func word(v uint64) string {
	if v < 1024 {
		return strconv.FormatUint(v, 10)
	}
	return "0x" + strconv.FormatUint(v, 16)
}
