package arch

import (
	"errors"
	"fmt"
	"strconv"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// PEs of a column array.
const (
	peOPT3  = "opt3"  // encoder and digit queue in every PE
	peOPT4C = "opt4c" // shared by the PEs of a column
	peOPT4E = "opt4e" // the same, several lanes and one compressor a PE
)

// Lane policies of opt4e.
const (
	LanesLocked      = "locked"      // all lanes go to the next group together
	LanesIndependent = "independent" // they meet at the end of a pass
)

// What a group without a digit costs.
const (
	EmptyOne  = "one"  // a cycle
	EmptySkip = "skip" // nothing, but a pass without any digit costs a cycle
)

// Where a column finds B.
const (
	StoreCopy   = "copy"   // each column holds the whole chunk, twice
	StoreWindow = "window" // one edge memory streams groups to all columns
)

// Schedules of a column array.
const (
	ScheduleArray    = "array"    // the hardware's
	ScheduleReleased = "released" // a formula only: the counts that the released single column has
)

// Column are the parameters of a column array beside those that kinds share.
type Column struct {
	Encoder    numeric.Encoding // of A
	DigitGroup int              // operands whose digits of one weight share a queue
	Chunk      int              // products between barriers at most; depth of the stores
	Lanes      int              // opt4e: digits a PE takes a cycle
	LanePolicy string
	Empty      string
	BStore     string
	Window     int // groups that a column may run ahead
	SIMDLanes  int // edge lanes; 0: autoLanes, -1: publishedLanes
	PairBits   int // of the PE's (sum, carry) pair; 0: the least
	Schedule   string
}

// column is the kind of that name: columns of PEs that share digits of A.
type column struct{}

func (column) fields() []Field {
	list := append(gridFields(),
		textField("pe", "opt3, opt4c or opt4e (tpe list pes)", func(c *Config) *string { return &c.PE }),
		encodingField("encoder", "digits of A: ent, booth or csd", func(c *Config) *numeric.Encoding { return &c.Encoder }),
		intField("digit_group", "operands that share a digit queue: 1, 2, 4 or 8", func(c *Config) *int { return &c.DigitGroup }),
		textField("empty", "a group without digits: one (a cycle) or skip", func(c *Config) *string { return &c.Empty }),
		intField("chunk", "products between two barriers, and depth of the operand stores", func(c *Config) *int { return &c.Chunk }),
		intField("lanes", "opt4e: digits a PE takes a cycle, 2..8; otherwise 1", func(c *Config) *int { return &c.Lanes }),
		textField("lane_policy", "opt4e: locked or independent", func(c *Config) *string { return &c.LanePolicy }),
		textField("b_store", "copy (each column holds B) or window (an edge memory streams it)", func(c *Config) *string { return &c.BStore }),
		intField("window", "groups that a column may run ahead of the slowest, 0..62, with b_store: window", func(c *Config) *int { return &c.Window }),
		Field{"simd_lanes", "adders at the edge: cols times a power of two, or a divisor of cols; auto, or published: ceil(rows cols / chunk)", setSIMDLanes, getSIMDLanes},
		Field{"pair_bits", "width of the (sum, carry) pair of a PE, or auto: the least", setPairBits, getPairBits},
		textField("timing", "array (the hardware) or released (a formula without load, barrier and delivery)", func(c *Config) *string { return &c.Schedule }))
	return append(list, integerWrapFields()...)
}

func setSIMDLanes(c *Config, s string) error {
	switch s {
	case "auto":
		c.SIMDLanes = 0
		return nil
	case "published":
		c.SIMDLanes = -1
		return nil
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 {
		return fmt.Errorf("not a number of lanes: %q (expected 1 or more, auto or published)", s)
	}
	c.SIMDLanes = v
	return nil
}

func getSIMDLanes(c *Config) string {
	switch c.SIMDLanes {
	case 0:
		return "auto"
	case -1:
		return "published"
	}
	return strconv.Itoa(c.SIMDLanes)
}

func setPairBits(c *Config, s string) error {
	if s == "auto" {
		c.PairBits = 0
		return nil
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 {
		return fmt.Errorf("not a width: %q (expected a number of bits or auto)", s)
	}
	c.PairBits = v
	return nil
}

func getPairBits(c *Config) string {
	if c.PairBits == 0 {
		return "auto"
	}
	return strconv.Itoa(c.PairBits)
}

func (column) defaults(c *Config) {
	c.PE = peOPT4C
	c.Column = Column{Encoder: numeric.ENT, DigitGroup: 4, Chunk: 256, Lanes: 1, LanePolicy: LanesIndependent, Empty: EmptyOne,
		BStore: StoreWindow, Window: 7, PairBits: 26, Schedule: ScheduleArray}
}

func (column) presets() []Preset {
	return []Preset{
		preset("column", "opt4c", "columns of PEs that share an encoder and a queue of sparse digits", func(*Config) {}),
		preset("column", "opt3", "the same with encoder and queue in every PE", func(c *Config) { c.PE = peOPT3 }),
		preset("column", "opt4e", "columns of PEs with four lanes and one compressor", func(c *Config) { c.PE, c.Lanes = peOPT4E, 4 }),
	}
}

// sparse are the parameters of the PE.
func (c *Config) sparse() pe.Sparse {
	s := pe.Sparse{Encoder: pe.Encoder{Encoding: c.Encoder, Format: c.A}, B: c.B, Group: c.DigitGroup, Lanes: c.Lanes, PairBits: c.PairBits}
	if s.PairBits == 0 {
		s.PairBits = s.ProductBits() + clog2(c.Chunk)
	}
	return s
}

// chunkGroups is the number of groups of a full chunk in each lane.
func (c *Config) chunkGroups() int { return c.Chunk / (c.Lanes * c.DigitGroup) }

// autoLanes keeps drains from delaying a pass of a typical chunk: a PE drains once a
// pass, which is at least a cycle for each group, and a column's adders serve it alone.
func (c *Config) autoLanes() int {
	return c.Cols << clog2(min(cdiv(c.Rows, c.chunkGroups()), c.Rows))
}

// publishedLanes is ceil(PEs / K) of the bit-weight paper, section on the SIMD core,
// rounded up to a divisor or multiple of the columns.
func (c *Config) publishedLanes() int {
	n := cdiv(c.Rows*c.Cols, c.Chunk)
	for n < c.Cols && c.Cols%n != 0 {
		n++
	}
	return cdiv(n, c.Cols)*c.Cols - c.Cols + min(n, c.Cols)
}

// simdLanes is the number of adders at the edge.
func (c *Config) simdLanes() int {
	switch c.SIMDLanes {
	case 0:
		return c.autoLanes()
	case -1:
		return c.publishedLanes()
	}
	return c.SIMDLanes
}

// drainTime is the number of edges in which a column's pairs pass the edge: D.
func (c *Config) drainTime() int {
	if n := c.simdLanes(); n >= c.Cols {
		return cdiv(c.Rows, n/c.Cols)
	}
	return c.Rows
}

func (column) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 256)
	v.between("cols", c.Cols, 1, 256)
	v.oneOf("pe", c.PE, peOPT3, peOPT4C, peOPT4E)
	v.oneOf("empty", c.Empty, EmptyOne, EmptySkip)
	v.oneOf("lane_policy", c.LanePolicy, LanesLocked, LanesIndependent)
	v.oneOf("b_store", c.BStore, StoreCopy, StoreWindow)
	v.oneOf("timing", c.Schedule, ScheduleArray, ScheduleReleased)
	v.oneOf("encoder", c.Encoder.String(), "ent", "booth", "csd")
	v.between("window", c.Window, 0, 62)
	v.between("a", c.A.Bits, 2, 16)
	v.between("b", c.B.Bits, 2, 16)
	if c.DigitGroup != 1 && c.DigitGroup != 2 && c.DigitGroup != 4 && c.DigitGroup != 8 {
		v.bad("digit_group", "not a size: %d (expected 1, 2, 4 or 8)", c.DigitGroup)
		return
	}
	if c.PE == peOPT4E {
		v.between("lanes", c.Lanes, 2, 8)
	} else {
		v.between("lanes", c.Lanes, 1, 1)
	}
	v.between("chunk", c.Chunk, 1, 4096)
	if len(v.errs) > 0 {
		return // what follows computes with these
	}
	if c.Chunk%(c.DigitGroup*c.Lanes) != 0 {
		v.bad("chunk", "not a whole number of groups: %d (expected a multiple of group x lanes = %d)", c.Chunk, c.DigitGroup*c.Lanes)
	}
	if c.DigitGroup*c.B.Bits > hw.MaxWidth {
		v.bad("digit_group", "a group of B is too wide: %d x %d bits (expected at most %d)", c.DigitGroup, c.B.Bits, hw.MaxWidth)
	}
	v.columnWidths(c)
	v.columnOptions(c)
}

// columnWidths checks the pair and the accumulator.
func (v *validation) columnWidths(c *Config) {
	s := c.sparse()
	if need := s.ProductBits() + clog2(c.Chunk); s.PairBits < need || s.PairBits > hw.MaxWidth {
		v.bad("pair_bits", "cannot hold the digits of a chunk: %d (expected %d..%d)", s.PairBits, need, hw.MaxWidth)
	}
	v.accumulator(c)
}

// columnOptions checks what goes together.
func (v *validation) columnOptions(c *Config) {
	n := c.simdLanes()
	if each := n / c.Cols; n < 1 || each > 1<<clog2(c.Rows) || (n < c.Cols && c.Cols%n != 0) || (n > c.Cols && c.Cols<<clog2(each) != n) {
		v.bad("simd_lanes", "does not divide among the columns: %d (expected a divisor of cols = %d or it times a power of two, about rows at most)", n, c.Cols)
	} else if n < c.Cols && (c.BStore != StoreCopy || c.Cols/n > hw.MaxWidth) {
		v.bad("simd_lanes", "shared adders need columns that run alone, and at most %d of them each: %d for %d columns (expected b_store: copy, or at least %d)", hw.MaxWidth, n, c.Cols, c.Cols)
	}
	if c.Empty == EmptySkip {
		if c.BStore != StoreCopy || c.LanePolicy == LanesLocked && c.Lanes > 1 {
			v.bad("empty", "skipping needs all of B at hand and lanes that run alone: %q (expected one, or b_store: copy and lane_policy: independent)", c.Empty)
		}
		if c.chunkGroups() > hw.MaxWidth {
			v.bad("empty", "too many groups in a chunk to skip among: %d (expected at most %d)", c.chunkGroups(), hw.MaxWidth)
		}
	}
}

func (column) together() []string {
	return []string{
		"`chunk` is a multiple of `digit_group` times `lanes`, and `digit_group` operands of B fit 64 bits.",
		"`pair_bits` holds the digits of one weight of a chunk.",
		"`acc_bits: auto` takes the least width that cannot overflow for `acc_k` products; an initial C is not included in it. Additions wrap.",
		"`simd_lanes` below `cols` (adders shared by columns) needs `b_store: copy`.",
		"`empty: skip` needs `b_store: copy`, at most 64 groups a chunk and lane and, with several lanes, `lane_policy: independent`.",
		"`window` is read with `b_store: window` alone, `lane_policy` with `pe: opt4e` alone.",
	}
}

func (column) module(c *Config) string {
	return fmt.Sprintf("column_%s_%dx%d", c.PE, c.Rows, c.Cols)
}

func (column) describe(c *Config) string {
	return fmt.Sprintf("%s: %d columns of %d PEs %s, %s digits of %s times %s into %d bits, groups of %d.",
		c.Name, c.Cols, c.Rows, c.PE, c.Encoder, c.A, c.B, c.accBits(), c.DigitGroup)
}

func (column) dims(c *Config) []int { return []int{c.Rows, c.Cols} }

// Small chunks make jobs of several, and netlists that are not mostly memory.
func (column) small(c *Config) [][]string {
	chunk := func(n int) string { return "chunk=" + strconv.Itoa(n*c.Lanes) }
	return [][]string{
		{"rows=4", "cols=4", chunk(8), "window=1"},
		{"rows=3", "cols=5", chunk(16), "window=2"},
		{"rows=8", "cols=2", chunk(32), "window=7"},
	}
}

// The peak is that of products with one digit: an empty group takes a cycle for several
// products, and the usual product takes several cycles.
func (column) peak(c *Config) int { return c.Rows * c.Cols * c.Lanes }

func (column) extent(c *Config) Shape {
	return Shape{M: c.Cols, N: c.Rows, K: c.Chunk}
}

func (column) formats(c *Config) (a, b, result numeric.Format) { return integers{}.formats(c) }

func (column) acc(c *Config) numeric.Acc { return c.integerAcc(0) }

func (column) reference(c *Config, o Operands) ([]int64, error) {
	return numeric.GEMM(o.A, o.B, o.Init, c.Acc())
}

func (column) dataDriven(*Config) bool { return true }

func (column) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	return errors.Join(over("row tiles", cdiv(s.M, c.Cols)), over("column tiles", cdiv(s.N, c.Rows)), over("chunks", cdiv(s.K, c.Chunk)))
}
