package arch

import (
	"errors"

	"tpe/hw"
	"tpe/pe"
)

// Two-dimensional matrix that takes the digits of A weight by weight ("temporal"): a chunk of K is
// loaded once and read once for each weight, several lanes of K a cycle; what a pass over the
// chunk sums is shifted behind the array.
//
//	a_* -> [skid] -> [encoder] -> code store[row,lane] --digit of the weight--> t_q --to all PEs of the row-----> pe(row,col)
//	b_* -> [skid] -> 2 registers -> store of B[lane,col] -----------------> y_q --to all PEs of the column---------^   |
//	cfg -> [seq] -> write and read addresses, first, last of a pass                                                    |
//	       chain of captured pairs, one row up an edge <---------------------------------------------------------------+
//	       -> add, shift by the weight (foot) -> [accumulator, a row each] -> [store] -> (+ C) -> y_*
//
// A beat carries `lanes` words of K for each row of A and each column of B. Chunks have `chunk` products,
// the last one the rest; both stores have two halves, so that a chunk is loaded while the one
// before is read. Chunks go innermost, then m, then n.

// opt2Latency is the number of edges from the one that reads a tile's last operands to the
// one that delivers its first row: store, operand register, pair, chain, foot, accumulator, delivery.
const opt2Latency = 6

// opt2Write is the number of edges from the one that takes a beat to the one before which its
// operands may be read: encoder, store.
const opt2Write = pe.EncodeStages + 1

// fullBeats is the number of beats of a full chunk, passes that of weights.
func (c *Config) fullBeats() int { return c.Chunk / c.Lanes }
func (c *Config) passes() int    { return c.hoisted().Digits(c.A) }

func (c *Config) opt2Shape(s Shape) (chunks, lastBeats int) {
	chunks = cdiv(s.K, c.Chunk)
	return chunks, cdiv(s.K-(chunks-1)*c.Chunk, c.Lanes)
}

func opt2Check(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(over("chunks of K", cdiv(s.K, c.Chunk)), over("row tiles", cdiv(s.M, c.Rows)), over("column tiles", cdiv(s.N, c.Cols)))
}

// opt2: beats of lanes words of K for each row and column.
func (l *layout) opt2(s Shape) {
	c := &l.e.Config
	mt, nt := cdiv(s.M, c.Rows), cdiv(s.N, c.Cols)
	kt, last := c.opt2Shape(s)
	l.config(map[string]int{"k": last, "kt": kt, "mt": mt, "nt": nt, "mv": lastRows(s.M, c.Rows)})
	beats := cdiv(s.K, c.Lanes)
	aw, bw := l.stream("a", mt*nt*beats), l.stream("b", mt*nt*beats)
	if l.err != nil {
		return
	}
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			for k0 := 0; k0 < s.K; k0 += c.Lanes {
				aw.beat(func(i int) int64 { return elem(l.A, m0+i/c.Lanes, k0+i%c.Lanes) })
				bw.beat(func(i int) int64 { return elem(l.B, k0+i/c.Cols, n0+i%c.Cols) })
			}
		}
	}
	l.initial(s)
}

// opt2State is the recurrence over chunks, in edges: when the last beat of the latest chunk was
// taken, when its last operands and those of the chunk before were read, and the earliest edge
// that may end the next pass.
type opt2State struct{ loaded, read, before, chain int64 }

func (s opt2State) relative() opt2State { return s.shift(-s.loaded) }

func (s opt2State) shift(by int64) opt2State {
	return opt2State{s.loaded + by, s.read + by, s.before + by, s.chain + by}
}

// opt2Step adds a chunk of the given beats, whose tile has the given rows:
//
//	loaded' = max(loaded, before) + beats             before: the half is free
//	first pass ends at max(loaded' + W, read + 1) + beats - 1, W = 3
//	each pass ends at max(end of the last + beats, end of the last + its rows)
func (c *Config) opt2Step(s opt2State, beats, rows int) opt2State {
	k, r := int64(beats), int64(rows)
	loaded := max(s.loaded, s.before) + k
	end := max(max(loaded+opt2Write, s.read+1)+k-1, s.chain)
	end += int64(c.passes()-1) * max(k, r)
	return opt2State{loaded, end, s.read, end + r}
}

// repeatOpt2 applies a part of a job n times. The recurrence is max-plus linear, so once its
// relative state repeats, every further round adds the same.
func repeatOpt2(s opt2State, n int, round func(opt2State) opt2State) opt2State {
	for i := range n {
		next := round(s)
		if next.relative() == s.relative() {
			return next.shift(int64(n-1-i) * (next.loaded - s.loaded))
		}
		s = next
	}
	return s
}

// opt2Cycles: the last operands of the last chunk, and the rows that follow.
func (c *Config) opt2Cycles(s Shape) int64 {
	kt, last := c.opt2Shape(s)
	mt, nt := cdiv(s.M, c.Rows), cdiv(s.N, c.Cols)
	edge := lastRows(s.M, c.Rows)
	tile := func(rows int) func(opt2State) opt2State {
		return func(s opt2State) opt2State {
			s = repeatOpt2(s, kt-1, func(s opt2State) opt2State { return c.opt2Step(s, c.fullBeats(), rows) })
			return c.opt2Step(s, last, rows)
		}
	}
	const never = -1 << 40
	state := repeatOpt2(opt2State{0, never, never, never}, nt, func(s opt2State) opt2State {
		return tile(edge)(repeatOpt2(s, mt-1, tile(c.Rows)))
	})
	return state.read + opt2Latency + int64(edge) - 1
}

// opt2Seq is the control: a loader and a reader that each run through all chunks, tied by the halves
// of the stores, the spacing of passes and the credits of results.
func opt2Seq(c *Config, depth int) (*hw.Module, error) {
	b := hw.New("opt2_seq", "Sequencer of the matrix that works weight by weight: loader, reader, halves, drain spacing and credits.")
	rw, kw := hw.Bits(c.Rows), hw.Bits(c.fullBeats())
	cfgValid, avail, pop := b.In("cfg_valid_i", 1), b.In("avail_i", 1), b.In("pop_i", 1)
	k, kt := b.In("cfg_k_i", kw), b.In("cfg_kt_i", countBits)
	mt, nt, mv := b.In("cfg_mt_i", countBits), b.In("cfg_nt_i", countBits), b.In("cfg_mv_i", rw)

	busy, loading, reading := b.Reg("busy_q", 1, 0), b.Reg("loading_q", 1, 0), b.Reg("reading_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	last, ktMax := lessOne(b, "beat_max_q", load, k), lessOne(b, "chunk_max_q", load, kt)
	mMax, nMax := lessOne(b, "m_max_q", load, mt), lessOne(b, "n_max_q", load, nt)
	edge := b.Reg("edge_rows_q", rw, 0)
	b.NextIf(edge, load, mv)
	full := b.Const(kw, uint64(c.fullBeats()-1))

	// Loader.
	wFire, wLast := b.Wire("write", 1), b.Wire("write_last_chunk", 1)
	l, lAll := nest(b, []string{"beat", "load_chunk", "load_m", "load_n"}, wFire, []hw.ID{b.Mux(wLast, last, full), ktMax, mMax, nMax})
	b.Drive(wLast, l[1].Last)
	wEnd := b.Named("write_end", b.And(wFire, l[0].Last))
	lsel := b.Reg("lsel_q", 1, 0)
	b.NextIf(lsel, wEnd, b.Not(lsel))

	// Reader.
	rFire, rLast := b.Wire("read", 1), b.Wire("read_last_chunk", 1)
	pw := hw.Bits(c.passes() - 1)
	r, rAll := nest(b, []string{"word", "weight", "chunk", "m", "n"}, rFire,
		[]hw.ID{b.Mux(rLast, last, full), b.Const(pw, uint64(c.passes()-1)), ktMax, mMax, nMax})
	b.Drive(rLast, r[2].Last)
	passEnd := b.Named("pass_end", b.And(rFire, r[0].Last))
	chunkEnd := b.Named("chunk_end", b.And(passEnd, r[1].Last))
	lastPass := b.Named("last_pass", b.And(r[1].Last, r[2].Last))
	ssel := b.Reg("ssel_q", 1, 0)
	b.NextIf(ssel, chunkEnd, b.Not(ssel))

	// A half is taken from the last beat of its chunk to the last read, and readable as soon as
	// that beat is about to be written.
	var taken, readable [2]hw.ID
	for h, name := range []string{"half0", "half1"} {
		mine := func(sel hw.ID) hw.ID {
			if h == 1 {
				return sel
			}
			return b.Not(sel)
		}
		set, clear := b.And(wEnd, mine(lsel)), b.Named(name+"_done", b.And(chunkEnd, mine(ssel)))
		hold := func(name string, set hw.ID) hw.ID {
			q := b.Reg(name, 1, 0)
			b.Next(q, b.Or(set, b.And(q, b.Not(clear))))
			return q
		}
		taken[h] = hold(name+"_taken_q", set)
		readable[h] = hold(name+"_readable_q", b.Delay(set, opt2Write-1))
	}
	rows := b.Named("rows", b.Mux(r[3].Last, edge, b.Const(rw, uint64(c.Rows))))
	free := credits(b, depth, b.Named("tile_end", b.And(passEnd, lastPass)), rows, pop)
	cw := b.Width(free)
	empty := b.Named("empty", b.Eq(free, b.Const(cw, uint64(depth))))
	spaced := countdownFrom(b, "gap_q", b.Sub(rows, b.Const(rw, 1)), passEnd)
	room := b.Or(b.Not(lastPass), b.ULe(b.Const(cw, uint64(c.Rows)), free))

	wReady := b.And(loading, b.Not(b.Mux(lsel, taken[1], taken[0])))
	b.Drive(wFire, b.And(avail, wReady))
	mayEnd := b.Or(b.Not(r[0].Last), b.And(spaced, room))
	b.Drive(rFire, b.All(reading, b.Mux(ssel, readable[1], readable[0]), b.Named("may_end", mayEnd)))
	one := b.Const(1, 1)
	b.Next(loading, b.Mux(load, one, b.And(loading, b.Not(b.And(wFire, lAll)))))
	b.Next(reading, b.Mux(load, one, b.And(reading, b.Not(b.And(rFire, rAll)))))
	b.Next(busy, b.Mux(load, one, b.And(busy, b.Not(b.All(b.Not(reading), empty, spaced)))))

	at := func(half hw.ID, x level) hw.ID { // of a store: half and beat
		return b.Cat(half, b.Slice(x.Count, 0, hw.Bits(c.fullBeats()-1)))
	}
	isFirst := func(x level) hw.ID { return b.Eq(x.Count, b.Const(b.Width(x.Count), 0)) }
	b.Out("cfg_ready_o", ready)
	b.Out("busy_o", busy)
	b.Out("loading_o", loading)
	b.Out("write_o", wFire)
	b.Out("write_at_o", at(lsel, l[0]))
	b.Out("read_o", rFire)
	b.Out("read_at_o", at(ssel, r[0]))
	b.Out("weight_o", r[1].Count)
	b.Out("first_o", b.Named("pass_first", b.And(rFire, isFirst(r[0]))))
	b.Out("last_o", passEnd)
	b.Out("tile_first_o", b.Named("tile_first", b.And(isFirst(r[1]), isFirst(r[2]))))
	b.Out("tile_last_o", lastPass)
	b.Out("partial_o", r[3].Last)
	b.Out("edge_rows_o", edge)
	return b.Build()
}

// weightStore keeps operands: at the edge where write is 1 the word of a beat, read one edge
// before it is used. A word read at the edge that writes it is the new one.
func weightStore(name string, width, depth, atBits int, lanes ...hw.Axis) (*hw.Module, error) {
	b := hw.New(name, "Store of a chunk's operands, two halves.")
	ax := declare(b, lanes)
	write, at, read := b.In("write_i", 1), b.In("write_at_i", atBits), b.In("read_at_i", atBits)
	q := b.Mem("words", width, depth, true, ax...)
	b.SetMem(q, hw.MemPorts{WEn: write, WAddr: at, WData: b.In("data_i", width, ax...), RAddr: read})
	b.Out("data_o", q)
	return b.Build()
}

func buildMatrixOPT2(c *Config) (*hw.Module, error) {
	spec := c.spec()
	enc := pe.Encoder{Encoding: spec.Hoisted, Format: c.A}
	b := c.top()
	row, lane, col := b.Axis("row", c.Rows), b.Axis("lane", c.Lanes), b.Axis("col", c.Cols)
	p := parts{b: b}
	depth := c.Rows + opt2Latency

	cfg := hw.Ports{"cfg_k_i": b.In("cfg_k_i", hw.Bits(c.fullBeats()))}
	for _, n := range []string{"kt", "mt", "nt"} {
		cfg["cfg_"+n+"_i"] = b.In("cfg_"+n+"_i", countBits)
	}
	cfg["cfg_mv_i"], cfg["cfg_valid_i"] = b.In("cfg_mv_i", hw.Bits(c.Rows)), b.In("cfg_valid_i", 1)
	loading, write, pop := b.Wire("loading", 1), b.Wire("write", 1), b.Wire("pop", 1)
	aIn := p.stream("a", loading, write, p.over("data", c.A.Bits, row, lane))
	bIn := p.stream("b", loading, write, p.over("data", c.B.Bits, lane, col))
	cfg["avail_i"], cfg["pop_i"] = b.Named("avail", b.And(aIn["valid"], bIn["valid"])), pop
	seq := p.inst("seq", p.module(opt2Seq(c, depth)), cfg)
	b.Drive(loading, seq["loading_o"])
	b.Drive(write, seq["write_o"])
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("busy_o", seq["busy_o"])

	// The stores are written behind the encoder.
	behind := func(name string, x hw.ID) hw.ID { return p.besideEncoder(c, name, b.Pipe(name+"_q", x)) }
	stored := func(name string, x hw.ID, axes ...int) hw.ID {
		at := b.Width(seq["read_at_o"])
		return p.inst(name, p.module(weightStore(name, b.Width(x), 1<<at, at, p.lanes(axes)...)), hw.Ports{
			"write_i": behind(name+"_write", write), "write_at_i": behind(name+"_at", seq["write_at_o"]), "data_i": x, "read_at_i": seq["read_at_o"]})["data_o"]
	}
	codes := stored("codes", p.encodeEdge(c, b.Pipe("a_q", aIn["data"])), row, lane)
	words := stored("words_b", behind("b", bIn["data"]), lane, col)

	// A digit of the weight in turn, zero in a cycle without a read.
	digit := enc.Select(b, enc.Split(b, codes), b.Pipe("weight_q", seq["weight_o"]))
	triple := b.Mux(b.Pipe("read_q", seq["read_o"]), digit.Triple(b), b.Const(3, 0))
	pairBits := spec.PassBits(c.Chunk)
	cell, err := pe.WeightPass("pe_matrix_"+c.peName(), spec, c.Lanes, pairBits)
	capture := b.Named("capture", b.Delay(seq["last_o"], 3))
	head := p.chainGrid(p.module(cell, err), []string{"sum", "carry"}, pairBits, row, col, hw.Ports{
		"t": b.Pipe("t_q", triple), "y": b.Pipe("y_q", words),
		"first": b.Named("first", b.Delay(seq["first_o"], 2)), "capture": capture})
	p.opt2Edge(c, head, col, capture, depth, pop, seq)
	return p.build()
}

// opt2Edge is behind the chain: rows of pairs are added and shifted by their weight, and
// accumulated over weights and chunks.
func (p *parts) opt2Edge(c *Config, head []hw.ID, col int, capture hw.ID, depth int, pop hw.ID, seq hw.Ports) {
	b, rw := p.b, hw.Bits(c.Rows)
	tag := func(name string) hw.ID {
		q := b.Reg(name+"_tag_q", b.Width(seq[name+"_o"]), 0)
		b.NextIf(q, capture, b.Delay(seq[name+"_o"], 3))
		return q
	}
	valid := p.inst("leaving", p.module(leaving(c.Rows)), hw.Ports{
		"capture_i": capture, "partial_i": b.Delay(seq["partial_o"], 3), "edge_rows_i": seq["edge_rows_o"]})["valid_o"]
	at := b.Reg("row_at_q", rw, 0)
	b.Next(at, b.Mux(capture, b.Const(rw, 0), b.Add(at, b.Zext(rw, valid))))

	// The sum of a chunk at the weight in turn. It has a sign, whatever the formats.
	width := min(c.accBits(), b.Width(head[0])+(c.passes()-1)*c.hoisted().Shift())
	sum := pe.Fit(b, width, b.Add(head[0], head[1]))
	weight := tag("weight")
	shifted := sum
	for i := 1; i < c.passes(); i++ {
		shifted = b.Mux(b.Eq(weight, b.Const(b.Width(weight), uint64(i))), b.ShlConst(sum, i*c.hoisted().Shift()), shifted)
	}
	acc := p.inst("acc", p.module(accumulator(c.accBits(), width, c.Rows, true, c.arith(), b.AxisAt(col))), hw.Ports{
		"next_addr_i": at, "addr_i": b.Pipe("foot_at_q", at), "valid_i": b.Pipe("foot_valid_q", valid),
		"first_i": b.Pipe("foot_first_q", tag("tile_first")), "last_i": b.Pipe("foot_last_q", tag("tile_last")),
		"data_i": b.Pipe("foot_q", shifted)})
	p.tail(c, tailIn{valid: acc["valid_o"], data: acc["data_o"], arith: c.arith(), depth: depth, busy: seq["busy_o"], pop: pop})
}
