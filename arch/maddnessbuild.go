package arch

import (
	"tpe/hw"
	"tpe/pe"
)

// Approximate multiplication by prototypes.
//
//	t_* -> thresholds;  a_* -> a_q[4] -> [encoder] -> code --+-> decoder(block, dec): tables, accumulator
//	w_* -> tables and shifts of the decoders ----------------+        | sums of a row
//	cfg -> [seq]                                                   [reader: dec 0, 1, ... of every block] -> [<< shift]
//	                                                               -> [accumulator memory over chunks] -> [store] -> (+ C) -> y_*
//
// A chunk of codebooks for a block of rows: tables of decoder 0 of every block, codebook by codebook, 16
// entries each, then of decoder 1, ...; the thresholds of a codebook come with the first of them. Then the rows,
// a codebook a beat: the four values that the tree compares.

// Edges from the one that takes a beat of a on.
const (
	maddnessCode  = 4                // the code stands in its register
	maddnessSum   = maddnessCode + 2 // its entry, read in between, is in the sum
	maddnessWait  = maddnessCode + 1 // tables may be written again from the next edge on
	maddnessFirst = maddnessSum + 2  // of the last beat of a row: its first result is delivered
)

// maddnessLatency is the number of edges from the one that takes the last beat to the one that delivers the
// last result.
func (c *Config) maddnessLatency() int { return maddnessFirst + c.Decoders - 1 }

// maddnessSeq is the control: load, then rows, for each chunk.
func maddnessSeq(c *Config, depth int) (*hw.Module, error) {
	b := hw.New("maddness_seq", "Sequencer: tables of a chunk, then its rows; spacing of results and credits.")
	cfgValid := b.In("cfg_valid_i", 1)
	busy, issue, rows := b.Reg("busy_q", 1, 0), b.Reg("issue_q", 1, 0), b.Reg("rows_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	bw, rw := hw.Bits(c.Codebooks), hw.Bits(c.AccRows)
	max := func(name string, width int) hw.ID {
		return lessOne(b, name+"_max_q", load, b.In("cfg_"+name+"_i", width))
	}
	books, edge, rowMax, rowEdge := max("books", bw), max("edge", bw), max("rows", rw), max("row_edge", rw)
	chunks, mb, nt := max("chunks", countBits), max("mb", countBits), max("nt", countBits)

	aFire, wFire := b.Wire("a_fire", 1), b.Wire("w_fire", 1)
	chunkLast, blockLast := b.Wire("chunk_is_last", 1), b.Wire("block_is_last", 1)
	bookMax := b.Named("book_limit", b.Mux(chunkLast, edge, books))
	constant := func(n int) hw.ID { return b.Const(hw.Bits(n-1), uint64(n-1)) }
	w, wEnd := nest(b, []string{"entry", "load_book", "dec"}, wFire, []hw.ID{constant(16), bookMax, constant(c.Decoders)})
	a, aEnd := nest(b, []string{"book", "row", "chunk", "block", "tile"}, aFire,
		[]hw.ID{bookMax, b.Mux(blockLast, rowEdge, rowMax), chunks, mb, nt})
	b.Drive(chunkLast, a[2].Last)
	b.Drive(blockLast, a[3].Last)

	rowEnd := b.Named("row_end", b.And(aFire, a[0].Last))
	chunkEnd := b.Named("chunk_end", b.And(rowEnd, a[1].Last))
	free := credits(b, depth, b.Named("reserve", b.And(rowEnd, chunkLast)), b.Const(hw.Bits(depth), uint64(c.Decoders)), b.In("pop_i", 1))
	cw := b.Width(free)
	empty := b.Named("empty", b.Eq(free, b.Const(cw, uint64(depth))))
	spaced := countdown(b, "gap_q", c.Decoders-1, rowEnd)
	drained := countdown(b, "wait_q", maddnessWait, chunkEnd)
	room := b.Or(b.Not(chunkLast), b.ULe(b.Const(cw, uint64(c.Decoders)), free))
	zero := func(l level) hw.ID { return b.Eq(l.Count, b.Const(b.Width(l.Count), 0)) }
	newBook := b.Named("new_book", b.And(zero(w[0]), zero(w[2])))
	b.Drive(wFire, b.All(b.In("w_avail_i", 1), b.Or(b.Not(newBook), b.In("t_avail_i", 1)), issue, b.Not(rows), drained))
	b.Drive(aFire, b.All(b.In("a_avail_i", 1), issue, rows, b.Or(b.Not(a[0].Last), b.And(spaced, room))))
	one := b.Const(1, 1)
	b.Next(rows, b.Mux(b.And(wFire, wEnd), one, b.And(rows, b.Not(chunkEnd))))
	b.Next(issue, b.Mux(load, one, b.And(issue, b.Not(b.And(aFire, aEnd)))))
	b.Next(busy, b.Mux(load, one, b.And(busy, b.Not(b.All(b.Not(issue), empty, spaced, drained)))))

	b.Out("cfg_ready_o", ready)
	b.Out("busy_o", busy)
	b.Out("issue_o", issue)
	b.Out("a_fire_o", aFire)
	b.Out("w_fire_o", wFire)
	b.Out("t_fire_o", b.Named("t_fire", b.And(wFire, newBook)))
	b.Out("tables_end_o", b.Named("tables_end", b.All(wFire, w[0].Last, w[1].Last)))
	b.Out("entry_o", w[0].Count)
	b.Out("load_book_o", b.Slice(w[1].Count, 0, hw.Bits(c.Codebooks-1)))
	b.Out("dec_o", w[2].Count)
	b.Out("book_o", b.Slice(a[0].Count, 0, hw.Bits(c.Codebooks-1)))
	b.Out("first_o", b.Named("row_first", zero(a[0])))
	b.Out("row_end_o", rowEnd)
	b.Out("row_zero_o", b.Named("row_zero", zero(a[1])))
	b.Out("chunk_first_o", b.Named("chunk_first", zero(a[2])))
	b.Out("chunk_last_o", chunkLast)
	return b.Build()
}

// build builds the engine.
func (maddness) build(c *Config) (*hw.Module, error) {
	sumBits := c.LUTBits + clog2(c.Codebooks)
	depth := storeDepth(c.Decoders, 1, c.maddnessLatency(), c.Decoders)
	b := c.top()
	block, dec := b.Axis("block", c.Blocks), b.Axis("dec", c.Decoders)
	lvl, node := b.Axis("level", 4), b.Axis("node", 15)
	p := parts{b: b}
	shiftBits := hw.Bits(c.A.Bits + c.B.Bits + clog2(c.Width))

	issue, aFire, wFire, tFire, pop := b.Wire("issue", 1), b.Wire("a_fire", 1), b.Wire("w_fire", 1), b.Wire("t_fire", 1), b.Wire("pop", 1)
	cfg := hw.Ports{"cfg_valid_i": b.In("cfg_valid_i", 1), "pop_i": pop}
	for _, f := range []struct {
		name  string
		width int
	}{{"books", hw.Bits(c.Codebooks)}, {"edge", hw.Bits(c.Codebooks)}, {"rows", hw.Bits(c.AccRows)}, {"row_edge", hw.Bits(c.AccRows)},
		{"chunks", countBits}, {"mb", countBits}, {"nt", countBits}} {
		cfg["cfg_"+f.name+"_i"] = b.In("cfg_"+f.name+"_i", f.width)
	}
	w := p.stream("w", issue, wFire, p.over("data", c.LUTBits, block), p.over("shift", shiftBits, block))
	t := p.stream("t", issue, tFire, p.over("data", c.A.Bits, node))
	a := p.stream("a", issue, aFire, p.over("data", c.A.Bits, lvl))
	cfg["w_avail_i"], cfg["t_avail_i"], cfg["a_avail_i"] = w["valid"], t["valid"], a["valid"]
	seq := p.inst("seq", p.module(maddnessSeq(c, depth)), cfg)
	for _, d := range []struct {
		wire hw.ID
		port string
	}{{issue, "issue_o"}, {aFire, "a_fire_o"}, {wFire, "w_fire_o"}, {tFire, "t_fire_o"}} {
		b.Drive(d.wire, seq[d.port])
	}

	encoder := p.inst("encoder", p.module(pe.MaddnessEncoder("maddness_encoder", c.A, c.Codebooks)), hw.Ports{
		"addr_i": seq["book_o"], "x_i": b.Pipe("a_q", a["data"]), "load_i": tFire, "load_addr_i": seq["load_book_o"], "thr_i": t["data"]})
	its := b.Named("its_tables", b.Eq(b.Coord(dec, b.Width(seq["dec_o"])), seq["dec_o"]))
	mine := b.Named("loads", b.And(wFire, its))
	last := b.Named("last", b.Delay(seq["row_end_o"], maddnessSum))
	sums := p.inst("decoder", p.module(pe.MaddnessDecoder("maddness_decoder", c.Codebooks, c.LUTBits, sumBits)), hw.Ports{
		"addr_i": b.Named("entry", b.Cat(encoder["addr_o"], encoder["code_o"])), "load_i": mine,
		"load_addr_i": b.Named("load_entry", b.Cat(seq["load_book_o"], seq["entry_o"])), "data_i": w["data"],
		"valid_i": b.Named("valid", b.Delay(aFire, maddnessSum)), "first_i": b.Named("first", b.Delay(seq["first_o"], maddnessSum)), "last_i": last,
	}, block, dec)["sum_o"]
	shift := b.Reg("shift_q", shiftBits, 0, block, dec) // taken last, when the results of the chunk before have left
	b.NextIf(shift, b.And(seq["tables_end_o"], its), w["shift"])

	// The sums of a row leave one decoder of each block after another; marks of the row are held with them.
	r := p.reader(1, c.Decoders, last)
	mark := func(name string) hw.ID {
		q := b.Reg(name+"_read_q", 1, 0)
		b.NextIf(q, last, b.Delay(seq[name+"_o"], maddnessSum))
		return q
	}
	acc := c.AccBits
	sum := b.Named("sum", b.Shl(pe.Fit(b, acc, b.Select(dec, sums, r.partAt)), b.Select(dec, shift, r.partAt)))
	aw := hw.Bits(c.AccRows * c.Decoders)
	addr := b.Reg("addr_q", aw, 0)
	base := b.Named("restart", b.And(last, b.Delay(seq["row_zero_o"], maddnessSum)))
	next := b.Named("addr_d", b.Mux(base, b.Const(aw, 0), b.Mux(r.valid, b.Add(addr, b.Const(aw, 1)), addr)))
	b.Next(addr, next)
	out := p.inst("acc", p.module(accumulator(acc, acc, c.AccRows*c.Decoders, true, pe.MAC{}, p.lanes([]int{block})...)), hw.Ports{
		"next_addr_i": next, "addr_i": addr, "valid_i": r.valid, "first_i": mark("chunk_first"), "last_i": mark("chunk_last"), "data_i": sum})
	p.tail(c, tailIn{valid: out["valid_o"], data: out["data_o"], arith: pe.MAC{}, depth: depth, busy: seq["busy_o"], pop: pop})
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("busy_o", seq["busy_o"])
	return p.build()
}
