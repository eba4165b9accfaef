package arch

import (
	"fmt"

	"tpe/hw"
	"tpe/pe"
)

// setColumns is the number of columns of a set: those that share a scaler.
func (c *Config) setColumns() int { return cdiv(c.Cols, c.Scalers) }

// groupBeats is the number of beats of the sums of a group.
func (c *Config) groupBeats() int { return c.Rows * c.setColumns() }

// rowCycles is the number of cycles in which the sums of a row are read. A sum that moves up
// rests for a cycle in each cell, so a set of one column takes two.
func (c *Config) rowCycles() int { return max(2, c.setColumns()) }

// mixRead is the number of edges from the one that takes the last operand of a group to the one
// before the first cycle in which a beat of its sums stands aligned at the scalers: input register,
// accumulator, shadow, sum register, and the sets before the last one.
func (c *Config) mixRead() int { return 3 + (c.Scalers-1)*c.setColumns() }

// mixLatency is the number of edges from the one that takes the last operand of a tile to the
// one that delivers its last result beat.
func (c *Config) mixLatency() int {
	return c.mixRead() + (c.Rows-1)*c.rowCycles() + c.setColumns() + scalerStages
}

// groupSumBits is the width of a sum of a group with its zero point subtracted.
func (c *Config) groupSumBits() int {
	if c.floatActivations() {
		return c.FloatC.Width()
	}
	return c.groupBits(c.B.Bits, c.Group)
}

// mixSeq are the parameters of the control.
func (c *Config) mixSeq() groupSeq {
	g := groupSeq{name: "mixpe_seq", array: "array of shift-and-add PEs", planesA: 1, planesB: c.shiftAdd().Planes(), grouped: true,
		scales: c.scaleWidth() > 0 || c.ZeroPoints, beats: c.groupBeats(), period: c.Rows * c.rowCycles()}
	g.depth = storeDepth(g.beats, c.rowCycles()/c.setColumns(), c.mixLatency(), g.period)
	return g
}

// activationSums accumulates the activations of each row over a group, as the cells do
// with products, for the zero points. new_i marks an activation, which a serial product holds for
// several cycles.
func activationSums(c *Config, bits int) (*hw.Module, error) {
	b := hw.New("activation_sum", "Sum of a row's activations over a group.")
	x, add := b.In("x_i", c.A.Bits), b.In("new_i", 1)
	first, last := b.In("first_i", 1), b.In("last_i", 1)
	if c.A.Signed {
		x = b.Sext(bits, x)
	} else {
		x = b.Zext(bits, x)
	}
	zero := b.Const(bits, 0)
	acc, shadow := b.Reg("acc_q", bits, 0), b.Reg("shadow_q", bits, 0)
	b.Next(acc, b.Named("new", b.Add(b.Mux(first, zero, acc), b.Mux(add, x, zero))))
	b.NextIf(shadow, b.Pipe("last_q", last), acc)
	b.Out("sum_o", shadow)
	return b.Build()
}

// build builds the array.
func (mixpe) build(c *Config) (*hw.Module, error) {
	if c.Accounting == AccountArtefact {
		return nil, fmt.Errorf("accounting: a formula only, without hardware: %q (expected %s, or tpe run --fidelity formula --check none)", c.Accounting, AccountIsoArea)
	}
	g, product, sumBits := c.mixSeq(), c.groupProduct(), c.groupSumBits()
	width := c.setColumns()
	b := c.top()
	row, col := b.Axis("row", c.Rows), b.Axis("col", c.Cols)
	set, in := b.Axis("set", c.Scalers), b.Axis("in", width)
	p := parts{b: b}

	issue, fire, end, pop := b.Wire("issue", 1), b.Wire("fire", 1), b.Wire("end", 1), b.Wire("pop", 1)
	take := fire
	if g.planesB > 1 {
		take = b.Wire("take", 1)
	}
	cfg := p.groupConfig(g)
	cfg["pop_i"] = pop
	a := p.stream("a", issue, take, p.over("data", c.activation().Width(), row))
	w := p.stream("w", issue, take, p.over("data", product.WordBits(), col))
	cfg["a_avail_i"], cfg["w_avail_i"] = a["valid"], w["valid"]
	scale := p.scaleStream(c, col, issue, end, cfg)
	seq := p.inst("seq", p.module(g.module()), cfg)
	b.Drive(issue, seq["issue_o"])
	b.Drive(fire, seq["fire_o"])
	b.Drive(end, seq["end_o"])
	if g.planesB > 1 {
		b.Drive(take, b.And(fire, seq["top_plane_o"]))
	}

	// A cycle without a beat is a beat of zeros without flags.
	gate := func(name string, x hw.ID) hw.ID {
		return b.Pipe(name, b.Mux(fire, x, b.Const(b.Width(x), 0)))
	}
	west := b.Named("west", b.Skew(gate("a_q", a["data"]), 0, row, 1))
	north := b.Named("north", b.Skew(gate("w_q", w["data"]), 0, col, 1))
	first := tap(b, "first_row", row, gate("first_q", seq["first_o"]))
	last := tap(b, "last_row", row, b.Pipe("last_q", end))
	cell, err := pe.GroupCell("pe_mixpe", product, sumBits)
	grid := p.grid("pe", p.module(cell, err), row, col)
	grid.link("x", col, +1, west)
	grid.link("first", col, +1, first)
	grid.link("last", col, +1, last)
	grid.link("y", row, +1, north)
	if g.planesB > 1 {
		grid.link("plane", col, +1, tap(b, "plane_row", row, gate("plane_q", seq["plane_o"])))
	}
	shift := b.Wire("shift", 1)
	grid.link("shift", col, +1, tap(b, "shift_row", row, shift))
	grid.link("d", row, -1, b.Const(sumBits, 0))
	head := b.Index(row, 0, grid.place()["d_o"])

	// The sums of a row of cells stand in row 0 while its columns are read, in all sets, u
	// set widths later in set u; then those of the next row move up.
	start := b.Named("start", b.Delay(end, 3))
	r := p.reader(c.Rows, c.rowCycles(), b.Named("captured", b.Delay(end, 2)))
	valid, beat := r.valid, r.beat
	if width == 1 { // only the first cycle of a row has a sum
		aw := hw.Bits(c.Rows)
		valid, beat = b.And(valid, b.Not(r.partAt)), b.Zext(aw, r.rowAt)
	}
	b.Drive(shift, b.Named("row_is_read", b.All(r.valid, r.partLast, b.Not(r.rowLast))))
	at := b.Named("set_column", b.SkewN(b.Bcast(r.partAt, set), 0, map[int]int{set: width}))
	read := b.Select(in, b.Split(col, set, in, head, b.Const(sumBits, 0)), at)
	behind := (c.Scalers - 1) * width // edges from set 0 to the last
	sum := b.Named("sum", b.SkewN(b.Pipe("sum_q", read), behind, map[int]int{set: -width}))
	toScaler := func(x hw.ID) hw.ID { return b.Delay(x, behind) }

	scales := p.groupStore("group", end, b.Named("scale_start", toScaler(start)), g.period, c.mixRead(), scale, c.scaleNames())
	column := toScaler(b.Pipe("column_q", r.partAt))
	ofSet := func(x hw.ID) hw.ID {
		return b.Select(in, b.Split(col, set, in, x, b.Const(b.Width(x), 0)), column)
	}
	corr := correction{zero: -1}
	if c.ZeroPoints {
		corr.zero = 0
	}
	mark := func(name string) hw.ID { // of a group, kept while it is read
		q := b.Reg(name+"_read_q", 1, 0)
		b.NextIf(q, start, b.Delay(seq[name+"_o"], 3))
		return toScaler(q)
	}
	ports := hw.Ports{"valid_i": toScaler(b.Pipe("valid_q", valid)), "addr_i": toScaler(b.Pipe("beat_q", beat)), "sum_i": sum,
		"first_i": mark("group_first"), "last_i": mark("group_last")}
	asumBits := min(c.A.Bits+1+clog2(c.Group), sumBits)
	if corr.zero >= 0 {
		added := tap(b, "new_row", row, b.Pipe("new_q", seq["take_a_o"]))
		asums := p.inst("asum", p.module(activationSums(c, asumBits)), hw.Ports{"x_i": west, "new_i": added, "first_i": first, "last_i": last}, row)
		ports["asum_i"] = toScaler(b.Pipe("asum_q", b.Select(row, asums["sum_o"], r.rowAt)))
		ports["zero_i"] = ofSet(scales["zero"])
	}
	if c.scaleWidth() > 0 {
		ports["scale_i"] = ofSet(scales["scale"])
	}
	scaler := p.inst("scaler", p.module(groupScaler(c, corr, sumBits, asumBits, g.beats, p.lanes([]int{set})...)), ports)
	p.tail(c, tailIn{valid: scaler["valid_o"], data: b.Named("result", scaler["data_o"]), arith: c.resultArith(), depth: g.depth, busy: seq["busy_o"], pop: pop})
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("busy_o", seq["busy_o"])
	return p.build()
}
