package arch

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/numeric"
)

// TestColumnOnEval runs column arrays of many parameters, and compares words with the software
// GEMM and cycles with the times from the digits.
func TestColumnOnEval(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for n := range 100 {
		c := randomColumn(rng)
		if bad := c.Validate(); len(bad) > 0 {
			t.Fatalf("case %d: %v\n%s", n, bad, c.YAML())
		}
		t.Run(fmt.Sprintf("%d", n), func(t *testing.T) { checkEngine(t, rng, c) })
		if t.Failed() {
			t.Fatalf("case %d\n%s", n, c.YAML())
		}
	}
}

// randomColumn draws a valid configuration.
func randomColumn(rng *rand.Rand) Config {
	c := DefaultOf("column")
	c.Rows, c.Cols = 1+rng.IntN(5), 1+rng.IntN(4)
	switch rng.IntN(3) {
	case 0:
		c.PE, c.Lanes = peOPT4E, 2+rng.IntN(3)
	case 1:
		c.PE = peOPT3
	}
	c.DigitGroup = 1 << rng.IntN(4)
	c.Chunk = c.DigitGroup * c.Lanes * (1 + rng.IntN(4))
	c.Window = rng.IntN(4)
	c.PairBits = 0
	c.Encoder = []numeric.Encoding{numeric.ENT, numeric.Booth, numeric.CSD}[rng.IntN(3)]
	c.A = numeric.Int{Bits: 2 + rng.IntN(8), Signed: rng.IntN(3) > 0}
	c.B = numeric.Int{Bits: 2 + rng.IntN(7), Signed: rng.IntN(3) > 0}
	c.InitC = rng.IntN(3) == 0
	if rng.IntN(2) == 0 {
		c.BStore = StoreCopy
		if rng.IntN(2) == 0 {
			c.Empty = EmptySkip
		}
	}
	if c.Empty == EmptyOne && rng.IntN(2) == 0 {
		c.LanePolicy = LanesLocked
	}
	c.SIMDLanes = c.Cols << rng.IntN(clog2(c.Rows)+1)
	if c.BStore == StoreCopy && rng.IntN(2) == 0 {
		c.Cols = []int{2, 3, 4, 6}[rng.IntN(4)]
		c.SIMDLanes = []int{1, c.Cols / 2}[rng.IntN(2)]
		if c.Cols%c.SIMDLanes != 0 {
			c.SIMDLanes = 1
		}
	}
	return c
}
