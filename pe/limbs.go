package pe

import "tpe/hw"

// limbs is a word that may be wider than 64 bits: words of one width, at most 63 bits, the lowest
// first.
type limbs []hw.ID

// placed is x shifted left by a number of places, in n limbs of w bits; what reaches beyond them is lost.
func placed(b *hw.Builder, n, w int, x, at hw.ID) limbs {
	// An offset below zero is a great number, and a shift by it is zero.
	aw := max(b.Width(at), hw.Bits(n*w)) + 1
	at = b.Zext(aw, at)
	x = b.Zext(max(w, b.Width(x)), x)
	out := make(limbs, n)
	for i := range out {
		base := b.Const(aw, uint64(i*w))
		up := b.Shl(x, b.Sub(at, base))
		if i > 0 { // the part that begins in a limb below
			up = b.Or(up, b.Mux(b.ULt(at, base), b.Lshr(x, b.Sub(base, at)), b.Const(b.Width(x), 0)))
		}
		out[i] = b.Slice(up, 0, w)
	}
	return out
}

// add is x + y + carry, modulo the width of all limbs.
func (x limbs) add(b *hw.Builder, y limbs, carry hw.ID) limbs {
	out := make(limbs, len(x))
	for i := range x {
		w := b.Width(x[i])
		sum := b.Add(b.Add(b.Zext(w+1, x[i]), b.Zext(w+1, y[i])), b.Zext(w+1, carry))
		out[i], carry = b.Slice(sum, 0, w), b.Bit(sum, w)
	}
	return out
}

// xor inverts every bit where by is 1.
func (x limbs) xor(b *hw.Builder, by hw.ID) limbs {
	out := make(limbs, len(x))
	for i := range x {
		out[i] = b.Mux(by, b.Not(x[i]), x[i])
	}
	return out
}

// slice is n bits (at most 64) from bit lo; bits above the top are zero.
func (x limbs) slice(b *hw.Builder, lo, n int) hw.ID {
	w := b.Width(x[0])
	var parts []hw.ID // the highest first
	for hi := lo + n; hi > lo; {
		switch {
		case hi > w*len(x):
			k := hi - max(w*len(x), lo)
			parts, hi = append(parts, b.Const(k, 0)), hi-k
		default:
			i := (hi - 1) / w
			from := max(lo, i*w)
			parts, hi = append(parts, b.Slice(x[i], from-i*w, hi-from)), from
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return b.Cat(parts...)
}

// some is 1 if one of the bits from lo to hi-1 is.
func (x limbs) some(b *hw.Builder, lo, hi int) hw.ID {
	any := b.Const(1, 0)
	for ; lo < hi; lo += 63 {
		any = b.Or(any, b.RedOr(x.slice(b, lo, min(63, hi-lo))))
	}
	return any
}
