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
type matrix2d struct{ integers }

// matrixLatency is the number of edges from the one that takes a tile's last beat to the
// one that delivers its first row: accumulator, capture, delivery.
func (c *Config) matrixLatency() int { return 3 + c.encodeStages() }

func (matrix2d) fields() []Field { return append(gridFields(), hostFields()...) }

func (matrix2d) defaults(*Config) {}

func (matrix2d) presets() []Preset {
	return []Preset{
		preset("matrix2d", "matrix2d", "two-dimensional matrix, outer products by broadcast", func(*Config) {}),
		preset("matrix2d", "matrix2d-opt1", "matrix of compressed-accumulation PEs", func(c *Config) {
			c.PE, c.Multiplier = peOPT1, pe.MulBooth4
		}),
		preset("matrix2d", "matrix2d-ent", "matrix with EN-T encoders at its edge", hoistENT),
	}
}

func (matrix2d) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 256)
	v.between("cols", c.Cols, 1, 256)
	v.integerPE(c)
	v.edgeEncoder(c)
}

func (matrix2d) together() []string { return hostTogether() }

func (matrix2d) module(c *Config) string {
	return fmt.Sprintf("matrix2d_%s_%dx%d", c.peName(), c.Rows, c.Cols)
}

func (matrix2d) describe(c *Config) string {
	return fmt.Sprintf("%s: matrix of %d x %d PEs, operands broadcast, %s x %s into %d bits (%s).%s",
		c.Name, c.Rows, c.Cols, c.A, c.B, c.accBits(), c.Overflow, c.hoistText())
}

func (matrix2d) dims(c *Config) []int           { return []int{c.Rows, c.Cols} }
func (matrix2d) small(*Config) [][]string       { return smallGrids() }
func (matrix2d) peak(c *Config) int             { return c.Rows * c.Cols }
func (matrix2d) extent(c *Config) Shape         { return Shape{M: c.Rows, N: c.Cols, K: c.Rows} }
func (matrix2d) acc(c *Config) numeric.Acc      { return c.integerAcc(0) }
func (matrix2d) layout(l *layout, s Shape)      { l.os(s) }
func (matrix2d) results(c *Config, s Shape) int { return s.M * cdiv(s.N, c.Cols) }

func (matrix2d) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(over("products a tile", s.K), over("row tiles", cdiv(s.M, c.Rows)), over("column tiles", cdiv(s.N, c.Cols)))
}

func (matrix2d) eachResult(c *Config, s Shape, f func(at func(j int) int)) { osResults(c, s, true, f) }

func (matrix2d) timing(c *Config, s Shape, _ Data) Timing {
	mt, nt := cdiv(s.M, c.Rows), cdiv(s.N, c.Cols)
	return Timing{Cycles: chainCycles(mt, nt, s.K, c.Rows, lastRows(s.M, c.Rows), c.matrixLatency())}
}

func (matrix2d) build(c *Config) (*hw.Module, error) {
	spec, arith, acc := c.spec(), c.arith(c.spec()), c.accBits()
	b := c.top()
	row, col := b.Axis("row", c.Rows), b.Axis("col", c.Cols)
	p := parts{b: b}
	t := chainTiles("matrix_seq", "matrix", c.Rows, c.matrixLatency())
	in := p.tileFront(t, spec, []int{row}, []int{col})
	capture := b.Pipe("capture_q", in.last)

	cell, err := pe.Broadcast("pe_matrix_"+c.peName(), spec, arith, acc)
	grid := p.grid("pe", p.module(cell, err), row, col)
	grid.broadcast("x", in.a)
	grid.broadcast("y", in.b)
	grid.broadcast("first", in.first)
	grid.broadcast("capture", capture)
	for _, n := range sumNames(arith) {
		grid.link("d_"+n, row, -1, b.Const(acc, 0))
	}
	out := grid.place()
	var head []hw.ID
	for _, n := range sumNames(arith) {
		head = append(head, b.Named("head_"+n, b.Index(row, 0, out["d_"+n+"_o"])))
	}
	valid := p.inst("leaving", p.module(leaving(c.Rows)), hw.Ports{
		"capture_i": capture, "partial_i": b.Pipe("capture_partial_q", in.partial), "edge_rows_i": in.edge})["valid_o"]
	p.tail(c, tailIn{valid: valid, data: b.Named("row_data", arith.Resolve(b, head)), arith: arith, depth: t.depth, busy: in.busy, pop: in.pop})
	return p.build()
}
