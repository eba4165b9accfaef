package lanes

// goMulX multiplies operands of fewer bytes than the result.
func goMulX[D, A lanewords](s *step) {
	d, a, b := vec[D](s.dst, s.n), vec[A](s.a, s.n), vec[A](s.b, s.n)
	f, g, m := D(s.imm), D(s.imm2), D(s.mask)
	for i := range d {
		d[i] = ((D(a[i]) ^ f) - f) * ((D(b[i]) ^ g) - g) & m
	}
}

// goMac adds a product of operands of fewer bytes to c, which counts as 0 where
// the byte e is 1.
func goMac[D, A lanewords](s *step) {
	d, a, b := vec[D](s.dst, s.n), vec[A](s.a, s.n), vec[A](s.b, s.n)
	c := vec[D](s.c, s.n)
	f, g, m := D(s.imm), D(s.imm2), D(s.mask)
	if s.e == nil {
		for i := range d {
			d[i] = (c[i] + ((D(a[i])^f)-f)*((D(b[i])^g)-g)) & m
		}
		return
	}
	e := vec[uint8](s.e, s.n)
	for i := range d {
		d[i] = (c[i]&(D(e[i])-1) + ((D(a[i])^f)-f)*((D(b[i])^g)-g)) & m
	}
}

// goBooth multiplies by -2*y[2] + y[1] + y[0] and shifts.
func goBooth[D, A lanewords](s *step) {
	d, a, b := vec[D](s.dst, s.n), vec[A](s.a, s.n), vec[uint8](s.b, s.n)
	f, m, k := D(s.imm), D(s.mask), s.imm2
	for i := range d {
		y := D(b[i])
		d[i] = (y&1 + y>>1&1 - 2*(y>>2)) * ((D(a[i]) ^ f) - f) << k & m
	}
}

// goCsa adds three words by a row of full adders.
func goCsa[T lanewords](s *step) {
	d, a, b := two[T](s)
	c, d2, m := vec[T](s.c, s.n), vec[T](s.e, s.n), T(s.mask)
	for i := range d {
		x, y, z := a[i], b[i], c[i]
		d[i], d2[i] = x^y^z, (x&y|z&(x|y))<<1&m
	}
}
