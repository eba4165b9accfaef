package arch

import (
	"slices"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// This file holds what floats add to the lookup engine: tables of float sums that are made outside, and units that
// add floats.

// Values of the key "float_units".
const (
	unitsIEEE      = "ieee"      // a sum times 2^plane is added exactly and rounded
	unitsPublished = "published" // as the published hardware, see numeric.FloatTable
)

// lutFloatFields are the keys of floats.
func lutFloatFields() []Field {
	return []Field{
		textField("float_units", "of floats: ieee, or published: what the published hardware does with zeros, subnormal numbers and overflow", func(c *Config) *string { return &c.FloatUnits }),
	}
}

// lutFloats checks the keys of floats.
func (v *validation) lutFloats(c *Config) {
	if !slices.Contains([]numeric.Float{numeric.FP16, numeric.BF16}, c.FloatA) {
		v.bad("a", "not a format of tables: %s (expected fp16 or bf16)", c.FloatA)
	}
	if !slices.Contains([]numeric.Float{numeric.FP32, numeric.FP16, numeric.BF16}, c.FloatC) {
		v.bad("result", "not a format of sums: %s (expected fp32, fp16 or bf16)", c.FloatC)
	}
	v.oneOf("float_units", c.FloatUnits, unitsIEEE, unitsPublished)
	if c.FloatUnits == unitsPublished && c.FloatA != c.FloatC {
		v.bad("result", "%s with float_units: published (expected that of a, %s)", c.FloatC, c.FloatA)
	}
	if c.Table != pe.StyleHalf || c.Precompute != madeOutside || c.Weights != weightsOdd || c.TableBits != 0 || c.Group != 0 {
		v.bad("a", "%s with table: %s, precompute: %s, weights: %s, table_bits: %d, group: %d (expected half, outside, odd, 0, 0)",
			c.FloatA, c.Table, c.Precompute, c.Weights, c.TableBits, c.Group)
	}
}

// floatTable is the arithmetic of the engine.
func (c *Config) floatTable() *numeric.FloatTable {
	return &numeric.FloatTable{A: c.FloatA, Acc: c.FloatC, Inputs: c.Inputs, WeightBits: c.B.Bits, Published: c.FloatUnits == unitsPublished}
}

// lutUnit is the module of a unit.
func (c *Config) lutUnit(t pe.Table, s pe.UnitSpec) (*hw.Module, error) {
	if c.floatActivations() {
		return pe.FloatLookupUnit("lut_unit", t, pe.FloatUnitSpec{A: c.FloatA, Acc: c.FloatC, Planes: s.Planes, Regs: s.Regs, Published: c.FloatUnits == unitsPublished})
	}
	return pe.LookupUnit("lut_unit", t, s)
}

// floatEntry are the entries of the tables of a beat.
func (l *layout) floatEntry(t pe.Table, m0, k, end int) func(i int) int64 {
	c := &l.e.Config
	arith, a := c.floatTable(), make([]uint64, c.Inputs)
	return func(i int) int64 {
		for x := range a {
			a[x] = uint64(l.activation(m0+i/len(t.Entries), k+x, end))
		}
		coef := t.Entries[i%len(t.Entries)]
		return int64(arith.Entry(a, func(x int) bool { return coef[x] < 0 }))
	}
}

// exactLutFloats is the exact product with the odd integers.
func (c *Config) exactLutFloats(o Operands) ([]float64, error) {
	u := numeric.BlockScaled{A: c.FloatA, B: numeric.Int{Bits: c.B.Bits + 1, Signed: true}, Block: 1, N: 1, C: c.FloatC}
	return u.Float64s(o.A, numeric.OddInts(o.B, c.B.Bits), nil, nil, o.Init)
}
