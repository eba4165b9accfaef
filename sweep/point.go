package sweep

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"tpe/arch"
)

// Point is one engine of a space.
type Point struct {
	Index  uint64
	Engine int   // of Space.Engines
	Levels []int // of each axis of that engine
}

// At is the point of an index below [Space.Size]. The last axis varies fastest.
func (s *Space) At(index uint64) Point {
	e := sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > index }) - 1
	p := Point{Index: index, Engine: e, Levels: make([]int, len(s.Engines[e].Axes))}
	rest := index - s.starts[e]
	for i := len(p.Levels) - 1; i >= 0; i-- {
		n := uint64(len(s.Engines[e].Axes[i].Values))
		p.Levels[i] = int(rest % n)
		rest /= n
	}
	return p
}

// Of is the index of a point: the inverse of [Space.At].
func (s *Space) Of(engine int, levels []int) uint64 {
	index := uint64(0)
	for i, a := range s.Engines[engine].Axes {
		index = index*uint64(len(a.Values)) + uint64(levels[i])
	}
	return s.starts[engine] + index
}

// Values are the values of the space's axes at a point; empty where the engine has none.
func (s *Space) Values(p Point) []string {
	list := make([]string, len(s.Axes))
	for i, a := range s.Axes {
		for j, own := range s.Engines[p.Engine].Axes {
			if own.Key == a.Key {
				list[i] = own.Values[p.Levels[j]]
			}
		}
	}
	return list
}

// Settings are what makes the engine of a point of its preset or file, as key=value.
func (s *Space) Settings(p Point) []string {
	e := &s.Engines[p.Engine]
	var list []string
	for i, a := range e.Axes {
		list = append(list, a.Key+"="+a.Values[p.Levels[i]])
	}
	if c, err := s.Config(p); err == nil {
		for _, d := range s.Derived {
			if f, ok := e.get[d.Key]; ok {
				list = append(list, d.Key+"="+f.Get(&c))
			}
		}
	}
	return list
}

// errExcluded says that conditions exclude a point.
var errExcluded = errors.New("excluded by where")

// Config is the engine at a point: the preset or file, axes, derived keys. The error is
// errExcluded, or says what is wrong with the configuration.
func (s *Space) Config(p Point) (arch.Config, error) {
	e := &s.Engines[p.Engine]
	c := e.base
	for i, f := range e.set {
		if err := f.Set(&c, e.Axes[i].Values[p.Levels[i]]); err != nil {
			return c, err
		}
	}
	for _, d := range s.Derived {
		f, ok := e.get[d.Key]
		if !ok {
			continue
		}
		v, err := expr.Run(d.prog, s.env(p, &c))
		if err != nil {
			return c, fmt.Errorf("derived %s: %s", d.Key, firstLine(err))
		}
		if err := f.Set(&c, text(v)); err != nil {
			return c, fmt.Errorf("derived %s: %w", d.Key, err)
		}
	}
	for _, w := range s.Where {
		ok, err := expr.Run(w.prog, s.env(p, &c))
		if err != nil {
			return c, fmt.Errorf("where %s: %s", w.Text, firstLine(err))
		}
		if ok != true {
			return c, errExcluded
		}
	}
	if list := c.Validate(); len(list) > 0 {
		var errs []error
		for _, x := range list {
			errs = append(errs, x)
		}
		return c, errors.Join(errs...)
	}
	return c, nil
}

// env are the names that expressions may use: engine, kind, macs_per_cycle, and the keys of
// any engine of the space, null where this one has none.
func (s *Space) env(p Point, c *arch.Config) map[string]any {
	env := make(map[string]any, len(s.names)+3)
	for _, n := range s.names {
		env[n] = nil
		if f, ok := s.Engines[p.Engine].get[n]; ok {
			env[n] = number(f.Get(c))
		}
	}
	env["engine"], env["kind"] = s.Engines[p.Engine].Name, c.Kind
	return env
}

// number is a value as expressions take it.
func number(v string) any {
	if n, err := strconv.Atoi(v); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(v, 64); err == nil {
		return f
	}
	switch v {
	case "true":
		return true
	case "false":
		return false
	}
	return v
}

// text is a value as configurations take it.
func text(v any) string {
	if f, ok := v.(float64); ok && f == float64(int64(f)) {
		return strconv.FormatInt(int64(f), 10)
	}
	return fmt.Sprint(v)
}

// compile prepares the expressions.
func (s *Space) compile(where func(string) string) []error {
	known := map[string]bool{"engine": true, "kind": true}
	for _, e := range s.Engines {
		for n := range e.get {
			known[n] = true
		}
	}
	var errs []error
	compile := func(at, text string, opts ...expr.Option) *vm.Program {
		v := &names{}
		prog, err := expr.Compile(text, append(opts, expr.Patch(v))...)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: not an expression: %q: %s", where(at), text, firstLine(err)))
		}
		for _, n := range v.list {
			if !known[n] {
				errs = append(errs, fmt.Errorf("%s: unknown name in %q: %q (nearest is %q)", where(at), text, n, arch.Nearest(n, slices.Sorted(maps.Keys(known)))))
			} else if !slices.Contains(s.names, n) {
				s.names = append(s.names, n)
			}
		}
		return prog
	}
	for i := range s.Where {
		s.Where[i].prog = compile(fmt.Sprintf("where.%d", i), s.Where[i].Text, expr.AsBool())
	}
	for i := range s.Derived {
		d := &s.Derived[i]
		d.prog = compile("derived."+d.Key, d.Text)
		if !known[d.Key] || d.Key == "engine" {
			errs = append(errs, fmt.Errorf("%s: no engine has this key: %q", where("derived."+d.Key), d.Key))
		}
	}
	return errs
}

// firstLine leaves out the drawing that expr adds to its errors.
func firstLine(err error) string { return strings.Split(err.Error(), "\n")[0] }

// names collects the variables of an expression.
type names struct{ list []string }

// Visit implements expr's visitor. Names of functions are no variables.
func (v *names) Visit(node *ast.Node) {
	if id, ok := (*node).(*ast.IdentifierNode); ok {
		v.list = append(v.list, id.Value)
	}
}
