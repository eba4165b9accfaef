package arch

import (
	"slices"

	"tpe/numeric"
	"tpe/pe"
)

// This file holds what float activations add to MixPE: PEs that add floats, scales in floats.

// mixFloatFields are the keys of floats.
func mixFloatFields() []Field {
	return []Field{
		scaleField("scale", "of floats: format of the scales of B, bf16 or fp16, or none", func(c *Config) *numeric.Float { return &c.Blockwise.ScaleB }),
	}
}

// scaleWidth is the width of a scale on its stream; 0 if there are none.
func (c *Config) scaleWidth() int {
	if f := c.Blockwise.ScaleB; c.floatActivations() && f.Exp > 0 {
		return f.Width()
	}
	return c.ScaleBits
}

// mixFloats checks the keys of floats.
func (v *validation) mixFloats(c *Config) {
	a, r := c.FloatA, c.FloatC
	if !slices.Contains([]numeric.Float{numeric.FP16, numeric.BF16}, a) {
		v.bad("a", "not a format of activations: %s (expected fp16 or bf16)", a)
	}
	if !slices.Contains([]numeric.Float{numeric.FP32, numeric.FP16, numeric.BF16}, r) || r.MinExp()-r.Man > a.MinExp()-a.Man {
		v.bad("result", "not a format of sums of %s: %s (expected fp32, fp16 or bf16 whose least number is not above that of a)", a, r)
	}
	if s := c.Blockwise.ScaleB; s.Exp > 0 && !slices.Contains([]numeric.Float{numeric.FP16, numeric.BF16}, s) {
		v.bad("scale", "not a format of scales: %s (expected bf16, fp16 or none)", s)
	}
	if c.ScaleBits != 0 || c.ScaleShift != 0 || c.ZeroPoints {
		v.bad("scale_bits", "%d, scale_shift: %d, zero_points: %t with a: %s (expected 0, 0, false, and scale)", c.ScaleBits, c.ScaleShift, c.ZeroPoints, a)
	}
	if c.Product == pe.FormSerial {
		v.bad("product", "%q with a: %s (expected combinational or signmag)", c.Product, a)
	}
	if c.Accounting != AccountIsoArea {
		v.bad("accounting", "%q with a: %s (expected %s)", c.Accounting, a, AccountIsoArea)
	}
}

// groupProduct is what a PE adds.
func (c *Config) groupProduct() pe.GroupProduct {
	if c.floatActivations() {
		return pe.FloatShiftAdd{A: c.FloatA, B: c.B, Form: c.Product, Acc: c.FloatC}
	}
	return c.shiftAdd()
}

// approximate implements approximating: sums of floats are rounded.
func (mixpe) approximate(c *Config) bool { return c.floatActivations() }

// exact implements exacting: the scales belong to the numbers.
func (mixpe) exact(c *Config, o Operands) ([]float64, error) {
	u := numeric.BlockScaled{A: c.FloatA, B: c.B, ScaleB: c.Blockwise.ScaleB, Block: c.Group, N: 1, C: c.FloatC}
	return u.Float64s(o.A, o.B, nil, o.Scale, o.Init)
}
