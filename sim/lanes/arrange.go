package lanes

import (
	"slices"

	"tpe/hw"
)

// arrange orders the axes of a module such that an axis that another is split into stands
// where that stands: then lanes that are picked keep their order, and a tree of adders beside another
// axis moves whole rows. Only ports show the order of axes, so theirs stays.
func arrange(m *hw.Module) *hw.Module {
	order := make([]int, len(m.Axes))
	for a := range order {
		order[a] = a
	}
	moved := map[int]bool{}
	move := func(t, to int) {
		if moved[t] || t == to {
			return
		}
		moved[t] = true
		order = slices.DeleteFunc(order, func(a int) bool { return a == t })
		order = slices.Insert(order, slices.Index(order, to)+1, t)
	}
	for i := range m.Nodes {
		switch n := &m.Nodes[i]; n.Op {
		case hw.OpStride:
			move(n.To[0], n.Axis)
		case hw.OpSplit:
			move(n.To[0], n.Axis)
			move(n.To[1], n.To[0])
		}
	}
	place := make([]int, len(order)) // the new number of an axis
	for k, a := range order {
		place[a] = k
	}
	if slices.IsSorted(place) {
		return m
	}
	for _, list := range [][]hw.Port{m.Inputs, m.Outputs} {
		for _, p := range list {
			axes := m.Nodes[p.Node].Shape.Axes()
			for k := range axes {
				axes[k] = place[axes[k]]
			}
			if !slices.IsSorted(axes) {
				return m
			}
		}
	}
	return renumber(m, place)
}

// renumber gives axis a the number place[a].
func renumber(m *hw.Module, place []int) *hw.Module {
	c := *m
	c.Axes, c.Nodes = make([]hw.Axis, len(m.Axes)), slices.Clone(m.Nodes)
	for a, k := range place {
		c.Axes[k] = m.Axes[a]
	}
	for i := range c.Nodes {
		n := &c.Nodes[i]
		var s hw.Shape
		for _, a := range n.Shape.Axes() {
			s = s.With(place[a])
		}
		n.Shape, n.Axis, n.To = s, place[n.Axis], [2]int{place[n.To[0]], place[n.To[1]]}
		if n.Coef != nil {
			coef := make([]int, len(place))
			for a, k := range n.Coef {
				coef[place[a]] = k
			}
			n.Coef = coef
		}
	}
	return &c
}
