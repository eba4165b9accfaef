package pe

import (
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

// decodeFloat takes a code apart. The format has a sign and subnormal numbers.
func decodeFloat(b *hw.Builder, f numeric.Float, x hw.ID) floatFields {
	mag := b.Slice(x, f.Pad, f.Exp+f.Man)
	field, frac := b.Slice(mag, f.Man, f.Exp), b.Slice(mag, 0, f.Man)
	normal := b.RedOr(field)
	out := floatFields{
		sign: b.Bit(x, f.Width()-1),
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

// floatPorts are the names and widths of a decoded operand's ports.
func floatPorts(f numeric.Float) []struct {
	name  string
	width int
} {
	return []struct {
		name  string
		width int
	}{{"sign", 1}, {"exp", f.Exp}, {"sig", f.Man + 1}, {"zero", 1}, {"inf", 1}, {"nan", 1}}
}

// DecodeFloat is a module that takes codes of a float format apart: x_i becomes sign_o, exp_o,
// sig_o, zero_o, inf_o and nan_o.
func DecodeFloat(name string, f numeric.Float) (*hw.Module, error) {
	b := hw.New(name, "Takes a number of format "+f.Name+" apart.")
	v := decodeFloat(b, f, b.In("x_i", f.Width()))
	for i, x := range []hw.ID{v.sign, v.exp, v.sig, v.zero, v.inf, v.nan} {
		b.Out(floatPorts(f)[i].name+"_o", x)
	}
	return b.Build()
}

// floatIn declares the ports of a decoded operand over an axis.
func floatIn(b *hw.Builder, prefix string, f numeric.Float, axes ...int) floatFields {
	var v [6]hw.ID
	for i, p := range floatPorts(f) {
		v[i] = b.In(prefix+"_"+p.name+"_i", p.width, axes...)
	}
	return floatFields{v[0], v[1], v[2], v[3], v[4], v[5]}
}
