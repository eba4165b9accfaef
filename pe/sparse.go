package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Sparse are the parameters of a PE that adds digit times operand, the digits given one a
// cycle without the zeros.
type Sparse struct {
	Encoder
	B        numeric.Int
	Group    int // operands of A, and of B, in a group
	PairBits int // width of the (sum, carry) pair
	Lanes    int // digits a cycle, each with an operand of its own
}

// ProductBits is the width of digit times operand: for int8 and radix 4 it is 10,
// because +256 = -2 * -128 is among them.
func (s Sparse) ProductBits() int {
	n := s.B.Bits + s.Encoding.Shift()
	if !s.B.Signed {
		n++
	}
	return n
}

// OPT4C is the PE of a column that shares its encoder and digit queue: an operand of B, the
// choice of its multiple, and a (sum, carry) pair.
//
//	b_i, valid_i --> b_q ---> [-2b, b, 2b, -b] --> pp --+--> [3:2] --> carry_q, sum_q
//	sel_i ---------> sel_q ---------^                   |      ^
//	first_i --------------------> carry, sum or 0, 0 ---+------+
//
// The pair takes carry, sum, product in that order and is exact modulo 2^PairBits; the shift
// to the digit's weight is left to the edge. first_i starts a new pair. It comes with
// b_q, one edge after b_i; an operand without digit (valid_i = 0) enters as zero.
//
// With several lanes this is OPT4E: all digits have the same weight, and one compressor
// takes sum, carry and the products in the order of the lanes.
//
// Source: as for [DigitQueue].
func OPT4C(name string, s Sparse) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Digit-serial processing element, %d digit(s) of %s times %s a cycle into pairs of %d bits.", s.Lanes, s.Encoding, s.B, s.PairBits))
	lane := laneAxis(b, s.Lanes)
	y, sel, valid := b.In("b_i", s.B.Bits, lane...), b.In("sel_i", 2, lane...), b.In("valid_i", 1, lane...)
	s.accumulate(b, y, sel, valid, b.In("first_i", 1))
	return b.Build()
}

// OPT3 is the PE with an encoder and a digit queue of its own. Operands of A stand at its input by
// groups, as they are, and are encoded again for every weight.
//
//	word_i[pos] --> [DigitQueue] --> digit --> code --> [as OPT4C] --> carry_q, sum_q
//	                      |                      |
//	                    last_o     b_i[pos] --> choose
//
// b_i is the group of B, with position 0 in the low bits, at the edge after the digit was
// taken. The PEs of a column do the same at the same time, so that any last_o speaks for all.
//
// Source: as for [DigitQueue].
func OPT3(name string, s Sparse) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Digit-serial processing element with its own queue, digits of %s times %s into pairs of %d bits.", s.Encoding, s.B, s.PairBits))
	pos := b.Axis("pos", s.Group)
	queue, err := DigitQueue("digit_queue", s.Encoder, s.Group, true)
	if err != nil {
		return nil, err
	}
	take := b.In("take_i", 1)
	q := b.Inst("queue", queue, hw.Ports{
		"word_i": b.In("word_i", s.Format.Bits, pos), "weight_i": b.In("weight_i", hw.Bits(s.Digits()-1)),
		"take_i": take, "next_i": b.In("next_i", 1)})
	pipe2 := func(name string, x hw.ID) hw.ID { return b.Pipe(name+"_code_q", b.Pipe(name+"_digit_q", x)) }
	valid, sel, at := pipe2("valid", b.And(take, q["valid_o"])), pipe2("sel", q["sel_o"]), pipe2("pos", q["pos_o"])
	y := s.Choose(b, b.In("b_i", s.Group*s.B.Bits), at)
	s.accumulate(b, y, sel, valid, b.In("first_i", 1))
	b.Out("last_o", q["last_o"])
	return b.Build()
}

// Choose is the operand at a position of a group, position 0 in the low bits.
func (s Sparse) Choose(b *hw.Builder, group, pos hw.ID) hw.ID {
	if s.Group == 1 {
		return group
	}
	n := s.B.Bits
	amount := b.MulU(b.Width(pos)+hw.Bits(n), pos, b.Const(hw.Bits(n), uint64(n)))
	if n&(n-1) == 0 {
		amount = b.Cat(pos, b.Const(hw.Bits(n)-1, 0))
	}
	return b.Slice(b.Lshr(group, amount), 0, n)
}

// laneAxis declares the axis of the lanes of a PE, if it has several.
func laneAxis(b *hw.Builder, lanes int) []int {
	if lanes == 1 {
		return nil
	}
	return []int{b.Axis("lane", lanes)}
}

// accumulate makes the operand registers, the products and the pair with its outputs.
func (s Sparse) accumulate(b *hw.Builder, y, sel, valid, first hw.ID) {
	yq := b.Pipe("b_q", b.Mux(valid, y, b.Const(s.B.Bits, 0)))
	selQ := b.Pipe("sel_q", sel)
	if !s.B.Signed {
		yq = b.Zext(s.B.Bits+1, yq)
	}
	w := s.PairBits
	pp := b.Named("pp", Digit{Sel: selQ}.multiple(b, s.ProductBits(), yq))
	pp = b.Named("addend", b.Sext(w, pp))
	sum, carry := b.Reg("sum_q", w, 0), b.Reg("carry_q", w, 0)
	gate := func(name string, x hw.ID) hw.ID { return b.Named(name, b.Mux(first, b.Const(w, 0), x)) }
	words := []hw.ID{gate("old_carry", carry), gate("old_sum", sum), pp}
	if s.Lanes > 1 {
		words = []hw.ID{words[1], words[0]}
		for l := range s.Lanes {
			words = append(words, b.Named(fmt.Sprintf("addend%d", l), b.Index(0, l, pp)))
		}
	}
	newSum, newCarry := b.Compress(words...)
	b.Next(sum, b.Named("new_sum", newSum))
	b.Next(carry, b.Named("new_carry", newCarry))
	b.Out("sum_o", sum)
	b.Out("carry_o", carry)
}
