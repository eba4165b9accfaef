package pe

import (
	"fmt"

	"tpe/hw"
)

// This file adds partial products of the same weight first: all lanes' digits of weight 4^i
// in words that are not shifted, hence narrow, and shifts only the sums. With the weights
// side by side ("spatial", here) there is a tree for each:
//
//	x[lane] codes --+--> digit 0 * y[lane] --> reg --> tree --+
//	                +--> digit 1 * y[lane] --> reg --> tree --+--<< 2i, add --> reg --> sum
//	                +--> ...                                  |
//
// Widths: a digit times a word of n bits reaches +2^n (digit -2, the most negative word), so
// a partial product has n + 2 bits and the sum of L of them n + 2 + clog2(L). For int8 and 16
// lanes that is 14. (The released engine has 13, and gives -4096 for a row of -2 and a column of
// -128.)
//
// Source: arXiv 2503.06342 (HPCA 2025), OPT2.

// partialBits is the width of a digit times y: y's, with a sign, and two bits.
func (s Spec) partialBits() int {
	if s.B.Signed {
		return s.B.Bits + 2
	}
	return s.B.Bits + 3
}

// signedY is y with a sign.
func (s Spec) signedY(b *hw.Builder, y hw.ID) hw.ID {
	if s.B.Signed {
		return y
	}
	return b.Zext(s.B.Bits+1, y)
}

// dotByWeight is [Tree.Dot] by weights; axes are those of the tree's levels.
func (t Tree) dotByWeight(b *hw.Builder, axes []int, x, y hw.ID) hw.ID {
	e := t.encoder()
	digits, y := e.Split(b, x), t.signedY(b, y)
	width := t.partialBits() + t.levels()
	var sums []hw.ID
	for i := range digits.Codes {
		name := fmt.Sprintf("weight%d_", i)
		pp := b.Pipe(name+"pp_q", e.Partial(b, t.partialBits(), digits, i, y))
		sum := t.add(b, MAC{}, name, axes, []hw.ID{pp}, width, true)[0]
		if w := b.Width(sum); w > t.SumBits {
			sum = b.Slice(sum, 0, t.SumBits)
		} else {
			sum = b.Sext(t.SumBits, sum)
		}
		sums = append(sums, b.ShlConst(sum, e.Encoding.Shift()*i))
	}
	s, c := b.Compress(sums...)
	return b.Pipe("sum_q", b.Add(s, c))
}
