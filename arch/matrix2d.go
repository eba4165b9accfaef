package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// matrix2d is the two-dimensional matrix: every cycle a column of A and a row of B reach all
// PEs at once, which add their outer product. No skew, no fill.
//
//	a_* -> [skid] -> a_q[row] --to all PEs of the row----> pe(row,col)
//	b_* -> [skid] -> b_q[col] --to all PEs of the column-----^   |
//	cfg -> [seq]  -> first, last -> capture --to all-------------+
//	       chain of captured sums, one row up an edge -> resolve -> [store] -> (+ C) -> y_*
//
// Beat b of a tile carries A[m0..][b] and B[b][n0..]; tiles go m innermost, then n.
// Rows of a tile leave first row first; rows past the edge of C do not leave.
type matrix2d struct{ operands }

// matrixLatency is the number of edges from the one that takes a tile's last beat to the
// one that delivers its first row: accumulator, capture, delivery.
func (c *Config) matrixLatency() int { return 3 + c.encodeStages() }

func (matrix2d) fields() []Field {
	return append(append(gridFields(), hostFields()...),
		intField("lanes", "opt2: products of a PE that are taken at a time, 1..16", func(c *Config) *int { return &c.Lanes }),
		intField("chunk", "opt2: products that the operand stores hold, a multiple of lanes up to 4096", func(c *Config) *int { return &c.Chunk }))
}

func (matrix2d) defaults(c *Config) { c.Lanes, c.Chunk = 4, 256 }

func (matrix2d) presets() []Preset {
	return []Preset{
		preset("matrix2d", "matrix2d", "two-dimensional matrix, outer products by broadcast", func(*Config) {}),
		preset("matrix2d", "matrix2d-opt1", "matrix of compressed-accumulation PEs", func(c *Config) {
			c.PE, c.Multiplier = peOPT1, pe.MulBooth4
		}),
		preset("matrix2d", "matrix2d-opt2", "matrix that takes digits weight by weight, four products at a time", func(c *Config) {
			c.PE = peOPT2
			hoistENT(c)
		}),
		preset("matrix2d", "matrix2d-ent", "matrix with EN-T encoders at its edge", hoistENT),
	}
}

func (matrix2d) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 256)
	v.between("cols", c.Cols, 1, 256)
	v.hostPE(c, append(floatPEs, peOPT2)...)
	v.oneStage(c)
	v.between("lanes", c.Lanes, 1, 16)
	v.between("chunk", c.Chunk, 1, 4096)
	if c.Lanes > 0 && c.Chunk%c.Lanes != 0 {
		v.bad("chunk", "not a multiple of lanes: %d (expected a multiple of %d)", c.Chunk, c.Lanes)
	}
	if c.PE == peOPT2 && c.Overflow == Saturate {
		v.bad("overflow", "sums of one weight say nothing of overflow: %q (expected wrap with pe: opt2)", c.Overflow)
	}
}

func (matrix2d) together() []string {
	return append(hostTogether(), "`lanes` and `chunk` are read by `pe: opt2` alone, which refuses `overflow: saturate`.")
}

func (matrix2d) module(c *Config) string {
	return fmt.Sprintf("matrix2d_%s_%dx%d", c.peName(), c.Rows, c.Cols)
}

func (matrix2d) describe(c *Config) string {
	return fmt.Sprintf("%s: matrix of %d x %d PEs, operands broadcast, %s x %s into %d bits (%s).%s",
		c.Name, c.Rows, c.Cols, c.A, c.B, c.accBits(), c.Overflow, c.hoistText())
}

func (matrix2d) dims(c *Config) []int           { return []int{c.Rows, c.Cols} }
func (matrix2d) acc(c *Config) numeric.Acc      { return c.integerAcc(0) }
func (matrix2d) results(c *Config, s Shape) int { return s.M * cdiv(s.N, c.Cols) }

func (matrix2d) small(c *Config) [][]string {
	list := smallGrids()
	if c.PE == peOPT2 {
		list = [][]string{{"rows=4", "cols=3", "chunk=16"}, {"rows=3", "cols=5", "lanes=2", "chunk=10"}, {"rows=5", "cols=2", "lanes=3", "chunk=6"}}
	}
	return list
}

// peak: opt2 takes a product's digits one after the other.
func (matrix2d) peak(c *Config) int {
	if c.PE == peOPT2 {
		return c.Rows * c.Cols * c.Lanes / c.passes()
	}
	return c.Rows * c.Cols
}

func (matrix2d) extent(c *Config) Shape {
	if c.PE == peOPT2 {
		return Shape{M: c.Rows, N: c.Cols, K: c.Chunk}
	}
	return Shape{M: c.Rows, N: c.Cols, K: c.Rows}
}

func (matrix2d) layout(l *layout, s Shape) {
	if l.e.PE == peOPT2 {
		l.opt2(s)
	} else {
		l.os(s)
	}
}

func (matrix2d) checkShape(c *Config, s Shape) error {
	if c.PE == peOPT2 {
		return opt2Check(c, s)
	}
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(c.exactFits(s), over("products a tile", s.K), over("row tiles", cdiv(s.M, c.Rows)), over("column tiles", cdiv(s.N, c.Cols)))
}

func (matrix2d) eachResult(c *Config, s Shape, f func(at func(j int) int)) { osResults(c, s, true, f) }

func (matrix2d) timing(c *Config, s Shape, _ Data) Timing {
	if c.PE == peOPT2 {
		return Timing{Cycles: c.opt2Cycles(s)}
	}
	mt, nt := cdiv(s.M, c.Rows), cdiv(s.N, c.Cols)
	return Timing{Cycles: chainCycles(mt, nt, s.K, c.Rows, lastRows(s.M, c.Rows), c.matrixLatency())}
}

func (matrix2d) build(c *Config) (*hw.Module, error) {
	if c.PE == peOPT2 {
		return buildMatrixOPT2(c)
	}
	arith, acc := c.arith(), c.accBits()
	b := c.top()
	row, col := b.Axis("row", c.Rows), b.Axis("col", c.Cols)
	p := parts{b: b}
	t := chainTiles("matrix_seq", "matrix", c.Rows, c.matrixLatency())
	in := p.tileFront(c, t, []int{row}, []int{col})
	capture := b.Pipe("capture_q", in.last)

	cell, err := pe.Broadcast("pe_matrix_"+c.peName(), arith, acc)
	head := p.chainGrid(p.module(cell, err), arith.Words(), acc, row, col, hw.Ports{
		"x": in.a, "y": in.b, "first": in.first, "capture": capture})
	valid := p.inst("leaving", p.module(leaving(c.Rows)), hw.Ports{
		"capture_i": capture, "partial_i": b.Pipe("capture_partial_q", in.partial), "edge_rows_i": in.edge})["valid_o"]
	p.tail(c, tailIn{valid: valid, data: b.Named("row_data", arith.Resolve(b, head)), arith: arith, depth: t.depth, busy: in.busy, pop: in.pop})
	return p.build()
}

// chainGrid places cells whose inputs are broadcast and whose captured sums, words of the
// given names and width, move up a chain; it returns what leaves the first row.
func (p *parts) chainGrid(cell *hw.Module, names []string, width, row, col int, inputs hw.Ports) []hw.ID {
	grid := p.grid("pe", cell, row, col)
	for port, x := range inputs {
		grid.broadcast(port, x)
	}
	for _, n := range names {
		grid.link("d_"+n, row, -1, p.b.Const(width, 0))
	}
	out := grid.place()
	var head []hw.ID
	for _, n := range names {
		head = append(head, p.b.Named("head_"+n, p.b.Index(row, 0, out["d_"+n+"_o"])))
	}
	return head
}
