package arch

import (
	"tpe/hw"
	"tpe/pe"
)

// Weight-stationary systolic array. Input-stationary is the same array with A
// and B exchanged: it computes the transpose.
//
//	w_* -> w_q[col] ------------------> pe(0,col): weights shift down, two halves
//	a_* -> a_q[row] -> skew by row ---> pe(row,0) -> pe(row,1) -> ...
//	cfg -> [seq] -> wsel with row 0, one row later each row; load, lsel to all
//	       sums leave pe(last,col) -> resolve -> deskew by col -> [acc memory] -> [store] -> (+ C) -> y_*
//
// A job of the sequencer is one block of acc_rows rows of A by one chunk of rows(K)
// by one tile of cols(N): its weights are loaded in rows beats, last row of the
// chunk first, then its rows of A stream through. Jobs go chunk innermost, then
// block, then n. Sums of all but the last chunk stay in the accumulator memory.

// stationary are the times of an array that keeps weights, in edges.
type stationary struct {
	// travel is from the one that takes a row of A to the one before which its sums stand
	// in front of the accumulator, less 2: an edge for the input register and the
	// edge one before, at which the accumulator reads.
	travel int
	// hold is from the one that takes the last row of a job until the last use of its
	// weights, after which that half may be loaded.
	hold int
}

// latency is from the edge that takes a row of A to the one that delivers its result:
// the accumulator register and the delivery itself.
func (t stationary) latency() int { return t.travel + 3 }

// behind are the times of the array with so many registers more in front of it.
func (t stationary) behind(stages int) stationary {
	return stationary{t.travel + stages, t.hold + stages}
}

// wsTimes are those of the systolic array: a sum needs p edges for each row, an operand one for
// each column. Rows of A are skewed by p edges a row, and may come some edges ahead of the sum.
func (c *Config) wsTimes() stationary {
	p := c.peEdges()
	ahead, _ := c.arith().Pipeline()
	return stationary{travel: ahead + p*c.Rows + c.Cols - 2 + c.wsFoot(), hold: p*(c.Rows-1) + c.Cols}.behind(c.encodeStages())
}

// wsFoot is the number of registers at the foot of a column: those of integers have none.
func (c *Config) wsFoot() int {
	if c.floats() {
		return footStages(c.arith())
	}
	return 0
}

// peEdges is the number of edges from a sum that enters a PE to the one that leaves it.
func (c *Config) peEdges() int {
	_, inside := c.arith().Pipeline()
	return inside + 1
}

// wsSeq is the control of an array that keeps weights: a loader and a streamer
// that each run through all jobs, tied by the two weight halves.
func wsSeq(c *Config, t stationary, depth int) (*hw.Module, error) {
	rows := c.Rows
	b := hw.New("ws_seq", "Sequencer of the weight-stationary array: loader, streamer, weight halves and credits.")
	cfgValid := b.In("cfg_valid_i", 1)
	kt, mb, nt := b.In("cfg_kt_i", countBits), b.In("cfg_mb_i", countBits), b.In("cfg_nt_i", countBits)
	rw := hw.Bits(c.AccRows)
	full, edge := b.In("cfg_rows_i", rw), b.In("cfg_edge_i", rw)
	wValid, aValid, pop := b.In("w_valid_i", 1), b.In("a_valid_i", 1), b.In("pop_i", 1)

	busy, loading, streaming := b.Reg("busy_q", 1, 0), b.Reg("loading_q", 1, 0), b.Reg("streaming_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	kMax, mMax, nMax := lessOne(b, "k_max_q", load, kt), lessOne(b, "m_max_q", load, mb), lessOne(b, "n_max_q", load, nt)
	rMax, eMax := lessOne(b, "row_max_q", load, full), lessOne(b, "edge_max_q", load, edge)

	// Streamer.
	aFire := b.Wire("a_fire", 1)
	mLast := b.Wire("block_is_last", 1)
	rowMax := b.Named("row_limit", b.Mux(mLast, eMax, rMax))
	s, sAll := nest(b, []string{"row", "chunk", "block", "tile"}, aFire, []hw.ID{rowMax, kMax, mMax, nMax})
	b.Drive(mLast, s[2].Last)
	jobFirst := b.Named("job_first", b.Eq(s[0].Count, b.Const(rw, 0)))
	aEnd := b.Named("a_end", b.And(aFire, s[0].Last))
	ssel := b.Reg("ssel_q", 1, 0)
	b.NextIf(ssel, aEnd, b.Not(ssel))

	// Loader.
	wFire := b.Wire("w_fire", 1)
	beatMax := b.Const(hw.Bits(rows-1), uint64(rows-1))
	l, lAll := nest(b, []string{"beat", "load_chunk", "load_block", "load_tile"}, wFire, []hw.ID{beatMax, kMax, mMax, nMax})
	loadFirst := b.Named("load_first", b.Eq(l[0].Count, b.Const(b.Width(l[0].Count), 0)))
	wEnd := b.Named("w_end", b.And(wFire, l[0].Last))
	lsel := b.Reg("lsel_q", 1, 0)
	b.NextIf(lsel, wEnd, b.Not(lsel))

	// The halves: full from the last weight to the last row of A that uses them, and
	// then in use until that row has passed the far corner.
	var isFull, isFree [2]hw.ID
	for h := range 2 {
		mine := func(sel hw.ID) hw.ID {
			if h == 1 {
				return sel
			}
			return b.Not(sel)
		}
		name := []string{"half0", "half1"}[h]
		set, clear := b.And(wEnd, mine(lsel)), b.Named(name+"_done", b.And(aEnd, mine(ssel)))
		isFull[h] = b.Reg(name+"_full_q", 1, 0)
		b.Next(isFull[h], b.Or(set, b.And(isFull[h], b.Not(clear))))
		passed := countdown(b, name+"_wait_q", t.hold, clear)
		isFree[h] = b.And(passed, b.Not(isFull[h]))
	}
	free := credits(b, depth, b.Named("reserve", b.And(aFire, s[1].Last)), b.Const(1, 1), pop)
	cw := b.Width(free)
	empty := b.Named("empty", b.Eq(free, b.Const(cw, uint64(depth))))
	drained := b.Named("drained", b.And(countdown(b, "drain_q", t.latency(), aEnd), empty))
	idle := b.Named("no_weights", b.Not(b.Or(isFull[0], isFull[1])))

	mayLoad := b.Mux(lsel, isFree[1], isFree[0])
	mayStream := b.Mux(ssel, isFull[1], isFull[0])
	switch c.Overlap {
	case OverlapNone:
		mayLoad = b.All(mayLoad, idle, drained)
	case OverlapDrain:
		mayLoad = b.And(mayLoad, idle)
	case OverlapLoad:
		mayStream = b.And(mayStream, b.Or(b.Not(jobFirst), drained))
	}
	room := b.Or(b.Not(s[1].Last), b.Ne(free, b.Const(cw, 0)))
	wReady := b.Named("w_ready", b.And(loading, b.Or(b.Not(loadFirst), mayLoad)))
	aReady := b.Named("a_ready", b.All(streaming, mayStream, room))
	b.Drive(wFire, b.And(wValid, wReady))
	b.Drive(aFire, b.And(aValid, aReady))
	one := b.Const(1, 1)
	b.Next(loading, b.Mux(load, one, b.And(loading, b.Not(b.And(wFire, lAll)))))
	b.Next(streaming, b.Mux(load, one, b.And(streaming, b.Not(b.And(aFire, sAll)))))
	b.Next(busy, b.Mux(load, one, b.And(busy, b.Or(streaming, b.Not(empty)))))

	b.Out("cfg_ready_o", ready)
	b.Out("busy_o", busy)
	b.Out("w_ready_o", wReady)
	b.Out("a_ready_o", aReady)
	b.Out("w_fire_o", wFire)
	b.Out("lsel_o", lsel)
	b.Out("a_fire_o", aFire)
	b.Out("wsel_o", ssel)
	b.Out("row_o", s[0].Count)
	b.Out("first_o", b.Named("chunk_first", b.Eq(s[1].Count, b.Const(countBits, 0))))
	b.Out("last_o", s[1].Last)
	return b.Build()
}

// wsBeats is what the front of such an array gives to it, all but seq and pop in the input
// registers; with encoders at the edge, a and wsel two registers behind them.
type wsBeats struct {
	a, wsel       hw.ID // a row of A and the half of weights that it needs
	w, load, lsel hw.ID // a beat of weights, whether there is one, and its half
	seq           hw.Ports
	pop           hw.ID
	depth         int
}

// wsFront makes the streams cfg, w and a, the sequencer and the input registers. Beats of w
// have the axis col, those of a the axis row.
func (p *parts) wsFront(c *Config, t stationary, row, col int) wsBeats {
	b := p.b
	cfg := hw.Ports{}
	for _, n := range []string{"kt", "mb", "nt"} {
		cfg["cfg_"+n+"_i"] = b.In("cfg_"+n+"_i", countBits)
	}
	rw := hw.Bits(c.AccRows)
	cfg["cfg_rows_i"], cfg["cfg_edge_i"] = b.In("cfg_rows_i", rw), b.In("cfg_edge_i", rw)
	cfg["cfg_valid_i"] = b.In("cfg_valid_i", 1)
	cfg["w_valid_i"], cfg["a_valid_i"] = b.In("w_valid_i", 1), b.In("a_valid_i", 1)
	x, y := c.wordBits()
	wData, aData := b.In("w_data_i", y, col), b.In("a_data_i", x, row)
	pop := b.Wire("pop", 1)
	cfg["pop_i"] = pop
	depth := t.latency() + 1
	seq := p.inst("seq", p.module(wsSeq(c, t, depth)), cfg)
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("w_ready_o", seq["w_ready_o"])
	b.Out("a_ready_o", seq["a_ready_o"])
	b.Out("busy_o", seq["busy_o"])
	return wsBeats{
		a: p.encodeEdge(c, b.Pipe("a_q", aData)), wsel: p.besideEncoder(c, "wsel", b.Pipe("wsel_q", seq["wsel_o"])),
		w: b.Pipe("w_q", wData), load: b.Pipe("load_q", seq["w_fire_o"]), lsel: b.Pipe("lsel_q", seq["lsel_o"]),
		seq: seq, pop: pop, depth: depth,
	}
}

// wsBack makes the accumulator and what follows. The sums of a row stand aligned
// t.travel + 1 edges behind its input register; the row's tags reach the accumulator with
// them, its address one edge earlier.
func (p *parts) wsBack(c *Config, t stationary, in wsBeats, aligned hw.ID, col int) {
	b, arith := p.b, c.arith()
	tag := func(name string, x hw.ID) hw.ID {
		return b.Named(name+"_early", b.Delay(b.Pipe(name+"_tag_q", x), t.travel))
	}
	early := tag("row", in.seq["row_o"])
	acc := p.inst("acc", p.module(accumulator(c.resultBits(), b.Width(aligned), c.AccRows, c.moves().Signed, arith, b.AxisAt(col))), hw.Ports{
		"next_addr_i": early, "addr_i": b.Pipe("row_here_q", early),
		"valid_i": b.Pipe("valid_here_q", tag("valid", in.seq["a_fire_o"])),
		"first_i": b.Pipe("first_here_q", tag("first", in.seq["first_o"])),
		"last_i":  b.Pipe("last_here_q", tag("last", in.seq["last_o"])),
		"data_i":  aligned})
	p.tail(c, tailIn{valid: acc["valid_o"], data: acc["data_o"], arith: arith, depth: in.depth, busy: in.seq["busy_o"], pop: in.pop})
}

// buildWS builds the weight-stationary array.
func buildWS(c *Config) (*hw.Module, error) {
	rows, cols := c.Rows, c.Cols
	arith, sumBits := c.arith(), c.sumBits(c.Rows)
	b := c.top()
	row, col := b.Axis("row", rows), b.Axis("col", cols)
	p := parts{b: b}
	t := c.wsTimes()
	in := p.wsFront(c, t, row, col)

	west := b.Named("west", b.Skew(in.a, 0, row, c.peEdges()))
	wselRow := tapEvery(b, "wsel_row", row, c.peEdges(), in.wsel)
	cell, err := pe.WeightStationary("pe_ws_"+c.peName(), arith, sumBits)
	grid := p.grid("pe", p.module(cell, err), row, col)
	grid.link("x", col, +1, west)
	grid.link("wsel", col, +1, wselRow)
	grid.link("w", row, +1, in.w)
	for _, n := range arith.Words() {
		grid.link("s_"+n, row, +1, b.Const(sumBits, 0))
	}
	grid.broadcast("load", in.load)
	grid.broadcast("lsel", in.lsel)
	out := grid.place()
	var foot []hw.ID
	for _, n := range arith.Words() {
		foot = append(foot, b.Named("foot_"+n, b.Index(row, rows-1, out["s_"+n+"_o"])))
	}
	sum := arith.Resolve(b, foot)
	if c.wsFoot() > 0 {
		sum = b.Pipe("foot_q", sum)
	}
	aligned := b.Named("aligned", b.Skew(sum, cols-1, col, -1))
	p.wsBack(c, t, in, aligned, col)
	return p.build()
}
