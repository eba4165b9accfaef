package pe

import (
	"tpe/hw"
	"tpe/numeric"
)

// ANFMA is the multiply-add PE that normalises its sum only approximately: what numeric.ANFMA says, bit for bit
// (docs/approximate.md). The running sum is one word:
//
//	NaN | infinity | its sign | sign | exponent, counted from the least | significand, P bits
//
//	product --> align to the greater exponent: cut, or rest ORed --> add magnitudes --> carry: right by 1
//	sum -----^                                                        --> left by 0, k or k+lambda --> sum
//
// The foot (Resolve) normalises exactly and rounds.
type ANFMA struct {
	FloatSpec
	Unit numeric.ANFMA // Bits, Norm, Sticky, StaleZero; the formats give the width of the exponent
}

// SumBits is the width of a running sum.
func (f ANFMA) SumBits() int { return 4 + f.Unit.ExpBits() + f.Unit.Bits }

// partial is a running sum taken apart.
type partial struct{ nan, inf, infNeg, neg, exp, sig hw.ID }

func (f ANFMA) split(b *hw.Builder, sum hw.ID) partial {
	p, e := f.Unit.Bits, f.Unit.ExpBits()
	bit := func(i int) hw.ID { return b.Bit(sum, p+e+i) }
	return partial{nan: bit(3), inf: bit(2), infNeg: bit(1), neg: bit(0), exp: b.Slice(sum, p, e), sig: b.Slice(sum, 0, p)}
}

func (s partial) join(b *hw.Builder) hw.ID { return b.Cat(s.nan, s.inf, s.infNeg, s.neg, s.exp, s.sig) }

// MAC implements [Arith].
func (f ANFMA) MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID {
	width, e, old := f.Unit.Bits, f.Unit.ExpBits(), sum[0]
	p := pipeline{b, floatCuts[f.Stages]}
	there, t := productOf(b, f.Mul, f.A, x, y)
	p.cut(cutM, t.values("product", map[string]*hw.ID{"there": &there, "old": &old}))
	s := f.split(b, old)
	// The product's leading place is on top of as many bits as the sum has.
	exp := b.Mux(t.Zero, b.Const(e, 0), countFrom(b, e, f.Unit.LeastExp(), t))
	sig := t.Sig
	if more := width - b.Width(sig); more > 0 {
		sig = b.Cat(sig, b.Const(more, 0))
	}
	below := b.Named("product_below", b.ULt(exp, s.exp))
	top := b.Named("top", b.Mux(below, s.exp, exp))
	far := b.Named("far", b.Sub(top, b.Mux(below, exp, s.exp)))
	big, small := b.Mux(below, s.sig, sig), f.right(b, b.Mux(below, sig, s.sig), far)
	bigNeg := b.Mux(below, s.neg, t.Neg)
	sub := b.Named("subtract", b.Xor(s.neg, t.Neg))
	next := partial{ // infinities of both signs make NaN
		nan:    b.Any(s.nan, t.NaN, b.All(t.Inf, s.inf, b.Xor(s.infNeg, t.Neg))),
		inf:    b.Or(s.inf, t.Inf),
		infNeg: b.Mux(t.Inf, t.Neg, s.infNeg),
	}
	p.cut(cutA, map[string]*hw.ID{"there": &there, "old": &old, "big": &big, "small": &small, "big_neg": &bigNeg, "subtract": &sub, "top": &top,
		"nan": &next.nan, "inf": &next.inf, "inf_neg": &next.infNeg})

	u, v := b.Zext(width+1, big), b.Zext(width+1, small)
	total := b.Named("total", b.Add(u, b.Mux(sub, b.Neg(v), v)))
	borrow := b.And(sub, b.Bit(total, width))
	mag := b.Mux(borrow, b.Neg(total), total)
	next.neg = b.And(b.Xor(bigNeg, borrow), b.RedOr(mag))
	carry := b.Named("carry", b.Bit(mag, width))
	// The one place to the right never shifts out more than one bit.
	half := b.Slice(mag, 1, width)
	if f.Unit.Sticky {
		half = b.Or(half, b.Zext(width, b.Bit(mag, 0)))
	}
	next.sig = b.Mux(carry, half, b.Slice(mag, 0, width))
	next.exp = b.Add(top, b.Zext(e, carry))
	p.cut(cutC, map[string]*hw.ID{"there": &there, "old": &old, "sig": &next.sig, "exp": &next.exp, "neg": &next.neg,
		"nan": &next.nan, "inf": &next.inf, "inf_neg": &next.infNeg})
	f.normalise(b, &next)
	return []hw.ID{b.Mux(there, next.join(b), old)}
}

func (f ANFMA) right(b *hw.Builder, x, by hw.ID) hw.ID {
	if f.Unit.Sticky {
		return shiftJam(b, x, by)
	}
	return b.Lshr(x, by)
}

// normalise shifts the significand left and takes the places from the exponent, which does not fall below the
// least.
func (f ANFMA) normalise(b *hw.Builder, s *partial) {
	width, e, n := f.Unit.Bits, f.Unit.ExpBits(), f.Unit.Norm
	less := func(places hw.ID) hw.ID {
		places = b.Zext(e, places)
		return b.Mux(b.ULt(s.exp, places), b.Const(e, 0), b.Sub(s.exp, places))
	}
	by := func(k int) (sig, exp hw.ID) { return b.ShlConst(s.sig, k), less(b.Const(e, uint64(k))) }
	some := b.Named("some", b.RedOr(s.sig))
	switch {
	case n.Exact:
		zeros := b.Mux(some, b.Clz(s.sig), b.Const(hw.Bits(width), 0))
		s.sig, s.exp = b.Shl(s.sig, zeros), less(zeros)
	case n.K > 0:
		g1 := b.Named("g1", b.RedOr(b.Slice(s.sig, width-n.K, n.K)))
		g2 := b.Named("g2", b.RedOr(b.Slice(s.sig, width-n.K-n.Lambda, n.Lambda)))
		sig1, exp1 := by(n.K)
		sig2, exp2 := by(n.K + n.Lambda)
		s.sig, s.exp = b.Mux(g1, s.sig, b.Mux(g2, sig1, sig2)), b.Mux(g1, s.exp, b.Mux(g2, exp1, exp2))
	}
	if !f.Unit.StaleZero {
		s.exp = b.Mux(some, s.exp, b.Const(e, 0))
	}
}

// Resolve implements [Arith]: the column's foot.
func (f ANFMA) Resolve(b *hw.Builder, sum []hw.ID) hw.ID {
	s := f.split(b, sum[0])
	least := f.Unit.LeastExp()
	return roundTerm(b, f.Result, f.Env, Term{Neg: b.Mux(s.inf, s.infNeg, s.neg), Exp: s.exp, Sig: s.sig, Inf: s.inf, NaN: s.nan,
		Low: least, High: least + 1<<f.Unit.ExpBits() - 1})
}
