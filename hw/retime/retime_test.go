package retime_test

import (
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/hw/hwtest"
	"tpe/hw/retime"
)

// local executes the rewritten module on the reference evaluator.
func local(t *testing.T, nodes *int) hwtest.NewMachine {
	return func(flat *hw.Module) (hw.Machine, error) {
		r, err := retime.Anyway(flat)
		if err != nil {
			return nil, err
		}
		if err := hw.Verify(r.Module); err != nil {
			t.Errorf("the rewritten module is not legal: %v", err)
		}
		*nodes += r.Nodes
		return eval.New(r.Module)
	}
}

// TestConformance gives the rewritten modules the suite of all readers.
func TestConformance(t *testing.T) {
	nodes := 0
	hwtest.Check(t, local(t, &nodes))
	if nodes == 0 {
		t.Error("no case of the suite is rewritten")
	}
}

// TestSkewed compares the outputs of every cycle, with resets in between, on random
// arrays, and wants many of them to be rewritten.
func TestSkewed(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	ran, moved := 0, 0
	for range 600 {
		data := make([]byte, 80)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		c, ok := hwtest.Skewed(data)
		if !ok {
			continue
		}
		nodes := 0
		if err := hwtest.CheckCase(local(t, &nodes), c); err != nil {
			t.Errorf("%x: %v", data, err)
		}
		ran++
		if nodes > 0 {
			moved++
		}
	}
	if ran < 500 || moved < ran/3 {
		t.Errorf("%d arrays ran, %d of them rewritten (expected 500, and a third)", ran, moved)
	}
	t.Logf("%d arrays, %d rewritten", ran, moved)
}

// TestWrong delays one word of a rewritten array by one edge too many and wants the
// comparison to see it.
func TestWrong(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	wrong, seen := 0, 0
	for range 300 {
		data := make([]byte, 80)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		c, ok := hwtest.Skewed(data)
		if !ok {
			continue
		}
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Fatal(err)
		}
		for k := 0; ; k++ {
			bad := retime.Wrong(flat, k)
			if bad == nil {
				break
			}
			wrong++
			if hwtest.CheckCase(func(*hw.Module) (hw.Machine, error) { return eval.New(bad) }, c) != nil {
				seen++
			}
		}
	}
	// Some delays feed lanes or words that the stimulus never brings to an output.
	if wrong < 100 || seen < wrong*9/10 {
		t.Errorf("%d of %d wrong waits were seen (expected at least 100, and nine tenths of them)", seen, wrong)
	}
	t.Logf("%d of %d wrong waits were seen", seen, wrong)
}

// FuzzLocalTime compares rewritten modules with the given ones.
func FuzzLocalTime(f *testing.F) {
	hwtest.FuzzSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes := 0
		for _, decode := range []func([]byte) (hwtest.Case, bool){hwtest.Skewed, hwtest.Random} {
			if c, ok := decode(data); ok {
				if err := hwtest.CheckCase(local(t, &nodes), c); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
