package compare

import (
	"context"
	"fmt"
	"sort"

	"tpe/sim"
	"tpe/workloads"
)

// States of a row of a [Difference].
const (
	Added     = "added"
	Removed   = "removed"
	Count     = "count"     // the same product, another number of times
	Shape     = "shape"     // a layer of the same operator and name, of another shape
	Unchanged = "unchanged" // the same product as often
)

// Difference joins two workloads on one engine. Its JSON form is part of the command
// line's contract.
type Difference struct {
	Before string  `json:"before"`
	After  string  `json:"after"`
	Engine string  `json:"engine"`
	Data   string  `json:"data"`
	Seed   uint64  `json:"seed"`
	Totals [2]Side `json:"totals"` // before, after
	// Rows are the joined products, those that change most first.
	Rows []Change `json:"rows"`
	// States sums the rows by state, in the order of the constants.
	States []StateSum `json:"states"`
	Delta  int64      `json:"cycles_delta"` // after less before: the sum of the rows
	// Work and Efficiency part Delta: MACs that came or went at the rate of before, and what
	// changed in cycles a MAC at the MACs of after.
	Work       float64 `json:"cycles_delta_work"`
	Efficiency float64 `json:"cycles_delta_efficiency"`
}

// Side is one of the workloads.
type Side struct {
	Calls  int64 `json:"calls"`  // layers, each as often as it occurs
	Shapes int   `json:"shapes"` // different products: operator, M, N, K, batch, formats
	MACs   int64 `json:"macs"`
	Cycles int64 `json:"cycles"`
}

// Change is a product, or a layer that changed its shape.
type Change struct {
	State  string `json:"state"`
	Op     string `json:"op"`
	Name   string `json:"name"` // of its first occurrence
	Before *Part  `json:"before,omitempty"`
	After  *Part  `json:"after,omitempty"`
	Delta  int64  `json:"cycles_delta"`
}

// Part is a product in one of the workloads: equal ones together.
type Part struct {
	M      int   `json:"m"`
	N      int   `json:"n"`
	K      int   `json:"k"`
	Batch  int   `json:"batch"` // independent products of one layer, groups included
	Calls  int64 `json:"calls"`
	MACs   int64 `json:"macs"`
	Cycles int64 `json:"cycles"`
	name   string
}

// StateSum sums the rows of a state.
type StateSum struct {
	State string `json:"state"`
	Rows  int    `json:"rows"`
	MACs  int64  `json:"macs_delta"`
	Delta int64  `json:"cycles_delta"`
}

// product identifies equal layers.
type product struct {
	op             string
	m, n, k, batch int
	a, b           string
}

// Diff says what changed from one workload to another, and what it costs on an engine.
func Diff(ctx context.Context, e Engine, before, after workloads.Workload, opt Options) (*Difference, error) {
	d := &Difference{Before: before.Name, After: after.Name, Engine: e.Name, Data: opt.Data.String(), Seed: opt.Seed}
	var parts [2]map[product]*Part
	var order []product
	for i, w := range []workloads.Workload{before, after} {
		run, err := opt.run(ctx, e, w, opt.Seed)
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", w.Name, e.Name, err)
		}
		parts[i] = map[product]*Part{}
		for _, p := range gather(parts[i], w, run, &d.Totals[i]) {
			if i == 0 || parts[0][p] == nil {
				order = append(order, p)
			}
		}
	}
	d.join(order, parts)
	d.sum()
	return d, nil
}

// gather adds up equal layers and returns them in the order of first occurrence.
func gather(parts map[product]*Part, w workloads.Workload, run *sim.Report, side *Side) []product {
	var order []product
	for i, g := range w.Layers {
		key := product{g.Op, g.M, g.N, g.K, g.Batch * g.Groups, g.FormatA, g.FormatB}
		p := parts[key]
		if p == nil {
			p = &Part{M: g.M, N: g.N, K: g.K, Batch: key.batch, name: g.Name}
			parts[key] = p
			order = append(order, key)
		}
		l := run.Layers[i]
		p.Calls += int64(g.Count)
		p.MACs += l.MACs
		p.Cycles += l.Cycles
		side.Calls += int64(g.Count)
		side.MACs += l.MACs
		side.Cycles += l.Cycles
	}
	side.Shapes = len(order)
	return order
}

// join makes the rows. What is on one side alone is matched by operator and name before
// it counts as added or removed.
func (d *Difference) join(order []product, parts [2]map[product]*Part) {
	type layer struct{ op, name string }
	came := map[layer][]int{} // rows that are after alone
	var gone []int
	for _, key := range order {
		c := Change{Op: key.op, Before: parts[0][key], After: parts[1][key]}
		switch {
		case c.Before == nil:
			c.State, c.Name = Added, c.After.name
			came[layer{key.op, c.Name}] = append(came[layer{key.op, c.Name}], len(d.Rows))
		case c.After == nil:
			c.State, c.Name = Removed, c.Before.name
			gone = append(gone, len(d.Rows))
		case c.Before.Calls != c.After.Calls:
			c.State, c.Name = Count, c.Before.name
		default:
			c.State, c.Name = Unchanged, c.Before.name
		}
		d.Rows = append(d.Rows, c)
	}
	drop := map[int]bool{}
	for _, i := range gone {
		key := layer{d.Rows[i].Op, d.Rows[i].Name}
		if list := came[key]; len(list) > 0 {
			d.Rows[i].State, d.Rows[i].After = Shape, d.Rows[list[0]].After
			drop[list[0]], came[key] = true, list[1:]
		}
	}
	kept := d.Rows[:0]
	for i, c := range d.Rows {
		if !drop[i] {
			kept = append(kept, c)
		}
	}
	d.Rows = kept
}

func (d *Difference) sum() {
	sums := map[string]*StateSum{}
	for _, s := range []string{Added, Removed, Count, Shape, Unchanged} {
		d.States = append(d.States, StateSum{State: s})
	}
	for i := range d.States {
		sums[d.States[i].State] = &d.States[i]
	}
	for i := range d.Rows {
		c := &d.Rows[i]
		s := sums[c.State]
		s.Rows++
		if c.Before != nil {
			c.Delta -= c.Before.Cycles
			s.MACs -= c.Before.MACs
		}
		if c.After != nil {
			c.Delta += c.After.Cycles
			s.MACs += c.After.MACs
		}
		s.Delta += c.Delta
		d.Delta += c.Delta
	}
	sort.SliceStable(d.Rows, func(i, j int) bool { return abs(d.Rows[i].Delta) > abs(d.Rows[j].Delta) })
	b, a := d.Totals[0], d.Totals[1]
	rate := float64(b.Cycles) / float64(b.MACs)
	d.Work = float64(a.MACs-b.MACs) * rate
	d.Efficiency = float64(a.Cycles) - float64(a.MACs)*rate
}

func abs(x int64) int64 { return max(x, -x) }

// Step is a bar of a waterfall.
type Step struct {
	Name  string
	Delta float64
}

// shape is that of the product, the one before if there are two.
func (c *Change) shape() string {
	p := c.Before
	if p == nil {
		p = c.After
	}
	return p.String()
}

// String is MxNxK, and how many of it a layer has.
func (p *Part) String() string {
	if p.Batch > 1 {
		return fmt.Sprintf("%dx(%dx%dx%d)", p.Batch, p.M, p.N, p.K)
	}
	return fmt.Sprintf("%dx%dx%d", p.M, p.N, p.K)
}

// Waterfall are the greatest contributions to the difference in cycles, and the rest as one:
// they add up to it.
func (d *Difference) Waterfall(top int) []Step {
	var steps []Step
	rest := 0.0
	n := 0
	for _, c := range d.Rows {
		switch {
		case c.Delta == 0:
		case len(steps) < top:
			steps = append(steps, Step{fmt.Sprintf("%s %s %s", c.State, c.Op, c.shape()), float64(c.Delta)})
		default:
			rest += float64(c.Delta)
			n++
		}
	}
	if n > 0 {
		steps = append(steps, Step{fmt.Sprintf("%d others", n), rest})
	}
	return steps
}

// Waterfall are the greatest contributions of groups to the difference in time (seconds)
// of an engine and the baseline on a workload, and the rest as one.
func (r *Report) Waterfall(s Section, engine, top int) []Step {
	var steps []Step
	for _, g := range s.Groups {
		if d := g.Cells[engine].Seconds - g.Cells[r.base].Seconds; d != 0 {
			steps = append(steps, Step{g.Key, d})
		}
	}
	sort.SliceStable(steps, func(i, j int) bool {
		return max(steps[i].Delta, -steps[i].Delta) > max(steps[j].Delta, -steps[j].Delta)
	})
	if len(steps) <= top {
		return steps
	}
	rest := Step{Name: fmt.Sprintf("%d others", len(steps)-top)}
	for _, x := range steps[top:] {
		rest.Delta += x.Delta
	}
	return append(steps[:top], rest)
}
