package pe_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/pe"
)

// every is a number of lanes that holds each value of 8 bits once.
const every = 256

// maddnessBench is an encoder or a decoder over lanes, stepped by the names of its ports.
type maddnessBench struct {
	m *hw.Module
	e *eval.Machine
}

// newMaddnessBench builds the top module that place makes; lane is the axis of 256 lanes.
func newMaddnessBench(t *testing.T, place func(b *hw.Builder, lane int)) *maddnessBench {
	t.Helper()
	b := hw.New("bench", "")
	place(b, b.Axis("lane", every))
	flat, e := machineOf(t, b)
	return &maddnessBench{flat, e}
}

// step sets inputs and passes an edge.
func (b *maddnessBench) step(in map[string][]uint64) {
	for i, p := range b.m.Inputs {
		if w, ok := in[p.Name]; ok {
			b.e.Set(i, w)
		}
	}
	b.e.Settle()
	b.e.Step(false)
	b.e.Settle()
}

// TestMaddnessEncoderEveryComparison compares each of the 15 nodes of the tree for all 65,536 pairs of an
// int8 or uint8 value and threshold: codebook v has threshold v at the node, lane x has value x at its level,
// and the values of the other levels lead to the node.
func TestMaddnessEncoderEveryComparison(t *testing.T) {
	for _, a := range []numeric.Int{{Bits: 8, Signed: true}, {Bits: 8}} {
		t.Run(a.String(), func(t *testing.T) {
			if !a.Signed {
				tooltest.Deep(t, "every comparison of the MADDNESS tree on uint8")
			}
			enc, err := pe.MaddnessEncoder("encoder", a, every)
			if err != nil {
				t.Fatal(err)
			}
			b := newMaddnessBench(t, func(b *hw.Builder, lane int) {
				level, node := b.Axis("level", 4), b.Axis("node", 15)
				at := b.Eq(b.Coord(level, 2), b.In("tested_i", 2))
				x := b.Mux(at, b.Coord(lane, 8), b.In("x_i", 8, level))
				out := b.Inst("encoder", enc, hw.Ports{"addr_i": b.In("addr_i", 8), "x_i": b.Pipe("x_q", x), "load_i": b.In("load_i", 1),
					"load_addr_i": b.In("load_addr_i", 8), "thr_i": b.In("thr_i", 8, node)}, lane)
				b.Out("code_o", out["code_o"])
			})
			for node := range 15 {
				t.Run(fmt.Sprint(node), func(t *testing.T) { b.everyPair(t, a, node) })
			}
		})
	}
}

func (b *maddnessBench) everyPair(t *testing.T, a numeric.Int, node int) {
	level, path := 0, node
	for ; path >= 1<<level; level++ {
		path -= 1 << level
	}
	tree := func(v uint64) (thr []uint64, m *numeric.Maddness) {
		m = &numeric.Maddness{Width: 4, Split: [][4]int{{0, 1, 2, 3}}, Threshold: make([][15]int32, 1), Prototype: make([][16][]int32, 1)}
		thr = make([]uint64, 15)
		for i := range thr {
			thr[i] = uint64(100 + i) // greater than the values of the other levels but for those that must be less
		}
		thr[node] = v
		for i, w := range thr {
			m.Threshold[0][i] = int32(a.Wrap(int64(w)))
		}
		return thr, m
	}
	values := make([]uint64, 4)
	for l := range values {
		values[l] = 50
		if l < level && path>>(level-1-l)&1 == 1 {
			values[l] = 126
		}
	}
	for v := range uint64(every) {
		thr, _ := tree(v)
		b.step(map[string][]uint64{"load_i": {1}, "load_addr_i": {v}, "thr_i": thr, "x_i": values, "tested_i": {uint64(level)}})
	}
	code, row, wrong := make([]uint64, every), make([]int32, 4), 0
	for i := range uint64(every + 4) {
		// Edge i reads codebook i; its code is there after four more.
		b.step(map[string][]uint64{"load_i": {0}, "addr_i": {min(i, every-1)}})
		if i < 4 {
			continue
		}
		_, m := tree(i - 4)
		b.e.Get(0, code)
		for x, got := range code {
			for l, w := range values {
				row[l] = int32(a.Wrap(int64(w)))
			}
			row[level] = int32(a.Wrap(int64(x)))
			if want := m.Code(row, 0); int(got) != want {
				if wrong++; wrong < 4 {
					t.Errorf("threshold %d, value %d: code %d, want %d", a.Wrap(int64(i-4)), row[level], got, want)
				}
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of 65536 codes", wrong)
	}
}

// TestMaddnessDecoderEveryPair adds all 65,536 pairs of int8 entries: 16 codebooks hold each entry once.
func TestMaddnessDecoderEveryPair(t *testing.T) {
	dec, err := pe.MaddnessDecoder("decoder", every/16, 8, 12)
	if err != nil {
		t.Fatal(err)
	}
	b := newMaddnessBench(t, func(b *hw.Builder, lane int) {
		in := hw.Ports{}
		for name, w := range map[string]int{"load_i": 1, "load_addr_i": 8, "data_i": 8, "valid_i": 1, "first_i": 1, "last_i": 1} {
			in[name] = b.In(name, w)
		}
		in["addr_i"] = b.Mux(b.In("second_i", 1), b.Coord(lane, 8), b.In("at_i", 8))
		b.Out("sum_o", b.Inst("decoder", dec, in, lane)["sum_o"])
	})
	for i := range uint64(every) {
		b.step(map[string][]uint64{"load_i": {1}, "load_addr_i": {i}, "data_i": {i ^ 0x5a}, "valid_i": {0}})
	}
	sums, wrong := make([]uint64, every), 0
	entry := func(i int) int64 { return int64(int8(i ^ 0x5a)) }
	for i := range every {
		b.step(map[string][]uint64{"load_i": {0}, "valid_i": {0}, "second_i": {0}, "at_i": {uint64(i)}})
		b.step(map[string][]uint64{"valid_i": {1}, "first_i": {1}, "last_i": {0}, "second_i": {1}})
		b.step(map[string][]uint64{"first_i": {0}, "last_i": {1}})
		b.e.Get(0, sums)
		for j, s := range sums {
			if got, want := hw.SignExtend(s, 12), entry(i)+entry(j); got != want {
				if wrong++; wrong < 4 {
					t.Errorf("%d + %d = %d", entry(i), entry(j), got)
				}
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of 65536 sums", wrong)
	}
}
