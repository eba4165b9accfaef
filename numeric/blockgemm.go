package numeric

import "math/bits"

// GEMM implements [Arithmetic]: C's initial value, or +0, is the c of the first
// instruction; see [BlockFMA.Dot] for the rest. Products past the end of K are absent.
func (u *BlockFMA) GEMM(a, b *Dense, init []int64) ([]int64, error) {
	if err := checkShapes(a, b, init); err != nil {
		return nil, err
	}
	if err := u.Validate(); err != nil {
		return nil, err
	}
	zeroA, zeroB := absent, absent
	if u.ZeroProductExponent {
		zeroA, zeroB = u.A.MinExp()-u.A.Man, u.B.MinExp()-u.B.Man
	}
	bt := b.transposed()
	// A's significands are shifted up as far as any product ever is.
	up := max(u.Frac-u.A.Man-u.B.Man, 0)
	fast := u.A.Man+1+up <= 32 && (u.Rounding == TowardZero || u.Rounding == NearEven) && (u.Order == nil || a.Cols%u.K() == 0)
	if !fast {
		up = 0
	}
	va, vb := decodeRows(u.reordered(a), u.A, up, zeroA), decodeRows(u.reordered(bt), u.B, 0, zeroB)
	out, acc := make([]int64, a.Rows*b.Cols), u.newSum()
	x, y := make([]uint64, a.Cols), make([]uint64, a.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			c := uint64(0)
			if init != nil {
				c = uint64(init[i*b.Cols+j])
			}
			if fast && !va.special[i] && !vb.special[j] {
				var ok bool
				if out[i*b.Cols+j], ok = acc.run(va.row(i), vb.row(j), va.least[i]+vb.least[j], c); ok {
					continue
				}
			}
			for k, v := range a.Row(i) {
				x[k], y[k] = code(v, u.A), code(bt.At(j, k), u.B)
			}
			out[i*b.Cols+j] = int64(u.Dot(x, y, c))
		}
	}
	return out, nil
}

// reordered returns the matrix with each row in the order in which its elements enter the groups.
func (u *BlockFMA) reordered(d *Dense) *Dense {
	if u.Order == nil {
		return d
	}
	out := NewDense(d.Rows, d.Cols)
	for i := range d.Rows {
		dst := out.Row(i)[:0]
		for k0 := 0; k0 < d.Cols; k0 += len(u.Order) {
			for _, k := range u.Order {
				if k0+k < d.Cols {
					dst = append(dst, d.At(i, k0+k))
				}
			}
		}
	}
	return out
}

// blockSum is an accumulator of finite value sig * 2^exp, which takes part in the alignment
// with exponent place.
type blockSum struct {
	unit       *BlockFMA
	sig        int64
	exp, place int

	// What the loops need of the unit.
	n, frac, prod int  // products a group, fraction bits kept, fraction bits of a product
	up            int  // places by which A's significands are shifted up
	floor         int  // least exponent
	man           int  // fraction bits of Out
	least, most   int  // exponents of its least normal and largest numbers
	even          bool // to nearest even, otherwise toward zero
	zeroPlace     int  // exponent of a zero accumulator
}

func (u *BlockFMA) newSum() *blockSum {
	_, zero := place(u.C, Value{}, u.ZeroProductExponent)
	return &blockSum{unit: u, n: u.N, frac: u.Frac, prod: u.A.Man + u.B.Man, up: max(u.Frac-u.A.Man-u.B.Man, 0), floor: u.Floor, man: u.Out.Man,
		least: u.Out.MinExp(), most: u.Out.MaxExp(), even: u.Rounding == NearEven, zeroPlace: zero}
}

func (s *blockSum) load(v Value) {
	sig, place := place(s.unit.C, v, s.unit.ZeroProductExponent)
	s.sig, s.exp, s.place = int64(negateIf(v.Neg, sig)), v.Exp, place
}

// code is the accumulator's code; it is a number of Out, and +0 if it is zero.
func (s *blockSum) code() uint64 {
	if s.sig == 0 {
		return 0
	}
	m := uint64(max(s.sig, -s.sig))
	n := bits.Len64(m) - 1
	first := max(s.exp+n-s.least, 0) // binades above the least
	if up := s.exp - first - s.least + s.man; up >= 0 {
		m <<= uint(up)
	} else {
		m >>= uint(-up)
	}
	return s.unit.Out.join(s.sig < 0, uint32(first<<s.man+int(m)))
}

// run is [BlockFMA.Dot] of a row and a column. It returns false if something is not finite.
func (s *blockSum) run(x, y []uint64, least int, c uint64) (int64, bool) {
	u := s.unit
	if !u.AddC {
		v := Value{}
		if c != 0 {
			v = u.C.Decode(c)
		}
		s.load(v)
		ok := v.Class <= Finite && s.dot(x, y, least)
		return int64(s.code()), ok
	}
	for len(x) > 0 {
		n := min(u.K(), len(x))
		s.load(Value{})
		if !s.dot(x[:n], y[:n], least) {
			return 0, false
		}
		c = u.add(s.code(), c)
		x, y = x[n:], y[n:]
	}
	return int64(c), true
}

// dot adds all products in groups of N; those that are not zero have at least the exponent least. It
// returns false as round does.
func (s *blockSum) dot(x, y []uint64, least int) bool {
	for len(x) > 0 {
		n := min(s.n, len(x))
		if n == 4 {
			if sum, low, ok := s.four((*[4]uint64)(x), (*[4]uint64)(y), least); ok {
				if !s.round(sum, low) {
					return false
				}
				x, y = x[4:], y[4:]
				continue
			}
		}
		// The greatest exponent, as the weight of a product's lowest bit; from it, that of the sum.
		emax := max(productExp(greatest(x[:n], y[:n])), max(s.floor, s.place)-s.prod)
		low := emax + s.prod - s.frac
		down := low + s.up // less a product's exponent: by how much it is shifted down
		neg := s.sig >> 63
		sum := int64(align(uint64((s.sig^neg)-neg), low-s.exp)) ^ neg - neg
		if down-least <= 63 {
			sum += alignedSum(x[:n], y[:n], uint64(down))
		} else {
			sum += farSum(x[:n], y[:n], down)
		}
		if !s.round(sum, low) {
			return false
		}
		x, y = x[n:], y[n:]
	}
	return true
}

// four is the sum of a group of four and the weight of its lowest bit; false if a shift is too far
// for [aligned].
func (s *blockSum) four(x, y *[4]uint64, least int) (sum int64, low int, ok bool) {
	e := max(max((x[0]+y[0])<<1, (x[1]+y[1])<<1), max((x[2]+y[2])<<1, (x[3]+y[3])<<1)) >> 1
	low = max(productExp(e), max(s.floor, s.place)-s.prod) + s.prod - s.frac
	down := low + s.up
	neg := s.sig >> 63
	sum = int64(align(uint64((s.sig^neg)-neg), low-s.exp)) ^ neg - neg
	d := uint64(down)
	return sum + aligned(x[0], y[0], d) + aligned(x[1], y[1], d) + aligned(x[2], y[2], d) + aligned(x[3], y[3], d), low, down-least <= 63
}

// greatest is the sum of the words of a product with the greatest exponent, without its sign. It and
// the sums are functions of their own so that the compiler keeps their loops in registers.
//
//go:noinline
func greatest(x, y []uint64) uint64 {
	y = y[:len(x)]
	e, f := uint64(0), uint64(0) // shifted up by one, without sign; two chains of comparisons
	t := 1
	for ; t < len(x); t += 2 {
		e = max(e, (x[t-1]+y[t-1])<<1)
		f = max(f, (x[t]+y[t])<<1)
	}
	if t == len(x) {
		f = max(f, (x[t-1]+y[t-1])<<1)
	}
	return max(e, f) >> 1
}

// aligned is a product's magnitude shifted right by down less its exponent, modulo 64, with the
// product's sign. The bias of exponents is a multiple of 64.
func aligned(x, y, down uint64) int64 {
	z := x + y
	neg := int64(z) >> 63
	return int64(uint64(uint32(x))*uint64(uint32(y))>>((down-z>>32)&63)) ^ neg - neg
}

// alignedSum is the sum of the aligned products. It is right if no shift but that of a zero is more
// than 63.
//
//go:noinline
func alignedSum(x, y []uint64, down uint64) (sum int64) {
	y = y[:len(x)]
	for t := range x {
		sum += aligned(x[t], y[t], down)
	}
	return sum
}

// farSum is alignedSum for any shift.
func farSum(x, y []uint64, down int) (sum int64) {
	y = y[:len(x)]
	for t := range x {
		z := x[t] + y[t]
		neg := int64(z) >> 63
		sum += int64(align(uint64(uint32(x[t]))*uint64(uint32(y[t])), down-productExp(z))) ^ neg - neg
	}
	return sum
}

// round makes sum * 2^low the accumulator, rounded to Out. It returns false at an overflow, and where
// a sum vanishes that is not zero: the result may be -0.
func (s *blockSum) round(sum int64, low int) bool {
	neg := sum >> 63
	m := uint64((sum ^ neg) - neg)
	if drop := max(bits.Len64(m)-1-s.man, s.least-s.man-low); drop > 0 {
		if drop > 62 {
			drop, m = 62, 0
		}
		if s.even {
			m += 1<<uint(drop-1) - 1 + m>>uint(drop)&1
		}
		m >>= uint(drop) & 63
		low += drop
	}
	if m == 0 {
		s.sig, s.exp, s.place = 0, 0, s.zeroPlace
		return sum == 0
	}
	e := low + bits.Len64(m) - 1
	s.sig, s.exp, s.place = int64(m)^neg-neg, low, max(e, s.least)
	return e <= s.most
}
