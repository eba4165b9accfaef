package lanes

import "tpe/hw"

// wire lowers an operator that moves words between lanes. Operands are first
// broadcast to the shape in which the operator is simplest: the result's, with
// the axis put back or taken away.
func (l *lowering) wire(n *hw.Node) val {
	m, s := l.m, n.Shape
	x := l.of[n.Args[0]]
	if n.Op == hw.OpBcast {
		if m.Lanes(s) == 1 {
			return x
		}
		return l.broadcast(x, s)
	}
	size := m.Axes[n.Axis].Size
	full := s.With(n.Axis)
	switch n.Op {
	case hw.OpShift, hw.OpRotate:
		return l.shift(n)
	case hw.OpIndex:
		x = l.solid(x, full)
		at := m.Map(s, full)
		index := make([]int32, m.Lanes(s))
		for f, c := range m.Coords(full, n.Axis) {
			if c == n.K {
				index[at[f]] = int32(f)
			}
		}
		return l.gather(n, index, x, none)
	case hw.OpSelect:
		own := m.Nodes[n.Args[0]].Shape.With(n.Axis) // a table of fewer axes is not repeated
		x, y := l.solid(x, own), l.solid(l.of[n.Args[1]], s)
		o := l.op(kSelect, whole, n.Width, s, x, y)
		o.x = l.axis(own, n.Axis)
		o.x.esize, o.x.index = l.values[y].size, places(m.Map(own, s))
		return o.dst
	case hw.OpReduce:
		return l.reduce(n, n.Sub, l.solid(x, full), full)
	case hw.OpPack:
		o := l.op(kPack, whole, n.Width, s, l.solid(x, full))
		o.x = l.axis(full, n.Axis)
		return o.dst
	case hw.OpStride, hw.OpSplit:
		return l.regroup(n, size)
	}
	panic("lanes: not a wire operator: " + n.Op.String())
}

// axis describes how the lanes of a shape lie along one of its axes.
func (l *lowering) axis(s hw.Shape, a int) *extra {
	x := &extra{size: l.m.Axes[a].Size, inner: l.m.Stride(s, a)}
	x.outer = l.m.Lanes(s) / (x.size * x.inner)
	return x
}

func (l *lowering) shift(n *hw.Node) val {
	s := n.Shape
	x := l.solid(l.of[n.Args[0]], s)
	src := []val{x}
	if n.Op == hw.OpShift {
		src = append(src, l.solid(l.of[n.Args[1]], s.Without(n.Axis)))
	}
	f := near
	if l.m.Lanes(s) == 1 {
		f = whole
	}
	o := l.op(kShift, f, n.Width, s, src...)
	o.x = l.axis(s, n.Axis)
	o.x.dir, o.x.wrap = n.K, n.Op == hw.OpRotate
	return o.dst
}

// places pads a table of lanes to whole vectors.
func places(index []int32) []int32 {
	return append(index, make([]int32, pad(len(index))-len(index))...)[:len(index)]
}

// gather moves lanes by a table: the lane of x, or the complement of a lane of y.
func (l *lowering) gather(n *hw.Node, index []int32, x, y val) val {
	o := l.op(kGather, whole, n.Width, n.Shape, x)
	if y != none {
		o.src[1] = y
	}
	o.x = &extra{index: places(index), from: int(index[0])}
	if y != none || len(index) == 1 {
		o.x.run = len(index) * is(y == none)
		return o.dst
	}
	run := 1 // lanes that stand side by side
	for run < len(index) && index[run] == index[0]+int32(run) {
		run++
	}
	step := int(index[run%len(index)] - index[0])
	for i, k := range index {
		if int(k) != o.x.from+i/run*step+i%run {
			return o.dst
		}
	}
	switch {
	case run > 1 && run < len(index):
		if len(index)%run == 0 && step > 0 {
			o.x.elem, o.x.step = run, step
		}
		return o.dst
	case run > 1:
		step = 1
	}
	switch {
	case step == 1:
		o.x.run = len(index)
	case step > 1 && o.x.from < step:
		o.x.step = step
	}
	return o.dst
}

// regroup lowers stride and split.
func (l *lowering) regroup(n *hw.Node, size int) val {
	m, s := l.m, n.Shape
	base := s.Without(n.To[0])
	if n.Op == hw.OpSplit {
		base = base.Without(n.To[1])
	}
	full := base.With(n.Axis)
	x, y := l.solid(l.of[n.Args[0]], full), none
	c0 := m.Coords(s, n.To[0])
	var c1 []int
	if n.Op == hw.OpSplit {
		c1 = m.Coords(s, n.To[1])
	}
	toX, toY := m.Map(full, s), m.Map(base, s)
	index := make([]int32, m.Lanes(s))
	for i := range index {
		c := n.K + n.Step*c0[i]
		if n.Op == hw.OpSplit {
			c = c0[i]*m.Axes[n.To[1]].Size + c1[i]
		}
		index[i] = ^toY[i]
		if c < size {
			// toX takes the axis, which s lacks, at coordinate 0.
			index[i] = toX[i] + int32(c*m.Stride(full, n.Axis))
		} else if y == none {
			y = l.solid(l.of[n.Args[1]], base)
		}
	}
	return l.gather(n, index, x, y)
}
