package lanes

import (
	"math/bits"
	"unsafe"
)

// lanewords are the types of a lane.
type lanewords interface {
	uint8 | uint16 | uint32 | uint64
}

func vec[T lanewords | int8](p unsafe.Pointer, n int) []T { return unsafe.Slice((*T)(p), n) }

func one[T lanewords](s *step) (d, a []T) { return vec[T](s.dst, s.n), vec[T](s.a, s.n) }

func two[T lanewords](s *step) (d, a, b []T) {
	return vec[T](s.dst, s.n), vec[T](s.a, s.n), vec[T](s.b, s.n)
}

func goCopy[T lanewords](s *step) { d, a := one[T](s); copy(d, a) }

func goAnd[T lanewords](s *step) {
	d, a, b := two[T](s)
	for i := range d {
		d[i] = a[i] & b[i]
	}
}

func goOr[T lanewords](s *step) {
	d, a, b := two[T](s)
	for i := range d {
		d[i] = a[i] | b[i]
	}
}

func goXor[T lanewords](s *step) {
	d, a, b := two[T](s)
	for i := range d {
		d[i] = a[i] ^ b[i]
	}
}

func goXor3[T lanewords](s *step) {
	d, a, b := two[T](s)
	c := vec[T](s.c, s.n)
	for i := range d {
		d[i] = a[i] ^ b[i] ^ c[i]
	}
}

func goMaj[T lanewords](s *step) {
	d, a, b := two[T](s)
	c := vec[T](s.c, s.n)
	for i := range d {
		d[i] = a[i]&b[i] | c[i]&(a[i]|b[i])
	}
}

func goCsaC[T lanewords](s *step) {
	d, a, b := two[T](s)
	c, m := vec[T](s.c, s.n), T(s.mask)
	for i := range d {
		d[i] = (a[i]&b[i] | c[i]&(a[i]|b[i])) << 1 & m
	}
}

func goNot[T lanewords](s *step) {
	d, a := one[T](s)
	m := T(s.mask)
	for i := range d {
		d[i] = a[i] ^ m
	}
}

func goNeg[T lanewords](s *step) {
	d, a := one[T](s)
	m := T(s.mask)
	for i := range d {
		d[i] = -a[i] & m
	}
}

func goAdd[T lanewords](s *step) {
	d, a, b := two[T](s)
	m := T(s.mask)
	for i := range d {
		d[i] = (a[i] + b[i]) & m
	}
}

func goSub[T lanewords](s *step) {
	d, a, b := two[T](s)
	m := T(s.mask)
	for i := range d {
		d[i] = (a[i] - b[i]) & m
	}
}

func goMul[T lanewords](s *step) {
	d, a, b := two[T](s)
	m := T(s.mask)
	for i := range d {
		d[i] = a[i] * b[i] & m
	}
}

func goMin[T lanewords](s *step) {
	d, a, b := two[T](s)
	f := T(s.imm)
	for i := range d {
		d[i] = min(a[i]^f, b[i]^f) ^ f
	}
}

func goMax[T lanewords](s *step) {
	d, a, b := two[T](s)
	f := T(s.imm)
	for i := range d {
		d[i] = max(a[i]^f, b[i]^f) ^ f
	}
}

func bit(c bool) uint8 {
	if c {
		return 1
	}
	return 0
}

func goEq[T lanewords](s *step) {
	d, a, b := vec[uint8](s.dst, s.n), vec[T](s.a, s.n), vec[T](s.b, s.n)
	for i := range d {
		d[i] = bit(a[i] == b[i])
	}
}

func goNe[T lanewords](s *step) {
	d, a, b := vec[uint8](s.dst, s.n), vec[T](s.a, s.n), vec[T](s.b, s.n)
	for i := range d {
		d[i] = bit(a[i] != b[i])
	}
}

func goLt[T lanewords](s *step) {
	d, a, b := vec[uint8](s.dst, s.n), vec[T](s.a, s.n), vec[T](s.b, s.n)
	f := T(s.imm)
	for i := range d {
		d[i] = bit(a[i]^f < b[i]^f)
	}
}

func goLe[T lanewords](s *step) {
	d, a, b := vec[uint8](s.dst, s.n), vec[T](s.a, s.n), vec[T](s.b, s.n)
	f := T(s.imm)
	for i := range d {
		d[i] = bit(a[i]^f <= b[i]^f)
	}
}

// goMux selects without a branch: selects of data are not predictable.
func goMux[T lanewords](s *step) {
	d, q, y := vec[T](s.dst, s.n), vec[uint8](s.a, s.n), vec[T](s.b, s.n)
	z := vec[T](s.c, s.n)
	for i := range d {
		d[i] = z[i] ^ (y[i]^z[i])&-T(q[i])
	}
}

func goSel[T lanewords](s *step) {
	src := s.c
	if *(*uint64)(s.a) != 0 {
		src = s.b
	}
	copy(vec[T](s.dst, s.n), vec[T](src, s.n))
}

func goCopyIf[T lanewords](s *step) {
	if *(*uint64)(s.e) != s.imm {
		copy(vec[T](s.dst, s.n), vec[T](s.a, s.n))
	}
}

func goConv[D, A lanewords](s *step) {
	d, a := vec[D](s.dst, s.n), vec[A](s.a, s.n)
	m, g, lo := D(s.mask), D(s.imm2), s.imm
	for i := range d {
		d[i] = ((D(uint64(a[i])>>lo) ^ g) - g) & m
	}
}

func goCat[T lanewords](s *step) {
	d, a, b := two[T](s)
	k := s.imm
	for i := range d {
		d[i] = a[i]<<k | b[i]
	}
}

func goShl[T lanewords](s *step) {
	d, a, b := vec[T](s.dst, s.n), vec[T](s.a, s.n), vec[uint8](s.b, s.n)
	m := T(s.mask)
	for i := range d {
		d[i] = a[i] << b[i] & m // past the container Go gives 0
	}
}

func goLshr[T lanewords](s *step) {
	d, a, b := vec[T](s.dst, s.n), vec[T](s.a, s.n), vec[uint8](s.b, s.n)
	for i := range d {
		d[i] = a[i] >> b[i]
	}
}

func goAshr[T lanewords](s *step) {
	d, a, b := vec[T](s.dst, s.n), vec[T](s.a, s.n), vec[uint8](s.b, s.n)
	m, g := T(s.mask), uint64(T(s.imm))
	for i := range d {
		x := int64((uint64(a[i]) ^ g) - g)
		d[i] = T(x>>b[i]) & m
	}
}

func goRotl[T lanewords](s *step) {
	d, a, b := vec[T](s.dst, s.n), vec[T](s.a, s.n), vec[uint8](s.b, s.n)
	m, w := T(s.mask), uint8(s.imm)
	for i := range d {
		d[i] = (a[i]<<b[i] | a[i]>>(w-b[i])) & m
	}
}

func goMod[T lanewords](s *step) {
	d, a := one[T](s)
	for i := range d {
		d[i] = T(uint64(a[i]) % s.imm)
	}
}

func goPop[T lanewords](s *step) {
	d, a := vec[uint8](s.dst, s.n), vec[T](s.a, s.n)
	for i := range d {
		d[i] = uint8(bits.OnesCount64(uint64(a[i])))
	}
}

func goParity[T lanewords](s *step) {
	d, a := vec[uint8](s.dst, s.n), vec[T](s.a, s.n)
	for i := range d {
		d[i] = uint8(bits.OnesCount64(uint64(a[i])) & 1)
	}
}

func goFfs[T lanewords](s *step) {
	d, a := vec[uint8](s.dst, s.n), vec[T](s.a, s.n)
	for i := range d {
		d[i] = uint8(min(bits.TrailingZeros64(uint64(a[i])), int(s.imm)))
	}
}

func goClz[T lanewords](s *step) {
	d, a := vec[uint8](s.dst, s.n), vec[T](s.a, s.n)
	for i := range d {
		d[i] = uint8(bits.LeadingZeros64(uint64(a[i])) - 64 + int(s.imm))
	}
}

func goRom[T lanewords](s *step) {
	d, a := vec[T](s.dst, s.n), vec[uint32](s.a, s.n)
	table := s.x.table
	for i := range d {
		d[i] = 0
		if k := a[i]; uint64(k) < uint64(len(table)) {
			d[i] = T(table[k])
		}
	}
}
