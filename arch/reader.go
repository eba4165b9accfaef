package arch

import "tpe/hw"

// reader reads an array of captured words, a part of a row a beat: row 0 first, and of
// a row the columns in order.
type reader struct {
	b        *hw.Builder
	valid    hw.ID // a beat is read
	beat     hw.ID // its number
	rowAt    hw.ID
	setAt    hw.ID
	rows     int // axes
	cols     int
	set, out int   // axes of the parts of a row; set is -1 if a beat is a whole row
	axes     []int // of a beat
}

// reader makes the counters: the words are captured at an edge before which capture is 1,
// and read in the cycles after it, rows x cdiv(cols, width) of them. Captures must be that far
// apart.
func (p *parts) reader(rows, cols, width, row, col int, capture hw.ID) *reader {
	b := p.b
	sets := cdiv(cols, width)
	r := &reader{b: b, rows: row, cols: col, set: -1, axes: []int{col}}
	active := b.Reg("read_q", 1, 0)
	loops, done := nest(b, []string{"read_set", "read_row"}, active,
		[]hw.ID{b.Const(hw.Bits(sets-1), uint64(sets-1)), b.Const(hw.Bits(rows-1), uint64(rows-1))})
	b.Next(active, b.Or(capture, b.And(active, b.Not(done))))
	b.Assert("captures_are_read_first", b.Not(b.All(capture, active, b.Not(done))))
	r.valid, r.setAt, r.rowAt = active, loops[0].Count, loops[1].Count
	if sets > 1 {
		r.set, r.out = b.Axis("set", sets), b.Axis("out", width)
		r.axes = []int{r.out}
	}
	w := hw.Bits(rows * sets)
	n := b.Reg("read_beat_q", w, 0)
	b.Next(n, b.Mux(b.And(active, b.Not(done)), b.Add(n, b.Const(w, 1)), b.Const(w, 0)))
	r.beat = n
	return r
}

// col is the beat's part of a word for each column.
func (r *reader) col(x hw.ID) hw.ID {
	if r.set < 0 {
		return x
	}
	x = r.b.Split(r.cols, r.set, r.out, x, r.b.Const(r.b.Width(x), 0))
	return r.b.Select(r.set, x, r.setAt)
}

// row is the beat's word of one for each row.
func (r *reader) row(x hw.ID) hw.ID { return r.b.Select(r.rows, x, r.rowAt) }

// word is the beat's part of a word for each row and column.
func (r *reader) word(x hw.ID) hw.ID { return r.col(r.row(x)) }
