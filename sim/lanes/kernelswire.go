package lanes

import (
	"encoding/binary"
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

func goGather[T lanewords](s *step) {
	x, d := s.x, vec[T](s.dst, s.n)
	if x.run > 0 {
		copy(d, vec[T](s.a, x.from+x.run)[x.from:])
		return
	}
	for i, k := range x.index[:len(d)] {
		if k >= 0 {
			d[i] = *(*T)(unsafe.Add(s.a, uintptr(k)*unsafe.Sizeof(d[0])))
		} else {
			d[i] = *(*T)(unsafe.Add(s.b, uintptr(^k)*unsafe.Sizeof(d[0])))
		}
	}
}

func goSelect[T lanewords](s *step) {
	switch s.x.esize {
	case 1:
		selectLanes[T, uint8](s)
	case 2:
		selectLanes[T, uint16](s)
	case 4:
		selectLanes[T, uint32](s)
	default:
		selectLanes[T, uint64](s)
	}
}

func selectLanes[T, K lanewords](s *step) {
	x, d, at := s.x, vec[T](s.dst, s.n), vec[K](s.b, s.n)
	for i, from := range x.index[:len(d)] {
		d[i] = 0
		if k := at[i]; uint64(k) < uint64(x.size) {
			d[i] = *(*T)(unsafe.Add(s.a, (uintptr(from)+uintptr(k)*uintptr(x.inner))*unsafe.Sizeof(d[0])))
		}
	}
}

// goReduce folds an axis. The operators are associative and commutative modulo
// the width, so the order of the tree does not show.
func goReduce[T lanewords](s *step) {
	x, d := s.x, vec[T](s.dst, s.n)
	a := vec[T](s.a, x.outer*x.size*x.inner)
	f, m := T(x.flip), T(s.mask)
	if x.inner == 1 {
		for o := range d {
			d[o] = foldRun(x.fold, a[o*x.size:(o+1)*x.size], f, m)
		}
		return
	}
	for o := range x.outer {
		out := d[o*x.inner : (o+1)*x.inner]
		copy(out, a[o*x.size*x.inner:])
		for c := 1; c < x.size; c++ {
			in := a[(o*x.size+c)*x.inner:][:len(out)]
			foldRow(x.fold, out, in, f, m)
		}
	}
}

// foldRun folds neighbouring lanes.
func foldRun[T lanewords](op hw.Op, in []T, f, m T) T {
	r := in[0]
	switch op {
	case hw.OpAdd:
		for _, v := range in[1:] {
			r += v
		}
		return r & m
	case hw.OpAnd:
		for _, v := range in {
			r &= v
		}
		return r
	case hw.OpOr:
		for _, v := range in {
			r |= v
		}
		return r
	case hw.OpXor:
		for _, v := range in[1:] {
			r ^= v
		}
		return r
	}
	out := [1]T{r}
	for i := range in[1:] {
		foldRow(op, out[:], in[1+i:2+i], f, m)
	}
	return out[0]
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
	if x.inner == 1 {
		for o := range x.outer {
			put(s.dst, x.esize, o, packRun(a[o*x.size:(o+1)*x.size]))
		}
		return
	}
	d := vec[uint8](s.dst, x.outer*x.inner*x.esize)
	clear(d)
	for o := range x.outer {
		for low := 0; low < x.size; low += 8 { // the bits of one byte of the results
			rows := a[(o*x.size+low)*x.inner:]
			packRows(d[o*x.inner*x.esize+low/8:], rows, min(8, x.size-low), x.inner, x.esize)
		}
	}
}

// packRows makes bytes, stride apart, of bits that lie in rows: eight bytes at a time, since
// a bit shifted within its byte meets no other.
func packRows(d, rows []uint8, bits, inner, stride int) {
	in := 0
	for ; in+8 <= inner; in += 8 {
		var w uint64
		for c := range bits {
			w |= binary.LittleEndian.Uint64(rows[c*inner+in:]) << c
		}
		for k := range 8 {
			d[(in+k)*stride] = uint8(w >> (8 * k))
		}
	}
	for ; in < inner; in++ {
		var w uint8
		for c := range bits {
			w |= rows[c*inner+in] << c
		}
		d[in*stride] = w
	}
}

// packRun makes a word of neighbouring bits, eight at a time: the product brings bit i of each
// byte, 2^8i, to 2^(56+i).
func packRun(bits []uint8) uint64 {
	var w uint64
	c := 0
	for ; c+8 <= len(bits); c += 8 {
		w |= binary.LittleEndian.Uint64(bits[c:]) * 0x0102040810204080 >> 56 << c
	}
	for ; c < len(bits); c++ {
		w |= uint64(bits[c]) << c
	}
	return w
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
