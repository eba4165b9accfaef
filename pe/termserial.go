package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// TermSerial is the PE of an array whose columns walk the digits of their serial
// operands ([TermColumn]): it adds up the parallel operands of its lanes
// that the column bus enables, and accumulates the sum at the weight of the cycle.
//
//	x_i[lane] --> [<< dist] --> [and en, xor neg] --> adder tree --> [<< shift] --> psum_q --> [+] --> acc_q --> shadow_q
//	                                         negs_i -----^                                     ^  |     capture_i
//	                                                           first_i ? 0 : acc_q ------------+--+
//
// A negated lane enters as its complement, and the column adds the ones that are
// missing once for all its rows (negs_i); where all lanes have one sign, the sum is
// negated instead. first_i comes with the psum that starts a new sum. A cycle
// without enabled lanes adds nothing.
//
// Widths, for an x of n bits (n+1 if unsigned, to have a sign), L lanes, distances up
// to D and digits up to weight 2^S: a lane n+D, the tree n+D+ceil(log2 L)+1, psum S more,
// none wider than the accumulator, whose arithmetic is modulo 2^accBits.
//
// The two registers behind each other are those of the MAC units in BitSim, the
// simulator of BBS (MICRO 2024); adders in the order of Stripes' and Pragmatic's figures.
func TermSerial(name string, x numeric.Int, u TermColumn, accBits int) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Term-serial processing element, %d lanes of %s by terms of %s into %d bits.", u.Lanes, x, u.Terms.Format, accBits))
	lane := b.Axis("lane", u.Lanes)
	in, en := b.In("x_i", x.Bits, lane), b.In("en_i", 1, lane)
	first, capture, shift := b.In("first_i", 1), b.In("capture_i", 1), b.In("shift_i", u.shiftBits())

	w := x.Bits + u.farthest()
	if !x.Signed {
		w++
	}
	term := Encoder{Format: x}.extend(b, w, in)
	if u.farthest() > 0 {
		term = b.Shl(term, b.In("dist_i", hw.Bits(u.farthest()), lane))
	}
	full := w + clog2(u.Lanes) + 1
	var sum hw.ID
	if u.common() {
		tree := b.Named("tree", b.Reduce(lane, hw.OpAdd, b.Sext(full, b.Mux(en, term, b.Const(w, 0)))))
		sum = b.Mux(b.In("neg_i", 1), b.Neg(tree), tree)
	} else {
		neg := b.In("neg_i", 1, lane)
		term = b.Mux(en, b.Xor(term, b.Sext(w, neg)), b.Const(w, 0))
		tree := b.Named("tree", b.Reduce(lane, hw.OpAdd, b.Sext(full, term)))
		sum = b.Add(tree, b.Zext(full, b.In("negs_i", hw.Bits(u.Lanes))))
	}
	psum := b.Pipe("psum_q", b.Shl(fit(b, min(accBits, full+u.Terms.Digits()-1), sum), shift))
	keepSum(b, psum, first, capture, accBits)
	return b.Build()
}

// keepSum adds psum to the accumulator, which first starts from 0, and copies it to
// the shadow that leaves when capture is 1.
func keepSum(b *hw.Builder, psum, first, capture hw.ID, accBits int) {
	acc := b.Reg("acc_q", accBits, 0)
	b.Next(acc, b.Named("acc_d", b.Add(b.Mux(first, b.Const(accBits, 0), acc), fit(b, accBits, psum))))
	shadow := b.Reg("shadow_q", accBits, 0)
	b.NextIf(shadow, capture, acc)
	b.Out("sum_o", shadow)
}

// fit cuts a signed word to w bits or extends it.
func fit(b *hw.Builder, w int, x hw.ID) hw.ID {
	if b.Width(x) > w {
		return b.Slice(x, 0, w)
	}
	return b.Sext(w, x)
}

// clog2 is the base-2 logarithm, rounded up.
func clog2(n int) int {
	b := 0
	for 1<<b < n {
		b++
	}
	return b
}
