package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// BlockFMA is the dot-product unit of a tensor core: N exact products and an accumulator
// aligned to their greatest exponent, cut, added as integers and rounded once. What it
// computes is numeric.BlockFMA, with Rounding toward zero or to nearest even; its Order and AddC
// concern how operands are fed and are not read here.
//
//	     D                   M              A                      C              N
//	a, b exponents added -> significands -> each term shifted  -> signs, one -> leading zeros,
//	c    greatest one       multiplied      right to the          integer       shift, rounding,
//	     specials                           greatest, cut         sum           specials
//
// Stages - 1 registers stand between the blocks (the first register is that of the operands, in front of the
// unit): 2: A|C; 3: M|A, C|N; 4: M|A|C|N; 5: all.
//
// Exponents are counted from the least one that can take part, which is 1; 0 is an absent
// term. The sum has 1 + 2 + ceil(log2(N+1)) + Frac bits: sign, the two places above the point
// of a product, growth, fraction; or more, such that its leading place is never below the least normal result.
type BlockFMA struct {
	numeric.BlockFMA
	Stages int // 1 to 5
}

// cuts lists the registers for each number of stages.
var cuts = [...][]int{1: {}, 2: {cutA}, 3: {cutM, cutC}, 4: {cutM, cutA, cutC}, 5: {cutD, cutM, cutA, cutC}}

// blockTail is what the alignment, the sum and the rounding depend on.
type blockTail struct {
	C, Out      numeric.Float
	Frac, Floor int
	Rounding    numeric.Rounding
	NaN         uint64
	Stages      int
	terms       int // beside c
	above       int // places of a term above the one with its exponent, that one included; at least 1
	low0, high0 int // least and greatest exponent of a term, those of infinities and NaNs included
}

func (u *BlockFMA) tail() blockTail {
	return blockTail{C: u.C, Out: u.Out, Frac: u.Frac, Floor: u.Floor, Rounding: u.Rounding, NaN: u.NaN, Stages: u.Stages,
		terms: u.N, above: 2, low0: u.A.MinExp() + u.B.MinExp(), high0: topExp(u.A) + topExp(u.B)}
}

// topExp is the greatest exponent of a format with its infinities and NaNs.
func topExp(f numeric.Float) int { return 1<<f.Exp - 1 - f.Bias }

// SumBits is the width of the integer sum.
func (u *BlockFMA) SumBits() int {
	t := u.tail()
	return t.sumBits()
}

func (t *blockTail) sumBits() int {
	return t.Frac + max(1+t.above+hw.Bits(t.terms), 1+t.Out.MinExp()-t.least())
}

// least is the least exponent that can be the greatest of a group.
func (t *blockTail) least() int { return max(t.Floor, min(t.low0, t.C.MinExp())) }

// low is the least exponent with which something can take part in the alignment; it is
// counted as 1.
func (t *blockTail) low() int {
	low := min(t.low0, t.C.MinExp())
	if t.Floor != numeric.NoFloor {
		low = min(low, t.Floor)
	}
	return low
}

// high is the greatest exponent.
func (t *blockTail) high() int { return max(t.high0, topExp(t.C), t.Floor) }

// room is by how many binades the leading place of the sum lies above the least normal
// result, for the counted exponent 0.
func (t *blockTail) room() int {
	return t.sumBits() - 1 - t.Frac + t.low() - 1 - t.Out.MinExp()
}

// validate reports why there is no such tail.
func (t *blockTail) validate() error {
	if t.Rounding != numeric.TowardZero && t.Rounding != numeric.NearEven {
		return fmt.Errorf("rounding: %s (expected minMag or near_even)", t.Rounding)
	}
	if w := t.sumBits(); w > hw.MaxWidth {
		return fmt.Errorf("sum of %d bits: floor of the exponent is %d (expected a greater floor, or fewer fraction bits, for at most %d bits)", w, t.least(), hw.MaxWidth)
	}
	if t.Stages < 1 || t.Stages > 5 {
		return fmt.Errorf("stages: %d (expected 1..5)", t.Stages)
	}
	return nil
}

// Validate reports why there is no such unit.
func (u *BlockFMA) Validate() error {
	if err := u.BlockFMA.Validate(); err != nil {
		return err
	}
	t := u.tail()
	return t.validate()
}

// blockTerm is a term on its way through the unit: a product, over the axis of products, or
// the accumulator.
type blockTerm struct {
	neg, exp, sig hw.ID // exp is counted, 0 for an absent term
}

// blockState is what goes from block to block.
type blockState struct {
	blockTail
	b       *hw.Builder
	axis    int
	product blockTerm
	a, y    hw.ID // significands of A and B before the multiplication
	acc     blockTerm
	top     hw.ID    // the greatest exponent
	special [3]hw.ID // the result is NaN; it is infinite; with this sign
	sum     hw.ID
}

// Cell is the unit as a module: decoded operands over the axis of products, the code of c, and, with
// ZeroProductExponent, which products are there; the result in c's format.
func (u *BlockFMA) Cell(name, axis string) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Dot-product unit: %d products of %s x %s and %s, %d fraction bits kept, result %s (%s), %d stages.",
		u.N, u.A, u.B, u.C, u.Frac, u.Out, u.Rounding, u.Stages))
	s := &blockState{blockTail: u.tail(), b: b, axis: b.Axis(axis, u.N)}
	x, y := operandIn(b, "a", u.A, s.axis), operandIn(b, "b", u.B, s.axis)
	c := decodeFloat(b, u.C, b.In("c_i", u.C.Width()))
	present := hw.ID(hw.None)
	if u.ZeroProductExponent {
		present = b.In("present_i", 1, s.axis)
	}
	s.decode(u, x, y, c, present)
	s.cut(cutD, map[string]*hw.ID{"neg": &s.product.neg, "exp": &s.product.exp, "a": &s.a, "b": &s.y,
		"acc_neg": &s.acc.neg, "acc_exp": &s.acc.exp, "acc_sig": &s.acc.sig, "top": &s.top})
	s.product.sig = b.Named("product", b.MulU(u.A.Man+u.B.Man+2, s.a, s.y))
	s.cut(cutM, map[string]*hw.ID{"neg": &s.product.neg, "exp": &s.product.exp, "product": &s.product.sig,
		"acc_neg": &s.acc.neg, "acc_exp": &s.acc.exp, "acc_sig": &s.acc.sig, "top": &s.top})
	s.product.sig = s.align("term", s.product, u.A.Man+u.B.Man)
	s.acc.sig = s.align("acc_term", s.acc, u.C.Man)
	s.cut(cutA, map[string]*hw.ID{"neg": &s.product.neg, "term": &s.product.sig, "acc_neg": &s.acc.neg, "acc_term": &s.acc.sig, "top": &s.top})
	s.add()
	return b.Build()
}

// add is block C and what follows.
func (s *blockState) add() {
	b := s.b
	total := b.Reduce(s.axis, hw.OpAdd, s.signed("signed_term", s.product))
	s.sum = b.Named("sum", b.Add(total, s.signed("signed_acc", s.acc)))
	s.cut(cutC, map[string]*hw.ID{"sum": &s.sum, "top": &s.top})
	b.Out("y_o", b.Named("y", s.result()))
}

// cut puts registers behind a block, if the number of stages asks for them.
func (s *blockState) cut(at int, values map[string]*hw.ID) {
	for i, name := range []string{"nan", "inf", "inf_neg"} {
		values[name] = &s.special[i]
	}
	pipeline{s.b, cuts[s.Stages]}.cut(at, values)
}

// count makes a counted exponent of a field (or a sum of fields) with the given bias.
func (s *blockState) count(field hw.ID, bias int) hw.ID {
	w := s.expBits()
	return s.b.Add(s.b.Zext(w, field), s.b.Const(w, uint64(1-s.low()-bias)&hw.Mask(w)))
}

// expBits is the width of counted exponents.
func (s *blockState) expBits() int { return hw.Bits(s.high() - s.low() + 1) }

// decode is block D.
func (s *blockState) decode(u *BlockFMA, x, y, c floatFields, present hw.ID) {
	b, w := s.b, s.expBits()
	// The sum of two fields, and what it is counted as.
	sumBits := max(u.A.Exp, u.B.Exp) + 1
	fields := b.Named("exp_sum", b.Add(b.Zext(sumBits, x.exp), b.Zext(sumBits, y.exp)))
	zero := b.Named("zero", b.Or(x.zero, y.zero))
	here, accHere := b.Not(zero), b.Not(c.zero)
	if u.ZeroProductExponent {
		here, accHere = present, b.Const(1, 1)
	}
	s.product.neg = b.Named("neg", b.Xor(x.sign, y.sign))
	s.product.exp = b.Named("exp", b.Mux(here, s.countWide(fields, u.A.Bias+u.B.Bias), b.Const(w, 0)))
	s.a, s.y = x.sig, y.sig
	s.decodeAcc(c, accHere, s.axis)

	inf := b.Named("product_inf", b.Or(x.inf, y.inf))
	some := func(lane hw.ID) hw.ID { return b.Reduce(s.axis, hw.OpOr, lane) }
	s.specials(c, some(b.Any(x.nan, y.nan, b.And(inf, zero))), some(b.And(inf, b.Not(s.product.neg))), some(b.And(inf, s.product.neg)))
}

// specials takes what is not finite among the terms and c.
func (s *blockState) specials(c floatFields, someNaN, somePos, someNeg hw.ID) {
	b := s.b
	nan := b.Named("some_nan", b.Or(someNaN, c.nan))
	pos := b.Named("some_pos_inf", b.Or(somePos, b.And(c.inf, b.Not(c.sign))))
	neg := b.Named("some_neg_inf", b.Or(someNeg, b.And(c.inf, c.sign)))
	s.special = [3]hw.ID{b.Named("is_nan", b.Or(nan, b.And(pos, neg))), b.Named("is_inf", b.Or(pos, neg)), neg}
}

// decodeAcc makes the accumulator a term, and finds the greatest exponent; terms are the axis of the others.
func (s *blockState) decodeAcc(c floatFields, here hw.ID, terms int) {
	b, w := s.b, s.expBits()
	s.acc = blockTerm{neg: b.Named("acc_neg", c.sign), sig: c.sig,
		exp: b.Named("acc_exp", b.Mux(here, s.countWide(c.exp, s.C.Bias), b.Const(w, 0)))}
	top := b.UMax(b.Reduce(terms, hw.OpUMax, s.product.exp), s.acc.exp)
	if s.Floor != numeric.NoFloor {
		top = b.UMax(top, b.Const(w, uint64(s.Floor-s.low()+1)))
	}
	s.top = b.Named("top", top)
}

// countWide is count for a field that may be wider than a counted exponent.
func (s *blockState) countWide(field hw.ID, bias int) hw.ID {
	w := s.expBits()
	if s.b.Width(field) > w {
		field = s.b.Slice(field, 0, w) // the count is right modulo 2^w, and it fits
	}
	return s.count(field, bias)
}

// align is block A for one kind of term: the magnitude with Frac fraction bits below the
// greatest exponent. frac are the fraction bits of sig.
func (s *blockState) align(name string, t blockTerm, frac int) hw.ID {
	b := s.b
	sig := t.sig
	switch up := s.Frac - frac; {
	case up > 0:
		sig = b.Cat(sig, b.Const(up, 0))
	case up < 0:
		sig = b.Slice(sig, -up, b.Width(sig)+up)
	}
	return b.Named(name, b.Lshr(sig, b.Sub(s.top, t.exp)))
}

// signed is a term in two's complement, as wide as the sum.
func (s *blockState) signed(name string, t blockTerm) hw.ID {
	wide := s.b.Zext(s.sumBits(), t.sig)
	return s.b.Named(name, s.b.Mux(t.neg, s.b.Neg(wide), wide))
}

// result is block N: the leading place of the sum is worth room binades above the least normal result.
func (s *blockState) result() hw.ID {
	b := s.b
	w, out := s.sumBits(), s.Out
	neg := b.Named("sum_neg", b.Bit(s.sum, w-1))
	mag := b.Named("mag", b.Mux(neg, b.Neg(s.sum), s.sum))
	most := s.high() - s.low() + 1 + s.room()
	rw := max(hw.Bits(most), hw.Bits(w), b.Width(s.top))
	room := b.Named("room", b.Add(b.Zext(rw, s.top), b.Const(rw, uint64(s.room())&hw.Mask(rw))))
	r := roundFloat(b, out, s.Rounding, mag, room)
	infinity := b.Const(out.Exp+out.Man, out.Infinity(false)>>out.Pad)
	code := b.Mux(r.over, infinity, r.code)
	number := b.Mux(b.RedOr(mag), s.code(neg, code), b.Const(out.Width(), 0))
	special := b.Mux(s.special[0], b.Const(out.Width(), s.NaN), s.code(s.special[2], infinity))
	return b.Mux(b.Or(s.special[0], s.special[1]), special, number)
}

// code is a code of the result's format from its sign and the rest.
func (s *blockState) code(neg, mag hw.ID) hw.ID { return joinFloat(s.b, s.Out, neg, mag) }
