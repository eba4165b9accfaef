package pe

import (
	"tpe/hw"
	"tpe/numeric"
)

// AddMul is a multiplier of floating-point numbers that is made of an adder. What it computes is
// numeric.AddMul: zeros, subnormal numbers, overflow, infinities and NaNs as stated there.
//
//	{ex,mx} ---+                            < 2^m: zero
//	           +--> [ x + y - offset ] -->  else {exponent, fraction}
//	{ey,my} ---+          ^                 > largest: the largest
//	mx, my --> [carry table] (fp8add)
//	sx xor sy -------------------------->   sign
//
// The sum of the fields has Exp+Man+2 bits: twice a field, less an offset that is no greater than a
// field. lmul-eq adds exponents and fractions apart, because its fraction does not move on to the next
// binade:
//
//	ex, ey --> [ ex + ey - bias ] -----------> exponent        leading place below the normal range: zero
//	mx, my --> [ 1 + mx + my + 2^-l ] -------> significand in [1, 4), m fraction bits
type AddMul struct{ numeric.AddMul }

// sumOperand is an operand of the adder.
type sumOperand struct{ neg, exp, frac, mag, normal, inf, nan hw.ID }

func (m *AddMul) operand(b *hw.Builder, x hw.ID) sumOperand {
	f := decodeFloat(b, m.Float, x)
	o := sumOperand{neg: f.sign, mag: b.Slice(x, m.Pad, m.Exp+m.Man), normal: b.Bit(f.sig, m.Man), frac: b.Slice(f.sig, 0, m.Man), inf: f.inf, nan: f.nan}
	o.exp = b.Slice(o.mag, m.Man, m.Exp)
	if !m.Specials { // read as numbers, but for the one code that is none
		o.inf = b.Const(1, 0)
		if m.Float.Specials != numeric.NegativeZeroNaN {
			o.nan = o.inf
		}
	}
	return o
}

// Product implements [Multiplier]. The product of a format's field is normalised; lmul-eq has a place above
// the leading bit.
func (m *AddMul) Product(b *hw.Builder, x, y hw.ID) Term {
	ox, oy := m.operand(b, x), m.operand(b, y)
	none := b.Named("operand_zero", b.Not(b.And(ox.normal, oy.normal)))
	t := Term{Neg: b.Named("product_neg", b.Xor(ox.neg, oy.neg)), Low: -m.Bias}
	var small hw.ID
	if m.Kind == numeric.LMulEq {
		t.Exp, t.Sig, small = m.equation(b, ox, oy)
		t.Low++
	} else {
		t.Exp, t.Sig, small = m.field(b, ox, oy)
	}
	t.High = t.Low + 1<<m.Exp - 1
	t.Inf = b.Or(ox.inf, oy.inf)
	t.NaN = b.Named("product_nan", b.Any(ox.nan, oy.nan, b.And(t.Inf, none)))
	t.Inf = b.Named("product_inf", b.And(t.Inf, b.Not(t.NaN)))
	t.Zero = b.Named("product_zero", b.And(b.Or(none, small), b.Not(b.Or(t.Inf, t.NaN))))
	t.Sig = b.Named("product", b.Mux(t.Zero, b.Const(b.Width(t.Sig), 0), t.Sig))
	return t
}

// field is the sum of the fields: exponent, significand, and whether it is below the normal range.
func (m *AddMul) field(b *hw.Builder, x, y sumOperand) (exp, sig, small hw.ID) {
	w := m.Exp + m.Man + 2
	sum := b.Add(b.Zext(w, x.mag), b.Zext(w, y.mag))
	if table := m.carries(); table != nil {
		sum = b.Add(sum, b.Zext(w, b.Named("carry", b.Rom("carry_table", 1, table, b.Cat(x.frac, y.frac)))))
	}
	sum = b.Named("field_sum", b.Sub(sum, b.Const(w, uint64(m.Offset()))))
	small = b.Named("product_below", b.SLt(sum, b.Const(w, 1<<m.Man)))
	mag := b.Named("field", b.Slice(b.SMin(sum, b.Const(w, m.largest())), 0, m.Exp+m.Man))
	return b.Slice(mag, m.Man, m.Exp), b.Cat(b.Const(1, 1), b.Slice(mag, 0, m.Man)), small
}

// largest is the code of the largest number, without padding.
func (m *AddMul) largest() uint64 { return m.MaxFinite(false) >> m.Pad }

// carries is the carry for each pair of fractions, or nil if it is never 1.
func (m *AddMul) carries() []uint64 {
	if m.Kind != numeric.AddCarry {
		return nil
	}
	table, some := make([]uint64, 1<<(2*m.Man)), false
	for i := range uint32(len(table)) {
		if m.CarryIn(i>>m.Man, i&(1<<m.Man-1)) {
			table[i], some = 1, true
		}
	}
	if !some {
		return nil
	}
	return table
}

// equation is lmul-eq: the significand is a sum, and overflow is judged with its leading place.
func (m *AddMul) equation(b *hw.Builder, x, y sumOperand) (exp, sig, small hw.ID) {
	sw, ew := m.Man+2, m.Exp+2
	one := uint64(1)<<m.Man + 1<<(m.Man-numeric.LMulShift(m.Man))
	sig = b.Named("sig_sum", b.Add(b.Add(b.Zext(sw, x.frac), b.Zext(sw, y.frac)), b.Const(sw, one)))
	exp = b.Named("exp_sum", b.Sub(b.Add(b.Zext(ew, x.exp), b.Zext(ew, y.exp)), b.Const(ew, uint64(m.Bias))))
	carry := b.Named("product_above", b.Bit(sig, m.Man+1))
	lead := b.Named("exp_lead", b.Add(exp, b.Zext(ew, carry)))
	small = b.Named("product_below", b.SLt(lead, b.Const(ew, 1)))
	// The code of the sum with one more fraction bit, beside that of the largest number.
	frac := b.Mux(carry, b.Slice(sig, 0, m.Man+1), b.Cat(b.Slice(sig, 0, m.Man), b.Const(1, 0)))
	top := m.largest()
	over := b.Named("product_over", b.SLt(b.Const(ew+m.Man+1, top<<1), b.Cat(lead, frac)))
	exp = b.Mux(over, b.Const(m.Exp, top>>m.Man), b.Slice(exp, 0, m.Exp))
	sig = b.Mux(over, b.Const(sw, 1<<m.Man|top&(1<<m.Man-1)), sig)
	return exp, sig, small
}

// Code is the code of the product; not for lmul-eq, whose products are not numbers of the format.
func (m *AddMul) Code(b *hw.Builder, x, y hw.ID) hw.ID {
	t := m.Product(b, x, y)
	code := b.Mux(t.Zero, b.Const(m.Exp+m.Man, 0), b.Cat(t.Exp, b.Slice(t.Sig, 0, m.Man)))
	neg := t.Neg
	if m.Float.Specials == numeric.NegativeZeroNaN { // there is no -0
		neg = b.And(neg, b.Not(t.Zero))
	}
	code = joinFloat(b, m.Float, neg, code)
	inf := b.Mux(t.Neg, b.Const(m.Width(), m.Infinity(true)), b.Const(m.Width(), m.Infinity(false)))
	code = b.Mux(t.Inf, inf, code)
	return b.Mux(t.NaN, b.Const(m.Width(), m.NaN()), code)
}

// Cell is the multiplier as a module: codes x_i and y_i, the product's code z_o; of lmul-eq those of a [Term]: neg_o, exp_o, sig_o,
// zero_o, inf_o and nan_o.
func (m *AddMul) Cell(name string) (*hw.Module, error) {
	b := hw.New(name, "Multiplies two numbers of format "+m.Float.Name+" by an addition ("+m.Kind.String()+").")
	x, y := b.In("x_i", m.Width()), b.In("y_i", m.Width())
	if m.Kind != numeric.LMulEq {
		b.Out("z_o", b.Named("z", m.Code(b, x, y)))
		return b.Build()
	}
	t := m.Product(b, x, y)
	for _, o := range []struct {
		name string
		x    hw.ID
	}{{"neg_o", t.Neg}, {"exp_o", t.Exp}, {"sig_o", t.Sig}, {"zero_o", t.Zero}, {"inf_o", t.Inf}, {"nan_o", t.NaN}} {
		b.Out(o.name, o.x)
	}
	return b.Build()
}
