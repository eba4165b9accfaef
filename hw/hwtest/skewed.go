package hwtest

import (
	"fmt"
	"hash/fnv"

	"tpe/hw"
)

// Skewed decodes a byte string as an array of cells in the manner of a systolic array: words
// travel from cell to cell, enter with a skew, meet in accumulators, and leave along a
// chain. Most programs keep one skew for all, which is what [tpe/hw/retime] looks for; some
// break it on purpose. The second result is false for the few that are not legal.
func Skewed(data []byte) (Case, bool) {
	h := fnv.New64a()
	h.Write(data)
	seed := h.Sum64()
	r := &bytesReader{data: data}
	k := &skewed{r: r, b: hw.New("skewed", "")}
	lanes := 1
	for a := range 2 + r.below(5)/4 {
		size := min([...]int{3, 2, 4, 8, 5, 1, 16, 3}[r.below(8)], maxSkewed/lanes)
		lanes *= size
		k.size = append(k.size, size)
		k.dir = append(k.dir, 1-2*(r.below(5)/4))
		k.hops = append(k.hops, 1+r.below(6)/5)
		k.axes = append(k.axes, k.b.Axis(fmt.Sprintf("s%d", a), size))
	}
	cycles, resets := 20+r.below(40), int(r.next())
	top, err := k.build()
	if err != nil {
		return Case{}, false
	}
	c := Case{Name: fmt.Sprintf("skewed/%016x", seed), Top: top}
	s := newStimulus(seed)
	for t := range cycles {
		c.Inputs = append(c.Inputs, s.cycle(top))
		c.Reset = append(c.Reset, resets&1 == 1 && (t == resets>>2 || t == resets>>2+1+resets&2))
	}
	return c, true
}

// maxSkewed bounds the cells of such an array.
const maxSkewed = 96

// SkewedCases returns n of these arrays, the same on every call; the first few are part of
// the suite.
func SkewedCases(n int) []Case {
	var list []Case
	for i := uint64(0); len(list) < n; i++ {
		if c, ok := Skewed(seedBytes(100+i, 80)); ok {
			c.Name = fmt.Sprintf("skewed/%d", i)
			list = append(list, c)
		}
	}
	return list
}

// skewed builds such an array. Its frame is the sum over the axes of hops registers a
// step in direction dir.
type skewed struct {
	r         *bytesReader
	b         *hw.Builder
	axes      []int
	size      []int
	dir, hops []int
}

// rarely is true for one byte in n.
func (k *skewed) rarely(n int) bool { return k.r.below(n) == n-1 }

// traveller is a word that the cells pass on along an axis.
type traveller struct {
	axis, width, hops int
}

func (k *skewed) build() (*hw.Module, error) {
	travel := make([]traveller, 2+k.r.below(3))
	for i := range travel {
		a := (i + k.r.below(4)/3) % len(k.axes)
		travel[i] = traveller{a, [...]int{4, 8, 3, 1}[k.r.below(4)], k.hops[a]}
		if k.rarely(12) {
			travel[i].hops++
		}
	}
	width, drains := [...]int{16, 8, 24, 11}[k.r.below(4)], k.r.below(3)
	cell, err := k.cell(travel, width, drains)
	if err != nil {
		return nil, err
	}
	b, in := k.b, hw.Ports{}
	for i, t := range travel {
		in[fmt.Sprintf("t%d_i", i)] = b.Wire(fmt.Sprintf("t%d", i), t.width, k.axes...)
	}
	in["d_i"] = b.Wire("d", width, k.axes...)
	in["g_i"] = b.In("g", 4)
	if k.rarely(2) {
		in["g_i"] = b.Const(4, uint64(k.r.below(16)))
	}
	out := b.Inst("cell", cell, in, k.axes...)
	for i, t := range travel {
		var rest []int
		for _, a := range k.axes {
			if a != k.axes[t.axis] {
				rest = append(rest, a)
			}
		}
		if k.rarely(3) {
			rest = rest[:k.r.below(len(rest)+1)]
		}
		e := k.skew(b.In(fmt.Sprintf("e%d", i), t.width, rest...), rest, +1)
		b.Drive(in[fmt.Sprintf("t%d_i", i)], b.Shift(k.axes[t.axis], k.dir[t.axis], out[fmt.Sprintf("t%d_o", i)], e))
	}
	down := 1 - 2*(k.r.below(5)/4)
	b.Drive(in["d_i"], b.Shift(k.axes[0], down, out["d_o"], b.Const(width, uint64(k.r.below(10)/9))))
	exit := 0
	if down > 0 {
		exit = k.size[0] - 1
	}
	foot := b.Index(k.axes[0], exit, out["d_o"])
	if k.rarely(5) {
		foot = b.Xor(foot, b.Const(width, 5))
	} else if k.rarely(2) {
		foot = b.Add(foot, foot)
	}
	b.Out("foot_o", k.skew(foot, k.axes[1:], -1))
	k.more(out)
	return b.Build()
}

// skew delays x along axes by the frame, or (sign < 0) by what aligns the lanes again. Now and
// then it forgets one.
func (k *skewed) skew(x hw.ID, over []int, sign int) hw.ID {
	for i, a := range k.axes {
		for _, o := range over {
			if o != a || k.rarely(14) {
				continue
			}
			coef, base := sign*k.hops[i]*k.dir[i], 0
			if coef < 0 {
				base = -coef * (k.size[i] - 1)
			}
			x = k.b.Skew(x, base, a, coef)
		}
	}
	return x
}

// more adds what makes words leave the array in other ways.
func (k *skewed) more(out hw.Ports) {
	b, v := k.b, out["v_o"]
	if k.rarely(4) {
		b.Out("all_o", v)
	}
	if k.rarely(4) {
		b.Out("sum_o", b.Reduce(k.axes[0], hw.OpAdd, v))
	}
	if k.rarely(4) {
		m := b.Mem("m", b.Width(v), 3, false, k.axes...)
		at := b.In("at", 2)
		b.SetMem(m, hw.MemPorts{WEn: b.Bit(at, 0), WAddr: at, WData: v, RAddr: b.In("from", 2)})
		b.Out("mem_o", b.Reduce(k.axes[len(k.axes)-1], hw.OpXor, m))
	}
}

// cell builds the cell: accumulators of what travels, and a place in the chain.
func (k *skewed) cell(travel []traveller, width, drains int) (*hw.Module, error) {
	b := hw.New("cell", "")
	var words, flags []hw.ID
	for i, t := range travel {
		x := b.In(fmt.Sprintf("t%d_i", i), t.width)
		words, flags = append(words, x), append(flags, b.Bit(x, t.width-1))
		for h := range t.hops {
			x = b.Pipe(fmt.Sprintf("t%d_%d", i, h), x)
		}
		b.Out(fmt.Sprintf("t%d_o", i), x)
	}
	pick := func(list []hw.ID) hw.ID { return list[k.r.below(len(list))] }
	fit := func(x hw.ID) hw.ID {
		if b.Width(x) > width {
			return b.Slice(x, 0, width)
		}
		return b.Sext(width, x)
	}
	if g := b.In("g_i", 4); k.rarely(6) { // a word without skew: nothing that reads it can move
		words = append(words, g)
	}
	acc := b.Reg("acc", width, uint64(k.r.below(8)/7))
	p, q := pick(words), pick(words)
	x := fit(b.MulS(b.Width(p)+b.Width(q), p, q))
	switch k.r.below(4) {
	case 0:
		x = b.Add(acc, x)
	case 1:
		x = b.Add(b.Mux(pick(flags), b.Const(width, 0), acc), x)
	case 2:
		x = b.Mux(pick(flags), x, acc)
	default:
		x = b.Xor(b.UMax(acc, x), fit(pick(words)))
	}
	b.Next(acc, x)
	late := pick(flags)
	if k.rarely(2) {
		late = b.Pipe("late", late)
	}
	d := b.In("d_i", width)
	for i := range drains {
		d = b.Pipe(fmt.Sprintf("d%d", i), d)
	}
	load := acc
	if k.rarely(3) {
		load = b.Add(acc, fit(pick(words)))
	}
	b.Out("d_o", b.Pipe("down", b.Mux(late, load, d)))
	b.Out("v_o", b.Xor(acc, fit(pick(words))))
	if k.rarely(3) {
		b.Assert("rare", b.Or(b.Not(late), b.Ne(acc, b.Const(width, 0))))
	}
	return b.Build()
}
