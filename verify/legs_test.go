package verify

import (
	"context"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/workloads"
)

// crossCheck runs an engine on the named legs and wants nothing to differ.
func crossCheck(t *testing.T, e *arch.Engine, legs string, cases int) {
	t.Helper()
	list, err := SelectLegs(legs)
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(context.Background(), e, Options{Cases: cases, Seed: 1, Legs: list})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range res.Legs {
		if l.Skipped != "" || l.Cases == 0 {
			t.Errorf("leg %s did not run: %s", l.Name, l.Skipped)
		}
	}
	for _, f := range res.Failures {
		t.Errorf("%s, %s\n%s", f.Leg, f.Case, f.Diff)
	}
}

// TestPresets runs the presets as they stand, 32 x 32, on the legs in this process; arrays of floats, whose PEs
// take the reference evaluator long, 8 x 8.
func TestPresets(t *testing.T) {
	tooltest.Need(t, tool.Clang)
	for _, p := range arch.Representatives() {
		var size []string
		if a, _, _ := p.Config.Formats(); p.Config.Kind == "systolic" && workloads.FormatOf(a).Float.Exp > 0 {
			size = []string{"rows=8", "cols=8"}
		}
		t.Run(p.Name, func(t *testing.T) { crossCheck(t, build(t, p.Name, size...), "eval,lanes,llvm", 4) })
	}
}

// TestRTL runs every builder and PE once on the emitted Verilog and its netlist, on
// small arrays. tpe verify --all does it for every preset and size.
func TestRTL(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Icarus, tool.VVP, tool.Yosys, tool.OSU018, tool.Clang)
	tests := []struct {
		engine, set string // settings beside init_c
		legs        string
	}{
		{"systolic-os", "rows=4 cols=4", ""},
		{"systolic-ws", "rows=3 cols=5 acc_rows=5", ""},
		{"systolic-is", "rows=4 cols=4 acc_rows=5", "lanes,verilator,icarus"},
		{"systolic-os-opt1", "rows=3 cols=5", ""},
		{"systolic-ws-opt1", "rows=4 cols=4 acc_rows=5", ""},
		{"systolic-ws", "rows=8 cols=8 acc_rows=5", "lanes,verilator"},
		{"systolic-os", "rows=1 cols=1", "lanes,verilator,icarus,netlist"},
		{"mixpe-w4a8", "rows=2 cols=3 scalers=2 group=5 product=serial a=int4 scale_bits=4 scale_shift=3 acc_bits=16", ""},
		{"mixpe-w4a16", "rows=1 cols=2 scalers=1 group=3 result=fp16", "lanes,verilator,netlist"},
		{"maddness", "codebooks=2 width=2 blocks=1 decoders=2 acc_rows=2 acc_bits=20", ""},
		{"lut-w4a8", "rows=2 cols=3 results=2 group=8 precompute=inside table_bits=4 a=int4 b=uint2 scale_bits=4 scale_shift=3 acc_bits=16", ""},
		{"lut-fp16", "rows=1 cols=2 results=1 inputs=2 float_units=published", "lanes,verilator,netlist"},
		{"xnor", "rows=2 cols=3 results=2 inputs=5 group=10 acc_bits=16", "lanes,verilator,netlist"},
		{"matrix2d-opt1", "rows=3 cols=5", ""},
		{"matrix2d-opt2", "rows=3 cols=2 lanes=2 chunk=4", ""},
		{"opt4c", "rows=3 cols=2 chunk=8 window=1", ""},
		{"opt3", "rows=2 cols=2 chunk=8 b_store=copy simd_lanes=1", "lanes,verilator"},
		{"opt4e", "rows=3 cols=2 chunk=16 window=1 lane_policy=locked", "lanes,verilator"},
		{"tree-opt1", "cells=3 lanes=5 acc_rows=5", "lanes,verilator,icarus"},
		{"tree-opt2", "cells=2 lanes=4 acc_rows=5", ""},
		{"bitfusion", "rows=2 cols=1 acc_rows=5 a=int4 b=uint8", ""},
		{"pragmatic", "rows=2 cols=3 lanes=4", ""},
		{"laconic", "rows=2 cols=2 lanes=3 run_ahead=1", ""},
		{"cube", "x=3 y=2 z=4 drain_rows=2", ""},
		{"cube-opt1", "x=2 y=3 z=2 form=tree", "lanes,verilator,icarus"},
		{"systolic-ws-ent", "rows=3 cols=4 acc_rows=5", "lanes,verilator,icarus"},
		{"lmul-eq-bf16", "rows=2 cols=1 acc_rows=3", "lanes,verilator"},
		{"tc-h100-fp16-f16", "rows=1 cols=2 products=2 slots_m=2 slots_n=1 zero_exponent=true", ""},
		{"tc-h100-e4m3-f16-mma", "rows=1 cols=1 products=2 emulated=4 slots_m=1 slots_n=2 stages=2", "lanes,verilator,netlist"},
		{"figna", "rows=1 cols=2 products=3 block=6 slots_m=2 slots_n=1 align=9", ""},
		{"fma-fp16", "rows=2 cols=1 acc_rows=3 stages=3", "lanes,verilator,icarus"},
		{"fma-e4m3", "rows=1 cols=2 a=e5m2 b=e5m2 result=fp16", "lanes,verilator"},
		{"anfma-bf16", "rows=2 cols=1 acc_rows=3", ""},
		{"tc-a100-bf16-f32", "rows=2 cols=1 products=4 slots_m=1 slots_n=1 stages=3", "lanes,verilator,icarus"},
	}
	for _, tt := range tests {
		e := build(t, tt.engine, append(strings.Fields(tt.set), "init_c=true")...)
		t.Run(tt.engine+"/"+e.Top.Name, func(t *testing.T) {
			t.Parallel()
			crossCheck(t, e, tt.legs, 32)
		})
	}
}
