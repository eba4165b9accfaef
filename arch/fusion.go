package arch

import (
	"tpe/numeric"
	"tpe/pe"
)

// This file makes a host of fusion units (pe/fusion.go) of the systolic array: a beat
// carries the operands of several products, so K is that many times shorter. The
// hardware is the same for all formats; they decide how operands are laid out.

const peFusion = "bitfusion"

// factor is the number of products of a PE a beat.
func (c *Config) factor() int {
	if c.PE == peFusion {
		return pe.FusionFactor(c.A.Bits, c.B.Bits)
	}
	return 1
}

// beats is a shape with K in beats.
func (c *Config) beats(s Shape) Shape {
	s.K = cdiv(s.K, c.factor())
	return s
}

// fuse makes of operands x(i, k) and y(k, j), of which x moves along a row, those of
// beats.
func (c *Config) fuse(x, y func(i, j int) int64) (xw, yw func(i, j int) int64) {
	if c.PE != peFusion {
		return x, y
	}
	fx, fy := c.A, c.B
	if c.Dataflow == IS {
		fx, fy = fy, fx
	}
	list := make([]int64, c.factor())
	word := func(at func(p int) int64, mine, its numeric.Int, second bool) int64 {
		for p := range list {
			list[p] = at(p)
		}
		return int64(pe.FusionWord(list, mine, its, second))
	}
	n := len(list)
	return func(i, beat int) int64 { return word(func(p int) int64 { return x(i, beat*n+p) }, fx, fy, false) },
		func(beat, j int) int64 { return word(func(p int) int64 { return y(beat*n+p, j) }, fy, fx, true) }
}

// fusionPE checks the keys of a fusion unit.
func (v *validation) fusionPE(c *Config) {
	if c.PE != peFusion {
		return
	}
	v.between("a", c.A.Bits, 2, 8)
	v.between("b", c.B.Bits, 2, 8)
	if c.Overflow != Wrap {
		v.bad("overflow", "the products of a beat are added before the accumulator: %q (expected wrap with pe: bitfusion)", c.Overflow)
	}
	if c.EdgeEncoder != encodeInPE {
		v.bad("edge_encoder", "bricks take plain operands: %q (expected none with pe: bitfusion)", c.EdgeEncoder)
	}
}
