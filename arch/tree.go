package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// Ways of operands to the cells of a tree or cube.
const (
	Broadcast = "broadcast" // to all at once
	Forward   = "forward"   // one register from cell to cell
)

// Tree are the parameters of adder trees, in the kinds tree and cube.
type Tree struct {
	Operands string // kind tree: broadcast or forward
	Levels   int    // levels of adders between two registers
}

// tree is the multiplier-adder tree: dot-product cells that keep a column of weights
// each, past which rows of A go.
//
//	a_* -> a_q[lane] -> cell 0 -(register)-> cell 1 -> ...      or to all cells at once
//	w_* -> w_q[cell] -> register files of the cells, lane by lane, two halves
//	cfg -> [seq] -> wsel with the row
//	       sums leave the trees -> resolve -> deskew by cell -> [acc memory] -> [store] -> (+ C) -> y_*
//
// It is fed and sequenced as the weight-stationary array of ws.go with lanes for rows and
// cells for columns.
type tree struct{ operands }

func (tree) fields() []Field {
	list := []Field{
		intField("cells", "dot-product cells, columns of C at a time, 1..256", func(c *Config) *int { return &c.Cols }),
		intField("lanes", "products a cell, 1..256", func(c *Config) *int { return &c.Rows }),
		textField("operands", "broadcast or forward: rows of A reach all cells at once, or one cell an edge", func(c *Config) *string { return &c.Operands }),
		levelsField(),
	}
	return append(append(list, hostFields()...), overlapField(), accRowsField(""))
}

func levelsField() Field {
	return intField("levels", "levels of adders between two registers of a tree, 1..8", func(c *Config) *int { return &c.Levels })
}

func (tree) defaults(c *Config) {
	c.Rows, c.Cols, c.AccRows = 16, 16, 64
	c.Tree = Tree{Operands: Forward, Levels: 2}
}

func (tree) presets() []Preset {
	return []Preset{
		preset("tree", "tree", "multiplier-adder tree, 16 cells of 16 lanes", func(*Config) {}),
		preset("tree", "tree-opt1", "tree of compressed partial products, added once behind the tree", func(c *Config) {
			c.PE, c.Multiplier = peOPT1, pe.MulBooth4
		}),
		preset("tree", "tree-opt2", "tree that adds partial products of the same weight first", func(c *Config) {
			c.PE = peOPT2
			hoistENT(c)
		}),
		preset("tree", "tree-ent", "multiplier-adder tree with EN-T encoders at its edge", hoistENT),
	}
}

func (tree) validate(c *Config, v *validation) {
	v.between("cells", c.Cols, 1, 256)
	v.between("lanes", c.Rows, 1, 256)
	v.oneOf("operands", c.Operands, Broadcast, Forward)
	v.between("levels", c.Levels, 1, 8)
	v.stationary(c)
	v.hostPE(c, peOPT2, peFMA)
	v.floatTree(c)
	v.exactTree(c, c.Rows)
}

func (tree) together() []string {
	return append(hostTogether(), "`overflow: saturate` needs `acc_bits` that hold the sum of `lanes` products.")
}

func (tree) module(c *Config) string { return fmt.Sprintf("tree_%s_%dx%d", c.peName(), c.Cols, c.Rows) }

func (tree) describe(c *Config) string {
	return fmt.Sprintf("%s: multiplier-adder tree, %d cells of %d lanes, operands %s, %s x %s into %d bits (%s), overlap %s.%s",
		c.Name, c.Cols, c.Rows, c.Operands, c.A, c.B, c.accBits(), c.Overflow, c.Overlap, c.hoistText())
}

func (tree) dims(c *Config) []int { return []int{c.Cols, c.Rows} }

func (tree) small(*Config) [][]string {
	return [][]string{
		{"cells=4", "lanes=4", "acc_rows=8"},
		{"cells=3", "lanes=5", "acc_rows=8", "levels=1", "operands=broadcast"},
		{"cells=2", "lanes=9", "acc_rows=8", "overlap=drain"},
	}
}

func (tree) peak(c *Config) int             { return c.Rows * c.Cols }
func (tree) extent(c *Config) Shape         { return Shape{M: c.Rows, N: c.Cols, K: c.Rows} }
func (tree) acc(c *Config) numeric.Acc      { return c.integerAcc(c.Rows) }
func (tree) layout(l *layout, s Shape)      { l.ws(s) }
func (tree) results(c *Config, s Shape) int { return s.M * cdiv(s.N, c.Cols) }

func (tree) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(over("chunks of K", cdiv(s.K, c.Rows)), over("row blocks", cdiv(s.M, c.AccRows)), over("column tiles", cdiv(s.N, c.Cols)))
}

func (tree) eachResult(c *Config, s Shape, f func(at func(j int) int)) { wsResults(c, s, f) }

func (tree) timing(c *Config, s Shape, _ Data) Timing {
	return Timing{Cycles: c.wsCycles(c.treeTimes(), s)}
}

// dotTree is the adder tree of a dot product of that many lanes.
func (c *Config) dotTree(lanes int) pe.Tree {
	t := pe.Tree{Spec: c.spec(), Arith: c.arith(), Lanes: lanes, SumBits: c.sumBits(lanes), Every: c.Levels, ByWeight: c.PE == peOPT2}
	if c.floats() {
		sums := pe.FloatTree{FloatSpec: c.floatSpec(), Acc: c.FloatAcc}
		t.Arith, t.SumBits = sums, sums.SumBits()
	}
	return t
}

// footStages is the number of registers behind an array in which its sums become what is added further:
// redundant ones binary, those of floats rounded.
func footStages(a pe.Arith) int {
	switch a.(type) {
	case pe.ANFMA, pe.Kulisch:
		return 1
	}
	if len(a.Words()) > 1 {
		return 1
	}
	return 0
}

// spread is the number of registers between the encoders and the first cell: opt2 has one.
func (c *Config) spread() int {
	if c.PE == peOPT2 {
		return 1
	}
	return 0
}

// treeTimes: behind the input register come the encoders and the register that spreads their
// digits, if there are, the products, the tree, the foot and, with forward, one edge for each
// further cell.
func (c *Config) treeTimes() stationary {
	hops := 0
	if c.Operands == Forward {
		hops = c.Cols - 1
	}
	t := c.dotTree(c.Rows)
	return stationary{travel: t.Stages() + footStages(t.Arith) + hops - 1, hold: hops + 1}.behind(c.encodeStages() + c.spread())
}

func (tree) build(c *Config) (*hw.Module, error) {
	b := c.top()
	lane, cell := b.Axis("lane", c.Rows), b.Axis("cell", c.Cols)
	p := parts{b: b}
	t := c.treeTimes()
	dot := c.dotTree(c.Rows)
	in := p.wsFront(c, t, lane, cell)

	x, wsel := in.a, in.wsel
	if c.spread() > 0 {
		x, wsel = b.Pipe("spread_q", x), b.Pipe("wsel_spread_q", wsel)
	}
	if c.Operands == Forward {
		x, wsel = tap(b, "a_cell", cell, x), tap(b, "wsel_cell", cell, wsel)
	}
	m, err := pe.DotProduct("pe_dot_"+c.peName(), "lane", dot)
	out := p.inst("dot", p.module(m, err), hw.Ports{
		"x_i": x, "wsel_i": wsel, "w_i": in.w, "load_i": in.load, "lsel_i": in.lsel}, cell)
	sum := p.foot(dot.Arith, out)
	if c.Operands == Forward {
		sum = b.Skew(sum, c.Cols-1, cell, -1)
	}
	p.wsBack(c, t, in, b.Named("aligned", sum), cell)
	return p.build()
}

// foot makes the sums that leave the outputs s_* of an array binary, a pair in a register of
// its own.
func (p *parts) foot(a pe.Arith, out hw.Ports) hw.ID {
	var words []hw.ID
	for _, n := range a.Words() {
		words = append(words, out["s_"+n+"_o"])
	}
	sum := a.Resolve(p.b, words)
	if footStages(a) > 0 {
		sum = p.b.Pipe("foot_q", sum)
	}
	return sum
}
