package rtlgen

import (
	"fmt"
	"strings"

	"tpe/hw"
)

// emit writes all parts of the module.
func (e *emitter) emit() {
	for _, id := range e.order {
		n := &e.m.Nodes[id]
		switch {
		case e.view(id) || e.enable[id]:
			continue
		case n.Op.Kind() == hw.KindWire:
			e.wiring(id)
		case n.Op.Kind() == hw.KindLane:
			e.lane(id)
		}
	}
	for _, id := range e.order {
		switch e.m.Nodes[id].Op {
		case hw.OpMemQ:
			e.memory(id)
		case hw.OpDelay:
			e.delay(id)
		}
	}
	for i := range e.m.Insts {
		if e.liveInst[i] {
			e.inst(i)
		}
	}
	e.outputs()
	e.registers()
	e.assertions()
	if e.out.clocked && !e.clk {
		e.root.unread = append(e.root.unread, "clk_i")
	}
	if e.out.clocked && !e.rst {
		e.root.unread = append(e.root.unread, "rst_ni")
	}
	for _, n := range e.nets {
		n.home.unread = append(n.home.unread, e.unread(n)...)
	}
}

// outputs assigns the ports that are not nets of nodes.
func (e *emitter) outputs() {
	for k, p := range e.m.Outputs {
		n := &e.m.Nodes[p.Node]
		name := e.out.out[k].Name
		if nt := e.ports[e.rep(p.Node)]; nt != nil && nt.name == name {
			continue
		}
		nt := &net{name: name, width: n.Width, dims: n.Shape.Axes(), lanes: e.m.Lanes(n.Shape)}
		e.assignAll(nt, p.Node)
	}
}

// print assembles the file.
func (e *emitter) print() []byte {
	w := &writer{width: e.d.opt.LineWidth}
	e.header(w)
	w.line(0, "`default_nettype none\n")
	e.portList(w)
	var first []string
	for a := range e.m.Axes {
		if e.spanUsed[a] || e.looped(e.root, a) {
			first = append(first, fmt.Sprintf("localparam %s = %d;", e.vars[a].span, e.vars[a].size))
		}
	}
	first = append(first, e.params...)
	section := func(list []string) {
		if len(list) > 0 {
			w.blank()
			for _, s := range list {
				w.line(1, s)
			}
		}
	}
	section(first)
	for _, f := range e.functions {
		section([]string{f})
	}
	if len(e.genvars) > 0 {
		list := make([]string, len(e.genvars))
		for i, g := range e.genvars {
			list[i] = "genvar " + g + ";"
		}
		section(list)
	}
	if b := e.root; len(b.params)+len(b.regs)+len(b.decls)+len(b.wires)+len(b.insts)+len(b.kids)+len(b.unread) > 0 {
		w.blank()
		unread := b.unread
		b.unread = nil
		e.block(w, 1, b)
		b.unread = unread
	}
	section(e.clocks)
	if len(e.checks) > 0 {
		w.line(0, "\n`ifndef SYNTHESIS")
		for _, s := range e.checks {
			w.line(1, s)
		}
		w.line(0, "`endif")
	}
	if len(e.root.unread) > 0 {
		section([]string{unusedWire(e.root.unread)})
	}
	w.line(0, "\nendmodule\n\n`default_nettype wire")
	return []byte(w.b.String())
}

func (e *emitter) looped(b *block, v int) bool {
	for _, k := range b.kids {
		if k.v == v || e.looped(k, v) {
			return true
		}
	}
	return false
}

// header writes the comment at the top.
func (e *emitter) header(w *writer) {
	w.line(0, generatedLine)
	w.line(0, "//")
	text := e.out.name
	if e.m.Doc != "" {
		text += ": " + e.m.Doc
	}
	for l := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		comment(w, l)
	}
	w.line(0, "//")
	if len(e.m.Axes) > 0 {
		var list []string
		for _, a := range e.m.Axes {
			list = append(list, fmt.Sprintf("%s = %d", a.Name, a.Size))
		}
		comment(w, "Axes: "+strings.Join(list, ", ")+".")
	}
	w.line(0, "// Graph "+e.out.hash[:12]+".\n")
}

// comment writes one paragraph as a comment of at most the line's width.
func comment(w *writer, s string) {
	for len(s)+3 > w.width {
		cut := strings.LastIndexByte(s[:w.width-2], ' ')
		if cut <= 0 {
			break
		}
		w.b.WriteString("// " + strings.TrimRight(s[:cut], " ") + "\n")
		s = strings.TrimLeft(s[cut:], " ")
	}
	w.b.WriteString(strings.TrimRight("// "+s, " ") + "\n")
}

// portList writes the module's header.
func (e *emitter) portList(w *writer) {
	type row struct{ dir, rng, name, note string }
	var rows []row
	if e.out.clocked {
		rows = append(rows, row{"input ", "", "clk_i", ""}, row{"input ", "", "rst_ni", ""})
	}
	add := func(dir, name string, id hw.ID) {
		n := &e.m.Nodes[id]
		r := row{dir: dir, rng: wordRange(n.Width), name: name}
		if n.Shape != 0 {
			var factors, axes []string
			for _, a := range n.Shape.Axes() {
				factors = append(factors, fmt.Sprint(e.m.Axes[a].Size))
				axes = append(axes, e.m.Axes[a].Name)
			}
			r.rng = " [" + strings.Join(append(factors, fmt.Sprint(n.Width)), "*") + "-1:0]"
			r.note = "// [" + strings.Join(axes, "][") + "]"
		}
		rows = append(rows, r)
	}
	for k, p := range e.m.Inputs {
		add("input ", e.out.in[k].Name, p.Node)
	}
	for k, p := range e.m.Outputs {
		add("output", e.out.out[k].Name, p.Node)
	}
	if len(rows) == 0 {
		w.line(0, "module "+e.out.name+";")
		return
	}
	widest := 0
	for _, r := range rows {
		widest = max(widest, len(r.rng))
	}
	w.line(0, "module "+e.out.name+" (")
	longest := 0
	for _, r := range rows {
		longest = max(longest, len(r.name))
	}
	for i, r := range rows {
		comma := ","
		if i == len(rows)-1 {
			comma = ""
		}
		l := fmt.Sprintf("%s wire%-*s %-*s %s", r.dir, widest, r.rng, longest+1, r.name+comma, r.note)
		if len(l)+2 > w.width {
			l = fmt.Sprintf("%s wire%s %s", r.dir, r.rng, r.name+comma)
		}
		w.line(1, l)
	}
	w.line(0, ");")
}
