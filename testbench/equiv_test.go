package testbench_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/pe"
	"tpe/testbench"
	"tpe/testbench/aig"
)

// int8 operands and a signed sum.
var spec8 = pe.Spec{A: numeric.Int{Bits: 8, Signed: true}, B: numeric.Int{Bits: 8, Signed: true}, Signed: true}

func TestProveNetlist(t *testing.T) {
	tooltest.Need(t, tool.Yosys, tool.OSU018)
	modules := []*hw.Module{wires(t)}
	modules = append(modules, testbench.Leaves(accumulator(t))...)
	for _, m := range modules {
		t.Run(m.Name, func(t *testing.T) {
			p, err := testbench.ProveNetlist(t.Context(), m, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", p)
			if !p.Proved {
				t.Error("not proved")
			}
		})
	}
}

// TestProveBrokenNetlist swaps one gate.
func TestProveBrokenNetlist(t *testing.T) {
	tooltest.Need(t, tool.Yosys, tool.OSU018)
	m := testbench.Leaves(accumulator(t))[0]
	p, err := testbench.ProveChanged(t.Context(), m, "", func(netlist []byte) []byte {
		changed := bytes.Replace(netlist, []byte("  NAND2X1 "), []byte("  NOR2X1 "), 1)
		if bytes.Equal(changed, netlist) {
			t.Fatal("no NAND2X1 in the netlist")
		}
		return changed
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", p)
	if p.Proved {
		t.Error("a broken netlist is proved equal")
	}
}

// TestMultiplierExhaustive proves multipliers of 8 x 8 bits over all 2^16 patterns,
// from the emitted Verilog.
func TestMultiplierExhaustive(t *testing.T) {
	tooltest.Need(t, tool.Yosys)
	build := func(name string, mul func(b *hw.Builder, x, y hw.ID) hw.ID) *hw.Module {
		b := hw.New(name, "")
		b.Out("z_o", mul(b, b.In("x_i", 8), b.In("y_i", 8)))
		return must(t, b)
	}
	booth := build("booth", func(b *hw.Builder, x, y hw.ID) hw.ID {
		var rows []hw.ID
		padded := b.Cat(y, b.Const(1, 0))
		for i := 0; i < 8; i += 2 {
			rows = append(rows, b.ShlConst(b.OpW(hw.OpBooth4, 16, x, b.Slice(padded, i, 3)), i))
		}
		s, c := b.Compress(rows...)
		return b.Add(s, c)
	})
	star := build("star", func(b *hw.Builder, x, y hw.ID) hw.ID { return b.MulS(16, x, y) })
	x, err := testbench.CombinationalGraph(t.Context(), booth)
	if err != nil {
		t.Fatal(err)
	}
	y, err := testbench.CombinationalGraph(t.Context(), star)
	if err != nil {
		t.Fatal(err)
	}
	r, err := aig.Equal(t.Context(), x, y, aig.Options{})
	if err != nil || r.Mismatch != nil || !r.Complete || r.Patterns != 1<<16 {
		t.Errorf("Equal = %+v, %v", r, err)
	}
	product := func(in, out []uint64) { out[0] = uint64(int64(int8(in[0])) * int64(int8(in[1]))) }
	for _, g := range []*aig.Graph{x, y} {
		r, err := aig.Check(t.Context(), g, product, aig.Options{})
		if err != nil || r.Mismatch != nil || r.Patterns != 1<<16 {
			t.Errorf("Check = %+v, %v", r, err)
		}
	}
}

// TestRareMismatch finds the one wrong pattern of 2^32 of a multiplier with Booth rows,
// by simulation and by SAT.
func TestRareMismatch(t *testing.T) {
	tooltest.Need(t, tool.Yosys)
	graph := func(mul string, wrong bool) *aig.Graph {
		b := hw.New("rare_"+mul, "")
		c, x, y := b.In("c_i", 16), b.In("x_i", 8), b.In("y_i", 8)
		sum := (pe.MAC{Spec: spec8, Mul: mul}).MAC(b, []hw.ID{c}, x, y)[0]
		if wrong {
			sum = b.Xor(sum, b.Zext(16, b.Eq(b.Cat(x, y, c), b.Const(32, 0x9ac3_e1f7))))
		}
		b.Out("z_o", sum)
		g, err := testbench.CombinationalGraph(t.Context(), must(t, b))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	booth, rare := graph(pe.MulBooth4, false), graph(pe.MulBooth4, true)
	v, err := testbench.Equivalent(t.Context(), rare, booth)
	if err != nil || v.Equal || v.Detail != "cec: they differ for some input" {
		t.Errorf("Equivalent = %+v, %v", v, err)
	}
	tooltest.Deep(t, "the wrong pattern by simulation, 2^32 patterns")
	r, err := aig.Equal(t.Context(), rare, graph(pe.MulStar, false), aig.Options{})
	if err != nil || r.Mismatch == nil {
		t.Fatalf("Equal of a graph that is wrong once = %+v, %v", r, err)
	}
	want := []aig.Value{{Port: "c_i", Word: 0xe1f7}, {Port: "x_i", Word: 0x9a}, {Port: "y_i", Word: 0xc3}}
	if diff := cmp.Diff(r.Mismatch.Inputs, want); diff != "" {
		t.Errorf("mismatch, got - want +\n%s", diff)
	}
}
