package arch

import "tpe/hw"

// reader reads an array of captured words, a part of a row a beat: row 0 first, and of
// a row the parts in order.
type reader struct {
	b                *hw.Builder
	valid            hw.ID // a beat is read
	beat             hw.ID // its number
	rowAt, rowLast   hw.ID
	partAt, partLast hw.ID
}

// reader makes the counters: the words are captured at an edge before which capture is 1,
// and read in the cycles after it, rows x parts of them. Captures must be that far
// apart.
func (p *parts) reader(rows, parts int, capture hw.ID) *reader {
	b := p.b
	r := &reader{b: b}
	active := b.Reg("read_q", 1, 0)
	loops, done := nest(b, []string{"read_part", "read_row"}, active,
		[]hw.ID{b.Const(hw.Bits(parts-1), uint64(parts-1)), b.Const(hw.Bits(rows-1), uint64(rows-1))})
	b.Next(active, b.Or(capture, b.And(active, b.Not(done))))
	b.Assert("captures_are_read_first", b.Not(b.All(capture, active, b.Not(done))))
	r.valid = active
	r.partAt, r.partLast, r.rowAt, r.rowLast = loops[0].Count, loops[0].Last, loops[1].Count, loops[1].Last
	w := hw.Bits(rows * parts)
	r.beat = b.Reg("read_beat_q", w, 0)
	b.Next(r.beat, b.Mux(b.And(active, b.Not(done)), b.Add(r.beat, b.Const(w, 1)), b.Const(w, 0)))
	return r
}

// rowParts cuts a row of columns into parts of adjacent columns, of which one is read a beat.
type rowParts struct {
	r              *reader
	col, part, out int   // axes; part is -1 if a beat is a whole row
	axes           []int // of a beat
}

// rowParts are parts of width columns.
func (r *reader) rowParts(col, cols, width int) rowParts {
	if width == cols {
		return rowParts{r, col, -1, col, []int{col}}
	}
	out := r.b.Axis("out", width)
	return rowParts{r, col, r.b.Axis("part", cdiv(cols, width)), out, []int{out}}
}

// of is the beat's part of a word for each column.
func (p rowParts) of(x hw.ID) hw.ID {
	if p.part < 0 {
		return x
	}
	b := p.r.b
	return b.Select(p.part, b.Split(p.col, p.part, p.out, x, b.Const(b.Width(x), 0)), p.r.partAt)
}
