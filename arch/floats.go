package arch

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tpe/numeric"
	"tpe/pe"
)

// This file holds what PEs of floats add to the hosts of PEs: their keys, their arithmetic in
// hardware and in the software GEMM. A PE is a name in floatPEs and its cases in multiplier
// and product.

// PEs of floats that the key "pe" may name: exact products, and products by addition.
const (
	peFMA   = "fma"
	peANFMA = "anfma"
)

var (
	addMulPEs = map[string]numeric.AddMulKind{"pam": numeric.PAM, "lmul": numeric.LMul, "lmul-eq": numeric.LMulEq, "fp8add": numeric.AddCarry}

	// floatPEs lists them.
	floatPEs = append([]string{peFMA, peANFMA}, slices.Sorted(maps.Keys(addMulPEs))...)
)

// kulisch is the value of the key "acc" for an exact fixed-point sum.
const kulisch = "kulisch"

// Policies of floats.
const (
	Keep      = "keep"      // subnormals: as they are
	Flush     = "flush"     // as zero, in and out
	Signed    = "signed"    // zeros: of both signs
	Positive  = "positive"  // of results: +0
	Propagate = "propagate" // nan: infinities and NaNs of operands make such results
	Number    = "number"    // their codes are numbers like others
	Infinity  = "inf"       // overflow: infinity; Saturate: the largest number
)

// Floats are the parameters of PEs of floats.
type Floats struct {
	FloatA, FloatB numeric.Float // the zero Float where the operand is an integer
	FloatAcc       numeric.Float // of the running sum in a PE; the zero Float: Kulisch
	FloatC         numeric.Float // of what leaves the array, of an initial C and of the result
	Subnormals     string
	Zeros          string
	NaN            string
	Stages         int  // registers of a PE (of a unit, kind blockfma)
	Skewed         bool // operands are multiplied an edge ahead of the sum

	// Of anfma; see [numeric.ANFMA].
	Norm      numeric.Norm
	SumBits   int
	Align     string
	StaleZero bool
}

// Ways of aligning.
const (
	Cut    = "cut"    // what falls out is lost
	Sticky = "sticky" // it is ORed into the lowest bit
)

func defaultFloats() Floats {
	return Floats{FloatAcc: numeric.FP32, FloatC: numeric.FP32, Subnormals: Keep, Zeros: Signed, NaN: Propagate, Stages: 1,
		Norm: numeric.Norm{K: 1, Lambda: 2}, SumBits: 16, Align: Cut}
}

// setFloats gives both operands a float format.
func (c *Config) setFloats(f numeric.Float) {
	c.A, c.B, c.FloatA, c.FloatB = numeric.Int{}, numeric.Int{}, f, f
	c.Overflow = Infinity
}

// floats reports whether the PE is one of floats.
func (c *Config) floats() bool { return slices.Contains(floatPEs, c.PE) }

// floatKeys are the keys that PEs of floats alone read, integerKeys those that they do not.
var (
	floatKeys   = []string{"acc", "result", "stages", "skewed", "subnormals", "zeros", "nan", "norm", "sum_bits", "align", "stale_zero"}
	anfmaKeys   = []string{"norm", "sum_bits", "align", "stale_zero"}
	integerKeys = []string{"multiplier", "adder", "edge_encoder", "acc_bits"}
)

// reads reports whether the PE reads a key: others are not printed.
func (operands) reads(c *Config, key string) bool {
	switch {
	case c.PE == peANFMA && (key == "acc" || key == "skewed" || key == "acc_k"):
		return false
	case c.floats():
		return !slices.Contains(integerKeys, key) && (c.PE == peANFMA || !slices.Contains(anfmaKeys, key))
	}
	return !slices.Contains(floatKeys, key)
}

// floatFields are those keys.
func floatFields() []Field {
	return []Field{
		{"acc", "of floats: format of the running sum in a PE: fp32, fp16 or bf16, rounded at each step, or kulisch: fixed point, exact", setFloatAcc, getFloatAcc},
		floatField("result", "of floats: format of the sums that leave the array, of an initial C and of the result: fp32, fp16 or bf16", func(c *Config) *numeric.Float { return &c.FloatC }),
		intField("stages", "of floats: registers of a PE, 1..4; 1 where sums stay in the PE", func(c *Config) *int { return &c.Stages }),
		boolField("skewed", "of fma: true, with stages: 2: products are made an edge ahead of the sum, so that a sum spends one edge in a PE", func(c *Config) *bool { return &c.Skewed }),
		textField("subnormals", "of floats: keep, or flush: zero, in and out", func(c *Config) *string { return &c.Subnormals }),
		textField("zeros", "of floats: signed, or positive: every zero result is +0", func(c *Config) *string { return &c.Zeros }),
		textField("nan", "of floats: propagate, or number: codes of infinities and NaNs of A and B are read as numbers", func(c *Config) *string { return &c.NaN }),
		{"norm", "of anfma: exact, none or an-K-L: places by which a sum is normalised (docs/approximate.md)", func(c *Config, s string) (err error) {
			c.Norm, err = numeric.ParseNorm(s)
			return err
		}, func(c *Config) string { return c.Norm.String() }},
		intField("sum_bits", "of anfma: significand of the running sum, at least that of a product, at most 40", func(c *Config) *int { return &c.SumBits }),
		textField("align", "of anfma: cut, or sticky: bits shifted out are ORed into the lowest", func(c *Config) *string { return &c.Align }),
		boolField("stale_zero", "of anfma: true: a sum of zero keeps its exponent, less what is shifted", func(c *Config) *bool { return &c.StaleZero }),
	}
}

// floatField is the key of a float format.
func floatField(name, doc string, p func(*Config) *numeric.Float) Field {
	return Field{name, doc, func(c *Config, s string) error {
		f, err := numeric.ParseFloat(s)
		if err != nil {
			return err
		}
		*p(c) = f
		return nil
	}, func(c *Config) string { return p(c).String() }}
}

// operandField is the key of a format of A or B, an integer or a float one; the other is zero.
func operandField(name, doc string, i func(*Config) *numeric.Int, f func(*Config) *numeric.Float) Field {
	return Field{name, doc, func(c *Config, s string) error {
		if x, err := numeric.ParseFloat(s); err == nil {
			*i(c), *f(c) = numeric.Int{}, x
			return nil
		}
		x, err := numeric.ParseInt(s)
		if err != nil && strings.Contains(s, "int") {
			return err
		}
		if err != nil {
			return fmt.Errorf("unknown format: %q (expected int2..int16, uint2..uint16 or a float of tpe list formats)", s)
		}
		*i(c), *f(c) = x, numeric.Float{}
		return nil
	}, func(c *Config) string {
		if f(c).Exp > 0 {
			return f(c).String()
		}
		return i(c).String()
	}}
}

func setFloatAcc(c *Config, s string) error {
	if s == kulisch {
		c.FloatAcc = numeric.Float{}
		return nil
	}
	f, err := numeric.ParseFloat(s)
	if err != nil {
		return err
	}
	c.FloatAcc = f
	return nil
}

func getFloatAcc(c *Config) string {
	if c.exactSum() {
		return kulisch
	}
	return c.FloatAcc.String()
}

// exactSum reports whether the running sum is a Kulisch accumulator.
func (c *Config) exactSum() bool { return c.FloatAcc.Exp == 0 }

// floatPE checks the keys of a PE of floats.
func (v *validation) floatPE(c *Config) {
	v.oneOf("overflow", c.Overflow, Infinity, Saturate)
	v.oneOf("subnormals", c.Subnormals, Keep, Flush)
	v.oneOf("zeros", c.Zeros, Signed, Positive)
	v.oneOf("nan", c.NaN, Propagate, Number)
	v.between("stages", c.Stages, 1, 4)
	for _, f := range []struct {
		key    string
		format numeric.Float
		whole  numeric.Int
	}{{"a", c.FloatA, c.A}, {"b", c.FloatB, c.B}} {
		if f.format.Exp == 0 {
			v.bad(f.key, "not a float: %s (expected a float format with pe: %s)", f.whole, c.PE)
		} else if f.format.Unsigned || f.format.Man > 10 {
			v.bad(f.key, "not an operand: %s (expected a signed float of at most 10 fraction bits)", f.format)
		}
	}
	if m := c.addMul(); m != nil {
		if err := m.Validate(); err != nil {
			v.bad("a", "not a format of pe: %s: %s", c.PE, err)
		} else if c.FloatA != c.FloatB {
			v.bad("b", "not the format of A: %s (expected %s with pe: %s)", c.FloatB, c.FloatA, c.PE)
		}
	}
	for _, f := range []struct {
		key    string
		format numeric.Float
	}{{"acc", c.FloatAcc}, {"result", c.FloatC}} {
		if f.key == "acc" && c.exactSum() {
			continue
		}
		if !slices.Contains([]numeric.Float{numeric.FP32, numeric.FP16, numeric.BF16}, f.format) {
			v.bad(f.key, "not a format of sums: %s (expected fp32, fp16 or bf16)", f.format)
		}
	}
	if c.Skewed && (c.Stages != 2 || c.PE != peFMA || c.exactSum()) {
		v.bad("skewed", "not an FMA of 2 stages: %d stages of %s (expected stages: 2, pe: fma and a float acc)", c.Stages, c.PE)
	}
	if c.exactSum() {
		v.between("acc_k", c.AccK, 0, 1<<40)
	}
	if c.PE == peANFMA {
		v.anfma(c)
	}
}

// anfma checks what PEs of approximate normalisation add.
func (v *validation) anfma(c *Config) {
	v.oneOf("align", c.Align, Cut, Sticky)
	rows := c.Acc().Chunk
	if len(v.errs) > 0 || rows == 0 { // no column: refused elsewhere
		return
	}
	if err := c.anUnit(rows).Validate(); err != nil {
		v.bad("sum_bits", "%s", err)
	}
}

// anUnit is the arithmetic of a column of so many PEs.
func (c *Config) anUnit(rows int) *numeric.ANFMA {
	a, b := c.floatOperands()
	return &numeric.ANFMA{A: a, B: b, Out: c.FloatC, Bits: c.SumBits, Norm: c.Norm, Sticky: c.Align == Sticky,
		StaleZero: c.StaleZero, Env: c.floatEnv(), Rows: rows}
}

// inTree reports whether the products of a chunk are added in a tree.
func (c *Config) inTree() bool { return c.Kind == "tree" || c.Kind == "cube" && c.Form == CubeTree }

// floatTree asks for what trees of floats have.
func (v *validation) floatTree(c *Config) {
	if !c.floats() {
		return
	}
	if c.exactSum() {
		v.bad("acc", "a tree rounds every sum: %q (expected fp32, fp16 or bf16)", kulisch)
	}
	if c.Stages != 1 {
		v.bad("stages", "levels says where a tree has registers: %d (expected 1)", c.Stages)
	}
}

// oneStage asks for a PE whose sum is ready for the next product at the next edge: it stays in the PE.
func (v *validation) oneStage(c *Config) {
	if !c.floats() {
		return
	}
	if c.PE == peANFMA {
		v.bad("pe", "a column has a foot: %q (expected another PE, or an array in which sums travel)", c.PE)
	}
	if c.exactSum() && c.AccK < 1 {
		v.bad("acc_k", "the sum of how many products fits: %d (expected at least 1 with acc: kulisch)", c.AccK)
	}
	if c.Stages != 1 {
		v.bad("stages", "the sum stays in the PE and takes a product every edge: %d (expected 1)", c.Stages)
	}
}

// exactFits reports a dot product that is too long for a Kulisch accumulator that stays in its PE.
func (c *Config) exactFits(s Shape) error {
	if c.floats() && c.exactSum() && s.K > c.AccK {
		return fmt.Errorf("gemm %s on %s: sums of %d products (expected at most acc_k = %d)", s, c.Name, s.K, c.AccK)
	}
	return nil
}

// floatEnv are the policies.
func (c *Config) floatEnv() numeric.Env {
	return numeric.Env{Saturate: c.Overflow == Saturate, Flush: c.Subnormals == Flush, PositiveZero: c.Zeros == Positive}
}

// floatOperands are the formats of A and B as the arithmetic reads them.
func (c *Config) floatOperands() (a, b numeric.Float) {
	a, b = c.FloatA, c.FloatB
	if c.NaN == Number && c.addMul() == nil { // else the multiplication reads them so
		a.Specials, b.Specials = numeric.FiniteOnly, numeric.FiniteOnly
	}
	return a, b
}

// floatArith is the arithmetic of the PE: x moves along a row.
func (c *Config) floatArith() floatArith {
	s := c.floatSpec()
	chunk := c.Acc().Chunk
	switch {
	case c.PE == peANFMA:
		return pe.ANFMA{FloatSpec: s, Unit: *c.anUnit(chunk)}
	case c.exactSum() && chunk == 0:
		return pe.Kulisch{FloatSpec: s, Products: c.AccK}
	case c.exactSum():
		return pe.Kulisch{FloatSpec: s, Products: chunk}
	}
	return pe.FMA{FloatSpec: s, Acc: c.FloatAcc, Skewed: c.Skewed}
}

// floatSpec is what the PEs have in common.
func (c *Config) floatSpec() pe.FloatSpec {
	a, b := c.floatOperands()
	if c.Dataflow == IS {
		a, b = b, a
	}
	return pe.FloatSpec{Mul: c.multiplier(a, b), A: a, B: b, Result: c.FloatC, Env: c.floatEnv(), Stages: c.Stages}
}

// floatArith is the arithmetic of a PE of floats, whose sums have a width of their own.
type floatArith interface {
	pe.Arith
	SumBits() int
}

// addMul is the multiplication by addition, or nil if products are exact.
func (c *Config) addMul() *numeric.AddMul {
	kind, ok := addMulPEs[c.PE]
	if !ok {
		return nil
	}
	return &numeric.AddMul{Float: c.FloatA, Kind: kind, Specials: c.NaN == Propagate}
}

// multiplier makes the products.
func (c *Config) multiplier(a, b numeric.Float) pe.Multiplier {
	if m := c.addMul(); m != nil {
		return &pe.AddMul{AddMul: *m}
	}
	return pe.Exact{A: a, B: b, Flush: c.Subnormals == Flush}
}

// Shifts is how often the PEs of approximate normalisation shift their sums left by n places (index n) for these
// operands; nil for other PEs.
func (c *Config) Shifts(o Operands) ([]int64, error) {
	if c.PE != peANFMA {
		return nil, nil
	}
	_, shifts, err := c.anUnit(c.Acc().Chunk).GEMMShifts(o.A, o.B, o.Init)
	return shifts, err
}

// floatArithmetic is the same for the software GEMM, products in chunks as the host adds
// them.
func (c *Config) floatArithmetic() numeric.Arithmetic {
	a, b := c.floatOperands()
	chunk := c.Acc().Chunk
	if c.PE == peANFMA {
		return c.anUnit(chunk)
	}
	return &numeric.Chain{A: a, B: b, Acc: c.FloatAcc, Exact: c.exactSum(), Out: c.FloatC, Env: c.floatEnv(), Mul: c.addMul(), Chunk: chunk, Tree: c.inTree()}
}
