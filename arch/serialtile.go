package arch

import (
	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// Tile of bit-serial PEs. x are the parallel operands of the rows, y the serial ones of
// the columns; which stream is which says the key "serial".
//
//	a_*, b_* -> [skid] -> (recode) -> x[slot][row][lane], y[slot][col][lane]     slots: steps that are here
//	cfg      -> [seq] -> fire, slots, captures          [column] x C: when a column begins its next step
//	            y of the column's slot -> [walk] x C -> bus -> pe(row, col) <- x of the column's slot
//	            pe shadows -> [reader]: a column a beat -> (+ C) -> y_*
//
// With skip: pairs each PE walks by itself, and the last of a column's PEs ends its step.
//
// A step's operands stay in their slot until every column is done with it; there are
// run_ahead + 2 slots. Columns wait for each other at the end of a tile. Its sums are
// then captured behind the accumulators, which may go on at once, and leave one
// column a beat.

// serialSlots is the number of steps whose operands are in the tile.
func serialSlots(c *Config) int { return c.Serial.RunAhead + 2 }

// serialLatency is the number of edges from the one at which a tile's last columns are
// done to the one that captures its sums: column bus, sum of lanes, accumulator;
// pairs are counted by exponent in between.
func serialLatency(c *Config) int {
	if c.Serial.Skip == pe.SkipPairs {
		return 4
	}
	return 3
}

// serialSeq is the control of the tile: steps that come in, slots, tiles that end, and
// the shadows that hold their results.
func serialSeq(c *Config) (*hw.Module, error) {
	slots, cols := serialSlots(c), c.Cols
	b := hw.New("serial_seq", "Sequencer of the bit-serial tile: steps, slots, ends of tiles, shadows.")
	slot := b.Axis("slot", slots)
	cfgValid := b.In("cfg_valid_i", 1)
	steps, rt, ct := b.In("cfg_steps_i", countBits), b.In("cfg_rt_i", countBits), b.In("cfg_ct_i", countBits)
	cv := b.In("cfg_cv_i", hw.Bits(cols))
	avail, advance, empty := b.In("avail_i", 1), b.In("advance_i", 1), b.In("empty_i", 1)

	busy, issue := b.Reg("busy_q", 1, 0), b.Reg("issue_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	stepMax, rowMax, colMax := lessOne(b, "step_max_q", load, steps), lessOne(b, "row_max_q", load, rt), lessOne(b, "col_max_q", load, ct)
	edge := lessOne(b, "edge_col_q", load, cv)

	// Steps come in while there is a slot.
	fw, sw := hw.Bits(slots), hw.Bits(slots-1)
	filled := b.Reg("filled_q", fw, 0)
	fire := b.Named("fire", b.All(avail, issue, b.Ne(filled, b.Const(fw, uint64(slots)))))
	b.Next(filled, b.Named("filled_d", b.Sub(b.Add(filled, b.Zext(fw, fire)), b.Zext(fw, advance))))
	loops, jobEnd := nest(b, []string{"step", "row_tile", "col_tile"}, fire, []hw.ID{stepMax, rowMax, colMax})
	in, _ := nest(b, []string{"in_slot"}, fire, []hw.ID{b.Const(sw, uint64(slots-1))})
	out, _ := nest(b, []string{"out_slot"}, advance, []hw.ID{b.Const(sw, uint64(slots-1))})
	write := b.Named("write", b.And(fire, b.Eq(in[0].Count, b.Coord(slot, sw))))
	tag := func(name string, x hw.ID) hw.ID {
		q := b.Reg(name, 1, 0, slot)
		b.NextIf(q, write, x)
		return q
	}
	last, partial := tag("last_q", loops[0].Last), tag("partial_q", loops[2].Last)

	// A tile is done when its last step leaves; its sums go to the shadows as soon as
	// these are empty, and until then the next tile does not begin.
	here := out[0].Count
	done := b.Named("done", b.And(advance, b.Select(slot, last, here)))
	owed, full := b.Reg("owed_q", 1, 0), b.Reg("full_q", 1, 0)
	owing := b.Named("owing", b.Or(owed, done))
	capture := b.Named("capture", b.And(owing, b.Not(full)))
	hold := b.Named("hold", b.And(owing, full))
	b.Next(owed, hold)
	b.Next(full, b.Or(capture, b.And(full, b.Not(empty))))
	owedPartial := b.Reg("owed_partial_q", 1, 0)
	isPartial := b.Mux(done, b.Select(slot, partial, here), owedPartial)
	b.Next(owedPartial, isPartial)
	cw := hw.Bits(cols - 1)
	lastCol := b.Reg("last_col_q", cw, 0)
	b.NextIf(lastCol, capture, b.Mux(isPartial, b.Slice(edge, 0, cw), b.Const(cw, uint64(cols-1))))

	b.Next(issue, b.Mux(load, b.Const(1, 1), b.And(issue, b.Not(b.And(fire, jobEnd)))))
	active := b.Any(issue, b.RedOr(filled), owed, full)
	b.Next(busy, b.Mux(load, b.Const(1, 1), b.And(busy, active)))

	b.Out("cfg_ready_o", ready)
	b.Out("busy_o", busy)
	b.Out("issue_o", issue)
	b.Out("fire_o", fire)
	b.Out("write_o", write)
	b.Out("filled_o", filled)
	b.Out("slot_o", here)
	b.Out("last_o", last)
	b.Out("hold_o", hold)
	b.Out("capture_o", capture)
	b.Out("last_col_o", lastCol)
	return b.Build()
}

// serialColumn decides when a column begins its next step: when it is done with the
// one before, the operands are in a slot, it is at most runAhead steps ahead of the
// slowest column, and at the beginning of a tile not ahead at all.
//
// ahead_q counts the steps that this column has done and the slowest has not; advance_i
// says that all have done one more. slot_o is the slot of the step in work.
func serialColumn(c *Config) (*hw.Module, error) {
	slots, ra := serialSlots(c), c.Serial.RunAhead
	b := hw.New("serial_column", "Column of the bit-serial tile: when its next step begins.")
	end, last := b.In("end_i", 1), b.In("last_i", 1)
	filled, advance, hold := b.In("filled_i", hw.Bits(slots)), b.In("advance_i", 1), b.In("hold_i", 1)

	run, fresh, begin := b.Reg("run_q", 1, 0), b.Reg("fresh_q", 1, 0), b.Reg("begin_q", 1, 0)
	w := hw.Bits(slots)
	ahead, newTile := b.Reg("ahead_q", w, 0), b.Reg("new_tile_q", 1, 1)
	ended := b.Named("ended", b.And(run, end))
	count := b.Named("count", b.Add(ahead, b.Zext(w, ended)))
	left := b.Named("ahead_d", b.Sub(count, b.Zext(w, advance)))
	b.Next(ahead, left)
	opens := b.Named("opens", b.Or(newTile, b.And(ended, last)))
	free := b.Or(b.Not(run), ended)
	near := b.ULe(left, b.Const(w, uint64(ra)))
	may := b.Or(b.Not(opens), b.And(isZero(b, left), b.Not(hold)))
	load := b.Named("load", b.All(free, b.ULt(count, filled), near, may))
	b.Next(run, b.Or(load, b.And(run, b.Not(ended))))
	b.Next(fresh, load)
	b.Next(begin, b.And(load, opens))
	b.Next(newTile, b.And(opens, b.Not(load)))

	b.Out("done_o", b.Named("done", b.Or(b.RedOr(ahead), ended)))
	b.Out("run_o", run)
	b.Out("fresh_o", fresh)
	b.Out("begin_o", begin)
	if ra > 0 {
		sw := hw.Bits(slots - 1)
		at := b.Reg("slot_q", sw, uint64(slots-1))
		wrap := b.Eq(at, b.Const(sw, uint64(slots-1)))
		b.NextIf(at, load, b.Mux(wrap, b.Const(sw, 0), b.Add(at, b.Const(sw, 1))))
		b.Out("slot_o", at)
	}
	return b.Build()
}

// serialReader lets the captured sums out, one column a beat, from column 0 to last_col_i.
func serialReader(c *Config) (*hw.Module, error) {
	b := hw.New("serial_reader", "Lets the results of a tile out, one column a beat.")
	row, col := b.Axis("row", c.Rows), b.Axis("col", c.Cols)
	p := parts{b: b}
	w := hw.Bits(c.Cols - 1)
	data, start, ready := b.In("data_i", c.accBits(), row, col), b.In("start_i", 1), b.In("ready_i", 1)
	last := b.In("last_col_i", w)
	valid := b.Reg("valid_q", 1, 0)
	pop := b.Named("pop", b.And(valid, ready))
	at, atEnd := nest(b, []string{"col"}, pop, []hw.ID{last})
	end := b.Named("end", b.And(pop, atEnd))
	b.Next(valid, b.Or(start, b.And(valid, b.Not(end))))
	b.Out("valid_o", valid)
	b.Out("data_o", p.inst("pick", p.module(selector("pick_col", "col", c.Cols, c.accBits())), hw.Ports{"x_i": data, "at_i": at[0].Count}, row)["y_o"])
	b.Out("empty_o", end)
	return p.build()
}

// operandSlots holds one operand of each step that is here.
func operandSlots(name string, width, slots int) (*hw.Module, error) {
	b := hw.New(name, "An operand of each step that is in the tile.")
	slot := b.Axis("slot", slots)
	q := b.Reg("q", width, 0, slot)
	b.NextIf(q, b.In("write_i", 1, slot), b.In("d_i", width))
	b.Out("q_o", q)
	return b.Build()
}

// selector picks one of the words along an axis.
func selector(name, axis string, size, width int) (*hw.Module, error) {
	b := hw.New(name, "One of several words.")
	ax := b.Axis(axis, size)
	b.Out("y_o", b.Select(ax, b.In("x_i", width, ax), b.In("at_i", hw.Bits(size-1))))
	return b.Build()
}

// buildSerial builds the tile.
func buildSerial(c *Config) (*hw.Module, error) {
	lanes := c.Serial.Lanes
	x, y := c.parallel(), c.walked()
	b := c.top()
	row, col, lane := b.Axis("row", c.Rows), b.Axis("col", c.Cols), b.Axis("lane", lanes)
	slots := serialSlots(c)
	slot := b.Axis("slot", slots)
	p := parts{b: b}

	seqIn := hw.Ports{"cfg_cv_i": b.In("cfg_cv_i", hw.Bits(c.Cols)), "cfg_valid_i": b.In("cfg_valid_i", 1)}
	for _, n := range []string{"steps", "rt", "ct"} {
		seqIn["cfg_"+n+"_i"] = b.In("cfg_"+n+"_i", countBits)
	}
	issue, fire, advance, empty := b.Wire("issue", 1), b.Wire("fire", 1), b.Wire("advance", 1), b.Wire("empty", 1)
	aAxis, bAxis := row, col
	if c.Serial.Operand == serialA {
		aAxis, bAxis = col, row
	}
	aIn := p.stream("a", issue, fire, p.over("data", c.A.Bits, aAxis, lane))
	bIn := p.stream("b", issue, fire, p.over("data", c.B.Bits, bAxis, lane))
	xIn, yIn := aIn, bIn
	if c.Serial.Operand == serialA {
		xIn, yIn = bIn, aIn
	}
	seqIn["avail_i"], seqIn["advance_i"], seqIn["empty_i"] = b.Named("avail", b.And(aIn["valid"], bIn["valid"])), advance, empty
	seq := p.inst("seq", p.module(serialSeq(c)), seqIn)
	b.Drive(issue, seq["issue_o"])
	b.Drive(fire, seq["fire_o"])

	// The operands of the steps that are here; recoded where their terms are walked.
	recode := func(name string, t pe.Terms, word hw.ID) hw.ID {
		if t.Encoding == numeric.BitsC {
			return word
		}
		return p.inst(name, p.module(t.Recoder(name)), hw.Ports{"x_i": word}, b.ShapeOf(word).Axes()...)["terms_o"]
	}
	xWord, yWord := xIn["data"], recode("recode_y", y, yIn["data"])
	if c.Serial.Skip == pe.SkipPairs {
		xWord = recode("recode_x", c.terms(x), xWord)
	}
	store := func(name string, word hw.ID) hw.ID {
		return p.inst(name, p.module(operandSlots(name, b.Width(word), slots)), hw.Ports{"write_i": seq["write_o"], "d_i": word}, b.ShapeOf(word).Axes()...)["q_o"]
	}
	xStore, yStore := store("slots_x", xWord), store("slots_y", yWord)
	// at picks a step's word of a store, in each lane of the store and of the index.
	pick := func(name string, store, at hw.ID) hw.ID {
		axes := (b.ShapeOf(store).Without(slot) | b.ShapeOf(at)).Axes()
		return b.Named(name, p.inst("pick_"+name, p.module(selector("pick_"+name, "slot", slots, b.Width(store))), hw.Ports{"x_i": store, "at_i": at}, axes...)["y_o"])
	}

	// The columns. Without run-ahead they are all at the slot that leaves next.
	end := b.Wire("end", 1, col)
	at := seq["slot_o"]
	colIn := hw.Ports{"end_i": end, "filled_i": seq["filled_o"], "advance_i": advance, "hold_i": seq["hold_o"]}
	if c.Serial.RunAhead > 0 {
		at = b.Wire("slot", b.Width(at), col)
	}
	colIn["last_i"] = pick("last", seq["last_o"], at)
	column := p.inst("column", p.module(serialColumn(c)), colIn, col)
	if c.Serial.RunAhead > 0 {
		b.Drive(at, column["slot_o"])
	}
	b.Drive(advance, b.Reduce(col, hw.OpAnd, column["done_o"]))

	latency := serialLatency(c)
	capture := b.Named("capture", b.Delay(seq["capture_o"], latency))
	peIn := hw.Ports{"first_i": b.Named("first", b.Delay(column["begin_o"], latency-1)), "capture_i": capture}
	terms := pick("terms", yStore, at)
	var out hw.Ports
	if c.Serial.Skip == pe.SkipPairs {
		peIn["fresh_i"], peIn["run_i"], peIn["yt_i"] = column["fresh_o"], column["run_o"], terms
		peIn["xt_i"] = pick("x", xStore, at)
		out = p.inst("pe", p.module(pe.Laconic("pe_laconic", c.terms(x), y, lanes, c.accBits())), peIn, row, col)
		b.Drive(end, b.Reduce(row, hw.OpAnd, out["last_o"]))
	} else {
		u := pe.TermColumn{Terms: y, Lanes: lanes, Skip: c.Serial.Skip, Window: c.Serial.Window}
		walk := p.inst("walk", p.module(u.Walker()), hw.Ports{"fresh_i": column["fresh_o"], "terms_i": terms}, col)
		b.Drive(end, walk["last_o"])
		for _, n := range []string{"en", "neg", "negs", "dist", "shift"} {
			if id, ok := walk[n+"_o"]; ok {
				peIn[n+"_i"] = id
			}
		}
		// The bus is an edge behind the walk.
		peIn["x_i"] = pick("x", xStore, b.Pipe("bus_slot_q", at))
		out = p.inst("pe", p.module(pe.TermSerial("pe_serial", x, u, c.accBits())), peIn, row, col)
	}

	way := p.exit(c)
	reader := p.inst("reader", p.module(serialReader(c)), hw.Ports{
		"data_i": out["sum_o"], "start_i": capture, "ready_i": way.taken, "last_col_i": seq["last_col_o"]})
	b.Drive(empty, reader["empty_o"])
	p.leave(c, way, reader["valid_o"], reader["data_o"], seq["busy_o"], c.arith())
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("busy_o", seq["busy_o"])
	return p.build()
}
