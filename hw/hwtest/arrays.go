package hwtest

import (
	"tpe/hw"
)

// arrayCases covers instances: over axes, nested, with axes of their own, with
// loops between neighbours, with state inside.
func arrayCases() []Case {
	return []Case{
		stimulated("array/grid", systolic(3, 4), 40, 19),
		stimulated("array/grid_of_one", systolic(1, 1), 20, 9),
		stimulated("array/column", systolic(5, 1), 20),
		stimulated("array/both_directions", bothDirections(), 40, 15),
		stimulated("array/ring", ring(), 40, 22),
		stimulated("array/own_axis", ownAxis(), 30, 11),
		stimulated("array/nested", nested(), 40, 18),
		stimulated("array/memories", memoriesInside(), 50, 20),
		stimulated("array/delays", delaysInside(), 40, 21),
		stimulated("array/broadcast_in", broadcastIn(), 20, 8),
		stimulated("array/port_axes", portAxes(), 20, 8),
		stimulated("array/pass_through", passThrough(), 12),
		stimulated("array/asserts", assertsInside(), 40, 5),
		stimulated("array/unused", unused(), 12, 4),
		stimulated("array/drain", drain(), 50, 24),
	}
}

// mac is a processing element: it multiplies, adds and hands its operands on.
func mac() *hw.Module {
	b := hw.New("mac", "A processing element that accumulates products and hands its operands on.")
	a, w, clear := b.In("a", 8), b.In("w", 8), b.In("clear", 1)
	acc := b.Reg("acc", 20, 0)
	p := b.Sext(20, b.MulS(16, a, w))
	b.Next(acc, b.Mux(clear, p, b.Add(acc, p)))
	b.Out("a_next", b.Pipe("a_q", a))
	b.Out("w_next", b.Pipe("w_q", w))
	b.Out("sum", acc)
	return must(b)
}

// systolic is an array whose operands hop from neighbour to neighbour.
func systolic(rows, cols int) *hw.Module {
	b := hw.New("systolic", "An array with hops to the right and down.")
	row, col := b.Axis("row", rows), b.Axis("col", cols)
	a := b.Skew(b.In("a", 8, row), 0, row, 1)
	w := b.Skew(b.In("w", 8, col), 0, col, 1)
	aNext, wNext := b.Wire("a_hop", 8, row, col), b.Wire("w_hop", 8, row, col)
	pe := b.Inst("pe", mac(), hw.Ports{
		"a": b.Shift(col, 1, aNext, a), "w": b.Shift(row, 1, wNext, w), "clear": b.In("clear", 1),
	}, row, col)
	b.Drive(aNext, pe["a_next"])
	b.Drive(wNext, pe["w_next"])
	b.Out("sum", pe["sum"])
	b.Out("corner", b.Index(row, rows-1, b.Index(col, cols-1, pe["sum"])))
	b.Out("column_sums", b.Reduce(row, hw.OpAdd, pe["sum"]))
	return must(b)
}

// bothDirections has values that travel both ways and meet.
func bothDirections() *hw.Module {
	cell := hw.New("cell", "Hands values on in both directions.")
	l, r := cell.In("from_left", 16), cell.In("from_right", 16)
	cell.Out("to_right", cell.Pipe("right_q", cell.Add(l, cell.Const(16, 1))))
	cell.Out("to_left", cell.Pipe("left_q", cell.Xor(r, l)))
	mod := must(cell)
	b := hw.New("both_directions", "A row of cells with edges at both ends.")
	row, col := b.Axis("row", 2), b.Axis("col", 5)
	toRight, toLeft := b.Wire("to_right", 16, row, col), b.Wire("to_left", 16, row, col)
	u := b.Inst("u", mod, hw.Ports{
		"from_left":  b.Shift(col, 1, toRight, b.In("left", 16, row)),
		"from_right": b.Shift(col, -1, toLeft, b.In("right", 16)),
	}, row, col)
	b.Drive(toRight, u["to_right"])
	b.Drive(toLeft, u["to_left"])
	b.Out("east", b.Index(col, 4, toRight))
	b.Out("west", b.Index(col, 0, toLeft))
	b.Out("all", toLeft)
	return must(b)
}

func ring() *hw.Module {
	b := hw.New("ring", "Registers that rotate along both axes of a grid.")
	row, col := b.Axis("row", 3), b.Axis("col", 4)
	x, load := b.In("x", 9, row, col), b.In("load", 1)
	for _, r := range []struct {
		name      string
		axis, dir int
	}{{"east", col, 1}, {"west", col, -1}, {"south", row, 1}, {"north", row, -1}} {
		q := b.Reg(r.name+"_q", 9, 5, row, col)
		b.Next(q, b.Mux(load, x, b.Rotate(r.axis, r.dir, q)))
		b.Out(r.name, q)
	}
	one := b.Reg("single", 9, 1, row)
	b.Next(one, b.Rotate(row, 1, b.Rotate(row, 1, one)))
	b.Out("single_out", one)
	return must(b)
}

// ownAxis is an instance over axes of a module that has an axis of its own.
func ownAxis() *hw.Module {
	dot := hw.New("dot", "A dot product over lanes of its own.")
	k := dot.Axis("k", 3)
	x, w := dot.In("x", 8), dot.In("w", 8)
	scaled := dot.MulU(11, x, dot.Add(dot.Coord(k, 3), dot.Const(3, 1)))
	acc := dot.Reg("acc", 11, 7, k)
	dot.Next(acc, dot.Xor(scaled, dot.Shift(k, 1, acc, dot.Zext(11, w))))
	dot.Out("total", dot.Reduce(k, hw.OpAdd, acc))
	dot.Out("flags", dot.Pack(k, dot.RedXor(acc)))
	mod := must(dot)
	b := hw.New("own_axis", "Instances with an axis of their own, over a grid, a column and alone.")
	row, col := b.Axis("row", 2), b.Axis("col", 3)
	x2, w2 := b.In("x", 8, row), b.In("w", 8, row, col)
	for _, in := range []struct {
		name string
		axes []int
		x, w hw.ID
	}{{"grid", []int{row, col}, x2, w2}, {"column", []int{row}, x2, b.Index(col, 1, w2)}, {"alone", nil, b.Index(row, 1, x2), b.Const(8, 3)}} {
		u := b.Inst(in.name, mod, hw.Ports{"x": in.x, "w": in.w}, in.axes...)
		b.Out(in.name+"_total", u["total"])
		b.Out(in.name+"_flags", u["flags"])
	}
	return must(b)
}

// nested has three levels, each placed over axes, with an axis shared by name.
func nested() *hw.Module {
	leaf := hw.New("leaf", "Adds its lane of the shared axis.")
	lane := leaf.Axis("lane", 2)
	x := leaf.In("x", 8, lane)
	s := leaf.In("s", 8)
	r := leaf.Reg("r", 8, 3, lane)
	leaf.Next(r, leaf.Add(leaf.Add(r, x), leaf.Zext(8, leaf.Coord(lane, 1))))
	leaf.Out("y", r)
	leaf.Out("z", leaf.Add(leaf.Reduce(lane, hw.OpAdd, r), s))
	leafMod := must(leaf)

	mid := hw.New("mid", "A chain of leaves over an axis of its own.")
	mlane, hop := mid.Axis("lane", 2), mid.Axis("hop", 3)
	mx := mid.In("x", 8, mlane)
	link := mid.Wire("link", 8, hop, mlane)
	in := mid.Shift(hop, 1, link, mx)
	u := mid.Inst("leaf", leafMod, hw.Ports{"x": in, "s": mid.Coord(hop, 8)}, hop)
	mid.Drive(link, u["y"])
	v := mid.Inst("last", leafMod, hw.Ports{"x": mx, "s": mid.Const(8, 9)})
	mid.Out("y", mid.Index(hop, 2, u["y"]))
	mid.Out("z", mid.Add(mid.Reduce(hop, hw.OpXor, u["z"]), v["z"]))
	midMod := must(mid)

	b := hw.New("nested", "A grid of chains of leaves.")
	row, tlane, col := b.Axis("row", 2), b.Axis("lane", 2), b.Axis("col", 3)
	grid := b.Inst("grid", midMod, hw.Ports{"x": b.In("x", 8, row, tlane)}, row, col)
	one := b.Inst("one", midMod, hw.Ports{"x": b.In("one_x", 8)})
	b.Out("grid_y", grid["y"])
	b.Out("grid_z", grid["z"])
	b.Out("one_y", one["y"])
	b.Out("one_z", one["z"])
	return must(b)
}

func memoriesInside() *hw.Module {
	bank := hw.New("bank", "A memory, and one in each lane of an own axis.")
	way := bank.Axis("way", 2)
	we, wa, wd, ra := bank.In("we", 1), bank.In("wa", 2), bank.In("wd", 8), bank.In("ra", 2)
	q := bank.Mem("store", 8, 3, true)
	bank.SetMem(q, hw.MemPorts{WEn: we, WAddr: wa, WData: wd, RAddr: ra})
	wq := bank.Mem("ways", 8, 4, false, way)
	bank.SetMem(wq, hw.MemPorts{WEn: bank.And(we, bank.Eq(bank.Bit(wa, 0), bank.Coord(way, 1))), WAddr: wa, WData: wd, RAddr: ra})
	bank.Out("q", q)
	bank.Out("ways_q", bank.Reduce(way, hw.OpXor, wq))
	mod := must(bank)
	b := hw.New("memories_inside", "Banks over a grid: shared write port, own read addresses.")
	row, col := b.Axis("row", 3), b.Axis("col", 2)
	we2, wa2, wd2 := b.In("we", 1), b.In("wa", 2), b.In("wd", 8, col)
	u := b.Inst("bank", mod, hw.Ports{"we": we2, "wa": wa2, "wd": wd2, "ra": b.In("ra", 2, row, col)}, row, col)
	same := b.Inst("same", mod, hw.Ports{"we": we2, "wa": wa2, "wd": b.Const(8, 42), "ra": wa2}, row)
	b.Out("q", u["q"])
	b.Out("ways", u["ways_q"])
	b.Out("same_q", same["q"])
	b.Out("same_ways", same["ways_q"])
	return must(b)
}

func delaysInside() *hw.Module {
	skew := hw.New("skew", "Delays along an axis of its own, a shared one and none.")
	tap, row := skew.Axis("tap", 3), skew.Axis("row", 4)
	x, y := skew.In("x", 8), skew.In("y", 8, row)
	taps := skew.Skew(skew.Bcast(x, tap), 0, tap, 2)
	skew.Out("taps", skew.Reduce(tap, hw.OpXor, taps))
	skew.Out("rows", skew.Skew(y, 3, row, -1))
	skew.Out("plain", skew.Delay(x, 2))
	skew.Out("both", skew.Index(tap, 2, skew.SkewN(skew.Xor(taps, y), 1, map[int]int{row: 1, tap: 1})))
	mod := must(skew)
	b := hw.New("delays_inside", "Delays in instances over a column, which they do not see.")
	col, trow := b.Axis("col", 2), b.Axis("row", 4)
	u := b.Inst("u", mod, hw.Ports{"x": b.In("x", 8, col), "y": b.In("y", 8, col, trow)}, col)
	v := b.Inst("v", mod, hw.Ports{"x": b.In("x_same", 8), "y": b.In("y_same", 8)}, col)
	for _, p := range []string{"taps", "rows", "plain", "both"} {
		b.Out("u_"+p+"_out", u[p])
		b.Out("v_"+p+"_out", b.Delay(v[p], 1))
	}
	return must(b)
}

func broadcastIn() *hw.Module {
	cell := hw.New("cell", "Combines an operand of the row, of the column, and of all.")
	x, y, z := cell.In("x", 8), cell.In("y", 8), cell.In("z", 8)
	acc := cell.Reg("acc", 8, 1)
	cell.Next(acc, cell.Add(acc, cell.Xor(cell.Add(x, y), z)))
	cell.Out("acc_out", acc)
	cell.Out("xz", cell.And(x, z))
	cell.Out("k", cell.Const(8, 5))
	mod := must(cell)
	b := hw.New("broadcast_in", "Instance inputs that lack axes of the placement.")
	row, col := b.Axis("row", 3), b.Axis("col", 2)
	u := b.Inst("u", mod, hw.Ports{"x": b.In("x", 8, row), "y": b.In("y", 8, col), "z": b.In("z", 8)}, row, col)
	b.Out("acc", u["acc_out"])
	b.Out("xz", u["xz"])
	b.Out("folded", b.Reduce(col, hw.OpAdd, u["xz"]))
	b.Out("k", b.Reduce(row, hw.OpAdd, u["k"]))
	return must(b)
}

func portAxes() *hw.Module {
	inner := hw.New("inner", "Ports that have axes of the parent.")
	row, col := inner.Axis("row", 2), inner.Axis("col", 3)
	x, y := inner.In("x", 8, row, col), inner.In("y", 8, col)
	inner.Out("rows", inner.Reduce(col, hw.OpAdd, x))
	inner.Out("grid", inner.Pipe("q", inner.Add(x, y)))
	inner.Out("turned", inner.Rotate(col, 1, y))
	mod := must(inner)
	b := hw.New("port_axes", "Ports with axes, whose order differs from the inner module's, some driven by less.")
	bank, tcol, trow := b.Axis("bank", 2), b.Axis("col", 3), b.Axis("row", 2)
	u := b.Inst("u", mod, hw.Ports{"x": b.In("x", 8, trow, tcol, bank), "y": b.In("y", 8, tcol)}, bank)
	v := b.Inst("v", mod, hw.Ports{"x": b.In("flat_x", 8), "y": b.In("flat_y", 8)})
	for _, p := range []string{"rows", "grid", "turned"} {
		b.Out("u_"+p+"_out", u[p])
		b.Out("v_"+p+"_out", v[p])
	}
	return must(b)
}

func passThrough() *hw.Module {
	inner := hw.New("through", "Outputs that are inputs, in exchange, and constants.")
	x, y := inner.In("x", 8), inner.In("y", 8)
	inner.Out("x_out", y)
	inner.Out("y_out", x)
	inner.Out("twice", x)
	mod := must(inner)
	b := hw.New("pass_through", "A wire that runs through instances and back, without a cycle.")
	row := b.Axis("row", 3)
	back := b.Wire("back", 8, row)
	u := b.Inst("u", mod, hw.Ports{"x": b.In("x", 8), "y": back}, row)
	v := b.Inst("v", mod, hw.Ports{"x": u["y_out"], "y": b.Const(8, 7)}, row)
	b.Drive(back, v["y_out"])
	b.Out("o1", u["x_out"])
	b.Out("o2", u["y_out"])
	b.Out("o3", v["x_out"])
	b.Out("o4", v["twice"])
	b.Out("o5", u["twice"])
	return must(b)
}

func assertsInside() *hw.Module {
	inner := hw.New("guarded", "Assertions of state and inputs.")
	k := inner.Axis("k", 2)
	x := inner.In("x", 4)
	r := inner.Reg("r", 4, 15, k)
	inner.Next(r, inner.Add(r, x))
	inner.Assert("not_three", inner.Ne(r, inner.Const(4, 3)))
	inner.Assert("small", inner.ULt(x, inner.Const(4, 12)))
	inner.Out("y", inner.Reduce(k, hw.OpAdd, r))
	mod := must(inner)
	b := hw.New("asserts_inside", "Assertions in instances, counted in lanes.")
	row := b.Axis("row", 3)
	u := b.Inst("u", mod, hw.Ports{"x": b.In("x", 4, row)}, row)
	v := b.Inst("v", mod, hw.Ports{"x": b.In("z", 4)})
	b.Assert("top", b.Ne(b.Index(row, 1, u["y"]), v["y"]))
	b.Out("y", u["y"])
	return must(b)
}

func unused() *hw.Module {
	b := hw.New("unused", "Inputs, outputs, state and instances that nothing reads.")
	row, col := b.Axis("row", 2), b.Axis("col", 2)
	b.In("nothing", 33, row)
	x := b.In("x", 8)
	b.Reg("self", 8, 1, row)
	b.Next(hw.ID(2), hw.ID(2))
	u := b.Inst("u", mac(), hw.Ports{"a": x, "w": x, "clear": b.Const(1, 0)}, row, col)
	b.Inst("v", mac(), hw.Ports{"a": x, "w": x, "clear": b.Const(1, 0)})
	q := b.Mem("dead", 8, 4, true)
	b.SetMem(q, hw.MemPorts{WEn: b.Const(1, 1), WAddr: b.Const(2, 0), WData: x, RAddr: b.Const(2, 0)})
	b.Delay(x, 3)
	b.Out("a_next", u["a_next"])
	return must(b)
}

// drain is an array that loads in parallel and shifts its results out.
func drain() *hw.Module {
	b := hw.New("drain", "Results that leave a grid by its lower edge, selected and serialised.")
	row, col := b.Axis("row", 4), b.Axis("col", 3)
	x, load, turn := b.In("x", 12, row, col), b.In("load", 1), b.In("turn", 3)
	r := b.Reg("r", 12, 0, row, col)
	b.Next(r, b.Mux(load, x, b.Shift(row, 1, r, b.In("top", 12, col))))
	bottom := b.Index(row, 3, r)
	b.Out("bottom", bottom)
	b.Out("chosen", b.Select(col, bottom, turn))
	s := b.Reg("s", 12, 99, col)
	b.Next(s, b.Mux(load, bottom, b.Shift(col, -1, s, b.Const(12, 0xfff))))
	b.Out("serial", b.Index(col, 0, s))
	return must(b)
}
