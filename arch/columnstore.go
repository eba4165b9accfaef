package arch

import (
	"tpe/hw"
)

// This file holds the operand stores of a column array. Operands arrive one a cycle (for each
// lane); groups are read.

// halvesDepth is the depth of a store of two halves of a chunk, by groups: the half is the
// upper bit of the address.
func (c *Config) halvesDepth() int { return 1<<hw.Bits(c.chunkGroups()-1) + c.chunkGroups() }

// codeStore holds the encoded operands of A of one column: 2 halves of a chunk, one memory
// for each position in a group. After the last operand of a chunk the rest of its group is
// written with zeros.
func codeStore(c *Config, width int) (*hw.Module, error) {
	b := hw.New("code_store", "Encoded operands of A of a column, by groups.")
	pos := b.Axis("pos", c.DigitGroup)
	gw := hw.Bits(c.chunkGroups() - 1)
	here := b.Coord(pos, hw.Bits(c.DigitGroup-1))
	write, last := b.In("write_i", 1), b.In("write_last_i", 1)
	at, p, data := b.In("write_at_i", 1+gw), b.In("write_pos_i", hw.Bits(c.DigitGroup-1)), b.In("data_i", width)
	mine := b.Named("mine", b.Eq(here, p))
	rest := b.And(last, b.ULt(p, here))
	q := b.Mem("codes", width, c.halvesDepth(), false, pos)
	b.SetMem(q, hw.MemPorts{
		WEn: b.And(write, b.Or(mine, rest)), WAddr: at, WData: b.Mux(mine, data, b.Const(width, 0)), RAddr: b.In("read_at_i", 1+gw)})
	b.Out("word_o", q)
	return b.Build()
}

// groupB gathers the operands of B of a group, one a cycle, into one word for each row:
// position 0 in the low bits. What a short last group lacks is left over from the one
// before, and never used, because its digits are zero.
func groupB(c *Config) (*hw.Module, error) {
	b := hw.New("group_b", "Gathers operands of B into groups.")
	row, pos := b.Axis("row", c.Rows), b.Axis("pos", c.DigitGroup)
	data, p := b.In("data_i", c.B.Bits, row), b.In("pos_i", hw.Bits(c.DigitGroup-1))
	held := b.Reg("held_q", c.B.Bits, 0, row, pos)
	b.NextIf(held, b.And(b.In("valid_i", 1), b.Eq(b.Coord(pos, b.Width(p)), p)), data)
	var list []hw.ID
	for i := range c.DigitGroup {
		list = append(list, b.Index(pos, c.DigitGroup-1-i, held))
	}
	b.Out("word_o", b.Cat(list...))
	return b.Build()
}

// edgeB is the one store of B of an array with windows: two halves of a chunk, by groups. A
// word that is read leaves with its mark one edge later.
func edgeB(c *Config) (*hw.Module, error) {
	b := hw.New("edge_b", "Store of B at the edge: two halves of a chunk, by groups.")
	row := b.Axis("row", c.Rows)
	aw, w := 1+hw.Bits(c.chunkGroups()-1), c.DigitGroup*c.B.Bits
	q := b.Mem("words", w, c.halvesDepth(), false, row)
	b.SetMem(q, hw.MemPorts{WEn: b.In("write_i", 1), WAddr: b.In("write_at_i", aw), WData: b.In("word_i", w, row), RAddr: b.In("read_at_i", aw)})
	b.Out("word_o", q)
	return b.Build()
}

// columnB is the store of B of one column: groups of operands for each row, and the choice
// of the operand to which a digit belongs. at_i comes at edge i of the digit and pos_i one
// edge later, with the word.
func columnB(c *Config, places int) (*hw.Module, error) {
	b := hw.New("column_b", "Groups of B that a column has at hand.")
	row := b.Axis("row", c.Rows)
	aw, w := hw.Bits(places-1), c.DigitGroup*c.B.Bits
	q := b.Mem("words", w, places, false, row)
	b.SetMem(q, hw.MemPorts{WEn: b.In("write_i", 1), WAddr: b.In("write_at_i", aw), WData: b.In("word_i", w, row), RAddr: b.In("at_i", aw)})
	if c.PE == peOPT3 {
		b.Out("data_o", q) // the PE chooses
	} else {
		b.Out("data_o", c.sparse().Choose(b, q, b.In("pos_i", hw.Bits(c.DigitGroup-1))))
	}
	return b.Build()
}
