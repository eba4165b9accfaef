package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// FloatShiftAdd is the product of a MixPE for float activations: the significand of a times the magnitude of the
// weight by shift and add, the exponent of a, one addition of floats.
//
//	sig(a) --> [ShiftAdd by |w|] --> term 2^e (sig |w|) --> align, add, normalise, round --> sum
//	w = two's complement, unsigned, or (signmag) sign and magnitude
//
// The product is exact: A.Man + 1 bits and those of the magnitude. Serial products are for integers.
type FloatShiftAdd struct {
	A    numeric.Float
	B    numeric.Int
	Form string        // combinational or signmag
	Acc  numeric.Float // of the sum, rounded to nearest even; its least number is not above that of A
}

// String names the product in comments.
func (s FloatShiftAdd) String() string { return fmt.Sprintf("%s x %s (%s)", s.A, s.B, s.Form) }

// XBits is the width of an activation, WordBits that of a weight as it is sent.
func (s FloatShiftAdd) XBits() int    { return s.A.Width() }
func (s FloatShiftAdd) WordBits() int { return s.B.Bits }

// Planes is the number of cycles of a product.
func (FloatShiftAdd) Planes() int { return 1 }

// Product implements [Multiplier].
func (s FloatShiftAdd) Product(b *hw.Builder, x, w hw.ID) Term {
	v := decodeFloat(b, s.A, x)
	n := s.B.Bits
	neg, mag := b.Const(1, 0), w
	switch {
	case s.Form == FormSignMagnitude:
		neg, mag = b.Bit(w, n-1), b.Slice(w, 0, n-1)
	case s.B.Signed:
		neg = b.Bit(w, n-1)
		mag = b.Named("weight_mag", b.Mux(neg, b.Neg(w), w))
	}
	m := b.Width(mag)
	rows := ShiftAdd{A: numeric.Int{Bits: s.A.Man + 1}, B: numeric.Int{Bits: m}, Form: FormCombinational}
	none := b.Not(b.RedOr(mag))
	t := Term{Neg: b.Xor(v.sign, neg), Exp: b.Sub(v.exp, b.Const(s.A.Exp, 1)), Sig: b.Named("product", rows.Product(b, s.A.Man+1+m, v.sig, mag, hw.None)),
		Zero: b.Or(v.zero, none), Inf: v.inf, NaN: b.Or(v.nan, b.And(v.inf, none)), Low: s.A.MinExp() + m}
	t.High = t.Low + 1<<s.A.Exp - 2
	return t
}

// Add is the sum with a product, rounded. A product of zeros leaves the sum: it is never -0, since no sum of products that are
// multiples of the format's least number vanishes in a rounding.
func (s FloatShiftAdd) Add(b *hw.Builder, sum, x, w, _ hw.ID) hw.ID {
	return (&floatAdder{pipeline{b, nil}, s.Acc, numeric.Env{}}).add(s.Product(b, x, w), floatTerm(b, s.Acc, sum, false))
}

// MulFloats is the rounded product, to nearest even in f, of codes of the formats f and g.
func MulFloats(b *hw.Builder, f, g numeric.Float, x, y hw.ID) hw.ID {
	return roundTerm(b, f, numeric.Env{}, Exact{A: f, B: g}.Product(b, x, y))
}
