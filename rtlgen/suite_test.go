package rtlgen_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
	"tpe/internal/tool/tooltest"
	"tpe/rtlgen"
)

// randomStimulus drives random words, now and then extreme ones.
func randomStimulus(name string, m *hw.Module, cycles int, seed uint64) hwtest.Case {
	r := rand.New(rand.NewPCG(seed, 2))
	s := hwtest.Case{Name: name, Top: m}
	for range cycles {
		var row [][]uint64
		for _, p := range m.Inputs {
			n := &m.Nodes[p.Node]
			lanes := make([]uint64, m.Lanes(n.Shape))
			for l := range lanes {
				v := r.Uint64()
				switch r.IntN(6) {
				case 0:
					v = 0
				case 1:
					v = ^uint64(0)
				case 2:
					v = 1 << (n.Width - 1)
				case 3:
					v &= 15
				}
				lanes[l] = v & hw.Mask(n.Width)
			}
			row = append(row, lanes)
		}
		s.Inputs = append(s.Inputs, row)
		s.Reset = append(s.Reset, r.IntN(12) == 0)
	}
	return s
}

// pastFailures are seeds of random modules that were once printed wrong or with
// warnings: a product inside a concatenation, two prefix operators in a row,
// a shift amount of 63 bits, a guarded stride of one lane, comparisons that a
// tool finds constant.
var pastFailures = []uint64{1018, 2026, 2059, 3013, 3054, 3074, 5000, 10287, 10296}

func TestRandom(t *testing.T) {
	seeds := slices.Clone(pastFailures)
	n := 30
	if tooltest.IsDeep() {
		n = 400
	}
	for k := range n {
		seeds = append(seeds, 10_000+uint64(k))
	}
	s := newSuite(t)
	for _, seed := range seeds {
		s.add(t, randomStimulus(fmt.Sprintf("seed %d", seed), randomCase(seed), 24, seed))
	}
	s.run(t)
}

// programs makes a suite of n stack programs of the fuzzer.
func programs(t testing.TB, n int) *suite {
	r := rand.New(rand.NewPCG(3, 3))
	s := newSuite(t)
	for len(s.fails) < n {
		data := make([]byte, 40+r.IntN(160))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		if c, ok := hwtest.Random(data); ok {
			s.add(t, c)
		}
	}
	return s
}

func TestPrograms(t *testing.T) {
	n := 20
	if tooltest.IsDeep() {
		n = 300
	}
	programs(t, n).run(t)
}

// FuzzVerilog runs programs one at a time with Icarus.
func FuzzVerilog(f *testing.F) {
	hwtest.FuzzSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, ok := hwtest.Random(data); ok {
			s := newSuite(t)
			s.add(t, c)
			s.simulate(t)
		}
	})
}

// TestVerilatorSimulation compiles programs with Verilator, whose shifts, selects and
// products are its own, and runs them.
func TestVerilatorSimulation(t *testing.T) {
	tooltest.Deep(t, "60 random programs simulated by Verilator, minutes of g++")
	programs(t, 60).verilate(t)
}

func TestConformance(t *testing.T) {
	s := newSuite(t)
	for _, c := range hwtest.Cases() {
		s.add(t, c)
	}
	s.run(t)
}

// TestEveryOp wants a case for every row of the operator table, and that each is printed, twice the same.
func TestEveryOp(t *testing.T) {
	seen := map[hw.Op]bool{}
	for _, c := range hwtest.Cases() {
		one, err := rtlgen.Emit(c.Top, rtlgen.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if two, _ := rtlgen.Emit(c.Top, rtlgen.Options{}); !reflect.DeepEqual(one, two) {
			t.Errorf("%s: two runs differ", c.Name)
		}
		for _, m := range c.Top.Modules() {
			for i := range m.Nodes {
				seen[m.Nodes[i].Op] = true
			}
		}
	}
	for op := range hw.Op(hw.NumOps) {
		if op != hw.OpInvalid && !seen[op] {
			t.Errorf("no case has the operator %s", op)
		}
	}
}
