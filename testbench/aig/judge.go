package aig

import "math/bits"

// pair is an output of two graphs.
type pair struct {
	name      string
	got, want Lit
}

// graphs compares pairs of literals.
type graphs struct{ pairs []pair }

func (j *graphs) worker(p *program, v []block) func(int) (int, string, uint64, uint64, bool) {
	return func(int) (int, string, uint64, uint64, bool) {
		var differ block
		for _, q := range j.pairs {
			x, y := &v[q.got>>1], &v[q.want>>1]
			flip := -uint64((q.got ^ q.want) & 1)
			for i := range differ {
				differ[i] |= x[i] ^ y[i] ^ flip
			}
		}
		for i, d := range differ {
			if d == 0 {
				continue
			}
			at := bits.TrailingZeros64(d)
			for _, q := range j.pairs {
				x := (v[q.got>>1][i]>>at ^ uint64(q.got)) & 1
				y := (v[q.want>>1][i]>>at ^ uint64(q.want)) & 1
				if x != y {
					return 64*i + at, q.name, x, y, true
				}
			}
		}
		return 0, "", 0, 0, false
	}
}

// function compares outputs with a Go function.
type function struct {
	g       *Graph
	ref     Reference
	in, out []Port
}

// worker keeps the words of the input ports, pattern by pattern, and turns only
// the ports that have changed.
func (j *function) worker(p *program, v []block) func(int) (int, string, uint64, uint64, bool) {
	const patterns = 1 << blockBits
	words := make([][patterns]uint64, len(j.in))
	class := make([]int, len(j.in)) // of the bit of the port that changes most often
	for k, port := range j.in {
		class[k] = never
		for _, in := range port.Bits {
			class[k] = min(class[k], int(p.class[1+in]))
		}
	}
	args, want := make([]uint64, len(j.in)), make([]uint64, len(j.out))
	got := make([][64]uint64, len(j.out))
	return func(change int) (int, string, uint64, uint64, bool) {
		var t [64]uint64
		for k, port := range j.in {
			if class[k] > change {
				continue
			}
			for w := range blockWords {
				t = [64]uint64{}
				for b, in := range port.Bits {
					t[b] = v[1+in][w]
				}
				transpose(&t)
				copy(words[k][64*w:], t[:])
			}
		}
		for w := range blockWords {
			for k, port := range j.out {
				t = [64]uint64{}
				for b, at := range port.Bits {
					l := j.g.Outputs[at].Lit
					t[b] = v[l>>1][w] ^ -uint64(l&1)
				}
				transpose(&t)
				got[k] = t
			}
			for i := range 64 {
				for k := range args {
					args[k] = words[k][64*w+i]
				}
				j.ref(args, want)
				for k, port := range j.out {
					if y := want[k] & (^uint64(0) >> (64 - len(port.Bits))); got[k][i] != y {
						return 64*w + i, port.Name, got[k][i], y, true
					}
				}
			}
		}
		return 0, "", 0, 0, false
	}
}
