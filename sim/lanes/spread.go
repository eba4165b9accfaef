package lanes

import (
	"unsafe"

	"tpe/hw"
)

// spreading repeats the lanes of v over further axes. In one operation that is rows times the
// same block, in which every elem lanes are repeated run times:
//
//	axes of the result:   rows   lanes of v   run   elem lanes of v
//
// where each may be missing. Other orders take several operations, innermost axes first.
func (l *lowering) spreading(v val, to hw.Shape) val {
	from, axes := l.values[v].shape, to.Axes()
	end := len(axes)
	group := func(own bool) (lanes int, s hw.Shape) {
		for lanes = 1; end > 0 && from.Has(axes[end-1]) == own; end-- {
			lanes *= l.m.Axes[axes[end-1]].Size
			s = s.With(axes[end-1])
		}
		return lanes, s
	}
	elem, _ := group(true)
	run, inner := group(false)
	count, _ := group(true)
	rows, _ := group(false)
	switch {
	case end > 0:
		return l.broadcast(l.broadcast(v, from|inner), to)
	case count == 1: // what is repeated is all there is
		rows, run = rows*run, 1
	case run == 1: // an axis of one lane
		elem *= count
	}
	o := l.op(kSpread, whole, l.values[v].width, to, v)
	o.x = &extra{rows: rows, run: run, elem: elem}
	return o.dst
}

// goSpread makes the block, then its repetitions.
func goSpread[T lanewords](s *step) {
	x, d := s.x, vec[T](s.dst, s.n)
	block := s.n / x.rows
	a := vec[T](s.a, block/x.run)
	at := 0
	for ; len(a) > 0; a = a[x.elem:] {
		if x.elem == 1 {
			for i := range d[at : at+x.run] {
				d[at+i] = a[0]
			}
			at += x.run
			continue
		}
		for range x.run {
			at += copy(d[at:], a[:x.elem])
		}
	}
	for ; at < len(d); at += block {
		copy(d[at:], d[:block])
	}
}

// spread writes the steps of a repetition in assembly.
func (e *emitter) spread(o *operation, s step) {
	x, size := o.x, e.l.values[o.dst].size
	elem, block := x.elem*size, s.n/x.rows*size
	if x.run == 1 {
		e.tile(s, x.rows, elem)
		return
	}
	one := s
	asmRuns(&one, block/(x.run*elem), x.run, elem)
	if one.code == 0 { // a run of any length, repeated
		for at := 0; at < block; at += x.run * elem {
			one.dst, one.a = unsafe.Add(s.dst, at), unsafe.Add(s.a, at/x.run)
			asmRows(&one, x.run, elem, elem, 0) // and no byte more
			e.steps = append(e.steps, one)
		}
	} else {
		e.steps = append(e.steps, one)
	}
	if x.rows > 1 {
		s.a, s.dst = s.dst, unsafe.Add(s.dst, block)
		asmRows(&s, x.rows-1, block, block, 0)
		e.steps = append(e.steps, s)
	}
}

// tile writes the steps that repeat elem bytes count times; many short ones by way of a longer one.
func (e *emitter) tile(s step, count, elem int) {
	longer := 64 / elem
	if elem&(elem-1) == 0 || longer < 2 || count < 2*longer {
		asmTile(&s, count, elem)
		e.steps = append(e.steps, s)
		return
	}
	add := func(at int, src unsafe.Pointer, count, run int) {
		if part := s; count > 0 {
			part.dst, part.a = unsafe.Add(s.dst, at), src
			asmRows(&part, count, run, run, 0)
			e.steps = append(e.steps, part)
		}
	}
	block := longer * elem
	add(0, s.a, longer, elem)
	add(block, s.dst, count/longer-1, block)
	add(count/longer*block, s.a, count%longer, elem)
}
