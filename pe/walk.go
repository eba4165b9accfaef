package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// This file holds the walkers of bit-serial arrays. A walker stands at the head of a
// column of PEs and walks the terms of the serial operands of its lanes, all lanes
// of one step at a time. fresh_i is 1 in the first cycle of a step and terms_i holds
// still until its last one, in which last_o is 1; a step without terms takes a
// cycle too. What the PEs are to do comes out of registers, the column bus:
//
//	en_o[lane]   the lane's parallel operand is added,
//	neg_o        negated: of each lane, or of the sum where all lanes agree,
//	negs_o       how many of the lanes are enabled and negated,
//	dist_o[lane] shifted by this much in its lane (only with a window), and
//	shift_o      the sum of the lanes by this much.

// What a walker leaves out.
const (
	SkipNone   = "none"   // nothing: every bit plane takes a cycle
	SkipPlanes = "planes" // planes in which no lane has a digit
	SkipTerms  = "terms"  // each lane's zero digits
	SkipPairs  = "pairs"  // pairs of digits of which one is zero; see [Laconic]
)

// TermColumn is a column of PEs with its walker.
type TermColumn struct {
	Terms  Terms // of the serial operands
	Lanes  int
	Skip   string // none, planes or terms
	Window int    // of terms: a lane's distance is below 2^Window, 0..4
}

// Walker is the module at the head of the column.
func (u TermColumn) Walker() (*hw.Module, error) {
	if u.Skip == SkipTerms {
		return u.termWalk()
	}
	return u.planeWalk()
}

// common reports whether one sign holds for all lanes: in two's complement that of
// the plane.
func (u TermColumn) common() bool {
	return u.Skip != SkipTerms && u.Terms.Encoding == numeric.BitsC
}

// shiftBits is the width of shift_o.
func (u TermColumn) shiftBits() int { return hw.Bits(u.Terms.Digits()) }

// farthest is the greatest distance of a lane.
func (u TermColumn) farthest() int {
	if u.Skip != SkipTerms {
		return 0
	}
	return min(1<<u.Window, u.Terms.Digits()) - 1
}

// out registers the bus; sign is per lane unless common.
func (u TermColumn) out(b *hw.Builder, lane int, en, sign, dist, shift hw.ID) {
	b.Out("en_o", b.Pipe("en_q", en))
	b.Out("neg_o", b.Pipe("neg_q", sign))
	if !u.common() {
		w := hw.Bits(u.Lanes)
		b.Out("negs_o", b.Pipe("negs_q", b.Reduce(lane, hw.OpAdd, b.Zext(w, b.And(en, sign)))))
	}
	if u.farthest() > 0 {
		b.Out("dist_o", b.Pipe("dist_q", b.Slice(dist, 0, hw.Bits(u.farthest()))))
	}
	b.Out("shift_o", b.Pipe("shift_q", shift))
}

// planeWalk walks bit planes, lowest first: in each cycle all lanes give their digit
// of one weight. Planes in which no lane has a digit are left out (BitWave's columns)
// or take their cycle too (Stripes).
//
//	terms_i[lane] -> or over lanes (or all ones) -> left_q -> lowest one = plane -> bit of each lane
//
// Sources: Stripes (MICRO 2016), the serial inner-product unit; BitWave (HPCA 2024),
// bit-column sparsity with sign-magnitude weights.
func (u TermColumn) planeWalk() (*hw.Module, error) {
	t := u.Terms
	b := hw.New("walk_planes", fmt.Sprintf("Walks the bit planes of %d operands %s, %s digits.", u.Lanes, t.Format, t.Encoding))
	lane := b.Axis("lane", u.Lanes)
	fresh, terms := b.In("fresh_i", 1), b.In("terms_i", t.Bits(), lane)
	n := t.Digits()
	mask := t.Mask(b, terms)
	planes := b.Const(n, hw.Mask(n))
	if u.Skip == SkipPlanes {
		planes = b.Named("planes", b.Reduce(lane, hw.OpOr, mask))
	}
	left := b.Reg("left_q", n, 0)
	now := b.Named("now", b.Mux(fresh, planes, left))
	rest := b.Named("rest", drop(b, now))
	b.Next(left, rest)
	plane := b.Named("plane", b.Ffs(now))
	en := b.Named("en", b.Bit(b.Lshr(mask, plane), 0))
	b.Out("last_o", b.Named("last", isZero(b, rest)))
	u.out(b, lane, en, b.Named("neg", t.Negative(b, terms, plane)), hw.None, plane)
	return b.Build()
}

// termWalk lets each lane walk its own digits, lowest first: in each cycle those lanes
// take a step whose next digit is less than 2^Window places above the lowest of
// all.
//
//	terms_i[lane] -> left_q[lane] -> lowest one = at[lane] -> min over lanes = shift
//	                                 at - shift < 2^Window: the lane goes on, dist = at - shift
//
// Source: Bit-Pragmatic (MICRO 2017, arXiv 1610.06920), the two-stage shifting of
// section V.
func (u TermColumn) termWalk() (*hw.Module, error) {
	t := u.Terms
	b := hw.New("walk_terms", fmt.Sprintf("Lets %d lanes walk the digits of operands %s (%s) within a window of %d places.", u.Lanes, t.Format, t.Encoding, 1<<u.Window))
	lane := b.Axis("lane", u.Lanes)
	fresh, terms := b.In("fresh_i", 1), b.In("terms_i", t.Bits(), lane)
	n, w := t.Digits(), u.shiftBits()
	left := b.Reg("left_q", n, 0, lane)
	now := b.Named("now", b.Mux(fresh, t.Mask(b, terms), left))
	at := b.Named("at", b.Ffs(now))
	shift := b.Named("shift", b.Reduce(lane, hw.OpUMin, at))
	dist := b.Named("dist", b.Sub(at, shift))
	take := b.RedOr(now)
	if 1<<u.Window < n {
		take = b.And(take, b.ULt(dist, b.Const(w, 1<<u.Window)))
	}
	b.Named("take", take)
	rest := b.Named("rest", b.Mux(take, drop(b, now), now))
	b.Next(left, rest)
	b.Out("last_o", b.Named("last", isZero(b, b.Reduce(lane, hw.OpOr, rest))))
	u.out(b, lane, take, b.Named("neg", t.Negative(b, terms, at)), dist, shift)
	return b.Build()
}
