package verify

import (
	"math/rand/v2"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/sim"
	"tpe/workloads"
)

// TestFormulaEqualsCycle compares the closed form with the stepped graph on 20,000
// random (engine, shape, overlap) points, and the words with the software GEMM.
func TestFormulaEqualsCycle(t *testing.T) {
	const engines, shapes = 1000, 20
	rng := rand.New(rand.NewPCG(20000, 1))
	points, perFlow := 0, map[string]int{}
	for points < engines*shapes {
		c := randomConfig(rng)
		if len(c.Validate()) > 0 {
			continue
		}
		e, err := arch.Build(c)
		if err != nil {
			t.Fatal(err)
		}
		r, stop, err := sim.NewRunner(sim.Lanes, e.Flat)
		if err != nil {
			t.Fatal(err)
		}
		m := newMaker(e, rng.Uint64())
		var jobs []*job
		var plays []drive.Play
		for i := range shapes {
			j := &job{index: i, first: i == 0, data: workloads.Data{Kind: workloads.DataFull},
				shape: arch.Shape{M: 1 + rng.IntN(4*c.Rows+c.AccRows), N: 1 + rng.IntN(4*c.Cols), K: 1 + rng.IntN(4*c.Rows)}}
			if err := m.fill(j); err != nil {
				t.Fatal(err)
			}
			jobs, plays = append(jobs, j), append(plays, j.play)
		}
		traces, err := r.Run(plays)
		if err != nil {
			t.Fatalf("%s: %v", c.YAML(), err)
		}
		for i, j := range jobs {
			if got, want := j.cycles, traces[i].Span(e.OperandStreams()...); got != want {
				t.Errorf("%s\n%s: formula %d, stepped %d", c.YAML(), j, got, want)
			}
			if bits, diff := wordsDiffer(j, &traces[i]); bits > 0 {
				t.Errorf("%s\n%s: %d words differ\n%s", c.YAML(), j, bits, diff)
			}
		}
		if t.Failed() {
			return
		}
		points += shapes
		perFlow[c.Dataflow+" "+c.Overlap] += shapes
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d points: %v", points, perFlow)
	if len(perFlow) != 3+4+4 {
		t.Errorf("only %d of 11 combinations of dataflow and overlap occurred: %v", len(perFlow), perFlow)
	}
}

// randomConfig draws an engine, not always a valid one.
func randomConfig(rng *rand.Rand) arch.Config {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	c := arch.Default()
	c.Rows, c.Cols, c.AccRows = 1+rng.IntN(6), 1+rng.IntN(6), 1+rng.IntN(12)
	c.Dataflow = pick(arch.OS, arch.WS, arch.IS)
	c.Overlap = pick(arch.OverlapNone, arch.OverlapLoad, arch.OverlapDrain, arch.OverlapFull)
	c.Drain, c.PE, c.Multiplier = pick("down2", "up"), pick("mac", "mac", "opt1"), pick("star", "booth4")
	c.Overflow, c.InitC = pick(arch.Wrap, arch.Wrap, arch.Saturate), rng.IntN(3) == 0
	c.A.Bits, c.B.Bits = 2+rng.IntN(15), 2+rng.IntN(15)
	c.A.Signed, c.B.Signed = rng.IntN(3) > 0, rng.IntN(3) > 0
	c.AccBits = min(c.A.Bits+c.B.Bits+rng.IntN(30), 64)
	return c
}
