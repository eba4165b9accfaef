package lanes

import (
	"unsafe"

	"tpe/hw"
)

func goFill[T lanewords](s *step) {
	d, x := vec[T](s.dst, s.n), *(*T)(s.a)
	for i := range d {
		d[i] = x
	}
}

// goShift makes lanes imm .. imm2 of a shift or rotation: a copy, then the runs
// of lanes at the end of the axis, one for each combination of the outer axes.
func goShift[T lanewords](s *step) {
	x := s.x
	all := x.outer * x.size * x.inner
	from, to := int(s.imm), int(s.imm2)
	d, a := vec[T](s.dst, to-from), vec[T](s.a, all)
	back := x.dir * x.inner
	if lo, hi := max(from, back), min(to, all+back); lo < hi {
		copy(d[lo-from:hi-from], a[lo-back:])
	}
	edge, other := 0, (x.size-1)*x.inner
	if x.dir < 0 {
		edge, other = other, edge
	}
	period := x.size * x.inner
	for o := from / period; o < x.outer && o*period+edge < to; o++ {
		at := o*period + edge
		lo, hi := max(at, from), min(at+x.inner, to)
		switch {
		case lo >= hi:
		case x.wrap:
			copy(d[lo-from:hi-from], a[lo-edge+other:])
		default:
			copy(d[lo-from:hi-from], vec[T](s.b, x.outer*x.inner)[o*x.inner+lo-at:])
		}
	}
}

func goSpread[T lanewords](s *step) {
	x, d := s.x, vec[T](s.dst, s.n)
	switch {
	case x.index != nil:
		for i, k := range x.index {
			d[i] = *(*T)(unsafe.Add(s.a, uintptr(k)*unsafe.Sizeof(d[0])))
		}
	case x.rows >= 0:
		a := vec[T](s.a, x.run)
		for i := 0; i < len(d); i += x.run {
			copy(d[i:], a)
		}
	default:
		for i, v := range vec[T](s.a, s.n/x.run) {
			part := d[i*x.run : (i+1)*x.run]
			for k := range part {
				part[k] = v
			}
		}
	}
}

func goGather[T lanewords](s *step) {
	x, d := s.x, vec[T](s.dst, s.n)
	if x.run > 0 {
		copy(d, vec[T](s.a, x.from+x.run)[x.from:])
		return
	}
	for i, k := range x.index {
		if k >= 0 {
			d[i] = *(*T)(unsafe.Add(s.a, uintptr(k)*unsafe.Sizeof(d[0])))
		} else {
			d[i] = *(*T)(unsafe.Add(s.b, uintptr(^k)*unsafe.Sizeof(d[0])))
		}
	}
}

func goSelect[T lanewords](s *step) {
	x, d := s.x, vec[T](s.dst, s.n)
	a := vec[T](s.a, x.outer*x.size*x.inner)
	for i := range d {
		d[i] = 0
		if k := get(s.b, x.esize, i); k < uint64(x.size) {
			o, in := i/x.inner, i%x.inner
			d[i] = a[(o*x.size+int(k))*x.inner+in]
		}
	}
}

// goReduce folds an axis. The operators are associative and commutative modulo
// the width, so the order of the tree does not show.
func goReduce[T lanewords](s *step) {
	x, d := s.x, vec[T](s.dst, s.n)
	a := vec[T](s.a, x.outer*x.size*x.inner)
	f, m := T(x.flip), T(s.mask)
	for o := range x.outer {
		out := d[o*x.inner : (o+1)*x.inner]
		copy(out, a[o*x.size*x.inner:])
		for c := 1; c < x.size; c++ {
			in := a[(o*x.size+c)*x.inner:][:len(out)]
			foldRow(x.fold, out, in, f, m)
		}
	}
}

func foldRow[T lanewords](op hw.Op, out, in []T, f, m T) {
	switch op {
	case hw.OpAdd:
		for i, v := range in {
			out[i] = (out[i] + v) & m
		}
	case hw.OpAnd:
		for i, v := range in {
			out[i] &= v
		}
	case hw.OpOr:
		for i, v := range in {
			out[i] |= v
		}
	case hw.OpXor:
		for i, v := range in {
			out[i] ^= v
		}
	case hw.OpUMin, hw.OpSMin:
		for i, v := range in {
			out[i] = min(out[i]^f, v^f) ^ f
		}
	case hw.OpUMax, hw.OpSMax:
		for i, v := range in {
			out[i] = max(out[i]^f, v^f) ^ f
		}
	default:
		panic("lanes: cannot reduce by " + op.String())
	}
}

func goPack(s *step) {
	x := s.x
	a := vec[uint8](s.a, x.outer*x.size*x.inner)
	for i := range s.n {
		o, in := i/x.inner, i%x.inner
		var w uint64
		for c := range x.size {
			w |= uint64(a[(o*x.size+c)*x.inner+in]) << c
		}
		put(s.dst, x.esize, i, w)
	}
}

// goPush writes the row of this cycle. It can be repeated within the cycle.
func goPush[T lanewords](s *step) {
	r := s.x.ring
	row := int(s.m.tick) & (r.rows - 1) << r.shift
	copy(vec[T](r.data, r.rows<<r.shift)[row:], vec[T](s.a, r.lanes))
}

// goPull reads every lane from the row of the cycle in which its word was pushed.
func goPull[T lanewords](s *step) {
	r := s.x.ring
	d := vec[T](s.dst, r.lanes)
	if r.back == nil {
		row := (int(s.m.tick) - r.edges) & (r.rows - 1) << r.shift
		copy(d, vec[T](r.data, r.rows<<r.shift)[row:])
		return
	}
	base, mask := uint32(s.m.tick)<<r.shift, uint32(r.rows)<<r.shift-1
	for i, k := range r.back[:len(d)] {
		d[i] = *(*T)(unsafe.Add(r.data, uintptr((base+k)&mask)*unsafe.Sizeof(d[0])))
	}
}
