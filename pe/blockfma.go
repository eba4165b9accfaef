package pe

import (
	"fmt"
	"slices"

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

// The blocks after which a register may stand.
const (
	cutD = iota
	cutM
	cutA
	cutC
)

// cuts lists the registers for each number of stages.
var cuts = [...][]int{1: {}, 2: {cutA}, 3: {cutM, cutC}, 4: {cutM, cutA, cutC}, 5: {cutD, cutM, cutA, cutC}}

// SumBits is the width of the integer sum.
func (u *BlockFMA) SumBits() int {
	return u.Frac + max(3+hw.Bits(u.N), 1+u.Out.MinExp()-u.least())
}

// least is the least exponent that can be the greatest of a group.
func (u *BlockFMA) least() int { return max(u.Floor, min(u.A.MinExp()+u.B.MinExp(), u.C.MinExp())) }

// low is the least exponent with which something can take part in the alignment; it is
// counted as 1.
func (u *BlockFMA) low() int {
	low := min(u.A.MinExp()+u.B.MinExp(), u.C.MinExp())
	if u.Floor != numeric.NoFloor {
		low = min(low, u.Floor)
	}
	return low
}

// high is the greatest value of exponent fields, those of infinities and NaNs included.
func (u *BlockFMA) high() int {
	top := func(f numeric.Float) int { return 1<<f.Exp - 1 - f.Bias }
	return max(top(u.A)+top(u.B), top(u.C), u.Floor)
}

// room is by how many binades the leading place of the sum lies above the least normal
// result, for the counted exponent 0.
func (u *BlockFMA) room() int {
	return u.SumBits() - 1 - u.Frac + u.low() - 1 - u.Out.MinExp()
}

// Validate reports why there is no such unit.
func (u *BlockFMA) Validate() error {
	if err := u.BlockFMA.Validate(); err != nil {
		return err
	}
	if u.Rounding != numeric.TowardZero && u.Rounding != numeric.NearEven {
		return fmt.Errorf("rounding: %s (expected minMag or near_even)", u.Rounding)
	}
	if w := u.SumBits(); w > hw.MaxWidth {
		return fmt.Errorf("sum of %d bits: floor of the exponent is %d (expected a greater floor, or fewer fraction bits, for at most %d bits)", w, u.least(), hw.MaxWidth)
	}
	if u.Stages < 1 || u.Stages > 5 {
		return fmt.Errorf("stages: %d (expected 1..5)", u.Stages)
	}
	return nil
}

// blockTerm is a term on its way through the unit: a product, over the axis of products, or
// the accumulator.
type blockTerm struct {
	neg, exp, sig hw.ID // exp is counted, 0 for an absent term
}

// blockState is what goes from block to block.
type blockState struct {
	u       *BlockFMA
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
	s := &blockState{u: u, b: b, axis: b.Axis(axis, u.N)}
	x, y := floatIn(b, "a", u.A, s.axis), floatIn(b, "b", u.B, s.axis)
	c := decodeFloat(b, u.C, b.In("c_i", u.C.Width()))
	present := hw.ID(hw.None)
	if u.ZeroProductExponent {
		present = b.In("present_i", 1, s.axis)
	}
	s.decode(x, y, c, present)
	s.cut(cutD, map[string]*hw.ID{"neg": &s.product.neg, "exp": &s.product.exp, "a": &s.a, "b": &s.y,
		"acc_neg": &s.acc.neg, "acc_exp": &s.acc.exp, "acc_sig": &s.acc.sig, "top": &s.top})
	s.product.sig = b.Named("product", b.MulU(u.A.Man+u.B.Man+2, s.a, s.y))
	s.cut(cutM, map[string]*hw.ID{"neg": &s.product.neg, "exp": &s.product.exp, "product": &s.product.sig,
		"acc_neg": &s.acc.neg, "acc_exp": &s.acc.exp, "acc_sig": &s.acc.sig, "top": &s.top})
	s.product.sig = s.align("term", s.product, u.A.Man+u.B.Man)
	s.acc.sig = s.align("acc_term", s.acc, u.C.Man)
	s.cut(cutA, map[string]*hw.ID{"neg": &s.product.neg, "term": &s.product.sig, "acc_neg": &s.acc.neg, "acc_term": &s.acc.sig, "top": &s.top})
	total := b.Reduce(s.axis, hw.OpAdd, s.signed("signed_term", s.product))
	s.sum = b.Named("sum", b.Add(total, s.signed("signed_acc", s.acc)))
	s.cut(cutC, map[string]*hw.ID{"sum": &s.sum, "top": &s.top})
	b.Out("y_o", b.Named("y", s.result()))
	return b.Build()
}

// cut puts registers behind a block, if the number of stages asks for them.
func (s *blockState) cut(at int, values map[string]*hw.ID) {
	if !slices.Contains(cuts[s.u.Stages], at) {
		return
	}
	suffix := fmt.Sprintf("_%c_q", "dmac"[at])
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		*values[name] = s.b.Pipe(name+suffix, *values[name])
	}
	for i, name := range []string{"nan", "inf", "inf_neg"} {
		s.special[i] = s.b.Pipe(name+suffix, s.special[i])
	}
}

// count makes a counted exponent of a field (or a sum of fields) with the given bias.
func (s *blockState) count(field hw.ID, bias int) hw.ID {
	w := s.expBits()
	return s.b.Add(s.b.Zext(w, field), s.b.Const(w, uint64(1-s.u.low()-bias)&hw.Mask(w)))
}

// expBits is the width of counted exponents.
func (s *blockState) expBits() int { return hw.Bits(s.u.high() - s.u.low() + 1) }

// decode is block D.
func (s *blockState) decode(x, y, c floatFields, present hw.ID) {
	u, b, w := s.u, s.b, s.expBits()
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
	s.acc = blockTerm{neg: b.Named("acc_neg", c.sign), sig: c.sig,
		exp: b.Named("acc_exp", b.Mux(accHere, s.countWide(c.exp, u.C.Bias), b.Const(w, 0)))}
	top := b.UMax(b.Reduce(s.axis, hw.OpUMax, s.product.exp), s.acc.exp)
	if u.Floor != numeric.NoFloor {
		top = b.UMax(top, b.Const(w, uint64(u.Floor-u.low()+1)))
	}
	s.top = b.Named("top", top)

	inf := b.Named("product_inf", b.Or(x.inf, y.inf))
	any := func(name string, lane, acc hw.ID) hw.ID {
		return b.Named(name, b.Or(b.Reduce(s.axis, hw.OpOr, lane), acc))
	}
	nan := any("some_nan", b.Any(x.nan, y.nan, b.And(inf, zero)), c.nan)
	pos := any("some_pos_inf", b.And(inf, b.Not(s.product.neg)), b.And(c.inf, b.Not(c.sign)))
	neg := any("some_neg_inf", b.And(inf, s.product.neg), b.And(c.inf, c.sign))
	s.special = [3]hw.ID{b.Named("is_nan", b.Or(nan, b.And(pos, neg))), b.Named("is_inf", b.Or(pos, neg)), neg}
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
	u, b := s.u, s.b
	sig := t.sig
	switch up := u.Frac - frac; {
	case up > 0:
		sig = b.Cat(sig, b.Const(up, 0))
	case up < 0:
		sig = b.Slice(sig, -up, b.Width(sig)+up)
	}
	return b.Named(name, b.Lshr(sig, b.Sub(s.top, t.exp)))
}

// signed is a term in two's complement, as wide as the sum.
func (s *blockState) signed(name string, t blockTerm) hw.ID {
	wide := s.b.Zext(s.u.SumBits(), t.sig)
	return s.b.Named(name, s.b.Mux(t.neg, s.b.Neg(wide), wide))
}

// result is block N: the leading place of the sum is worth room binades above the least normal result.
func (s *blockState) result() hw.ID {
	u, b := s.u, s.b
	w, out := u.SumBits(), u.Out
	neg := b.Named("sum_neg", b.Bit(s.sum, w-1))
	mag := b.Named("mag", b.Mux(neg, b.Neg(s.sum), s.sum))
	most := u.high() - u.low() + 1 + u.room()
	rw := max(hw.Bits(most), hw.Bits(w), b.Width(s.top))
	room := b.Named("room", b.Add(b.Zext(rw, s.top), b.Const(rw, uint64(u.room())&hw.Mask(rw))))
	r := roundFloat(b, out, u.Rounding, mag, room)
	infinity := b.Const(out.Exp+out.Man, out.Infinity(false)>>out.Pad)
	code := b.Mux(r.over, infinity, r.code)
	number := b.Mux(b.RedOr(mag), s.code(neg, code), b.Const(out.Width(), 0))
	special := b.Mux(s.special[0], b.Const(out.Width(), u.NaN), s.code(s.special[2], infinity))
	return b.Mux(b.Or(s.special[0], s.special[1]), special, number)
}

// code is a code of the result's format from its sign and the rest.
func (s *blockState) code(neg, mag hw.ID) hw.ID { return joinFloat(s.b, s.u.Out, neg, mag) }
