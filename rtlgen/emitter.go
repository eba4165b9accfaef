package rtlgen

import (
	"slices"
	"strings"

	"tpe/hw"
)

// emitter writes one module.
type emitter struct {
	d   *design
	m   *hw.Module
	out *emitted

	live     []bool
	liveInst []bool
	order    []hw.ID
	known    map[hw.ID]uint64 // nodes that are constants
	fixed    map[hw.ID]bool   // nodes that are a constant in each lane
	fanout   []int            // uses of a node, all kinds
	uses     []useInfo
	bus      map[hw.ID]bool // lane operators written for all lanes at once
	enable   map[hw.ID]bool // multiplexers that became the enable of a register

	names      namer
	vars       []loopVar // the axes first
	spanUsed   map[int]bool
	genvars    []string
	genvarSeen map[string]bool
	tempName   string

	instName []string // of the instances
	given    []string // the graph's name of a node, made unique; "" if it has none
	context  []string // what an unnamed node drives
	ports    map[hw.ID]*net
	opCount  map[hw.Op]int

	nets      []*net
	byNode    map[hw.ID]*net
	filled    map[fillKey]*net
	inlined   map[hw.ID]inlined
	coordName map[coordKey]string
	constName map[hw.ID]string
	functions []string
	funcName  map[string]string
	formals   map[string]string

	root   *block
	params []string // localparams of named constants
	clocks []string // the always block and initial block, as statements
	checks []string // assertions
	clk    bool     // clk_i is read
	rst    bool
}

type fillKey struct {
	id    hw.ID
	shape hw.Shape
}

type inlined struct {
	text string
	prim bool // needs no parentheses
}

func newEmitter(d *design, m *hw.Module, out *emitted) (*emitter, error) {
	e := &emitter{
		d: d, m: m, out: out, names: namer{}, spanUsed: map[int]bool{}, genvarSeen: map[string]bool{},
		bus: map[hw.ID]bool{}, enable: map[hw.ID]bool{}, ports: map[hw.ID]*net{}, opCount: map[hw.Op]int{}, byNode: map[hw.ID]*net{},
		filled: map[fillKey]*net{}, inlined: map[hw.ID]inlined{}, coordName: map[coordKey]string{},
		constName: map[hw.ID]string{}, funcName: map[string]string{}, formals: map[string]string{}, root: &block{v: -1},
	}
	order, err := hw.Order(m)
	if err != nil {
		return nil, err
	}
	e.findConstants(order)
	e.findLive()
	for _, id := range order {
		if e.live[id] && e.rep(id) == id && !e.isKnown(id) {
			e.order = append(e.order, id)
		}
	}
	e.findClock()
	e.nameAll()
	e.findUses()
	return e, nil
}

// rep looks through nodes that change nothing: a wire, broadcast or delay by 0
// with the shape of its operand. A broadcast that has a name is looked through
// too; its operand bears the name, if it has none.
func (e *emitter) rep(id hw.ID) hw.ID {
	for {
		if e.isKnown(id) {
			return id
		}
		n := &e.m.Nodes[id]
		switch n.Op {
		case hw.OpWire, hw.OpBcast:
			if e.m.Nodes[n.Args[0]].Shape != n.Shape {
				return id
			}
		case hw.OpDelay:
			if slices.Max(e.m.Delays(id)) != 0 {
				return id
			}
		default:
			return id
		}
		id = n.Args[0]
	}
}

// view reports whether a node (a representative) is written as a reference to
// its operand and never as a net of its own.
func (e *emitter) view(id hw.ID) bool {
	n := &e.m.Nodes[id]
	if e.isKnown(id) {
		return false
	}
	switch n.Op {
	case hw.OpWire, hw.OpBcast:
		return true
	case hw.OpSlice, hw.OpIndex:
		return e.given[id] == "" && e.ports[id] == nil
	}
	return false
}

// findLive marks what reaches an output or an assertion.
func (e *emitter) findLive() {
	m := e.m
	e.live, e.liveInst = make([]bool, len(m.Nodes)), make([]bool, len(m.Insts))
	var todo []hw.ID
	mark := func(id hw.ID) {
		if !e.live[id] {
			e.live[id] = true
			todo = append(todo, id)
		}
	}
	inst := func(i int) {
		if e.liveInst[i] {
			return
		}
		e.liveInst[i] = true
		for _, x := range slices.Concat(m.Insts[i].In, m.Insts[i].Out) {
			mark(x)
		}
	}
	for _, p := range m.Outputs {
		mark(p.Node)
	}
	for _, a := range m.Asserts {
		mark(a.Cond)
	}
	for i, in := range m.Insts {
		if e.d.byModule[in.Mod].asserts {
			e.out.asserts = true
			inst(i)
		}
	}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := &m.Nodes[id]
		if e.isKnown(id) {
			continue
		}
		for _, a := range n.Args {
			mark(a)
		}
		switch n.Op {
		case hw.OpReg:
			mark(m.Regs[n.Imm].Next)
		case hw.OpMemQ:
			p := &m.Mems[n.Imm]
			for _, x := range []hw.ID{p.WEn, p.WAddr, p.WData, p.RAddr} {
				mark(x)
			}
		case hw.OpInstOut:
			inst(int(n.Imm))
		}
	}
}

// findClock decides whether the module has clk_i and rst_ni.
func (e *emitter) findClock() {
	clocked := len(e.m.Asserts) > 0
	for _, id := range e.order {
		switch e.m.Nodes[id].Op {
		case hw.OpReg, hw.OpMemQ, hw.OpDelay:
			clocked = true
		}
	}
	for i, in := range e.m.Insts {
		if e.liveInst[i] && e.d.byModule[in.Mod].clocked {
			clocked = true
		}
	}
	e.out.clocked = clocked
}

// comb reports whether the node is written as an assignment or driven by an
// instance, so that it may be an output port itself.
func (e *emitter) comb(id hw.ID) bool {
	if e.isKnown(id) {
		return false
	}
	switch e.m.Nodes[id].Op {
	case hw.OpInput, hw.OpConst, hw.OpReg, hw.OpMemQ, hw.OpCoord, hw.OpWire, hw.OpBcast:
		return false
	}
	return true
}

// nameAll reserves names: ports, axes, then the nodes in order.
func (e *emitter) nameAll() {
	m := e.m
	e.given, e.context = make([]string, len(m.Nodes)), make([]string, len(m.Nodes))
	if e.out.clocked {
		e.names.fresh("clk_i")
		e.names.fresh("rst_ni")
	}
	for range m.Axes {
		e.vars = append(e.vars, loopVar{})
	}
	for a, x := range m.Axes {
		e.vars[a].size = x.Size
	}
	for _, p := range m.Inputs {
		n := &m.Nodes[p.Node]
		nt := e.newNet(e.names.fresh(p.Name), n.Width, n.Shape.Axes(), e.root)
		e.byNode[p.Node] = nt
		e.given[p.Node] = nt.name
		e.out.in = append(e.out.in, Port{nt.name, n.Width, nt.lanes, nt.bits()})
	}
	for _, p := range m.Outputs {
		n := &m.Nodes[p.Node]
		name := e.names.fresh(p.Name)
		e.out.out = append(e.out.out, Port{name, n.Width, m.Lanes(n.Shape), m.Lanes(n.Shape) * n.Width})
	}
	for a, x := range m.Axes {
		g := e.names.fresh(x.Name)
		if g == strings.ToUpper(g) {
			g = strings.ToLower(g) // the localparam has the upper-case form
		}
		e.vars[a].name, e.vars[a].span = g, strings.ToUpper(g)
	}
	e.instName = make([]string, len(m.Insts))
	for i, in := range m.Insts {
		if e.liveInst[i] {
			e.instName[i] = e.names.fresh("u_" + in.Name)
		}
	}
	e.bindOutputs()
	e.nameNodes()
	e.nameContext()
}

// bindOutputs lets an unnamed node, or one with the port's name, be the net of
// the output port that it drives.
func (e *emitter) bindOutputs() {
	for k, p := range e.m.Outputs {
		id := e.rep(p.Node)
		n := &e.m.Nodes[id]
		auto := n.Op == hw.OpInstOut && n.Name == e.m.Insts[n.Imm].Name+"_"+e.m.Insts[n.Imm].Mod.Outputs[n.K].Name
		if e.comb(id) && e.ports[id] == nil && (n.Name == "" || auto || n.Name == p.Name) {
			if (n.Op == hw.OpSlice || n.Op == hw.OpIndex) && n.Shape == 0 {
				continue // written as a reference
			}
			nt := &net{name: e.out.out[k].Name, width: n.Width, dims: n.Shape.Axes(), lanes: e.m.Lanes(n.Shape)}
			e.ports[id], e.byNode[id] = nt, nt
		}
	}
}
