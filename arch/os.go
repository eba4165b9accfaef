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
// to the one that delivers its last row.
func osLatency(rows, cols int) int { return 2*rows + cols }

// drainPeriod is the least distance in edges between the last beats of two
// tiles at which their results do not meet in the drain chain.
func drainPeriod(drain string, rows int) int {
	if drain == pe.DrainUp {
		return 2*rows - 1
	}
	return rows
}

// osDepth is the number of rows that the result store needs so that credits
// never delay a beat while results are taken at once: the rows of a tile, and
// those that earlier tiles at the closest spacing still owe when its last beat comes.
func osDepth(rows, cols int, drain, overlap string) int {
	if overlap == OverlapNone {
		return rows
	}
	gap := 1 // edges between rows of a tile
	if drain == pe.DrainUp {
		gap = 2
	}
	latency, period, depth := osLatency(rows, cols), drainPeriod(drain, rows), rows
	for age := period; age <= latency; age += period {
		for i := range rows { // the row i before the last is delivered at latency - gap*i
			if latency-gap*i >= age {
				depth++
			}
		}
	}
	return depth
}

// osSeq is the control of the output-stationary array: beats of a tile, tiles of
// a job, drain spacing and credits.
func osSeq(c *Config, depth int) (*hw.Module, error) {
	rows := c.Rows
	b := hw.New("os_seq", "Sequencer of the output-stationary array: beats, tiles, drain spacing and credits.")
	cfgValid := b.In("cfg_valid_i", 1)
	k, mt, nt := b.In("cfg_k_i", countBits), b.In("cfg_mt_i", countBits), b.In("cfg_nt_i", countBits)
	mv := b.In("cfg_mv_i", hw.Bits(rows))
	avail, pop := b.In("avail_i", 1), b.In("pop_i", 1)

	busy, issue := b.Reg("busy_q", 1, 0), b.Reg("issue_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	kMax, mMax, nMax := lessOne(b, "k_max_q", load, k), lessOne(b, "m_max_q", load, mt), lessOne(b, "n_max_q", load, nt)
	edge := b.Reg("edge_rows_q", hw.Bits(rows), 0)
	b.NextIf(edge, load, mv)

	fire := b.Wire("fire", 1)
	loops, jobEnd := nest(b, []string{"k", "m", "n"}, fire, []hw.ID{kMax, mMax, nMax})
	first := b.Named("first", b.Eq(loops[0].Count, b.Const(countBits, 0)))
	last, partial := loops[0].Last, loops[1].Last
	end := b.Named("end", b.And(fire, last))
	count := b.Named("rows", b.Mux(partial, edge, b.Const(hw.Bits(rows), uint64(rows))))
	free := credits(b, depth, end, count, pop)
	cw := b.Width(free)
	empty := b.Named("empty", b.Eq(free, b.Const(cw, uint64(depth))))

	// A job ends when its rows have left and no mark of a tile's end is under way,
	// neither in the drain spacing nor beside rows past the edge of C.
	spaced := countdown(b, "gap_q", drainPeriod(c.Drain, rows)-1, end)
	quiet := b.And(empty, spaced)
	var may hw.ID
	if c.Overlap == OverlapNone {
		// The next tile starts after the last row of this one has been taken.
		may = b.Or(b.Not(first), empty)
	} else {
		room := b.ULe(b.Const(cw, uint64(rows)), free)
		may = b.Or(b.Not(last), b.And(room, spaced))
	}
	b.Drive(fire, b.All(avail, issue, b.Named("may", may)))
	b.Next(issue, b.Mux(load, b.Const(1, 1), b.And(issue, b.Not(b.And(fire, jobEnd)))))
	b.Next(busy, b.Mux(load, b.Const(1, 1), b.And(busy, b.Not(b.And(b.Not(issue), quiet)))))

	b.Out("cfg_ready_o", ready)
	b.Out("busy_o", busy)
	b.Out("issue_o", issue)
	b.Out("fire_o", fire)
	b.Out("first_o", b.Named("first_fire", b.And(fire, first)))
	b.Out("last_o", end)
	b.Out("partial_o", partial)
	b.Out("edge_rows_o", edge)
	return b.Build()
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

// buildOS builds the output-stationary array.
func buildOS(c *Config) (*hw.Module, error) {
	rows, cols, acc := c.Rows, c.Cols, c.accBits()
	spec, arith := c.moves(), c.arith(c.moves())
	depth := osDepth(rows, cols, c.Drain, c.Overlap)
	b := c.top()
	row, col := b.Axis("row", rows), b.Axis("col", cols)
	p := parts{b: b}

	cfg := hw.Ports{}
	for _, n := range []string{"k", "mt", "nt"} {
		cfg["cfg_"+n+"_i"] = b.In("cfg_"+n+"_i", countBits)
	}
	cfg["cfg_mv_i"] = b.In("cfg_mv_i", hw.Bits(rows))
	cfg["cfg_valid_i"] = b.In("cfg_valid_i", 1)
	issue, fire, pop := b.Wire("issue", 1), b.Wire("fire", 1), b.Wire("pop", 1)
	aOut := p.inst("skid_a", p.module(skid("skid_a", "row", rows, spec.A.Bits)), hw.Ports{
		"s_valid_i": b.In("a_valid_i", 1), "s_data_i": b.In("a_data_i", spec.A.Bits, row), "en_i": issue, "take_i": fire})
	bOut := p.inst("skid_b", p.module(skid("skid_b", "col", cols, spec.B.Bits)), hw.Ports{
		"s_valid_i": b.In("b_valid_i", 1), "s_data_i": b.In("b_data_i", spec.B.Bits, col), "en_i": issue, "take_i": fire})
	cfg["avail_i"], cfg["pop_i"] = b.Named("avail", b.And(aOut["valid_o"], bOut["valid_o"])), pop
	seq := p.inst("seq", p.module(osSeq(c, depth)), cfg)
	b.Drive(issue, seq["issue_o"])
	b.Drive(fire, seq["fire_o"])

	// A cycle without a beat is a beat of zeros.
	gate := func(name string, x hw.ID) hw.ID {
		return b.Pipe(name, b.Mux(fire, x, b.Const(b.Width(x), 0)))
	}
	west := b.Named("west", b.Skew(gate("a_q", aOut["data_o"]), 0, row, 1))
	north := b.Named("north", b.Skew(gate("b_q", bOut["data_o"]), 0, col, 1))
	firstRow := tap(b, "first_row", row, b.Pipe("first_q", seq["first_o"]))
	lastRow := tap(b, "last_row", row, b.Pipe("last_q", seq["last_o"]))
	partialRow := tap(b, "partial_row", row, b.Pipe("partial_q", seq["partial_o"]))

	cell, err := pe.OutputStationary("pe_os_"+c.PE, spec, arith, acc, c.Drain)
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
	for _, n := range sumNames(arith) {
		grid.link("d_"+n, row, dir, b.Const(acc, 0))
	}
	out := grid.place()
	for _, n := range sumNames(arith) {
		foot = append(foot, b.Named("foot_"+n, b.Index(row, exit, out["d_"+n+"_o"])))
	}

	valid := p.inst("row_valid", p.module(rowValid(c)), hw.Ports{
		"last_i": lastRow, "partial_i": partialRow, "edge_rows_i": seq["edge_rows_o"]})["valid_o"]
	p.tail(c, tailIn{
		valid: b.Named("row_valid", b.Delay(valid, cols-1)),
		data:  b.Named("row_data", b.Skew(arith.Resolve(b, foot), cols-1, col, -1)),
		axis:  "col", lanes: cols, col: col, arith: arith, depth: depth, busy: seq["busy_o"], pop: pop,
	})
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("a_ready_o", aOut["s_ready_o"])
	b.Out("b_ready_o", bOut["s_ready_o"])
	b.Out("busy_o", seq["busy_o"])
	return p.build()
}

func sumNames(a pe.Arith) []string {
	if a.Words() == 1 {
		return []string{"sum"}
	}
	return []string{"sum", "carry"}
}
