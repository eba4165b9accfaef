package sweep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"tpe/arch"
	"tpe/workloads"
)

// SchemaVersion is the version of the YAML form of a [Space].
const SchemaVersion = 1

// Space is a design space and how it is explored.
type Space struct {
	Name       string
	Engines    []EngineAxis
	Workloads  []string // as tpe run takes them
	Derived    []Derived
	Where      []Condition
	Data       string // operands, as tpe run takes them
	Seed       uint64
	Fidelity   string  // formula or cycle
	Bandwidth  float64 // bytes a cycle; 0: not given
	Cost       *CostSpec
	Objectives []Objective
	Method     Method
	Axes       []Axis // all that occur, in the order of the file; columns of the store
	size       uint64
	starts     []uint64 // index of each engine's first point
	names      []string // that expressions use
	works      []work
	data       workloads.DataSet
	source     []byte // of the file, kept beside the results
	root       string // folder that names of files are relative to
}

// EngineAxis is an engine and the axes that it has: those of its own and those of the space
// whose key its kind has.
type EngineAxis struct {
	Name string // preset or file
	Axes []Axis
	base arch.Config
	set  []arch.Field // of Axes
	get  map[string]arch.Field
	size uint64
}

// Axis is a key of an engine and its values, in the order in which they are visited.
type Axis struct {
	Key    string
	Values []string
}

// Derived is a key whose value is computed from others.
type Derived struct {
	Key  string
	Text string
	prog *vm.Program
}

// Condition says which points belong to the space.
type Condition struct {
	Text string
	prog *vm.Program
}

// CostSpec asks for area and frequency of every point, and for its energy.
type CostSpec struct {
	Tech    string // technology of the fast model
	Liberty string // a cell library instead, to synthesise with
	Recipe  string // area, balanced or speed
	Energy  bool   // also simulate the gates on a sampled job
	DRAM    string // class of DRAM for compulsory bytes
	Freq    string // "config": the engine's freq_mhz; "max": at the least period
}

// Objective is a metric to be minimised or maximised, and bounds on it.
type Objective struct {
	Metric   string
	Maximise bool
	AtLeast  *float64
	AtMost   *float64
}

// Methods of exploring.
const (
	Exhaustive = "exhaustive"
	Random     = "random"
	LHS        = "lhs"    // Latin hypercube
	Halton     = "halton" // low-discrepancy sequence
	NSGA2      = "nsga2"  // genetic, several objectives
	GP         = "gp"     // Gaussian process, expected improvement of a random weighting
	Halving    = "halving"
)

// Method is how points are chosen.
type Method struct {
	Kind       string
	Points     int // evaluations; unused by exhaustive
	Seed       uint64
	Population int      // of nsga2
	Keep       float64  // of halving: the share that goes on to the next fidelity
	Fidelities []string // of halving
}

// Load reads a space from a file.
func Load(path string) (*Space, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("space file: %w", err)
	}
	return Parse(path, src)
}

// file is the path of a file that the space names, or the name itself if it is of something else.
func (s *Space) file(name string) string {
	if filepath.IsAbs(name) || !strings.Contains(name, ".") {
		return name
	}
	if path := filepath.Join(s.root, name); s.root != "." {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return name
}

// prepare resolves engines, axes, workloads and expressions; where says at which place of
// the file something stands.
func (s *Space) prepare(common []Axis, where func(string) string) error {
	var errs []error
	bad := func(what, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", where(what), fmt.Sprintf(format, args...)))
	}
	used := map[string]bool{}
	for i := range s.Engines {
		e := &s.Engines[i]
		cfg, err := arch.Load(s.file(e.Name), nil)
		if err != nil {
			bad(fmt.Sprintf("engines.%d", i), "%v", err)
			continue
		}
		e.base = cfg
		own := e.Axes
		e.Axes = nil
		for _, a := range common {
			if _, ok := cfg.Field(a.Key); ok && !slices.ContainsFunc(own, func(o Axis) bool { return o.Key == a.Key }) {
				e.Axes = append(e.Axes, a)
				used[a.Key] = true
			}
		}
		e.Axes = append(e.Axes, own...)
		e.get = map[string]arch.Field{}
		for _, f := range cfg.Fields() {
			e.get[f.Name] = f
		}
		e.size = 1
		for _, a := range e.Axes {
			f, ok := e.get[a.Key]
			if !ok {
				bad(fmt.Sprintf("engines.%d.axes.%s", i, a.Key), "%s has no such key: %q (nearest is %q)", e.Name, a.Key, arch.Nearest(a.Key, cfg.FieldNames()))
				continue
			}
			for _, v := range a.Values {
				if err := f.Set(&cfg, v); err != nil {
					bad("axes."+a.Key, "%v", err)
				}
			}
			e.set = append(e.set, f)
			if e.size > maxSize/uint64(len(a.Values)) {
				bad("axes", "the space of %s is too large (expected at most 2^62 points)", e.Name)
				e.size = 1
			}
			e.size *= uint64(len(a.Values))
			if !slices.ContainsFunc(s.Axes, func(x Axis) bool { return x.Key == a.Key }) {
				s.Axes = append(s.Axes, a)
			}
		}
		s.starts = append(s.starts, s.size)
		s.size += e.size
	}
	for _, a := range common {
		if len(errs) == 0 && !used[a.Key] {
			bad("axes."+a.Key, "no engine has this key: %q", a.Key)
		}
	}
	errs = append(errs, s.compile(where)...)
	errs = append(errs, s.loadWorkloads(where)...)
	return errors.Join(errs...)
}

// maxSize bounds the number of points of a space.
const maxSize = uint64(1) << 62

// Size is the number of points, those that conditions exclude included.
func (s *Space) Size() uint64 { return s.size }

// WorkloadNames are the names in reports, in order.
func (s *Space) WorkloadNames() []string {
	var list []string
	for _, w := range s.works {
		list = append(list, w.name)
	}
	return list
}

// EngineNames are the names in order.
func (s *Space) EngineNames() []string {
	var list []string
	for _, e := range s.Engines {
		list = append(list, e.Name)
	}
	return list
}

// Source is the text that the space was read from.
func (s *Space) Source() []byte { return s.source }

// Unpriced is the space without its cost.
func (s *Space) Unpriced() *Space {
	c := *s
	c.Cost = nil
	return &c
}

func orList(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
