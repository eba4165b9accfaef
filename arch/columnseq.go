package arch

import (
	"tpe/hw"
)

// columnSeq is the control of a column array that all columns share. It runs four loops
// over the steps of a job (a step is a tile of C and a chunk of K), tied by counts:
//
//	loader   takes beats of A and B into the half of the stores that is free
//	starter  starts all columns on a loaded step, when all have ended the one before
//	writer   (b_store: window) sends the groups of B of loaded steps to the columns
//	reader   delivers a tile of C when all columns have written it
//
// A step is loaded while at most one other is loaded or worked on; a tile starts while at
// most one other is written or read.
func columnSeq(c *Config) (*hw.Module, error) {
	b := hw.New("column_seq", "Sequencer of the column array: loader, starter, writer of B and reader of C.")
	s := &columnSeqBuilder{b: b, c: c, gw: hw.Bits(c.chunkGroups() - 1)}
	s.config()
	s.loader()
	s.starter()
	if c.BStore == StoreWindow {
		s.writer()
	}
	s.reader()
	return b.Build()
}

// columnSeqBuilder holds what the loops share.
type columnSeqBuilder struct {
	b  *hw.Builder
	c  *Config
	gw int // width of a group's index

	load              hw.ID // a job begins
	kMax, mMax, nMax  hw.ID // last chunk, row tile, column tile
	beatMax, rowMax   hw.ID // last beat of a job's last chunk; last result beat of its last column tile
	loading, loadEnd  hw.ID // beats are due; the last beat of a step is taken
	stepDone, tileEnd hw.ID // wires: all columns have ended a step; the last beat of a tile is delivered
	jobEnd            hw.ID // wire: that of the last tile
}

func (s *columnSeqBuilder) config() {
	b := s.b
	valid := b.In("cfg_valid_i", 1)
	kt, mt, nt := b.In("cfg_kt_i", countBits), b.In("cfg_mt_i", countBits), b.In("cfg_nt_i", countBits)
	kl, nv := b.In("cfg_kl_i", hw.Bits(s.c.Chunk/s.c.Lanes)), b.In("cfg_nv_i", hw.Bits(s.c.Rows))
	busy := b.Reg("busy_q", 1, 0)
	s.loading, s.jobEnd = b.Reg("loading_q", 1, 0), b.Wire("job_end", 1)
	s.load = b.Named("load", b.And(valid, b.Not(busy)))
	s.kMax, s.mMax, s.nMax = lessOne(b, "k_max_q", s.load, kt), lessOne(b, "m_max_q", s.load, mt), lessOne(b, "n_max_q", s.load, nt)
	s.beatMax, s.rowMax = lessOne(b, "beat_max_q", s.load, kl), lessOne(b, "row_max_q", s.load, nv)
	b.Next(busy, b.Mux(s.load, b.Const(1, 1), b.And(busy, b.Not(s.jobEnd))))
	b.Out("cfg_ready_o", b.Named("ready", b.Not(busy)))
	b.Out("busy_o", busy)
	if s.c.simdLanes() < s.c.Cols {
		b.Out("job_o", s.load)
	}
}

// lastBeat is the last beat of a chunk.
func (s *columnSeqBuilder) lastBeat(chunkIsLast hw.ID) hw.ID {
	b := s.b
	return b.Mux(chunkIsLast, s.beatMax, b.Const(b.Width(s.beatMax), uint64(s.c.Chunk/s.c.Lanes-1)))
}

// groupOf is the group of a beat.
func (s *columnSeqBuilder) groupOf(beat hw.ID) hw.ID {
	lo := clog2(s.c.DigitGroup)
	return s.b.Slice(s.b.Zext(max(lo+s.gw, s.b.Width(beat)), beat), lo, s.gw)
}

// positionOf is the position of a beat in its group.
func (s *columnSeqBuilder) positionOf(beat hw.ID) hw.ID {
	if s.c.DigitGroup == 1 {
		return s.b.Const(1, 0)
	}
	return s.b.Slice(beat, 0, clog2(s.c.DigitGroup))
}

// toggle is a register that changes when by is 1.
func (s *columnSeqBuilder) toggle(name string, reset uint64, by hw.ID) hw.ID {
	q := s.b.Reg(name, 1, reset)
	s.b.NextIf(q, by, s.b.Not(q))
	return q
}

// upDown counts up and down; both may happen at once.
func upDown(b *hw.Builder, name string, width int, up, down hw.ID) hw.ID {
	q := b.Reg(name, width, 0)
	b.Next(q, b.Named(name+"_d", b.Sub(b.Add(q, b.Zext(width, up)), b.Zext(width, down))))
	return q
}

// isZero reports that a count is zero.
func isZero(b *hw.Builder, x hw.ID) hw.ID { return b.Eq(x, b.Const(b.Width(x), 0)) }

// reuses reports that a step uses the B that is already there: that of the row tile
// before, when K is one chunk.
func (s *columnSeqBuilder) reuses(m hw.ID) hw.ID {
	return s.b.And(isZero(s.b, s.kMax), s.b.Not(isZero(s.b, m)))
}

func (s *columnSeqBuilder) loader() {
	b := s.b
	aAvail, bAvail := b.In("a_avail_i", 1), b.In("b_avail_i", 1)
	fire, kLast := b.Wire("load_fire", 1), b.Wire("load_chunk_is_last", 1)
	beatMax := b.Named("load_beat_max", s.lastBeat(kLast))
	l, all := nest(b, []string{"load_beat", "load_k", "load_m", "load_n"}, fire, []hw.ID{beatMax, s.kMax, s.mMax, s.nMax})
	b.Drive(kLast, l[1].Last)
	first := isZero(b, l[0].Count)
	reuse := b.Named("load_reuse", s.reuses(l[2].Count))
	s.stepDone = b.Wire("step_done", 1)
	begins := b.Named("step_begins", b.And(fire, first))
	inFlight := upDown(b, "in_flight_q", 2, begins, s.stepDone)
	may := b.Or(b.Not(first), b.Ne(inFlight, b.Const(2, 2)))
	b.Drive(fire, b.All(s.loading, aAvail, b.Or(bAvail, reuse), may))
	b.Next(s.loading, b.Mux(s.load, b.Const(1, 1), b.And(s.loading, b.Not(b.And(fire, all)))))
	end := b.Named("load_end", b.And(fire, l[0].Last))
	withB := b.Named("load_with_b", b.And(fire, b.Not(reuse)))
	aHalf := s.toggle("load_half_q", 0, end)
	bHalf := s.toggle("load_b_half_q", 0, b.And(end, b.Not(reuse)))
	s.loadEnd = end

	b.Out("loading_o", s.loading)
	b.Out("take_a_o", fire)
	b.Out("take_b_o", withB)
	b.Out("load_pos_o", s.positionOf(l[0].Count))
	b.Out("load_last_o", l[0].Last)
	if s.c.Empty == EmptySkip {
		b.Out("load_first_o", first)
	}
	b.Out("load_at_o", b.Cat(aHalf, s.groupOf(l[0].Count)))
	b.Out("load_b_at_o", b.Cat(bHalf, s.groupOf(l[0].Count)))
}

func (s *columnSeqBuilder) starter() {
	b := s.b
	idle := b.In("idle_i", 1) // no column is active
	// A step may start when its last word is in the code store, two edges after its beat.
	start, tileOpens := b.Wire("start", 1), b.Wire("tile_opens", 1)
	loaded := upDown(b, "loaded_q", 2, b.Delay(s.loadEnd, 2), start)
	s.tileEnd = b.Wire("tile_end", 1)
	open := upDown(b, "tiles_open_q", 2, tileOpens, s.tileEnd)
	l, _ := nest(b, []string{"k", "m", "n"}, start, []hw.ID{s.kMax, s.mMax, s.nMax})
	first := b.Named("k_first", isZero(b, l[0].Count))
	b.Drive(tileOpens, b.And(start, first))
	room := b.Or(b.Not(first), b.Ne(open, b.Const(2, 2)))
	b.Drive(start, b.All(idle, b.Not(isZero(b, loaded)), room))
	running := b.Reg("running_q", 1, 0)
	b.Drive(s.stepDone, b.And(running, idle))
	b.Next(running, b.Or(start, b.And(running, b.Not(idle))))

	// What the columns need to know of the step, from the edge at which it starts.
	half := s.toggle("half_q", 0, start)
	keep := func(name string, x hw.ID) hw.ID {
		r := b.Reg(name, b.Width(x), 0)
		b.NextIf(r, start, x)
		return r
	}
	nowHalf := keep("step_half_q", half)
	b.Out("start_o", start)
	b.Out("read_half_o", b.Named("read_half", b.Mux(start, half, nowHalf)))
	b.Out("last_group_o", keep("last_group_q", s.groupOf(s.lastBeat(l[0].Last))))
	b.Out("k_first_o", keep("k_first_q", first))
	b.Out("k_last_o", keep("k_last_q", l[0].Last))
	b.Out("tile_half_o", keep("tile_half_q", s.toggle("c_half_q", 0, b.And(start, l[0].Last))))
	if s.c.BStore == StoreCopy {
		b.Out("b_half_o", s.stepHalfOfB("b_half", start, l[1].Count))
	}
}

// stepHalfOfB is a register that has the half of the B store that a step reads: it changes
// when a step that brings its own B starts.
func (s *columnSeqBuilder) stepHalfOfB(name string, start, m hw.ID) hw.ID {
	return s.toggle(name+"_q", 1, s.b.And(start, s.b.Not(s.reuses(m))))
}

// writer sends the groups of B of each loaded step, once for each weight, when every column
// has a free place.
func (s *columnSeqBuilder) writer() {
	b := s.b
	free := b.In("window_free_i", 1)
	fire, kLast, end := b.Wire("write_b", 1), b.Wire("write_chunk_is_last", 1), b.Wire("write_end", 1)
	waiting := upDown(b, "to_write_q", 2, b.Delay(s.loadEnd, 2), end)
	groupMax := b.Named("write_group_max", s.groupOf(s.lastBeat(kLast)))
	top := s.c.sparse().Digits() - 1
	l, _ := nest(b, []string{"write_group", "write_weight", "write_k", "write_m", "write_n"}, fire,
		[]hw.ID{groupMax, b.Const(hw.Bits(top), uint64(top)), s.kMax, s.mMax, s.nMax})
	b.Drive(kLast, l[2].Last)
	b.Drive(end, b.All(fire, l[0].Last, l[1].Last))
	b.Drive(fire, b.And(free, b.Not(isZero(b, waiting))))
	// The half of a step's B: it changes at the first group of a step that brings its own.
	begins := b.And(isZero(b, l[0].Count), isZero(b, l[1].Count))
	fresh := b.Named("write_fresh", b.And(begins, b.Not(s.reuses(l[3].Count))))
	before := s.toggle("write_half_q", 1, b.And(fire, fresh))
	b.Out("write_b_o", fire)
	b.Out("write_b_at_o", b.Cat(b.Xor(before, fresh), l[0].Count))
}

func (s *columnSeqBuilder) reader() {
	b, c := s.b, s.c
	written, ready := b.In("tile_written_i", 1), b.In("y_ready_i", 1)
	valid := b.Reg("y_valid_q", 1, 0)
	pop := b.Named("pop", b.And(valid, ready))
	nLast := b.Wire("read_tile_is_last", 1)
	rw := b.Width(s.rowMax)
	rowMax := b.Named("read_row_max", b.Mux(nLast, s.rowMax, b.Const(rw, uint64(c.Rows-1))))
	l, all := nest(b, []string{"read_row", "read_m", "read_n"}, pop, []hw.ID{rowMax, s.mMax, s.nMax})
	b.Drive(nLast, l[2].Last)
	end := b.Named("read_end", b.And(pop, l[0].Last))
	b.Drive(s.tileEnd, end)
	b.Drive(s.jobEnd, b.And(end, all))
	tiles := upDown(b, "tiles_written_q", 2, written, end)
	more := b.Mux(valid, b.Eq(tiles, b.Const(2, 2)), b.Not(isZero(b, tiles)))
	b.Next(valid, b.Named("y_valid_d", b.Or(b.And(valid, b.Not(end)), more)))
	half := s.toggle("read_c_half_q", 0, end)
	b.Out("y_valid_o", valid)
	b.Out("read_c_half_o", b.Xor(half, end))
	b.Out("read_row_o", l[0].Next)
}
