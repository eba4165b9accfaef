package arch

import (
	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// This file holds what the kinds with integer multiply-accumulate PEs share: the
// keys of the PE, its formats and its accumulator.

// PEs that the key "pe" may name.
const (
	peMAC  = "mac"
	peOPT1 = "opt1"
	peOPT2 = "opt2" // partial products of one weight at a time; kinds tree and matrix2d
)

// integerFields are the keys of an integer PE.
func integerFields() []Field {
	return []Field{
		textField("pe", "mac or opt1; tree and matrix2d also opt2, systolic bitfusion (tpe list pes)", func(c *Config) *string { return &c.PE }),
		textField("multiplier", "of a mac: star (left to synthesis) or booth4", func(c *Config) *string { return &c.Multiplier }),
		textField("adder", "carry-propagate additions of the PEs: auto (left to synthesis), ripple, brent-kung, kogge-stone or sklansky", func(c *Config) *string { return &c.Adder }),
		formatField("a", "format of A, int2..int16 or uint2..uint16", func(c *Config) *numeric.Int { return &c.A }),
		formatField("b", "format of B, likewise", func(c *Config) *numeric.Int { return &c.B }),
		{"acc_bits", "width of the accumulator, 2..64, or auto: the least that cannot overflow for acc_k", setAccBits, getAccBits},
		intField("acc_k", "greatest K, for acc_bits: auto; otherwise 0, or a K for which acc_bits is checked", func(c *Config) *int { return &c.AccK }),
		textField("overflow", "wrap or saturate, at every addition", func(c *Config) *string { return &c.Overflow }),
		boolField("init_c", "true: a stream of initial C is added (C += A B)", func(c *Config) *bool { return &c.InitC }),
	}
}

// integerWrapFields are the keys of integer operands, a wrapping accumulator and an initial C.
func integerWrapFields() []Field {
	var list []Field
	for _, f := range integerFields() {
		switch f.Name {
		case "a", "b", "acc_bits", "acc_k", "init_c":
			list = append(list, f)
		}
	}
	return list
}

// gridFields are the keys of an array of rows and columns.
func gridFields() []Field {
	return []Field{
		intField("rows", "rows of the array, 1..256", func(c *Config) *int { return &c.Rows }),
		intField("cols", "columns of the array, 1..256", func(c *Config) *int { return &c.Cols }),
	}
}

// overlapField and accRowsField are the keys of arrays that keep weights.
func overlapField() Field {
	return textField("overlap", "none, load, drain or full (docs/cycles.md)", func(c *Config) *string { return &c.Overlap })
}

func accRowsField(of string) Field {
	return intField("acc_rows", of+"rows of the accumulator memory, 1..65536", func(c *Config) *int { return &c.AccRows })
}

func (v *validation) stationary(c *Config) {
	v.oneOf("overlap", c.Overlap, OverlapNone, OverlapLoad, OverlapDrain, OverlapFull)
	v.between("acc_rows", c.AccRows, 1, 65536)
}

// exactTree asks that the sum of n products fits the accumulator where it saturates: the
// order of a tree is not that of k, so nothing may saturate inside.
func (v *validation) exactTree(c *Config, n int) {
	if need := c.A.Bits + c.B.Bits + clog2(n); !c.floats() && c.Overflow == Saturate && c.accBits() < need {
		v.bad("overflow", "sums of %d products saturate inside a tree, whose order is not that of k: %q (expected wrap, or acc_bits of at least %d)", n, c.Overflow, need)
	}
}

// smallGrids are small arrays of rows and columns: square, odd, and one that is
// larger than a word of lanes.
func smallGrids() [][]string {
	return [][]string{{"rows=4", "cols=4"}, {"rows=3", "cols=5"}, {"rows=8", "cols=8"}}
}

// integerPE checks the keys of an integer PE; others are PEs beside mac and opt1.
func (v *validation) integerPE(c *Config, others ...string) {
	v.oneOf("pe", c.PE, append([]string{peMAC, peOPT1}, others...)...)
	v.oneOf("multiplier", c.Multiplier, pe.MulStar, pe.MulBooth4)
	v.oneOf("adder", c.Adder, pe.Adders()...)
	v.oneOf("overflow", c.Overflow, Wrap, Saturate)
	for _, f := range []struct {
		key    string
		bits   int
		format numeric.Float
	}{{"a", c.A.Bits, c.FloatA}, {"b", c.B.Bits, c.FloatB}} {
		if f.format.Exp > 0 {
			v.bad(f.key, "not an integer: %s (expected int2..int16 or uint2..uint16 with pe: %s)", f.format, c.PE)
		} else {
			v.between(f.key, f.bits, 2, 16)
		}
	}
	v.accumulator(c)
	if c.PE == peFusion && c.Adder != pe.AdderAuto {
		v.bad("adder", "left to synthesis with pe: bitfusion: %q (expected auto)", c.Adder)
	}
	if c.PE == peOPT1 && c.Overflow == Saturate {
		v.bad("overflow", "overflow of a (sum, carry) pair cannot be seen: %q (expected wrap with pe: opt1)", c.Overflow)
	}
	if c.Overflow == Saturate && c.AccBits != 0 && c.AccBits < c.A.Bits+c.B.Bits {
		v.bad("acc_bits", "narrower than a product, which saturation must see: %d (expected at least %d)", c.AccBits, c.A.Bits+c.B.Bits)
	}
}

// accumulator checks its width.
func (v *validation) accumulator(c *Config) {
	if c.AccBits == 0 {
		v.between("acc_k", c.AccK, 1, 1<<40)
		if w := numeric.AccBits(c.A, c.B, max(c.AccK, 1)); w > hw.MaxWidth {
			v.bad("acc_k", "needs an accumulator of %d bits: %d (expected at most %d bits)", w, c.AccK, hw.MaxWidth)
		}
	} else {
		v.between("acc_bits", c.AccBits, 2, hw.MaxWidth)
		if c.AccK != 0 {
			need := numeric.AccBits(c.A, c.B, c.AccK)
			if c.Overflow == Wrap && need > c.AccBits {
				v.bad("acc_bits", "too narrow for acc_k = %d: %d (expected at least %d, or overflow: saturate, or acc_k: 0)", c.AccK, c.AccBits, need)
			}
		}
	}
}

// integerTogether says what integerPE asks of several keys at once.
func integerTogether() []string {
	return []string{
		"`acc_bits: auto` takes the least width that cannot overflow for `acc_k` products; an initial C is not included in it.",
		"`acc_bits` with `acc_k` greater than 0 and `overflow: wrap` is an error if `acc_k` products could overflow it.",
		"`overflow: saturate` needs an accumulator at least as wide as a product, and `pe: mac`.",
		"`multiplier` has no influence with `pe: opt1`, whose products are Booth rows by nature.",
	}
}

// spec is the arithmetic's view of the formats: x of format A, y of format B.
func (c *Config) spec() pe.Spec {
	return pe.Spec{A: c.A, B: c.B, Signed: c.A.Signed || c.B.Signed, Saturate: c.Overflow == Saturate, Hoisted: c.hoisted(), Adder: c.Adder}
}

// arith is the arithmetic of the PE: x moves along a row.
func (c *Config) arith() pe.Arith {
	s := c.moves()
	switch {
	case c.floats():
		return c.floatArith()
	case c.PE == peOPT1:
		return pe.OPT1{Spec: s}
	case c.PE == peFusion:
		return pe.Fusion{}
	}
	return pe.MAC{Spec: s, Mul: c.Multiplier}
}

// moves is the integer arithmetic's view of the formats: x moves along a row. Input-stationary exchanges A
// and B: its stream w carries A and its stream a carries B.
func (c *Config) moves() pe.Spec {
	s := c.spec()
	if c.Dataflow == IS {
		s.A, s.B = s.B, s.A
	}
	s.Signed = s.Signed || c.PE == peFusion // its sums have a sign
	return s
}

// wordBits are the widths in which x and y enter the array.
func (c *Config) wordBits() (x, y int) {
	o := c.arith().Operands()
	if c.hoisted() != 0 {
		return o.A.Width(), o.Y
	}
	return o.X, o.Y
}

// resultBits is the width of the words that leave the array and are added behind it.
func (c *Config) resultBits() int {
	if c.floats() {
		return c.FloatC.Width()
	}
	return c.accBits()
}

// accBits is the width of the running sum in a PE that keeps it.
func (c *Config) accBits() int {
	if c.floats() {
		return c.floatArith().SumBits()
	}
	if c.AccBits != 0 {
		return c.AccBits
	}
	return max(numeric.AccBits(c.A, c.B, c.AccK), 2)
}

// sumBits is the width that holds the sum of n products, never wider than the
// accumulator.
func (c *Config) sumBits(n int) int {
	if c.floats() {
		return c.accBits()
	}
	product := c.A.Bits + c.B.Bits
	if c.PE == peFusion {
		product = pe.FusionSum // of a beat
	}
	return min(c.accBits(), product+clog2(n))
}

// integerAcc is the accumulation of products in chunks of the given size (see
// [numeric.Acc]).
func (c *Config) integerAcc(chunk int) numeric.Acc {
	if c.floats() { // codes
		return numeric.Acc{Int: numeric.Int{Bits: c.resultBits()}, Chunk: chunk}
	}
	return numeric.Acc{Int: numeric.Int{Bits: c.accBits(), Signed: c.A.Signed || c.B.Signed}, Saturate: c.Overflow == Saturate, Chunk: chunk}
}
