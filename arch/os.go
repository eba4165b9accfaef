package arch

import (
	"tpe/hw"
	"tpe/pe"
)

// Output-stationary systolic array.
//
//	a_* -> [skid] -> a_q[row] -> skew by row --> pe(row,0) -> pe(row,1) -> ...
//	b_* -> [skid] -> b_q[col] -> skew by col --> pe(0,col)
//	cfg -> [seq]  -> first, last, partial, one row later each row
//	       pe drain chains -> resolve -> deskew by col -> [store] -> (+ C) -> y_*
//
// Beat b of a tile carries A[m0..][b] and B[b][n0..]; tiles go m innermost, then
// n. Rows of a tile leave one a cycle (down2: last row first) or every other
// cycle (up: first row first). Rows and columns past the edge of C enter as zeros;
// such rows do not leave.

// osLatency is the number of edges from the one that takes a tile's last beat
// to the one that delivers its last row, with so many stages of encoders at the edge.
func osLatency(rows, cols, stages int) int { return 2*rows + cols + stages }

// drainPeriod is the least distance in edges between the last beats of two
// tiles at which their results do not meet in the drain chain.
func drainPeriod(drain string, rows int) int {
	if drain == pe.DrainUp {
		return 2*rows - 1
	}
	return rows
}

// osDepth is the number of rows that the result store needs so that credits
// never delay a beat while results are taken at once.
func osDepth(rows, cols, stages int, drain, overlap string) int {
	if overlap == OverlapNone {
		return rows
	}
	gap := 1 // edges between rows of a tile
	if drain == pe.DrainUp {
		gap = 2
	}
	return storeDepth(rows, gap, osLatency(rows, cols, stages), drainPeriod(drain, rows))
}

// rowValid follows the rows of finished tiles through the drain chain, beside
// the array, and says when a row that belongs to C leaves. last_i and partial_i come
// with the beats of the first row.
func rowValid(c *Config) (*hw.Module, error) {
	rows := c.Rows
	b := hw.New("os_row_valid", "Marks the rows of C as they travel down the drain chain.")
	row := b.Axis("row", rows)
	last, partial := b.In("last_i", 1, row), b.In("partial_i", 1, row)
	edge := b.In("edge_rows_i", hw.Bits(rows))
	lastQ := b.Pipe("last_q", last)
	inside := b.Or(b.Not(partial), b.ULt(b.Coord(row, hw.Bits(rows)), edge))
	emit := b.Pipe("emit_q", b.Named("emit", b.And(last, inside)))
	from := b.Wire("from", 1, row)
	chain := b.Pipe("chain_q", b.Named("chain_d", b.Or(emit, from)))
	zero := b.Const(1, 0)
	out := rows - 1
	if c.Drain == pe.DrainUp {
		b.Drive(from, b.Shift(row, -1, chain, zero))
		out = 0
	} else {
		b.Drive(from, b.Pipe("between_q", b.Shift(row, +1, chain, zero)))
	}
	b.Out("valid_o", b.Index(row, out, chain))
	b.Assert("results_do_not_meet", b.Not(b.And(lastQ, from)))
	return b.Build()
}

// osTiles is the control of the array.
func (c *Config) osTiles() tiles {
	return tiles{
		name: "os_seq", array: "output-stationary array", rows: c.Rows,
		depth: osDepth(c.Rows, c.Cols, c.encodeStages(), c.Drain, c.Overlap), apart: c.Overlap == OverlapNone,
		spaced: func(b *hw.Builder, end, _ hw.ID) hw.ID {
			return countdown(b, "gap_q", drainPeriod(c.Drain, c.Rows)-1, end)
		},
	}
}

// buildOS builds the output-stationary array.
func buildOS(c *Config) (*hw.Module, error) {
	rows, cols, acc := c.Rows, c.Cols, c.accBits()
	arith := c.arith()
	b := c.top()
	row, col := b.Axis("row", rows), b.Axis("col", cols)
	p := parts{b: b}
	t := c.osTiles()
	in := p.tileFront(c, t, []int{row}, []int{col})

	west := b.Named("west", b.Skew(in.a, 0, row, 1))
	north := b.Named("north", b.Skew(in.b, 0, col, 1))
	firstRow := tap(b, "first_row", row, in.first)
	lastRow := tap(b, "last_row", row, in.last)
	partialRow := tap(b, "partial_row", row, in.partial)

	cell, err := pe.OutputStationary("pe_os_"+c.peName(), arith, acc, c.Drain)
	grid := p.grid("pe", p.module(cell, err), row, col)
	grid.link("x", col, +1, west)
	grid.link("first", col, +1, firstRow)
	grid.link("last", col, +1, lastRow)
	grid.link("y", row, +1, north)
	dir, exit := +1, rows-1
	if c.Drain == pe.DrainUp {
		dir, exit = -1, 0
	}
	var foot []hw.ID
	for _, n := range arith.Words() {
		grid.link("d_"+n, row, dir, b.Const(acc, 0))
	}
	out := grid.place()
	for _, n := range arith.Words() {
		foot = append(foot, b.Named("foot_"+n, b.Index(row, exit, out["d_"+n+"_o"])))
	}

	valid := p.inst("row_valid", p.module(rowValid(c)), hw.Ports{
		"last_i": lastRow, "partial_i": partialRow, "edge_rows_i": in.edge})["valid_o"]
	p.tail(c, tailIn{
		valid: b.Named("row_valid", b.Delay(valid, cols-1)),
		data:  b.Named("row_data", b.Skew(arith.Resolve(b, foot), cols-1, col, -1)),
		arith: arith, depth: t.depth, busy: in.busy, pop: in.pop,
	})
	return p.build()
}
