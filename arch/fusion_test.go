package arch

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/numeric"
)

// TestFusionOnEval runs arrays of fusion units in every dataflow and in many formats.
func TestFusionOnEval(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for _, flow := range []string{OS, WS, IS} {
		for n := range 12 {
			c := Default()
			c.Rows, c.Cols, c.AccRows = 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(6)
			c.Dataflow, c.PE, c.InitC = flow, peFusion, rng.IntN(2) == 0
			c.A = numeric.Int{Bits: 2 + rng.IntN(7), Signed: rng.IntN(3) > 0}
			c.B = numeric.Int{Bits: 2 + rng.IntN(7), Signed: rng.IntN(3) > 0}
			c.AccBits = 8 + rng.IntN(30)
			t.Run(fmt.Sprintf("%s/%d", flow, n), func(t *testing.T) { checkEngine(t, rng, c) })
		}
	}
}
