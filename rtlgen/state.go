package rtlgen

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"tpe/hw"
)

// registers writes the always block and the initial values.
func (e *emitter) registers() {
	var reset, plain, initial []string
	var conds []string
	under := map[string][]string{}
	for i, r := range e.m.Regs {
		if !e.live[r.Node] {
			continue
		}
		n := &e.m.Nodes[r.Node]
		nt := e.net(r.Node)
		e.root.regs = append(e.root.regs, "reg"+e.rangeText(nt)+" "+nt.name+";")
		value := e.repeat(literal(n.Width, r.Reset), nt.dims)
		reset = append(reset, fmt.Sprintf("%s <= %s;", nt.name, value))
		initial = append(initial, fmt.Sprintf("%s = %s;", nt.name, value))
		next := e.m.Regs[i].Next
		mux := e.rep(next)
		if !e.enable[mux] {
			plain = append(plain, fmt.Sprintf("%s <= %s;", nt.name, e.next(next, nt)))
			continue
		}
		m := &e.m.Nodes[mux]
		cond, _ := e.operand(m.Args[0], &context{}, 0, 1)
		if under[cond] == nil {
			conds = append(conds, cond)
		}
		under[cond] = append(under[cond], fmt.Sprintf("%s <= %s;", nt.name, e.next(m.Args[1], nt)))
	}
	if len(reset) == 0 {
		return
	}
	e.clk, e.rst = true, true
	e.clocks = append(e.clocks, "always @(posedge clk_i) begin", "  if (!rst_ni) begin")
	add := func(indent string, list []string) {
		for _, s := range list {
			e.clocks = append(e.clocks, indent+s)
		}
	}
	add("    ", reset)
	if len(plain) == 0 && len(conds) == 1 {
		e.clocks = append(e.clocks, "  end else if ("+conds[0]+") begin")
		add("    ", under[conds[0]])
	} else {
		e.clocks = append(e.clocks, "  end else begin")
		add("    ", plain)
		for _, c := range conds {
			e.clocks = append(e.clocks, "    if ("+c+") begin")
			add("      ", under[c])
			e.clocks = append(e.clocks, "    end")
		}
	}
	e.clocks = append(e.clocks, "  end", "end")
	if !e.d.opt.NoInitial {
		e.checks = append(e.checks, "initial begin")
		for _, s := range initial {
			e.checks = append(e.checks, "  "+s)
		}
		e.checks = append(e.checks, "end")
	}
}

// next writes what a register takes.
func (e *emitter) next(id hw.ID, reg *net) string {
	if text, ok := e.allLanes(id, reg.dims); ok {
		return text
	}
	shape := hw.Shape(0)
	for _, v := range reg.dims {
		shape = shape.With(v)
	}
	return e.whole(e.fill(id, shape))
}

// assertions writes the checks of the module's assertions.
func (e *emitter) assertions() {
	if len(e.m.Asserts) == 0 {
		return
	}
	e.clk, e.rst = true, true
	if len(e.checks) > 0 {
		e.checks = append(e.checks, "")
	}
	e.checks = append(e.checks, "always @(posedge clk_i) begin", "  if (rst_ni) begin")
	for _, a := range e.m.Asserts {
		n := &e.m.Nodes[a.Cond]
		cond, ok := e.operand(a.Cond, &context{}, 0, 1)
		if n.Shape != 0 {
			cond, ok = "(&"+e.whole(e.fill(a.Cond, n.Shape))+")", true
		}
		if !ok || strings.ContainsAny(cond[:1], "~-&|^") { // a unary operator takes no other as its operand
			cond = "(" + cond + ")"
		}
		e.checks = append(e.checks, fmt.Sprintf("    if (!%s) begin", cond),
			fmt.Sprintf("      $display(\"tpe assertion failed: %s.%s\");", e.m.Name, a.Name), "    end")
	}
	e.checks = append(e.checks, "  end", "end")
}

// delay writes a delay: one line for all lanes that share a depth.
func (e *emitter) delay(id hw.ID) {
	n := &e.m.Nodes[id]
	e.clk, e.rst = true, true
	module := e.d.addLibrary("tpe_delay", e.d.delayText)
	nt := e.net(id)
	if e.ports[id] == nil {
		e.declare(nt)
	}
	depth, last, down := constant(n.K), -1, "" // last: the last axis that the depth depends on
	for a, k := range n.Coef {
		if k != 0 && e.vars[a].size > 1 {
			depth = depth.plus(variable(a).times(k, 0))
			last = a
			if k == -1 && n.K == e.vars[a].size-1 {
				down = e.sizeName(a) + " - 1 - " + e.vars[a].name
			}
		}
	}
	depthText := depth.text(e.vars)
	if down != "" && len(depth.terms) == 1 {
		depthText = down
	}
	p := 0
	for p < len(nt.dims) && nt.dims[p] <= last {
		p++
	}
	c := &context{path: nt.dims[:p]}
	rest := n.Shape &^ (1<<(last+1) - 1)
	in := e.edge(n.Args[0], n.Shape, rest, c)
	out := nt.name
	if p < len(nt.dims) {
		out = e.chunk(nt, c, p, 0, e.vars[nt.dims[p]].size, false)
	} else if p > 0 {
		out = e.element(nt, c, 0, n.Width, false)
	}
	b := e.loops(e.root, c.path)
	b.insts = append(b.insts, instance(module, [][2]string{
		{"WIDTH", e.span(nt.dims[p:], strconv.Itoa(n.Width))}, {"DEPTH", depthText},
	}, e.names.fresh("u_"+nt.name+"_delay"), [][2]string{{"clk_i", "clk_i"}, {"rst_ni", "rst_ni"}, {"d_i", in}, {"q_o", out}}))
}

// memory writes a memory as an instance in each lane.
func (e *emitter) memory(id hw.ID) {
	n := &e.m.Nodes[id]
	mem := &e.m.Mems[n.Imm]
	e.clk = true
	width := func(x hw.ID) int { return e.m.Nodes[x].Width }
	spec := memSpec{width: n.Width, depth: mem.Depth, waddr: width(mem.WAddr), raddr: width(mem.RAddr), forward: mem.Forward}
	module := e.d.addLibrary(spec.name(), spec.text)
	nt := e.net(id)
	e.declare(nt)
	c := &context{path: nt.dims}
	port := func(x hw.ID) string {
		text, _ := e.operand(x, c, 0, width(x))
		return text
	}
	b := e.loops(e.root, nt.dims)
	b.insts = append(b.insts, instance(module, nil, e.names.fresh("u_"+stem(nt.name)), [][2]string{
		{"clk_i", "clk_i"}, {"wen_i", port(mem.WEn)}, {"waddr_i", port(mem.WAddr)}, {"wdata_i", port(mem.WData)},
		{"raddr_i", port(mem.RAddr)}, {"rdata_o", e.element(nt, c, 0, n.Width, false)},
	}))
}

// memSpec is the shape of a memory, which names its module.
type memSpec struct {
	width, depth int
	waddr, raddr int // widths of the addresses
	forward      bool
}

// addrBits is the width of an address that reaches every word and no more.
func (s memSpec) addrBits() int { return max(1, bits.Len(uint(s.depth-1))) }

func (s memSpec) name() string {
	name := fmt.Sprintf("tpe_mem_%dx%d", s.depth, s.width)
	if s.forward {
		name += "_fwd"
	}
	if k := s.addrBits(); s.waddr != k || s.raddr != k {
		name += fmt.Sprintf("_w%dr%d", s.waddr, s.raddr)
	}
	return name
}

// inst writes an instance.
func (e *emitter) inst(i int) {
	in := &e.m.Insts[i]
	sub := e.d.byModule[in.Mod]
	path := in.Over.Axes()
	c := &context{path: path}
	b := e.loops(e.root, path)
	name := e.instName[i]
	var conns [][2]string
	if sub.clocked {
		e.clk, e.rst = true, true
		conns = append(conns, [2]string{"clk_i", "clk_i"}, [2]string{"rst_ni", "rst_ni"})
	}
	for k, p := range in.Mod.Inputs {
		conns = append(conns, [2]string{sub.in[k].Name, e.instInput(i, k, e.portDims(in.Mod, p), c, b)})
	}
	for k, p := range in.Mod.Outputs {
		conns = append(conns, [2]string{sub.out[k].Name, e.instOutput(i, k, e.portDims(in.Mod, p), c, b)})
	}
	b.insts = append(b.insts, instance(sub.name, nil, name, conns))
}

// portDims lists the axes of an inner port in the order of the inner module,
// as axes of this one.
func (e *emitter) portDims(mod *hw.Module, p hw.Port) []int {
	var dims []int
	for _, a := range mod.Nodes[p.Node].Shape.Axes() {
		dims = append(dims, e.m.AxisIndex(mod.Axes[a].Name))
	}
	return dims
}

func (e *emitter) instInput(i, k int, dims []int, c *context, b *block) string {
	in := &e.m.Insts[i]
	x := e.rep(in.In[k])
	if len(dims) == 0 {
		text, _ := e.operand(x, c, 0, e.m.Nodes[x].Width)
		return text
	}
	x = e.throughBcast(x)
	n := &e.m.Nodes[x]
	var port hw.Shape
	for _, a := range dims {
		port = port.With(a)
	}
	if e.isKnown(x) || n.Shape&port == 0 {
		text, _ := e.operand(x, c, 0, n.Width)
		return e.repeat(text, dims)
	}
	src := e.source(x, n.Shape, n.Shape)
	if p := len(src.dims) - len(dims); p >= 0 && equal(src.dims[p:], dims) {
		return e.chunk(src, c, p, 0, e.vars[dims[0]].size, true)
	}
	nt := e.newNet(e.names.fresh(in.Name+"_"+in.Mod.Inputs[k].Name), n.Width, dims, b)
	e.declare(nt)
	inner := &context{path: append(slices.Clone(c.path), dims...)}
	e.loops(b, dims).wire("assign %s = %s;", e.element(nt, inner, 0, n.Width, false), e.element(src, inner, 0, n.Width, true))
	return e.whole(nt)
}

func (e *emitter) instOutput(i, k int, dims []int, c *context, b *block) string {
	in := &e.m.Insts[i]
	id := in.Out[k]
	nt := e.net(id)
	if e.ports[id] == nil {
		e.declare(nt)
	}
	if len(dims) == 0 {
		return e.element(nt, c, 0, nt.width, false)
	}
	if p := len(nt.dims) - len(dims); p >= 0 && equal(nt.dims[p:], dims) {
		return e.chunk(nt, c, p, 0, e.vars[dims[0]].size, false)
	}
	own := e.newNet(e.names.fresh(in.Name+"_"+in.Mod.Outputs[k].Name), nt.width, dims, b)
	e.declare(own)
	inner := &context{path: append(slices.Clone(c.path), dims...)}
	e.loops(b, dims).wire("assign %s = %s;", e.element(nt, inner, 0, nt.width, false), e.element(own, inner, 0, nt.width, false))
	return e.whole(own)
}

// instance writes an instance with named connections, one a line.
func instance(module string, params [][2]string, name string, conns [][2]string) string {
	s := module
	if len(params) > 0 {
		s += " #("
		for i, p := range params {
			if i > 0 {
				s += ", "
			}
			s += "." + p[0] + "(" + p[1] + ")"
		}
		s += ")"
	}
	s += " " + name + " (\n"
	widest := 0
	for _, c := range conns {
		widest = max(widest, len(c[0]))
	}
	for i, c := range conns {
		s += fmt.Sprintf("  .%-*s (%s)", widest, c[0], c[1])
		if i+1 < len(conns) {
			s += ","
		}
		s += "\n"
	}
	return s + ");"
}
