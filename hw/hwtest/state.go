package hwtest

import (
	"fmt"

	"tpe/hw"
)

// stateCases covers registers, memories, delays, assertions and wires.
func stateCases() []Case {
	list := []Case{
		stimulated("state/registers", registers(), 20, 7, 8, 15),
		stimulated("state/shared_next", sharedNext(), 16, 5),
		stimulated("state/swap", swap(), 16, 9),
		stimulated("state/chain", chain(), 24, 0, 11),
		stimulated("state/counters", counters(), 40, 13, 14),
		stimulated("state/asserts", asserts(), 40, 3, 4, 20),
		stimulated("state/wires", wires(), 16, 6),
		stimulated("state/delay_scalar", delayScalar(), 30, 12, 13),
		stimulated("state/delay_affine", delayAffine(), 40, 17, 30),
		stimulated("state/delay_loop", delayLoop(), 40, 21),
		stimulated("state/delay_fixed", delayFixed(), 12, 8),
		stimulated("state/rom", roms(), 40),
	}
	for _, forward := range []bool{false, true} {
		list = append(list,
			stimulated(fmt.Sprintf("mem/scalar_forward_%v", forward), memScalar(forward), 60, 30),
			stimulated(fmt.Sprintf("mem/lanes_forward_%v", forward), memLanes(forward), 60, 20, 21),
			stimulated(fmt.Sprintf("mem/shared_address_forward_%v", forward), memShared(forward), 60, 40),
			stimulated(fmt.Sprintf("mem/accumulate_forward_%v", forward), memAccumulate(forward), 60, 25),
			stimulated(fmt.Sprintf("mem/feedback_forward_%v", forward), memFeedback(forward), 50, 10),
		)
	}
	return list
}

// registers has registers of all widths with reset values, with and without
// enable, and with next values that lack their axes.
func registers() *hw.Module {
	b := hw.New("registers", "Registers with reset values.")
	row, col := b.Axis("row", 3), b.Axis("col", 2)
	en := b.In("en", 1)
	lane := b.In("lane_en", 1, row)
	for _, w := range widths {
		x := b.In(fmt.Sprintf("x_%d", w), w)
		r := b.Reg(fmt.Sprintf("r_%d", w), w, 0xa5a5_a5a5_a5a5_a5a5&hw.Mask(w))
		b.Next(r, x)
		b.Out(fmt.Sprintf("plain_%d", w), r)
		e := b.Reg(fmt.Sprintf("e_%d", w), w, hw.Mask(w), row)
		b.NextIf(e, b.And(en, lane), x)
		b.Out(fmt.Sprintf("enabled_%d", w), e)
		g := b.Reg(fmt.Sprintf("g_%d", w), w, 1, row, col)
		b.Next(g, b.Xor(e, g))
		b.Out(fmt.Sprintf("grid_%d", w), g)
		s := b.Reg(fmt.Sprintf("spread_%d", w), w, 0, row, col)
		b.Next(s, e)
		b.Out(fmt.Sprintf("spread_out_%d", w), s)
	}
	return must(b)
}

func sharedNext() *hw.Module {
	b := hw.New("shared_next", "Two registers with one next value, one of them wider in shape.")
	row := b.Axis("row", 4)
	x := b.In("x", 9)
	p, q, wide := b.Reg("p", 9, 3), b.Reg("q", 9, 500), b.Reg("wide", 9, 7, row)
	next := b.Add(b.Add(p, q), x)
	b.Next(p, next)
	b.Next(q, next)
	b.Next(wide, next)
	b.Out("p_out", p)
	b.Out("q_out", q)
	b.Out("wide_out", wide)
	b.Out("next_out", next)
	return must(b)
}

func swap() *hw.Module {
	b := hw.New("swap", "Registers that exchange their values at each edge, and one that keeps its own.")
	row := b.Axis("row", 3)
	en := b.In("en", 1)
	p, q := b.Reg("p", 8, 1), b.Reg("q", 8, 2)
	b.Next(p, q)
	b.Next(q, p)
	u, v := b.Reg("u", 64, 11, row), b.Reg("v", 64, 1<<63, row)
	b.NextIf(u, en, v)
	b.NextIf(v, en, b.Add(u, b.Coord(row, 64)))
	k := b.Reg("keep", 5, 21)
	b.Next(k, k)
	t0, t1, t2 := b.Reg("t0", 8, 5), b.Reg("t1", 8, 6), b.Reg("t2", 8, 7)
	b.Next(t0, t1)
	b.Next(t1, t2)
	b.Next(t2, t0)
	for i, r := range []hw.ID{p, q, u, v, k, t0, t1, t2} {
		b.Out(fmt.Sprintf("o%d", i), r)
	}
	return must(b)
}

func chain() *hw.Module {
	b := hw.New("chain", "Registers in a row, declared in both directions.")
	row := b.Axis("row", 2)
	x := b.In("x", 17, row)
	prev := x
	for i := range 5 {
		r := b.Reg(fmt.Sprintf("fore_%d", i), 17, uint64(i), row)
		b.Next(r, prev)
		prev = r
	}
	b.Out("fore", prev)
	var regs []hw.ID
	for i := range 5 {
		regs = append(regs, b.Reg(fmt.Sprintf("back_%d", i), 17, uint64(100+i), row))
	}
	for i := range 4 {
		b.Next(regs[i], regs[i+1])
	}
	b.Next(regs[4], x)
	b.Out("back", regs[0])
	b.Out("piped", b.Pipe("pipe", b.Pipe("first", x)))
	return must(b)
}

func counters() *hw.Module {
	b := hw.New("counters", "Counters that wrap, saturate and depend on each other.")
	en := b.In("en", 1)
	for _, w := range []int{1, 3, 8, 33, 64} {
		c := b.Reg(fmt.Sprintf("count_%d", w), w, hw.Mask(w)-1)
		b.NextIf(c, en, b.Add(c, b.Const(w, 1)))
		b.Out(fmt.Sprintf("wrap_%d", w), c)
		s := b.Reg(fmt.Sprintf("sat_%d", w), w, 0)
		full := b.Eq(s, b.Const(w, min(5, hw.Mask(w))))
		b.Next(s, b.Mux(full, s, b.Add(s, b.Zext(w, en))))
		b.Out(fmt.Sprintf("saturate_%d", w), s)
	}
	lfsr := b.Reg("lfsr", 16, 0xace1)
	bit := b.Xor(b.Xor(b.Bit(lfsr, 0), b.Bit(lfsr, 2)), b.Xor(b.Bit(lfsr, 3), b.Bit(lfsr, 5)))
	b.Next(lfsr, b.Cat(bit, b.Slice(lfsr, 1, 15)))
	b.Out("lfsr_out", lfsr)
	return must(b)
}

func asserts() *hw.Module {
	b := hw.New("asserts", "Assertions that fail sometimes, in some lanes, and never.")
	row, col := b.Axis("row", 3), b.Axis("col", 5)
	x, y, f := b.In("x", 3), b.In("y", 1, row, col), b.In("f", 1, col)
	c := b.Reg("c", 3, 6)
	b.Next(c, b.Add(c, b.Const(3, 1)))
	b.Assert("scalar", b.Ne(x, b.Const(3, 1)))
	b.Assert("grid", y)
	b.Assert("row_of_flags", f)
	b.Assert("never", b.Const(1, 1))
	b.Assert("always", b.Const(1, 0))
	b.Assert("of_state", b.ULt(c, b.Const(3, 7)))
	b.Assert("of_register", b.Pipe("late", y))
	b.Out("c_out", c)
	return must(b)
}

func wires() *hw.Module {
	b := hw.New("wires", "Nodes used before they are made.")
	row := b.Axis("row", 3)
	x := b.In("x", 8, row)
	later := b.Wire("later", 8, row)
	wide := b.Wire("wide", 8, row)
	twice := b.Wire("", 8)
	a := b.Add(later, x)
	d := b.Sub(wide, twice)
	r := b.Reg("r", 8, 9, row)
	b.Next(r, a)
	b.Out("a_out", a)
	b.Out("d_out", d)
	b.Drive(later, b.Xor(r, b.Const(8, 0x55)))
	middle := b.Wire("middle", 8)
	b.Drive(twice, middle)
	s := b.Reg("s", 8, 2)
	b.Drive(middle, s)
	b.Drive(wide, s)
	b.Next(s, b.Reduce(row, hw.OpAdd, d))
	b.Out("later_out", later)
	b.Out("wide_out", wide)
	return must(b)
}

func delayScalar() *hw.Module {
	b := hw.New("delay_scalar", "Delays without axes.")
	row := b.Axis("row", 3)
	for _, w := range []int{1, 8, 17, 33, 64} {
		x, g := b.In(fmt.Sprintf("x_%d", w), w), b.In(fmt.Sprintf("g_%d", w), w, row)
		for _, d := range []int{0, 1, 2, 5} {
			b.Out(fmt.Sprintf("y_%d_%d", w, d), b.Delay(x, d))
			b.Out(fmt.Sprintf("h_%d_%d", w, d), b.Delay(g, d))
		}
		b.Out(fmt.Sprintf("twice_%d", w), b.Delay(b.Delay(x, 2), 3))
	}
	return must(b)
}

func delayAffine() *hw.Module {
	b := hw.New("delay_affine", "Delays that depend on the lane.")
	row, col, dep := b.Axis("row", 3), b.Axis("col", 4), b.Axis("dep", 2)
	for _, w := range []int{1, 8, 33, 64} {
		x, g, c := b.In(fmt.Sprintf("x_%d", w), w, row), b.In(fmt.Sprintf("g_%d", w), w, row, col), b.In(fmt.Sprintf("c_%d", w), w, row, col, dep)
		out := func(name string, id hw.ID) { b.Out(fmt.Sprintf("%s_%d", name, w), id) }
		out("up", b.Skew(x, 0, row, 1))
		out("up3", b.Skew(x, 2, row, 3))
		out("down", b.Skew(x, 2, row, -1))
		out("down_more", b.Skew(x, 7, row, -2))
		out("grid_row", b.Skew(g, 0, row, 1))
		out("grid_col", b.Skew(g, 0, col, 2))
		out("grid_both", b.SkewN(g, 1, map[int]int{row: 1, col: 1}))
		out("grid_cross", b.SkewN(g, 3, map[int]int{row: 2, col: -1}))
		out("grid_down", b.SkewN(g, 7, map[int]int{row: -2, col: -1}))
		out("cube", b.SkewN(c, 1, map[int]int{row: 1, dep: 4, col: 0}))
		out("cube_base", b.Delay(c, 3))
	}
	return must(b)
}

func delayLoop() *hw.Module {
	b := hw.New("delay_loop", "Feedback through delays alone.")
	row := b.Axis("row", 3)
	x := b.In("x", 8, row)
	w := b.Wire("w", 8, row)
	y := b.Add(b.Delay(w, 2), x)
	b.Drive(w, y)
	b.Out("y_out", y)
	v := b.Wire("v", 8, row)
	z := b.Xor(b.Skew(v, 1, row, 1), x)
	b.Drive(v, z)
	b.Out("z_out", z)
	return must(b)
}

func delayFixed() *hw.Module {
	b := hw.New("delay_fixed", "Delays of constants and coordinates, which are 0 at first.")
	row := b.Axis("row", 4)
	b.Out("constant", b.Delay(b.Const(8, 77), 3))
	b.Out("coordinate", b.Skew(b.Add(b.Coord(row, 8), b.Const(8, 1)), 0, row, 1))
	b.Out("zero", b.Delay(b.Const(8, 9), 0))
	return must(b)
}

func roms() *hw.Module {
	b := hw.New("roms", "Tables, read past their end, with one entry, shared and of wide words.")
	row := b.Axis("row", 3)
	for _, w := range widths {
		idx := b.In(fmt.Sprintf("i_%d", w), min(w, 5), row)
		b.Out(fmt.Sprintf("y_%d", w), b.Rom(fmt.Sprintf("t_%d", w), w, table(w, 11), idx))
		b.Out(fmt.Sprintf("one_%d", w), b.Rom(fmt.Sprintf("single_%d", w), w, []uint64{hw.Mask(w)}, idx))
	}
	b.Out("wide_index", b.Rom("wide_index_table", 9, table(9, 7), b.In("i_wide", 64)))
	b.Out("full", b.Rom("full_table", 12, table(12, 256), b.In("i_full", 8)))
	b.Out("more", b.Rom("more_table", 12, table(12, 300), b.In("i_more", 8)))
	return must(b)
}

func memScalar(forward bool) *hw.Module {
	b := hw.New("mem_scalar", "Memories without axes, with few addresses so that reads meet writes.")
	for _, w := range []int{1, 8, 33, 64} {
		for _, depth := range []int{1, 2, 5, 8} {
			name := fmt.Sprintf("_%d_%d", w, depth)
			q := b.Mem("m"+name, w, depth, forward)
			aw := 3
			b.SetMem(q, hw.MemPorts{WEn: b.In("we"+name, 1), WAddr: b.In("wa"+name, aw), WData: b.In("wd"+name, w), RAddr: b.In("ra"+name, aw)})
			b.Out("q"+name, q)
		}
	}
	q := b.Mem("wide_address", 8, 6, forward)
	b.SetMem(q, hw.MemPorts{WEn: b.In("wide_we", 1), WAddr: b.In("wide_wa", 64), WData: b.In("wide_wd", 8), RAddr: b.In("wide_ra", 7)})
	b.Out("wide_q", q)
	return must(b)
}

func memLanes(forward bool) *hw.Module {
	b := hw.New("mem_lanes", "A memory in every lane of a grid, all of its ports with their own lanes.")
	row, col := b.Axis("row", 3), b.Axis("col", 2)
	for _, w := range []int{8, 17, 64} {
		name := fmt.Sprintf("_%d", w)
		q := b.Mem("m"+name, w, 5, forward, row, col)
		b.SetMem(q, hw.MemPorts{WEn: b.In("we"+name, 1, row, col), WAddr: b.In("wa"+name, 3, row, col), WData: b.In("wd"+name, w, row, col), RAddr: b.In("ra"+name, 3, row, col)})
		b.Out("q"+name, q)
	}
	return must(b)
}

func memShared(forward bool) *hw.Module {
	b := hw.New("mem_shared", "A memory in every lane whose ports lack some axes.")
	row, col := b.Axis("row", 2), b.Axis("col", 3)
	q := b.Mem("m", 8, 4, forward, row, col)
	b.SetMem(q, hw.MemPorts{WEn: b.In("we", 1), WAddr: b.In("wa", 3, row), WData: b.In("wd", 8, col), RAddr: b.In("ra", 2)})
	b.Out("q", q)
	fixed := b.Mem("fixed", 8, 4, forward, col)
	b.SetMem(fixed, hw.MemPorts{WEn: b.Const(1, 1), WAddr: b.Const(2, 2), WData: b.In("fd", 8, col), RAddr: b.Const(2, 2)})
	b.Out("fixed_q", fixed)
	same := b.Mem("same", 8, 3, forward)
	a := b.In("sa", 2)
	b.SetMem(same, hw.MemPorts{WEn: b.In("sw", 1), WAddr: a, WData: b.In("sd", 8), RAddr: a})
	b.Out("same_q", same)
	return must(b)
}

func memAccumulate(forward bool) *hw.Module {
	b := hw.New("mem_accumulate", "Words that are read, added to and written back two edges later.")
	col := b.Axis("col", 3)
	addr, x := b.In("addr", 2), b.In("x", 16, col)
	q := b.Mem("acc", 16, 4, forward, col)
	late := b.Delay(addr, 1)
	b.SetMem(q, hw.MemPorts{WEn: b.Const(1, 1), WAddr: late, WData: b.Add(q, x), RAddr: addr})
	b.Out("q", q)
	return must(b)
}

func memFeedback(forward bool) *hw.Module {
	b := hw.New("mem_feedback", "Two memories that write what the other one reads, addressed by their own words.")
	we := b.In("we", 1)
	p, q := b.Mem("p", 8, 16, forward), b.Mem("q", 8, 16, forward)
	x := b.In("x", 8)
	b.SetMem(p, hw.MemPorts{WEn: we, WAddr: b.Slice(q, 0, 4), WData: b.Add(q, x), RAddr: b.Slice(p, 0, 4)})
	b.SetMem(q, hw.MemPorts{WEn: b.Not(we), WAddr: b.Slice(p, 1, 4), WData: b.Xor(p, x), RAddr: b.Slice(b.Add(p, q), 0, 4)})
	b.Out("p_out", p)
	b.Out("q_out", q)
	return must(b)
}
