package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// Serial are the parameters of a tile of bit-serial PEs beside those that kinds
// share.
type Serial struct {
	Lanes    int
	Operand  string // the matrix on the columns: a or b; its terms are walked
	Encoder  numeric.Encoding
	Skip     string // see [pe.SkipNone]
	Window   int    // skip: terms
	RunAhead int    // steps that a column may be ahead of the slowest
}

// Matrices that the key "serial" may name.
const (
	serialA = "a"
	serialB = "b"
)

// serial is the kind of that name: R x C PEs of L lanes, output-stationary. A step
// takes L products of every PE; its columns walk the terms of their L operands, as
// long as these have some.
//
//	stripes     every bit of A                  pragmatic   the digits of each element of A
//	bitwave     the non-zero bit columns of B   laconic     the pairs of digits of A and B
//
// Columns hold what is walked: columns of B, or with serial: a rows of A, and then the
// tile computes the transpose. The builder is in serialtile.go, the closed form in
// serialplan.go.
type serial struct{ integers }

func (serial) fields() []Field {
	list := append(gridFields(),
		intField("lanes", "products of a PE in a step, 1..64", func(c *Config) *int { return &c.Serial.Lanes }),
		textField("serial", "a or b: the matrix on the columns, whose terms are walked", func(c *Config) *string { return &c.Serial.Operand }),
		encodingField("encoder", "digits that are walked: bits, magnitude or csd", func(c *Config) *numeric.Encoding { return &c.Serial.Encoder }),
		textField("skip", "none, planes, terms or pairs: what takes no cycle", func(c *Config) *string { return &c.Serial.Skip }),
		intField("window", "with skip: terms, lanes may be up to 2^window - 1 places apart, 0..4", func(c *Config) *int { return &c.Serial.Window }),
		intField("run_ahead", "steps that a column may be ahead of the slowest, 0 (all in step) ..8", func(c *Config) *int { return &c.Serial.RunAhead }))
	return append(list, integerWrapFields()...)
}

func (serial) defaults(c *Config) {
	c.Rows, c.Cols = 8, 8
	c.Serial = Serial{Lanes: 16, Operand: serialA, Encoder: numeric.BitsC, Skip: pe.SkipNone}
}

func (serial) presets() []Preset {
	return []Preset{
		preset("serial", "stripes", "bit-serial A: every bit takes a cycle", func(c *Config) {}),
		preset("serial", "pragmatic", "digit-serial A, lanes within a window of 4 places, columns up to a step apart", func(c *Config) {
			c.Serial.Encoder, c.Serial.Skip, c.Serial.Window, c.Serial.RunAhead = numeric.CSD, pe.SkipTerms, 2, 1
		}),
		preset("serial", "bitwave", "bit-column-serial B in sign-magnitude: empty columns of a group of 8 take no cycle", func(c *Config) {
			c.Rows, c.Cols, c.Serial.Lanes, c.Serial.Operand = 16, 8, 8, serialB
			c.Serial.Encoder, c.Serial.Skip = numeric.BitsM, pe.SkipPlanes
		}),
		preset("serial", "laconic", "digit-serial in A and B: a pair of digits a lane and cycle, counted by exponent", func(c *Config) {
			c.Serial.Operand = serialB
			c.Serial.Encoder, c.Serial.Skip = numeric.CSD, pe.SkipPairs
		}),
	}
}

func (serial) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 256)
	v.between("cols", c.Cols, 1, 256)
	s := &c.Serial
	v.between("lanes", s.Lanes, 1, 64)
	v.oneOf("serial", s.Operand, serialA, serialB)
	v.oneOf("encoder", s.Encoder.String(), numeric.BitsC.String(), numeric.BitsM.String(), numeric.CSD.String())
	v.oneOf("skip", s.Skip, pe.SkipNone, pe.SkipPlanes, pe.SkipTerms, pe.SkipPairs)
	v.between("window", s.Window, 0, 4)
	v.between("run_ahead", s.RunAhead, 0, 8)
	if s.Window > 0 && s.Skip != pe.SkipTerms {
		v.bad("window", "lanes are not shifted against each other: %d (expected 0 with skip: %s)", s.Window, s.Skip)
	}
	v.between("a", c.A.Bits, 2, 16)
	v.between("b", c.B.Bits, 2, 16)
	v.accumulator(c)
}

func (serial) together() []string {
	return []string{
		"`acc_bits: auto` takes the least width that cannot overflow for `acc_k` products; an initial C is not included in it. Sums wrap.",
		"`window` is read with `skip: terms` alone and must be 0 otherwise.",
		"`serial: a` computes the transpose: rows of A are on the columns of the tile, columns of B on its rows.",
		"`skip: pairs` walks the terms of both matrices; `serial` then says only which is on the columns.",
	}
}

func (serial) module(c *Config) string {
	return fmt.Sprintf("serial_%s_%dx%dx%d", c.Serial.Skip, c.Rows, c.Cols, c.Serial.Lanes)
}

func (serial) describe(c *Config) string {
	s := &c.Serial
	return fmt.Sprintf("%s: tile of %d x %d bit-serial PEs of %d lanes, %s x %s into %d bits; walks %s digits of %s, skips %s, run-ahead %d.",
		c.Name, c.Rows, c.Cols, s.Lanes, c.A, c.B, c.accBits(), s.Encoder, s.Operand, s.Skip, s.RunAhead)
}

func (serial) dims(c *Config) []int { return []int{c.Rows, c.Cols, c.Serial.Lanes} }

func (serial) small(*Config) [][]string {
	return [][]string{
		{"rows=4", "cols=4", "lanes=4"},
		{"rows=3", "cols=5", "lanes=3", "run_ahead=1"},
		{"rows=2", "cols=3", "lanes=8", "run_ahead=2"},
	}
}

// peak: a step of as few cycles as there can be.
func (serial) peak(c *Config) int {
	n := c.Rows * c.Cols * c.Serial.Lanes
	if c.Serial.Skip == pe.SkipNone {
		n /= c.walked().Digits()
	}
	return max(n, 1)
}

func (serial) extent(c *Config) Shape {
	return c.turned(Shape{M: c.Rows, N: c.Cols, K: c.Serial.Lanes})
}

// turned exchanges a shape of the product as the tile sees it, which has the serial
// operand on N, and the shape of the job.
func (c *Config) turned(s Shape) Shape {
	if c.Serial.Operand == serialA {
		return s.transposed()
	}
	return s
}

// parallel is the format of the operand on the rows, walked the recoding of that on the
// columns.
func (c *Config) parallel() numeric.Int {
	if c.Serial.Operand == serialA {
		return c.B
	}
	return c.A
}

func (c *Config) walked() pe.Terms {
	f := c.B
	if c.Serial.Operand == serialA {
		f = c.A
	}
	return c.terms(f)
}

func (c *Config) terms(f numeric.Int) pe.Terms {
	return pe.Terms{Encoder: pe.Encoder{Encoding: c.Serial.Encoder, Format: f}}
}

func (serial) acc(c *Config) numeric.Acc { return c.integerAcc(0) }

func (serial) build(c *Config) (*hw.Module, error) { return buildSerial(c) }

// serialTiles is a job as the tile sees it: steps of a tile, tiles of rows (inner) and
// of columns, columns of the last.
type serialTiles struct{ steps, rowTiles, colTiles, lastCols int }

func (c *Config) serialTiles(s Shape) serialTiles {
	t := c.turned(s)
	n := cdiv(t.N, c.Cols)
	return serialTiles{cdiv(t.K, c.Serial.Lanes), cdiv(t.M, c.Rows), n, t.N - (n-1)*c.Cols}
}

// cols is the number of columns of column tile n that hold results.
func (t serialTiles) cols(c *Config, n int) int {
	if n == t.colTiles-1 {
		return t.lastCols
	}
	return c.Cols
}

func (serial) checkShape(c *Config, s Shape) error {
	t := c.serialTiles(s)
	return errors.Join(checkCount(c, s, "steps a tile", t.steps), checkCount(c, s, "row tiles", t.rowTiles), checkCount(c, s, "column tiles", t.colTiles))
}

func (serial) results(c *Config, s Shape) int {
	return cdiv(c.turned(s).M, c.Rows) * c.turned(s).N
}

// layout: a beat of each operand for a step; tiles of rows innermost.
func (serial) layout(l *layout, s Shape) {
	c := &l.e.Config
	t := c.serialTiles(s)
	l.config(map[string]int{"steps": t.steps, "rt": t.rowTiles, "ct": t.colTiles, "cv": t.lastCols})
	aw, bw := l.stream("a", t.steps*t.rowTiles*t.colTiles), l.stream("b", t.steps*t.rowTiles*t.colTiles)
	if l.err != nil {
		return
	}
	lanes, turned := c.Serial.Lanes, c.Serial.Operand == serialA
	for n0 := 0; n0 < t.colTiles*c.Cols; n0 += c.Cols {
		for m0 := 0; m0 < t.rowTiles*c.Rows; m0 += c.Rows {
			i0, j0 := m0, n0
			if turned {
				i0, j0 = n0, m0
			}
			for k0 := 0; k0 < s.K; k0 += lanes {
				aw.beat(func(i int) int64 { return elem(l.A, i0+i/lanes, k0+i%lanes) })
				bw.beat(func(j int) int64 { return elem(l.B, k0+j%lanes, j0+j/lanes) })
			}
		}
	}
	l.initial(s)
}

// eachResult: the columns of a tile, one a beat.
func (serial) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	view := c.turned(s)
	for n0 := 0; n0 < view.N; n0 += c.Cols {
		for m0 := 0; m0 < view.M; m0 += c.Rows {
			for n := n0; n < min(n0+c.Cols, view.N); n++ {
				f(func(j int) int {
					if c.Serial.Operand == serialA {
						return inside(n, m0+j, s.N, m0+j < view.M)
					}
					return inside(m0+j, n, s.N, m0+j < view.M)
				})
			}
		}
	}
}

func (serial) dataDriven(c *Config) bool { return c.Serial.Skip != pe.SkipNone }

func (serial) timing(c *Config, s Shape, d Data) Timing { return c.serialTiming(s, d) }
