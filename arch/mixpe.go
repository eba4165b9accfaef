package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// MixPE are the parameters of the kind of that name beside those that kinds share.
type MixPE struct {
	Product    string // form of the product, see package pe
	Scalers    int    // columns whose sums are scaled at a time
	Accounting string
}

// Accountings of MixPE.
const (
	AccountIsoArea  = "iso-area" // the hardware's cycles: a product a cycle and PE
	AccountArtefact = "artefact" // a formula only, with the assumptions of mixpeartefact.go
)

// mixpe is the output-stationary systolic array of shift-and-add PEs that scales the sums of
// groups after they are accumulated.
//
//	a_* -> [skid] -> a_q[row] -> skew by row --> pe(row,0) -> pe(row,1) -> ...    sums of groups in shadows
//	w_* -> [skid] -> w_q[col] -> skew by col --> pe(0,col)                              |
//	   a_q -> sums of activations x row ----------------------------------+     [set u: one of its sums a cycle]
//	s_* -> [skid] -> [store of scales] ---------------------------+       |             | sum_q[set], deskew
//	                                                              +--> [group scaler x sets] -> [store] -> (+ C) -> y_*
//
// Columns are cut into sets of adjacent ones; a set's sums are read row by row, one a cycle,
// so a beat of results has one column of each set. A step is one k; its beat of a and of w
// stands for all cycles of a serial product.
type mixpe struct{ weighted }

func (mixpe) fields() []Field {
	list := append(gridFields(),
		textField("product", "how a PE multiplies: combinational, serial or signmag", func(c *Config) *string { return &c.Product }),
		activationFields()[0],
		formatField("b", "format of B, int2..int8 or uint1..uint8", func(c *Config) *numeric.Int { return &c.B }),
		intField("scalers", "columns whose sums are scaled at a time, 1..cols", func(c *Config) *int { return &c.Scalers }),
		textField("accounting", "iso-area (the hardware) or artefact (a formula: narrow weights count as narrow activations too)", func(c *Config) *string { return &c.Accounting }))
	return append(append(append(list, scalingFields()...), wrappingFields()...), append(activationFields()[1:], mixFloatFields()...)...)
}

func (mixpe) defaults(c *Config) {
	c.Rows, c.Cols = 32, 32
	c.B = numeric.Int{Bits: 4, Signed: true}
	c.MixPE = MixPE{Product: pe.FormCombinational, Scalers: 8, Accounting: AccountIsoArea}
	c.Scaling = Scaling{Group: 128, ScaleBits: 16, ScaleShift: 12}
}

func (mixpe) presets() []Preset {
	return []Preset{preset("mixpe", "mixpe-w4a8", "MixPE: shift-and-add PEs, int8 x uint4 with scales and zero points for 128 k applied after the group", func(c *Config) {
		c.B.Signed, c.ZeroPoints = false, true
	}), preset("mixpe", "mixpe-w4a16", "MixPE: shift-and-add PEs, fp16 x int4 into fp32 with scales in bf16 for 128 k applied after the group", func(c *Config) {
		c.A, c.FloatA, c.FloatC, c.ScaleBits, c.ScaleShift = numeric.Int{}, numeric.FP16, numeric.FP32, 0, 0
		c.Blockwise.ScaleB = numeric.BF16
	})}
}

// shiftAdd is the product of the PEs.
func (c *Config) shiftAdd() pe.ShiftAdd { return pe.ShiftAdd{A: c.A, B: c.B, Form: c.Product} }

// symmetricB reports that the least value of B is not used.
func (c *Config) symmetricB() bool {
	return c.ternaryB() || c.Kind == "mixpe" && c.Product == pe.FormSignMagnitude
}

func (mixpe) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 256)
	v.between("cols", c.Cols, 1, 256)
	v.oneOf("accounting", c.Accounting, AccountIsoArea, AccountArtefact)
	v.oneOf("product", c.Product, pe.FormCombinational, pe.FormSerial, pe.FormSignMagnitude)
	if c.floatActivations() {
		v.mixFloats(c)
	} else {
		v.between("a", c.A.Bits, 1, 16)
		v.between("acc_bits", c.AccBits, 2, hw.MaxWidth-1)
	}
	v.between("b", c.B.Bits, 1, 8)
	v.between("scalers", c.Scalers, 1, max(c.Cols, 1))
	v.scaling(c, 1)
	if len(v.errs) > 0 {
		return
	}
	if c.Group == 0 {
		v.bad("group", "sums are scaled group by group: 0 (expected 1..%d)", maxGroup)
	}
	if c.Product == pe.FormSignMagnitude && !c.B.Signed {
		v.bad("product", "an unsigned weight has no sign: %q with b: %s (expected a signed b)", c.Product, c.B)
	}
	if s := c.setColumns(); (c.Scalers-1)*s >= c.Cols {
		v.bad("scalers", "some would have no columns: %d for %d columns, %d each (expected at most %d)", c.Scalers, c.Cols, s, cdiv(c.Cols, s))
	}
	if c.Group > 0 && c.groupSumBits()+c.ScaleBits > hw.MaxWidth-1 {
		v.bad("group", "a scaled sum needs %d bits: %d (expected at most %d bits)", c.groupSumBits()+c.ScaleBits, c.Group, hw.MaxWidth-1)
	}
}

func (mixpe) together() []string {
	return append(scalingTogether(),
		"A float `a` has scales in the float format `scale`, with `scale_bits`, `scale_shift` 0 and no `zero_points`; `product` is not serial, `accounting` is iso-area, and the least number of `result` is not above that of `a`.",
		"`group` is at least 1.",
		"`accounting: artefact` has no hardware: it can be run at `--fidelity formula --check none`.",
		"`product: signmag` needs a signed `b`, whose least value is not used.",
		"Each of the `scalers` has cdiv(cols, scalers) adjacent columns, the last perhaps fewer, but at least one.")
}

func (mixpe) module(c *Config) string {
	return fmt.Sprintf("mixpe_%s_%dx%d", c.Product, c.Rows, c.Cols)
}

func (mixpe) describe(c *Config) string {
	return fmt.Sprintf("%s: output-stationary systolic array of shift-and-add PEs, %d x %d, %s x %s (%s), groups of %d scaled by %d units, into %d bits.",
		c.Name, c.Rows, c.Cols, c.activation(), c.B, c.Product, c.Group, c.Scalers, c.weightedBits())
}

func (mixpe) dims(c *Config) []int { return []int{c.Rows, c.Cols} }

// Small groups make stalls of the scalers and a shorter last group.
func (mixpe) small(*Config) [][]string {
	return [][]string{{"rows=4", "cols=4", "scalers=2", "group=10"}, {"rows=3", "cols=5", "scalers=2", "group=4"}, {"rows=2", "cols=3", "scalers=3", "group=3"}}
}

func (mixpe) peak(c *Config) int {
	if c.Accounting == AccountArtefact {
		return c.artefact().peak(c.B.Bits)
	}
	return max(c.Rows*c.Cols/c.shiftAdd().Planes(), 1)
}

func (mixpe) extent(c *Config) Shape {
	return Shape{M: c.Rows, N: c.Cols, K: max(c.Rows, min(c.Group, 16))}
}

func (mixpe) reference(c *Config, o Operands) ([]int64, error) {
	if c.floatActivations() {
		g := numeric.FloatGroups{A: c.FloatA, Acc: c.FloatC, Scale: c.Blockwise.ScaleB, Len: c.Group}
		return g.GEMM(o.A, o.B, o.Scale, o.Init)
	}
	return numeric.GroupGEMM(o.A, o.B, o.Init, c.groups(o), c.Acc().Int)
}

func (mixpe) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(over("groups", cdiv(s.K, c.Group)), over("row tiles", cdiv(s.M, c.Rows)), over("column tiles", cdiv(s.N, c.Cols)))
}

func (mixpe) layout(l *layout, s Shape) {
	c, product := &l.e.Config, l.e.shiftAdd()
	j := c.groupJob(s, 1)
	l.config(j.config(c))
	aw, ww := l.stream("a", j.mt*j.nt*s.K), l.stream("w", j.mt*j.nt*s.K)
	scales := l.scales(j)
	if l.err != nil {
		return
	}
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			for k := range s.K {
				aw.beat(func(i int) int64 { return elem(l.A, m0+i, k) })
				ww.beat(func(i int) int64 { return int64(product.Word(elem(l.B, k, n0+i))) })
			}
			for q := range j.groups {
				scales(q, n0)
			}
		}
	}
	l.initial(s)
}

func (mixpe) results(c *Config, s Shape) int {
	return cdiv(s.M, c.Rows) * cdiv(s.N, c.Cols) * c.groupBeats()
}

// eachResult: row by row, one column of each set a beat; all of a tile's beats come.
func (mixpe) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	width := c.setColumns()
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			for r := range c.Rows {
				for x := range width {
					f(func(u int) int {
						col := u*width + x
						return inside(m0+r, n0+col, s.N, m0+r < s.M && col < c.Cols && n0+col < s.N)
					})
				}
			}
		}
	}
}

func (mixpe) timing(c *Config, s Shape, _ Data) Timing {
	if c.Accounting == AccountArtefact {
		return c.artefactTiming(s)
	}
	g := c.mixSeq()
	cycles, wait := c.groupJob(s, 1).cycles(g.planesB, g.period, c.mixLatency())
	before, after := DequantOps(s, c.Rows, c.Group)
	return Timing{Cycles: cycles, Figures: []Figure{
		{Name: "scaler stall share", Value: float64(wait) / float64(cycles)},
		{Name: "dequantisations after groups", Value: float64(after), Unit: "operations"},
		{Name: "dequantisations before multiplying", Value: float64(before), Unit: "operations"},
	}}
}

// DequantOps counts the dequantisations of a multiplication by weights in groups of k: done
// before multiplying, each weight once for each tile of rows that it is sent for; done
// after the groups, one for each group of each result. With many rows, after is fewer if
// rows < group.
func DequantOps(s Shape, rows, group int) (before, after int64) {
	return int64(s.K) * int64(s.N) * int64(cdiv(s.M, rows)), int64(s.M) * int64(s.N) * int64(cdiv(s.K, group))
}
