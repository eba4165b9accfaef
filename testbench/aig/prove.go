package aig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MaxSweep is the greatest number of inputs that are swept: 2^40 patterns are days.
const MaxSweep = 40

// Options choose what a proof covers and how.
type Options struct {
	// Sweep names the input ports whose bits take all their values together; nil
	// is all. The other inputs are sampled: every pattern of the swept ones is
	// tried once, with pseudo-random bits on the others. Then the proof is not
	// complete.
	Sweep []string
	// Seed is that of the sampled inputs.
	Seed uint64
	// Workers is the number of goroutines; 0 is 2.
	Workers int
}

// Result is the outcome of a proof.
type Result struct {
	Patterns uint64        // tried; all, if there is no mismatch
	Complete bool          // every input was swept
	Mismatch *Mismatch     // the first in the order of patterns; nil if they are equal
	Ands     int           // of the graph that was simulated
	Elapsed  time.Duration // wall time
}

// Rate is the number of patterns per second of wall time.
func (r *Result) Rate() float64 { return float64(r.Patterns) / r.Elapsed.Seconds() }

// Mismatch is an input on which an output differs.
type Mismatch struct {
	Inputs    []Value // all input ports
	Output    string
	Got, Want uint64 // of a port of up to 64 bits; of one bit when graphs are compared
}

// Value is the value of a port.
type Value struct {
	Port string
	Word uint64
}

func (m *Mismatch) Error() string {
	s := fmt.Sprintf("aig: output %s is %#x (expected %#x) for", m.Output, m.Got, m.Want)
	for _, v := range m.Inputs {
		s += fmt.Sprintf(" %s=%#x", v.Port, v.Word)
	}
	return s
}

// Reference computes what a graph should: in has a word for each input port and out
// for each output port, in the order of [Graph.InputPorts] and [Graph.OutputPorts].
// Goroutines call it at the same time. Bits of out above a port's width are ignored.
type Reference func(in, out []uint64)

// Equal compares two graphs without latches, of the same input and output
// symbols, over all patterns.
func Equal(ctx context.Context, got, want *Graph, opt Options) (*Result, error) {
	want, err := want.Align(got)
	if err != nil {
		return nil, err
	}
	b := newBuilder(got.Inputs)
	ins := make([]Lit, len(got.Inputs))
	for i := range ins {
		ins[i] = b.g.input(i)
	}
	x, y := b.copy(got, ins), b.copy(want, ins)
	var pairs []pair
	for i := range x {
		if x[i] != y[i] { // else they are one and the same after hashing
			pairs = append(pairs, pair{got.Outputs[i].Name, x[i], y[i]})
		}
	}
	return prove(ctx, b.g, &graphs{pairs}, opt)
}

// Check compares a graph without latches with a Go function over all patterns.
// Ports have at most 64 bits.
func Check(ctx context.Context, g *Graph, ref Reference, opt Options) (*Result, error) {
	if len(g.Latches) > 0 {
		return nil, fmt.Errorf("aig: %d latches (expected none; see Cut)", len(g.Latches))
	}
	in, err := g.InputPorts()
	if err != nil {
		return nil, err
	}
	out, err := g.OutputPorts()
	if err != nil {
		return nil, err
	}
	for _, p := range slices.Concat(in, out) {
		if len(p.Bits) > 64 {
			return nil, fmt.Errorf("aig: port %s has %d bits (expected at most 64)", p.Name, len(p.Bits))
		}
	}
	return prove(ctx, g, &function{g: g, ref: ref, in: in, out: out}, opt)
}

// judge compares the outputs of a block.
type judge interface {
	// worker returns a function for one goroutine: for a block whose inputs of
	// class c and lower have changed it gives the first pattern that differs.
	worker(p *program, v []block) func(c int) (at int, output string, got, want uint64, bad bool)
}

func prove(ctx context.Context, g *Graph, j judge, opt Options) (*Result, error) {
	ports, err := g.InputPorts()
	if err != nil {
		return nil, err
	}
	order, err := sweepOrder(g, ports, opt.Sweep)
	if err != nil {
		return nil, err
	}
	s := &search{p: newProgram(g, order), order: order, ports: ports, judge: j, seed: opt.Seed}
	s.first.Store(^uint64(0))
	swept := make([]bool, len(g.Inputs))
	for _, in := range order {
		swept[in] = true
	}
	for i := range g.Inputs {
		if !swept[i] {
			s.sampled = append(s.sampled, i)
		}
	}
	start := time.Now()
	s.run(ctx, cmp.Or(opt.Workers, 2))
	r := &Result{Patterns: s.patterns.Load(), Complete: len(s.sampled) == 0, Mismatch: s.bad, Ands: len(g.Ands), Elapsed: time.Since(start)}
	if err := ctx.Err(); err != nil {
		return r, fmt.Errorf("aig: after %d patterns: %w", r.Patterns, context.Cause(ctx))
	}
	return r, nil
}

// sweepOrder lists the inputs to sweep, the fastest first. The inputs that the
// fewest ands depend on come first, because slow inputs cost less.
func sweepOrder(g *Graph, ports []Port, names []string) ([]int, error) {
	var order []int
	var errs []error
	for _, p := range ports {
		if names == nil || slices.Contains(names, p.Name) {
			order = append(order, p.Bits...)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(ports, func(p Port) bool { return p.Name == name }) {
			errs = append(errs, fmt.Errorf("aig: no input port %s to sweep", name))
		}
	}
	if len(order) > MaxSweep {
		errs = append(errs, fmt.Errorf("aig: %d inputs to sweep (expected at most %d)", len(order), MaxSweep))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	slices.Sort(order)
	reach := make([]int, len(g.Inputs))
	for k := 0; k < len(order); k += 64 {
		mask := make([]uint64, g.Vars())
		for i, in := range order[k:min(k+64, len(order))] {
			mask[1+in] = 1 << i
		}
		for i, a := range g.Ands {
			m := mask[a[0].node()] | mask[a[1].node()]
			mask[g.and(i).node()] = m
			for ; m != 0; m &= m - 1 {
				reach[order[k+bits.TrailingZeros64(m)]]++
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return reach[a] - reach[b] })
	return order, nil
}

// search is one proof under way.
type search struct {
	p       *program
	order   []int
	ports   []Port
	sampled []int
	seed    uint64
	judge   judge

	chunk    atomic.Uint64 // the next to take
	first    atomic.Uint64 // the least pattern that differs so far
	patterns atomic.Uint64
	mu       sync.Mutex
	bad      *Mismatch
}

// chunkBits is log2 of the blocks that a worker takes at a time.
const chunkBits = 8

func (s *search) run(ctx context.Context, workers int) {
	blocks := uint64(1) << max(0, len(s.order)-blockBits)
	per := min(blocks, 1<<chunkBits)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			v := make([]block, s.p.g.Vars())
			compare := s.judge.worker(s.p, v)
			s.fast(v)
			for ctx.Err() == nil {
				from := (s.chunk.Add(1) - 1) * per
				if from >= blocks || from<<blockBits > s.first.Load() {
					return // chunks are taken in order: what is left lies behind a mismatch
				}
				s.blocks(v, from, from+per, compare)
			}
		})
	}
	wg.Wait()
}

// fast fills in the inputs that are the same in every block.
func (s *search) fast(v []block) {
	for k, in := range s.order[:min(blockBits, len(s.order))] {
		for w := range blockWords {
			if k < 6 {
				v[1+in][w] = low[k]
			} else {
				v[1+in][w] = -uint64(w >> (k - 6) & 1)
			}
		}
	}
}

func (s *search) blocks(v []block, from, to uint64, compare func(int) (int, string, uint64, uint64, bool)) {
	change := never
	for n := from; n < to; n++ {
		s.load(v, n)
		s.p.run(v, change)
		at, output, got, want, bad := compare(change)
		patterns := uint64(1) << min(blockBits, len(s.order))
		if bad {
			s.patterns.Add(min(uint64(at)+1, patterns))
			s.found(v, n<<blockBits|uint64(at), &Mismatch{Output: output, Got: got, Want: want})
			return
		}
		s.patterns.Add(patterns)
		change = bits.TrailingZeros64(^n) // the highest bit of n that the next block changes
	}
}

// load sets the inputs of block n.
func (s *search) load(v []block, n uint64) {
	for k, in := range s.order[min(blockBits, len(s.order)):] {
		w := -(n >> k & 1)
		for i := range v[1+in] {
			v[1+in][i] = w
		}
	}
	for _, in := range s.sampled {
		for i := range v[1+in] {
			v[1+in][i] = mix(s.seed, n, uint64(in)<<8|uint64(i))
		}
	}
}

// mix is a pseudo-random word (the finaliser of splitmix64 over its arguments).
func mix(words ...uint64) uint64 {
	var z uint64
	for _, w := range words {
		z += w + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

// found keeps a mismatch if it is the first in the order of patterns.
func (s *search) found(v []block, pattern uint64, m *Mismatch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pattern >= s.first.Load() {
		return
	}
	s.first.Store(pattern)
	at := int(pattern & (1<<blockBits - 1))
	for _, p := range s.ports {
		var w uint64
		for k, in := range p.Bits[:min(64, len(p.Bits))] {
			w |= v[1+in][at/64] >> (at % 64) & 1 << k
		}
		m.Inputs = append(m.Inputs, Value{p.Name, w})
	}
	s.bad = m
}
