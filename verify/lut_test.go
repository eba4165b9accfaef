package verify

import (
	"math/rand/v2"
	"testing"

	"tpe/arch"
	"tpe/numeric"
	"tpe/pe"
)

// randomLUT draws a lookup engine; it may be one that Validate refuses.
func randomLUT(rng *rand.Rand) arch.Config {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	flip := func() bool { return rng.IntN(2) == 0 }
	c := arch.DefaultOf("lut")
	c.Rows, c.Cols, c.Inputs = 1+rng.IntN(4), 1+rng.IntN(7), 1+rng.IntN(5)
	c.Results = 1 + rng.IntN(c.Cols)
	c.Table = pick(pe.StyleHalf, pe.StyleHalf, pe.StyleFull, pe.StyleBits, pe.StyleAdder, pe.StyleTernary, pe.StyleTL1, pe.StyleTL2, pe.StyleXNOR)
	c.A = numeric.Int{Bits: 2 + rng.IntN(15), Signed: rng.IntN(4) > 0}
	c.B = numeric.Int{Bits: 1 + rng.IntN(8)}
	c.B.Signed = c.B.Bits > 1 && flip()
	switch c.Table {
	case pe.StyleTernary, pe.StyleTL1, pe.StyleTL2:
		c.Inputs = map[string]int{pe.StyleTernary: 1, pe.StyleTL1: 2, pe.StyleTL2: 3}[c.Table]
		c.B = numeric.Int{Bits: 2, Signed: true}
	case pe.StyleXNOR:
		c.A, c.B, c.Weights, c.Inputs = numeric.Int{Bits: 1 + rng.IntN(4)}, numeric.Int{Bits: 1 + rng.IntN(4)}, "odd", 1+rng.IntN(20)
	default:
		c.Weights = pick("plain", "plain", "odd")
	}
	c.Remap, c.Precompute, c.UnitRegs = pick("offline", "hardware"), pick("inside", "outside"), 1+rng.IntN(2)
	if flip() {
		c.Group = c.Inputs * (1 + rng.IntN(4))
		if flip() {
			c.ScaleBits = 1 + rng.IntN(16)
			c.ScaleShift = rng.IntN(12)
		}
		c.ZeroPoints = !c.B.Signed && c.Weights == "plain" && flip()
		if (c.Table == pe.StyleHalf || c.Table == pe.StyleFull) && flip() {
			c.TableBits = 4 + rng.IntN(8)
		}
	}
	c.AccBits, c.InitC = 8+rng.IntN(40), rng.IntN(4) == 0
	return c
}

// TestLUTConfigs compares words and cycles of random lookup engines: every style and
// option in all combinations that Validate allows.
func TestLUTConfigs(t *testing.T) {
	const engines, shapes = 300, 12
	rng := rand.New(rand.NewPCG(300, 2))
	styles := map[string]int{}
	for n := 0; n < engines; {
		c := randomLUT(rng)
		if len(c.Validate()) > 0 {
			continue
		}
		n++
		styles[c.Table]++
		e, err := arch.Build(c)
		if err != nil {
			t.Fatalf("%s: %v", c.YAML(), err)
		}
		formulaEqualsCycle(t, e, shapes)
	}
	if len(styles) != 8 {
		t.Errorf("styles drawn: %v", styles)
	}
}
