package pe

import (
	"tpe/hw"
	"tpe/numeric"
)

// Term is a number on its way to an addition: (-1)^Neg * Sig * 2^(e-w+1), w the width of Sig, so that
// its leading place weighs 2^e; e is Low plus what Exp counts. Sig need not be normalised.
type Term struct {
	Neg, Exp, Sig  hw.ID
	Zero, Inf, NaN hw.ID // Sig is 0 if Zero; without meaning if Inf or NaN
	Low, High      int   // the range of e
}

// Multiplier makes the product of x and y. Its results may be pipelined by whoever asks for
// them.
type Multiplier interface {
	Product(b *hw.Builder, x, y hw.ID) Term
}

// Exact multiplies two floats exactly. The product of significands has A.Man + B.Man + 2 bits; their
// leading place weighs twice the product of the operands' powers of two.
type Exact struct {
	A, B  numeric.Float // at most 10 fraction bits each
	Flush bool          // subnormal operands are read as zero
}

// Product implements [Multiplier].
func (m Exact) Product(b *hw.Builder, x, y hw.ID) Term {
	p, q := decodeIn(b, m.A, x, m.Flush), decodeIn(b, m.B, y, m.Flush)
	t := Term{
		Neg:  b.Named("product_neg", b.Xor(p.sign, q.sign)),
		Sig:  b.Named("product", b.MulU(m.A.Man+m.B.Man+2, p.sig, q.sig)),
		Zero: b.Or(p.zero, q.zero), Inf: b.Or(p.inf, q.inf),
		Low: m.A.MinExp() + m.B.MinExp() + 1,
	}
	t.High = t.Low + 1<<m.A.Exp + 1<<m.B.Exp - 4 // both fields are at least 1
	w := hw.Bits(t.High - t.Low)
	t.Exp = b.Named("product_exp", b.Sub(b.Add(b.Zext(w, p.exp), b.Zext(w, q.exp)), b.Const(w, 2)))
	t.NaN = b.Any(p.nan, q.nan, b.And(t.Inf, t.Zero))
	return t
}

// decodeIn takes an operand apart; with flush a subnormal one is zero.
func decodeIn(b *hw.Builder, f numeric.Float, x hw.ID, flush bool) floatFields {
	v := decodeFloat(b, f, x)
	if flush {
		normal := b.Bit(v.sig, f.Man)
		v.sig = b.Mux(normal, v.sig, b.Const(f.Man+1, 0))
		v.zero = b.And(b.Not(normal), b.Not(v.nan))
	}
	return v
}

// FMA is the fused multiply-add PE: sum = round(x*y + sum), the product as the multiplier makes it,
// the sum rounded to nearest even each time.
//
//	x --> there? --+
//	      decode --+--> [ multiply ] --> align to the greater --> add --> normalise, round --> sum
//	y --> decode --+       M        ^    exponent, rest ORed   A   C
//	                  sum (or 0) ---+    into the lowest bit
//
// x comes with a bit on top that says whether there is a product at all; without one the sum passes
// unchanged (it is not the same as a product of zero, which makes +0 of a sum of -0).
//
// Widths: with q bits of the product and p of the sum, q + p + 2 bits are aligned and one more is
// the carry. The term of the greater exponent stands on top; bits of the other that fall out are ORed into the
// lowest. That is enough for the rounding to be that of the exact sum: something falls out only of a term
// that is shifted by more than what is free, and then the other term alone has more places
// above the end than the result, even with q - 1 leading zeros (a subnormal operand).
//
// Stages - 1 registers stand in the unit, the last is that of the cell: 2: A; 3: M, C; 4: M, A, C. The sum
// comes with the operands. A skewed unit has its one register behind M and takes the sum an edge
// later than the operands: multiplying for the next sum goes on beside the addition to this one, and a column of R
// units takes R + 1 edges instead of 2 R. The idea is that of arXiv 2304.01668 (AICAS 2023), which also
// compares exponents ahead of the sum.
type FMA struct {
	FloatSpec
	Acc    numeric.Float // of the sum, IEEE
	Skewed bool          // with 2 stages
}

// FloatSpec is what every PE of floats has.
type FloatSpec struct {
	Mul    Multiplier
	A, B   numeric.Float // of x and y, as their words are cut
	Result numeric.Float // of what leaves the array, IEEE
	Env    numeric.Env   // Saturate, Flush, PositiveZero; rounding is to nearest even
	Stages int           // 1 to 4
}

// Operands implements [Arith]: x has a bit on top that says whether it is there.
func (s FloatSpec) Operands() Operands { return Operands{s.A, s.B, s.A.Width() + 1, s.B.Width()} }

// Words implements [Arith].
func (FloatSpec) Words() []string { return binary }

// Pipeline implements [Arith].
func (s FloatSpec) Pipeline() (ahead, inside int) { return 0, s.Stages - 1 }

// Add implements [Arith].
func (s FloatSpec) Add(b *hw.Builder, x, y hw.ID) hw.ID { return addCodes(b, s.Result, s.Env, x, y) }

// Product implements [Arith]; trees have an arithmetic of their own ([FloatTree]).
func (FloatSpec) Product(*hw.Builder, int, hw.ID, hw.ID) []hw.ID {
	panic("pe: a PE of floats makes no products alone")
}

// Merge implements [Arith], likewise.
func (FloatSpec) Merge(*hw.Builder, []hw.ID, []hw.ID) []hw.ID {
	panic("pe: a PE of floats merges no sums")
}

// SumBits is the width of a running sum.
func (f FMA) SumBits() int { return f.Acc.Width() }

// Pipeline implements [Arith].
func (f FMA) Pipeline() (ahead, inside int) {
	if f.Skewed {
		return 1, 0
	}
	return f.FloatSpec.Pipeline()
}

// MAC implements [Arith].
func (f FMA) MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID {
	there, p := productOf(b, f.Mul, f.A, x, y)
	cuts := floatCuts[f.Stages]
	if f.Skewed {
		cuts = nil
		pipeline{b, []int{cutM}}.cut(cutM, p.values("product", map[string]*hw.ID{"there": &there}))
	}
	old := floatTerm(b, f.Acc, sum[0], f.Env.Flush)
	p.Neg = b.Mux(there, p.Neg, old.Neg) // no product: a zero of the sum's sign
	return []hw.ID{(&floatAdder{pipeline{b, cuts}, f.Acc, f.Env}).add(p, old)}
}

// productOf is the product of x and y, and whether there is one; if not it is zero. x has a bit on
// top that says it, above a code of format a.
func productOf(b *hw.Builder, mul Multiplier, a numeric.Float, x, y hw.ID) (there hw.ID, p Term) {
	there = b.Named("there", b.Bit(x, a.Width()))
	p = mul.Product(b, b.Slice(x, 0, a.Width()), y)
	p.Zero, p.Inf, p.NaN = b.Or(p.Zero, b.Not(there)), b.And(p.Inf, there), b.And(p.NaN, there)
	p.Sig = b.Mux(p.Zero, b.Const(b.Width(p.Sig), 0), p.Sig)
	return there, p
}

// values adds those of a term to a map for [pipeline.cut].
func (t *Term) values(prefix string, to map[string]*hw.ID) map[string]*hw.ID {
	to[prefix+"_neg"], to[prefix+"_exp"], to[prefix+"_sig"] = &t.Neg, &t.Exp, &t.Sig
	to[prefix+"_zero"], to[prefix+"_inf"], to[prefix+"_nan"] = &t.Zero, &t.Inf, &t.NaN
	return to
}

// Resolve implements [Arith]: the sum, converted to the result's format.
func (f FMA) Resolve(b *hw.Builder, sum []hw.ID) hw.ID {
	return convert(b, f.Acc, f.Result, f.Env, sum[0])
}

// convert is a code in another format, rounded.
func convert(b *hw.Builder, from, to numeric.Float, env numeric.Env, x hw.ID) hw.ID {
	if from == to {
		return x
	}
	return roundTerm(b, to, env, floatTerm(b, from, x, env.Flush))
}

// addCodes is the rounded sum of two codes of a format.
func addCodes(b *hw.Builder, f numeric.Float, env numeric.Env, x, y hw.ID) hw.ID {
	return (&floatAdder{pipeline{b, nil}, f, env}).add(floatTerm(b, f, x, env.Flush), floatTerm(b, f, y, env.Flush))
}

// AddFloats is a module that adds two numbers of a format, rounded to nearest even: s_o = x_i + y_i. nan is
// the code of every NaN result.
func AddFloats(name string, f numeric.Float, nan uint64) (*hw.Module, error) {
	b := hw.New(name, "Adds two numbers of format "+f.Name+", rounded to nearest even.")
	sum := addCodes(b, f, numeric.Env{}, b.In("x_i", f.Width()), b.In("y_i", f.Width()))
	if nan != f.NaN() {
		sum = b.Mux(b.Eq(sum, b.Const(f.Width(), f.NaN())), b.Const(f.Width(), nan), sum)
	}
	b.Out("s_o", b.Named("s", sum))
	return b.Build()
}

// floatTerm is a code as a term.
func floatTerm(b *hw.Builder, f numeric.Float, x hw.ID, flush bool) Term {
	v := decodeIn(b, f, x, flush)
	return Term{Neg: v.sign, Exp: b.Sub(v.exp, b.Const(f.Exp, 1)), Sig: v.sig, Zero: v.zero, Inf: v.inf, NaN: v.nan,
		Low: f.MinExp(), High: f.MinExp() + 1<<f.Exp - 2}
}

// floatAdder adds two terms and rounds the sum to nearest even; the second term is never below the
// least exponent of the format.
type floatAdder struct {
	pipeline
	f   numeric.Float
	env numeric.Env
}

func (a *floatAdder) add(x, y Term) hw.ID {
	b := a.b
	a.cut(cutM, y.values("y", x.values("x", map[string]*hw.ID{})))
	low, high := min(x.Low, y.Low), max(x.High, y.High)
	ew := hw.Bits(high - low)
	ex, ey := countFrom(b, ew, low, x), countFrom(b, ew, low, y)
	ex = b.Mux(x.Zero, b.Const(ew, 0), ex) // a zero must not shift the other out
	// The term of the greater exponent stays, the other is shifted.
	w := b.Width(x.Sig) + b.Width(y.Sig) + 2
	onTop := func(sig hw.ID) hw.ID { return b.Cat(sig, b.Const(w-b.Width(sig), 0)) }
	below := b.Named("x_below", b.ULt(ex, ey))
	top := b.Named("top", b.Mux(below, ey, ex))
	far := b.Named("far", b.Sub(top, b.Mux(below, ex, ey)))
	big := b.Named("big", onTop2(b, below, x.Sig, y.Sig, onTop))
	small := b.Named("small", shiftJam(b, onTop2(b, below, y.Sig, x.Sig, onTop), far))
	bigNeg := b.Mux(below, y.Neg, x.Neg)
	sub := b.Named("subtract", b.Xor(x.Neg, y.Neg))
	nan := b.Named("is_nan", b.Any(x.NaN, y.NaN, b.All(x.Inf, y.Inf, sub)))
	inf := b.Named("is_inf", b.Or(x.Inf, y.Inf))
	infNeg := b.Named("inf_neg", b.Mux(x.Inf, x.Neg, y.Neg))
	a.cut(cutA, map[string]*hw.ID{"big": &big, "small": &small, "big_neg": &bigNeg, "subtract": &sub, "top": &top, "nan": &nan, "inf": &inf, "inf_neg": &infNeg})

	s, t := b.Zext(w+1, big), b.Zext(w+1, small)
	sum := b.Named("total", b.Add(s, b.Mux(sub, b.Neg(t), t)))
	borrow := b.And(sub, b.Bit(sum, w))
	mag := b.Named("mag", b.Mux(borrow, b.Neg(sum), sum))
	// A sum of exactly zero is +0, unless both were -0.
	neg := b.Named("sum_neg", b.And(b.Xor(bigNeg, borrow), b.Not(b.And(sub, b.Not(b.RedOr(mag))))))
	a.cut(cutC, map[string]*hw.ID{"mag": &mag, "neg": &neg, "top": &top, "nan": &nan, "inf": &inf, "inf_neg": &infNeg})

	room := top
	if above := low + 1 - a.f.MinExp(); above != 0 { // the carry's place
		rw := hw.Bits(high + 1 - a.f.MinExp())
		rw = max(rw, ew)
		room = b.Named("room", b.Add(b.Zext(rw, top), b.Const(rw, uint64(above)&hw.Mask(rw))))
	}
	return finish(b, a.f, a.env, mag, room, neg, special{nan, inf, infNeg})
}

// onTop2 is x or y, placed.
func onTop2(b *hw.Builder, second, x, y hw.ID, place func(hw.ID) hw.ID) hw.ID {
	return b.Mux(second, place(y), place(x))
}

// countFrom is a term's exponent counted from another lowest one, in w bits.
func countFrom(b *hw.Builder, w, low int, t Term) hw.ID {
	e := b.Zext(w, t.Exp)
	if t.Low > low {
		e = b.Add(e, b.Const(w, uint64(t.Low-low)))
	}
	return e
}

// shiftJam is x shifted right, what falls out ORed into the lowest bit.
func shiftJam(b *hw.Builder, x, by hw.ID) hw.ID {
	w := max(b.Width(by), hw.Bits(b.Width(x)))
	lost := b.And(b.RedOr(x), b.ULt(b.Zext(w, b.Ffs(x)), b.Zext(w, by)))
	return b.Or(b.Lshr(x, by), b.Zext(b.Width(x), lost))
}

// special says that a result is NaN, or infinite with a sign.
type special struct{ nan, inf, infNeg hw.ID }

// finish rounds a magnitude to nearest even and makes a code of it; see [roundFloat].
func finish(b *hw.Builder, f numeric.Float, env numeric.Env, mag, room, neg hw.ID, s special) hw.ID {
	r := roundFloat(b, f, numeric.NearEven, mag, room)
	w := f.Exp + f.Man
	infinity, limit := f.Infinity(false), f.Infinity(false)
	if env.Saturate {
		infinity = f.MaxFinite(false)
		limit = infinity
	}
	code := b.Mux(b.RedOr(mag), b.Mux(r.over, b.Const(w, limit), r.code), b.Const(w, 0))
	if env.Flush {
		code = b.Mux(r.tiny, b.Const(w, 0), code)
	}
	if env.PositiveZero {
		neg = b.And(neg, b.RedOr(code))
	}
	code = b.Mux(s.inf, b.Const(w, infinity), code)
	neg = b.Mux(s.inf, s.infNeg, neg)
	return b.Mux(s.nan, b.Const(f.Width(), f.NaN()), joinFloat(b, f, neg, code))
}

// roundTerm rounds a term to a format.
func roundTerm(b *hw.Builder, f numeric.Float, env numeric.Env, t Term) hw.ID {
	// Below the least normal number the magnitude moves right until its leading place is that number's,
	// with places for rounding.
	mag := t.Sig
	if need := f.Man + 3; b.Width(mag) < need {
		mag = b.Cat(mag, b.Const(need-b.Width(mag), 0))
	}
	w := hw.Bits(max(t.High, f.MinExp()) - min(t.Low, f.MinExp()))
	e := b.Zext(w, t.Exp)
	room := e
	if up := t.Low - f.MinExp(); up > 0 {
		room = b.Add(e, b.Const(w, uint64(up)))
	} else if up < 0 {
		least := b.Const(w, uint64(-up))
		below := b.ULt(e, least)
		mag = shiftJam(b, mag, b.Mux(below, b.Sub(least, e), b.Const(w, 0)))
		room = b.Mux(below, b.Const(w, 0), b.Sub(e, least))
	}
	return finish(b, f, env, b.Named("rounded_mag", mag), room, t.Neg, special{t.NaN, t.Inf, t.Neg})
}
