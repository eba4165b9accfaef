package liberty

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Var is what an axis of a table stands for.
type Var uint8

// The axes.
const (
	VarSlew        Var = iota // transition time of the input, or of the related pin of a constraint (ps)
	VarLoad                   // capacitance at the output (fF)
	VarConstrained            // transition time of the constrained pin (ps)
	VarOtherLoad              // capacitance at another output of the cell (fF)
	numVars
)

// At is where a table is read; what the table has no axis for does not matter.
type At [numVars]float64

// Axis is one dimension of a table.
type Axis struct {
	Var    Var
	Points []float64 // rising
}

// Table is a function of up to three variables on a grid, row-major in the order
// of its axes; without axes it is a constant.
type Table struct {
	Axes   []Axis
	Values []float64
}

// Lookup interpolates linearly along each axis, and past the ends of an axis extends
// its outermost interval.
func (t *Table) Lookup(at At) float64 {
	switch len(t.Axes) {
	case 0:
		return t.Values[0]
	case 1:
		i, f := t.Axes[0].locate(at[t.Axes[0].Var])
		return mix(t.Values, i, 1, f)
	case 2:
		i, f := t.Axes[0].locate(at[t.Axes[0].Var])
		j, g := t.Axes[1].locate(at[t.Axes[1].Var])
		n := len(t.Axes[1].Points)
		lo := mix(t.Values, i*n+j, 1, g)
		if f == 0 {
			return lo
		}
		return lo + f*(mix(t.Values, (i+1)*n+j, 1, g)-lo)
	}
	return t.deep(at)
}

// deep is Lookup for three axes: two lookups of two.
func (t *Table) deep(at At) float64 {
	i, f := t.Axes[0].locate(at[t.Axes[0].Var])
	n := len(t.Values) / len(t.Axes[0].Points)
	plane := Table{Axes: t.Axes[1:], Values: t.Values[i*n : (i+1)*n]}
	lo := plane.Lookup(at)
	if f == 0 {
		return lo
	}
	plane.Values = t.Values[(i+1)*n : (i+2)*n]
	return lo + f*(plane.Lookup(at)-lo)
}

func mix(v []float64, i, step int, f float64) float64 {
	if f == 0 {
		return v[i]
	}
	return v[i] + f*(v[i+step]-v[i])
}

// locate returns the interval for x and the place in it (below 0 or above 1 outside).
func (a *Axis) locate(x float64) (int, float64) {
	p := a.Points
	if len(p) < 2 {
		return 0, 0
	}
	i := 0
	for i < len(p)-2 && x >= p[i+1] {
		i++
	}
	return i, (x - p[i]) / (p[i+1] - p[i])
}

// template is a lu_table_template or power_lut_template.
type template struct {
	vars   []Var
	points [][]float64
	scalar bool
	bad    string // a variable that is not known
}

var variables = map[string]Var{
	"input_net_transition": VarSlew, "input_transition_time": VarSlew, "related_pin_transition": VarSlew,
	"total_output_net_capacitance": VarLoad, "output_net_pin_cap": VarLoad,
	"constrained_pin_transition":               VarConstrained,
	"related_out_total_output_net_capacitance": VarOtherLoad, "equal_or_opposite_output_net_capacitance": VarOtherLoad,
}

func (r *reader) template(g *Group) {
	t := &template{}
	for i := 1; i <= 3; i++ {
		name := g.Attr("variable_" + strconv.Itoa(i))
		if name == "" {
			break
		}
		v, ok := variables[name]
		if !ok {
			t.bad = name
			break
		}
		t.vars = append(t.vars, v)
		var pts []float64
		if a := g.find("index_" + strconv.Itoa(i)); a != nil {
			pts = r.numbers(a)
		}
		t.points = append(t.points, pts)
	}
	r.templates[g.Arg()] = t
}

// table reads rise_power(template) { index_1 (...); values (...); } with values times
// unit. A table of variables that are not known gives nil.
func (r *reader) table(g *Group, unit float64) *Table {
	t, ok := r.templates[g.Arg()]
	switch {
	case g.Arg() == "scalar" || g.Arg() == "" && !ok:
		t = &template{scalar: true}
	case !ok:
		r.fail(g.Line, "%s: unknown template %q", g.Name, g.Arg())
		return nil
	case t.bad != "":
		return nil
	}
	out := &Table{}
	size := 1
	for i, v := range t.vars {
		pts := t.points[i]
		if a := g.find("index_" + strconv.Itoa(i+1)); a != nil {
			pts = r.numbers(a)
		}
		if len(pts) == 0 {
			r.fail(g.Line, "%s: axis %d has no points", g.Name, i+1)
			return nil
		}
		pts = slices.Clone(pts)
		for k := range pts {
			if v == VarLoad || v == VarOtherLoad {
				pts[k] *= r.scale.cap
			} else {
				pts[k] *= r.scale.time
			}
			if k > 0 && pts[k] <= pts[k-1] {
				r.fail(g.Line, "%s: axis %d does not rise at point %d: %g", g.Name, i+1, k+1, pts[k])
				return nil
			}
		}
		size *= len(pts)
		out.Axes = append(out.Axes, Axis{v, pts})
	}
	a := g.find("values")
	if a == nil {
		r.fail(g.Line, "%s: no values", g.Name)
		return nil
	}
	out.Values = r.numbers(a)
	if len(out.Values) != size {
		r.fail(a.Line, "%s: %d values (expected %d, one a point)", g.Name, len(out.Values), size)
		return nil
	}
	for k := range out.Values {
		out.Values[k] *= unit
	}
	// An axis of one point says nothing.
	out.Axes = slices.DeleteFunc(out.Axes, func(a Axis) bool { return len(a.Points) == 1 })
	return out
}

// numbers reads lists of numbers parted by commas or blanks.
func (r *reader) numbers(a *Attr) []float64 {
	var out []float64
	for _, v := range a.Values {
		for f := range strings.FieldsFuncSeq(v, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\r' }) {
			x, err := number(f)
			if err != nil {
				r.fail(a.Line, "%s: %v", a.Name, err)
				return nil
			}
			out = append(out, x)
		}
	}
	return out
}

func number(text string) (float64, error) {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("not a number: %q", text)
	}
	return x, nil
}
