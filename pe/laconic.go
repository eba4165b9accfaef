package pe

import (
	"fmt"

	"tpe/hw"
)

// Laconic is the PE of an array that walks the terms of both operands: each lane
// takes one pair of terms a cycle, x's inner, and adds their exponents; the pairs of a
// cycle are counted by exponent, and the counts are added up at their weights.
//
//	xt_i[lane] --> restx[lane] --> ex --+
//	                                    +--> exp_q, neg_q, some_q --> [signed count of each exponent] --> hist_q
//	yt_i[lane] --> resty[lane] --> ey --+                                                                   |
//	                    shadow_q <-- acc_q <-- [+] <-- psum_q <-- [sum over exponents of count * 2^exponent] <--+
//
// fresh_i is 1 in the first cycle of a step and run_i in all of them; the terms hold
// still until last_o is 1, which says that every lane is at its last pair. first_i
// comes with the psum that starts a new sum. Registers: 4 stages from a pair to the
// accumulator.
//
// Widths: exponents 0..E with E = digits of x + digits of y - 2; a count of L lanes of
// -1, 0, 1 has ceil(log2 L)+2 bits, the weighted sum E bits more, none wider than the
// accumulator, whose arithmetic is modulo 2^accBits.
//
// Source: Laconic (arXiv 1805.04513), the processing element with its histogram; terms are
// those of the non-adjacent form.
func Laconic(name string, x, y Terms, lanes, accBits int) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Laconic processing element, %d lanes of %s by %s into %d bits.", lanes, x.Format, y.Format, accBits))
	top := x.Digits() + y.Digits() - 2
	lane, exp := b.Axis("lane", lanes), b.Axis("exp", top+1)
	fresh, run := b.In("fresh_i", 1), b.In("run_i", 1)
	xt, yt := b.In("xt_i", x.Bits(), lane), b.In("yt_i", y.Bits(), lane)
	first, capture := b.In("first_i", 1), b.In("capture_i", 1)

	// The walk: all terms of x for each term of y.
	xMask, yMask := x.Mask(b, xt), y.Mask(b, yt)
	xRest, yRest := b.Reg("restx_q", x.Digits(), 0, lane), b.Reg("resty_q", y.Digits(), 0, lane)
	xNow, yNow := b.Named("nowx", b.Mux(fresh, xMask, xRest)), b.Named("nowy", b.Mux(fresh, yMask, yRest))
	some := b.Named("some", b.All(run, b.RedOr(xNow), b.RedOr(yNow)))
	xNext, yNext := drop(b, xNow), drop(b, yNow)
	wrap := b.Named("wrap", isZero(b, xNext))
	b.Next(xRest, b.Mux(wrap, xMask, xNext))
	b.Next(yRest, b.Mux(wrap, yNext, yNow))
	done := b.Or(b.Not(some), b.And(wrap, isZero(b, yNext)))
	b.Out("last_o", b.Named("last", b.Reduce(lane, hw.OpAnd, done)))

	// Its terms.
	w := hw.Bits(top)
	xAt, yAt := b.Ffs(xNow), b.Ffs(yNow)
	e := b.Pipe("exp_q", b.Add(fitU(b, w, xAt), fitU(b, w, yAt)))
	neg := b.Pipe("neg_q", b.Xor(x.Negative(b, xt, xAt), y.Negative(b, yt, yAt)))
	valid := b.Pipe("some_q", some)

	cw := clog2(lanes) + 2
	hit := b.Named("hit", b.And(valid, b.Eq(e, b.Coord(exp, w))))
	lanesHit := b.Named("lanes_hit", b.Pack(lane, hit))
	less := b.Popcount(b.Named("lanes_less", b.Pack(lane, b.And(hit, neg))))
	hist := b.Pipe("hist_q", b.Sub(b.Zext(cw, b.Popcount(lanesHit)), b.ShlConst(b.Zext(cw, less), 1)))
	weighted := b.Shl(fit(b, min(accBits, cw+top), hist), b.Coord(exp, w))
	psum := b.Pipe("psum_q", b.Reduce(exp, hw.OpAdd, weighted))
	keepSum(b, psum, first, capture, accBits)
	return b.Build()
}

// fitU cuts an unsigned word to w bits or extends it.
func fitU(b *hw.Builder, w int, x hw.ID) hw.ID {
	if b.Width(x) > w {
		return b.Slice(x, 0, w)
	}
	return b.Zext(w, x)
}
