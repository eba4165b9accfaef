package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Terms recodes operands into signed powers of two and packs them for PEs that walk
// them one by one: which digits are not zero in the low Digits() bits, and above
// them the signs, as many as the encoding needs (one for each digit of
// [numeric.CSD], one for all of [numeric.BitsM], none for [numeric.BitsC], whose top
// digit is the negative one). The encoding has radix 2.
type Terms struct{ Encoder }

// Bits is the width of a packed operand.
func (t Terms) Bits() int { return t.Digits() + t.signs() }

func (t Terms) signs() int {
	switch {
	case t.Encoding == numeric.CSD:
		return t.Digits()
	case t.HasSign():
		return 1
	}
	return 0
}

// Recoder is the module that packs an operand. In two's complement packing changes
// nothing.
func (t Terms) Recoder(name string) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Recodes %s into signed powers of two, %s digits.", t.Format, t.Encoding))
	e := t.Encode(b, b.In("x_i", t.Format.Bits))
	var signs, some []hw.ID
	for i := len(e.Codes) - 1; i >= 0; i-- {
		d := t.At(b, e, i)
		some = append(some, d.NonZero)
		signs = append(signs, b.Bit(d.Sel, 1))
	}
	if t.HasSign() {
		signs = []hw.ID{e.Sign}
	}
	b.Out("terms_o", b.Named("terms", b.Cat(append(signs[:t.signs()], some...)...)))
	return b.Build()
}

// Mask has bit i set where digit i is not zero.
func (t Terms) Mask(b *hw.Builder, packed hw.ID) hw.ID { return b.Slice(packed, 0, t.Digits()) }

// Negative is 1 if digit at of the operand, which is not zero, is negative.
func (t Terms) Negative(b *hw.Builder, packed, at hw.ID) hw.ID {
	n := t.Digits()
	switch {
	case t.Encoding == numeric.CSD:
		return b.Bit(b.Lshr(b.Slice(packed, n, n), at), 0)
	case t.HasSign():
		return b.Bit(packed, n)
	case t.Format.Signed:
		return b.Eq(at, b.Const(b.Width(at), uint64(n-1)))
	}
	return b.Const(1, 0)
}

// drop clears the lowest one of a mask.
func drop(b *hw.Builder, mask hw.ID) hw.ID {
	return b.And(mask, b.Sub(mask, b.Const(b.Width(mask), 1)))
}

// isZero is 1 if no bit of x is set.
func isZero(b *hw.Builder, x hw.ID) hw.ID { return b.Not(b.RedOr(x)) }
