package numeric

import (
	"fmt"
	"slices"
	"strings"
)

// AddMulKind names a multiplication that is made of an addition of exponent and fraction
// fields.
type AddMulKind uint8

// The kinds. With x and y the fields (exponent and fraction as one unsigned number), m
// fraction bits, xm and ym the fractions in [0, 1), xe and ye the exponents, s the product of the
// signs, and l(m) = m for m <= 3, 3 for m = 4, 4 for m > 4:
const (
	// PAM is the field x + y - (bias << m): "Multiplication-Free Transformer Training via
	// Piecewise Affine Operations", arXiv 2305.17190.
	PAM AddMulKind = iota
	// LMul is the field x + y - (bias << m) + 2^(m-l(m)), the hardware form of
	// "Addition is All You Need for Energy-efficient Language Models", arXiv 2410.00907.
	LMul
	// LMulEq is the same paper's equation, s * (1 + xm + ym + 2^-l(m)) * 2^(xe+ye), which differs
	// whenever the fractions carry.
	LMulEq
	// AddCarry is the field of PAM plus a carry that a table of the two fractions gives, such that
	// the product is correctly rounded (nearest even); m <= 3. The same line of work: arXiv 2406.18441.
	AddCarry
)

var addMulNames = [...]string{"pam", "lmul", "lmul-eq", "fp8add"}

// String returns the kind's name.
func (k AddMulKind) String() string { return addMulNames[k] }

// ParseAddMulKind finds a kind by name.
func ParseAddMulKind(s string) (AddMulKind, error) {
	i := slices.Index(addMulNames[:], s)
	if i < 0 {
		return 0, fmt.Errorf("unknown multiplication: %q (expected %s)", s, strings.Join(addMulNames[:], ", "))
	}
	return AddMulKind(i), nil
}

// AddMul multiplies two numbers of one format by an addition. What the sources leave open is
// settled here for all kinds:
//
//   - An operand that is zero or subnormal makes the product zero. The sign of every product is
//     the exclusive or of the signs.
//   - A product below the least normal number is zero, one above the largest number is the largest
//     number.
//   - Codes of infinities and NaNs are read as if they were numbers, unless Specials is set: then NaN
//     and infinity times zero give NaN, and infinity gives infinity.
type AddMul struct {
	Float
	Kind     AddMulKind
	Specials bool
}

// Validate reports what is impossible about a multiplication.
func (m *AddMul) Validate() error {
	switch {
	case m.Float.Validate() != nil || m.Unsigned || m.NormalOnly || m.Man < 1:
		return fmt.Errorf("%s of %s (expected a signed float format with a fraction)", m.Kind, m.Float)
	case m.Kind == AddCarry && m.Man > 3:
		return fmt.Errorf("%s of %s: %d fraction bits (expected at most 3)", m.Kind, m.Float, m.Man)
	}
	return nil
}

// LMulShift is l(m).
func LMulShift(m int) int {
	switch {
	case m <= 3:
		return m
	case m == 4:
		return 3
	}
	return 4
}

// Offset is what is subtracted from the sum of the fields: bias << m, less 2^(m-l(m))
// for LMul.
func (m *AddMul) Offset() uint32 {
	off := uint32(m.Bias) << m.Man
	if m.Kind == LMul {
		off -= 1 << (m.Man - LMulShift(m.Man))
	}
	return off
}

// CarryIn reports whether AddCarry adds one for the two fractions: the difference between
// the field of the product, rounded to nearest even, and the sum of the fields.
func (f Float) CarryIn(mx, my uint32) bool {
	one := uint64(1) << f.Man
	p, drop := (one+uint64(mx))*(one+uint64(my)), f.Man
	if p >= 2*one*one {
		drop++ // the product is in [2, 4): its exponent has already carried
	}
	m, _ := roundShift(p, drop, false, NearEven, 0)
	field := m - one + uint64(drop-f.Man)*one
	return field != uint64(mx+my)
}

// Product returns the product's code; not for LMulEq, whose products are not numbers of the
// format.
func (m *AddMul) Product(x, y uint64) uint64 {
	nx, fx := m.split(x)
	ny, fy := m.split(y)
	neg := nx != ny
	if v, ok := m.special(x, y); ok {
		code, _ := m.Encode(v, &Env{})
		return code
	}
	if fx>>m.Man == 0 || fy>>m.Man == 0 {
		return m.zeroOf(neg)
	}
	sum := int64(fx) + int64(fy) - int64(m.Offset())
	if m.Kind == AddCarry && m.CarryIn(fx&(1<<m.Man-1), fy&(1<<m.Man-1)) {
		sum++
	}
	switch {
	case sum < 1<<m.Man:
		return m.zeroOf(neg)
	case sum > int64(m.maxMagnitude()):
		return m.MaxFinite(neg)
	}
	return m.join(neg, uint32(sum))
}

// Mul returns the product's value; with LMulEq it has up to four fraction bits more than
// the format.
func (m *AddMul) Mul(x, y uint64) Value {
	if m.Kind != LMulEq {
		return m.Decode(m.Product(x, y))
	}
	if v, ok := m.special(x, y); ok {
		return v
	}
	nx, fx := m.split(x)
	ny, fy := m.split(y)
	v := Value{Neg: nx != ny}
	if fx>>m.Man == 0 || fy>>m.Man == 0 {
		return v
	}
	low := uint32(1)<<m.Man - 1
	v.Class = Finite
	v.Exp = int(fx>>m.Man+fy>>m.Man) - 2*m.Bias - m.Man
	v.Sig = 1<<m.Man + uint64(fx&low) + uint64(fy&low) + 1<<(m.Man-LMulShift(m.Man))
	largest := m.Decode(m.MaxFinite(v.Neg))
	switch {
	case v.Log2() < m.MinExp():
		return Value{Neg: v.Neg}
	case CompareMagnitude(v, largest) > 0:
		return largest
	}
	return v
}

func (m *AddMul) zeroOf(neg bool) uint64 {
	return m.join(neg && m.Float.Specials != NegativeZeroNaN, 0)
}

// special is the product of operands of which one is infinite or NaN.
func (m *AddMul) special(x, y uint64) (Value, bool) {
	nan := m.Float.Specials == NegativeZeroNaN && (x == m.NaN() || y == m.NaN())
	if !m.Specials && !nan {
		return Value{}, false
	}
	vx, vy := m.Decode(x), m.Decode(y)
	if vx.Class != NaN && vx.Class != Inf && vy.Class != NaN && vy.Class != Inf {
		return Value{}, false
	}
	for _, v := range []*Value{&vx, &vy} { // subnormal operands are zero here too
		if v.Class == Finite && v.Log2() < m.MinExp() {
			*v = Value{Neg: v.Neg}
		}
	}
	p, _ := Mul(vx, vy)
	return p, true
}

// addMulRow makes products of a row and a column as [vectors] words.
type addMulRow struct {
	m           *AddMul
	words, ones []uint64
	carry       []int32 // for the concatenated fractions
	off, top    int32
	signBit     uint
}

func newAddMulRow(m *AddMul, n int) *addMulRow {
	r := &addMulRow{m: m, words: make([]uint64, n), ones: make([]uint64, n), off: int32(m.Offset()), top: int32(m.maxMagnitude()), signBit: uint(m.magnitudeBits() + m.Pad)}
	for i := range r.ones {
		r.ones[i] = pack(false, 1, 0)
	}
	if m.Kind == AddCarry {
		r.carry = make([]int32, 1<<(2*m.Man))
		for i := range uint32(len(r.carry)) {
			r.carry[i] = int32(b2u(m.CarryIn(i>>m.Man, i&(1<<m.Man-1))))
		}
	}
	return r
}

// fill computes the products. It returns false if one of them needs the definition: a special
// operand, or an equation's product near the largest number.
func (r *addMulRow) fill(x, y []int32) bool {
	man, pad, bits := uint(r.m.Man), uint(r.m.Pad), int32(1)<<r.m.magnitudeBits()-1
	if r.m.Float.Specials == NegativeZeroNaN {
		return false
	}
	one, low := int32(1)<<man, int32(1)<<man-1
	add := one >> LMulShift(r.m.Man)
	for k := range x {
		fx, fy := int32(uint32(x[k])>>pad)&bits, int32(uint32(y[k])>>pad)&bits
		if r.m.Specials && (fx > r.top || fy > r.top) {
			return false
		}
		r.words[k] = pack(false, 0, 0)
		if fx < one || fy < one {
			continue
		}
		sum := fx + fy - r.off
		var sig int32
		switch r.m.Kind {
		case LMulEq:
			e := fx>>man + fy>>man - int32(r.m.Bias) // of the exponent field
			if e >= r.top>>man-1 {
				return false
			}
			sig, sum = one+fx&low+fy&low+add, e<<man
			if sum+(sig>>man>>1)<<man < one { // the leading bit may be one or, with two fractions near 1, two up
				continue
			}
		default:
			if r.carry != nil {
				sum += r.carry[fx&low<<man|fy&low]
			}
			if sum < one {
				continue
			}
			sum = min(sum, r.top)
			sig = sum&low | one
		}
		r.words[k] = pack((x[k]^y[k])>>r.signBit&1 != 0, uint64(sig), int(sum>>man)-r.m.Bias-int(man))
	}
	return true
}
