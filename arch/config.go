package arch

import (
	"fmt"
	"strings"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// SchemaVersion is the version of the YAML form of [Config].
const SchemaVersion = 1

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

// countBits is the width of the counts in a configuration beat.
const countBits = 20

// maxCount is the greatest count in a configuration beat.
const maxCount = 1<<countBits - 1

// Config describes an engine. Its YAML form has one key for each field (see
// [Fields]); an engine is made of nothing else.
type Config struct {
	Schema     int
	Name       string
	Kind       string // systolic
	Rows, Cols int    // of the array, 1 to 256 each
	Dataflow   string
	PE         string // mac or opt1
	Multiplier string // of a mac: star or booth4; opt1 has Booth rows by nature
	A, B       numeric.Int
	AccBits    int // width of the accumulator; 0: the least that cannot overflow for AccK
	AccK       int // the greatest K, when AccBits is 0
	Overflow   string
	InitC      bool // a stream of initial C is added to the result
	Overlap    string
	Drain      string // output-stationary: down2 or up
	AccRows    int    // weight- and input-stationary: rows of the accumulator memory
	FreqMHz    int    // clock for reports; no influence on the hardware
}

// Overflow rules of the accumulator.
const (
	Wrap     = "wrap"
	Saturate = "saturate"
)

// Default is the configuration from which presets and YAML files start.
func Default() Config {
	return Config{
		Schema: SchemaVersion, Name: "custom", Kind: "systolic", Rows: 32, Cols: 32, Dataflow: WS, PE: "mac",
		Multiplier: pe.MulStar, A: numeric.Int{Bits: 8, Signed: true}, B: numeric.Int{Bits: 8, Signed: true},
		AccBits: 32, Overflow: Wrap, Overlap: OverlapFull, Drain: pe.DrainDown2, AccRows: 512, FreqMHz: 1000,
	}
}

// Validate reports everything that is wrong with a configuration, one error for
// each field.
func (c *Config) Validate() []FieldError {
	var errs []FieldError
	bad := func(field, format string, args ...any) {
		errs = append(errs, FieldError{Field: field, Text: fmt.Sprintf(format, args...)})
	}
	between := func(field string, v, lo, hi int) {
		if v < lo || v > hi {
			bad(field, "out of range: %d (expected %d..%d)", v, lo, hi)
		}
	}
	oneOf := func(field, v string, list ...string) {
		for _, x := range list {
			if v == x {
				return
			}
		}
		bad(field, "unknown value: %q (expected %s)", v, orList(list))
	}
	if c.Schema != SchemaVersion {
		bad("schema", "unknown version: %d (expected %d)", c.Schema, SchemaVersion)
	}
	if c.Name == "" || strings.ContainsAny(c.Name, " \t\r\n/\\\"'") {
		bad("name", "not a name: %q (expected letters, digits, '-', '_' or '.')", c.Name)
	}
	oneOf("kind", c.Kind, "systolic")
	between("rows", c.Rows, 1, 256)
	between("cols", c.Cols, 1, 256)
	oneOf("dataflow", c.Dataflow, OS, WS, IS)
	oneOf("pe", c.PE, "mac", "opt1")
	oneOf("multiplier", c.Multiplier, pe.MulStar, pe.MulBooth4)
	oneOf("overflow", c.Overflow, Wrap, Saturate)
	oneOf("overlap", c.Overlap, OverlapNone, OverlapLoad, OverlapDrain, OverlapFull)
	oneOf("drain", c.Drain, pe.DrainDown2, pe.DrainUp)
	between("acc_rows", c.AccRows, 1, 65536)
	between("freq_mhz", c.FreqMHz, 1, 100000)
	between("a", c.A.Bits, 2, 16)
	between("b", c.B.Bits, 2, 16)
	if c.AccBits == 0 {
		between("acc_k", c.AccK, 1, 1<<40)
		if w := numeric.AccBits(c.A, c.B, max(c.AccK, 1)); w > hw.MaxWidth {
			bad("acc_k", "needs an accumulator of %d bits: %d (expected at most %d bits)", w, c.AccK, hw.MaxWidth)
		}
	} else {
		between("acc_bits", c.AccBits, 2, hw.MaxWidth)
		if c.AccK != 0 {
			need := numeric.AccBits(c.A, c.B, c.AccK)
			if c.Overflow == Wrap && need > c.AccBits {
				bad("acc_bits", "too narrow for acc_k = %d: %d (expected at least %d, or overflow: saturate, or acc_k: 0)", c.AccK, c.AccBits, need)
			}
		}
	}
	c.validateTogether(bad)
	return errs
}

// validateTogether checks fields against each other.
func (c *Config) validateTogether(bad func(field, format string, args ...any)) {
	if c.Dataflow == OS && c.Overlap == OverlapLoad {
		bad("overlap", "nothing is loaded in an output-stationary array: %q (expected none, drain or full)", c.Overlap)
	}
	if c.PE == "opt1" && c.Overflow == Saturate {
		bad("overflow", "overflow of a (sum, carry) pair cannot be seen: %q (expected wrap with pe: opt1)", c.Overflow)
	}
	if c.Overflow == Saturate && c.AccBits != 0 && c.AccBits < c.A.Bits+c.B.Bits {
		bad("acc_bits", "narrower than a product, which saturation must see: %d (expected at least %d)", c.AccBits, c.A.Bits+c.B.Bits)
	}
}

func orList(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// spec is the arithmetic's view of the formats: x moves, y stays (or, output-
// stationary, moves down). Input-stationary exchanges A and B: its stream w carries A and
// its stream a carries B.
func (c *Config) spec() pe.Spec {
	s := pe.Spec{A: c.A, B: c.B, Signed: c.A.Signed || c.B.Signed, Saturate: c.Overflow == Saturate}
	if c.Dataflow == IS {
		s.A, s.B = s.B, s.A
	}
	return s
}

func (c *Config) arith() pe.Arith {
	if c.PE == "opt1" {
		return pe.OPT1{Spec: c.spec()}
	}
	return pe.MAC{Spec: c.spec(), Mul: c.Multiplier}
}

// accBits is the width of the accumulator.
func (c *Config) accBits() int {
	if c.AccBits != 0 {
		return c.AccBits
	}
	return max(numeric.AccBits(c.A, c.B, c.AccK), 2)
}

// sumBits is the width of the sums that pass down a weight-stationary column:
// wide enough for the products of all rows, and never wider than the accumulator.
func (c *Config) sumBits() int {
	return min(c.accBits(), c.A.Bits+c.B.Bits+clog2(c.Rows))
}

// clog2 is the base-2 logarithm, rounded up.
func clog2(n int) int {
	b := 0
	for 1<<b < n {
		b++
	}
	return b
}

func (c *Config) moduleName() string {
	return fmt.Sprintf("systolic_%s_%s_%dx%d", c.Dataflow, c.PE, c.Rows, c.Cols)
}

func (c *Config) describe() string {
	return fmt.Sprintf("%s: systolic array, %d x %d, %s-stationary, %s x %s into %d bits (%s), overlap %s.",
		c.Name, c.Rows, c.Cols, map[string]string{OS: "output", WS: "weight", IS: "input"}[c.Dataflow], c.A, c.B, c.accBits(), c.Overflow, c.Overlap)
}

// Acc is what the engine promises about accumulation, for the software GEMM.
func (c *Config) Acc() numeric.Acc {
	acc := numeric.Acc{Int: numeric.Int{Bits: c.accBits(), Signed: c.A.Signed || c.B.Signed}, Saturate: c.Overflow == Saturate}
	if c.Dataflow != OS {
		acc.Chunk = c.Rows
	}
	return acc
}

// MACsPerCycle is the peak rate of the array.
func (c *Config) MACsPerCycle() int { return c.Rows * c.Cols }
