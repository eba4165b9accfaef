package testbench_test

import (
	"bytes"
	"testing"

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

// macCell is the processing element of an output-stationary array.
func macCell(t *testing.T, arith pe.Arith, name string) *hw.Module {
	t.Helper()
	m, err := pe.OutputStationary(name, spec8, arith, 20, pe.DrainDown2)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestProveNetlist(t *testing.T) {
	tooltest.Need(t, tool.Yosys, tool.OSU018)
	modules := []*hw.Module{
		macCell(t, pe.MAC{Spec: spec8, Mul: pe.MulStar}, "pe_mac"),
		macCell(t, pe.OPT1{Spec: spec8}, "pe_opt1"),
		wires(t),
	}
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
