package arch

import (
	"fmt"
	"maps"
	"slices"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
	"tpe/workloads"
)

// Blockwise are the parameters of an array of dot-product units for block formats: elements whose factors
// Size consecutive k share. See [numeric.BlockScaled].
type Blockwise struct {
	A, B           numeric.Format // integer elements, instead of FloatA and FloatB; nil: floats
	ScaleA, ScaleB numeric.Float  // zero: none
	Size           int            // k with one pair of scales; 0: no block format
	Exact          bool           // sums of blocks are exact
	Align          int            // bits of elements of A aligned in front of the units; 0: they are not
	AlignRounding  numeric.Rounding
}

// inBlocks reports whether the engine multiplies a block format.
func (c *Config) inBlocks() bool { return c.Kind == "blockfma" && c.Blockwise.Size > 0 }

// elementA and elementB are the formats of the elements.
func (c *Config) elementA() numeric.Format { return elementOf(c.FloatA, c.Blockwise.A) }
func (c *Config) elementB() numeric.Format { return elementOf(c.FloatB, c.Blockwise.B) }

func elementOf(f numeric.Float, other numeric.Format) numeric.Format {
	if other != nil {
		return other
	}
	return f
}

// elementField is a key for a float or an integer format.
func elementField(name, doc string, p func(*Config) (*numeric.Float, *numeric.Format)) Field {
	return Field{name, doc, func(c *Config, s string) error {
		f, err := numeric.ParseFormat(s)
		if err != nil {
			return err
		}
		float, other := p(c)
		switch f := f.(type) {
		case numeric.Float:
			*float, *other = f, nil
		case numeric.Int, numeric.Fixed:
			*other = f
		default:
			return fmt.Errorf("not a format of elements: %q (expected a float or an integer format)", s)
		}
		return nil
	}, func(c *Config) string {
		float, other := p(c)
		return elementOf(*float, *other).String()
	}}
}

// scaleField is a key for the format of scales.
func scaleField(name, doc string, p func(*Config) *numeric.Float) Field {
	return Field{name, doc, func(c *Config, s string) (err error) {
		if *p(c) = (numeric.Float{}); s != "none" {
			*p(c), err = numeric.ParseFloat(s)
		}
		return err
	}, func(c *Config) string {
		if p(c).Exp == 0 {
			return "none"
		}
		return p(c).String()
	}}
}

// blockFields are the keys of block formats.
func blockFields() []Field {
	return []Field{
		intField("block", "k that share scales, a multiple or a divisor of products; 0: no block format", func(c *Config) *int { return &c.Blockwise.Size }),
		scaleField("scale_a", "format of the scales of A: e8m0, ue4m3, another float, or none", func(c *Config) *numeric.Float { return &c.Blockwise.ScaleA }),
		scaleField("scale_b", "format of the scales of B, likewise", func(c *Config) *numeric.Float { return &c.Blockwise.ScaleB }),
		boolField("block_sum", "true: the sum of a block's products is exact and is one term; false: each product is one", func(c *Config) *bool { return &c.Blockwise.Exact }),
		intField("align", "bits to which A is aligned in front of the units, 4..40; 0: it is not", func(c *Config) *int { return &c.Blockwise.Align }),
		Field{"align_rounding", "of aligned elements: minMag (toward zero) or near_even", func(c *Config, s string) (err error) {
			c.Blockwise.AlignRounding, err = numeric.ParseRounding(s)
			return err
		}, func(c *Config) string { return c.Blockwise.AlignRounding.String() }},
	}
}

func blockTogether() []string {
	return []string{
		"Integer elements, `scale_a`, `scale_b`, `block_sum` and `align` need a `block`; `zero_exponent` has none.",
		"Scales with a fraction, and groups of more than one block, need `block_sum: true`.",
		"`align` is for floats `a` without `scale_a`, integers `b` and `block_sum: true`.",
	}
}

// blockPresets are the engines for block formats.
func blockPresets() []Preset {
	mx := func(name, doc string, element numeric.Format, change func(*Config)) Preset {
		return preset("blockfma", name, doc, func(c *Config) {
			c.Products, c.Frac, c.Floor = 32, 25, -133
			c.Blockwise = Blockwise{ScaleA: numeric.E8M0, ScaleB: numeric.E8M0, Size: 32, AlignRounding: numeric.TowardZero}
			if f, ok := element.(numeric.Float); ok {
				c.FloatA, c.FloatB = f, f
			} else {
				c.Blockwise.A, c.Blockwise.B = element, element
			}
			change(c)
		})
	}
	same := func(*Config) {}
	list := []Preset{
		mx("mx-e4m3", "MXFP8: blocks of 32 products of e4m3 with scales in e8m0, summed as Blackwell's instructions are modelled", numeric.E4M3, same),
		mx("mx-e5m2", "MXFP8: the same of e5m2", numeric.E5M2, same),
		mx("mx-e3m2", "MXFP6: the same of e3m2", numeric.E3M2, same),
		mx("mx-e2m3", "MXFP6: the same of e2m3", numeric.E2M3, same),
		mx("mx-e2m1", "MXFP4: exact sums of blocks of 32 products of e2m1 with scales in e8m0", numeric.E2M1, func(c *Config) { c.Blockwise.Exact, c.Frac = true, 35 }),
		mx("mx-int8", "MXINT8: exact sums of blocks of 32 products of int8 with scales in e8m0", numeric.MXINT8, func(c *Config) { c.Blockwise.Exact, c.Frac = true, 35 }),
		mx("nvfp4", "NVFP4: exact sums of blocks of 16 products of e2m1 with scales in ue4m3, four at a time", numeric.E2M1, func(c *Config) {
			c.Products, c.Frac, c.Floor = 64, 35, numeric.NoFloor
			c.Blockwise.ScaleA, c.Blockwise.ScaleB, c.Blockwise.Size, c.Blockwise.Exact = numeric.UE4M3, numeric.UE4M3, 16, true
		}),
		mx("figna", "FIGNA: fp16 aligned to 16-bit integers for 32 k, times int4 with scales in bf16 for 128 k", numeric.FP16, func(c *Config) {
			c.Blockwise.B, c.Blockwise.ScaleA, c.Blockwise.ScaleB, c.Blockwise.Size = numeric.Int{Bits: 4, Signed: true}, numeric.Float{}, numeric.BF16, 128
			c.Blockwise.Exact, c.Blockwise.Align, c.Frac = true, 16, 30
			c.Rounding = numeric.NearEven
		}),
	}
	shown := map[string]bool{"mx-e4m3": true, "nvfp4": true, "figna": true}
	for i := range list {
		list[i].Minor = !shown[list[i].Name]
	}
	return list
}

// blockSmall: several blocks a group and groups a block where the preset has them.
func blockSmall(c *Config) [][]string {
	block := [3]string{"block=4", "block=6", "block=2"}
	if c.Products > c.Blockwise.Size {
		block = [3]string{"block=2", "block=1", "block=4"}
	}
	return [][]string{
		{"rows=2", "cols=1", "products=4", "slots_m=1", "slots_n=2", block[0]},
		{"rows=1", "cols=3", "products=3", "slots_m=2", "slots_n=3", "stages=3", block[1]},
		{"rows=2", "cols=2", "products=2", "slots_m=1", "slots_n=1", "stages=1", block[2]},
	}
}

// blockUnit is the arithmetic of a unit for block formats.
func (c *Config) blockUnit() numeric.BlockScaled {
	k := &c.Blockwise
	return numeric.BlockScaled{A: c.elementA(), B: c.elementB(), ScaleA: k.ScaleA, ScaleB: k.ScaleB, Block: k.Size, N: c.Products, Exact: k.Exact,
		Align: k.Align, AlignRounding: k.AlignRounding, C: c.FloatC, Out: c.Result, Frac: c.Frac, Floor: c.Floor, Rounding: c.Rounding, NaN: c.FloatC.AllOnes()}
}

// blockPE is its hardware.
func (c *Config) blockPE() *pe.BlockScaled {
	return &pe.BlockScaled{BlockScaled: c.blockUnit(), Stages: c.Stages}
}

// blocks checks the keys of block formats.
func (v *validation) blocks(c *Config) {
	if err := c.blockPE().Validate(); err != nil {
		v.bad("block", "%s", err)
	}
	if c.ZeroExponent {
		v.bad("zero_exponent", "true (expected false with a block format)")
	}
	if c.Blockwise.Size < 0 || c.Blockwise.Size > maxGroup {
		v.bad("block", "out of range: %d (expected 0..%d)", c.Blockwise.Size, maxGroup)
	}
}

// front is the number of edges that aligners take in front of the units.
func (c *Config) front() int {
	if c.Blockwise.Align > 0 {
		return 1
	}
	return 0
}

// blockCell is the module of a unit.
func (c *Config) blockCell() (*hw.Module, error) {
	if c.inBlocks() {
		return c.blockPE().Cell("pe_blocks", "part", "k")
	}
	u := &pe.BlockFMA{BlockFMA: c.unit(), Stages: c.Stages}
	return u.Cell("pe_blockfma", "k")
}

// blockAxes are the axes of the array; part is -1 where products lie on the axis k alone.
type blockAxes struct{ row, part, k, col int }

func (c *Config) blockAxes(b *hw.Builder) blockAxes {
	x := blockAxes{row: b.Axis("row", c.Rows), part: -1}
	if c.inBlocks() {
		u := c.blockPE()
		x.part = b.Axis("part", u.Parts())
		x.k = b.Axis("k", u.Part())
	} else {
		x.k = b.Axis("k", c.Products)
	}
	x.col = b.Axis("col", c.Cols)
	return x
}

// a and b are the axes of the elements.
func (x blockAxes) a() []int {
	if x.part < 0 {
		return []int{x.row, x.k}
	}
	return []int{x.row, x.part, x.k}
}

func (x blockAxes) b() []int {
	if x.part < 0 {
		return []int{x.k, x.col}
	}
	return []int{x.part, x.k, x.col}
}

// fieldsA and fieldsB are those of the streams of operands: elements, and a scale for each part of a group.
func (c *Config) fieldsA(p *parts, x blockAxes) []field {
	list := []field{p.over("data", c.elementA().Width(), x.a()...)}
	if c.Blockwise.ScaleA.Exp > 0 {
		list = append(list, p.over("scale", c.Blockwise.ScaleA.Width(), x.row, x.part))
	}
	return list
}

func (c *Config) fieldsB(p *parts, x blockAxes) []field {
	list := []field{p.over("data", c.elementB().Width(), x.b()...)}
	if c.Blockwise.ScaleB.Exp > 0 {
		list = append(list, p.over("scale", c.Blockwise.ScaleB.Width(), x.part, x.col))
	}
	return list
}

// align puts the aligners of A, one for each row and part, in front of the units, with a register behind
// them and behind all that goes past them.
func (p *parts) align(c *Config, in hw.Ports, x blockAxes) {
	if c.front() == 0 {
		return
	}
	b, al := p.b, c.blockPE().Aligner()
	m := p.module(al.Cell("align", "k", c.blockPE().Part()))
	made := p.inst("align", m, hw.Ports{"exp_i": in["a_exp_i"], "zero_i": in["a_zero_i"], "sig_i": in["a_sig_i"]}, x.row, x.part)
	delete(in, "a_exp_i")
	in["a_sig_i"], in["a_top_i"] = made["sig_o"], made["top_o"]
	for _, port := range slices.Sorted(maps.Keys(in)) {
		in[port] = b.Pipe(port[:len(port)-1]+"al_q", in[port])
	}
}

// blockScales are the matrices of the scales of a job.
func (c *Config) blockScales(s Shape) []Matrix {
	blocks := max(cdiv(s.K, c.Blockwise.Size), 1)
	var list []Matrix
	if f := c.Blockwise.ScaleA; f.Exp > 0 {
		list = append(list, Matrix{'T', workloads.FormatOf(f), s.M, blocks})
	}
	if f := c.Blockwise.ScaleB; f.Exp > 0 {
		list = append(list, Matrix{'S', workloads.FormatOf(f), blocks, s.N})
	}
	return list
}

// scalesA and scalesB are the scales of a beat: those of the parts from k0 on, of the rows from m or
// the columns from n on.
func (l *layout) scalesA(m, k0 int) func(i int) int64 {
	c := &l.e.Config
	if l.ScaleA == nil {
		return nil
	}
	u := c.blockPE()
	parts, step := u.Parts(), u.Part()
	return func(i int) int64 { return elem(l.ScaleA, m+i/parts, (k0+i%parts*step)/c.Blockwise.Size) }
}

func (l *layout) scalesB(k0, n int) func(i int) int64 {
	c := &l.e.Config
	if !c.inBlocks() || l.Scale == nil {
		return nil
	}
	step := c.blockPE().Part()
	return func(i int) int64 { return elem(l.Scale, (k0+i/c.Cols*step)/c.Blockwise.Size, n+i%c.Cols) }
}

// exact implements exacting: blocks stand for their elements times their scales.
func (blockfma) exact(c *Config, o Operands) ([]float64, error) {
	if c.inBlocks() {
		u := c.blockUnit()
		return u.Float64s(o.A, o.B, o.ScaleA, o.Scale, o.Init)
	}
	d := numeric.ExactDot{A: c.FloatA, B: c.FloatB, Acc: c.FloatC}
	return d.Float64s(o.A, o.B, o.Init)
}
