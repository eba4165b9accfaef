package arch

import (
	"tpe/hw"
	"tpe/pe"
)

// Lookup engine.
//
//	a_* -> [skid] -> [table builder x row] --table--> unit(row,col) <--word-- w_q, w2_q[col] <- [skid] <- w_*
//	cfg -> [seq]  -> first, valid, plane, capture -------^  |
//	                      activation sums x row             v shadows
//	s_* -> [skid] -> s_q -> shadow ---------------> [reader: a row, results columns a beat] -> [group scaler] -> [store] -> (+ C) -> y_*
//
// A step is one group of inputs activations: a beat of a, and a beat of w for each
// plane, lowest first. Steps of a group of k, groups of a tile, tiles m innermost, then n.

// lutTableEdges is the number of edges from the one that takes an operand to the one
// after which the table stands in its register, less one.
func (c *Config) lutTableEdges() int {
	if c.hasTables() && c.Precompute == madeInside {
		return 1
	}
	return 0
}

// lutCapture is the number of edges from the one that takes the last operand of a group to the
// one after which its sums stand in the shadows.
func (c *Config) lutCapture() int { return c.lutTableEdges() + c.UnitRegs + 1 }

// lutLatency is the number of edges from the one that takes the last operand of a tile
// to the one that delivers its last result beat.
func (c *Config) lutLatency() int {
	l := c.lutCapture() + c.lutBeats()
	if c.scales() {
		l += scalerStages
	}
	return l
}

// scales reports whether sums pass the group scaler.
func (c *Config) scales() bool { return c.Group > 0 }

// correction is what makes numbers of the sums of the units.
func (c *Config) correction() correction {
	n := c.B.Bits
	k := correction{zero: -1}
	switch t := c.table(); {
	case t.Ternary() || c.Table == pe.StyleXNOR:
	case c.Weights == weightsOdd && t.Odd():
	case c.Weights == weightsOdd: // of plain bits: 2 q - (2^n - 1)
		k.double, k.sum = true, 1<<n-1
	case t.Odd() && c.B.Signed: // odd codes: w = (odd - 1) / 2
		k.halve, k.sum = true, 1
	case t.Odd(): // q - z = (odd - (2 z + 1 - 2^n)) / 2
		k.halve, k.sum = true, 1-1<<n
		if c.ZeroPoints {
			k.zero = 1
		}
	case c.ZeroPoints:
		k.zero = 0
	}
	return k
}

// unitBits is the width of the sums in the units: exact within a group, else
// as much as the result and its correction need.
func (c *Config) unitBits() int {
	if !c.scales() {
		return c.AccBits + 1
	}
	w := c.groupBits(c.B.Bits, c.Group) + 1
	if c.Table == pe.StyleXNOR {
		w++ // both operands are odd integers
	}
	if c.TableBits > 0 {
		w++ // rounding may add to a sum
	}
	return w
}

// asumBits is the width of the sum of a group's activations.
func (c *Config) asumBits() int {
	if !c.scales() {
		return c.unitBits()
	}
	return min(c.A.Bits+1+clog2(c.Group), c.unitBits())
}

// seq are the parameters of the control.
func (c *Config) lutSeq() groupSeq {
	planesA, planesB := c.planes()
	g := groupSeq{name: "lut_seq", array: "lookup engine", planesA: planesA, planesB: planesB, grouped: c.scales(),
		scales: c.ScaleBits > 0 || c.ZeroPoints, beats: c.lutBeats(), period: c.lutBeats()}
	g.depth = storeDepth(g.beats, 1, c.lutLatency(), g.period)
	if c.Table == pe.StyleXNOR {
		g.bits = c.Inputs
	}
	return g
}

// lutTables are the registers that units read in each row, and what belongs to them.
type lutTables struct {
	units hw.Ports // inputs of the units
	sum   hw.ID    // of the activations; None if there is no need of it
	shift hw.ID    // of rounded tables
}

// tables makes the front of the activations: the stream a, and tables or activations in
// registers.
func (p *parts) lutTables(c *Config, row int, issue, take hw.ID) (lutTables, hw.ID) {
	b, t, spec := p.b, c.table(), c.tableSpec()
	round, needsSum := c.TableBits > 0, c.correction().needsSum()
	hold := func(name string, x hw.ID) hw.ID {
		r := b.Reg(name, b.Width(x), 0, b.ShapeOf(x).Axes()...)
		b.NextIf(r, take, x)
		return r
	}
	extend := func(x hw.ID) hw.ID { // as a signed word
		if c.A.Signed {
			return x
		}
		return b.Zext(c.A.Bits+1, x)
	}
	out := lutTables{units: hw.Ports{}, sum: hw.None, shift: hw.None}
	if c.floatActivations() {
		e := b.Axis("e", len(t.Entries))
		in := p.stream("a", issue, take, p.over("table", c.FloatA.Width(), row, e))
		out.units["table_i"] = hold("table_q", in["table"])
		return out, in["valid"]
	}
	shift := func() field { return p.over("shift", spec.ShiftBits(t), row) }
	switch {
	case c.Table == pe.StyleXNOR:
		in := p.stream("a", issue, take, p.over("data", c.Inputs, row))
		out.units["a_i"] = hold("a_q", in["data"])
		return out, in["valid"]
	case c.Table == pe.StyleTernary:
		k := b.Axis("k", 1)
		in := p.stream("a", issue, take, p.over("data", c.A.Bits, row, k))
		out.units["a_i"] = b.Named("held", extend(b.Index(k, 0, hold("a_q", in["data"]))))
		return out, in["valid"]
	case c.Table == pe.StyleAdder:
		k := b.Axis("k", c.Inputs)
		in := p.stream("a", issue, take, p.over("data", c.A.Bits, row, k))
		held := b.Named("held", extend(hold("a_q", in["data"])))
		out.units["a_i"] = held
		if needsSum {
			out.sum = b.Reduce(k, hw.OpAdd, pe.Fit(b, c.asumBits(), held))
		}
		return out, in["valid"]
	}
	e := b.Axis("e", len(t.Entries))
	var valid hw.ID
	if c.Precompute == madeOutside {
		fields := []field{p.over("table", spec.EntryBits(t), row, e)}
		if round {
			fields = append(fields, shift(), p.over("sum", spec.SumBits(t), row))
		}
		in := p.stream("a", issue, take, fields...)
		valid = in["valid"]
		out.units["table_i"] = hold("table_q", in["table"])
		if round {
			out.shift = hold("shift_q", in["shift"])
			if needsSum {
				out.sum = hold("sum_q", in["sum"])
			}
		}
	} else {
		k := b.Axis("k", c.Inputs)
		fields := []field{p.over("data", c.A.Bits, row, k)}
		if round {
			fields = append(fields, shift())
		}
		in := p.stream("a", issue, take, fields...)
		valid = in["valid"]
		load := b.Pipe("load_q", take)
		ports := hw.Ports{"a_i": in["data"], "load_i": load}
		if round {
			early := b.Pipe("shift_early_q", in["shift"])
			ports["shift_i"] = early
			out.shift = b.Reg("shift_q", b.Width(early), 0, row)
			b.NextIf(out.shift, load, early)
		}
		made := p.inst("table", p.module(pe.TableBuilder("lut_table", t, spec)), ports, row)
		out.units["table_i"] = made["table_o"]
		if round && needsSum {
			out.sum = made["sum_o"]
		}
	}
	if !round && needsSum {
		out.sum = b.Index(e, t.SumEntry(), out.units["table_i"])
	}
	return out, valid
}

// unitSpec is what the hardware of the units depends on.
func (c *Config) unitSpec() pe.UnitSpec {
	t := c.table()
	planesA, planesB := c.planes()
	if c.floatActivations() {
		return pe.UnitSpec{EntryBits: c.FloatA.Width(), AccBits: c.FloatC.Width(), Planes: planesB, Regs: c.UnitRegs}
	}
	s := pe.UnitSpec{EntryBits: c.tableSpec().EntryBits(t), AccBits: c.unitBits(), Planes: planesA + planesB - 1, Regs: c.UnitRegs}
	switch c.Table {
	case pe.StyleXNOR:
		s.EntryBits = hw.Bits(c.Inputs)
	case pe.StyleAdder, pe.StyleTernary:
		s.EntryBits = c.A.Bits
		if !c.A.Signed {
			s.EntryBits++
		}
	}
	s.Minus = (c.Table == pe.StyleBits || c.Table == pe.StyleAdder) && c.B.Signed
	return s
}

// build builds the lookup engine.
func (lut) build(c *Config) (*hw.Module, error) {
	t, spec := c.table(), c.unitSpec()
	g := c.lutSeq()
	b := c.top()
	row, col := b.Axis("row", c.Rows), b.Axis("col", c.Cols)
	p := parts{b: b}

	issue, fire, takeA, end, pop := b.Wire("issue", 1), b.Wire("fire", 1), b.Wire("take_a", 1), b.Wire("end", 1), b.Wire("pop", 1)
	cfg := p.groupConfig(g)
	cfg["pop_i"] = pop
	tables, aValid := p.lutTables(c, row, issue, takeA)
	w := p.stream("w", issue, fire, p.over("data", t.WordBits(), col))
	cfg["a_avail_i"], cfg["w_avail_i"] = aValid, w["valid"]
	scale := p.scaleStream(c, col, issue, end, cfg)
	seq := p.inst("seq", p.module(g.module()), cfg)
	for _, d := range []struct {
		wire hw.ID
		port string
	}{{issue, "issue_o"}, {fire, "fire_o"}, {takeA, "take_a_o"}, {end, "end_o"}} {
		b.Drive(d.wire, seq[d.port])
	}

	// Words and planes meet the table; first and valid the accumulators; then capture.
	late := c.lutTableEdges() + 1
	add := late + c.UnitRegs - 1
	units := tables.units
	units["w_i"] = b.Named("word", b.Delay(w["data"], late))
	if spec.Planes > 1 {
		units["plane_i"] = b.Named("plane", b.Delay(seq["plane_o"], late))
	}
	if spec.Minus {
		top := b.Const(1, 1)
		if spec.Planes > 1 {
			top = b.Delay(seq["top_plane_o"], late)
		}
		units["minus_i"] = b.Named("minus", top)
	}
	if c.Table == pe.StyleXNOR {
		n := b.Named("bits", b.Delay(seq["bits_o"], late))
		mask := b.Rom("mask", c.Inputs, masks(c.Inputs), n)
		units["count_i"], units["mask_i"] = n, b.Named("mask", mask)
	}
	valid, first := b.Named("valid", b.Delay(fire, add)), b.Named("first", b.Delay(seq["first_o"], add))
	capture := b.Named("capture", b.Delay(end, c.lutCapture()))
	units["valid_i"], units["first_i"], units["capture_i"] = valid, first, capture
	sums := p.inst("unit", p.module(c.lutUnit(t, spec)), units, row, col)["sum_o"]

	captured := func(name string, x hw.ID) hw.ID {
		r := b.Reg(name, b.Width(x), 0, b.ShapeOf(x).Axes()...)
		b.NextIf(r, capture, x)
		return r
	}
	r := p.reader(c.Rows, cdiv(c.Cols, c.Results), capture)
	cols := r.rowParts(col, c.Cols, c.Results)
	ofRow := func(x hw.ID) hw.ID { return b.Select(row, x, r.rowAt) }
	sum := b.Named("sum", cols.of(ofRow(sums)))
	if c.TableBits > 0 {
		shift := captured("shift_shadow_q", b.Delay(tables.shift, c.UnitRegs))
		sum = b.Shl(sum, ofRow(shift))
	}
	corr := c.correction()
	var asum, zero hw.ID
	if corr.needsSum() {
		newA := b.Delay(takeA, add)
		acc := b.Reg("asum_q", c.asumBits(), 0, row)
		x := pe.Fit(b, c.asumBits(), b.Delay(tables.sum, c.UnitRegs-1))
		b.NextIf(acc, newA, b.Named("asum", b.Add(b.Mux(first, b.Const(c.asumBits(), 0), acc), x)))
		asum = b.Named("row_asum", ofRow(captured("asum_shadow_q", acc)))
	}
	scale = p.groupStore("group", end, capture, g.period, c.lutCapture(), scale, c.scaleNames())
	for n, x := range scale {
		scale[n] = cols.of(x)
	}
	if corr.zero >= 0 {
		zero = scale["zero"]
	}
	outValid, out := r.valid, hw.None
	if c.scales() {
		in := hw.Ports{"valid_i": r.valid, "addr_i": r.beat, "sum_i": sum,
			"first_i": captured("group_first_q", b.Delay(seq["group_first_o"], c.lutCapture())),
			"last_i":  captured("group_last_q", b.Delay(seq["group_last_o"], c.lutCapture()))}
		if corr.needsSum() {
			in["asum_i"] = asum
		}
		if corr.zero >= 0 {
			in["zero_i"] = zero
		}
		if c.ScaleBits > 0 {
			in["scale_i"] = scale["scale"]
		}
		scaler := p.inst("scaler", p.module(groupScaler(c, corr, spec.AccBits, c.asumBits(), g.beats, p.lanes(cols.axes)...)), in)
		outValid, out = scaler["valid_o"], scaler["data_o"]
	} else {
		out = b.Slice(corr.apply(b, sum, asum, zero), 0, c.weightedBits())
	}
	p.tail(c, tailIn{valid: outValid, data: b.Named("result", out), arith: c.resultArith(), depth: g.depth, busy: seq["busy_o"], pop: pop})
	b.Out("cfg_ready_o", seq["cfg_ready_o"])
	b.Out("busy_o", seq["busy_o"])
	return p.build()
}

// masks[i] has the i lowest of n bits set.
func masks(n int) []uint64 {
	list := make([]uint64, n+1)
	for i := range list {
		list[i] = 1<<i - 1
	}
	return list
}
