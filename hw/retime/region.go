package retime

import (
	"cmp"
	"slices"

	"tpe/hw"
)

// region is a set of nodes that run in a local time: what the module computes in lane c
// at edge t, the rewritten module computes at edge t - lag(c), with
// lag = frame + ahead[node].
type region struct {
	m     *hw.Module
	c     *copies
	fixed []bool
	frame lag
	axes  hw.Shape // along which the frame varies
	out   []bool   // nodes that may not run in it
	in    []bool
	ahead []int
}

// maxBehind is how many edges a node may lag behind the frame before it is left out.
const maxBehind = 2

// frames lists the candidates for a frame, the best first: the skews in which words arrive
// at large shapes.
func frames(m *hw.Module, c *copies) []lag {
	type candidate struct {
		l     lag
		axes  hw.Shape
		lanes int
	}
	var list []candidate
	for i := range m.Nodes {
		x := c.of(hw.ID(i))
		l := x.lag.plus(x.lag, 0, -x.lag.k) // its slopes
		s := l.axes(m)
		if s == 0 {
			continue
		}
		for a := range l.coef {
			if !s.Has(a) {
				l.coef[a] = 0
			}
		}
		l.k = -l.least(m)
		known := slices.ContainsFunc(list, func(y candidate) bool { return y.l.same(m, l) })
		if !known {
			list = append(list, candidate{l, s, m.Lanes(s)})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(len(b.axes.Axes()), len(a.axes.Axes())), cmp.Compare(b.lanes, a.lanes))
	})
	out := make([]lag, len(list))
	for i := range list {
		out[i] = list[i].l
	}
	return out
}

// newRegion finds the nodes that can run in a frame: it begins with all that vary along
// its axes, but those left out, and takes out those that would need a word before it is there.
func newRegion(m *hw.Module, c *copies, fixed []bool, frame lag, out []bool) *region {
	r := &region{m: m, c: c, fixed: fixed, frame: frame, axes: frame.axes(m), out: out, in: make([]bool, len(m.Nodes)), ahead: make([]int, len(m.Nodes))}
	for i := range m.Nodes {
		r.in[i] = !out[i] && r.eligible(hw.ID(i))
	}
	for again := true; again; {
		again = false
		for i := range m.Nodes {
			if !r.in[i] {
				continue
			}
			if late := r.slack(hw.ID(i)); late < 0 {
				again = true
				if r.ahead[i] += late; r.ahead[i] < -maxBehind {
					r.in[i], r.ahead[i] = false, 0
				}
			}
		}
	}
	return r
}

// size is the number of nodes.
func (r *region) size() int {
	n := 0
	for _, in := range r.in {
		if in {
			n++
		}
	}
	return n
}

// eligible reports whether a node may run in the frame at all: an operator on lanes, a
// register, or a move between lanes that have one lag (or a shift).
func (r *region) eligible(id hw.ID) bool {
	n := &r.m.Nodes[id]
	if n.Shape&r.axes != r.axes || r.fixed[id] || r.c.of(id).base != id {
		return false
	}
	switch n.Op {
	case hw.OpReg, hw.OpShift:
		return true
	case hw.OpRotate, hw.OpSelect, hw.OpReduce, hw.OpPack, hw.OpIndex:
		return !r.axes.Has(n.Axis)
	case hw.OpStride:
		return !r.axes.Has(n.Axis) && !r.axes.Has(n.To[0])
	case hw.OpSplit:
		return !r.axes.Has(n.Axis) && !r.axes.Has(n.To[0]) && !r.axes.Has(n.To[1])
	}
	return n.Op.Kind() == hw.KindLane
}

// use is an operand of a node of the region as the rewritten module must have it: word
// src, delayed by wait edges.
type use struct {
	src  hw.ID // of the region, or the base of a copy
	wait lag   // in the coordinates of the operand's lane
	path []hw.ID
}

// uses lists the operands of a node.
func (r *region) uses(id hw.ID) []use {
	n := &r.m.Nodes[id]
	lagOf := r.frame.add(r.ahead[id])
	if n.Op == hw.OpReg {
		return []use{r.use(r.m.Regs[n.Imm].Next, lagOf.add(-1))}
	}
	list := make([]use, len(n.Args))
	for k, a := range n.Args {
		l := lagOf
		if n.Op == hw.OpShift {
			switch {
			case k == 0: // lane c reads lane c - K
				l = l.add(l.coef[n.Axis] * n.K)
			case n.K > 0:
				l = l.fix(n.Axis, 0)
			default:
				l = l.fix(n.Axis, r.m.Axes[n.Axis].Size-1)
			}
		}
		list[k] = r.use(a, l)
	}
	return list
}

// use is what a lane with the given lag needs of node a.
func (r *region) use(a hw.ID, l lag) use {
	if r.fixed[a] {
		return use{src: a, wait: zero(len(l.coef))}
	}
	x := r.c.of(a)
	wait := x.lag.plus(l, -1, 0)
	if r.in[x.base] {
		wait = wait.plus(r.frame, 1, r.ahead[x.base])
	}
	return use{src: x.base, wait: wait, path: x.path}
}

// slack is the least wait of a node's operands; below 0 a word would be needed before it
// is there.
func (r *region) slack(id hw.ID) int {
	lo := 0
	for _, u := range r.uses(id) {
		lo = min(lo, u.wait.least(r.m))
	}
	return lo
}
