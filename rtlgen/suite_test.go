package rtlgen_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
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

func TestRandom(t *testing.T) {
	n, from := 150, 0
	if v := os.Getenv("RTLGEN_N"); v != "" {
		n, _ = strconv.Atoi(v)
	}
	if v := os.Getenv("RTLGEN_FROM"); v != "" {
		from, _ = strconv.Atoi(v)
	}
	s := &suite{dir: t.TempDir()}
	if v := os.Getenv("RTLGEN_DIR"); v != "" {
		s.dir = v
	}
	for k := range n {
		seed := uint64(from + k)
		s.add(t, k, randomStimulus(fmt.Sprintf("seed %d", seed), randomCase(seed), 24, seed))
	}
	s.run(t, n)
}

func TestConformance(t *testing.T) {
	s := &suite{dir: t.TempDir()}
	if v := os.Getenv("RTLGEN_DIR"); v != "" {
		s.dir = v
	}
	cases := hwtest.Cases()
	t.Logf("%d cases", len(cases))
	for k, c := range cases {
		s.add(t, k, c)
	}
	s.run(t, len(cases))
}
