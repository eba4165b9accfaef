package lanes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
)

// plans are the ways of executing a module that tests compare.
var plans = []options{
	{},
	{block: 64},
	{plainGo: true},
	{plainGo: true, noFuse: true, block: 64},
	{noFuse: true},
	{noFuse: true, block: 128},
}

// compare runs random stimulus, with some resets, on a module by the plan and by
// the evaluator.
func compare(flat *hw.Module, opt options, seed uint64, cycles int) error {
	ref, err := eval.New(flat)
	if err != nil {
		return err
	}
	got, err := newMachine(flat, opt)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(seed, 2))
	buf := func(id hw.ID) []uint64 { return make([]uint64, flat.Lanes(flat.Nodes[id].Shape)) }
	for cycle := range cycles {
		for p, port := range flat.Inputs {
			if cycle > 0 && rng.IntN(4) == 0 {
				continue
			}
			x := buf(port.Node)
			for i := range x {
				switch rng.IntN(3) {
				case 0:
					x[i] = rng.Uint64()
				case 1:
					x[i] = uint64(rng.IntN(3)) - 1
				default:
					x[i] = uint64(rng.IntN(70))
				}
			}
			ref.Set(p, x)
			got.Set(p, x)
		}
		ref.Settle()
		got.Settle()
		if rng.IntN(8) == 0 {
			got.Settle()
		}
		for p, port := range flat.Outputs {
			want, have := buf(port.Node), buf(port.Node)
			ref.Get(p, want)
			got.Get(p, have)
			if !slices.Equal(want, have) {
				i := 0
				for want[i] == have[i] {
					i++
				}
				n := flat.Nodes[port.Node]
				return fmt.Errorf("plan %+v, cycle %d, output %s (%s, width %d, %d lanes), lane %d: %#x, expected %#x", opt, cycle, port.Name, n.Op, n.Width, len(want), i, have[i], want[i])
			}
		}
		reset := rng.IntN(12) == 0
		ref.Step(reset)
		got.Step(reset)
	}
	if !slices.Equal(ref.Failures(), got.Failures()) {
		return fmt.Errorf("plan %+v: failures %d, expected %d", opt, got.Failures(), ref.Failures())
	}
	return nil
}

func TestRandomModules(t *testing.T) {
	made := 0
	count := 800
	if testing.Short() {
		count = 150
	}
	for seed := range uint64(count) {
		data := randomBytes(seed, 300)
		flat, err := randomModule(data)
		if err != nil {
			continue
		}
		made++
		for _, p := range plans {
			if err := compare(flat, p, seed, 12); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
	if made < count/2 {
		t.Errorf("only %d of %d random modules were legal", made, count)
	}
}

// FuzzLanes runs random modules by all plans.
func FuzzLanes(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomBytes(seed, 200), seed)
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		flat, err := randomModule(data)
		if err != nil {
			return
		}
		for _, p := range plans {
			if err := compare(flat, p, seed, 8); err != nil {
				t.Fatal(err)
			}
		}
	})
}
