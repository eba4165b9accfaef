package arch

import (
	"fmt"

	"tpe/numeric"
	"tpe/workloads"
)

// Scaling are the scales and zero points of B, for kinds that have them. See
// [numeric.Groups] for what they mean.
type Scaling struct {
	Group      int  // consecutive k with one scale and zero point a column; 0: there are none
	ScaleBits  int  // width of a scale, an unsigned fixed-point number; 0: scales are 1
	ScaleShift int  // its fraction bits
	ZeroPoints bool // B is unsigned and has zero points of its format
}

// maxGroup is the greatest group.
const maxGroup = 1 << 16

// scalingFields are the keys of the scales and zero points of B.
func scalingFields() []Field {
	return []Field{
		intField("group", "k with one scale and zero point of B a column, 1..65536; 0: B has none", func(c *Config) *int { return &c.Group }),
		intField("scale_bits", "width of a scale, unsigned fixed point, 1..16; 0: scales are 1", func(c *Config) *int { return &c.ScaleBits }),
		intField("scale_shift", "fraction bits of a scale, 0..30: a group's sum is rounded to nearest, halves up", func(c *Config) *int { return &c.ScaleShift }),
		boolField("zero_points", "true: B (unsigned) has zero points of its format", func(c *Config) *bool { return &c.ZeroPoints }),
	}
}

// wrappingFields are the keys of a result that wraps.
func wrappingFields() []Field {
	return []Field{
		intField("acc_bits", "width of the result, 2..63; it wraps", func(c *Config) *int { return &c.AccBits }),
		boolField("init_c", "true: a stream of initial C is added (C += A B)", func(c *Config) *bool { return &c.InitC }),
	}
}

// scaling checks the keys of the scales; unit is the number of k that a group must be
// a multiple of.
func (v *validation) scaling(c *Config, unit int) {
	v.between("group", c.Group, 0, maxGroup)
	v.between("scale_bits", c.ScaleBits, 0, 16)
	v.between("scale_shift", c.ScaleShift, 0, 30)
	if unit > 0 && c.Group%unit != 0 {
		v.bad("group", "not a multiple of what enters at a time: %d (expected a multiple of %d)", c.Group, unit)
	}
	if c.Group == 0 && (c.ScaleBits > 0 || c.ZeroPoints) {
		v.bad("group", "scales or zero points without groups: 0 (expected 1..%d)", maxGroup)
	}
	if c.ScaleShift > 0 && c.ScaleBits == 0 {
		v.bad("scale_shift", "scales are 1: %d (expected 0, or scale_bits of at least 1)", c.ScaleShift)
	}
	if c.ZeroPoints && c.B.Signed {
		v.bad("zero_points", "B is signed: %s (expected an unsigned format, or zero_points: false)", c.B)
	}
}

// scalingTogether says what scaling asks of several keys at once.
func scalingTogether() []string {
	return []string{
		"`scale_bits` and `zero_points` need a `group` of at least 1; `scale_shift` needs `scale_bits`.",
		"`zero_points` needs an unsigned `b`.",
	}
}

// Matrix is an operand that an engine wants for a job, beside the initial C.
type Matrix struct {
	Name       byte // 'A', 'B', 'T', the scales of A, or 'S' and 'Z', scales and zero points of B
	Format     workloads.Format
	Rows, Cols int
}

// Usual is the data of a matrix for which none is given: full, but scales in floats are the magnitudes of
// normal numbers, since few results are finite where scales have the whole range of their exponents.
func (m Matrix) Usual() workloads.Data {
	if m.Format.Float.Exp > 0 && m.Name != 'A' && m.Name != 'B' {
		return workloads.Data{Kind: workloads.DataNormal, Param: 1}
	}
	return workloads.Data{Kind: workloads.DataFull}
}

// Matrices lists the operands of a job.
func (c *Config) Matrices(s Shape) []Matrix {
	a, b, _ := c.Formats()
	list := []Matrix{{'A', workloads.FormatOf(a), s.M, s.K}, {'B', workloads.FormatOf(b), s.K, s.N}}
	list[1].Format.Symmetric = c.symmetricB()
	if f := c.Blockwise.ScaleB; c.floatActivations() && f.Exp > 0 {
		list = append(list, Matrix{'S', workloads.FormatOf(f), c.groupRows(s.K), s.N})
	}
	if c.inBlocks() {
		list = append(list, c.blockScales(s)...)
	}
	if c.ScaleBits > 0 {
		list = append(list, Matrix{'S', workloads.Format{Bits: c.ScaleBits}, c.groupRows(s.K), s.N})
	}
	if c.ZeroPoints {
		list = append(list, Matrix{'Z', workloads.FormatOf(b), c.groupRows(s.K), s.N})
	}
	return list
}

// Initial describes the initial C of a job.
func (c *Config) Initial(s Shape) Matrix {
	_, _, f := c.Formats()
	return Matrix{'C', workloads.FormatOf(f), s.M, s.N}
}

// matrix is the place of an operand by the name that [Matrix] has.
func (o *Operands) matrix(name byte) **numeric.Dense {
	return map[byte]**numeric.Dense{'A': &o.A, 'B': &o.B, 'T': &o.ScaleA, 'S': &o.Scale, 'Z': &o.Zero}[name]
}

// Put sets the operand that m describes.
func (o *Operands) Put(m Matrix, d *numeric.Dense) { *o.matrix(m.Name) = d }

// checkOperands reports operands that a job of the engine does not have or that have
// another size.
func (c *Config) checkOperands(s Shape, o Operands) error {
	want := map[byte]Matrix{}
	for _, m := range c.Matrices(s) {
		want[m.Name] = m
	}
	for _, name := range []byte("ABTSZ") {
		d, m := *o.matrix(name), want[name]
		switch {
		case d == nil && m.Name == 0:
		case d == nil:
			return fmt.Errorf("arch: gemm %s on %s: matrix %c is missing (expected %d x %d)", s, c.Name, name, m.Rows, m.Cols)
		case m.Name == 0:
			return fmt.Errorf("arch: gemm %s on %s: matrix %c is given (expected none)", s, c.Name, name)
		case d.Rows != m.Rows || d.Cols != m.Cols:
			return fmt.Errorf("arch: gemm %s on %s: matrix %c is %d x %d (expected %d x %d)", s, c.Name, name, d.Rows, d.Cols, m.Rows, m.Cols)
		}
	}
	switch {
	case o.Init != nil && !c.InitC:
		return fmt.Errorf("arch: engine %s has no stream of initial C", c.Name)
	case o.Init != nil && len(o.Init) != s.M*s.N:
		return fmt.Errorf("arch: gemm %s on %s: initial C has %d words (expected %d)", s, c.Name, len(o.Init), s.M*s.N)
	}
	return nil
}

// groupRows is the number of groups of a dot product of length k; 1 if there are none.
func (c *Config) groupRows(k int) int {
	if c.Group == 0 {
		return 1
	}
	return cdiv(k, c.Group)
}

// groups is the software GEMM's view of the scales of a job.
func (c *Config) groups(o Operands) numeric.Groups {
	g := numeric.Groups{Len: c.Group, Scale: o.Scale, Zero: o.Zero, Shift: c.ScaleShift}
	if c.Group == 0 {
		g.Len = max(o.B.Rows, 1)
	}
	return g
}

// scales prepares the stream s, if the engine has one, and returns what writes the beat of a
// group and of the columns from n0 on.
func (l *layout) scales(j groupJob) func(group, n0 int) {
	var given []*numeric.Dense
	for _, d := range []*numeric.Dense{l.Scale, l.Zero} {
		if d != nil {
			given = append(given, d)
		}
	}
	if len(given) == 0 {
		return func(int, int) {}
	}
	w := l.stream("s", j.mt*j.nt*j.groups)
	return func(group, n0 int) {
		var fields []func(int) int64
		for _, d := range given {
			fields = append(fields, func(i int) int64 { return elem(d, group, n0+i) })
		}
		w.beat(fields...)
	}
}
