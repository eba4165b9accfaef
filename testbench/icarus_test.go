package testbench_test

import (
	"testing"

	"tpe/hw"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/testbench"
)

func TestIcarus(t *testing.T) {
	tooltest.Need(t, tool.Icarus, tool.VVP)
	for _, make := range []func(testing.TB) *hw.Module{fifo, accumulator, wires, tokens} {
		top := make(t)
		t.Run(top.Name, func(t *testing.T) {
			r, err := testbench.NewIcarus(t.Context(), top, testbench.IcarusOptions{})
			if err != nil {
				t.Fatal(err)
			}
			agree(t, top, r, randomPlays(t, top, 100, 2), true)
		})
	}
}
