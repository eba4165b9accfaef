package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// Forms of a cube.
const (
	CubeSystolic = "systolic" // operands and sums move one PE an edge
	CubeTree     = "tree"     // operands reach all PEs at once, adder trees along y
)

// Cube are the parameters of a three-dimensional array.
type Cube struct {
	X, Y, Z   int // extents: rows of A, products of a sum, columns of B
	Form      string
	DrainRows int // rows of C in a result beat
}

// cube is the three-dimensional array: every cycle a block A[X x Y] B[Y x Z] enters.
//
//	a_* -> [skid] -> a_q[x,y] -> skew by x+y -> pe(x,y,z=0) -> pe(x,y,1) -> ...
//	b_* -> [skid] -> b_q[y,z] -> skew by y+z -> pe(x=0,y,z) -> pe(1,y,z) -> ...
//	                  sums pass from y to y+1, leave at y = Y-1 -> deskew by x+z -> aligned[x,z]
//	form tree: a_q and b_q to all products at once, an adder tree over y -> aligned[x,z]
//	aligned -> [accumulator x,z] -> chain, drain_rows rows of C an edge -> [store] -> (+ C) -> y_*
//
// A tile of C is a number of blocks, k innermost, then m, then n. Rows of a tile leave first
// row first; result beats wholly past the edge of C do not leave.
type cube struct{ operands }

func (cube) fields() []Field {
	list := []Field{
		intField("x", "rows of a block of A, 1..64", func(c *Config) *int { return &c.X }),
		intField("y", "products of a sum a cycle: columns of a block of A, rows of a block of B, 1..64", func(c *Config) *int { return &c.Y }),
		intField("z", "columns of a block of B, 1..64", func(c *Config) *int { return &c.Z }),
		textField("form", "systolic, or tree: operands broadcast, adder trees along y", func(c *Config) *string { return &c.Form }),
		levelsField(),
		intField("drain_rows", "rows of C in a result beat, 1..x", func(c *Config) *int { return &c.DrainRows }),
	}
	return append(list, hostFields()...)
}

func (cube) defaults(c *Config) {
	c.Cube = Cube{X: 8, Y: 8, Z: 8, Form: CubeSystolic, DrainRows: 1}
	c.Levels = 2
}

func (cube) presets() []Preset {
	return []Preset{
		preset("cube", "cube", "systolic cube, 8 x 8 x 8, with external accumulation", func(*Config) {}),
		preset("cube", "cube-opt1", "cube of compressed-accumulation PEs", func(c *Config) {
			c.PE, c.Multiplier = peOPT1, pe.MulBooth4
		}),
		preset("cube", "cube-ent", "cube with EN-T encoders at its edge", hoistENT),
	}
}

func (cube) validate(c *Config, v *validation) {
	v.between("x", c.X, 1, 64)
	v.between("y", c.Y, 1, 64)
	v.between("z", c.Z, 1, 64)
	v.oneOf("form", c.Form, CubeSystolic, CubeTree)
	v.between("levels", c.Levels, 1, 8)
	v.between("drain_rows", c.DrainRows, 1, max(c.X, 1))
	if c.Form == CubeTree {
		v.hostPE(c, peFMA)
		v.floatTree(c)
		v.exactTree(c, max(c.Y, 1))
	} else {
		v.hostPE(c, floatPEs...)
	}
}

func (cube) together() []string {
	return append(hostTogether(),
		"`levels` is read by `form: tree` alone.",
		"`overflow: saturate` with `form: tree` needs `acc_bits` that hold the sum of `y` products.")
}

func (cube) module(c *Config) string {
	return fmt.Sprintf("cube_%s_%s_%dx%dx%d", c.Form, c.peName(), c.X, c.Y, c.Z)
}

func (cube) describe(c *Config) string {
	return fmt.Sprintf("%s: cube of %d x %d x %d PEs, form %s, %s x %s into %d bits (%s).%s",
		c.Name, c.X, c.Y, c.Z, c.Form, c.A, c.B, c.accBits(), c.Overflow, c.hoistText())
}

func (cube) dims(c *Config) []int { return []int{c.X, c.Y, c.Z} }

func (cube) small(*Config) [][]string {
	return [][]string{
		{"x=3", "y=2", "z=4"},
		{"x=5", "y=3", "z=2", "drain_rows=2"},
		{"x=3", "y=5", "z=3", "form=tree"},
		{"x=4", "y=4", "z=4", "form=tree", "levels=1", "drain_rows=4"},
	}
}

func (cube) peak(c *Config) int        { return c.X * c.Y * c.Z }
func (cube) extent(c *Config) Shape    { return Shape{M: c.X, N: c.Z, K: c.Y} }
func (cube) acc(c *Config) numeric.Acc { return c.integerAcc(c.Y) }

func (cube) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(over("blocks a tile", cdiv(s.K, c.Y)), over("row tiles", cdiv(s.M, c.X)), over("column tiles", cdiv(s.N, c.Z)))
}

// beats is the number of result beats of a tile of that many rows.
func (c *Config) cubeBeats(rows int) int { return cdiv(rows, c.DrainRows) }

// lastRows is the number of rows of C in the last tile of a column of tiles.
func lastRows(m, rows int) int { return m - (cdiv(m, rows)-1)*rows }

func (cube) results(c *Config, s Shape) int {
	full := cdiv(s.M, c.X) - 1
	return (full*c.cubeBeats(c.X) + c.cubeBeats(lastRows(s.M, c.X))) * cdiv(s.N, c.Z)
}

func (cube) layout(l *layout, s Shape) {
	c := &l.e.Config
	kt, mt, nt := cdiv(s.K, c.Y), cdiv(s.M, c.X), cdiv(s.N, c.Z)
	l.config(map[string]int{"k": kt, "mt": mt, "nt": nt, "mv": c.cubeBeats(lastRows(s.M, c.X))})
	aw, bw := l.stream("a", kt*mt*nt), l.stream("b", kt*mt*nt)
	if l.err != nil {
		return
	}
	for n0 := 0; n0 < s.N; n0 += c.Z {
		for m0 := 0; m0 < s.M; m0 += c.X {
			for k0 := 0; k0 < s.K; k0 += c.Y {
				aw.beat(func(i int) int64 { return l.moving(l.A, m0+i/c.Y, k0+i%c.Y) })
				bw.beat(func(i int) int64 { return elem(l.B, k0+i/c.Z, n0+i%c.Z) })
			}
		}
	}
	l.initial(s)
}

func (cube) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	for n0 := 0; n0 < s.N; n0 += c.Z {
		for m0 := 0; m0 < s.M; m0 += c.X {
			height := min(c.X, s.M-m0)
			for r := 0; r < height; r += c.DrainRows {
				f(func(j int) int {
					i, n := r+j/c.Z, n0+j%c.Z
					return inside(m0+i, n, s.N, i < height && n < s.N)
				})
			}
		}
	}
}

// cubeTravel is the number of edges from the one that takes a block until its sums are
// aligned in front of the accumulator.
func (c *Config) cubeTravel() int {
	after := c.encodeStages() + footStages(c.arith())
	if c.Form == CubeTree {
		return c.dotTree(c.Y).Stages() + after
	}
	ahead, _ := c.arith().Pipeline()
	return c.X + ahead + c.peEdges()*c.Y + c.Z - 2 + after
}

// cubeLatency is the number of edges from the one that takes a tile's last block to the one
// that delivers its first result beat: accumulator, chain, delivery.
func (c *Config) cubeLatency() int { return c.cubeTravel() + 3 }

func (cube) timing(c *Config, s Shape, _ Data) Timing {
	return Timing{Cycles: chainCycles(cdiv(s.M, c.X), cdiv(s.N, c.Z), cdiv(s.K, c.Y),
		c.cubeBeats(c.X), c.cubeBeats(lastRows(s.M, c.X)), c.cubeLatency())}
}

func (cube) build(c *Config) (*hw.Module, error) {
	arith := c.arith()
	b := c.top()
	x, y := b.Axis("x", c.X), b.Axis("y", c.Y)
	beat, part := b.Axis("beat", c.cubeBeats(c.X)), b.Axis("part", c.DrainRows) // of a tile's rows as they leave
	z := b.Axis("z", c.Z)
	p := parts{b: b}
	t := chainTiles("cube_seq", "cube", c.cubeBeats(c.X), c.cubeLatency())
	in := p.tileFront(c, t, []int{x, y}, []int{y, z})

	var sum hw.ID
	if c.Form == CubeTree {
		cell, err := pe.DotCell("pe_dot_"+c.peName(), "y", c.dotTree(c.Y))
		sum = p.foot(c.dotTree(c.Y).Arith, p.inst("dot", p.module(cell, err), hw.Ports{"x_i": in.a, "y_i": in.b}, x, z))
	} else {
		sum = b.SkewN(p.foot(arith, p.cubeGrid(c, in, x, y, z)), c.X+c.Z-2, map[int]int{x: -1, z: -1})
	}
	aligned := b.Named("aligned", sum)
	flag := func(name string, f hw.ID) hw.ID { return b.Named(name, b.Delay(f, c.cubeTravel()-c.encodeStages())) }
	last := flag("last_here", in.last)
	sums := hw.Ports{"first_i": flag("first_here", in.first), "data_i": aligned}
	if c.floats() {
		sums["valid_i"] = flag("valid_here", b.Pipe("fire_q", in.fire))
	}
	acc := p.inst("acc", p.module(blockAccumulator(c, b.Width(aligned))), sums)["data_o"]

	// The chain takes a finished tile whole and moves up one result beat an edge.
	capture := b.Pipe("capture_q", last)
	zero := b.Const(c.resultBits(), 0)
	chain := b.Reg("chain_q", c.resultBits(), 0, beat, part, z)
	b.Next(chain, b.Mux(capture, b.Split(x, beat, part, acc, zero), b.Shift(beat, -1, chain, zero)))
	valid := p.inst("leaving", p.module(leaving(t.rows)), hw.Ports{
		"capture_i": capture, "partial_i": b.Pipe("capture_partial_q", flag("partial_here", in.partial)), "edge_rows_i": in.edge})["valid_o"]
	p.tail(c, tailIn{valid: valid, data: b.Named("row_data", b.Index(beat, 0, chain)), arith: arith, depth: t.depth, busy: in.busy, pop: in.pop})
	return p.build()
}

// cubeGrid is the systolic form; what leaves has the axes x and z, sum x + z edges late.
func (p *parts) cubeGrid(c *Config, in tileBeats, x, y, z int) hw.Ports {
	b, arith := p.b, c.arith()
	sumBits := c.sumBits(c.Y)
	cell, err := pe.CubeCell("pe_cube_"+c.peName(), arith, sumBits)
	grid := p.grid("pe", p.module(cell, err), x, y, z)
	grid.link("x", z, +1, b.Named("a_skewed", b.SkewN(in.a, 0, map[int]int{x: 1, y: c.peEdges()})))
	grid.link("y", x, +1, b.Named("b_skewed", b.SkewN(in.b, 0, map[int]int{y: c.peEdges(), z: 1})))
	for _, n := range arith.Words() {
		grid.link("s_"+n, y, +1, b.Const(sumBits, 0))
	}
	out := grid.place()
	foot := hw.Ports{}
	for _, n := range arith.Words() {
		foot["s_"+n+"_o"] = b.Index(y, c.Y-1, out["s_"+n+"_o"])
	}
	return foot
}

// blockAccumulator adds the sums of the blocks of a tile; first_i starts a new one. A cycle
// without a block has sums of zero, or, of floats, valid_i is 0.
func blockAccumulator(c *Config, sumBits int) (*hw.Module, error) {
	b := hw.New("block_acc", "Accumulates the sums of the blocks of a tile.")
	x, z := b.Axis("x", c.X), b.Axis("z", c.Z)
	first, in := b.In("first_i", 1), b.In("data_i", sumBits, x, z)
	if c.spec().Signed {
		in = b.Sext(c.resultBits(), in)
	} else {
		in = b.Zext(c.resultBits(), in)
	}
	acc := b.Reg("acc_q", c.resultBits(), 0, x, z)
	sum := b.Mux(first, in, c.arith().Add(b, acc, in))
	if c.floats() {
		b.NextIf(acc, b.In("valid_i", 1), sum)
	} else {
		b.Next(acc, sum)
	}
	b.Out("data_o", acc)
	return b.Build()
}
