package testbench_test

import (
	"testing"

	"tpe/hw"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/testbench"
)

func TestNetlist(t *testing.T) {
	tooltest.Need(t, tool.Yosys, tool.OSU018, tool.Verilator, tool.GXX, tool.Make, tool.Icarus, tool.VVP)
	tests := []struct {
		name string
		make func(testing.TB) *hw.Module
		opt  testbench.NetlistOptions
	}{
		{"accumulator, hierarchical, go", accumulator, testbench.NetlistOptions{}},
		{"accumulator, hierarchical, verilator", accumulator,
			testbench.NetlistOptions{Simulator: testbench.GatesInVerilator, Verilator: testbench.VerilatorOptions{Quick: true}}},
		{"accumulator, flat, icarus", accumulator, testbench.NetlistOptions{Flatten: true, Simulator: testbench.GatesInIcarus}},
		{"fifo, go", fifo, testbench.NetlistOptions{}},
		{"tokens, go", tokens, testbench.NetlistOptions{}},
		{"wires, go", wires, testbench.NetlistOptions{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			top := tt.make(t)
			n, err := testbench.NewNetlist(t.Context(), top, "", tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, built in %v", n.Version, n.BuildTime)
			agree(t, top, n, randomPlays(t, top, 60, 4), false)
		})
	}
}
