package verify

import (
	"context"
	"fmt"
	"testing"

	"tpe/arch"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
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

// TestPresets runs every preset as it stands, 32 x 32, on the legs in this process.
func TestPresets(t *testing.T) {
	tooltest.Need(t, tool.Clang)
	for _, p := range arch.PresetNames() {
		t.Run(p, func(t *testing.T) { crossCheck(t, build(t, p), "eval,lanes,llvm", 4) })
	}
}

// TestRTL runs every builder and PE once on the emitted Verilog and its netlist, on
// small arrays. tpe verify --all does it for every preset and size.
func TestRTL(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Icarus, tool.VVP, tool.Yosys, tool.OSU018, tool.Clang)
	tests := []struct {
		engine     string
		rows, cols int
		legs       string
	}{
		{"systolic-os", 4, 4, ""},
		{"systolic-ws", 3, 5, ""},
		{"systolic-is", 4, 4, "lanes,verilator,icarus"},
		{"systolic-os-opt1", 3, 5, ""},
		{"systolic-ws-opt1", 4, 4, ""},
		{"systolic-ws", 8, 8, "lanes,verilator"},
		{"systolic-os", 1, 1, "lanes,verilator,icarus,netlist"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s/%dx%d", tt.engine, tt.rows, tt.cols), func(t *testing.T) {
			e := build(t, tt.engine, fmt.Sprintf("rows=%d", tt.rows), fmt.Sprintf("cols=%d", tt.cols), "acc_rows=5", "init_c=true")
			crossCheck(t, e, tt.legs, 32)
		})
	}
}
