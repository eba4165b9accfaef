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
	c, d2, m := vec[T](s.c, s.n), vec[T](s.dst2, s.n), T(s.mask)
	for i := range d {
		x, y, z := a[i], b[i], c[i]
		d[i], d2[i] = x^y^z, (x&y|z&(x|y))<<1&m
	}
}

// digit is the digit of a Booth code.
func digit(code uint8) uint32 {
	y := uint32(code)
	return y&1 + y>>1&1 - 2*(y>>2)
}

// goCsa1 is goCsa with one Booth product of signed bytes.
func goCsa1(s *step) {
	d, a, b := two[uint32](s)
	y, code := vec[int8](s.c, s.n), vec[uint8](s.e, s.n)
	d2, m := vec[uint32](s.dst2, s.n), uint32(s.mask)
	for i := range d {
		x, z := a[i], b[i]
		p := digit(code[i]) * uint32(y[i]) << s.imm2 & m
		d[i], d2[i] = x^z^p, (x&z|p&(x|z))<<1&m
	}
}

// goCsa3 is goCsa with three Booth products of signed bytes.
func goCsa3(s *step) {
	d, y := vec[uint32](s.dst, s.n), vec[int8](s.a, s.n)
	b, c, e := vec[uint8](s.b, s.n), vec[uint8](s.c, s.n), vec[uint8](s.e, s.n)
	d2, m := vec[uint32](s.dst2, s.n), uint32(s.mask)
	k0, k1, k2 := uint8(s.imm2), uint8(s.imm2>>8), uint8(s.imm2>>16)
	for i := range d {
		v := uint32(y[i])
		p, q, r := digit(b[i])*v<<k0&m, digit(c[i])*v<<k1&m, digit(e[i])*v<<k2&m
		d[i], d2[i] = p^q^r, (p&q|r&(p|q))<<1&m
	}
}

// goCsa2 is goCsa with two Booth products of signed bytes.
func goCsa2(s *step) {
	d, a, y := vec[uint32](s.dst, s.n), vec[uint32](s.a, s.n), vec[int8](s.b, s.n)
	c, e := vec[uint8](s.c, s.n), vec[uint8](s.e, s.n)
	d2, m := vec[uint32](s.dst2, s.n), uint32(s.mask)
	k0, k1 := uint8(s.imm2), uint8(s.imm2>>8)
	for i := range d {
		x, v := a[i], uint32(y[i])
		p, q := digit(c[i])*v<<k0&m, digit(e[i])*v<<k1&m
		d[i], d2[i] = x^p^q, (x&p|q&(x|p))<<1&m
	}
}

// goCsa4 adds four words by two rows of full adders.
func goCsa4[T lanewords](s *step) {
	d, a, b := two[T](s)
	c, e, d2, m := vec[T](s.c, s.n), vec[T](s.e, s.n), vec[T](s.dst2, s.n), T(s.mask)
	for i := range d {
		x, y, z, w := a[i], b[i], c[i], e[i]
		p, q := x^y^z, (x&y|z&(x|y))<<1&m
		d[i], d2[i] = p^q^w, (p&q|w&(p|q))<<1&m
	}
}
