package rtlgen_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"tpe/hw"
)

// randomCase builds a module of random operators, with one level of instances
// below it now and then. Every choice comes from the seed.
func randomCase(seed uint64) *hw.Module {
	r := rand.New(rand.NewPCG(seed, 1))
	sizes := map[string]int{}
	for _, name := range []string{"row", "col", "lane"} {
		sizes[name] = 1 + r.IntN(3)
	}
	if r.IntN(4) == 0 {
		sizes["lane"] = 5
	}
	var subs []*hw.Module
	for k := range r.IntN(3) {
		if m := randomModule(r, fmt.Sprintf("r%d_sub%d", seed, k), sizes, nil, 12); m != nil {
			subs = append(subs, m)
		}
	}
	return randomModule(r, fmt.Sprintf("r%d", seed), sizes, subs, 30)
}

type gen struct {
	r     *rand.Rand
	b     *hw.Builder
	axes  []int
	sizes []int
	names []string
	pool  []hw.ID
}

func (g *gen) pick() hw.ID { return g.pool[g.r.IntN(len(g.pool))] }

func (g *gen) width() int {
	if g.r.IntN(12) == 0 {
		return 1 + g.r.IntN(64)
	}
	return 1 + g.r.IntN(9)
}

// fit coerces x to w bits.
func (g *gen) fit(x hw.ID, w int) hw.ID {
	have := g.b.Width(x)
	switch {
	case have == w:
		return x
	case have > w:
		return g.b.Slice(x, g.r.IntN(have-w+1), w)
	case g.r.IntN(2) == 0:
		return g.b.Sext(w, x)
	}
	return g.b.Zext(w, x)
}

// without removes the axes that x has beyond the allowed ones.
func (g *gen) without(x hw.ID, drop hw.Shape) hw.ID {
	for _, a := range (g.b.ShapeOf(x) & drop).Axes() {
		x = g.b.Index(a, g.r.IntN(g.sizes[a]), x)
	}
	return x
}

func (g *gen) someShape() hw.Shape {
	var s hw.Shape
	for _, a := range g.axes {
		if g.r.IntN(2) == 0 {
			s = s.With(a)
		}
	}
	return s
}

func (g *gen) keep(x hw.ID) {
	if x == hw.None || g.b.Width(x) < 1 {
		return
	}
	if g.r.IntN(3) == 0 && !slices.Contains(g.pool, x) {
		g.b.Named(fmt.Sprintf("n%d", len(g.pool)), x)
	}
	g.pool = append(g.pool, x)
}

func randomModule(r *rand.Rand, name string, sizes map[string]int, subs []*hw.Module, steps int) *hw.Module {
	b := hw.New(name, "Random operators.")
	g := &gen{r: r, b: b}
	names := []string{"row", "col", "lane"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	if len(subs) == 0 {
		names = names[:r.IntN(len(names)+1)]
	}
	for _, n := range names {
		g.axes = append(g.axes, b.Axis(n, sizes[n]))
		g.sizes = append(g.sizes, sizes[n])
		g.names = append(g.names, n)
	}
	for k := range 2 + r.IntN(4) {
		g.pool = append(g.pool, b.In(fmt.Sprintf("in%d_i", k), g.width(), g.someShape().Axes()...))
	}
	var regs []hw.ID
	for k := range r.IntN(5) {
		w := g.width()
		q := b.Reg(fmt.Sprintf("state%d", k), w, r.Uint64()&hw.Mask(w), g.someShape().Axes()...)
		regs = append(regs, q)
		g.pool = append(g.pool, q)
	}
	g.pool = append(g.pool, b.Const(4, 9))
	var mems []hw.ID
	for k := range r.IntN(3) {
		q := b.Mem(fmt.Sprintf("mem%d", k), g.width(), 1+r.IntN(9), r.IntN(2) == 0, g.someShape().Axes()...)
		mems = append(mems, q)
		g.pool = append(g.pool, q)
	}
	for range steps {
		g.step()
	}
	for k, sub := range subs {
		g.inst(fmt.Sprintf("u%d", k), sub)
		for range 6 {
			g.step()
		}
	}
	all := b.Shape(g.axes...)
	for _, q := range regs {
		next := g.without(g.fit(g.pick(), b.Width(q)), all&^b.ShapeOf(q))
		if r.IntN(2) == 0 {
			b.NextIf(q, g.without(g.fit(g.pick(), 1), all&^b.ShapeOf(q)), next)
		} else {
			b.Next(q, next)
		}
	}
	for _, q := range mems {
		operand := func(w int) hw.ID { return g.without(g.fit(g.pick(), w), all&^b.ShapeOf(q)) }
		b.SetMem(q, hw.MemPorts{WEn: operand(1), WAddr: operand(1 + r.IntN(5)), WData: operand(b.Width(q)), RAddr: operand(1 + r.IntN(5))})
	}
	for k := range 3 + r.IntN(5) {
		b.Out(fmt.Sprintf("out%d_o", k), g.pick())
	}
	if r.IntN(2) == 0 {
		b.Assert("claim", g.fit(g.pick(), 1))
	}
	m, err := b.Build()
	if err != nil {
		panic(err)
	}
	return m
}

// step adds one operator.
func (g *gen) step() {
	r, b := g.r, g.b
	x, y, z := g.pick(), g.pick(), g.pick()
	op := hw.Op(1 + r.IntN(hw.NumOps-1))
	w := b.Width(x)
	switch op {
	case hw.OpConst:
		v := g.width()
		g.keep(b.Const(v, r.Uint64()&hw.Mask(v)))
	case hw.OpCoord:
		if len(g.axes) > 0 {
			a := r.IntN(len(g.axes))
			g.keep(b.Coord(a, hw.Bits(g.sizes[a])+r.IntN(3)))
		}
	case hw.OpWire:
		q := b.Wire("", b.Width(x), (b.ShapeOf(x) | g.someShape()).Axes()...)
		b.Drive(q, x)
		g.keep(q)
	case hw.OpXor3, hw.OpMaj, hw.OpCsaC:
		g.keep(b.Op(op, x, g.fit(y, w), g.fit(z, w)))
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		g.keep(b.OpW(op, 1+r.IntN(min(64, w+b.Width(y))), x, y))
	case hw.OpBooth4:
		g.keep(b.Booth4(1+r.IntN(min(64, w+4)), x, g.fit(y, 3)))
	case hw.OpMux:
		g.keep(b.Mux(g.fit(z, 1), x, g.fit(y, w)))
	case hw.OpRom:
		v := g.width()
		table := make([]uint64, 1+r.IntN(12))
		for i := range table {
			table[i] = r.Uint64() & hw.Mask(v)
		}
		g.keep(b.Rom(fmt.Sprintf("table%d", len(g.pool)), v, table, x))
	case hw.OpZext, hw.OpSext:
		g.keep(b.OpW(op, w+r.IntN(65-w), x))
	case hw.OpSlice:
		lo := r.IntN(w)
		g.keep(b.Slice(x, lo, 1+r.IntN(w-lo)))
	case hw.OpCat:
		if w+b.Width(y) <= 64 {
			g.keep(b.Cat(x, y))
		}
	case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl:
		g.keep(b.Op(op, x, y))
	case hw.OpDelay:
		coef := map[int]int{}
		base := r.IntN(4)
		for _, a := range b.ShapeOf(x).Axes() {
			k := r.IntN(3) - 1
			coef[a] = k
			if k < 0 {
				base += g.sizes[a] - 1
			}
		}
		g.keep(b.SkewN(x, base, coef))
	case hw.OpBcast:
		g.keep(b.Bcast(x, g.someShape().Axes()...))
	case hw.OpInput, hw.OpReg, hw.OpMemQ, hw.OpInstOut, hw.OpInvalid:
	default:
		if op.Kind() == hw.KindWire {
			g.wiring(op, x, y)
			return
		}
		if hw.Ops[op].Arity == 1 {
			g.keep(b.Op(op, x))
		} else {
			g.keep(b.Op(op, x, g.fit(y, w)))
		}
	}
}

func (g *gen) wiring(op hw.Op, x, y hw.ID) {
	r, b := g.r, g.b
	axes := b.ShapeOf(x).Axes()
	if len(axes) == 0 {
		return
	}
	a := axes[r.IntN(len(axes))]
	lacks := g.without(g.fit(y, b.Width(x)), b.Shape(a))
	var free []int
	for _, k := range g.axes {
		if !b.ShapeOf(x).Has(k) {
			free = append(free, k)
		}
	}
	dir := 1 - 2*r.IntN(2)
	switch op {
	case hw.OpShift:
		g.keep(b.Shift(a, dir, x, lacks))
	case hw.OpRotate:
		g.keep(b.Rotate(a, dir, x))
	case hw.OpIndex:
		g.keep(b.Index(a, r.IntN(g.sizes[a]), x))
	case hw.OpSelect:
		g.keep(b.Select(a, x, g.without(y, b.Shape(a))))
	case hw.OpReduce:
		g.keep(b.Reduce(a, hw.ReduceOps[r.IntN(len(hw.ReduceOps))], x))
	case hw.OpStride:
		if len(free) > 0 {
			to := free[0]
			g.keep(b.Stride(a, to, r.IntN(4), 1+r.IntN(3), x, g.without(lacks, b.Shape(to))))
		}
	case hw.OpSplit:
		if len(free) > 1 && g.sizes[free[0]]*g.sizes[free[1]] >= g.sizes[a] {
			g.keep(b.Split(a, free[1], free[0], x, g.without(lacks, b.Shape(free[0], free[1]))))
		}
	case hw.OpPack:
		g.keep(b.Pack(a, g.fit(x, 1)))
	}
}

// inst places a module over some of the axes that it does not have.
func (g *gen) inst(name string, sub *hw.Module) {
	outer := func(s hw.Shape) hw.Shape { // axes of sub as axes of the parent
		var out hw.Shape
		for _, a := range s.Axes() {
			if k := slices.Index(g.names, sub.Axes[a].Name); k >= 0 {
				out = out.With(k)
			}
		}
		return out
	}
	over := g.someShape() &^ outer(1<<len(sub.Axes)-1)
	all := g.b.Shape(g.axes...)
	in := hw.Ports{}
	for _, p := range sub.Inputs {
		n := &sub.Nodes[p.Node]
		in[p.Name] = g.without(g.fit(g.pick(), n.Width), all&^(over|outer(n.Shape)))
	}
	out := g.b.Inst(name, sub, in, over.Axes()...)
	for _, p := range sub.Outputs {
		g.pool = append(g.pool, out[p.Name])
	}
}
