package arch_test

import (
	"fmt"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
)

// TestLUTPage makes the tables of docs/engines/lut.md: streams, stepped cycles, widths and rates.
func TestLUTPage(t *testing.T) {
	small := []string{"rows=2", "cols=4", "results=4"}
	golden.Blocks(t, "../docs/engines/lut.md", map[string]string{
		"ports":        hostPorts(t, "lut-w2a8", small),
		"ports-scaled": hostPorts(t, "lut-w4a8", append([]string{"precompute=inside", "table_bits=8"}, small...)),
		"cycles": hostCycles(t, []string{"lut-w2a8", "lut-w4a8", "lut-w2a16", "lut-fp16", "unpu-w2a8", "ternary", "tl1", "tl2", "xnor"}, small,
			[]arch.Shape{{M: 2, N: 4, K: 4}, {M: 2, N: 4, K: 64}, {M: 2, N: 4, K: 129}, {M: 8, N: 16, K: 64}}),
		"widths": lutWidths(t),
	})
}

// lutWidths lists the tables of the presets as their hardware has them.
func lutWidths(t *testing.T) string {
	out := "| preset | entries x bits | weight word | unit sum | MACs a cycle |\n|---|---|---:|---:|---:|\n"
	for _, name := range []string{"lut-w2a8", "lut-w4a8", "lut-w2a16", "lut-fp16", "unpu-w2a8", "ternary", "tl1", "tl2", "xnor"} {
		e := presetWith(t, name)
		table := "none"
		for _, m := range e.Top.Modules() {
			if m.Name != "lut_unit" {
				continue
			}
			word, _ := m.Input("w_i")
			sum, _ := m.Output("sum_o")
			if in, ok := m.Input("table_i"); ok {
				table = fmt.Sprintf("%d x %d", m.Lanes(m.Nodes[in.Node].Shape), m.Nodes[in.Node].Width)
			}
			out += fmt.Sprintf("| `%s` | %s | %d | %d | %d |\n", name, table, m.Nodes[word.Node].Width, m.Nodes[sum.Node].Width, e.MACsPerCycle())
		}
	}
	return out
}

// TestLUTRates pins the rates that the papers' structures give: 512/B products a cycle for
// M2N64K4 (LUT Tensor Core), and 576 one-bit products a cycle for 192 reads of tables of
// three inputs (UNPU with weights of several bits) and 768 for four (one bit).
func TestLUTRates(t *testing.T) {
	for _, tt := range []struct {
		preset string
		set    []string
		want   int
	}{
		{"lut-w2a8", nil, 256}, {"lut-w4a8", nil, 128}, {"lut-w2a8", []string{"b=uint1", "weights=odd"}, 512}, {"lut-w2a8", []string{"b=int8"}, 64},
		{"unpu-w2a8", []string{"rows=1", "cols=192", "inputs=3", "b=uint1"}, 576},
		{"unpu-w2a8", []string{"rows=1", "cols=192", "table=half", "inputs=4", "b=uint1", "weights=odd"}, 768},
	} {
		if got := presetWith(t, tt.preset, tt.set...).MACsPerCycle(); got != tt.want {
			t.Errorf("%s %v: %d products a cycle (expected %d)", tt.preset, tt.set, got, tt.want)
		}
	}
}
