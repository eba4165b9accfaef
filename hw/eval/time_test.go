package eval_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/hw/hwtest"
)

// history is a second definition of what a design does, made to be unlike the
// evaluator: it never flattens, orders, steps or numbers lanes. The word of a node in
// a scope, at coordinates and at a time, is a function of other such words; state
// looks back in time. Only the words of single lane operators are shared.
type history struct {
	c    hwtest.Case
	memo map[place]uint64
}

// place is where and when a word stands.
type place struct {
	t      int
	scope  string // the path of instances with the coordinates of each
	node   hw.ID
	coords string
}

// scope is a module in one place of its parent.
type scope struct {
	path   string
	mod    *hw.Module
	parent *scope
	inst   int
	over   []int // coordinates of the parent's axes
}

func (h *history) at(t int, s *scope, id hw.ID, c []int) uint64 {
	n := &s.mod.Nodes[id]
	key := place{t, s.path, id, coordsKey(n.Shape, c)}
	if v, ok := h.memo[key]; ok {
		return v
	}
	v := h.word(t, s, id, c)
	h.memo[key] = v
	return v
}

func coordsKey(shape hw.Shape, c []int) string {
	b := make([]byte, 0, 8)
	for _, a := range shape.Axes() {
		b = append(b, byte(c[a]))
	}
	return string(b)
}

func with(c []int, axis, v int) []int {
	d := append([]int(nil), c...)
	d[axis] = v
	return d
}

func (h *history) word(t int, s *scope, id hw.ID, c []int) uint64 {
	n := &s.mod.Nodes[id]
	switch n.Op {
	case hw.OpInput:
		return h.input(t, s, n, c)
	case hw.OpInstOut:
		return h.instOut(t, s, n, c)
	case hw.OpConst:
		return n.Imm
	case hw.OpCoord:
		return uint64(c[n.Axis])
	case hw.OpReg:
		r := &s.mod.Regs[n.Imm]
		if t == 0 || h.c.Reset[t-1] {
			return r.Reset
		}
		return h.at(t-1, s, r.Next, c)
	case hw.OpMemQ:
		return h.memory(t, s, &s.mod.Mems[n.Imm], c)
	case hw.OpDelay:
		d := n.K
		for a, k := range n.Coef {
			if k != 0 {
				d += k * c[a]
			}
		}
		for u := t - d; u < t; u++ {
			if u < 0 || h.c.Reset[u] {
				return 0
			}
		}
		return h.at(t-d, s, n.Args[0], c)
	}
	if n.Op.Kind() == hw.KindWire {
		return h.moved(t, s, n, c)
	}
	args, widths := make([]uint64, len(n.Args)), make([]int, len(n.Args))
	for k, a := range n.Args {
		args[k], widths[k] = h.at(t, s, a, c), s.mod.Nodes[a].Width
	}
	var table []uint64
	if n.Op == hw.OpRom {
		table = s.mod.Roms[n.Imm].Data
	}
	return eval.Lane(n.Op, n.Width, n.Imm, table, args, widths)
}

// input follows a port to its driver in the parent, or to the stimulus.
func (h *history) input(t int, s *scope, n *hw.Node, c []int) uint64 {
	if s.parent == nil {
		lane := 0
		for _, a := range n.Shape.Axes() {
			lane = lane*s.mod.Axes[a].Size + c[a]
		}
		return h.c.Inputs[t][n.Imm][lane]
	}
	in := &s.parent.mod.Insts[s.inst]
	pc := make([]int, len(s.parent.mod.Axes))
	for a, axis := range s.parent.mod.Axes {
		if in.Over.Has(a) {
			pc[a] = s.over[a]
		} else if k := s.mod.AxisIndex(axis.Name); k >= 0 {
			pc[a] = c[k]
		}
	}
	return h.at(t, s.parent, in.In[n.Imm], pc)
}

func (h *history) instOut(t int, s *scope, n *hw.Node, c []int) uint64 {
	in := &s.mod.Insts[n.Imm]
	inner := &scope{mod: in.Mod, parent: s, inst: int(n.Imm), over: c, path: fmt.Sprintf("%s/%d:%q", s.path, n.Imm, coordsKey(in.Over, c))}
	ic := make([]int, len(in.Mod.Axes))
	for k, axis := range in.Mod.Axes {
		if a := s.mod.AxisIndex(axis.Name); a >= 0 {
			ic[k] = c[a]
		}
	}
	return h.at(t, inner, in.Mod.Outputs[n.K].Node, ic)
}

// memory finds the last write before the read.
func (h *history) memory(t int, s *scope, m *hw.Mem, c []int) uint64 {
	if t == 0 {
		return 0
	}
	addr := h.at(t-1, s, m.RAddr, c)
	if addr >= uint64(m.Depth) {
		return 0
	}
	last := t - 2
	if m.Forward {
		last = t - 1
	}
	for u := last; u >= 0; u-- {
		if h.at(u, s, m.WEn, c) == 1 && h.at(u, s, m.WAddr, c) == addr {
			return h.at(u, s, m.WData, c)
		}
	}
	return 0
}

// moved reads the operators between lanes.
func (h *history) moved(t int, s *scope, n *hw.Node, c []int) uint64 {
	x := n.Args[0]
	size := 0
	if n.Op != hw.OpBcast {
		size = s.mod.Axes[n.Axis].Size
	}
	lane := func(k int) uint64 { return h.at(t, s, x, with(c, n.Axis, k)) }
	inside := func(k int) uint64 {
		if k >= 0 && k < size {
			return lane(k)
		}
		return h.at(t, s, n.Args[1], c)
	}
	switch n.Op {
	case hw.OpShift:
		return inside(c[n.Axis] - n.K)
	case hw.OpRotate:
		return lane((c[n.Axis] - n.K + size) % size)
	case hw.OpIndex:
		return lane(n.K)
	case hw.OpSelect:
		if i := h.at(t, s, n.Args[1], c); i < uint64(size) {
			return lane(int(i))
		}
		return 0
	case hw.OpReduce: // the order does not matter for the operators that reduce accepts
		v := lane(0)
		for k := 1; k < size; k++ {
			v = eval.Lane(n.Sub, n.Width, 0, nil, []uint64{v, lane(k)}, []int{n.Width, n.Width})
		}
		return v
	case hw.OpStride:
		return inside(n.K + n.Step*c[n.To[0]])
	case hw.OpSplit:
		return inside(c[n.To[0]]*s.mod.Axes[n.To[1]].Size + c[n.To[1]])
	case hw.OpPack:
		var v uint64
		for k := range size {
			v |= lane(k) << k
		}
		return v
	}
	return h.at(t, s, x, c) // bcast
}

// outputs are the words of all outputs in all cycles.
func (h *history) outputs() [][][]uint64 {
	top := &scope{mod: h.c.Top}
	var list [][][]uint64
	for t := range h.c.Inputs {
		var row [][]uint64
		for _, p := range h.c.Top.Outputs {
			shape := h.c.Top.Nodes[p.Node].Shape
			lanes := make([]uint64, h.c.Top.Lanes(shape))
			for l := range lanes {
				rest, c, axes := l, make([]int, len(h.c.Top.Axes)), shape.Axes()
				for i := len(axes) - 1; i >= 0; i-- {
					size := h.c.Top.Axes[axes[i]].Size
					c[axes[i]], rest = rest%size, rest/size
				}
				lanes[l] = h.at(t, top, p.Node, c)
			}
			row = append(row, lanes)
		}
		list = append(list, row)
	}
	return list
}

func compare(t *testing.T, c hwtest.Case) {
	t.Helper()
	got, failures, err := hwtest.Expect(c)
	if err != nil {
		t.Fatal(err)
	}
	want := (&history{c: c, memo: map[place]uint64{}}).outputs()
	if err := hwtest.Diff(c, got, want, failures, failures); err != nil {
		t.Errorf("%v\n%s", err, c.Top)
	}
}

// TestFunctionOfTime compares the evaluator, after flattening, with the second
// definition, without, on the suite and on random programs.
func TestFunctionOfTime(t *testing.T) {
	for _, c := range hwtest.Cases() {
		if n := min(len(c.Inputs), 24); c.Name[:3] == "op/" || c.Name[:4] == "all/" {
			c.Inputs, c.Reset = c.Inputs[:min(n, 2)], c.Reset[:min(n, 2)]
		}
		t.Run(c.Name, func(t *testing.T) { compare(t, c) })
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 250 {
		data := make([]byte, 20+rng.IntN(300))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if c, ok := hwtest.Random(data); ok {
			compare(t, c)
		}
	}
}

// FuzzFunctionOfTime is the same for the fuzzer's programs.
func FuzzFunctionOfTime(f *testing.F) {
	hwtest.FuzzSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, ok := hwtest.Random(data); ok {
			compare(t, c)
		}
	})
}
