package lanes

import "unsafe"

// shift writes the steps that make lanes from .. from+n of a shift or rotation.
// In assembly these are a copy and one strided copy of the ends of the axis.
func (e *emitter) shift(o *operation, from, n int) {
	size := e.l.values[o.dst].size
	d, a, b := e.at(o.dst, from), e.at(o.src[0], 0), e.at(o.src[1], 0)
	code := asmShift(size)
	if e.opt.plainGo || code.rows == 0 {
		e.steps = append(e.steps, step{
			dst: d, a: a, b: b, n: n, imm: uint64(from), imm2: uint64(from + n), x: o.x, m: e.mach,
			fn: wholeKernel(kShift, size, size),
		})
		return
	}
	x, to := o.x, from+n
	all := x.outer * x.size * x.inner
	back := x.dir * x.inner
	rows := func(src unsafe.Pointer, at, srcAt, run, count, stride, srcStride int) {
		s := step{
			code: code.rows, dst: unsafe.Add(d, (at-from)*size), a: unsafe.Add(src, srcAt*size),
			n: run * size, bytes: count, imm: uint64(stride * size), imm2: uint64(srcStride * size),
		}
		if run == 1 {
			s.code = code.scatter
		}
		e.steps = append(e.steps, s)
	}
	if lo, hi := max(from, back), min(to, all+back); lo < hi {
		rows(a, lo, lo-back, hi-lo, 1, 0, 0)
	}
	// The ends: run k is lanes k*period+edge .. +inner.
	period := x.size * x.inner
	edge, other := 0, (x.size-1)*x.inner
	if x.dir < 0 {
		edge, other = other, edge
	}
	source := func(k int) (unsafe.Pointer, int) {
		if x.wrap {
			return a, k*period + other
		}
		return b, k * x.inner
	}
	stride := x.inner
	if x.wrap {
		stride = period
	}
	for k := from / period; k < x.outer && k*period+edge < to; k++ {
		at := k*period + edge
		lo, hi := max(at, from), min(at+x.inner, to)
		if lo >= hi {
			continue
		}
		src, srcAt := source(k)
		if hi-lo < x.inner { // cut by the block
			rows(src, lo, srcAt+lo-at, hi-lo, 1, 0, 0)
			continue
		}
		count := 1
		for k+count < x.outer && (k+count)*period+edge+x.inner <= to {
			count++
		}
		rows(src, lo, srcAt, x.inner, count, period, stride)
		k += count - 1
	}
}

// shiftCode are the assembly kernels of a shift.
type shiftCode struct {
	rows    uintptr // copy bytes rows of n bytes
	scatter uintptr // the same for rows of one lane
}
