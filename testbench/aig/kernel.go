package aig

import "slices"

const (
	blockWords = 16
	blockBits  = 10 // log2 of the patterns of a block: 64 a word
)

// block holds a variable's bits for the patterns of a block, 64 a word.
type block [blockWords]uint64

// low are the words of the six fastest inputs: bit p of low[k] is bit k of p.
var low = [6]uint64{0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000}

// step computes one and; the kind says which operands are complemented.
type step struct {
	kind    uint8 // 0: a & b, 1: a &^ b, 2: ^(a | b)
	a, b, o uint32
}

// Classes say how often a variable changes: classes 0 .. n-1 are the swept inputs
// beyond the first ten and what depends on them, where class k changes when bit k
// of the block's number does; sampled inputs are class 0. Variables that depend on
// the first ten inputs alone have class never.
const never = 255

// program is a graph ordered for evaluation. Steps are sorted by falling class, so
// that from a start on they are those that a change reaches: an and's class is
// at most those of its operands.
type program struct {
	g     *Graph
	class []uint8 // of each variable
	steps []step
	start [256]int // of the first step of this class or lower
}

// newProgram prepares a graph without latches; order are the swept inputs, the
// fastest first.
func newProgram(g *Graph, order []int) *program {
	p := &program{g: g, class: make([]uint8, g.Vars())}
	p.class[0] = never // inputs that are not swept have class 0
	for k, in := range order {
		p.class[1+in] = never
		if k >= blockBits {
			p.class[1+in] = uint8(k - blockBits)
		}
	}
	for i, a := range g.Ands {
		o := g.and(i).node()
		p.class[o] = min(p.class[a[0].node()], p.class[a[1].node()])
		s := step{a: uint32(a[0].node()), b: uint32(a[1].node()), o: uint32(o)}
		switch c0, c1 := a[0]&1, a[1]&1; {
		case c0 == 1 && c1 == 1:
			s.kind = 2
		case c0 == 1:
			s.kind, s.a, s.b = 1, s.b, s.a
		case c1 == 1:
			s.kind = 1
		}
		p.steps = append(p.steps, s)
	}
	slices.SortStableFunc(p.steps, func(x, y step) int { return int(p.class[y.o]) - int(p.class[x.o]) })
	at := 0
	for c := never; c >= 0; c-- {
		for at < len(p.steps) && int(p.class[p.steps[at].o]) > c {
			at++
		}
		p.start[c] = at
	}
	return p
}

// run evaluates the steps that depend on inputs of class c or lower.
func (p *program) run(v []block, c int) {
	for _, s := range p.steps[p.start[c]:] {
		a, b, o := &v[s.a], &v[s.b], &v[s.o]
		switch s.kind {
		case 0:
			for i := 0; i < blockWords; i += 8 {
				x, y, z := (*[8]uint64)(a[i:i+8]), (*[8]uint64)(b[i:i+8]), (*[8]uint64)(o[i:i+8])
				z[0], z[1], z[2], z[3] = x[0]&y[0], x[1]&y[1], x[2]&y[2], x[3]&y[3]
				z[4], z[5], z[6], z[7] = x[4]&y[4], x[5]&y[5], x[6]&y[6], x[7]&y[7]
			}
		case 1:
			for i := 0; i < blockWords; i += 8 {
				x, y, z := (*[8]uint64)(a[i:i+8]), (*[8]uint64)(b[i:i+8]), (*[8]uint64)(o[i:i+8])
				z[0], z[1], z[2], z[3] = x[0]&^y[0], x[1]&^y[1], x[2]&^y[2], x[3]&^y[3]
				z[4], z[5], z[6], z[7] = x[4]&^y[4], x[5]&^y[5], x[6]&^y[6], x[7]&^y[7]
			}
		default:
			for i := 0; i < blockWords; i += 8 {
				x, y, z := (*[8]uint64)(a[i:i+8]), (*[8]uint64)(b[i:i+8]), (*[8]uint64)(o[i:i+8])
				z[0], z[1], z[2], z[3] = ^(x[0] | y[0]), ^(x[1] | y[1]), ^(x[2] | y[2]), ^(x[3] | y[3])
				z[4], z[5], z[6], z[7] = ^(x[4] | y[4]), ^(x[5] | y[5]), ^(x[6] | y[6]), ^(x[7] | y[7])
			}
		}
	}
}

// transpose turns 64 words of 64 bits: bit i of word k becomes bit k of word i.
func transpose(w *[64]uint64) {
	for j, m := 32, uint64(0xffffffff); j != 0; j, m = j>>1, m^m<<(j>>1) {
		for k := 0; k < 64; k = (k + j + 1) &^ j {
			t := (w[k]>>j ^ w[k+j]) & m
			w[k] ^= t << j
			w[k+j] ^= t
		}
	}
}
