package llvm

import "tpe/hw"

// role says what the compiler does for a node.
type role uint8

const (
	// Sources exist when the cycle begins.
	roleInput role = iota
	roleConst
	roleReg
	roleMemQ
	roleCoord // a constant buffer that Go fills once
	roleRing  // a delay of at least one edge in every lane
	// Values are computed in the cycle.
	roleLane
	roleWire
	roleSkew // a delay with lanes of zero edges
	// Sinks use values.
	roleStore   // lane by lane into a register, the row of a ring or an output
	rolePush    // into a ring, each lane into a row of its own
	roleMem     // a memory's ports
	roleCount   // failures of an assertion with axes
	roleCapture // a result beat
)

func (r role) source() bool { return r <= roleRing }
func (r role) sink() bool   { return r >= roleStore }

// target is where a store goes.
type target uint8

const (
	toReg target = iota
	toRing
	toOutput
)

// node is a node of the graph made ready for compiling, or one that the compiler
// adds. Its shape has no axes of size 1, so a node without axes is a single word.
type node struct {
	role  role
	op    hw.Op
	width int
	shape hw.Shape
	args  []int
	g     *hw.Node // immediates; nil for added nodes
	idx   int      // input, register, memory, ring, assertion or output; coord: the axis
	to    target
}

// program is a module prepared for one entry point.
type program struct {
	m     *hw.Module
	nodes []node
	of    []int // per hw.ID: the node that holds its value
	rings []ring
	next  []int // per register: the node that is its next value
	memIn [][4]int
	conds []int // per assertion
	outs  []int // per output port
	bcast map[[2]int]int
}

// ring is the storage of a delay: a power of two of rows, so that the row is the
// cycle number under a mask.
type ring struct {
	id      hw.ID
	arg     int
	shape   hw.Shape
	width   int
	rows    int
	uniform bool // every lane has the delay base
	base    int
	zero    bool // some lane has no delay
}

// newProgram makes the nodes of a module; sinks are added by the callers.
func newProgram(m *hw.Module) *program {
	p := &program{m: m, of: make([]int, len(m.Nodes)), bcast: map[[2]int]int{}}
	for i := range m.Nodes {
		p.of[i] = p.convert(hw.ID(i))
	}
	for i := range p.rings {
		p.rings[i].arg = p.of[m.Nodes[p.rings[i].id].Args[0]]
	}
	for _, r := range m.Regs {
		p.next = append(p.next, p.of[r.Next])
	}
	for _, x := range m.Mems {
		p.memIn = append(p.memIn, [4]int{p.of[x.WEn], p.of[x.WAddr], p.of[x.WData], p.of[x.RAddr]})
	}
	for _, a := range m.Asserts {
		p.conds = append(p.conds, p.of[a.Cond])
	}
	for _, o := range m.Outputs {
		p.outs = append(p.outs, p.of[o.Node])
	}
	return p
}

// shape drops the axes of size 1.
func (p *program) shape(s hw.Shape) hw.Shape {
	for _, a := range s.Axes() {
		if p.m.Axes[a].Size == 1 {
			s = s.Without(a)
		}
	}
	return s
}

func (p *program) add(n node) int {
	p.nodes = append(p.nodes, n)
	return len(p.nodes) - 1
}

// convert makes the node for one of the graph, or finds an older one of the same
// value.
func (p *program) convert(id hw.ID) int {
	m, g := p.m, &p.m.Nodes[id]
	n := node{op: g.Op, width: g.Width, shape: p.shape(g.Shape), g: g, idx: int(g.Imm)}
	if g.Op == hw.OpDelay {
		return p.convertDelay(id, n)
	}
	for _, a := range g.Args {
		n.args = append(n.args, p.of[a])
	}
	switch g.Op {
	case hw.OpInput:
		n.role = roleInput
	case hw.OpConst:
		n.role = roleConst
	case hw.OpReg:
		n.role = roleReg
	case hw.OpMemQ:
		n.role = roleMemQ
	case hw.OpCoord:
		n.role, n.idx = roleCoord, g.Axis
		if n.shape == 0 {
			n.role, n.op, n.g = roleConst, hw.OpConst, &hw.Node{Op: hw.OpConst, Width: g.Width}
		}
	case hw.OpWire, hw.OpBcast:
		return p.spread(n.args[0], n.shape)
	case hw.OpShift, hw.OpRotate, hw.OpIndex, hw.OpReduce, hw.OpPack:
		if m.Axes[g.Axis].Size == 1 {
			// One lane: a shift is its edge, the others are their operand.
			return p.spread(n.args[len(n.args)-1], n.shape)
		}
		n.role = roleWire
	case hw.OpSelect, hw.OpStride, hw.OpSplit:
		n.role = roleWire
	default:
		n.role = roleLane
		p.widen(&n)
	}
	return p.add(n)
}

func (p *program) convertDelay(id hw.ID, n node) int {
	d := p.m.Delays(id)
	lo, hi := d[0], d[0]
	for _, x := range d {
		lo, hi = min(lo, x), max(hi, x)
	}
	if hi == 0 {
		return p.of[n.g.Args[0]]
	}
	r := ring{id: id, shape: n.shape, width: n.width, rows: 1, uniform: lo == hi, base: d[0], zero: lo == 0}
	for r.rows <= hi {
		r.rows *= 2
	}
	n.idx, n.role = len(p.rings), roleRing
	if r.zero {
		n.role, n.args = roleSkew, []int{p.of[n.g.Args[0]]}
	}
	p.rings = append(p.rings, r)
	return p.add(n)
}

// spread is the node x repeated to shape s.
func (p *program) spread(x int, s hw.Shape) int {
	a := p.nodes[x]
	switch {
	case a.shape == s || a.shape == 0:
		return x // every user of a single word repeats it
	case a.role == roleCoord:
		a.shape = s
		return p.once(x, s, a)
	}
	return p.once(x, s, node{role: roleWire, op: hw.OpBcast, width: a.width, shape: s, args: []int{x}})
}

func (p *program) once(x int, s hw.Shape, n node) int {
	key := [2]int{x, int(s)}
	if id, ok := p.bcast[key]; ok {
		return id
	}
	id := p.add(n)
	p.bcast[key] = id
	return id
}

// widen gives every operand of a lane node the node's shape, or none, or one that a
// loop over the node's lanes can read where it is.
func (p *program) widen(n *node) {
	for i, a := range n.args {
		if s := p.nodes[a].shape; s != 0 && s != n.shape && p.run(s, n.shape) == 0 {
			n.args[i] = p.spread(a, n.shape)
		}
	}
}

// run is how many neighbouring lanes of shape to read one lane of shape s (s has the slower
// axes), or as many lanes in a row (s has the faster axes); 0 if it is not so simple, or
// if vectors do not fit such runs. A broadcast of this kind, as a processing element in local time reads
// its row's and its column's operand, needs no buffer.
func (p *program) run(s, to hw.Shape) int {
	n := 0
	switch rest := to &^ s; {
	case s&^to != 0 || s == 0 || rest == 0:
		return 0
	case s < rest&-rest: // all axes of s are slower, having lower numbers
		n = p.lanes(rest)
	case p.faster(s, rest):
		n = p.lanes(s)
	}
	if n%minRun != 0 {
		return 0
	}
	return n
}

// faster reports whether all axes of s vary faster than those of rest.
func (p *program) faster(s, rest hw.Shape) bool { return rest < s&-s }

// minRun is the fewest lanes of a run that are worth a vector.
const minRun = 8

// store adds a sink that writes x, in shape s, to a target.
func (p *program) store(to target, idx, x int, width int, s hw.Shape) {
	n := node{role: roleStore, width: width, shape: s, args: []int{x}, to: to, idx: idx}
	p.widen(&n)
	p.add(n)
}

// steady is x as a value that the cycle's end does not change: memories read their
// operands after registers have taken their next values.
func (p *program) steady(x int) int {
	n := &p.nodes[x]
	if n.shape == 0 || (n.role != roleReg && n.role != roleMemQ) {
		return x
	}
	return p.add(node{role: roleLane, op: hw.OpBcast, width: n.width, shape: n.shape, args: []int{x}})
}

// commit adds the sinks of a clock edge. Those of single words need none: the
// cycle's end writes them.
func (p *program) commit() {
	for i := range p.rings {
		r := &p.rings[i]
		switch {
		case r.shape == 0 || r.zero:
		case r.uniform:
			p.store(toRing, i, r.arg, r.width, r.shape)
		default:
			p.add(node{role: rolePush, width: r.width, shape: r.shape, args: []int{r.arg}, idx: i})
		}
	}
	for i := range p.memIn {
		var args []int
		for _, x := range p.memIn[i] {
			args = append(args, p.steady(x))
		}
		p.add(node{role: roleMem, width: 1, args: args, idx: i})
	}
	for i, c := range p.conds {
		if p.nodes[c].shape != 0 {
			p.add(node{role: roleCount, width: 1, args: []int{c}, idx: i})
		}
	}
	for i, r := range p.m.Regs {
		if n := &p.nodes[p.of[r.Node]]; n.shape != 0 {
			p.store(toReg, i, p.next[i], n.width, n.shape)
		}
	}
}

// lanes is the number of lanes of a shape.
func (p *program) lanes(s hw.Shape) int { return p.m.Lanes(s) }

// container is the size in bits of the integer that holds a word: i1 is itself.
func container(width int) int {
	switch {
	case width == 1:
		return 1
	case width <= 8:
		return 8
	case width <= 16:
		return 16
	case width <= 32:
		return 32
	}
	return 64
}

// laneBytes is the size of a lane in a buffer.
func laneBytes(width int) int { return max(1, container(width)/8) }

// maxVector is the number of lanes of the widest vector, so that bytes fill one
// register of 512 bits, and maxVectorBits the size of a vector of the widest word of a
// loop. Half of that was 4 % slower at 32x32 and 12 % at 128x128 (fewer lanes mean
// shorter loads of bytes), twice as much no faster and more code.
const (
	maxVector     = 64
	maxVectorBits = 1024
)

// vector is the number of lanes that a loop over the given lanes takes at once at
// most; buffers are padded to it.
func vector(lanes int) int {
	v := 1
	for v < lanes && v < maxVector {
		v *= 2
	}
	return v
}

// padded is the number of lanes of a buffer.
func padded(lanes int) int {
	v := vector(lanes)
	return (lanes + v - 1) / v * v
}
