package cost

import (
	"fmt"
	"maps"
	"slices"

	"tpe/hw"
)

// probes flattens a hierarchy such that the values of chosen nodes can be found in the
// flat graph. Flattening drops and renames nodes, but keeps assertions under their names;
// so each chosen node is watched by an assertion that always holds.
type probes struct {
	flat  *hw.Module
	insts []instance
	at    map[string]hw.ID // by the flat name of the assertion
}

// instance is one module in its place.
type instance struct {
	module *hw.Module // of the design's hierarchy
	prefix string
	axes   []int // its axes in the flat graph
}

// probeName is the assertion that watches a node.
func probeName(id hw.ID) string { return fmt.Sprintf("tpe_probe_%d", id) }

// newProbes flattens top with the wanted nodes of each module watched.
func newProbes(top *hw.Module, wanted func(m *hw.Module) []hw.ID) (*probes, error) {
	copies := map[*hw.Module]*hw.Module{}
	for _, m := range top.Modules() {
		c := *m
		c.Nodes, c.Asserts = slices.Clone(m.Nodes), nil // asserts of the design are checked elsewhere
		c.Insts = slices.Clone(m.Insts)
		for i := range c.Insts {
			c.Insts[i].Mod = copies[m.Insts[i].Mod]
		}
		seen := map[hw.ID]bool{}
		for _, id := range wanted(m) {
			if !seen[id] {
				seen[id] = true
				c.Nodes = append(c.Nodes, hw.Node{Op: hw.OpEq, Width: 1, Shape: m.Nodes[id].Shape, Args: []hw.ID{id, id}})
				c.Asserts = append(c.Asserts, hw.Assert{Name: probeName(id), Cond: hw.ID(len(c.Nodes) - 1)})
			}
		}
		copies[m] = &c
	}
	flat, err := hw.Flatten(copies[top])
	if err != nil {
		return nil, err
	}
	p := &probes{flat: flat, at: map[string]hw.ID{}}
	for _, a := range flat.Asserts {
		p.at[a.Name] = flat.Nodes[a.Cond].Args[0]
	}
	axes := make([]int, len(top.Axes))
	for i := range axes {
		axes[i] = i
	}
	next := len(top.Axes)
	p.place(top, "", axes, &next)
	return p, nil
}

// place lists the instances in the order in which flattening meets them, which numbers
// the axes that only they have.
func (p *probes) place(m *hw.Module, prefix string, axes []int, next *int) {
	p.insts = append(p.insts, instance{m, prefix, axes})
	for i := range m.Insts {
		in := &m.Insts[i]
		inner := make([]int, len(in.Mod.Axes))
		for k, a := range in.Mod.Axes {
			if o := m.AxisIndex(a.Name); o >= 0 {
				inner[k] = axes[o]
			} else {
				inner[k] = *next
				*next++
			}
		}
		p.place(in.Mod, prefix+in.Name+"_", inner, next)
	}
}

// node returns the flat node behind a watched one.
func (p *probes) node(in *instance, id hw.ID) (hw.ID, error) {
	flat, ok := p.at[in.prefix+probeName(id)]
	if !ok {
		return 0, fmt.Errorf("cost: no probe on node %d of %s (there are %d)", id, in.module.Name, len(slices.Collect(maps.Keys(p.at))))
	}
	return flat, nil
}

// lanesOf gives the lane of a flat node at the coordinates of each lane of a shape,
// and of each lane of the inner axes, which vary fastest: lane s of shape and lane k of
// inner is at s*inner+k.
func (p *probes) lanesOf(id hw.ID, shape []int, at []int, inner []int) []int32 {
	n := &p.flat.Nodes[id]
	sizes := p.flat.Axes
	innerLanes := 1
	for _, a := range inner {
		innerLanes *= sizes[a].Size
	}
	out := make([]int32, 0, len(at)*innerLanes)
	for _, lane := range at {
		base := 0
		rest := lane
		for i := len(shape) - 1; i >= 0; i-- {
			c := rest % sizes[shape[i]].Size
			rest /= sizes[shape[i]].Size
			if n.Shape.Has(shape[i]) {
				base += c * p.flat.Stride(n.Shape, shape[i])
			}
		}
		for k := range innerLanes {
			pos, rest := base, k
			for i := len(inner) - 1; i >= 0; i-- {
				c := rest % sizes[inner[i]].Size
				rest /= sizes[inner[i]].Size
				if n.Shape.Has(inner[i]) {
					pos += c * p.flat.Stride(n.Shape, inner[i])
				}
			}
			out = append(out, int32(pos))
		}
	}
	return out
}
