package sweep

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"tpe/arch"
	"tpe/sim"
)

// Limits of a space file.
const (
	maxFile   = 1 << 20
	maxValues = 1 << 16 // of an axis
)

// Parse reads a space; file names it in errors. Every error has the form file:line:col: what
// is wrong: the value (what was expected), and all are reported together. Files that the space names
// are looked for beside it.
func Parse(file string, src []byte) (*Space, error) { return parse(file, filepath.Dir(file), src) }

func parse(file, root string, src []byte) (*Space, error) {
	p := &parser{file: file, at: map[string]*yaml.Node{}}
	if len(src) > maxFile {
		return nil, fmt.Errorf("%s:1:1: file is too large: %d bytes (expected at most %d)", file, len(src), maxFile)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, fmt.Errorf("%s:%s", file, yamlText(err))
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s:1:1: file is empty: %q (expected keys such as %q)", file, "", "engines: [systolic-ws]")
	}
	s := &Space{Fidelity: sim.Formula, Data: "full", Seed: 1, Method: Method{Kind: Exhaustive, Seed: 1, Population: 64, Keep: 0.1}, source: src, root: root}
	common := p.space(s, doc.Content[0])
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	if err := s.prepare(common, p.where); err != nil {
		return nil, err
	}
	return s, s.checkObjectives(p.where)
}

// yamlText gives yaml's message the form line:1: text; yaml knows no column.
func yamlText(err error) string {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), "1"
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if n, msg, ok := strings.Cut(rest, ": "); ok {
			line, text = n, msg
		}
	}
	return fmt.Sprintf("%s:1: not YAML: %s", line, text)
}

// parser walks the nodes of a file.
type parser struct {
	file string
	at   map[string]*yaml.Node // by path of keys
	errs []error
}

// where is file:line:col of a path of keys, or of the nearest that stands in the file.
func (p *parser) where(path string) string {
	for path != "" {
		if n := p.at[path]; n != nil {
			return fmt.Sprintf("%s:%d:%d", p.file, n.Line, n.Column)
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			break
		}
		path = path[:i]
	}
	return p.file + ":1:1"
}

func (p *parser) bad(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d:%d: %s", p.file, n.Line, n.Column, fmt.Sprintf(format, args...)))
}

// mapping calls f for each key of a mapping, once.
func (p *parser) mapping(path string, n *yaml.Node, keys []string, f func(key string, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.bad(n, "%s: not a mapping: %q (expected keys: %s)", or(path, "space"), n.Value, orList(or2(keys, "names of keys")))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case keys != nil && !slices.Contains(keys, k.Value):
			p.bad(k, "unknown key: %q (expected %s; nearest is %q)", k.Value, orList(keys), arch.Nearest(k.Value, keys))
		case seen[k.Value]:
			p.bad(k, "key stands twice: %q (expected once)", k.Value)
		case v.Kind == yaml.AliasNode:
			p.bad(v, "%s: an alias: %q (expected a value)", k.Value, v.Value)
		default:
			seen[k.Value] = true
			full := k.Value
			if path != "" {
				full = path + "." + k.Value
			}
			p.at[full] = v
			f(k.Value, v)
		}
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func or2(list []string, other string) []string {
	if len(list) == 0 {
		return []string{other}
	}
	return list
}

// scalars reads a list of single values; one value is a list of one.
func (p *parser) scalars(path string, n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode {
		p.bad(n, "%s: not a list (expected values such as [8, 16])", path)
		return nil
	}
	var list []string
	for i, v := range n.Content {
		p.at[fmt.Sprintf("%s.%d", path, i)] = v
		switch {
		case v.Kind != yaml.ScalarNode:
			p.bad(v, "%s: not a single value (expected values such as [8, 16])", path)
		case slices.Contains(list, v.Value):
			p.bad(v, "%s: value stands twice: %q (expected different values)", path, v.Value)
		default:
			list = append(list, v.Value)
		}
	}
	if len(n.Content) == 0 {
		p.bad(n, "%s: empty list (expected values such as [8, 16])", path)
	}
	return list
}

func (p *parser) text(path string, n *yaml.Node, to *string, choices ...string) {
	switch {
	case n.Kind != yaml.ScalarNode:
		p.bad(n, "%s: not a single value", path)
	case len(choices) > 0 && !slices.Contains(choices, n.Value):
		p.bad(n, "%s: unknown value: %q (expected %s)", path, n.Value, orList(choices))
	default:
		*to = n.Value
	}
}

func (p *parser) number(path string, n *yaml.Node, lo, hi float64) float64 {
	v, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || err != nil || !(v >= lo && v <= hi) {
		p.bad(n, "%s: not a number in range: %q (expected %g..%g)", path, n.Value, lo, hi)
		return lo
	}
	return v
}

func (p *parser) whole(path string, n *yaml.Node, lo, hi int) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < lo || v > hi {
		p.bad(n, "%s: not a whole number in range: %q (expected %d..%d)", path, n.Value, lo, hi)
		return lo
	}
	return v
}

func (p *parser) truth(path string, n *yaml.Node) bool {
	if n.Value != "true" && n.Value != "false" {
		p.bad(n, "%s: not a truth value: %q (expected true or false)", path, n.Value)
	}
	return n.Value == "true"
}

// space reads the top of the file; it returns the axes that all engines share.
func (p *parser) space(s *Space, top *yaml.Node) (common []Axis) {
	given := map[string]bool{}
	p.mapping("", top, []string{"schema", "name", "engines", "workloads", "axes", "derived", "where", "data", "seed", "fidelity", "bandwidth", "cost", "objectives", "method"}, func(key string, v *yaml.Node) {
		given[key] = true
		switch key {
		case "schema":
			if v.Value != strconv.Itoa(SchemaVersion) {
				p.bad(v, "schema: unknown version: %q (expected %d)", v.Value, SchemaVersion)
			}
		case "name":
			p.text(key, v, &s.Name)
		case "engines":
			p.engines(s, v)
		case "workloads":
			s.Workloads = p.scalars(key, v)
		case "axes":
			common = p.axes(key, v)
		case "derived":
			p.mapping(key, v, nil, func(k string, x *yaml.Node) {
				d := Derived{Key: k}
				p.text("derived."+k, x, &d.Text)
				s.Derived = append(s.Derived, d)
			})
		case "where":
			for _, t := range p.scalars(key, v) {
				s.Where = append(s.Where, Condition{Text: t})
			}
		case "data":
			p.text(key, v, &s.Data)
		case "seed":
			s.Seed = uint64(p.whole(key, v, 0, math.MaxInt))
		case "fidelity":
			p.text(key, v, &s.Fidelity, sim.Formula, sim.Cycle)
		case "bandwidth":
			s.Bandwidth = p.number(key, v, 0, 1e12)
		case "cost":
			s.Cost = p.cost(v)
		case "objectives":
			p.objectives(s, v)
		case "method":
			p.method(s, v)
		}
	})
	for _, need := range []string{"engines", "workloads"} {
		if !given[need] {
			p.bad(top, "%s: missing (expected a list)", need)
		}
	}
	if s.Name == "" {
		s.Name = "space"
	}
	return common
}

func (p *parser) engines(s *Space, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		p.bad(n, "engines: not a list (expected presets or engine files such as [systolic-ws])")
		return
	}
	for i, v := range n.Content {
		path := fmt.Sprintf("engines.%d", i)
		p.at[path] = v
		e := EngineAxis{Name: v.Value}
		if v.Kind != yaml.ScalarNode {
			p.mapping(path, v, []string{"engine", "axes"}, func(key string, x *yaml.Node) {
				if key == "engine" {
					p.text(path, x, &e.Name)
				} else {
					e.Axes = p.axes(path+".axes", x)
				}
			})
		}
		for _, o := range s.Engines {
			if o.Name == e.Name {
				p.bad(v, "engines: stands twice: %q (expected once)", e.Name)
			}
		}
		s.Engines = append(s.Engines, e)
	}
}

// axes reads keys with a list of values, {range: [first, last, step]} or {pow2: [first, last]}.
func (p *parser) axes(path string, n *yaml.Node) []Axis {
	var list []Axis
	p.mapping(path, n, nil, func(key string, v *yaml.Node) {
		a := Axis{Key: key}
		at := path + "." + key
		switch {
		case key == "kind" || key == "name" || key == "schema":
			p.bad(v, "%s: cannot be an axis (expected a key of an engine: tpe show)", at)
		case v.Kind == yaml.MappingNode:
			p.mapping(at, v, []string{"range", "pow2"}, func(form string, x *yaml.Node) {
				a.Values = p.span(at+"."+form, form, x)
			})
		default:
			a.Values = p.scalars(at, v)
		}
		if len(a.Values) > maxValues {
			p.bad(v, "%s: too many values: %d (expected at most %d)", at, len(a.Values), maxValues)
		}
		if len(a.Values) > 0 {
			list = append(list, a)
		}
	})
	return list
}

// span lists the values of a range or of powers of two.
func (p *parser) span(path, form string, n *yaml.Node) []string {
	var v []int
	var texts []string
	for _, x := range n.Content {
		v, texts = append(v, p.whole(path, x, 0, 1<<40)), append(texts, x.Value)
	}
	step := 1
	if form == "range" && len(v) == 3 {
		step, v = v[2], v[:2]
	}
	if len(v) != 2 || v[0] > v[1] || step < 1 || (v[1]-v[0])/step >= maxValues {
		p.bad(n, "%s: not a %s: %v (expected [first, last%s])", path, form, texts, map[bool]string{true: ", step"}[form == "range"])
		return nil
	}
	var list []string
	if form == "pow2" {
		for x := 1; x <= v[1]; x *= 2 {
			if x >= v[0] {
				list = append(list, strconv.Itoa(x))
			}
		}
		if len(list) == 0 {
			p.bad(n, "%s: no power of two in %v", path, texts)
		}
		return list
	}
	for x := v[0]; x <= v[1]; x += step {
		list = append(list, strconv.Itoa(x))
	}
	return list
}

func (p *parser) cost(n *yaml.Node) *CostSpec {
	c := &CostSpec{Recipe: "balanced", DRAM: "lpddr4", Freq: "config"}
	p.mapping("cost", n, []string{"tech", "liberty", "recipe", "energy", "dram", "freq"}, func(key string, v *yaml.Node) {
		switch at := "cost." + key; key {
		case "tech":
			p.text(at, v, &c.Tech)
		case "liberty":
			p.text(at, v, &c.Liberty)
		case "recipe":
			p.text(at, v, &c.Recipe, "area", "balanced", "speed")
		case "energy":
			c.Energy = p.truth(at, v)
		case "dram":
			p.text(at, v, &c.DRAM)
		case "freq":
			p.text(at, v, &c.Freq, "config", "max")
		}
	})
	if (c.Tech == "") == (c.Liberty == "") {
		p.bad(n, "cost: needs tech or liberty (expected one of them)")
	}
	return c
}

// objectives reads a list of {min: METRIC} or {max: METRIC} with at_least and at_most.
func (p *parser) objectives(s *Space, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		p.bad(n, "objectives: not a list (expected such as [{min: cycles}])")
		return
	}
	for i, v := range n.Content {
		var o Objective
		path := fmt.Sprintf("objectives.%d", i)
		p.at[path] = v
		p.mapping(path, v, []string{"min", "max", "at_least", "at_most"}, func(key string, x *yaml.Node) {
			switch key {
			case "min", "max":
				if o.Metric != "" {
					p.bad(x, "objectives: min and max of one objective (expected one of them)")
				}
				p.text(path, x, &o.Metric)
				o.Maximise = key == "max"
			default:
				b := p.number(path, x, -math.MaxFloat64, math.MaxFloat64)
				if key == "at_least" {
					o.AtLeast = &b
				} else {
					o.AtMost = &b
				}
			}
		})
		if o.Metric == "" {
			p.bad(v, "objectives: no metric (expected min or max)")
		}
		s.Objectives = append(s.Objectives, o)
	}
}

func (p *parser) method(s *Space, n *yaml.Node) {
	m := &s.Method
	if n.Kind == yaml.ScalarNode {
		p.text("method", n, &m.Kind, Exhaustive)
		return
	}
	p.mapping("method", n, []string{"kind", "points", "seed", "population", "keep", "fidelities"}, func(key string, v *yaml.Node) {
		switch at := "method." + key; key {
		case "kind":
			p.text(at, v, &m.Kind, Exhaustive, Random, LHS, Halton, NSGA2, GP, Halving)
		case "points":
			m.Points = p.whole(at, v, 1, 1<<40)
		case "seed":
			m.Seed = uint64(p.whole(at, v, 0, math.MaxInt))
		case "population":
			m.Population = p.whole(at, v, 4, 1<<16)
		case "keep":
			m.Keep = p.number(at, v, 0, 1)
		case "fidelities":
			m.Fidelities = p.scalars(at, v)
			for _, f := range m.Fidelities {
				if f != sim.Formula && f != sim.Cycle && f != sim.RTL {
					p.bad(v, "%s: unknown value: %q (expected formula, cycle or rtl)", at, f)
				}
			}
		}
	})
	if m.Kind != Exhaustive && m.Kind != Halving && m.Points == 0 {
		p.bad(n, "method: no number of points (expected points: of kind %s)", m.Kind)
	}
}

// checkObjectives looks whether metrics exist and are known.
func (s *Space) checkObjectives(where func(string) string) error {
	var errs []error
	for i, o := range s.Objectives {
		m, ok := metricOf(o.Metric)
		at := where(fmt.Sprintf("objectives.%d", i))
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("%s: unknown metric: %q (expected %s; nearest is %q)", at, o.Metric, orList(MetricNames()), arch.Nearest(o.Metric, MetricNames())))
		case m.needs == needsArea && s.Cost == nil:
			errs = append(errs, fmt.Errorf("%s: %s is not known without a cost (expected cost: with tech or liberty)", at, o.Metric))
		case m.needs == needsEnergy && (s.Cost == nil || !s.Cost.Energy):
			errs = append(errs, fmt.Errorf("%s: %s is not known without an energy (expected cost: with energy: true)", at, o.Metric))
		}
	}
	if k := s.Method.Kind; len(s.Objectives) == 0 && (k == NSGA2 || k == GP || k == Halving) {
		errs = append(errs, fmt.Errorf("%s: no objectives, which kind %s needs (expected such as [{min: cycles}])", where("method"), k))
	}
	return errors.Join(errs...)
}
