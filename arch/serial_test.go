package arch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"tpe/numeric"
	"tpe/pe"
)

// TestSerialOnEval runs every walk with every encoding on small tiles and compares words
// with the software GEMM and cycles with the closed form.
func TestSerialOnEval(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, skip := range []string{pe.SkipNone, pe.SkipPlanes, pe.SkipTerms, pe.SkipPairs} {
		for _, enc := range []numeric.Encoding{numeric.BitsC, numeric.BitsM, numeric.CSD} {
			for i := range 12 {
				c := DefaultOf("serial")
				c.Rows, c.Cols = 1+rng.IntN(4), 1+rng.IntN(4)
				c.Serial = Serial{Lanes: 1 + rng.IntN(5), Operand: []string{serialA, serialB}[rng.IntN(2)], Encoder: enc, Skip: skip, RunAhead: rng.IntN(4)}
				if skip == pe.SkipTerms {
					c.Serial.Window = rng.IntN(5)
				}
				c.InitC = rng.IntN(2) == 0
				c.A, c.B = numeric.Int{Bits: 2 + rng.IntN(9), Signed: rng.IntN(3) > 0}, numeric.Int{Bits: 2 + rng.IntN(9), Signed: rng.IntN(3) > 0}
				c.AccBits = 6 + rng.IntN(30)
				t.Run(fmt.Sprintf("%s/%s/%d", skip, enc, i), func(t *testing.T) { checkEngine(t, rng, c) })
			}
		}
	}
}

// TestSerialSample compares the estimate of sampled tiles with the exact count: 19 of 20
// intervals should hold it, and no error be far outside.
func TestSerialSample(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	outside := 0
	for i := range 20 {
		c := DefaultOf("serial")
		c.Rows, c.Cols = 2, 3
		c.Serial = Serial{Lanes: 4, Operand: serialB, Encoder: numeric.CSD, Skip: pe.SkipPairs, RunAhead: i % 3}
		s := Shape{100 + rng.IntN(100), 100 + rng.IntN(100), 20 + rng.IntN(40)}
		o := Operands{A: randomDense(rng, s.M, s.K, c.A), B: randomDense(rng, s.K, s.N, c.B)}
		p := c.newPairTile(s, c.serialTiles(s), o)
		exact, got := p.exact(), p.sample(20000)
		if exact.HalfWidth != 0 || got.HalfWidth == 0 || got.HalfWidth > exact.Cycles/20 {
			t.Errorf("%s: intervals of %d and %d around %d", s, exact.HalfWidth, got.HalfWidth, exact.Cycles)
		}
		off := max(got.Cycles-exact.Cycles, exact.Cycles-got.Cycles)
		if off > got.HalfWidth {
			outside++
		}
		if off > 3*got.HalfWidth {
			t.Errorf("%s: estimate %d ± %d, exact %d", s, got.Cycles, got.HalfWidth, exact.Cycles)
		}
	}
	if outside > 3 {
		t.Errorf("%d of 20 intervals do not hold the exact count", outside)
	}
}

// stopData is data of ones whose job is given up at a certain ask.
type stopData struct{ asks, at int }

func (d *stopData) RowA(dst []int32, _ int) { fillOnes(dst) }
func (d *stopData) RowB(dst []int32, _ int) { fillOnes(dst) }
func (d *stopData) Stopped() bool           { d.asks++; return d.asks >= d.at }

func fillOnes(dst []int32) {
	for i := range dst {
		dst[i] = 1
	}
}

// TestGivenUp: a closed form that takes long asks often, and returns soon after the first yes.
func TestGivenUp(t *testing.T) {
	for _, tt := range []struct {
		kind, skip string
		shape      Shape
	}{
		{"serial", pe.SkipPairs, Shape{M: 2000, N: 2000, K: 100}},   // every tile
		{"serial", pe.SkipPairs, Shape{M: 200000, N: 200000, K: 1}}, // a sample
		{"serial", pe.SkipPlanes, Shape{M: 500, N: 200, K: 100}},
		{"column", "", Shape{M: 1000, N: 100, K: 300}},
		{"model", "", Shape{M: 100, N: 200, K: 10000}},
	} {
		c := DefaultOf(tt.kind)
		switch tt.kind {
		case "serial":
			c.Serial.Skip, c.Serial.Encoder = tt.skip, numeric.CSD
		case "model":
			c.Model.Formula = modelBitlet
		}
		whole := &stopData{at: math.MaxInt}
		c.Timing(tt.shape, whole)
		if whole.asks < 50 {
			t.Errorf("%s %s %s: asks %d times", tt.kind, tt.skip, tt.shape, whole.asks)
		}
		for _, at := range []int{1, whole.asks / 2, whole.asks - 1} {
			d := &stopData{at: at}
			c.Timing(tt.shape, d)
			if d.asks > at+5 {
				t.Errorf("%s %s %s: asks %d times more after the answer at %d", tt.kind, tt.skip, tt.shape, d.asks-at, at)
			}
		}
	}
}
