package arch

import (
	"tpe/numeric"
	"tpe/pe"
)

// This file holds what the kinds share whose activations may be integers or floats, with integer
// weights: lut and mixpe.

// weighted are the defaults of such a kind; families embed it.
type weighted struct{ integers }

// floatActivations reports whether the engine is of such a kind and A are floats.
func (c *Config) floatActivations() bool {
	return (c.Kind == "lut" || c.Kind == "mixpe") && c.FloatA.Exp > 0
}

// formats implements family.
func (w weighted) formats(c *Config) (a, b, result numeric.Format) {
	if c.floatActivations() {
		return c.FloatA, c.B, c.FloatC
	}
	return w.integers.formats(c)
}

// acc implements family.
func (weighted) acc(c *Config) numeric.Acc {
	return numeric.Acc{Int: numeric.Int{Bits: c.weightedBits(), Signed: !c.floatActivations()}}
}

// activationFields are the keys of A and of the results of floats.
func activationFields() []Field {
	return []Field{
		operandField("a", "format of A, int2..int16, uint1..uint16, fp16 or bf16", func(c *Config) *numeric.Int { return &c.A }, func(c *Config) *numeric.Float { return &c.FloatA }),
		floatField("result", "of floats: format of sums, of an initial C and of the result: fp32, fp16 or bf16", func(c *Config) *numeric.Float { return &c.FloatC }),
	}
}

// reads reports whether the engine reads a key: others are not printed.
func (weighted) reads(c *Config, key string) bool {
	switch key {
	case "acc_bits":
		return !c.floatActivations()
	case "result", "float_units", "scale":
		return c.floatActivations()
	}
	return true
}

// activation is the format of A.
func (c *Config) activation() numeric.Format {
	if c.floatActivations() {
		return c.FloatA
	}
	return c.A
}

// weightedBits is the width of a result.
func (c *Config) weightedBits() int {
	if c.floatActivations() {
		return c.FloatC.Width()
	}
	return c.AccBits
}

// resultArith adds results.
func (c *Config) resultArith() pe.Arith {
	if c.floatActivations() {
		return pe.FMA{FloatSpec: pe.FloatSpec{Result: c.FloatC}, Acc: c.FloatC}
	}
	return pe.MAC{}
}
