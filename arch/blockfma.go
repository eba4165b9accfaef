package arch

import (
	"errors"
	"fmt"
	"strconv"

	"tpe/numeric"
	"tpe/pe"
)

// BlockFMA are the parameters of an array of dot-product units with tensor-core arithmetic;
// see [numeric.BlockFMA]. FloatA, FloatB and Stages of [Floats] are its operands and the registers of a unit,
// FloatC is the format of sums, initial C and result.
type BlockFMA struct {
	Result         numeric.Float // what each group's sum is rounded to: FloatC, or one that cuts its fraction
	Products       int           // a group
	Frac           int           // fraction bits kept
	Floor          int           // least exponent of the alignment; numeric.NoFloor if none
	Rounding       numeric.Rounding
	ZeroExponent   bool // zeros take part in the greatest exponent
	SlotsM, SlotsN int  // a unit computes SlotsM x SlotsN elements of C in turn
	Emulated       int  // k of an instruction in the order of numeric.PairOrder, c added behind it; 0: none
	Blockwise
}

// blockfma is the array of dot-product units: rows x cols units, each of which adds a group of
// products to one of its sums every cycle.
//
//	a_* -> [skid] -> a_q[row,k] -> decode --to all units of the row-----> unit(row,col)
//	b_* -> [skid] -> b_q[k,col] -> decode --to all units of the column------^   |  after S - 1 edges
//	c_* -> [skid] -> c_q --+                                                    v
//	                       +-> first group: c or 0, later: sum of the slot <- [sums, one a slot]
//	cfg -> [seq] -> slot, first, last                                           +-> last group -> [store] -> y_*
//
// A beat carries the operands of one slot and group: A[m..][k0..] of rows x products, B[k0..][n..] of products x cols.
// Slots are innermost (those of n first), then groups, row tiles, column tiles. A result beat is rows x cols words
// of a slot.
type blockfma struct{}

func (blockfma) fields() []Field {
	list := append(gridFields(),
		intField("products", "products of a group, 1..64", func(c *Config) *int { return &c.Products }),
		elementField("a", "format of A, a float of at most 10 fraction bits (docs/formats.md); of blocks also int2..int16, uint1..uint16 or mxint8",
			func(c *Config) (*numeric.Float, *numeric.Format) { return &c.FloatA, &c.Blockwise.A }),
		elementField("b", "format of B, likewise", func(c *Config) (*numeric.Float, *numeric.Format) { return &c.FloatB, &c.Blockwise.B }),
		floatField("c", "format of the sums, the initial C and the result: fp32, fp16 or bf16", func(c *Config) *numeric.Float { return &c.FloatC }),
		floatField("result", "format to which a group's sum is rounded: that of c, or e8m13 in fp32", func(c *Config) *numeric.Float { return &c.Result }),
		intField("frac", "fraction bits kept below the greatest exponent, 4..40", func(c *Config) *int { return &c.Frac }),
		Field{"floor", "least exponent of the alignment, or none", func(c *Config, s string) error {
			if s == "none" {
				c.Floor = numeric.NoFloor
				return nil
			}
			v, err := strconv.Atoi(s)
			if err != nil || v < -1000 || v > 1000 {
				return fmt.Errorf("not an exponent: %q (expected -1000..1000 or none)", s)
			}
			c.Floor = v
			return nil
		}, func(c *Config) string {
			if c.Floor == numeric.NoFloor {
				return "none"
			}
			return strconv.Itoa(c.Floor)
		}},
		Field{"rounding", "minMag (toward zero) or near_even", func(c *Config, s string) error {
			r, err := numeric.ParseRounding(s)
			if err == nil {
				c.Rounding = r
			}
			return err
		}, func(c *Config) string { return c.Rounding.String() }},
		boolField("zero_exponent", "true: zeros take part in the greatest exponent (docs/tensor-core.md)", func(c *Config) *bool { return &c.ZeroExponent }),
		intField("stages", "registers of a unit, 1..5: an element's groups are at least that many edges apart", func(c *Config) *int { return &c.Stages }),
		intField("slots_m", "rows of C that a unit computes in turn, 1..64", func(c *Config) *int { return &c.SlotsM }),
		intField("slots_n", "columns of C that a unit computes in turn, 1..64", func(c *Config) *int { return &c.SlotsN }),
	)
	list = append(list, intField("emulated", "k of an instruction: groups of its k with k mod 4 of 0 and 1, then of the others, and c is added behind them; 0: c is the accumulator",
		func(c *Config) *int { return &c.Emulated }))
	return append(append(list, blockFields()...),
		boolField("init_c", "true: a stream of initial C is the accumulator of the first group", func(c *Config) *bool { return &c.InitC }))
}

func (blockfma) defaults(c *Config) {
	c.Rows, c.Cols = 8, 4
	c.setUnit(numeric.BlockFMA{A: numeric.FP16, B: numeric.FP16, C: numeric.FP32, Out: numeric.FP32, N: 8, Frac: 24, Floor: -132, Rounding: numeric.TowardZero})
	c.Stages, c.SlotsM, c.SlotsN = 5, 2, 4
}

// setUnit takes the arithmetic from a model.
func (c *Config) setUnit(u numeric.BlockFMA) {
	c.FloatA, c.FloatB, c.FloatC, c.Result = u.A, u.B, u.C, u.Out
	c.Products, c.Frac, c.Floor, c.Rounding, c.ZeroExponent = u.N, u.Frac, u.Floor, u.Rounding, u.ZeroProductExponent
	c.Emulated = len(u.Order)
}

// unit is the arithmetic of a dot-product unit.
func (c *Config) unit() numeric.BlockFMA {
	u := numeric.BlockFMA{A: c.FloatA, B: c.FloatB, C: c.FloatC, Out: c.Result, N: c.Products, Frac: c.Frac, Floor: c.Floor,
		Rounding: c.Rounding, ZeroProductExponent: c.ZeroExponent, NaN: c.FloatC.AllOnes()}
	if c.Emulated > 0 {
		u.Order, u.AddC = numeric.PairOrder(c.Emulated), true
	}
	return u
}

// presets are the tensor cores of the GPUs whose instruction is one array's. Those whose hardware
// another one stands for name it.
func (blockfma) presets() []Preset {
	shown := map[string]bool{"tc-v100-fp16-f32": true, "tc-a100-bf16-f32": true, "tc-a100-tf32-f32": true,
		"tc-ada-e5m2-f32": true, "tc-h100-fp16-f16": true, "tc-h100-e4m3-f32": true, "tc-h100-e4m3-f16-mma": true}
	var list []Preset
	for _, t := range numeric.TensorCores() {
		doc := fmt.Sprintf("tensor core of %s: %d products of %s into %s", t.GPU, t.Unit.N, t.Unit.A, t.Unit.Out)
		if t.MMA {
			doc += ", mma.sync: two groups in an order of their own, c added behind them"
		}
		p := preset("blockfma", t.Name, doc, func(c *Config) {
			c.setUnit(t.Unit)
			if t.GPU == "v100" {
				c.Rows, c.Cols = 4, 4 // 64 products a cycle
			}
		})
		p.Minor = !shown[t.Name]
		list = append(list, p)
	}
	return append(list, blockPresets()...)
}

func (blockfma) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 64)
	v.between("cols", c.Cols, 1, 64)
	v.between("slots_m", c.SlotsM, 1, 64)
	v.between("slots_n", c.SlotsN, 1, 64)
	if c.inBlocks() {
		v.blocks(c)
		if c.Emulated != 0 {
			v.bad("emulated", "%d (expected 0 with a block format)", c.Emulated)
		}
		return
	}
	if c.Blockwise != (Blockwise{}) {
		v.bad("block", "0, with integers, scales, exact sums or aligned elements (expected at least 1)")
		return
	}
	if n := c.Emulated; n < 0 || n > 256 || n%4 > 0 || n%max(c.Products, 1) > 0 {
		v.bad("emulated", "%d (expected 0, or a multiple of 4 and of the %d products, at most 256)", n, c.Products)
		return
	}
	u := pe.BlockFMA{BlockFMA: c.unit(), Stages: c.Stages}
	if err := u.Validate(); err != nil {
		v.bad("products", "%s", err)
	}
	if c.Emulated > 0 && (c.ZeroExponent || c.Result != c.FloatC) {
		v.bad("emulated", "%d with zero_exponent: %t, result: %s (expected false, and the format of c)", c.Emulated, c.ZeroExponent, c.Result)
	}
}

func (blockfma) together() []string {
	return append([]string{
		"`result` has the exponent and the width of `c`.",
		"`emulated` is a multiple of 4 and of `products`; it needs a `result` of c's format, and has no `zero_exponent`.",
		"The sum of a group needs at most 64 bits: `frac` and `floor` decide its width (docs/engines/blockfma.md).",
	}, blockTogether()...)
}

func (blockfma) module(c *Config) string {
	kind := "blockfma"
	if c.inBlocks() {
		kind = "blocks"
	}
	return fmt.Sprintf("%s_%s_%s_%dx%dx%d", kind, c.elementA(), c.Result, c.Rows, c.Cols, c.Products)
}

func (blockfma) describe(c *Config) string {
	return fmt.Sprintf("%s: %d x %d dot-product units of %d products, %s x %s into %s, %d fraction bits kept, %s, %d stages, %d slots.",
		c.Name, c.Rows, c.Cols, c.Products, c.elementA(), c.elementB(), c.Result, c.Frac, c.Rounding, c.Stages, c.slots())
}

// slots is the number of sums of a unit.
func (c *Config) slots() int { return c.SlotsM * c.SlotsN }

func (blockfma) dims(c *Config) []int { return []int{c.Rows, c.Cols, c.Products} }
func (blockfma) peak(c *Config) int   { return c.Rows * c.Cols * c.Products }

func (blockfma) small(c *Config) [][]string {
	if c.inBlocks() {
		return blockSmall(c)
	}
	if c.Emulated > 0 {
		return [][]string{
			{"rows=2", "cols=1", "products=4", "slots_m=1", "slots_n=2", "emulated=8"},
			{"rows=1", "cols=3", "products=3", "slots_m=2", "slots_n=3", "emulated=12", "stages=3"},
			{"rows=2", "cols=2", "products=2", "slots_m=1", "slots_n=1", "emulated=4", "stages=1"},
		}
	}
	return [][]string{
		{"rows=2", "cols=1", "products=4", "slots_m=1", "slots_n=2"},
		{"rows=1", "cols=3", "products=3", "slots_m=2", "slots_n=3", "stages=3"},
		{"rows=2", "cols=2", "products=2", "slots_m=1", "slots_n=1", "stages=1"},
	}
}

func (blockfma) extent(c *Config) Shape {
	return Shape{M: c.Rows * c.SlotsM, N: c.Cols * c.SlotsN, K: c.Products}
}

func (blockfma) formats(c *Config) (a, b, result numeric.Format) {
	return c.elementA(), c.elementB(), c.FloatC
}

// acc is only the width of the codes that leave.
func (blockfma) acc(c *Config) numeric.Acc {
	return numeric.Acc{Int: numeric.Int{Bits: c.FloatC.Width()}}
}

func (blockfma) reference(c *Config, o Operands) ([]int64, error) {
	if c.inBlocks() {
		u := c.blockUnit()
		return u.GEMM(o.A, o.B, o.ScaleA, o.Scale, o.Init)
	}
	u := c.unit()
	return u.GEMM(o.A, o.B, o.Init)
}

// blockTiles is the number of groups of a dot product and of tiles of C.
func (c *Config) blockTiles(s Shape) (groups, mt, nt int) {
	groups = cdiv(s.K, c.Products)
	if c.Emulated > 0 { // instructions are whole
		groups = cdiv(s.K, c.Emulated) * c.instructionGroups()
	}
	return groups, cdiv(s.M, c.Rows*c.SlotsM), cdiv(s.N, c.Cols*c.SlotsN)
}

// instructionGroups is the number of groups after which c is added; 1 if it is the accumulator.
func (c *Config) instructionGroups() int { return max(c.Emulated/c.Products, 1) }

// kOf is the k of product i of group g.
func (c *Config) kOf(order []int, g, i int) int {
	k := g*c.Products + i
	if n := len(order); n > 0 {
		k = k/n*n + order[k%n]
	}
	return k
}

func (blockfma) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	groups, mt, nt := c.blockTiles(s)
	return errors.Join(over("groups a dot product", groups), over("row tiles", mt), over("column tiles", nt))
}

func (blockfma) results(c *Config, s Shape) int {
	_, mt, nt := c.blockTiles(s)
	return mt * nt * c.slots()
}

// timing: a tile issues its groups max(slots, stages) edges apart, the slots of each at successive edges; the
// next tile follows at once. The last result is delivered Stages edges after its issue, one more behind aligners,
// one more where c is added behind the units.
//
//	T ((G - 1) max(I, S) + I) + S + F,  T tiles, G groups, I slots, S stages, F = 1 with aligners or an addition
func (blockfma) timing(c *Config, s Shape, _ Data) Timing {
	groups, mt, nt := c.blockTiles(s)
	tile := int64(groups-1)*int64(max(c.slots(), c.Stages)) + int64(c.slots())
	return Timing{Cycles: int64(mt)*int64(nt)*tile + int64(c.Stages+c.front()+c.behind())}
}

// approximate implements approximating: terms are cut, sums rounded.
func (blockfma) approximate(*Config) bool { return true }

func (blockfma) dataDriven(*Config) bool { return false }

// eachTile calls f for the tiles of C in order, with the first row and column of each.
func (c *Config) eachTile(s Shape, f func(m0, n0 int)) {
	for n0 := 0; n0 < s.N; n0 += c.Cols * c.SlotsN {
		for m0 := 0; m0 < s.M; m0 += c.Rows * c.SlotsM {
			f(m0, n0)
		}
	}
}

// eachSlot calls f for the slots of a tile in order, with the first row and column of each.
func (c *Config) eachSlot(m0, n0 int, f func(m, n int)) {
	for m := range c.SlotsM {
		for n := range c.SlotsN {
			f(m0+m*c.Rows, n0+n*c.Cols)
		}
	}
}

func (blockfma) layout(l *layout, s Shape) {
	c := &l.e.Config
	groups, mt, nt := c.blockTiles(s)
	l.config(map[string]int{"k": groups / c.instructionGroups(), "mt": mt, "nt": nt, "kv": s.K - (groups-1)*c.Products})
	beats := groups * mt * nt * c.slots()
	aw, bw := l.stream("a", beats), l.stream("b", beats)
	if l.err != nil {
		return
	}
	order := c.unit().Order
	c.eachTile(s, func(m0, n0 int) {
		for g := range groups {
			k0 := g * c.Products
			c.eachSlot(m0, n0, func(m, n int) {
				aw.beat(func(i int) int64 { return elem(l.A, m+i/c.Products, c.kOf(order, g, i%c.Products)) }, l.scalesA(m, k0))
				bw.beat(func(i int) int64 { return elem(l.B, c.kOf(order, g, i/c.Cols), n+i%c.Cols) }, l.scalesB(k0, n))
			})
		}
	})
	l.initial(s)
}

func (blockfma) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	c.eachTile(s, func(m0, n0 int) {
		c.eachSlot(m0, n0, func(m, n int) {
			f(func(j int) int {
				i, k := m+j/c.Cols, n+j%c.Cols
				return inside(i, k, s.N, i < s.M && k < s.N)
			})
		})
	})
}
