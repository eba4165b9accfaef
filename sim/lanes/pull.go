package lanes

import (
	"slices"

	"tpe/hw"
)

// pull computes a lane operator only in the lanes that are read, where all that is read
// of its result are single coordinates of one axis: instead of picking lanes from
//
//	index(i, k, f(x, y))   it computes   f(index(i, k, x), y)
//
// for each k. That is no more work for f, and picks from narrower and smaller operands, mostly
// without this axis. The lanes of a dot product that a compressor adds are such.
func pull(m *hw.Module) (*hw.Module, error) {
	p := puller{m: m, axis: indexed(m), memo: map[place]hw.ID{}}
	for i := range m.Nodes {
		if n := &m.Nodes[i]; n.Op == hw.OpIndex && p.axis[n.Args[0]] == n.Axis && p.worth(n.Args[0]) {
			p.roots = append(p.roots, hw.ID(i))
		}
	}
	if len(p.roots) == 0 {
		return m, nil
	}
	c := *m
	c.Nodes = slices.Clone(m.Nodes)
	for i := range c.Nodes {
		c.Nodes[i].Args = slices.Clone(c.Nodes[i].Args)
	}
	c.Regs, c.Mems, c.Roms = slices.Clone(m.Regs), slices.Clone(m.Mems), slices.Clone(m.Roms)
	c.Inputs, c.Outputs, c.Asserts = slices.Clone(m.Inputs), slices.Clone(m.Outputs), slices.Clone(m.Asserts)
	p.m = &c
	for _, i := range p.roots {
		n := c.Nodes[i]
		x := p.at(n.Args[0], n.K)
		n.Op, n.Axis, n.K, n.Args = hw.OpWire, 0, 0, []hw.ID{x}
		c.Nodes[i] = n
	}
	return hw.Tidy(&c)
}

// indexed finds, for each node, the axis of which only single coordinates are read, or -1.
func indexed(m *hw.Module) []int {
	const open, no = -2, -1
	axis := make([]int, len(m.Nodes))
	for i := range axis {
		axis[i] = open
	}
	read := func(x hw.ID, a int) {
		if axis[x] == open {
			axis[x] = a
		} else if axis[x] != a {
			axis[x] = no
		}
	}
	for _, p := range m.Outputs {
		axis[p.Node] = no
	}
	for _, a := range m.Asserts {
		axis[a.Cond] = no
	}
	for i := range m.Regs {
		axis[m.Regs[i].Next] = no
	}
	for i := range m.Mems {
		q := &m.Mems[i]
		for _, x := range []hw.ID{q.WEn, q.WAddr, q.WData, q.RAddr} {
			axis[x] = no
		}
	}
	for i := len(m.Nodes) - 1; i >= 0; i-- { // readers come after what they read, but for delays
		n := &m.Nodes[i]
		if axis[i] >= 0 && (n.Op.Kind() != hw.KindLane || !n.Shape.Has(axis[i])) {
			axis[i] = no
		}
		for _, x := range n.Args {
			switch {
			case n.Op == hw.OpIndex:
				read(x, n.Axis)
			case axis[i] >= 0:
				read(x, axis[i])
			default:
				axis[x] = no
			}
		}
	}
	return axis
}

type place struct {
	node    hw.ID
	axis, k int
}

type puller struct {
	m     *hw.Module
	axis  []int // of each node of the given module
	roots []hw.ID
	memo  map[place]hw.ID
}

// worth reports whether at most one operand of as many lanes must be picked from instead.
func (p *puller) worth(x hw.ID) bool {
	lanes, seen, wide := p.m.Lanes(p.m.Nodes[x].Shape), map[hw.ID]bool{}, 0
	var walk func(x hw.ID)
	walk = func(id hw.ID) {
		if n := &p.m.Nodes[id]; !seen[id] && n.Shape.Has(p.axis[x]) {
			seen[id] = true
			if p.axis[id] != p.axis[x] {
				wide += is(p.m.Lanes(n.Shape) >= lanes && n.Op != hw.OpCoord)
				return
			}
			for _, a := range n.Args {
				walk(a)
			}
		}
	}
	walk(x)
	return wide <= 1
}

func (p *puller) push(n hw.Node) hw.ID {
	p.m.Nodes = append(p.m.Nodes, n)
	return hw.ID(len(p.m.Nodes) - 1)
}

// at is node x, of the given module, at coordinate k of its axis.
func (p *puller) at(x hw.ID, k int) hw.ID {
	axis := p.axis[x]
	if id, ok := p.memo[place{x, axis, k}]; ok {
		return id
	}
	n := p.m.Nodes[x]
	n.Name, n.Shape, n.Args = "", n.Shape.Without(axis), slices.Clone(n.Args)
	for i, a := range n.Args {
		if p.axis[a] == axis && p.m.Nodes[a].Shape.Has(axis) {
			n.Args[i] = p.at(a, k)
		} else {
			n.Args[i] = p.pick(a, axis, k)
		}
	}
	id := p.push(n)
	p.memo[place{x, axis, k}] = id
	return id
}

// pick is a node at coordinate k of an axis, if it has that.
func (p *puller) pick(x hw.ID, axis, k int) hw.ID {
	n := p.m.Nodes[x]
	if !n.Shape.Has(axis) {
		return x
	}
	id, ok := p.memo[place{x, axis, k}]
	if ok {
		return id
	}
	if n.Op == hw.OpCoord {
		id = p.push(hw.Node{Op: hw.OpConst, Width: n.Width, Imm: uint64(k)})
	} else {
		id = p.push(hw.Node{Op: hw.OpIndex, Width: n.Width, Axis: axis, K: k, Shape: n.Shape.Without(axis), Args: []hw.ID{x}})
	}
	p.memo[place{x, axis, k}] = id
	return id
}
