package arch_test

import (
	"fmt"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
)

// TestMaddnessLatency pins the times of the released decoder array: the first result of a row comes C + 8
// edges after its first code's values are taken, both counted, and rows follow every C edges.
func TestMaddnessLatency(t *testing.T) {
	for _, books := range []int{8, 16, 32} {
		e := presetWith(t, "maddness", fmt.Sprintf("codebooks=%d", books), "width=2", "blocks=1", "decoders=4")
		load := int64(16 * books * 4)
		shape := func(m int) arch.Shape { return arch.Shape{M: m, N: 4, K: 2 * books} }
		one := steppedCycles(t, e, shape(1)) // load, row, and three more results
		if got := one - load - 3; got != int64(books+8) {
			t.Errorf("%d codebooks: first result after %d edges (expected %d)", books, got, books+8)
		}
		if got := steppedCycles(t, e, shape(3)) - one; got != int64(2*books) {
			t.Errorf("%d codebooks: two rows more take %d edges (expected %d)", books, got, 2*books)
		}
	}
}

// TestMaddnessPage makes the tables of docs/engines/maddness.md.
func TestMaddnessPage(t *testing.T) {
	small := []string{"codebooks=8", "width=2", "blocks=2", "decoders=2", "acc_rows=16"}
	golden.Blocks(t, "../docs/engines/maddness.md", map[string]string{
		"ports":  hostPorts(t, "maddness", small),
		"cycles": hostCycles(t, []string{"maddness"}, small, []arch.Shape{{M: 1, N: 4, K: 16}, {M: 2, N: 4, K: 16}, {M: 16, N: 4, K: 16}, {M: 16, N: 4, K: 24}, {M: 32, N: 8, K: 32}}),
	})
}
