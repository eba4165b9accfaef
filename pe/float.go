package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// floatFields are the parts of a code of a float format.
type floatFields struct {
	sign hw.ID
	exp  hw.ID // the exponent field, 1 where it is 0: the weight of sig's leading place is 2^(exp - bias)
	sig  hw.ID // with the leading bit, which is 0 in subnormal numbers and zero
	zero hw.ID
	inf  hw.ID
	nan  hw.ID
}

// decodeFloat takes a code apart. An unsigned format has the sign 0.
func decodeFloat(b *hw.Builder, f numeric.Float, x hw.ID) floatFields {
	mag := b.Slice(x, f.Pad, f.Exp+f.Man)
	if f.NormalOnly && f.Man == 0 {
		zero := b.Const(1, 0)
		return floatFields{sign: zero, exp: mag, sig: b.Const(1, 1), zero: zero, inf: zero, nan: b.RedAnd(mag)}
	}
	field, frac := b.Slice(mag, f.Man, f.Exp), b.Slice(mag, 0, f.Man)
	normal := b.RedOr(field)
	if f.Unsigned {
		x = b.Cat(b.Const(1, 0), x)
	}
	out := floatFields{
		sign: b.Bit(x, f.Pad+f.Exp+f.Man),
		exp:  b.Or(field, b.Zext(f.Exp, b.Not(normal))),
		sig:  b.Cat(normal, frac),
		zero: b.Not(b.RedOr(mag)),
		inf:  b.Const(1, 0),
		nan:  b.Const(1, 0),
	}
	switch f.Specials {
	case numeric.IEEE:
		top, some := b.RedAnd(field), b.RedOr(frac)
		out.inf, out.nan = b.And(top, b.Not(some)), b.And(top, some)
	case numeric.NaNOnly:
		out.nan = b.RedAnd(mag)
	case numeric.NegativeZeroNaN:
		out.nan = b.And(out.sign, out.zero)
		out.zero = b.And(out.zero, b.Not(out.sign))
	}
	return out
}

// joinFloat is a code of a format from its sign and the rest.
func joinFloat(b *hw.Builder, f numeric.Float, neg, mag hw.ID) hw.ID {
	if f.Pad == 0 {
		return b.Cat(neg, mag)
	}
	return b.Cat(neg, mag, b.Const(f.Pad, 0))
}

// decodeInt takes a two's complement or unsigned word apart: its exponent is a constant and stands nowhere.
func decodeInt(b *hw.Builder, bits int, signed bool, x hw.ID) floatFields {
	none := b.Const(1, 0)
	out := floatFields{sign: none, exp: hw.None, sig: x, zero: b.Not(b.RedOr(x)), inf: none, nan: none}
	if signed {
		out.sign = b.Bit(x, bits-1)
		out.sig = b.Mux(out.sign, b.Neg(x), x)
	}
	return out
}

// operandPort is a port of a decoded operand.
type operandPort struct {
	name  string
	width int
	of    func(*floatFields) *hw.ID
}

// operandPorts are those of a format that are not constants.
func operandPorts(f numeric.Format) []operandPort {
	sign := operandPort{"sign", 1, func(v *floatFields) *hw.ID { return &v.sign }}
	zero := operandPort{"zero", 1, func(v *floatFields) *hw.ID { return &v.zero }}
	sig := func(w int) operandPort { return operandPort{"sig", w, func(v *floatFields) *hw.ID { return &v.sig }} }
	fl, ok := f.(numeric.Float)
	if !ok {
		return []operandPort{sign, sig(f.Width()), zero}
	}
	return []operandPort{sign, {"exp", fl.Exp, func(v *floatFields) *hw.ID { return &v.exp }}, sig(fl.Man + 1), zero,
		{"inf", 1, func(v *floatFields) *hw.ID { return &v.inf }}, {"nan", 1, func(v *floatFields) *hw.ID { return &v.nan }}}
}

// DecodeOperand is a module that takes codes of a float or words of an integer format apart: x_i becomes
// sign_o, sig_o, zero_o and, of a float, exp_o, inf_o and nan_o.
func DecodeOperand(name string, f numeric.Format) (*hw.Module, error) {
	b := hw.New(name, "Takes a number of format "+f.String()+" apart.")
	x := b.In("x_i", f.Width())
	var v floatFields
	switch f := f.(type) {
	case numeric.Float:
		v = decodeFloat(b, f, x)
	case numeric.Int:
		v = decodeInt(b, f.Bits, f.Signed, x)
	case numeric.Fixed:
		v = decodeInt(b, f.Bits, f.Signed, x)
	default:
		return nil, fmt.Errorf("pe: operands of format %s", f)
	}
	for _, p := range operandPorts(f) {
		b.Out(p.name+"_o", *p.of(&v))
	}
	return b.Build()
}

// operandIn declares the ports of a decoded operand over axes. Those that a format does not have are
// the constant 0, and None for the exponent.
func operandIn(b *hw.Builder, prefix string, f numeric.Format, axes ...int) floatFields {
	none := b.Const(1, 0)
	v := floatFields{none, hw.None, none, none, none, none}
	for _, p := range operandPorts(f) {
		*p.of(&v) = b.In(prefix+"_"+p.name+"_i", p.width, axes...)
	}
	return v
}
