package arch

import "tpe/hw"

// This file holds the control of arrays that compute C tile by tile from streams of
// A and B that are taken together: the output-stationary systolic array, the matrix and the
// cube. A tile is a number of beats, tiles go m innermost, then n, and the results of
// a tile leave in a number of beats ("rows" here).

// tiles are the parameters of that control.
type tiles struct {
	name, array string // of the sequencer's module, and of the array in its comment
	rows        int    // result beats of a full tile
	depth       int    // of the result store, in result beats
	apart       bool   // a tile starts after the one before has left
	// spaced is 1 when the next tile may end: end marks the last beat of a tile, and rows
	// are its result beats.
	spaced func(b *hw.Builder, end, rows hw.ID) hw.ID
}

// tileSeq is the sequencer: beats of a tile, tiles of a job, distance of tiles and credits.
func tileSeq(t tiles) (*hw.Module, error) {
	b := hw.New(t.name, "Sequencer of the "+t.array+": beats, tiles, drain spacing and credits.")
	rw := hw.Bits(t.rows)
	cfgValid := b.In("cfg_valid_i", 1)
	k, mt, nt := b.In("cfg_k_i", countBits), b.In("cfg_mt_i", countBits), b.In("cfg_nt_i", countBits)
	mv := b.In("cfg_mv_i", rw)
	avail, pop := b.In("avail_i", 1), b.In("pop_i", 1)

	busy, issue := b.Reg("busy_q", 1, 0), b.Reg("issue_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	kMax, mMax, nMax := lessOne(b, "k_max_q", load, k), lessOne(b, "m_max_q", load, mt), lessOne(b, "n_max_q", load, nt)
	edge := b.Reg("edge_rows_q", rw, 0)
	b.NextIf(edge, load, mv)

	fire := b.Wire("fire", 1)
	loops, jobEnd := nest(b, []string{"k", "m", "n"}, fire, []hw.ID{kMax, mMax, nMax})
	first := b.Named("first", b.Eq(loops[0].Count, b.Const(countBits, 0)))
	last, partial := loops[0].Last, loops[1].Last
	end := b.Named("end", b.And(fire, last))
	count := b.Named("rows", b.Mux(partial, edge, b.Const(rw, uint64(t.rows))))
	free := credits(b, t.depth, end, count, pop)
	cw := b.Width(free)
	empty := b.Named("empty", b.Eq(free, b.Const(cw, uint64(t.depth))))

	// A job ends when its rows have left and no mark of a tile's end is under way,
	// neither in the drain spacing nor beside rows past the edge of C.
	spaced := t.spaced(b, end, count)
	quiet := b.And(empty, spaced)
	var may hw.ID
	if t.apart {
		// The next tile starts after the last row of this one has been taken.
		may = b.Or(b.Not(first), empty)
	} else {
		room := b.ULe(b.Const(cw, uint64(t.rows)), free)
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

// tileBeats is what the front of such an array gives to it: all but edge and busy stand
// in the input registers, or with encoders at the edge two registers behind them.
type tileBeats struct {
	a, b        hw.ID // operands of a beat; zero in a cycle without one
	fire        hw.ID // there is a beat, in front of the input registers
	first, last hw.ID // the beat is the first, the last of its tile
	partial     hw.ID // its tile is the last of a column of tiles
	edge        hw.ID // result beats of such a tile
	busy        hw.ID // a job is on
	pop         hw.ID // wire that the tail drives: a result beat is taken
}

// tileFront makes the streams cfg, a and b with their elastic buffers, the sequencer and the
// input registers. The axes are those of a beat of A and of B.
func (p *parts) tileFront(c *Config, t tiles, aAxes, bAxes []int) tileBeats {
	b := p.b
	x, y := c.wordBits()
	cfg := hw.Ports{}
	for _, n := range []string{"k", "mt", "nt"} {
		cfg["cfg_"+n+"_i"] = b.In("cfg_"+n+"_i", countBits)
	}
	cfg["cfg_mv_i"] = b.In("cfg_mv_i", hw.Bits(t.rows))
	cfg["cfg_valid_i"] = b.In("cfg_valid_i", 1)
	issue, fire, pop := b.Wire("issue", 1), b.Wire("fire", 1), b.Wire("pop", 1)
	aOut := p.stream("a", issue, fire, p.over("data", x, aAxes...))
	bOut := p.stream("b", issue, fire, p.over("data", y, bAxes...))
	cfg["avail_i"], cfg["pop_i"] = b.Named("avail", b.And(aOut["valid"], bOut["valid"])), pop
	seq := p.inst("seq", p.module(tileSeq(t)), cfg)
	b.Drive(issue, seq["issue_o"])
	b.Drive(fire, seq["fire_o"])
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("busy_o", seq["busy_o"])

	// A cycle without a beat is a beat of zeros.
	gate := func(name string, x hw.ID) hw.ID {
		return b.Pipe(name, b.Mux(fire, x, b.Const(b.Width(x), 0)))
	}
	flag := func(name string) hw.ID {
		return p.besideEncoder(c, name, b.Pipe(name+"_q", seq[name+"_o"]))
	}
	return tileBeats{
		a: p.encodeEdge(c, gate("a_q", aOut["data"])), b: p.besideEncoder(c, "b", gate("b_q", bOut["data"])),
		fire: fire, first: flag("first"), last: flag("last"), partial: flag("partial"),
		edge: seq["edge_rows_o"], busy: seq["busy_o"], pop: pop,
	}
}

// chainTiles is the control of an array whose tiles are captured whole and then leave
// one result beat an edge, the first one lat edges after the tile's last beat. A tile
// is captured when the one before has left, so the last beats of two tiles are as
// many edges apart as the earlier has result beats. The store has room for a tile
// and for the beats of earlier ones that may still come, one an edge, before its first.
func chainTiles(name, array string, rows, lat int) tiles {
	return tiles{name: name, array: array, rows: rows, depth: rows + lat,
		spaced: func(b *hw.Builder, end, count hw.ID) hw.ID {
			return countdownFrom(b, "gap_q", b.Sub(count, b.Const(b.Width(count), 1)), end)
		}}
}

// leaving counts the result beats of a captured tile: valid_o is 1 for rows cycles after
// capture_i.
func leaving(rows int) (*hw.Module, error) {
	b := hw.New("leaving", "Counts the result beats of a captured tile as they leave.")
	w := hw.Bits(rows)
	capture, partial, edge := b.In("capture_i", 1), b.In("partial_i", 1), b.In("edge_rows_i", w)
	left := b.Reg("left_q", w, 0)
	zero, one := b.Const(w, 0), b.Const(w, 1)
	some := b.Named("some", b.Ne(left, zero))
	b.Next(left, b.Mux(capture, b.Mux(partial, edge, b.Const(w, uint64(rows))), b.Mux(some, b.Sub(left, one), zero)))
	b.Out("valid_o", some)
	b.Assert("results_do_not_meet", b.Or(b.Not(capture), b.ULe(left, one)))
	return b.Build()
}

// chainCycles is the time of such an array. With tiles of k beats and rows result beats, those
// of the last row of tiles edge instead,
//
//	l(0) = k,  l(t) = l(t-1) + max(k, rows(t-1)),  total = l(last) + lat + rows(last) - 1
func chainCycles(mt, nt, k, rows, edge, lat int) int64 {
	full, last := int64(max(k, rows)), int64(max(k, edge))
	return int64(nt)*(int64(mt-1)*full+last) - last + int64(k+lat+edge-1)
}
