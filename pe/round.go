package pe

import (
	"tpe/hw"
	"tpe/numeric"
)

// rounded is a magnitude in a format: its code without sign and padding, and what the code says
// nothing of.
type rounded struct {
	code hw.ID // Exp + Man bits; without meaning where over is 1 or the magnitude is zero
	over hw.ID // it is larger than the largest number
	tiny hw.ID // it is below the least normal number, rounded as if exponents had no bound
}

// roundFloat rounds a magnitude to a format with a sign and subnormal numbers. The
// leading place of mag lies room binades (0 or more) above the least normal number.
//
// mag is shifted left until its leading bit is on top, or by room places, where the result is
// subnormal. The code is then the number of binades that remain, followed by the fraction, plus the
// leading bit. A carry out of the fraction goes into the exponent, which is right.
func roundFloat(b *hw.Builder, f numeric.Float, r numeric.Rounding, mag, room hw.ID) rounded {
	w, man := b.Width(mag), f.Man
	rw := max(hw.Bits(w), b.Width(room))
	room = b.Zext(rw, room)
	shift := b.Named("shift", b.UMin(b.Zext(rw, b.Clz(mag)), room))
	norm := b.Named("norm", b.Shl(mag, shift))
	var keep, up hw.ID
	rest := w - man - 1
	switch {
	case rest <= 0:
		keep, up = norm, b.Const(1, 0)
		if rest < 0 {
			keep = b.Cat(norm, b.Const(-rest, 0))
		}
	case r == numeric.NearEven:
		keep = b.Slice(norm, rest, man+1)
		up = b.Bit(norm, rest-1)
		tie := b.Bit(keep, 0) // only a tie looks at the bit above
		if rest > 1 {
			tie = b.Or(tie, b.RedOr(b.Slice(norm, 0, rest-1)))
		}
		up = b.Named("round_up", b.And(up, tie))
	default:
		keep, up = b.Slice(norm, rest, man+1), b.Const(1, 0)
	}
	// One bit more than binades and fraction hold both the leading bit and a carry.
	bw := rw + man + 1
	body := b.Add(b.Zext(bw, b.Cat(b.Sub(room, shift), b.Const(man, 0))), b.Zext(bw, b.Named("keep", keep)))
	body = b.Named("body", b.Add(body, b.Zext(bw, up)))
	over := b.Named("over", b.Not(b.ULt(body, b.Const(bw, f.MaxFinite(false)>>f.Pad+1))))
	// One binade below the normal ones, the magnitude is normal if a fraction of all ones would be rounded up.
	tiny := b.Not(b.Bit(norm, w-1))
	if rest >= 2 {
		tiny = b.And(tiny, b.Not(b.RedAnd(b.Slice(norm, rest-2, man+2))))
	}
	return rounded{code: b.Slice(body, 0, f.Exp+man), over: over, tiny: tiny}
}
