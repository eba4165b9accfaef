package verify

import (
	"math/rand/v2"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/internal/tool/tooltest"
	"tpe/sim/lanes"
)

// TestPresetsFormula compares the closed form of every preset with its stepped graph,
// on its small arrays, over random shapes and data: 2,000 shapes a preset in the long
// run.
func TestPresetsFormula(t *testing.T) {
	perPreset := 90
	if tooltest.IsDeep() {
		perPreset = 2000
	} else {
		t.Logf("%d shapes a preset; make deep runs 2000", perPreset)
	}
	for _, p := range arch.Representatives() {
		t.Run(p.Name, func(t *testing.T) {
			sizes := p.Config.SmallSizes()
			for _, size := range sizes {
				formulaEqualsCycle(t, build(t, p.Name, size...), perPreset/len(sizes)+1)
			}
		})
	}
}

// formulaEqualsCycle steps n jobs of random shape and data without stalls.
func formulaEqualsCycle(t *testing.T, e *arch.Engine, n int) {
	t.Helper()
	r, err := lanes.NewRunner(e.Flat)
	if err != nil {
		t.Fatal(err)
	}
	m := newMaker(e, 5)
	rng := rand.New(rand.NewPCG(5, 6))
	kinds, one := m.dataKinds(), e.Extent()
	for i := range n {
		j := &job{index: i, first: i == 0, data: kinds[rng.IntN(len(kinds))],
			shape: arch.Shape{M: 1 + rng.IntN(4*one.M), N: 1 + rng.IntN(4*one.N), K: 1 + rng.IntN(4*one.K)}}
		if err := m.fill(j); err != nil {
			t.Fatal(err)
		}
		traces, err := r.Run([]drive.Play{j.play})
		if err != nil {
			t.Fatalf("%s: %v", j, err)
		}
		if got, want := j.cycles, traces[0].Span(e.OperandStreams()...); got != want {
			t.Fatalf("%s\n%s: formula %d, stepped %d", e.YAML(), j, got, want)
		}
		if bits, diff := wordsDiffer(j, &traces[0]); bits > 0 {
			t.Fatalf("%s\n%s: %d words differ\n%s", e.YAML(), j, bits, diff)
		}
	}
}
