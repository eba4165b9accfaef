package pe

import (
	"fmt"

	"tpe/hw"
)

// DigitQueue gives the non-zero digits of one weight of a group of operands, lowest
// operand first, one a cycle. A group without any still takes a cycle, which gives no
// digit.
//
//	word_i[pos] --> [code of weight_i] --> not zero --+--> [lowest pending] --> pos_o, sel_o, valid_o
//	                                                  |            ^
//	                                      done_q -----+            +--> last_o: at most one is pending
//
// take_i: the digit is taken; next_i: another group stands at word_i in the next cycle.
// word_i are encoded operands ([Encoder.Word]) or, with raw, the operands as they are, which
// this module then encodes.
//
// Source: the sparse encoder of OPT3 and OPT4C, "Exploring the Performance Improvement of
// Tensor Processing Engines through Transformation in the Bit-weight Dimension of MACs",
// HPCA 2025, arXiv 2503.06342.
func DigitQueue(name string, e Encoder, group int, raw bool) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Queue of the non-zero digits of one weight of %d operands (%s).", group, e.Encoding))
	pos := b.Axis("pos", group)
	width := e.Bits()
	if raw {
		width = e.Format.Bits
	}
	word, weight := b.In("word_i", width, pos), b.In("weight_i", hw.Bits(e.Digits()-1))
	take, next := b.In("take_i", 1), b.In("next_i", 1)
	if raw {
		word = b.Named("encoded", e.Word(b, e.Encode(b, word)))
	}
	d := e.digitOf(b, word, weight)
	done := b.Reg("done_q", group, 0)
	pending := b.Named("pending", b.And(b.Pack(pos, b.Named("nonzero", d.NonZero)), b.Not(done)))
	lowest := b.Named("lowest", b.And(pending, b.Neg(pending)))
	zero := b.Const(group, 0)
	b.Next(done, b.Mux(next, zero, b.Mux(take, b.Or(done, lowest), done)))
	at := b.Named("at", b.Ffs(pending))
	b.Out("last_o", b.Named("last", b.Eq(pending, lowest)))
	b.Out("valid_o", b.Named("some", b.Ne(pending, zero)))
	b.Out("sel_o", b.Named("sel", b.Select(pos, d.Sel, at)))
	b.Out("pos_o", b.Slice(at, 0, positionBits(group)))
	return b.Build()
}

// positionBits is the width of a position in a group.
func positionBits(group int) int { return hw.Bits(group - 1) }

// digitOf is the digit of a weight that is known only in hardware.
func (e Encoder) digitOf(b *hw.Builder, word, weight hw.ID) Digit {
	n, cw := e.Digits(), e.CodeBits()
	shift := b.Zext(hw.Bits(n*cw), weight)
	amount := shift
	for range cw - 1 {
		amount = b.Add(amount, shift)
	}
	code := b.Named("code", b.Slice(b.Lshr(word, amount), 0, cw))
	sign := hw.None
	if e.HasSign() {
		sign = b.Bit(word, n*cw)
	}
	return e.Digit(b, code, sign, b.Eq(weight, b.Const(b.Width(weight), uint64(n-1))))
}

// OperandEncoder is the encoder in front of a store: word_o is the encoded operand, or with
// raw the operand itself, one edge after x_i. With weights it also says which digits are
// not zero.
func OperandEncoder(name string, e Encoder, raw, weights bool) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Encoder of operands, %s into %s.", e.Format, e.Encoding))
	x := b.In("x_i", e.Format.Bits)
	word := b.Named("word", e.Word(b, e.Encode(b, x)))
	if weights {
		plane := b.Axis("plane", e.Digits())
		d := e.digitOf(b, word, b.Coord(plane, hw.Bits(e.Digits()-1)))
		b.Out("nonzero_o", b.Pipe("nonzero_q", d.NonZero))
	}
	if raw {
		word = x
	}
	b.Out("word_o", b.Pipe("word_q", word))
	return b.Build()
}
