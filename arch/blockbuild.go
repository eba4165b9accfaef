package arch

import (
	"slices"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// blockSeq is the sequencer: slots, groups, tiles, the distance of groups and credits.
func blockSeq(c *Config, depth int) (*hw.Module, error) {
	b := hw.New("block_seq", "Sequencer of the dot-product units: slots, groups, tiles, credits.")
	cfgValid := b.In("cfg_valid_i", 1)
	k, mt, nt := b.In("cfg_k_i", countBits), b.In("cfg_mt_i", countBits), b.In("cfg_nt_i", countBits)
	ab, pop := b.In("operands_i", 1), b.In("pop_i", 1)
	busy, issue := b.Reg("busy_q", 1, 0), b.Reg("issue_q", 1, 0)
	ready := b.Named("ready", b.Not(busy))
	load := b.Named("load", b.And(cfgValid, ready))
	sw := hw.Bits(c.slots() - 1)
	fire := b.Wire("fire", 1)
	names := []string{"s", "k", "m", "n"}
	limits := []hw.ID{b.Const(sw, uint64(c.slots()-1)), lessOne(b, "k_max_q", load, k), lessOne(b, "m_max_q", load, mt), lessOne(b, "n_max_q", load, nt)}
	if n := c.instructionGroups() - 1; n > 0 { // the groups of an instruction, inside k
		names, limits = slices.Insert(names, 1, "g"), slices.Insert(limits, 1, b.Const(hw.Bits(n), uint64(n)))
	}
	loops, jobEnd := nest(b, names, fire, limits)
	zero := func(l level) hw.ID { return b.Eq(l.Count, b.Const(b.Width(l.Count), 0)) }
	kLoop := loops[len(loops)-3]
	first, last := b.Named("first", zero(kLoop)), kLoop.Last
	c0 := first // the group with which the initial C comes
	if c.Emulated > 0 {
		groupFirst, groupLast := b.Const(1, 1), b.Const(1, 1)
		if len(loops) > 4 {
			groupFirst, groupLast = zero(loops[1]), loops[1].Last
		}
		c0, last = b.Named("first_end", b.And(first, groupLast)), b.Named("last", b.And(last, groupLast))
		b.Out("start_o", b.Named("start", groupFirst))
		b.Out("end_o", b.Named("end", b.And(fire, groupLast)))
	}
	out := b.Named("out", b.And(fire, last))
	free := credits(b, depth, out, b.Const(1, 1), pop)
	cw := b.Width(free)
	// A group follows the one before by Stages edges at least.
	spaced := countdown(b, "gap_q", c.Stages-c.slots(), b.All(fire, loops[0].Last, b.Not(last)))
	operands := ab
	if c.InitC {
		operands = b.And(ab, b.Or(b.Not(c0), b.In("initial_i", 1)))
		b.Out("take_initial_o", b.Named("take_initial", b.And(fire, c0)))
	}
	room := b.Or(b.Not(last), b.Ne(free, b.Const(cw, 0)))
	b.Drive(fire, b.All(operands, issue, room, spaced))
	b.Next(issue, b.Mux(load, b.Const(1, 1), b.And(issue, b.Not(b.And(fire, jobEnd)))))
	empty := b.Eq(free, b.Const(cw, uint64(depth)))
	b.Next(busy, b.Mux(load, b.Const(1, 1), b.And(busy, b.Not(b.And(b.Not(issue), empty)))))
	b.Out("cfg_ready_o", ready)
	b.Out("busy_o", busy)
	b.Out("issue_o", issue)
	b.Out("fire_o", fire)
	b.Out("first_o", first)
	b.Out("out_o", out)
	b.Out("slot_o", loops[0].Count)
	if c.ZeroExponent {
		kv := b.Reg("kv_q", hw.Bits(c.Products), 0)
		b.NextIf(kv, load, b.In("cfg_kv_i", hw.Bits(c.Products)))
		b.Out("there_o", b.Named("there", b.Mux(last, kv, b.Const(hw.Bits(c.Products), uint64(c.Products)))))
	}
	return b.Build()
}

func (blockfma) build(c *Config) (*hw.Module, error) {
	edges := c.Stages + c.front()
	depth := edges + c.behind() + 1 // the results under way, and one that is being taken
	b := c.top()
	p := parts{b: b}
	ax := c.blockAxes(b)

	cfg := hw.Ports{"cfg_valid_i": b.In("cfg_valid_i", 1)}
	for _, n := range []string{"k", "mt", "nt"} {
		cfg["cfg_"+n+"_i"] = b.In("cfg_"+n+"_i", countBits)
	}
	if c.ZeroExponent { // the products of a dot product's last group
		cfg["cfg_kv_i"] = b.In("cfg_kv_i", hw.Bits(c.Products))
	}
	issue, fire, pop := b.Wire("issue", 1), b.Wire("fire", 1), b.Wire("pop", 1)
	aIn := p.stream("a", issue, fire, c.fieldsA(&p, ax)...)
	bIn := p.stream("b", issue, fire, c.fieldsB(&p, ax)...)
	cfg["operands_i"], cfg["pop_i"] = b.Named("operands", b.And(aIn["valid"], bIn["valid"])), pop
	var cIn map[string]hw.ID
	takeC := b.Const(1, 0)
	if c.InitC {
		takeC = b.Wire("take_c", 1)
		cIn = p.stream("c", issue, takeC, p.over("data", c.FloatC.Width(), ax.row, ax.col))
		cfg["initial_i"] = cIn["valid"]
	}
	seq := p.inst("seq", p.module(blockSeq(c, depth)), cfg)
	b.Drive(issue, seq["issue_o"])
	b.Drive(fire, seq["fire_o"])

	// The operands' registers. A cycle without a beat has zeros.
	gate := func(name string, x hw.ID) hw.ID {
		return b.Pipe(name, b.Mux(fire, x, b.Const(b.Width(x), 0)))
	}
	in := hw.Ports{}
	p.decoded(in, "a", c.elementA(), gate("a_q", aIn["data"]), ax.a()...)
	p.decoded(in, "b", c.elementB(), gate("b_q", bIn["data"]), ax.b()...)
	if x, ok := aIn["scale"]; ok {
		p.decoded(in, "sa", c.Blockwise.ScaleA, gate("a_scale_q", x), ax.row, ax.part)
	}
	if x, ok := bIn["scale"]; ok {
		p.decoded(in, "sb", c.Blockwise.ScaleB, gate("b_scale_q", x), ax.part, ax.col)
	}
	p.align(c, in, ax)
	late := func(x hw.ID, edges int) hw.ID { // as many edges as the aligners take
		if edges > 0 {
			return b.Delay(x, edges)
		}
		return x
	}
	initial := b.Const(c.FloatC.Width(), 0)
	if c.InitC {
		b.Drive(takeC, seq["take_initial_o"])
		initial = late(gate("c_q", cIn["data"]), c.front())
	}
	if c.ZeroExponent {
		there := b.Pipe("there_q", seq["there_o"])
		in["present_i"] = b.Named("present", b.ULt(b.Coord(ax.k, b.Width(there)), there))
	}
	// The sum of a slot is read with its beat and written Stages edges later.
	sums := b.Mem("sums", c.FloatC.Width(), c.slots(), true, ax.row, ax.col)
	start, acc := seq["first_o"], initial
	if c.Emulated > 0 {
		start, acc = seq["start_o"], b.Const(c.FloatC.Width(), 0)
	}
	in["c_i"] = b.Named("acc", b.Mux(late(b.Pipe("first_q", start), c.front()), acc, sums))
	sum := p.inst("unit", p.module(c.blockCell()), in, ax.row, ax.col)["y_o"]
	b.SetMem(sums, hw.MemPorts{WEn: b.Named("write", b.Delay(fire, edges)), WAddr: b.Named("write_slot", b.Delay(seq["slot_o"], edges)),
		WData: sum, RAddr: late(seq["slot_o"], c.front())})
	if c.Emulated > 0 {
		sum = p.addBehind(c, seq, sum, initial, ax)
	}
	p.tail(c, tailIn{valid: b.Named("out_valid", b.Delay(seq["out_o"], edges+c.behind())), data: b.Named("out_data", sum), depth: depth, busy: seq["busy_o"], pop: pop})
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("busy_o", seq["busy_o"])
	return p.build()
}

// decoded takes the numbers of an operand apart and gives them to the ports of the units.
func (p *parts) decoded(in hw.Ports, name string, f numeric.Format, x hw.ID, axes ...int) {
	m := p.module(pe.DecodeOperand("decode_"+name, f))
	for port, y := range p.inst("decode_"+name, m, hw.Ports{"x_i": x}, axes...) {
		in[name+"_"+port[:len(port)-1]+"i"] = y
	}
}

// behind is the number of edges that the addition of c takes behind the units.
func (c *Config) behind() int {
	if c.Emulated > 0 {
		return 1
	}
	return 0
}

// addBehind adds c to the sum of each instruction, which its first group has started from zero:
//
//	sum of the instruction -> sum_q --> + --> result, and c of the slot's next instruction
//	[carry, one a slot], or initial C --^
func (p *parts) addBehind(c *Config, seq hw.Ports, sum, initial hw.ID, ax blockAxes) hw.ID {
	b, edges := p.b, c.Stages+1
	carry := b.Mem("carry", c.FloatC.Width(), c.slots(), true, ax.row, ax.col)
	if b.ShapeOf(initial) != 0 { // it came with the last group of the first instruction, and stands in a register
		initial = b.Delay(initial, edges-1)
	}
	old := b.Named("c_here", b.Mux(b.Delay(seq["first_o"], edges), initial, carry))
	m := p.module(pe.AddFloats("add_behind", c.FloatC, c.FloatC.AllOnes()))
	total := p.inst("add_behind", m, hw.Ports{"x_i": b.Pipe("sum_q", sum), "y_i": old}, ax.row, ax.col)["s_o"]
	slot := b.Delay(seq["slot_o"], c.Stages)
	b.SetMem(carry, hw.MemPorts{WEn: b.Named("carry_write", b.Delay(seq["end_o"], edges)), WAddr: b.Pipe("carry_slot_q", slot), WData: total, RAddr: slot})
	return total
}
