package hwtest

import (
	"fmt"
	"hash/fnv"

	"tpe/hw"
)

// The bounds of a random program.
const (
	maxNodes  = 60 // over all modules, each instance counted
	maxLanes  = 64 // of one node
	maxCycles = 16
	maxWires  = 8 // of one module
)

// Random decodes a byte string as a stack program: each byte or two choose an
// operator and its operands among the nodes made so far, which are extended,
// cut, broadcast or folded until they fit. Almost every byte string is a legal
// program; the second result is false for the few that are not.
//
// Programs have at most 60 nodes and 64 lanes a node, 0 to 3 axes, up to two
// modules below the top one, and at most 16 cycles of stimulus, which is drawn
// from a generator seeded by the bytes.
func Random(data []byte) (Case, bool) {
	if len(data) < 4 {
		return Case{}, false
	}
	r := &bytesReader{data: data}
	h := fnv.New64a()
	h.Write(data)
	seed := h.Sum64()
	axes := randomAxes(r)
	cycles := 2 + r.below(maxCycles-1)
	resets := r.next()
	var below []*hw.Module
	for i := range r.below(3) {
		g := newProgram(r, fmt.Sprintf("sub_%d", i), axes, below, 14)
		for range 1 + r.below(8) {
			g.step()
		}
		mod, err := g.finish()
		if err != nil {
			return Case{}, false
		}
		below = append(below, mod)
	}
	g := newProgram(r, "top", axes, below, maxNodes)
	for !r.empty() && g.room() {
		g.step()
	}
	top, err := g.finish()
	if err != nil {
		return Case{}, false
	}
	c := Case{Name: fmt.Sprintf("random/%016x", seed), Top: top}
	s := newStimulus(seed)
	for t := range cycles {
		c.Inputs = append(c.Inputs, s.cycle(top))
		c.Reset = append(c.Reset, int(resets)%(cycles+3) == t || t > 1 && int(resets)>>4 == t)
	}
	return c, true
}

// randomCases are a few random programs that are always part of the suite.
func randomCases() []Case {
	var list []Case
	for i := range uint64(12) {
		if c, ok := Random(seedBytes(i, 400)); ok {
			c.Name = fmt.Sprintf("random/%d", i)
			list = append(list, c)
		}
	}
	return list
}

// program builds one module of a random program.
type program struct {
	*hw.Builder
	r      *bytesReader
	axes   []hw.Axis // of this module
	below  []*hw.Module
	left   int // nodes that may still be made
	made   int
	stack  []hw.ID
	used   []bool   // by stack position
	deps   []uint32 // by stack position: the undriven wires that the node depends on within a cycle
	regs   []hw.ID
	wires  []hw.ID
	wireAt []int // stack position of each wire
	roms   int
	insts  int
	top    bool
}

func newProgram(r *bytesReader, name string, axes []hw.Axis, below []*hw.Module, budget int) *program {
	g := &program{Builder: hw.New(name, ""), r: r, below: below, left: budget, top: name == "top", axes: axes}
	if g.top {
		g.axes = axes[:len(axes)-1] // a module below has the private axis
	}
	for _, a := range g.axes {
		g.Axis(a.Name, a.Size)
	}
	for i := range 1 + r.below(3) {
		g.push(g.In(fmt.Sprintf("in%d", i), g.width(), g.subset(g.ports())...), 0)
	}
	return g
}

// ports is the number of axes that ports may have: not the private one.
func (g *program) ports() int {
	if g.top {
		return len(g.axes)
	}
	return len(g.axes) - 1
}

// subset chooses some of the first n axes.
func (g *program) subset(n int) []int {
	var list []int
	bits := int(g.r.next())
	for a := range n {
		if bits>>a&1 == 1 {
			list = append(list, a)
		}
	}
	return list
}

// width chooses a width, often an awkward one.
func (g *program) width() int {
	b := int(g.r.next())
	if b < 160 {
		return widths[b%len(widths)]
	}
	return 1 + b%hw.MaxWidth
}

func (g *program) push(id hw.ID, deps uint32) hw.ID {
	g.stack, g.deps, g.used = append(g.stack, id), append(g.deps, deps), append(g.used, false)
	g.made++
	return id
}

// room reports whether another step fits: a step makes few nodes, but each
// operand may need two or three to fit, as the drivers of registers and wires do in
// the end.
func (g *program) room() bool { return g.made+14+3*(len(g.regs)+len(g.wires)) <= g.left }

// pick chooses a node and adds what it depends on to deps.
func (g *program) pick(deps *uint32) hw.ID {
	i := len(g.stack) - 1 - g.r.below(len(g.stack))
	*deps |= g.deps[i]
	g.used[i] = true
	return g.stack[i]
}

// fit extends or cuts a node to w bits.
func (g *program) fit(x hw.ID, w int) hw.ID {
	have := g.Width(x)
	switch {
	case have == w:
		return x
	case have > w:
		g.made++
		if have-w > 1 && g.made%2 == 0 {
			return g.Slice(x, (have-w)/2, w)
		}
		return g.Slice(x, 0, w)
	case g.made%2 == 0:
		g.made++
		return g.Sext(w, x)
	}
	g.made++
	return g.Zext(w, x)
}

// lack folds an axis of x away if x has it.
func (g *program) lack(x hw.ID, axis int) hw.ID {
	if !g.ShapeOf(x).Has(axis) {
		return x
	}
	g.made++
	if g.made%3 == 0 {
		return g.Reduce(axis, hw.ReduceOps[g.made%len(hw.ReduceOps)], x)
	}
	return g.Index(axis, g.axes[axis].Size-1, x)
}

// have broadcasts x over an axis if x lacks it.
func (g *program) have(x hw.ID, axis int) hw.ID {
	if g.ShapeOf(x).Has(axis) {
		return x
	}
	g.made++
	return g.Bcast(x, axis)
}

// within folds the axes of x that are not in s.
func (g *program) within(x hw.ID, s hw.Shape) hw.ID {
	for _, a := range (g.ShapeOf(x) &^ s).Axes() {
		x = g.lack(x, a)
	}
	return x
}

// step makes one node of the program, or a few that belong together.
func (g *program) step() {
	if !g.room() {
		return
	}
	op := hw.Op(1 + g.r.below(hw.NumOps-1))
	switch op.Kind() {
	case hw.KindLeaf, hw.KindState:
		g.leaf(op)
	case hw.KindWire:
		if len(g.axes) > 0 {
			g.wire(op)
		} else {
			g.lane(hw.OpAdd)
		}
	default:
		g.lane(op)
	}
}

func (g *program) leaf(op hw.Op) {
	switch op {
	case hw.OpInput:
		if g.made < 20 {
			g.push(g.In(fmt.Sprintf("port%d", g.made), g.width(), g.subset(g.ports())...), 0)
		}
	case hw.OpConst:
		w := g.width()
		v := uint64(g.r.next()) * 0x0101_0101_0101_0101
		if v>>8&1 == 0 {
			v = ^(v >> 3)
		}
		g.push(g.Const(w, v&hw.Mask(w)), 0)
	case hw.OpCoord:
		if len(g.axes) > 0 {
			a := g.r.below(len(g.axes))
			g.push(g.Coord(a, max(g.width(), hw.Bits(g.axes[a].Size-1))), 0)
		}
	case hw.OpReg:
		w := g.width()
		r := g.Reg(fmt.Sprintf("r%d", g.made), w, uint64(g.r.next())*0x0123_4567_89ab_cdef&hw.Mask(w), g.subset(len(g.axes))...)
		g.regs = append(g.regs, r)
		g.push(r, 0)
	case hw.OpMemQ:
		g.memory()
	case hw.OpInstOut:
		g.instance()
	case hw.OpDelay:
		g.delay()
	}
}

func (g *program) memory() {
	w, depth := g.width(), 1+g.r.below(9)
	q := g.Mem(fmt.Sprintf("m%d", g.made), w, depth, g.r.below(2) == 1, g.subset(len(g.axes))...)
	s := g.ShapeOf(q)
	aw := []int{3, 2, 1, 4, 64}[g.r.below(5)]
	var none uint32
	g.push(q, 0) // first, so that its ports may be its own words
	port := func(w int) hw.ID { return g.within(g.fit(g.pick(&none), w), s) }
	g.SetMem(q, hw.MemPorts{WEn: port(1), WAddr: port(aw), WData: port(w), RAddr: port(aw)})
}

func (g *program) delay() {
	var deps uint32
	x := g.pick(&deps)
	base := g.r.below(4)
	coef := map[int]int{}
	for _, a := range g.ShapeOf(x).Axes() {
		switch c := g.r.below(5); c {
		case 0, 1:
			coef[a] = c + 1
		case 2:
			coef[a] = -1
			base += g.axes[a].Size - 1
		}
	}
	g.push(g.SkewN(x, base, coef), deps)
}

func (g *program) lane(op hw.Op) {
	var deps uint32
	arity := hw.Ops[op].Arity
	if arity < 0 {
		arity = 1 + g.r.below(4)
	}
	args := make([]hw.ID, arity)
	for k := range args {
		args[k] = g.pick(&deps)
	}
	var id hw.ID
	switch op {
	case hw.OpWire:
		if len(g.wires) == maxWires {
			return
		}
		id = g.Wire(fmt.Sprintf("w%d", g.made), g.width(), g.subset(len(g.axes))...)
		deps = 1 << len(g.wires)
		g.wires, g.wireAt = append(g.wires, id), append(g.wireAt, len(g.stack))
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		id = g.OpW(op, min(g.width(), g.Width(args[0])+g.Width(args[1])), args...)
	case hw.OpBooth4:
		id = g.Booth4(g.width(), args[0], g.fit(args[1], 3))
	case hw.OpMux:
		id = g.Mux(g.fit(args[0], 1), args[1], g.fit(args[2], g.Width(args[1])))
	case hw.OpRom:
		w, entries := g.width(), 1+g.r.below(9)
		g.roms++
		id = g.Rom(fmt.Sprintf("t%d", g.roms), w, table(w, entries), args[0])
	case hw.OpZext, hw.OpSext:
		id = g.OpW(op, max(g.width(), g.Width(args[0])), args...)
	case hw.OpSlice:
		have := g.Width(args[0])
		w := min(g.width(), have)
		id = g.Raw(hw.Node{Op: op, Width: w, Imm: uint64(g.r.below(have - w + 1)), Args: args})
	case hw.OpCat:
		total := 0
		for k := range args {
			if total+g.Width(args[k]) > hw.MaxWidth-(len(args)-1-k) {
				args[k] = g.fit(args[k], 1)
			}
			total += g.Width(args[k])
		}
		id = g.Cat(args...)
	case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl, hw.OpNot, hw.OpNeg, hw.OpRedAnd, hw.OpRedOr, hw.OpRedXor, hw.OpPopcount, hw.OpFfs, hw.OpClz:
		id = g.Op(op, args...)
	default:
		for k := range args {
			args[k] = g.fit(args[k], g.Width(args[0]))
		}
		id = g.Op(op, args...)
	}
	g.push(id, deps)
}

func (g *program) wire(op hw.Op) {
	var deps uint32
	axis := g.r.below(len(g.axes))
	x := g.have(g.pick(&deps), axis)
	second := func(w int, lacks ...int) hw.ID {
		y := g.fit(g.pick(&deps), w)
		for _, a := range lacks {
			y = g.lack(y, a)
		}
		return y
	}
	dir := 1 - 2*g.r.below(2)
	other := (axis + 1) % len(g.axes)
	var id hw.ID
	switch op {
	case hw.OpShift:
		id = g.Shift(axis, dir, x, second(g.Width(x), axis))
	case hw.OpRotate:
		id = g.Rotate(axis, dir, x)
	case hw.OpIndex:
		id = g.Index(axis, g.r.below(g.axes[axis].Size), x)
	case hw.OpSelect:
		id = g.Select(axis, x, second([]int{2, 1, 3, 64}[g.r.below(4)], axis))
	case hw.OpReduce:
		id = g.Reduce(axis, hw.ReduceOps[g.r.below(len(hw.ReduceOps))], x)
	case hw.OpStride:
		if other == axis {
			return
		}
		x = g.lack(x, other)
		id = g.Stride(axis, other, g.r.below(4), 1+g.r.below(3), x, second(g.Width(x), axis, other))
	case hw.OpSplit:
		third := (axis + 2) % len(g.axes)
		if len(g.axes) < 3 || g.axes[other].Size*g.axes[third].Size < g.axes[axis].Size {
			return
		}
		x = g.lack(g.lack(x, other), third)
		id = g.Split(axis, other, third, x, second(g.Width(x), axis, other, third))
	case hw.OpPack:
		id = g.Pack(axis, g.fit(x, 1))
	default:
		id = g.Bcast(x, g.subset(len(g.axes))...)
	}
	g.push(id, deps)
}

// instance places a module below this one, over the axes that it has not itself.
func (g *program) instance() {
	if len(g.below) == 0 || !g.top && g.insts > 0 {
		return
	}
	mod := g.below[g.r.below(len(g.below))]
	flat, err := hw.Flatten(mod)
	if err != nil {
		return
	}
	cost := len(flat.Nodes) + 2*(len(mod.Inputs)+len(mod.Outputs))
	if g.left -= cost; !g.room() {
		g.left += cost
		return
	}
	var over []int
	for _, a := range g.subset(len(g.axes)) {
		if mod.AxisIndex(g.axes[a].Name) < 0 {
			over = append(over, a)
		}
	}
	in, deps := hw.Ports{}, uint32(0)
	for _, p := range mod.Inputs {
		n := &mod.Nodes[p.Node]
		s := g.Shape(over...)
		for a, axis := range g.axes {
			if k := mod.AxisIndex(axis.Name); k >= 0 && n.Shape.Has(k) {
				s = s.With(a)
			}
		}
		in[p.Name] = g.within(g.fit(g.pick(&deps), n.Width), s)
	}
	out := g.Inst(fmt.Sprintf("u%d", g.insts), mod, in, over...)
	g.insts++
	for _, p := range mod.Outputs {
		g.push(out[p.Name], deps)
	}
}

// finish connects what is open, chooses outputs and builds the module.
func (g *program) finish() (*hw.Module, error) {
	var none uint32
	for _, r := range g.regs {
		g.Next(r, g.within(g.fit(g.pick(&none), g.Width(r)), g.ShapeOf(r)))
	}
	for k, w := range g.wires {
		g.driveWire(k, w)
	}
	if g.top && g.r.below(2) == 1 {
		g.Assert("holds", g.fit(g.pick(&none), 1))
		g.Assert("holds_too", g.RedOr(g.pick(&none)))
	}
	for range g.r.below(3) { // a few outputs are used inside too
		g.used[g.r.below(len(g.stack))] = false
	}
	outputs, most := 0, 3
	if g.top {
		most = 16
	}
	for i := len(g.stack) - 1; i >= 0 && outputs < most; i-- {
		if g.used[i] && outputs > 0 {
			continue
		}
		x := g.stack[i]
		if !g.top { // ports lack the private axis
			x = g.lack(x, len(g.axes)-1)
		}
		g.Out(fmt.Sprintf("out%d", outputs), x)
		outputs++
	}
	return g.Build()
}

// driveWire connects wire k to the first node from a chosen one on that does not
// depend on it, directly or through wires that are driven already.
func (g *program) driveWire(k int, w hw.ID) {
	start := g.r.below(len(g.stack))
	for off := range g.stack {
		i := (start + off) % len(g.stack)
		if d := g.deps[i]; d>>k&1 == 0 {
			g.Drive(w, g.within(g.fit(g.stack[i], g.Width(w)), g.ShapeOf(w)))
			for j := range g.deps { // what depended on the wire now depends on its driver
				if g.deps[j]>>k&1 == 1 {
					g.deps[j] |= d
				}
			}
			return
		}
	}
}
