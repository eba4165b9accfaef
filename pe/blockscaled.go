package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// BlockScaled is the dot-product unit for block formats: what it computes is numeric.BlockScaled. The
// products of a group lie on two axes, parts that share scales and the products of a part.
//
// Terms of products have the stages of [BlockFMA], the exponents of the scales added in block D. With Exact,
// blocks D and M are these:
//
//	D:  exponents of the elements -> places of the products;  exponents of the scales -> exponent of the part
//	M:  significands multiplied -> shifted to their places -> added: one sum a part
//	A:  sum * significands of the scales -> shifted right to the greatest exponent, cut
//
// and the sum of a part has one bit more than numeric.BlockScaled.SumBits, for its sign.
type BlockScaled struct {
	numeric.BlockScaled
	Stages int // 1 to 5, see [BlockFMA]
}

func (u *BlockScaled) tail() blockTail {
	width, below := u.TermBits()
	low, high := u.Exponents()
	return blockTail{C: u.C, Out: u.Out, Frac: u.Frac, Floor: u.Floor, Rounding: u.Rounding, NaN: u.NaN, Stages: u.Stages,
		terms: u.Terms(), above: max(width-below, 1), low0: low, high0: high}
}

// Validate reports why there is no such unit.
func (u *BlockScaled) Validate() error {
	if err := u.BlockScaled.Validate(); err != nil {
		return err
	}
	t := u.tail()
	return t.validate()
}

// Parts is the number of parts of a group.
func (u *BlockScaled) Parts() int { return u.N / u.Part() }

// scaledState is a unit being built.
type scaledState struct {
	blockState
	u          *BlockScaled
	part       int // axis; that of the products of a part is the axis of blockState until they are summed
	x, y       floatFields
	sa, sb     floatFields
	aTop       hw.ID // greatest exponent of aligned elements
	scaleNeg   hw.ID
	place      hw.ID // of a product in the exact sum
	a, b0, sig hw.ID // significands of A, B, and of both scales; None where it is 1
}

// Cell is the unit as a module: decoded elements over the axes part and k, decoded scales over the
// axis part, the code of c; the result in c's format. Aligned elements of A come from an [Aligner].
func (u *BlockScaled) Cell(name, part, k string) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Dot-product unit for block formats: %d products of %s x %s, scales %s and %s for %d, and %s, %d fraction bits kept, result %s (%s), %d stages.",
		u.N, u.A, u.B, scaleName(u.ScaleA), scaleName(u.ScaleB), u.Block, u.C, u.Frac, u.Out, u.Rounding, u.Stages))
	s := &scaledState{blockState: blockState{blockTail: u.tail(), b: b}, u: u, a: hw.None, b0: hw.None, sig: hw.None, aTop: hw.None, place: hw.None}
	s.part = b.Axis(part, u.Parts())
	s.axis = b.Axis(k, u.Part())
	if al := u.Aligner(); al != nil {
		s.x = al.in(b, "a", s.axis, s.part)
		s.aTop = b.In("a_top_i", al.A.Exp, s.part)
	} else {
		s.x = operandIn(b, "a", u.A, s.part, s.axis)
	}
	s.y = operandIn(b, "b", u.B, s.part, s.axis)
	s.sa, s.sb = scaleIn(b, "sa", u.ScaleA, s.part), scaleIn(b, "sb", u.ScaleB, s.part)
	if !u.Exact { // there is one part
		for _, v := range []*floatFields{&s.x, &s.y, &s.sa, &s.sb} {
			v.index(b, s.part)
		}
	}
	c := decodeFloat(b, u.C, b.In("c_i", u.C.Width()))
	s.decodeScaled(c)
	s.multiply()
	_, below := u.TermBits()
	s.product.sig = s.align("term", s.product, below)
	s.acc.sig = s.align("acc_term", s.acc, u.C.Man)
	s.cut(cutA, map[string]*hw.ID{"neg": &s.product.neg, "term": &s.product.sig, "acc_neg": &s.acc.neg, "acc_term": &s.acc.sig, "top": &s.top})
	s.add()
	return b.Build()
}

func scaleName(f numeric.Float) string {
	if f.Exp == 0 {
		return "none"
	}
	return f.Name
}

// scaleIn declares the ports of a decoded scale. Without one the exponent is None.
func scaleIn(b *hw.Builder, prefix string, f numeric.Float, part int) floatFields {
	if f.Exp == 0 {
		none := b.Const(1, 0)
		return floatFields{none, hw.None, hw.None, none, none, none}
	}
	return operandIn(b, prefix, f, part)
}

// index leaves the first lane of an axis.
func (v *floatFields) index(b *hw.Builder, axis int) {
	for _, x := range []*hw.ID{&v.sign, &v.exp, &v.sig, &v.zero, &v.inf, &v.nan} {
		if *x != hw.None && b.ShapeOf(*x).Has(axis) {
			*x = b.Index(axis, 0, *x)
		}
	}
}

// expSum is the sum, as wide as a counted exponent, of the fields that there are; None if there are none.
func (s *scaledState) expSum(w int, fields ...hw.ID) hw.ID {
	sum := hw.ID(hw.None)
	for _, x := range fields {
		if x == hw.None {
			continue
		}
		if x = Fit(s.b, w, s.b.Zext(max(w, s.b.Width(x)), x)); sum == hw.None {
			sum = x
		} else {
			sum = s.b.Add(sum, x)
		}
	}
	return sum
}

// decodeScaled is block D.
func (s *scaledState) decodeScaled(c floatFields) {
	u, b, w := s.u, s.b, s.expBits()
	zero := b.Named("zero", b.Or(s.x.zero, s.y.zero))
	neg := b.Named("neg", b.Xor(s.x.sign, s.y.sign))
	s.scaleNeg = b.Named("scale_neg", b.Xor(s.sa.sign, s.sb.sign))
	scaleZero := b.Named("scale_zero", b.Or(s.sa.zero, s.sb.zero))

	// What counted exponents are beside the sum of the fields.
	offset := 1 - s.low()
	fields := []hw.ID{s.sa.exp, s.sb.exp}
	for _, f := range []numeric.Float{u.ScaleA, u.ScaleB} {
		if f.Exp > 0 {
			offset -= f.Bias
		}
	}
	here := b.Not(b.Or(zero, scaleZero))
	switch {
	case u.Align > 0:
		offset -= u.A.(numeric.Float).Bias
		fields = append(fields, s.aTop)
	case !u.Exact:
		for i, f := range []numeric.Format{u.A, u.B} {
			if f, ok := f.(numeric.Float); ok {
				offset -= f.Bias
				fields = append(fields, []hw.ID{s.x.exp, s.y.exp}[i])
				continue
			}
			_, lead, _ := numeric.Leading(f)
			offset += lead
		}
	}
	if u.Exact {
		here = b.Reduce(s.axis, hw.OpOr, here)
	}
	exp := b.Const(w, uint64(offset)&hw.Mask(w))
	if sum := s.expSum(w, fields...); sum != hw.None {
		exp = b.Add(sum, exp)
	}
	exp = b.Named("exp", b.Mux(here, exp, b.Const(w, 0)))
	s.product.exp = exp
	s.a, s.b0 = s.x.sig, s.y.sig
	s.product.neg = neg
	if u.Exact {
		s.decodePlaces()
	} else {
		s.product.neg = b.Xor(neg, s.scaleNeg)
	}

	inf := b.Named("product_inf", b.Or(s.x.inf, s.y.inf))
	infNeg := b.Xor(neg, s.scaleNeg)
	some := func(lane hw.ID) hw.ID {
		if b.ShapeOf(lane).Has(s.axis) {
			lane = b.Reduce(s.axis, hw.OpOr, lane)
		}
		if b.ShapeOf(lane).Has(s.part) {
			lane = b.Reduce(s.part, hw.OpOr, lane)
		}
		return lane
	}
	bad := b.Any(s.sa.nan, s.sb.nan, s.sa.inf, s.sb.inf)
	lanes := b.Any(s.x.nan, s.y.nan, b.And(inf, b.Or(zero, scaleZero)))
	s.specials(c, b.Or(some(lanes), some(bad)), some(b.And(inf, b.Not(infNeg))), some(b.And(inf, infNeg)))

	terms := s.axis
	if u.Exact {
		terms = s.part
	}
	s.decodeAcc(c, b.Not(c.zero), terms)
	values := map[string]*hw.ID{"neg": &s.product.neg, "exp": &s.product.exp, "a": &s.a, "b": &s.b0,
		"acc_neg": &s.acc.neg, "acc_exp": &s.acc.exp, "acc_sig": &s.acc.sig, "top": &s.top}
	if s.place != hw.None {
		values["place"] = &s.place
	}
	if s.sig != hw.None {
		values["scale_sig"] = &s.sig
	}
	if u.Exact {
		values["scale_neg"] = &s.scaleNeg
	}
	s.cut(cutD, values)
}

// decodePlaces finds where products stand in exact sums, and the significand of the scales.
func (s *scaledState) decodePlaces() {
	u, b := s.u, s.b
	var fields []hw.ID
	for i, f := range []numeric.Format{u.A, u.B} {
		if f, ok := f.(numeric.Float); ok && (i == 1 || u.Align == 0) {
			e := []hw.ID{s.x.exp, s.y.exp}[i]
			fields = append(fields, b.Sub(e, b.Const(f.Exp, 1)))
		}
	}
	if len(fields) > 0 {
		w := 0
		for _, e := range fields {
			w = max(w, b.Width(e))
		}
		s.place = b.Named("place", s.expSum(w+1, fields...))
	}
	for i, f := range []numeric.Float{u.ScaleA, u.ScaleB} {
		if f.Exp == 0 || f.Man == 0 {
			continue
		}
		sig := []hw.ID{s.sa.sig, s.sb.sig}[i]
		if s.sig == hw.None {
			s.sig = sig
		} else {
			s.sig = b.Named("scale_sig", b.MulU(b.Width(s.sig)+b.Width(sig), s.sig, sig))
		}
	}
}

// multiply is block M, and for exact sums what of block A comes before the alignment.
func (s *scaledState) multiply() {
	u, b := s.u, s.b
	product := b.Named("product", b.MulU(b.Width(s.a)+b.Width(s.b0), s.a, s.b0))
	values := map[string]*hw.ID{"neg": &s.product.neg, "exp": &s.product.exp, "product": &product,
		"acc_neg": &s.acc.neg, "acc_exp": &s.acc.exp, "acc_sig": &s.acc.sig, "top": &s.top}
	if !u.Exact {
		s.cut(cutM, values)
		s.product.sig = product
		return
	}
	w := u.SumBits() + 1
	wide := Fit(b, w, b.Zext(max(w, b.Width(product)), product))
	if s.place != hw.None {
		wide = b.Shl(wide, s.place)
	}
	wide = b.Named("placed", wide)
	sum := b.Named("part_sum", b.Reduce(s.axis, hw.OpAdd, b.Named("signed_product", b.Mux(s.product.neg, b.Neg(wide), wide))))
	delete(values, "neg")
	delete(values, "product")
	values["part_sum"], values["scale_neg"] = &sum, &s.scaleNeg
	if s.sig != hw.None {
		values["scale_sig"] = &s.sig
	}
	s.cut(cutM, values)
	s.axis = s.part
	neg := b.Named("part_neg", b.Bit(sum, w-1))
	mag := b.Named("part_mag", b.Slice(b.Mux(neg, b.Neg(sum), sum), 0, w-1))
	if s.sig != hw.None {
		mag = b.Named("scaled", b.MulU(b.Width(mag)+b.Width(s.sig), mag, s.sig))
	}
	s.product.neg, s.product.sig = b.Named("term_neg", b.Xor(neg, s.scaleNeg)), mag
}

// Aligner aligns floats to the greatest exponent among them: "pre-alignment" in front of integer
// units (FIGNA, HPCA 2024). Exponents and significands in, integers of Bits bits out.
//
//	exp_i[k], zero_i[k] -> max -> top_o
//	sig_i[k] -> shifted right by top - exp -> cut or rounded to Bits bits -> sig_o[k]
//
// Rounded to nearest even an integer may be 2^Bits and has one bit more.
type Aligner struct {
	A        numeric.Float
	Bits     int
	Rounding numeric.Rounding // TowardZero or NearEven
}

// Aligner stands in front of the units that share elements of A; nil if they are not aligned.
func (u *BlockScaled) Aligner() *Aligner {
	if u.Align == 0 {
		return nil
	}
	return &Aligner{A: u.A.(numeric.Float), Bits: u.Align, Rounding: u.AlignRounding}
}

// Place makes instances of the aligner's module over axes and returns its outputs; in are those of the
// decoder.
func (a *Aligner) Place(b *hw.Builder, name string, m *hw.Module, in hw.Ports, axes ...int) hw.Ports {
	return b.Inst(name, m, hw.Ports{"exp_i": in["exp_o"], "zero_i": in["zero_o"], "sig_i": in["sig_o"]}, axes...)
}

// sigBits is the width of an aligned significand.
func (a *Aligner) sigBits() int {
	if a.Rounding == numeric.NearEven {
		return a.Bits + 1
	}
	return a.Bits
}

// in declares the ports of aligned elements: those of the float without its exponent.
func (a *Aligner) in(b *hw.Builder, prefix string, k, part int) floatFields {
	v := floatFields{exp: hw.None}
	for _, p := range operandPorts(a.A) {
		switch p.name {
		case "exp":
			continue
		case "sig":
			p.width = a.sigBits()
		}
		*p.of(&v) = b.In(prefix+"_"+p.name+"_i", p.width, part, k)
	}
	return v
}

// Cell is the aligner as a module over the axis of the products of a part.
func (a *Aligner) Cell(name, k string, n int) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Aligns %d numbers of format %s to the greatest exponent among them, %d bits (%s).", n, a.A, a.Bits, a.Rounding))
	axis := b.Axis(k, n)
	exp, zero, sig := b.In("exp_i", a.A.Exp, axis), b.In("zero_i", 1, axis), b.In("sig_i", a.A.Man+1, axis)
	top := b.Named("top", b.Reduce(axis, hw.OpUMax, b.Mux(zero, b.Const(a.A.Exp, 0), exp)))
	w := max(a.Bits, a.A.Man+1)
	even := a.Rounding == numeric.NearEven
	if even { // all that decides a rounding: a shift by Bits + 1 leaves less than half of the lowest bit
		w = a.Bits + a.A.Man + 2
	}
	x := sig
	if up := w - a.A.Man - 1; up > 0 {
		x = b.Cat(sig, b.Const(up, 0))
	}
	x = b.Named("shifted", b.Lshr(x, b.Sub(top, exp)))
	out := b.Slice(x, w-a.Bits, a.Bits)
	if even {
		rest := w - a.Bits
		up := b.And(b.Bit(x, rest-1), b.Or(b.RedOr(b.Slice(x, 0, rest-1)), b.Bit(out, 0)))
		out = b.Add(b.Zext(a.Bits+1, out), b.Zext(a.Bits+1, b.Named("round_up", up)))
	}
	b.Out("top_o", top)
	b.Out("sig_o", b.Named("aligned", out))
	return b.Build()
}
