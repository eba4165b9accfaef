package cost

import (
	"fmt"

	"tpe/hw"
)

// Small memories are flip-flops. smallBits is the capacity from which on a memory is a
// macro: that of the smallest of the table.
const smallBits = 8192

// maxDepth bounds the words of a memory of flip-flops; a deeper one is a macro.
const maxDepth = 512

// registers returns the logic of a memory of flip-flops: what decodes the write address,
// once a memory, and one bit of every word with its read multiplexer, once a bit of a
// word.
func registers(depth int) (decode, bit *hw.Module, err error) {
	aw := hw.Bits(depth - 1)
	b := hw.New(fmt.Sprintf("regfile_decode_%d", depth), "Write decoder of a small memory.")
	wen, addr := b.In("wen_i", 1), b.In("waddr_i", aw)
	for i := range depth {
		b.Out(fmt.Sprintf("we%d_o", i), b.And(wen, b.Eq(addr, b.Const(aw, uint64(i)))))
	}
	if decode, err = b.Build(); err != nil {
		return nil, nil, err
	}
	b = hw.New(fmt.Sprintf("regfile_bit_%d", depth), "One bit of every word of a small memory, and its read multiplexer.")
	d, raddr := b.In("wdata_i", 1), b.In("raddr_i", aw)
	words := make([]hw.ID, depth)
	for i := range words {
		words[i] = b.Reg(fmt.Sprintf("word%d_q", i), 1, 0)
		b.NextIf(words[i], b.In(fmt.Sprintf("we%d_i", i), 1), d)
	}
	for level := 0; len(words) > 1; level++ {
		s := b.Bit(raddr, level)
		var half []hw.ID
		for i := 0; i < len(words); i += 2 {
			if i+1 == len(words) {
				half = append(half, words[i])
			} else {
				half = append(half, b.Mux(s, words[i+1], words[i]))
			}
		}
		words = half
	}
	b.Out("q_o", b.Pipe("q", words[0]))
	bit, err = b.Build()
	return decode, bit, err
}

// forward returns the logic with which a memory passes on the word that is written at the
// edge at which its address is read: the comparison once a memory, and a bit.
func forward(aw int) (hit, bit *hw.Module, err error) {
	b := hw.New("forward_hit", "Tells that a memory is read where it is written.")
	b.Out("hit_o", b.Pipe("hit", b.And(b.In("wen_i", 1), b.Eq(b.In("waddr_i", aw), b.In("raddr_i", aw)))))
	if hit, err = b.Build(); err != nil {
		return nil, nil, err
	}
	b = hw.New("forward_bit", "Passes on one bit of the word that is written.")
	b.Out("data_o", b.Mux(b.In("hit_i", 1), b.Pipe("data", b.In("wdata_i", 1)), b.In("q_i", 1)))
	bit, err = b.Build()
	return hit, bit, err
}
