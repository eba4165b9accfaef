package rtlgen

import (
	"strconv"
	"strings"

	"tpe/hw"
)

// mode says what may stand where an operand is written. A later mode is stricter.
type mode uint8

const (
	anyExpr mode = iota // any expression: the place has exactly the operand's width
	primary             // a name, a part of one, a constant, a concatenation or a function call
	named               // a name or a part of one
)

// useInfo sums up how a node is read.
type useInfo struct {
	count int
	mode  mode // the strictest
	whole bool // some reader needs all lanes, or lanes other than its own
	far   bool // some reader's loop is not inside the loop of the node
	other bool // some reader has another shape
}

// use records that node id is read in the loop of shape place. Views are looked
// through.
func (e *emitter) use(id hw.ID, place hw.Shape, m mode, whole bool) {
	for id = e.rep(id); e.view(id); id = e.rep(id) {
		n := &e.m.Nodes[id]
		switch n.Op {
		case hw.OpSlice:
			m = named
		case hw.OpIndex:
			whole = true
		}
		id = n.Args[0]
	}
	if e.isKnown(id) {
		return
	}
	u, s := &e.uses[id], e.m.Nodes[id].Shape
	u.count++
	u.mode = max(u.mode, m)
	u.whole = u.whole || whole
	u.far = u.far || !inside(place, s)
	u.other = u.other || place != s
}

// inside reports whether the loop nest of shape inner lies in that of outer.
func inside(inner, outer hw.Shape) bool {
	rest := inner &^ outer
	return outer&^inner == 0 && (rest == 0 || outer&^(rest&-rest-1) == 0)
}

// readers calls f for every operand of everything that is alive.
func (e *emitter) readers(f func(id hw.ID)) {
	m := e.m
	for _, id := range e.order {
		n := &m.Nodes[id]
		for _, a := range n.Args {
			f(a)
		}
		switch n.Op {
		case hw.OpReg:
			f(m.Regs[n.Imm].Next)
		case hw.OpMemQ:
			p := &m.Mems[n.Imm]
			f(p.WEn)
			f(p.WAddr)
			f(p.WData)
			f(p.RAddr)
		}
	}
	for i, in := range m.Insts {
		if e.liveInst[i] {
			for _, x := range in.In {
				f(x)
			}
		}
	}
	for _, p := range m.Outputs {
		f(p.Node)
	}
	for _, a := range m.Asserts {
		f(a.Cond)
	}
}

// findUses decides which multiplexers become enables and which operators are
// written for all lanes at once, and then fills e.uses.
func (e *emitter) findUses() {
	m := e.m
	e.fanout, e.uses = make([]int, len(m.Nodes)), make([]useInfo, len(m.Nodes))
	e.readers(func(id hw.ID) { e.fanout[e.rep(id)]++ })
	for _, id := range e.order {
		n := &m.Nodes[id]
		if n.Op == hw.OpReg {
			if next := e.rep(m.Regs[n.Imm].Next); e.isEnable(id, next) {
				e.enable[next] = true
			}
		}
		e.bus[id] = e.busForm(id)
	}
	for _, id := range e.order {
		if !e.view(id) && !e.enable[id] {
			e.operandUses(id)
		}
	}
	for i, in := range m.Insts {
		if !e.liveInst[i] {
			continue
		}
		for k, x := range in.In {
			e.use(x, in.Over, primary, in.Mod.Nodes[in.Mod.Inputs[k].Node].Shape != 0)
		}
	}
	for _, p := range m.Outputs {
		if e.ports[e.rep(p.Node)] == nil {
			e.use(p.Node, 0, anyExpr, m.Nodes[p.Node].Shape != 0)
		} else {
			e.use(p.Node, 0, named, true)
		}
	}
	for _, a := range m.Asserts {
		e.use(a.Cond, 0, primary, m.Nodes[a.Cond].Shape != 0)
	}
}

// isEnable reports whether next, the next value of register r, is a choice
// between a new value and r itself that nothing else reads.
func (e *emitter) isEnable(r, next hw.ID) bool {
	n := &e.m.Nodes[next]
	unnamed := e.given[next] == "" || e.given[next] == stem(e.given[r])+"_d"
	return n.Op == hw.OpMux && unnamed && e.ports[next] == nil && e.fanout[next] == 1 &&
		n.Shape == e.m.Nodes[r].Shape && e.rep(n.Args[2]) == r && e.m.Nodes[n.Args[0]].Shape == 0
}

// busForm reports whether a shaped lane operator works bit by bit on operands
// that are buses of its shape, so that it needs no loop.
func (e *emitter) busForm(id hw.ID) bool {
	n := &e.m.Nodes[id]
	if n.Shape == 0 || e.enable[id] {
		return false
	}
	args := n.Args
	switch n.Op {
	case hw.OpNot, hw.OpAnd, hw.OpOr, hw.OpXor, hw.OpXor3:
	case hw.OpMux:
		if e.m.Nodes[args[0]].Shape != 0 {
			return false
		}
		args = args[1:]
	default:
		return false
	}
	for _, a := range args {
		a = e.rep(a)
		x := &e.m.Nodes[a]
		switch x.Op {
		case hw.OpInput, hw.OpReg, hw.OpMemQ, hw.OpDelay, hw.OpShift, hw.OpRotate:
		default:
			if !e.bus[a] {
				return false
			}
		}
		if x.Shape != n.Shape {
			return false
		}
	}
	return true
}

// operandUses records how a node reads its operands.
func (e *emitter) operandUses(id hw.ID) {
	m, n := e.m, &e.m.Nodes[id]
	switch n.Op {
	case hw.OpReg:
		next := m.Regs[n.Imm].Next
		if mux := e.rep(next); e.enable[mux] {
			e.use(m.Nodes[mux].Args[0], 0, anyExpr, false)
			next = m.Nodes[mux].Args[1]
		}
		e.use(next, 0, anyExpr, n.Shape != 0)
	case hw.OpMemQ:
		p := &m.Mems[n.Imm]
		for _, x := range []hw.ID{p.WEn, p.WAddr, p.WData, p.RAddr} {
			e.use(x, n.Shape, primary, false)
		}
	case hw.OpDelay:
		e.use(n.Args[0], 0, primary, n.Shape != 0)
	case hw.OpSelect:
		e.use(n.Args[0], 0, named, true)
		e.use(n.Args[1], n.Shape, named, false)
	default:
		wire := n.Op.Kind() == hw.KindWire
		for k, a := range n.Args {
			if wire {
				e.use(a, 0, named, true)
			} else {
				whole := e.bus[id] && m.Nodes[a].Shape != 0
				if n.Op == hw.OpULt || n.Op == hw.OpULe {
					whole = e.fixed[e.throughBcast(a)]
				}
				e.use(a, n.Shape, e.argMode(id, k), whole)
			}
		}
	}
}

// argMode is the mode in which a lane operator writes operand k.
func (e *emitter) argMode(id hw.ID, k int) mode {
	n := &e.m.Nodes[id]
	switch n.Op {
	case hw.OpSext, hw.OpSlice:
		return named
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		if e.m.Nodes[n.Args[k]].Width > n.Width {
			return named
		}
		return primary
	case hw.OpBooth4:
		if k == 0 && e.m.Nodes[n.Args[0]].Width > n.Width {
			return named
		}
	case hw.OpMaj, hw.OpCsaC, hw.OpSLt, hw.OpSLe, hw.OpRotl:
		return primary
	case hw.OpAshr:
		if k == 0 {
			return primary
		}
	}
	return anyExpr
}

// local reports whether a node is a wire inside the loop of its shape.
func (e *emitter) local(id hw.ID) bool {
	n, u := &e.m.Nodes[id], &e.uses[id]
	if n.Shape == 0 || e.ports[id] != nil || u.whole || u.far || e.bus[id] {
		return false
	}
	switch n.Op {
	case hw.OpReduce, hw.OpSelect:
		return true
	case hw.OpShift, hw.OpRotate:
		return e.vars[n.Axis].size > 1
	case hw.OpInstOut:
		in := &e.m.Insts[n.Imm]
		return n.Shape == in.Over && in.Mod.Nodes[in.Mod.Outputs[n.K].Node].Shape == 0
	}
	return n.Op.Kind() == hw.KindLane
}

// nameNodes gives every node that has a name in the graph its name in Verilog.
func (e *emitter) nameNodes() {
	m := e.m
	from := make([]string, len(m.Nodes)) // names that wires lend
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if e.live[i] && n.Name != "" && e.rep(hw.ID(i)) != hw.ID(i) {
			if r := e.rep(hw.ID(i)); from[r] == "" {
				from[r] = n.Name
			}
		}
	}
	for i := range m.Nodes {
		id, n := hw.ID(i), &m.Nodes[i]
		if e.isKnown(id) && n.Op != hw.OpConst {
			continue
		}
		if !e.live[id] || e.rep(id) != id || e.ports[id] != nil || n.Op == hw.OpInput || n.Op == hw.OpCoord {
			continue
		}
		name := n.Name
		if name == "" || e.autoNamed(id) {
			name = from[id]
		}
		if name == "" && (n.Op == hw.OpReg || n.Op == hw.OpMemQ) {
			name = n.Op.String()
		}
		if name == "" || n.Op == hw.OpWire || n.Op == hw.OpBcast {
			continue
		}
		switch n.Op {
		case hw.OpReg, hw.OpMemQ:
			e.given[id] = e.names.fresh(stem(name) + "_q")
		case hw.OpConst:
			e.given[id] = e.names.fresh(strings.ToUpper(name))
		default:
			e.given[id] = e.names.fresh(name)
		}
	}
}

// autoNamed reports whether the node is an instance's output with the name that
// the builder gave it.
func (e *emitter) autoNamed(id hw.ID) bool {
	n := &e.m.Nodes[id]
	return n.Op == hw.OpInstOut && n.Name == e.m.Insts[n.Imm].Name+"_"+e.m.Insts[n.Imm].Mod.Outputs[n.K].Name
}

// nameContext notes, for nodes without a name, what they drive.
func (e *emitter) nameContext() {
	m := e.m
	hint := func(id hw.ID, name string) {
		if id = e.rep(id); e.given[id] == "" && e.context[id] == "" {
			e.context[id] = name
		}
	}
	for i, r := range m.Regs {
		if id := m.Regs[i].Node; e.live[id] {
			hint(r.Next, stem(e.given[id])+"_d")
		}
	}
	for i, in := range m.Insts {
		if e.liveInst[i] {
			for k, x := range in.In {
				hint(x, in.Name+"_"+in.Mod.Inputs[k].Name)
			}
			for _, x := range in.Out {
				hint(x, m.Nodes[x].Name)
			}
		}
	}
	for i, p := range m.Mems {
		if id := m.Mems[i].Node; e.live[id] {
			base := stem(e.given[id])
			hint(p.WEn, base+"_wen")
			hint(p.WAddr, base+"_waddr")
			hint(p.WData, base+"_wdata")
			hint(p.RAddr, base+"_raddr")
		}
	}
	for _, a := range m.Asserts {
		hint(a.Cond, legal(a.Name)+"_ok")
	}
	for _, id := range e.order {
		n := &m.Nodes[id]
		if n.Op != hw.OpShift && n.Op != hw.OpDelay {
			continue
		}
		src := e.given[e.rep(n.Args[0])]
		if n.Op == hw.OpDelay && src != "" {
			hint(id, stem(src)+"_late")
		}
		if name := e.given[id] + e.context[id]; n.Op == hw.OpShift && name != "" {
			hint(n.Args[1], stem(name)+"_edge")
		}
	}
}

// netName makes the name of a net for node id.
func (e *emitter) netName(id hw.ID) string {
	if e.given[id] != "" {
		return e.given[id]
	}
	if e.context[id] != "" {
		return e.names.fresh(e.context[id])
	}
	op := e.m.Nodes[id].Op
	e.opCount[op]++
	return e.names.fresh(op.String() + "_" + strconv.Itoa(e.opCount[op]))
}

// net returns the net of a node that has one, making it at the first call.
func (e *emitter) net(id hw.ID) *net {
	if nt := e.byNode[id]; nt != nil {
		return nt
	}
	n := &e.m.Nodes[id]
	dims, home := n.Shape.Axes(), e.root
	if e.local(id) {
		home, dims = e.loops(e.root, dims), nil
	}
	nt := e.newNet(e.netName(id), n.Width, dims, home)
	e.byNode[id] = nt
	return nt
}
