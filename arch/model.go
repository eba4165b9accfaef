package arch

import (
	"errors"
	"fmt"
	"math/bits"

	"tpe/hw"
	"tpe/numeric"
)

// Model are the parameters of the kind model.
type Model struct {
	Formula string // bitlet or loom
	Lanes   int    // products of a PE in a step
	Dynamic bool   // loom: precision of A by what the operands of a step need
}

// Formulas of the kind model.
const (
	modelBitlet = "bitlet"
	modelLoom   = "loom"
)

// model is the kind of that name: engines of which only the cycle count of their papers'
// models is here, and no hardware. They have fidelity formula alone and never count as
// verified.
//
//	bitlet   a window of operands of B lasts as long as its fullest bit position has ones, each
//	         position taking one product a cycle; columns meet at the end of a tile
//	loom     a step lasts Pa Pw cycles: one bit of A times one of B a lane and cycle
//
// Neither counts load, drain or delivery. Sources: Bitlet, MICRO 2021; Loom, DAC 2018,
// arXiv 1706.07853.
type model struct{ integers }

func (model) fields() []Field {
	return append(gridFields(),
		textField("formula", "bitlet or loom", func(c *Config) *string { return &c.Model.Formula }),
		intField("lanes", "products of a PE in a step (bitlet: its window), 1..64", func(c *Config) *int { return &c.Model.Lanes }),
		boolField("dynamic", "loom: true: a step takes the bits that its operands of A need", func(c *Config) *bool { return &c.Model.Dynamic }),
		formatField("a", "format of A, int2..int16 or uint2..uint16", func(c *Config) *numeric.Int { return &c.A }),
		formatField("b", "format of B, likewise", func(c *Config) *numeric.Int { return &c.B }))
}

func (model) defaults(c *Config) {
	c.Rows, c.Cols, c.Model = 4, 8, Model{Formula: modelBitlet, Lanes: 64}
}

func (model) presets() []Preset {
	return []Preset{
		preset("model", "bitlet", "Bitlet, 32 PEs with windows of 64: formula only", func(c *Config) {}),
		preset("model", "loom", "Loom, 128 x 16 PEs of 16 one-bit lanes, dynamic precision of A: formula only", func(c *Config) {
			c.Rows, c.Cols, c.Model = 128, 16, Model{Formula: modelLoom, Lanes: 16, Dynamic: true}
		}),
	}
}

func (model) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 256)
	v.between("cols", c.Cols, 1, 256)
	v.oneOf("formula", c.Model.Formula, modelBitlet, modelLoom)
	v.between("lanes", c.Model.Lanes, 1, 64)
	v.between("a", c.A.Bits, 2, 16)
	v.between("b", c.B.Bits, 2, 16)
	if c.Model.Dynamic && c.Model.Formula != modelLoom {
		v.bad("dynamic", "bitlet has no precision: true (expected false, or formula: loom)")
	}
}

func (model) together() []string {
	return []string{"A model has no hardware: fidelity `formula` alone, and `tpe gen`, `tpe verify` and `tpe cost` refuse it.",
		"`dynamic` is read with `formula: loom` alone."}
}

func (model) module(c *Config) string { return "model_" + c.Model.Formula }
func (model) describe(c *Config) string {
	return fmt.Sprintf("%s: formula of %s, no hardware.", c.Name, c.Model.Formula)
}
func (model) dims(c *Config) []int            { return []int{c.Rows, c.Cols, c.Model.Lanes} }
func (model) small(*Config) [][]string        { return nil }
func (model) acc(c *Config) numeric.Acc       { return c.integerAcc(0) }
func (model) results(*Config, Shape) int      { return 0 }
func (model) checkShape(*Config, Shape) error { return nil }

var errNoHardware = errors.New("kind model has a formula and no hardware (expected an engine of another kind, or tpe run --fidelity formula --check none)")

func (model) build(*Config) (*hw.Module, error)              { return nil, errNoHardware }
func (model) layout(l *layout, _ Shape)                      { l.err = errNoHardware }
func (model) eachResult(*Config, Shape, func(func(int) int)) {}
func (model) dataDriven(c *Config) bool                      { return c.Model.Formula == modelBitlet || c.Model.Dynamic }

// extent: loom has rows of A on its columns.
func (model) extent(c *Config) Shape {
	if c.Model.Formula == modelLoom {
		return Shape{M: c.Cols, N: c.Rows, K: c.Model.Lanes}
	}
	return Shape{M: c.Rows, N: c.Cols, K: c.Model.Lanes}
}

// peak: a step as short as there can be.
func (model) peak(c *Config) int {
	n := c.Rows * c.Cols * c.Model.Lanes
	if c.Model.Formula == modelLoom {
		n /= c.B.Bits
		if !c.Model.Dynamic {
			n /= c.A.Bits
		}
	}
	return max(n, 1)
}

// HasHardware reports whether an engine has more than a formula.
func (c *Config) HasHardware() bool {
	switch c.Kind {
	case "model":
		return false
	case "column":
		return c.Schedule == ScheduleArray
	case "mixpe":
		return c.Accounting == AccountIsoArea
	}
	return true
}

func (model) timing(c *Config, s Shape, d Data) Timing {
	one := c.family().extent(c)
	m, n, k := cdiv(s.M, one.M), cdiv(s.N, one.N), cdiv(s.K, one.K)
	if c.Model.Formula == modelBitlet {
		return c.bitletTiming(s, d, m, n, k)
	}
	if !c.Model.Dynamic {
		return Timing{Cycles: int64(m) * int64(n) * int64(k) * int64(c.A.Bits*c.B.Bits)}
	}
	// The bits that the operands of A of a step need, all rows of the tile together.
	need := make([]uint8, m*k)
	eachGroup(s, d, serialA, c.Model.Lanes, func(i, step int, group []int32) {
		at := &need[i/one.M*k+step]
		for _, v := range group {
			*at = max(*at, uint8(c.neededBits(v)))
		}
	})
	sum := int64(0)
	for _, b := range need {
		sum += int64(max(b, 1))
	}
	return Timing{Cycles: sum * int64(n) * int64(c.B.Bits),
		Figures: []Figure{{"mean precision of A in a step", float64(sum) / float64(len(need)), "bits"}}}
}

// neededBits is the least width that holds an operand of A.
func (c *Config) neededBits(v int32) int {
	if !c.A.Signed {
		return bits.Len32(uint32(v))
	}
	return bits.Len32(uint32(v^v>>31)) + 1
}

// bitletTiming: the slowest column of each tile, its windows one after the other.
func (c *Config) bitletTiming(s Shape, d Data, m, n, k int) Timing {
	masks := termMasks(numeric.BitsM, c.B)
	low := int32(len(masks) - 1)
	column := make([]int64, n*c.Cols)
	sum := int64(0)
	eachGroup(s, d, serialB, c.Model.Lanes, func(j, _ int, group []int32) {
		var ones [16]int
		for _, v := range group {
			for w := masks[v&low]; w != 0; w &= w - 1 {
				ones[bits.TrailingZeros32(w)]++
			}
		}
		most := 1
		for _, o := range ones {
			most = max(most, o)
		}
		column[j] += int64(most)
		sum += int64(most)
	})
	cycles := int64(0)
	for ; len(column) > 0; column = column[c.Cols:] {
		slowest := int64(0)
		for _, t := range column[:c.Cols] {
			slowest = max(slowest, t)
		}
		cycles += slowest * int64(m)
	}
	return Timing{Cycles: cycles, Figures: []Figure{{"mean cycles of a window", float64(sum) / float64(s.N*k), "cycles"}}}
}
