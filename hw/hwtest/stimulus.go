package hwtest

import (
	"math/rand/v2"
	"slices"

	"tpe/hw"
)

// stimulus draws words that mix uniform ones with the extremes at which
// operators go wrong.
type stimulus struct{ rng *rand.Rand }

func newStimulus(seed uint64) stimulus {
	return stimulus{rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}
}

// word draws a word of w bits.
func (s stimulus) word(w int) uint64 {
	const alternating = 0x5555_5555_5555_5555
	sign := uint64(1) << (w - 1)
	var v uint64
	switch s.rng.IntN(20) {
	case 0, 1:
		v = 0
	case 2:
		v = 1
	case 3, 4:
		v = ^uint64(0)
	case 5:
		v = sign
	case 6:
		v = sign - 1
	case 7:
		v = sign + 1
	case 8:
		v = alternating
	case 9:
		v = ^uint64(alternating)
	case 10, 11, 12: // small: an address or a shift amount that is often in range
		v = s.rng.Uint64N(12)
	case 13:
		v = 1 << s.rng.IntN(w)
	case 14:
		v = ^(uint64(1) << s.rng.IntN(w))
	default:
		v = s.rng.Uint64()
	}
	return v & hw.Mask(w)
}

// cycle draws the inputs of one cycle; now and then all lanes of a port are equal.
func (s stimulus) cycle(m *hw.Module) [][]uint64 {
	in := make([][]uint64, len(m.Inputs))
	for p, port := range m.Inputs {
		n := &m.Nodes[port.Node]
		in[p] = make([]uint64, m.Lanes(n.Shape))
		equal, v := s.rng.IntN(8) == 0, s.word(n.Width)
		for l := range in[p] {
			if in[p][l] = v; !equal {
				in[p][l] = s.word(n.Width)
			}
		}
	}
	return in
}

// stimulated makes a case of a module by drawing inputs for a number of cycles;
// the edges that end the listed cycles are under reset.
func stimulated(name string, top *hw.Module, cycles int, reset ...int) Case {
	c := Case{Name: name, Top: top}
	var seed uint64 = 14695981039346656037
	for _, b := range []byte(name) { // FNV-1a: a case keeps its stimulus when others come and go
		seed = (seed ^ uint64(b)) * 1099511628211
	}
	s := newStimulus(seed)
	for t := range cycles {
		c.Inputs = append(c.Inputs, s.cycle(top))
		c.Reset = append(c.Reset, slices.Contains(reset, t))
	}
	return c
}
