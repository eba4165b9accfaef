package retime

import "tpe/hw"

// lag is a number of clock edges that is affine in the coordinates of a lane: k plus
// the sum over the axes of coef times the coordinate.
type lag struct {
	k    int
	coef []int // per axis of the module
}

// zero is no lag in a module of that many axes.
func zero(axes int) lag { return lag{0, make([]int, axes)} }

// plus returns a + s*b + k.
func (a lag) plus(b lag, s, k int) lag {
	out := lag{a.k + s*b.k + k, make([]int, len(a.coef))}
	for i := range out.coef {
		out.coef[i] = a.coef[i] + s*b.coef[i]
	}
	return out
}

// add returns a + k.
func (a lag) add(k int) lag { return lag{a.k + k, a.coef} }

// steps returns a + n times the position along an axis, counted from its first lane or
// (dir < 0) from its last.
func (a lag) steps(m *hw.Module, axis, dir, n int) lag {
	out := a.plus(a, 0, 0)
	if dir > 0 {
		out.coef[axis] += n
	} else {
		out.coef[axis] -= n
		out.k += n * (m.Axes[axis].Size - 1)
	}
	return out
}

// fix returns a in the lanes at coordinate c of an axis.
func (a lag) fix(axis, c int) lag {
	out := a.plus(a, 0, 0)
	out.k += out.coef[axis] * c
	out.coef[axis] = 0
	return out
}

// least is the smallest value over all lanes of a module.
func (a lag) least(m *hw.Module) int {
	lo := a.k
	for i, c := range a.coef {
		lo += min(0, c*(m.Axes[i].Size-1))
	}
	return lo
}

// sloped reports whether lanes differ.
func (a lag) sloped(m *hw.Module) bool { return a.axes(m) != 0 }

// axes are those along which a varies.
func (a lag) axes(m *hw.Module) hw.Shape {
	var s hw.Shape
	for i, c := range a.coef {
		if c != 0 && m.Axes[i].Size > 1 {
			s = s.With(i)
		}
	}
	return s
}

// same reports whether a and b are equal in every lane.
func (a lag) same(m *hw.Module, b lag) bool {
	d := a.plus(b, -1, 0)
	return d.k == 0 && !d.sloped(m)
}
