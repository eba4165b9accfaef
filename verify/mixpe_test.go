package verify

import (
	"math/rand/v2"
	"testing"

	"tpe/arch"
	"tpe/numeric"
	"tpe/pe"
)

// TestMixPEConfigs compares words and cycles of random arrays of shift-and-add PEs, groups
// shorter and longer than the time in which they are scaled.
func TestMixPEConfigs(t *testing.T) {
	const engines, shapes = 150, 12
	rng := rand.New(rand.NewPCG(150, 3))
	forms, stalled := map[string]int{}, 0
	for n := 0; n < engines; {
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		c := arch.DefaultOf("mixpe")
		c.Rows, c.Cols, c.Group = 1+rng.IntN(5), 1+rng.IntN(7), 1+rng.IntN(12)
		c.Scalers = 1 + rng.IntN(c.Cols)
		c.Product = pick(pe.FormCombinational, pe.FormSerial, pe.FormSignMagnitude)
		c.A = numeric.Int{Bits: 2 + rng.IntN(15), Signed: rng.IntN(4) > 0}
		c.B = numeric.Int{Bits: 1 + rng.IntN(8)}
		c.B.Signed = c.B.Bits > 1 && rng.IntN(2) == 0
		c.ZeroPoints = !c.B.Signed && rng.IntN(2) == 0
		if c.ScaleBits = rng.IntN(17); c.ScaleBits == 0 {
			c.ScaleShift = 0
		}
		c.AccBits, c.InitC = 8+rng.IntN(40), rng.IntN(4) == 0
		if len(c.Validate()) > 0 {
			continue
		}
		n++
		forms[c.Product]++
		if c.Rows*((c.Cols+c.Scalers-1)/c.Scalers) > c.Group {
			stalled++
		}
		e, err := arch.Build(c)
		if err != nil {
			t.Fatalf("%s: %v", c.YAML(), err)
		}
		formulaEqualsCycle(t, e, shapes)
	}
	if len(forms) != 3 || stalled < engines/5 || stalled > engines*4/5 {
		t.Errorf("forms %v, %d of %d with stalls", forms, stalled, engines)
	}
}
