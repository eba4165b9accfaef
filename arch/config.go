package arch

import (
	"fmt"
	"slices"
	"strings"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// SchemaVersion is the version of the YAML form of [Config].
const SchemaVersion = 1

// countBits is the width of the counts in a configuration beat.
const countBits = 20

// maxCount is the greatest count in a configuration beat.
const maxCount = 1<<countBits - 1

// Config describes an engine. Its YAML form has one key for each field that its
// kind reads (see [Config.Fields]); an engine is made of nothing else.
type Config struct {
	Schema  int
	Name    string
	Kind    string // see [Kinds]
	FreqMHz int    // clock for reports; no influence on the hardware

	// What several kinds share. A kind reads those that its fields list.
	Rows, Cols  int         // of the array, 1 to 256 each
	PE          string      // mac, opt1 or another of tpe list pes
	Multiplier  string      // of a mac: star or booth4; opt1 has Booth rows by nature
	Adder       string      // of the PEs: one of pe.Adders
	EdgeEncoder string      // none, or the encoding in which x travels through the array (hoist.go)
	A, B        numeric.Int // of PEs of integers
	AccBits     int         // width of the accumulator; 0: the least that cannot overflow for AccK
	AccK        int         // the greatest K, when AccBits is 0
	Overflow    string
	Overlap     string // what may go on at the same time (systolic.go)
	AccRows     int    // of arrays that keep weights: rows of the accumulator memory
	InitC       bool   // a stream of initial C is added to the result
	Scaling
	Floats // of PEs of floats

	Systolic // of the kind of that name
	Tree     // of the kinds tree and cube
	Cube     // of the kind of that name
	Column   // of the kind of that name
	LUT      // likewise
	MixPE    // likewise
	Maddness // likewise
	BlockFMA // likewise

	Serial Serial // of the kind of that name
	Model  Model  // likewise
}

// Overflow rules of the accumulator.
const (
	Wrap     = "wrap"
	Saturate = "saturate"
)

// Default is the configuration from which a YAML file that names no kind starts: a
// systolic array.
func Default() Config { return DefaultOf(kinds[0].name) }

// DefaultOf is the configuration from which a YAML file of the given kind starts;
// for an unknown kind it has only what all kinds share.
func DefaultOf(kind string) Config {
	c := Config{
		Schema: SchemaVersion, Name: "custom", Kind: kind, FreqMHz: 1000, Rows: 32, Cols: 32,
		PE: peMAC, Multiplier: pe.MulStar, Adder: pe.AdderAuto, EdgeEncoder: encodeInPE, A: numeric.Int{Bits: 8, Signed: true}, B: numeric.Int{Bits: 8, Signed: true},
		AccBits: 32, Overflow: Wrap, Overlap: OverlapFull, AccRows: 512,
		Floats: defaultFloats(),
	}
	if f := familyOf(kind); f != nil {
		f.defaults(&c)
	}
	return c
}

// validation collects what is wrong with a configuration.
type validation struct{ errs []FieldError }

func (v *validation) bad(field, format string, args ...any) {
	v.errs = append(v.errs, FieldError{Field: field, Text: fmt.Sprintf(format, args...)})
}

// between asks for lo <= x <= hi.
func (v *validation) between(field string, x, lo, hi int) {
	if x < lo || x > hi {
		v.bad(field, "out of range: %d (expected %d..%d)", x, lo, hi)
	}
}

// oneOf asks for one of the listed values.
func (v *validation) oneOf(field, x string, list ...string) {
	if !slices.Contains(list, x) {
		v.bad(field, "unknown value: %q (expected %s)", x, orList(list))
	}
}

// Validate reports everything that is wrong with a configuration, one error for
// each field.
func (c *Config) Validate() []FieldError {
	v := &validation{}
	if c.Schema != SchemaVersion {
		v.bad("schema", "unknown version: %d (expected %d)", c.Schema, SchemaVersion)
	}
	if c.Name == "" || strings.ContainsAny(c.Name, " \t\r\n/\\\"'") {
		v.bad("name", "not a name: %q (expected letters, digits, '-', '_' or '.')", c.Name)
	}
	v.between("freq_mhz", c.FreqMHz, 1, 100000)
	if f := c.family(); f != nil {
		f.validate(c, v)
	} else {
		v.oneOf("kind", c.Kind, kindNames()...)
	}
	return v.errs
}

func orList(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// clog2 is the base-2 logarithm, rounded up.
func clog2(n int) int {
	b := 0
	for 1<<b < n {
		b++
	}
	return b
}

// Acc is what the engine promises about accumulation, for the software GEMM.
func (c *Config) Acc() numeric.Acc { return c.family().acc(c) }

// Formats are those of A, B and the result.
func (c *Config) Formats() (a, b, result numeric.Format) { return c.family().formats(c) }

// MACsPerCycle is the peak rate of the array.
func (c *Config) MACsPerCycle() int { return c.family().peak(c) }

// Dims are the sizes of the array as reports print them, such as 32, 32.
func (c *Config) Dims() []int { return c.family().dims(c) }

// DimsText joins sizes of an array by "x".
func DimsText(dims []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(dims), "[]"), " ", "x")
}

// SmallSizes are settings that make small arrays of an engine, on which slow
// simulators and synthesis still end soon: each a list for [Load].
func (c *Config) SmallSizes() [][]string { return c.family().small(c) }

// Extent is the part of a multiplication that the array works on at a time; a
// dimension that streams through has any convenient size. Samples and random
// cases are laid out in multiples of it.
func (c *Config) Extent() Shape { return c.family().extent(c) }

// DataDriven reports whether the cycle count depends on the operands' values.
func (c *Config) DataDriven() bool { return c.family().dataDriven(c) }

// Reference is the software GEMM of the engine: what its arithmetic promises for
// the operands, M x N words, row-major. It never looks at the graph.
func (c *Config) Reference(o Operands) ([]int64, error) { return c.family().reference(c, o) }

// Timing is the closed form of a job's time when nothing outside stalls the
// engine. d gives the operands' values; it may be nil unless the engine is
// [Config.DataDriven]. The shape is not checked (see [Config.CheckShape]).
func (c *Config) Timing(s Shape, d Data) Timing { return c.family().timing(c, s, d) }

// Cycles is the cycle count of [Config.Timing]: clock edges from the one that takes
// the first operand or weight beat to the one that delivers the last result
// beat, both counted. docs/cycles.md derives it.
func (c *Config) Cycles(s Shape, d Data) int64 { return c.Timing(s, d).Cycles }

// Timing is what a closed form says of a job.
type Timing struct {
	Cycles    int64
	HalfWidth int64    // of the 95 % confidence interval of Cycles if they are an estimate; 0: exact
	Figures   []Figure // where the time went, for kinds that tell
}

// Figure is one number about a job.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"` // empty for a share from 0 to 1
}

// top begins the top module of an engine.
func (c *Config) top() *hw.Builder {
	f := c.family()
	return hw.New(f.module(c), f.describe(c))
}
