package rtlgen

import (
	"fmt"
	"strings"
)

// loopVar is what an index may depend on: a genvar or an index wire.
type loopVar struct {
	name string
	size int    // its values are 0 .. size-1
	span string // size as it is written: a localparam or a number
}

// affine is an affine function of loop variables: a coordinate or a lane.
type affine struct {
	k     int
	terms []term
}

type term struct{ coef, v int }

func constant(k int) affine { return affine{k: k} }

func variable(v int) affine { return affine{terms: []term{{1, v}}} }

// times returns a*coef + k.
func (a affine) times(coef, k int) affine {
	out := affine{k: a.k*coef + k}
	for _, t := range a.terms {
		out.terms = append(out.terms, term{t.coef * coef, t.v})
	}
	return out
}

// plus returns a + b.
func (a affine) plus(b affine) affine {
	return affine{a.k + b.k, append(append([]term(nil), a.terms...), b.terms...)}
}

func (a affine) eval(val []int) int {
	x := a.k
	for _, t := range a.terms {
		x += t.coef * val[t.v]
	}
	return x
}

// text writes a as a sum.
func (a affine) text(vars []loopVar) string {
	var pos, neg []string
	for _, t := range a.terms {
		name := vars[t.v].name
		switch {
		case t.coef == 1:
			pos = append(pos, name)
		case t.coef > 1:
			pos = append(pos, fmt.Sprintf("%d*%s", t.coef, name))
		case t.coef == -1:
			neg = append(neg, name)
		case t.coef < -1:
			neg = append(neg, fmt.Sprintf("%d*%s", -t.coef, name))
		}
	}
	if a.k != 0 || len(pos) == 0 {
		k := fmt.Sprint(a.k)
		if len(pos) == 0 {
			pos = append(pos, k)
		} else if a.k > 0 {
			pos = append(pos, k)
		} else {
			neg = append(neg, fmt.Sprint(-a.k))
		}
	}
	out := strings.Join(pos, " + ")
	for _, n := range neg {
		out += " - " + n
	}
	return out
}

// paren puts an expression with operators between parentheses.
func paren(s string) string {
	if strings.ContainsAny(s, " ?") {
		return "(" + s + ")"
	}
	return s
}

// product writes a product of factors, leaving out ones.
func product(factors ...string) string {
	var list []string
	for _, f := range factors {
		if f == "0" {
			return "0"
		}
		if f != "" && f != "1" {
			list = append(list, f)
		}
	}
	switch len(list) {
	case 0:
		return "1"
	case 1:
		return list[0]
	}
	for i, f := range list {
		list[i] = paren(f)
	}
	return strings.Join(list, "*")
}

// context says where an expression is written: the coordinate along each loop
// variable (a variable that is not listed stands for itself) and for which
// values of the variables the place exists.
type context struct {
	path  []int // the loops around the place, outermost first
	at    map[int]affine
	guard *guard
}

// guard restricts a place in a generate loop to where a coordinate lies below a bound.
type guard struct {
	coord affine
	below int
}

func (c *context) coord(v int) affine {
	if a, ok := c.at[v]; ok {
		return a
	}
	return variable(v)
}

// with returns the context with another coordinate along v.
func (c *context) with(v int, a affine) *context {
	at := make(map[int]affine, len(c.at)+1)
	for k, x := range c.at {
		at[k] = x
	}
	at[v] = a
	return &context{c.path, at, c.guard}
}

// enumerate calls f with the values of all loop variables of the given affine
// functions, for every combination that the guard allows. Other variables are 0.
func (e *emitter) enumerate(g *guard, f func(val []int), as ...affine) {
	if g != nil {
		as = append(as, g.coord)
	}
	var list []int
	seen := map[int]bool{}
	for _, a := range as {
		for _, t := range a.terms {
			if !seen[t.v] {
				seen[t.v] = true
				list = append(list, t.v)
			}
		}
	}
	val := make([]int, len(e.vars))
	var walk func(k int)
	walk = func(k int) {
		if k == len(list) {
			if g == nil || g.coord.eval(val) < g.below {
				f(val)
			}
			return
		}
		for x := range e.vars[list[k]].size {
			val[list[k]] = x
			walk(k + 1)
		}
		val[list[k]] = 0
	}
	walk(0)
}
