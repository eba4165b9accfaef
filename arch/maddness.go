package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Maddness are the parameters of the kind of that name beside those that kinds share.
type Maddness struct {
	Codebooks int // that the tables hold
	Width     int // columns of A in a codebook
	Blocks    int // result words a beat
	Decoders  int // columns of C a block
	LUTBits   int // of a table entry
}

// maddness is the kind of that name: multiplication approximated by prototypes (see
// [numeric.Maddness]). Its builder is in maddnessbuild.go.
type maddness struct{ integers }

func (maddness) fields() []Field {
	return append([]Field{
		intField("codebooks", "codebooks that the tables hold, 1..256; longer K is cut into chunks", func(c *Config) *int { return &c.Codebooks }),
		intField("width", "columns of A in a codebook, 1..64", func(c *Config) *int { return &c.Width }),
		intField("blocks", "result words a beat, 1..64", func(c *Config) *int { return &c.Blocks }),
		intField("decoders", "columns of C that a block computes, 1..64", func(c *Config) *int { return &c.Decoders }),
		intField("lut_bits", "of a table entry, 2..16, one power of two for a column of a chunk", func(c *Config) *int { return &c.LUTBits }),
		formatField("a", "format of A, int2..int16 or uint1..uint16", func(c *Config) *numeric.Int { return &c.A }),
		formatField("b", "format of B, int2..int16 or uint1..uint16", func(c *Config) *numeric.Int { return &c.B }),
		intField("acc_rows", "rows of the accumulator memory, 1..4096", func(c *Config) *int { return &c.AccRows }),
	}, wrappingFields()...)
}

func (maddness) defaults(c *Config) {
	c.Maddness = Maddness{Codebooks: 16, Width: 9, Blocks: 8, Decoders: 8, LUTBits: 8}
	c.AccRows = 64
}

func (maddness) presets() []Preset {
	return []Preset{preset("maddness", "maddness", "MADDNESS, the shape of Stella Nera: 16 codebooks of 9, 8 blocks of 8 decoders, approximate", func(*Config) {})}
}

func (maddness) validate(c *Config, v *validation) {
	v.between("codebooks", c.Codebooks, 1, 256)
	v.between("width", c.Width, 1, 64)
	v.between("blocks", c.Blocks, 1, 64)
	v.between("decoders", c.Decoders, 1, 64)
	v.between("lut_bits", c.LUTBits, 2, 16)
	v.between("a", c.A.Bits, 1, 16)
	v.between("b", c.B.Bits, 1, 16)
	v.between("acc_rows", c.AccRows, 1, 4096)
	v.between("acc_bits", c.AccBits, 2, hw.MaxWidth-1)
}

func (maddness) together() []string {
	return []string{"Results are approximate: reports give their relative error."}
}

func (maddness) module(c *Config) string {
	return fmt.Sprintf("maddness_%dx%dx%d", c.Codebooks, c.Blocks, c.Decoders)
}

func (maddness) describe(c *Config) string {
	return fmt.Sprintf("%s: approximate multiplication by prototypes, %d codebooks of %d columns, %d blocks of %d decoders, %s x %s, tables of %d bits, into %d bits.",
		c.Name, c.Codebooks, c.Width, c.Blocks, c.Decoders, c.A, c.B, c.LUTBits, c.AccBits)
}

func (maddness) dims(c *Config) []int { return []int{c.Codebooks, c.Blocks, c.Decoders} }

func (maddness) small(*Config) [][]string {
	return [][]string{
		{"codebooks=4", "width=2", "blocks=2", "decoders=2", "acc_rows=3"},
		{"codebooks=3", "width=3", "blocks=1", "decoders=5", "acc_rows=4"},
		{"codebooks=8", "width=1", "blocks=3", "decoders=1", "acc_rows=2"}}
}

// peak is the products that the table reads of a cycle stand for.
func (maddness) peak(c *Config) int { return c.Blocks * c.Decoders * c.Width }

func (maddness) extent(c *Config) Shape {
	return Shape{M: min(c.AccRows, 8), N: c.Blocks * c.Decoders, K: c.Codebooks * c.Width}
}

func (maddness) acc(c *Config) numeric.Acc {
	return numeric.Acc{Int: numeric.Int{Bits: c.AccBits, Signed: true}}
}

// approximate implements approximating.
func (maddness) approximate(*Config) bool { return true }

func (maddness) reference(c *Config, o Operands) ([]int64, error) {
	m, err := numeric.LearnMaddness(o.A, c.Width)
	if err != nil {
		return nil, err
	}
	return m.GEMM(o.A, o.B, o.Init, c.Codebooks, c.LUTBits, c.Acc().Int)
}

// maddnessJob is how a job is cut.
type maddnessJob struct {
	chunk, edge   int // codebooks of a chunk, and of the last
	chunks        int
	rows, rowEdge int // rows of a block, and of the last
	mb, nt        int
}

func (c *Config) maddnessJob(s Shape) maddnessJob {
	books := cdiv(s.K, c.Width)
	j := maddnessJob{chunk: min(c.Codebooks, books), chunks: cdiv(books, c.Codebooks), rows: min(c.AccRows, s.M),
		mb: cdiv(s.M, c.AccRows), nt: cdiv(s.N, c.Blocks*c.Decoders)}
	j.edge, j.rowEdge = books-(j.chunks-1)*c.Codebooks, s.M-(j.mb-1)*c.AccRows
	return j
}

func (maddness) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	j := c.maddnessJob(s)
	return errors.Join(over("chunks of codebooks", j.chunks), over("row blocks", j.mb), over("column tiles", j.nt))
}

func (maddness) layout(l *layout, s Shape) {
	c := &l.e.Config
	j := c.maddnessJob(s)
	l.config(map[string]int{"books": j.chunk, "edge": j.edge, "chunks": j.chunks, "rows": j.rows, "row_edge": j.rowEdge, "mb": j.mb, "nt": j.nt})
	books := cdiv(s.K, c.Width)
	ww := l.stream("w", j.nt*j.mb*books*16*c.Decoders)
	tw, aw := l.stream("t", j.nt*j.mb*books), l.stream("a", j.nt*s.M*books)
	if l.err != nil {
		return
	}
	m, err := numeric.LearnMaddness(l.A, c.Width)
	if err != nil {
		l.err = err
		return
	}
	type column struct {
		entries [][16]int64
		shift   int
	}
	for n0 := 0; n0 < s.N; n0 += c.Blocks * c.Decoders {
		for m0 := 0; m0 < s.M; m0 += c.AccRows {
			for c0 := 0; c0 < books; c0 += c.Codebooks {
				c1 := min(c0+c.Codebooks, books)
				for d := range c.Decoders {
					tables := make([]column, c.Blocks)
					for x := range tables {
						if n := n0 + x*c.Decoders + d; n < s.N {
							tables[x].entries, tables[x].shift = m.Tables(l.B, n, c0, c1, c.LUTBits)
						} else {
							tables[x].entries = make([][16]int64, c1-c0)
						}
					}
					for b := range c1 - c0 {
						for p := range 16 {
							ww.beat(func(x int) int64 { return tables[x].entries[b][p] }, func(x int) int64 { return int64(tables[x].shift) })
						}
					}
				}
				for b := c0; b < c1; b++ {
					tw.beat(func(node int) int64 { return int64(m.Threshold[b][node]) })
				}
				for i := m0; i < min(m0+c.AccRows, s.M); i++ {
					for b := c0; b < c1; b++ {
						aw.beat(func(level int) int64 { return elem(l.A, i, b*c.Width+m.Split[b][level]) })
					}
				}
			}
		}
	}
	l.initial(s)
}

func (maddness) results(c *Config, s Shape) int {
	return s.M * cdiv(s.N, c.Blocks*c.Decoders) * c.Decoders
}

// eachResult: row by row, decoder d of each block a beat.
func (maddness) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	for n0 := 0; n0 < s.N; n0 += c.Blocks * c.Decoders {
		for i := range s.M {
			for d := range c.Decoders {
				f(func(x int) int {
					n := n0 + x*c.Decoders + d
					return inside(i, n, s.N, n < s.N)
				})
			}
		}
	}
}

// timing: a chunk of a block of rows loads its tables and then takes its rows, books beats each, whose
// ends lie at least as far apart as their results take:
//
//	w = (0 first, else e + wait) + 16 books decoders
//	e = w + books + (rows-1) max(books, decoders),    total = e + latency
func (maddness) timing(c *Config, s Shape, _ Data) Timing {
	j := c.maddnessJob(s)
	load := int64(0)
	job := func(books, rows int) int64 {
		load += int64(16 * books * c.Decoders)
		return int64(maddnessWait + 16*books*c.Decoders + books + (rows-1)*max(books, c.Decoders))
	}
	var tile int64
	for b := range j.mb {
		rows := j.rows
		if b == j.mb-1 {
			rows = j.rowEdge
		}
		if j.chunks > 1 {
			before := load
			full := job(j.chunk, rows)
			tile += int64(j.chunks-1) * full
			load = before + int64(j.chunks-1)*(load-before)
		}
		tile += job(j.edge, rows)
	}
	cycles := int64(j.nt)*tile - maddnessWait + int64(c.maddnessLatency())
	return Timing{Cycles: cycles, Figures: []Figure{{Name: "table load share", Value: float64(int64(j.nt)*load) / float64(cycles)}}}
}
