package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// LUT are the parameters of a lookup engine beside those that kinds share.
type LUT struct {
	Table      string // style of the units, see package pe
	Inputs     int    // activations a table
	Weights    string // plain or odd
	Remap      string // of half tables: offline or hardware
	Precompute string // inside or outside
	TableBits  int    // of a rounded entry; 0: entries are exact
	UnitRegs   int    // registers from table to accumulator
	Results    int    // result words a beat
	FloatUnits string // of floats: ieee or published
}

// What codes of weights mean.
const (
	weightsPlain = "plain" // the integers of format b
	weightsOdd   = "odd"   // q of n bits is 2q - (2^n - 1)
)

// Where something is done.
const (
	remapOffline  = "offline"
	remapHardware = "hardware"
	madeInside    = "inside"
	madeOutside   = "outside"
)

// lut is the kind of that name. Its builder is in lutbuild.go, its plan in lutplan.go.
type lut struct{ weighted }

func (lut) fields() []Field {
	list := append(gridFields(),
		textField("table", "half, full, bits, adder, ternary, tl1, tl2 or xnor: how a unit makes its terms", func(c *Config) *string { return &c.Table }),
		intField("inputs", "activations a table, 1..6 (xnor: bits a word, 1..64; ternary, tl1, tl2: 1, 2, 3)", func(c *Config) *int { return &c.Inputs }),
		activationFields()[0],
		formatField("b", "format of B, int2..int8 or uint1..uint8", func(c *Config) *numeric.Int { return &c.B }),
		textField("weights", "plain: the values of b; odd: its codes q stand for 2q - (2^bits - 1) (of xnor, those of a too)", func(c *Config) *string { return &c.Weights }),
		textField("remap", "of half tables: offline (in the weights) or hardware (in each unit)", func(c *Config) *string { return &c.Remap }),
		textField("precompute", "inside: from activations in the engine; outside: stream a brings the tables", func(c *Config) *string { return &c.Precompute }),
		intField("table_bits", "of a rounded entry of half and full, 2..16, one power of two a row and group; 0: exact", func(c *Config) *int { return &c.TableBits }),
		intField("unit_regs", "registers from table to accumulator, 1 or 2", func(c *Config) *int { return &c.UnitRegs }),
		intField("results", "result words a beat, 1..cols", func(c *Config) *int { return &c.Results }))
	return append(append(append(list, scalingFields()...), wrappingFields()...), append(activationFields()[1:], lutFloatFields()...)...)
}

func (lut) defaults(c *Config) {
	c.Rows, c.Cols = 2, 64
	c.B = numeric.Int{Bits: 2, Signed: true}
	c.LUT = LUT{Table: pe.StyleHalf, Inputs: 4, Weights: weightsPlain, Remap: remapOffline, Precompute: madeOutside, UnitRegs: 1, Results: 64, FloatUnits: unitsIEEE}
}

func (lut) presets() []Preset {
	change := func(name, doc string, f func(*Config)) Preset { return preset("lut", name, doc, f) }
	return []Preset{
		change("lut-w2a8", "LUT Tensor Core M2N64K4, half tables made outside, int8 x int2", func(*Config) {}),
		change("lut-w4a8", "the same, int8 x uint4 with zero points and scales for 128 k", func(c *Config) {
			c.B, c.Group, c.ScaleBits, c.ScaleShift, c.ZeroPoints = numeric.Int{Bits: 4}, 128, 16, 12, true
		}),
		change("lut-w2a16", "the same, int16 x int2, tables rounded to 8 bits for each 32 k", func(c *Config) {
			c.A.Bits, c.TableBits, c.Group = 16, 8, 32
		}),
		change("lut-fp16", "LUT Tensor Core M2N64K4, half tables of fp16 sums made outside, fp16 x two-bit odd integers, fp16 sums", func(c *Config) {
			c.A, c.FloatA, c.FloatC, c.B, c.Weights = numeric.Int{}, numeric.FP16, numeric.FP16, numeric.Int{Bits: 2}, weightsOdd
		}),
		change("unpu-w2a8", "UNPU-like baseline: tables of sums made in the array, int8 x int2", func(c *Config) {
			c.Table, c.Precompute = pe.StyleBits, madeInside
		}),
		change("ternary", "ternary accumulation, no table: add, subtract or hold", func(c *Config) {
			c.Table, c.Inputs, c.Precompute = pe.StyleTernary, 1, madeInside
		}),
		change("tl1", "ternary weights by twos, tables of 9 sums (bitnet.cpp TL1)", func(c *Config) {
			c.Table, c.Inputs, c.Precompute = pe.StyleTL1, 2, madeInside
		}),
		change("tl2", "ternary weights by threes, tables of 14 sums and a sign (bitnet.cpp TL2)", func(c *Config) {
			c.Table, c.Inputs, c.Precompute = pe.StyleTL2, 3, madeInside
		}),
		change("xnor", "bit planes of odd integers, 32 bits of k at a time, 2 x 2 bits", func(c *Config) {
			c.Table, c.Inputs, c.Precompute, c.Weights = pe.StyleXNOR, 32, madeInside, weightsOdd
			c.A, c.B = numeric.Int{Bits: 2}, numeric.Int{Bits: 2}
			c.Rows, c.Cols, c.Results = 8, 32, 32
		}),
	}
}

// table is the lookup table of the engine.
func (c *Config) table() pe.Table { return pe.NewTable(c.Table, c.Inputs, c.Remap == remapHardware) }

// tableSpec is what its hardware depends on.
func (c *Config) tableSpec() pe.TableSpec { return pe.TableSpec{A: c.A, Round: c.TableBits} }

// ternaryB reports that B has the values -1, 0 and 1.
func (c *Config) ternaryB() bool { return c.Kind == "lut" && c.table().Ternary() }

// planes are the bits of A and of B that are worked on one after another.
func (c *Config) planes() (a, b int) {
	switch t := c.table(); {
	case t.Ternary():
		return 1, 1
	case t.Style == pe.StyleXNOR:
		return c.A.Bits, c.B.Bits
	}
	return 1, c.B.Bits
}

func (lut) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 64)
	v.between("cols", c.Cols, 1, 256)
	v.oneOf("table", c.Table, pe.StyleHalf, pe.StyleFull, pe.StyleBits, pe.StyleAdder, pe.StyleTernary, pe.StyleTL1, pe.StyleTL2, pe.StyleXNOR)
	v.oneOf("weights", c.Weights, weightsPlain, weightsOdd)
	v.oneOf("remap", c.Remap, remapOffline, remapHardware)
	v.oneOf("precompute", c.Precompute, madeInside, madeOutside)
	most := 6
	if c.Table == pe.StyleXNOR {
		most = 64
	}
	v.between("inputs", c.Inputs, 1, most)
	v.between("b", c.B.Bits, 1, 8)
	v.between("unit_regs", c.UnitRegs, 1, 2)
	v.between("results", c.Results, 1, max(c.Cols, 1))
	if c.floatActivations() {
		v.lutFloats(c)
	} else {
		v.between("a", c.A.Bits, 1, 16)
		v.between("acc_bits", c.AccBits, 2, hw.MaxWidth-1)
	}
	v.scaling(c, c.Inputs)
	if len(v.errs) > 0 {
		return
	}
	t := c.table()
	if t.Inputs != c.Inputs {
		v.bad("inputs", "does not fit the style %s: %d (expected %d)", c.Table, c.Inputs, t.Inputs)
	}
	if t.Ternary() && (c.B != numeric.Int{Bits: 2, Signed: true} || c.Weights != weightsPlain) {
		v.bad("b", "not the format of ternary weights: %s, weights: %s (expected int2, plain)", c.B, c.Weights)
	}
	if c.Weights == weightsOdd && (c.B.Signed || c.ZeroPoints) {
		v.bad("weights", "codes of odd integers are unsigned and have no zero points: %q (expected b: uint1..uint8, zero_points: false)", c.Weights)
	}
	if c.Table == pe.StyleXNOR && (c.Weights != weightsOdd || c.A.Signed) {
		v.bad("table", "both operands of xnor are odd integers: %q (expected weights: odd, a: uint1..uint16)", c.Table)
	}
	if c.Precompute == madeOutside && !c.hasTables() {
		v.bad("precompute", "no table is made for the style %s: %q (expected inside)", c.Table, c.Precompute)
	}
	if c.TableBits != 0 {
		v.between("table_bits", c.TableBits, 2, 16)
		if c.Table != pe.StyleHalf && c.Table != pe.StyleFull {
			v.bad("table_bits", "rounded tables are those of signed sums: %d with table: %s (expected 0, or half or full)", c.TableBits, c.Table)
		}
		if c.Group == 0 {
			v.bad("table_bits", "needs group, the k with one power of two: %d (expected 0, or group of at least 1)", c.TableBits)
		}
	}
	if c.Group > 0 && c.unitBits()+c.ScaleBits > hw.MaxWidth-1 {
		v.bad("group", "a scaled sum needs %d bits: %d (expected at most %d bits)", c.unitBits()+c.ScaleBits, c.Group, hw.MaxWidth-1)
	}
}

func (lut) together() []string {
	return append(scalingTogether(),
		"A float `a` needs `table: half`, `precompute: outside`, `weights: odd`, no `group` and no `table_bits`; `float_units: published` needs `result` in the format of `a`.",
		"`group` is a multiple of `inputs`; with `table_bits` it is also the k whose entries share a power of two.",
		"`table: ternary`, `tl1` and `tl2` fix `inputs` and need `b: int2`, whose value -2 is not used.",
		"`table: xnor` needs `weights: odd` and an unsigned `a`, which is read as odd integers too.",
		"`precompute: outside` is for `half`, `full`, `bits`, `tl1` and `tl2`; `table_bits` for `half` and `full`; `remap` is read by `half` alone.")
}

// hasTables reports whether entries are made that are not activations themselves.
func (c *Config) hasTables() bool {
	return c.Table != pe.StyleAdder && c.Table != pe.StyleTernary && c.Table != pe.StyleXNOR
}

func (lut) module(c *Config) string {
	return fmt.Sprintf("lut_%s_%dx%dx%d", c.Table, c.Rows, c.Cols, c.Inputs)
}

func (lut) describe(c *Config) string {
	return fmt.Sprintf("%s: lookup engine, %d rows x %d columns x %d activations, style %s, %s x %s (%s) into %d bits, groups of %d.",
		c.Name, c.Rows, c.Cols, c.Inputs, c.Table, c.activation(), c.B, c.Weights, c.weightedBits(), c.Group)
}

func (lut) dims(c *Config) []int { return []int{c.Rows, c.Cols, c.Inputs} }

// A small group makes jobs of several groups and a shorter last one.
func (lut) small(c *Config) [][]string {
	list := [][]string{{"rows=2", "cols=4"}, {"rows=3", "cols=5"}, {"rows=1", "cols=9"}}
	for i, results := range []string{"results=4", "results=2", "results=1"} {
		list[i] = append(list[i], results)
		if c.Group > 0 {
			list[i] = append(list[i], fmt.Sprintf("group=%d", []int{1, 2, 3}[i]*c.Inputs))
		}
		if c.Table == pe.StyleXNOR {
			list[i] = append(list[i], "inputs=5")
		}
	}
	return list
}

func (lut) peak(c *Config) int {
	a, b := c.planes()
	return max(c.Rows*c.Cols*c.Inputs/(a*b), 1)
}

func (lut) extent(c *Config) Shape {
	return Shape{M: c.Rows, N: c.Cols, K: max(2*c.Inputs, min(c.Group, 4*c.Inputs))}
}

func (lut) reference(c *Config, o Operands) ([]int64, error) {
	if c.floatActivations() {
		t := c.floatTable()
		return t.GEMM(o.A, o.B, o.Init)
	}
	g, acc := c.groups(o), c.Acc().Int
	if c.TableBits > 0 {
		t := numeric.TableArith{Inputs: c.Inputs, TableBits: c.TableBits, WeightBits: c.B.Bits, Weights: numeric.Unsigned}
		switch {
		case c.B.Signed:
			t.Weights = numeric.Signed
		case c.Weights == weightsOdd:
			t.Weights = numeric.OddCodes
		}
		return numeric.TableGEMM(o.A, o.B, o.Init, g, t, acc)
	}
	a, b := o.A, o.B
	if c.Weights == weightsOdd {
		b = numeric.OddInts(b, c.B.Bits)
		if c.Table == pe.StyleXNOR {
			a = numeric.OddInts(a, c.A.Bits)
		}
	}
	return numeric.GroupGEMM(a, b, o.Init, g, acc)
}

func (lut) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(over("activation groups", cdiv(s.K, c.Inputs)), over("row tiles", cdiv(s.M, c.Rows)), over("column tiles", cdiv(s.N, c.Cols)))
}

// approximate implements approximating: rounded tables, and floats.
func (lut) approximate(c *Config) bool { return c.TableBits > 0 || c.floatActivations() }

// exact implements exacting: tables that are not rounded.
func (f lut) exact(c *Config, o Operands) ([]float64, error) {
	if c.floatActivations() {
		return c.exactLutFloats(o)
	}
	whole := *c
	whole.TableBits = 0
	words, err := f.reference(&whole, o)
	return c.ResultValues(words), err
}
