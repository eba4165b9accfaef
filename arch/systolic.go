package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// Dataflows: which operand stays in the array.
const (
	OS = "os" // the results
	WS = "ws" // a tile of B
	IS = "is" // a tile of A
)

// Overlap options: what may go on at the same time as something else. Per dataflow:
//
//	        output-stationary               weight- and input-stationary
//	none    a tile starts after the last    a tile of weights is loaded after the last job has left the array,
//	        has left the array              and its rows stream after that
//	load    refused: nothing is loaded      weights load while the job before streams; its rows wait until that
//	                                        job has left the array
//	drain   a tile streams while the one    weights load while the job before leaves the array; its rows stream
//	        before leaves the array         after that
//	full    the same as drain               both: rows of successive jobs follow each other without a gap if a job has
//	                                        at least 2 rows + cols - 1 rows; with fewer the two weight halves bind
const (
	OverlapNone  = "none"
	OverlapLoad  = "load"
	OverlapDrain = "drain"
	OverlapFull  = "full"
)

// Systolic are the parameters of a systolic array beside those that kinds share.
type Systolic struct {
	Dataflow string
	Drain    string // output-stationary: down2 or up
}

// systolic is the kind of that name. Its builders are in os.go and ws.go.
type systolic struct{ operands }

func (systolic) fields() []Field {
	list := append(gridFields(), textField("dataflow", "os, ws or is: output-, weight- or input-stationary", func(c *Config) *string { return &c.Dataflow }))
	list = append(list, hostFields()...)
	return append(list,
		overlapField(),
		textField("drain", "output-stationary: down2 or up", func(c *Config) *string { return &c.Drain }),
		accRowsField("weight- and input-stationary: "))
}

func (systolic) defaults(c *Config) {
	c.Systolic = Systolic{Dataflow: WS, Drain: pe.DrainDown2}
}

func (systolic) presets() []Preset {
	return []Preset{
		preset("systolic", "systolic-os", "output-stationary systolic array", func(c *Config) { c.Dataflow = OS }),
		preset("systolic", "systolic-ws", "weight-stationary systolic array with shadow weights", func(c *Config) { c.Dataflow = WS }),
		preset("systolic", "systolic-is", "input-stationary systolic array", func(c *Config) { c.Dataflow = IS }),
		preset("systolic", "systolic-os-opt1", "output-stationary array of compressed-accumulation PEs", func(c *Config) {
			c.Dataflow, c.PE, c.Multiplier = OS, peOPT1, pe.MulBooth4
		}),
		preset("systolic", "systolic-ws-opt1", "weight-stationary array of compressed-accumulation PEs", func(c *Config) {
			c.Dataflow, c.PE, c.Multiplier = WS, peOPT1, pe.MulBooth4
		}),
		preset("systolic", "systolic-os-ent", "output-stationary array with EN-T encoders at its edge", func(c *Config) {
			c.Dataflow = OS
			hoistENT(c)
		}),
		preset("systolic", "systolic-ws-ent", "weight-stationary array with EN-T encoders at its edge", func(c *Config) {
			c.Dataflow = WS
			hoistENT(c)
		}),
		preset("systolic", "bitfusion", "weight-stationary array of Bit Fusion units: 16 products of 2-bit operands to 1 of 8 bits a PE and cycle", func(c *Config) {
			c.Rows, c.Cols, c.PE = 8, 8, peFusion
		}),
		preset("systolic", "fma-bf16", "weight-stationary array of fused multiply-adds, BF16 into FP32", func(c *Config) {
			c.PE = peFMA
			c.setFloats(numeric.BF16)
		}),
		preset("systolic", "fma-fp16", "weight-stationary array of fused multiply-adds, FP16 into FP32", func(c *Config) {
			c.PE = peFMA
			c.setFloats(numeric.FP16)
		}),
		preset("systolic", "fma-e4m3", "output-stationary array that adds products of E4M3 exactly (Kulisch), K to 4096", func(c *Config) {
			c.Dataflow, c.PE, c.FloatAcc, c.AccK = OS, peFMA, numeric.Float{}, 4096
			c.setFloats(numeric.E4M3)
		}),
		preset("systolic", "fma-skew-bf16", "weight-stationary array of fused multiply-adds of two stages, skewed, BF16 into FP32", func(c *Config) {
			c.PE, c.Stages, c.Skewed = peFMA, 2, true
			c.setFloats(numeric.BF16)
		}),
		preset("systolic", "anfma-bf16", "weight-stationary array of multiply-adds that normalise approximately (an-1-2), BF16 into FP32", func(c *Config) {
			c.PE, c.Subnormals = peANFMA, Flush
			c.setFloats(numeric.BF16)
		}),
		addMulPreset("lmul", numeric.BF16, "L-Mul, the sum of the fields and a constant"),
		addMulPreset("lmul", numeric.E4M3, "L-Mul, the sum of the fields and a constant"),
		addMulPreset("lmul-eq", numeric.BF16, "L-Mul by the paper's equation"),
		addMulPreset("pam", numeric.BF16, "PAM, the sum of the fields"),
		addMulPreset("fp8add", numeric.E4M3, "exact products by addition with a table of carries"),
	}
}

// addMulPreset is a weight-stationary array of PEs that multiply by addition, into FP32.
func addMulPreset(kind string, f numeric.Float, doc string) Preset {
	return preset("systolic", kind+"-"+f.Name, "weight-stationary array, "+doc+", into FP32", func(c *Config) {
		c.PE, c.NaN = kind, Number
		c.setFloats(f)
	})
}

func (systolic) validate(c *Config, v *validation) {
	v.between("rows", c.Rows, 1, 256)
	v.between("cols", c.Cols, 1, 256)
	v.oneOf("dataflow", c.Dataflow, OS, WS, IS)
	v.stationary(c)
	v.oneOf("drain", c.Drain, pe.DrainDown2, pe.DrainUp)
	v.hostPE(c, append(floatPEs, peFusion)...)
	v.fusionPE(c)
	if c.Dataflow == OS {
		v.oneStage(c)
	}
	if c.Dataflow == OS && c.Overlap == OverlapLoad {
		v.bad("overlap", "nothing is loaded in an output-stationary array: %q (expected none, drain or full)", c.Overlap)
	}
}

func (systolic) together() []string {
	return append(hostTogether(),
		"`overlap: load` is refused with `dataflow: os`.",
		"`drain` is read by `dataflow: os` alone, `acc_rows` by the other two.",
		"`pe: bitfusion` takes operands of 2 to 8 bits, computed with 2, 4 or 8; it wraps and has no `edge_encoder`. Its hardware is the same for all of them.")
}

func (systolic) module(c *Config) string {
	return fmt.Sprintf("systolic_%s_%s_%dx%d", c.Dataflow, c.peName(), c.Rows, c.Cols)
}

func (systolic) describe(c *Config) string {
	return fmt.Sprintf("%s: systolic array, %d x %d, %s-stationary, %s x %s into %d bits (%s), overlap %s.%s",
		c.Name, c.Rows, c.Cols, map[string]string{OS: "output", WS: "weight", IS: "input"}[c.Dataflow], c.A, c.B, c.accBits(), c.Overflow, c.Overlap, c.hoistText())
}

func (systolic) dims(c *Config) []int { return []int{c.Rows, c.Cols} }

// A small accumulator memory makes jobs of several blocks, and a netlist of flip-flops
// that is not mostly memory.
func (systolic) small(c *Config) [][]string {
	list := smallGrids()
	if c.PE == peFusion { // large PEs, in three of their precisions
		list = [][]string{{"rows=3", "cols=2", "a=int4", "b=int8"}, {"rows=2", "cols=3", "a=uint2", "b=int4"}, {"rows=2", "cols=2", "a=int8", "b=int8"}}
	}
	for i := range list {
		list[i] = append(list[i], "acc_rows=8")
	}
	return list
}

func (systolic) peak(c *Config) int { return c.Rows * c.Cols * c.factor() }

func (systolic) extent(c *Config) Shape {
	k := c.Rows * c.factor()
	if c.Dataflow == IS {
		return Shape{M: c.Cols, N: c.Rows, K: k}
	}
	return Shape{M: c.Rows, N: c.Cols, K: k}
}

func (systolic) acc(c *Config) numeric.Acc {
	if c.Dataflow == OS {
		return c.integerAcc(0)
	}
	return c.integerAcc(c.Rows)
}

func (systolic) build(c *Config) (*hw.Module, error) {
	if c.Dataflow == OS {
		return buildOS(c)
	}
	return buildWS(c)
}

// streamed is the shape as the weight-stationary array sees it.
func (c *Config) streamed(s Shape) Shape {
	if c.Dataflow == IS {
		return s.transposed()
	}
	return s
}

func (systolic) checkShape(c *Config, s Shape) error {
	over := func(what string, n int) error { return checkCount(c, s, what, n) }
	s = c.beats(s)
	if c.Dataflow == OS {
		return errors.Join(c.exactFits(s), over("beats a tile", s.K), over("row tiles", cdiv(s.M, c.Rows)), over("column tiles", cdiv(s.N, c.Cols)))
	}
	t := c.streamed(s)
	return errors.Join(over("chunks of K", cdiv(t.K, c.Rows)), over("row blocks", cdiv(t.M, c.AccRows)), over("column tiles", cdiv(t.N, c.Cols)))
}

func (systolic) results(c *Config, s Shape) int {
	t := c.streamed(s)
	return t.M * cdiv(t.N, c.Cols)
}

func (systolic) layout(l *layout, s Shape) {
	if l.e.Dataflow == OS {
		l.os(l.e.beats(s))
	} else {
		l.ws(l.e.beats(s))
	}
}

func (systolic) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	if c.Dataflow == OS {
		osResults(c, s, c.Drain == pe.DrainUp, f)
	} else {
		wsResults(c, s, f)
	}
}

func (systolic) timing(c *Config, s Shape, _ Data) Timing {
	s = c.beats(s)
	if c.Dataflow == OS {
		return Timing{Cycles: c.osCycles(s)}
	}
	return Timing{Cycles: c.wsCycles(c.wsTimes(), c.streamed(s))}
}
