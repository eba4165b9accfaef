package arch

import (
	"tpe/hw"
	"tpe/numeric"
)

// family is a kind of engine: what it needs of a configuration, how it is built,
// fed and timed. A new kind is a file that implements it, its parameters in
// [Config], and a line in kinds.
type family interface {
	// fields are the keys of the YAML form beside those of every kind.
	fields() []Field
	// defaults sets what a file that names only the kind has.
	defaults(c *Config)
	presets() []Preset
	validate(c *Config, v *validation)
	// together says in sentences what validate asks of several keys at once.
	together() []string
	// module is the name of the top module, describe its comment.
	module(c *Config) string
	describe(c *Config) string
	// dims are the sizes of the array as reports print them, such as 32, 32.
	dims(c *Config) []int
	// extent is the part of a multiplication that the array works on at a time; a
	// dimension that streams through has any convenient size.
	extent(c *Config) Shape
	// small are settings that make arrays small enough for synthesis.
	small(c *Config) [][]string
	// peak is the greatest number of products a cycle.
	peak(c *Config) int
	// formats are those of A, B and the result.
	formats(c *Config) (a, b, result numeric.Format)
	// acc is how products are accumulated, for the software GEMM; of codes only their width.
	acc(c *Config) numeric.Acc
	// reference is the software GEMM of this kind.
	reference(c *Config, o Operands) ([]int64, error)
	build(c *Config) (*hw.Module, error)
	// checkShape reports why a shape (of dimensions of at least 1) cannot be one job.
	checkShape(c *Config, s Shape) error
	// results is the number of result beats of a job.
	results(c *Config, s Shape) int
	// layout writes the operands of a job as beats.
	layout(l *layout, s Shape)
	// eachResult calls f for each result beat in order; at(j) is the index in C of its
	// word j, or -1 where the word belongs to none.
	eachResult(c *Config, s Shape, f func(at func(j int) int))
	// dataDriven reports whether timing depends on the operands' values.
	dataDriven(c *Config) bool
	// timing is the closed form; d is nil unless dataDriven.
	timing(c *Config, s Shape, d Data) Timing
}

// kinds lists the kinds of engine, by the names that the key "kind" takes.
var kinds = [...]struct {
	name, doc string
	family
}{
	{"systolic", "systolic array, output-, weight- or input-stationary", systolic{}},
	{"matrix2d", "two-dimensional matrix of PEs, outer products by broadcast", matrix2d{}},
	{"tree", "multiplier-adder tree, dot-product cells with stationary weights", tree{}},
	{"cube", "three-dimensional cube, a matrix product of blocks every cycle", cube{}},
	{"column", "columns of PEs that work on the sparse digits of A", column{}},
	{"mixpe", "output-stationary systolic array of shift-and-add PEs, groups scaled after accumulation", mixpe{}},
	{"lut", "lookup engine: tables of activations, bit-serial weights", lut{}},
	{"serial", "tile of bit-serial processing elements", serial{}},
	{"maddness", "approximate multiplication by prototypes, a decision tree and tables", maddness{}},
	{"blockfma", "dot-product units with tensor-core arithmetic", blockfma{}},
	{"model", "formula of a published model, no hardware", model{}},
}

// Kind names a kind of engine.
type Kind struct {
	Name, Doc string
	Together  []string // sentences on which values of its keys go together
}

// Kinds lists the kinds of engine.
func Kinds() []Kind {
	var list []Kind
	for _, k := range kinds {
		list = append(list, Kind{k.name, k.doc, k.together()})
	}
	return list
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// familyOf returns the family of a kind, or nil.
func familyOf(kind string) family {
	for i := range kinds {
		if kinds[i].name == kind {
			return kinds[i].family
		}
	}
	return nil
}

// family of a configuration whose kind is valid.
func (c *Config) family() family { return familyOf(c.Kind) }

// integers are the defaults of a kind that multiplies integers and whose timing does
// not depend on them; families embed it.
type integers struct{}

func (integers) dataDriven(*Config) bool { return false }

func (integers) formats(c *Config) (a, b, result numeric.Format) { return c.A, c.B, c.Acc().Int }

func (integers) reference(c *Config, o Operands) ([]int64, error) {
	return numeric.GEMM(o.A, o.B, o.Init, c.Acc())
}

// operands are those of an array that hosts PEs of integers and of floats; families embed it.
type operands struct{ integers }

func (o operands) formats(c *Config) (a, b, result numeric.Format) {
	if c.floats() {
		return c.FloatA, c.FloatB, c.FloatC
	}
	return o.integers.formats(c)
}

func (o operands) reference(c *Config, in Operands) ([]int64, error) {
	if c.floats() {
		return c.floatArithmetic().GEMM(in.A, in.B, in.Init)
	}
	return o.integers.reference(c, in)
}

// approximate implements approximating: sums of floats are rounded.
func (operands) approximate(c *Config) bool { return c.floats() }
