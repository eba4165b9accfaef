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
// With the weights one after the other ("temporal") there is one narrow accumulator, a pass over
// K for each weight, and the shift stands behind the array ([WeightPass]).
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
		sum := t.add(b, MAC{Spec: t.Spec}, name, axes, []hw.ID{pp}, width, true)[0]
		sums = append(sums, b.ShlConst(Fit(b, t.SumBits, sum), e.Encoding.Shift()*i))
	}
	s, c := b.Compress(sums...)
	return b.Pipe("sum_q", t.plus(b, s, c))
}

// PassBits is the width that holds the sum of k partial products.
func (s Spec) PassBits(k int) int {
	w := s.partialBits()
	for n := 1; n < k; n *= 2 {
		w++
	}
	return w
}

// WeightPass is the cell of a broadcast array that works on the digits of one weight at a
// time, several lanes of K a cycle. The partial products of the lanes and the pair are
// compressed together, without a shift; the finished pair of a pass leaves by the chain of
// [Broadcast].
//
//	t_i[lane] (of its row)     y_i[lane] (of its column)
//	        |                      |
//	        +-> [ select ] <-------+      0, +-y, +-2y
//	                | lanes words
//	   pair ---> [ (lanes + 2):2 compressor ] ---> sum, carry
//
// t_i are Booth triples of digits (see [Digit.Triple]); 0 in a bubble. The order of the tree
// is sum, carry, partial products by lane. bits is the width of the pair.
func WeightPass(name string, s Spec, lanes, bits int) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Processing element of one weight at a time: %d digits x %s a cycle into a pair of %d bits.", lanes, s.B, bits))
	lane := b.Axis("lane", lanes)
	t, y := b.In("t_i", 3, lane), b.In("y_i", s.B.Bits, lane)
	first, capture := b.In("first_i", 1), b.In("capture_i", 1)
	pp := b.Named("pp", b.Sext(bits, b.Booth4(s.partialBits(), s.signedY(b, y), t)))
	upChain(b, pair, accumulate(b, pair, bits, first, func(sum []hw.ID) []hw.ID {
		for l := range lanes {
			sum = append(sum, b.Index(lane, l, pp))
		}
		x, c := b.Compress(sum...)
		return []hw.ID{x, c}
	}), capture)
	return b.Build()
}
