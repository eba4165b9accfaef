package aig

// Simulator steps a graph, 64 independent runs at a time: bit k of every word is
// run k.
type Simulator struct {
	g    *Graph
	word []uint64 // of each variable
	next []uint64 // of each latch
}

// NewSimulator starts at the initial values; unknown ones are 0.
func NewSimulator(g *Graph) *Simulator {
	s := &Simulator{g: g, word: make([]uint64, g.Vars()), next: make([]uint64, len(g.Latches))}
	for i, l := range g.Latches {
		if l.Init == True {
			s.word[g.latch(i).node()] = ^uint64(0)
		}
	}
	return s
}

// Set gives input i its value in all runs.
func (s *Simulator) Set(i int, w uint64) { s.word[1+i] = w }

// Settle computes all ands.
func (s *Simulator) Settle() {
	w := s.word
	out := w[1+len(s.g.Inputs)+len(s.g.Latches):]
	for i, a := range s.g.Ands {
		x := w[a[0]>>1] ^ -uint64(a[0]&1)
		y := w[a[1]>>1] ^ -uint64(a[1]&1)
		out[i] = x & y
	}
}

func (s *Simulator) value(l Lit) uint64 { return s.word[l>>1] ^ -uint64(l&1) }

// Get returns output i as settled.
func (s *Simulator) Get(i int) uint64 { return s.value(s.g.Outputs[i].Lit) }

// Step gives the latches their next values.
func (s *Simulator) Step() {
	for i := range s.g.Latches {
		s.next[i] = s.value(s.g.Latches[i].Next)
	}
	copy(s.word[1+len(s.g.Inputs):], s.next)
}
