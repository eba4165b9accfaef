package numeric

import (
	"errors"
	"fmt"
	"math/bits"
)

// ANFMA is the arithmetic of a column of multiply-add units that normalise only
// approximately and pass an un-normalised partial sum on; one exact normalisation and
// rounding stands at the foot. The contract is docs/approximate.md; the idea is that of arXiv 2408.11997,
// "approximate normalization" for the multiply-add units of matrix engines.
type ANFMA struct {
	A, B   Float // operands: at most 11 significant bits each
	Out    Float // format at the foot, and of the accumulation of chunks behind it
	Bits   int   // P, the width of the partial sum's significand, at least that of a product, at most 40
	Norm   Norm
	Sticky bool // bits shifted out are ORed into the lowest one; otherwise they are cut
	// StaleZero treats a partial sum that became exactly zero like any other: its exponent falls by what
	// the normaliser shifts, down to the least. Otherwise it gets the least exponent at once.
	StaleZero bool
	// Env has the policies: with Flush subnormal operands are zero, and so are sums that would be subnormal at
	// the foot and behind it; Saturate and PositiveZero concern the foot and what is behind it. Rounding is to
	// nearest even.
	Env Env
	// Rows is the height of the column: longer dot products are chunks of Rows products,
	// whose rounded sums are added in order, each with a rounding to nearest even.
	Rows int
}

// Norm is how a unit normalises.
type Norm struct {
	Exact  bool // by the number of leading zeros
	K      int  // otherwise: by K if the top K bits are zero,
	Lambda int  // and by K+Lambda if the next Lambda bits are zero too; K = 0 never
}

// String returns exact, none or an-K-Lambda.
func (n Norm) String() string {
	switch {
	case n.Exact:
		return "exact"
	case n.K == 0:
		return "none"
	}
	return fmt.Sprintf("an-%d-%d", n.K, n.Lambda)
}

// ParseNorm reads what String prints.
func ParseNorm(s string) (Norm, error) {
	switch s {
	case "exact":
		return Norm{Exact: true}, nil
	case "none":
		return Norm{}, nil
	}
	var n Norm
	if _, err := fmt.Sscanf(s, "an-%d-%d", &n.K, &n.Lambda); err != nil || n.K < 1 || n.Lambda < 1 || n.K > 8 || n.Lambda > 8 || n.String() != s {
		return Norm{}, fmt.Errorf("unknown normalisation: %q (expected exact, none or an-K-L with K and L of 1..8)", s)
	}
	return n, nil
}

// Shift is the number of places by which a significand of the given width is shifted left.
func (n Norm) Shift(sig uint64, width int) int {
	top := func(k int) bool { return sig>>max(width-k, 0) != 0 } // some of the top k bits
	switch {
	case n.Exact:
		if sig == 0 {
			return 0
		}
		return width - bits.Len64(sig)
	case n.K == 0 || top(n.K):
		return 0
	case top(n.K + n.Lambda):
		return n.K
	}
	return n.K + n.Lambda
}

// Validate reports all that is impossible about a unit.
func (u *ANFMA) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, f := range []Float{u.A, u.B} {
		if f.Validate() != nil || f.Unsigned || f.Man > 10 {
			bad("operand format: %s (expected a signed float of at most 10 fraction bits)", f)
		}
	}
	if u.Out.Validate() != nil || u.Out.Unsigned {
		bad("result format: %s (expected a signed float)", u.Out)
	}
	if least := u.A.Man + u.B.Man + 2; u.Bits < least || u.Bits > 40 {
		bad("significand of the partial sum: %d bits (expected %d..40)", u.Bits, least)
	}
	if u.Rows < 1 || u.Rows > 1<<16 {
		bad("rows: %d (expected 1..65536)", u.Rows)
	}
	if len(errs) == 0 && u.topExp() > 1<<(u.ExpBits()-1)-1 {
		bad("rows: %d (exponents to 2^%d do not fit %d bits)", u.Rows, u.topExp(), u.ExpBits())
	}
	return errors.Join(errs...)
}

// ExpBits is the width of the partial sum's exponent, signed: two more than that of the operands.
func (u *ANFMA) ExpBits() int { return max(u.A.Exp, u.B.Exp) + 2 }

// LeastExp is the exponent of a partial sum of zero.
func (u *ANFMA) LeastExp() int { return -1 << (u.ExpBits() - 1) }

// topExp is the greatest exponent that a partial sum can reach.
func (u *ANFMA) topExp() int { return u.A.MaxExp() + u.B.MaxExp() + 1 + bits.Len(uint(u.Rows)) }

// Partial is the partial sum that one unit passes to the next: (-1)^Neg * Sig * 2^(Exp-P+1),
// so that the top bit of Sig weighs 2^Exp.
type Partial struct {
	Sig     uint64
	Exp     int
	Neg     bool
	NaN     bool
	Inf     bool // with InfNeg
	InfNeg  bool
	Shifted int // by how much the last unit normalised; of no consequence
}

// Start is the partial sum that enters a column.
func (u *ANFMA) Start() Partial { return Partial{Exp: u.LeastExp()} }

// Step adds one product, as one unit does.
func (u *ANFMA) Step(s Partial, a, b uint64) Partial {
	x, y := u.A.DecodeIn(a, &u.Env), u.B.DecodeIn(b, &u.Env)
	p, _ := Mul(x, y)
	switch p.Class {
	case NaN:
		s.NaN = true
		p = Value{}
	case Inf:
		s.NaN = s.NaN || s.Inf && s.InfNeg != p.Neg
		s.Inf, s.InfNeg = true, p.Neg
		p = Value{}
	}
	// The product as a significand whose top bit weighs 2^(ep+1): a product of normal numbers is in
	// [1, 4) * 2^ep. Subnormal numbers have the exponent of the least normal one.
	sig, exp := uint64(0), u.LeastExp()
	if p.Class == Finite {
		frac := u.A.Man + u.B.Man
		exp = x.Exp + y.Exp + frac + 1
		sig = p.Sig << (u.Bits - frac - 2)
	}
	top := max(exp, s.Exp)
	old, add := u.shiftRight(s.Sig, top-s.Exp), u.shiftRight(sig, top-exp)
	var sum uint64
	switch {
	case s.Neg == p.Neg:
		sum = old + add
	case old > add:
		sum = old - add
	case old < add:
		sum, s.Neg = add-old, p.Neg
	}
	if sum>>u.Bits != 0 {
		sum = u.shiftRight(sum, 1)
		top++
	}
	s.Shifted = u.Norm.Shift(sum, u.Bits)
	s.Sig, s.Exp = sum<<s.Shifted, max(top-s.Shifted, u.LeastExp()) // the bound concerns only zeros
	if sum == 0 {
		s.Neg = false
		if !u.StaleZero {
			s.Exp = u.LeastExp()
		}
	}
	return s
}

func (u *ANFMA) shiftRight(sig uint64, n int) uint64 {
	if u.Sticky {
		return jam(sig, n)
	}
	return align(sig, n)
}

// Foot is the number that leaves the column: normalised exactly and rounded to nearest even.
func (u *ANFMA) Foot(s Partial) uint64 {
	v := Value{Class: Finite, Neg: s.Neg, Exp: s.Exp - u.Bits + 1, Sig: s.Sig}
	switch {
	case s.NaN:
		v = Value{Class: NaN}
	case s.Inf:
		v = Value{Class: Inf, Neg: s.InfNeg}
	case s.Sig == 0:
		v = Value{}
	}
	code, _ := u.Out.Encode(v, &u.Env)
	return code
}
