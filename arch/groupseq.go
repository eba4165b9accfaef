package arch

import "tpe/hw"

// This file holds the control of arrays that accumulate a group of k at a time, and then read
// the sums of all their cells one beat after another: the lookup engine and MixPE.

// groupSeq are the parameters of that control.
type groupSeq struct {
	name, array      string // of the sequencer's module, and of the array in its comment
	planesA, planesB int    // cycles of a step: planes of B inside planes of A
	grouped          bool   // K is cut into groups; otherwise it is one
	scales           bool   // a beat of the stream s comes with each group
	beats            int    // result beats of a tile
	period           int    // least distance of the ends of groups
	depth            int    // of the result store, in beats
	bits             int    // greatest number of bits of k in a step, told for each step; 0: not told
}

// module is the sequencer: planes, steps, groups and tiles, the distance of groups, and
// credits.
func (g groupSeq) module() (*hw.Module, error) {
	b := hw.New(g.name, "Sequencer of the "+g.array+": planes, steps, groups, tiles, spacing of reads and credits.")
	cfgValid := b.In("cfg_valid_i", 1)
	busy, issue := b.Reg("busy_q", 1, 0), b.Reg("issue_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	count := func(name string) hw.ID {
		return lessOne(b, name+"_max_q", load, b.In("cfg_"+name+"_i", countBits))
	}
	stepMax, mMax, nMax := count("steps"), count("mt"), count("nt")
	groupLast := b.Wire("group_is_last", 1)
	fire := b.Wire("fire", 1)

	var names []string
	var limits []hw.ID
	level := func(name string, max hw.ID) int {
		names, limits = append(names, name), append(limits, max)
		return len(names) - 1
	}
	constant := func(n int) hw.ID { return b.Const(hw.Bits(n-1), uint64(n-1)) }
	planeB := level("plane", constant(g.planesB))
	planeA := level("plane_a", constant(g.planesA))
	var step, group int
	if g.grouped {
		step = level("step", b.Named("step_limit", b.Mux(groupLast, count("edge"), stepMax)))
		group = level("group", count("groups"))
	} else {
		step = level("step", stepMax)
		group = level("group", b.Const(1, 0))
	}
	level("m", mMax)
	level("n", nMax)
	loops, jobEnd := nest(b, names, fire, limits)
	b.Drive(groupLast, loops[group].Last)

	zero := func(l int) hw.ID { return b.Eq(loops[l].Count, b.Const(b.Width(loops[l].Count), 0)) }
	newA := b.Named("new_a", zero(planeB))
	last := b.Named("last", b.All(loops[planeB].Last, loops[planeA].Last, loops[step].Last))
	end := b.Named("end", b.And(fire, last))
	tileEnd := b.Named("tile_end", b.And(end, groupLast))
	free := credits(b, g.depth, tileEnd, b.Const(hw.Bits(g.depth), uint64(g.beats)), b.In("pop_i", 1))
	cw := b.Width(free)
	empty := b.Named("empty", b.Eq(free, b.Const(cw, uint64(g.depth))))
	spaced := countdown(b, "gap_q", g.period-1, end)
	room := b.Or(b.Not(groupLast), b.ULe(b.Const(cw, uint64(g.beats)), free))
	mayEnd := []hw.ID{spaced, room}
	if g.scales {
		mayEnd = append(mayEnd, b.In("s_avail_i", 1))
	}
	may := b.Or(b.Not(last), b.All(mayEnd...))
	avail := b.And(b.In("w_avail_i", 1), b.Or(b.Not(newA), b.In("a_avail_i", 1)))
	b.Drive(fire, b.All(avail, issue, b.Named("may", may)))
	one := b.Const(1, 1)
	b.Next(issue, b.Mux(load, one, b.And(issue, b.Not(b.And(fire, jobEnd)))))
	b.Next(busy, b.Mux(load, one, b.And(busy, b.Not(b.All(b.Not(issue), empty, spaced)))))

	b.Out("cfg_ready_o", ready)
	b.Out("busy_o", busy)
	b.Out("issue_o", issue)
	b.Out("fire_o", fire)
	b.Out("take_a_o", b.Named("take_a", b.And(fire, newA)))
	b.Out("first_o", b.Named("first", b.All(newA, zero(planeA), zero(step))))
	b.Out("end_o", end)
	if g.grouped {
		b.Out("group_first_o", b.Named("group_first", zero(group)))
		b.Out("group_last_o", groupLast)
	}
	if g.planesA*g.planesB > 1 {
		w := hw.Bits(g.planesA + g.planesB - 2)
		b.Out("plane_o", b.Named("weight", b.Add(b.Zext(w, loops[planeB].Count), b.Zext(w, loops[planeA].Count))))
		b.Out("top_plane_o", loops[planeB].Last)
	}
	if g.bits > 0 { // in the last step of all, only the bits of k that exist
		w := hw.Bits(g.bits)
		bits := b.Reg("bits_q", w, 0)
		b.NextIf(bits, load, b.In("cfg_bits_i", w))
		b.Out("bits_o", b.Named("bits", b.Mux(b.And(groupLast, loops[step].Last), bits, b.Const(w, uint64(g.bits)))))
	}
	return b.Build()
}

// groupConfig makes the ports of the configuration stream that the sequencer reads.
func (p *parts) groupConfig(g groupSeq) hw.Ports {
	cfg := hw.Ports{"cfg_valid_i": p.b.In("cfg_valid_i", 1)}
	names := []string{"steps", "mt", "nt"}
	if g.grouped {
		names = append(names, "edge", "groups")
	}
	for _, n := range names {
		cfg["cfg_"+n+"_i"] = p.b.In("cfg_"+n+"_i", countBits)
	}
	if g.bits > 0 {
		cfg["cfg_bits_i"] = p.b.In("cfg_bits_i", hw.Bits(g.bits))
	}
	return cfg
}

// groupJob is how a job is cut: steps of unit k, groups, tiles.
type groupJob struct {
	steps, edge int // of a group, and of the last
	groups      int
	mt, nt      int
	group       int // k in a group
}

// groupJob cuts a job; the array works on rows x cols of C and unit k at a time.
func (c *Config) groupJob(s Shape, unit int) groupJob {
	j := groupJob{group: c.Group, mt: cdiv(s.M, c.Rows), nt: cdiv(s.N, c.Cols)}
	if j.group == 0 {
		j.group = s.K
	}
	j.groups = cdiv(s.K, j.group)
	j.steps, j.edge = cdiv(j.group, unit), cdiv(s.K-(j.groups-1)*j.group, unit)
	return j
}

// config is the configuration beat of a job.
func (j groupJob) config(c *Config) map[string]int {
	cfg := map[string]int{"steps": j.steps, "mt": j.mt, "nt": j.nt}
	if c.Group > 0 {
		cfg["edge"], cfg["groups"] = j.edge, j.groups
	}
	return cfg
}

// cycles is the time of a job whose steps take planes cycles, whose groups end at least
// period edges apart and whose last beat is delivered latency edges after the last operand;
// wait is what of it is lost to the period.
//
//	l(0) = T(0),  l(q) = l(q-1) + max(T(q), period),  cycles = l(last) + latency
func (j groupJob) cycles(planes, period, latency int) (cycles, wait int64) {
	full, edge, least := int64(j.steps*planes), int64(j.edge*planes), int64(period)
	first := full
	if j.groups == 1 {
		first = edge
	}
	tiles, more := int64(j.mt)*int64(j.nt), int64(j.groups-1)
	last := tiles*(more*max(full, least)+max(edge, least)) - max(first, least) + first
	return last + int64(latency), last - tiles*(more*full+edge)
}

// groupStore keeps words that come with the end of a group until its sums are read: write
// is 1 at the edge that takes them, start at the edge before the first cycle of reading, from which on
// the words are given until the next start. Groups lie at least period edges apart, and reading
// starts delay edges after the end.
func (p *parts) groupStore(name string, write, start hw.ID, period, delay int, words map[string]hw.ID, order []string) map[string]hw.ID {
	b := p.b
	depth := 1 + cdiv(delay, period)
	w := hw.Bits(depth - 1)
	step := func(q hw.ID) hw.ID {
		return b.Mux(b.Eq(q, b.Const(w, uint64(depth-1))), b.Const(w, 0), b.Add(q, b.Const(w, 1)))
	}
	in, out := b.Reg(name+"_in_q", w, 0), b.Reg(name+"_out_q", w, uint64(depth-1))
	b.NextIf(in, write, step(in))
	next := b.Named(name+"_out_d", b.Mux(start, step(out), out))
	b.Next(out, next)
	got := map[string]hw.ID{}
	for _, n := range order {
		x := words[n]
		q := b.Mem(name+"_"+n, b.Width(x), depth, false, b.ShapeOf(x).Axes()...)
		b.SetMem(q, hw.MemPorts{WEn: write, WAddr: in, WData: x, RAddr: next})
		got[n] = q
	}
	return got
}
