// Package eval defines what a hardware graph means. It is slow on purpose: one
// switch, one lane at a time, written to be compared with the operator table by
// eye. Every other reader of the graph is tested against it.
package eval

import (
	"fmt"
	"math/bits"

	"tpe/hw"
)

// Machine executes a flat module. It implements [hw.Machine].
type Machine struct {
	m        *hw.Module
	val      [][]uint64          // per node, per lane
	maps     [][][]int32         // per node, per operand: the operand's lane for each lane
	mem      [][]uint64          // per memory: lane-major words
	history  map[hw.ID][]uint64s // per delay: index 0 is the input one edge ago
	delays   map[hw.ID][]int
	failures []uint64
}

type uint64s = []uint64

// New prepares a flat module (see [hw.Flatten]) for execution.
func New(m *hw.Module) (*Machine, error) {
	if len(m.Insts) > 0 {
		return nil, fmt.Errorf("eval: module %s has instances (expected a flat module)", m.Name)
	}
	e := &Machine{
		m: m, val: make([][]uint64, len(m.Nodes)), maps: make([][][]int32, len(m.Nodes)),
		mem: make([][]uint64, len(m.Mems)), history: map[hw.ID][]uint64s{}, delays: map[hw.ID][]int{},
		failures: make([]uint64, len(m.Asserts)),
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		e.val[i] = make([]uint64, m.Lanes(n.Shape))
		e.maps[i] = make([][]int32, len(n.Args))
		for k, a := range n.Args {
			if int(a) >= i && n.Op.Kind() != hw.KindState {
				return nil, fmt.Errorf("eval: module %s is not in evaluation order", m.Name)
			}
			e.maps[i][k] = m.Map(m.Nodes[a].Shape, n.Shape)
		}
		switch n.Op {
		case hw.OpReg:
			fill(e.val[i], m.Regs[n.Imm].Reset)
		case hw.OpMemQ:
			e.mem[n.Imm] = make([]uint64, len(e.val[i])*m.Mems[n.Imm].Depth)
		case hw.OpDelay:
			d := m.Delays(hw.ID(i))
			longest := 0
			for _, x := range d {
				longest = max(longest, x)
			}
			h := make([]uint64s, longest)
			for k := range h {
				h[k] = make([]uint64, len(e.val[i]))
			}
			e.delays[hw.ID(i)], e.history[hw.ID(i)] = d, h
		}
	}
	return e, nil
}

func fill(dst []uint64, v uint64) {
	for i := range dst {
		dst[i] = v
	}
}

// Set implements [hw.Machine].
func (e *Machine) Set(p int, lanes []uint64) {
	id := e.m.Inputs[p].Node
	w := e.m.Nodes[id].Width
	for l := range e.val[id] {
		e.val[id][l] = lanes[l] & hw.Mask(w)
	}
}

// Get implements [hw.Machine].
func (e *Machine) Get(p int, dst []uint64) { copy(dst, e.val[e.m.Outputs[p].Node]) }

// Failures implements [hw.Machine].
func (e *Machine) Failures() []uint64 { return e.failures }

// Value returns the lanes of any node as last settled.
func (e *Machine) Value(id hw.ID) []uint64 { return e.val[id] }

// Settle implements [hw.Machine].
func (e *Machine) Settle() {
	for i := range e.m.Nodes {
		n := &e.m.Nodes[i]
		switch n.Op {
		case hw.OpInput, hw.OpReg, hw.OpMemQ:
		case hw.OpConst:
			e.val[i][0] = n.Imm
		case hw.OpCoord:
			for l := range e.val[i] {
				e.val[i][l] = uint64(l)
			}
		case hw.OpDelay:
			e.settleDelay(hw.ID(i))
		default:
			if n.Op.Kind() == hw.KindWire {
				e.wire(hw.ID(i))
			} else {
				e.lanes(hw.ID(i))
			}
		}
	}
}

func (e *Machine) lanes(id hw.ID) {
	n := &e.m.Nodes[id]
	args, widths := make([]uint64, len(n.Args)), make([]int, len(n.Args))
	for k, a := range n.Args {
		widths[k] = e.m.Nodes[a].Width
	}
	var table []uint64
	if n.Op == hw.OpRom {
		table = e.m.Roms[n.Imm].Data
	}
	for l := range e.val[id] {
		for k, a := range n.Args {
			args[k] = e.val[a][e.maps[id][k][l]]
		}
		e.val[id][l] = Lane(n.Op, n.Width, n.Imm, table, args, widths)
	}
}

// Lane computes a lane operator: the operands are words of the given widths, the
// result has width bits, imm is the lowest bit of a slice, table the content of a ROM.
func Lane(op hw.Op, width int, imm uint64, table, args []uint64, widths []int) uint64 {
	arg := func(i int) uint64 {
		if i < len(args) {
			return args[i]
		}
		return 0
	}
	x, y, z := arg(0), arg(1), arg(2)
	s := func(i int) int64 { return hw.SignExtend(args[i], widths[i]) }
	is := func(c bool) uint64 {
		if c {
			return 1
		}
		return 0
	}
	n := widths[0]
	var r uint64
	switch op {
	case hw.OpWire, hw.OpZext:
		r = x
	case hw.OpNot:
		r = ^x
	case hw.OpAnd:
		r = x & y
	case hw.OpOr:
		r = x | y
	case hw.OpXor:
		r = x ^ y
	case hw.OpXor3:
		r = x ^ y ^ z
	case hw.OpMaj:
		r = x&y | x&z | y&z
	case hw.OpCsaC:
		r = (x&y | x&z | y&z) << 1
	case hw.OpNeg:
		r = -x
	case hw.OpAdd:
		r = x + y
	case hw.OpSub:
		r = x - y
	case hw.OpMulU:
		r = x * y
	case hw.OpMulS:
		r = uint64(s(0) * s(1))
	case hw.OpMulSU:
		r = uint64(s(0)) * y
	case hw.OpUMin:
		r = min(x, y)
	case hw.OpUMax:
		r = max(x, y)
	case hw.OpSMin:
		r = uint64(min(s(0), s(1)))
	case hw.OpSMax:
		r = uint64(max(s(0), s(1)))
	case hw.OpBooth4:
		d := int64(y&1) + int64(y>>1&1) - 2*int64(y>>2)
		r = uint64(d * s(0))
	case hw.OpEq:
		r = is(x == y)
	case hw.OpNe:
		r = is(x != y)
	case hw.OpULt:
		r = is(x < y)
	case hw.OpULe:
		r = is(x <= y)
	case hw.OpSLt:
		r = is(s(0) < s(1))
	case hw.OpSLe:
		r = is(s(0) <= s(1))
	case hw.OpMux:
		r = z
		if x == 1 {
			r = y
		}
	case hw.OpRom:
		if x < uint64(len(table)) {
			r = table[x]
		}
	case hw.OpSext:
		r = uint64(s(0))
	case hw.OpSlice:
		r = x >> imm
	case hw.OpCat:
		for i, a := range args {
			r = r<<widths[i] | a
		}
	case hw.OpShl:
		if y < uint64(n) {
			r = x << y
		}
	case hw.OpLshr:
		if y < uint64(n) {
			r = x >> y
		}
	case hw.OpAshr:
		r = uint64(s(0) >> min(y, 63))
	case hw.OpRotl:
		k := y % uint64(n)
		r = x<<k | x>>(uint64(n)-k)
	case hw.OpRedAnd:
		r = is(x == hw.Mask(n))
	case hw.OpRedOr:
		r = is(x != 0)
	case hw.OpRedXor:
		r = uint64(bits.OnesCount64(x) & 1)
	case hw.OpPopcount:
		r = uint64(bits.OnesCount64(x))
	case hw.OpFfs:
		r = uint64(min(bits.TrailingZeros64(x), n))
	case hw.OpClz:
		r = uint64(bits.LeadingZeros64(x) - (64 - n))
	default:
		panic("eval: not a lane operator: " + op.String())
	}
	return r & hw.Mask(width)
}

// wire moves words between lanes.
func (e *Machine) wire(id hw.ID) {
	m, n := e.m, &e.m.Nodes[id]
	x, out := n.Args[0], e.val[id]
	xs := m.Nodes[x].Shape
	// at reads x where the lane of the result is, but with the coordinate along
	// the node's axis replaced by c.
	at := func(l, c int) uint64 {
		return e.val[x][int(e.maps[id][0][l])+c*m.Stride(xs, n.Axis)]
	}
	second := func(l int) uint64 { return e.val[n.Args[1]][e.maps[id][1][l]] }
	var size int
	if n.Op != hw.OpBcast {
		size = m.Axes[n.Axis].Size
	}
	for l := range out {
		switch n.Op {
		case hw.OpBcast:
			out[l] = e.val[x][e.maps[id][0][l]]
		case hw.OpShift, hw.OpRotate:
			own := e.coord(id, n.Axis, l)
			c := own - n.K
			switch {
			case n.Op == hw.OpRotate:
				out[l] = at(l, (c+size)%size-own)
			case c < 0 || c >= size:
				out[l] = second(l)
			default:
				out[l] = at(l, c-own)
			}
		case hw.OpIndex:
			out[l] = at(l, n.K)
		case hw.OpSelect:
			out[l] = 0
			if i := second(l); i < uint64(size) {
				out[l] = at(l, int(i))
			}
		case hw.OpReduce:
			level := make([]uint64, size)
			for c := range level {
				level[c] = at(l, c)
			}
			out[l] = fold(n.Sub, n.Width, level)
		case hw.OpStride:
			out[l] = second(l)
			if c := n.K + n.Step*e.coord(id, n.To[0], l); c < size {
				out[l] = at(l, c)
			}
		case hw.OpSplit:
			out[l] = second(l)
			if c := e.coord(id, n.To[0], l)*m.Axes[n.To[1]].Size + e.coord(id, n.To[1], l); c < size {
				out[l] = at(l, c)
			}
		case hw.OpPack:
			out[l] = 0
			for c := range size {
				out[l] |= at(l, c) << c
			}
		default:
			panic("eval: not a wire operator: " + n.Op.String())
		}
	}
}

func (e *Machine) coord(id hw.ID, axis, lane int) int {
	s := e.m.Nodes[id].Shape
	return lane / e.m.Stride(s, axis) % e.m.Axes[axis].Size
}

// fold combines neighbours level by level.
func fold(op hw.Op, width int, level []uint64) uint64 {
	for len(level) > 1 {
		var next []uint64
		for i := 0; i < len(level); i += 2 {
			if i+1 == len(level) {
				next = append(next, level[i])
				break
			}
			next = append(next, Lane(op, width, 0, nil, level[i:i+2], []int{width, width}))
		}
		level = next
	}
	return level[0]
}

func (e *Machine) settleDelay(id hw.ID) {
	x := e.m.Nodes[id].Args[0]
	for l, d := range e.delays[id] {
		if d == 0 {
			e.val[id][l] = e.val[x][e.maps[id][0][l]]
		} else {
			e.val[id][l] = e.history[id][d-1][l]
		}
	}
}

// Step implements [hw.Machine].
func (e *Machine) Step(reset bool) {
	m := e.m
	if !reset {
		for i, a := range m.Asserts {
			for _, v := range e.val[a.Cond] {
				if v == 0 {
					e.failures[i]++
				}
			}
		}
	}
	next := make([][]uint64, len(m.Regs))
	for i, r := range m.Regs {
		next[i] = make([]uint64, len(e.val[r.Node]))
		fill(next[i], r.Reset)
		if !reset {
			e.spread(next[i], r.Next, r.Node)
		}
	}
	queue := make([][]uint64, len(m.Mems))
	for i := range m.Mems {
		queue[i] = e.stepMem(i)
	}
	for id, h := range e.history {
		e.stepDelay(id, h, reset)
	}
	for i, r := range m.Regs {
		copy(e.val[r.Node], next[i])
	}
	for i, mem := range m.Mems {
		copy(e.val[mem.Node], queue[i])
	}
}

// spread copies node from to the lanes of node to's shape.
func (e *Machine) spread(dst []uint64, from, to hw.ID) {
	for l, k := range e.m.Map(e.m.Nodes[from].Shape, e.m.Nodes[to].Shape) {
		dst[l] = e.val[from][k]
	}
}

func (e *Machine) stepMem(i int) []uint64 {
	mem := &e.m.Mems[i]
	lanes := len(e.val[mem.Node])
	var port [4][]uint64
	for k, id := range [4]hw.ID{mem.WEn, mem.WAddr, mem.WData, mem.RAddr} {
		port[k] = make([]uint64, lanes)
		e.spread(port[k], id, mem.Node)
	}
	q := make([]uint64, lanes)
	for l := range q {
		word := e.mem[i][l*mem.Depth : (l+1)*mem.Depth]
		wen, wa, wd, ra := port[0][l] == 1, port[1][l], port[2][l], port[3][l]
		if ra < uint64(mem.Depth) {
			q[l] = word[ra]
		}
		if wen && wa < uint64(mem.Depth) {
			word[wa] = wd
			if mem.Forward && ra == wa {
				q[l] = wd
			}
		}
	}
	return q
}

func (e *Machine) stepDelay(id hw.ID, h []uint64s, reset bool) {
	if len(h) == 0 {
		return
	}
	last := h[len(h)-1]
	copy(h[1:], h[:len(h)-1])
	h[0] = last
	x := e.m.Nodes[id].Args[0]
	for l := range last {
		last[l] = e.val[x][e.maps[id][0][l]]
	}
	if reset {
		for k := range h {
			fill(h[k], 0)
		}
	}
}
