package hwtest

import (
	"slices"

	"tpe/hw"
)

// Minimise returns a smaller case that is still bad: it drops cycles, outputs,
// assertions, inputs and nodes, and clears stimulus, one by one, as long as bad
// stays true, until nothing more can go. The case given must be bad; bad must
// not depend on anything but its argument.
func Minimise(c Case, bad func(Case) bool) Case {
	m := minimiser{bad: bad, best: c}
	if flat, err := hw.Flatten(c.Top); err == nil {
		m.try(Case{Name: c.Name, Top: flat, Inputs: c.Inputs, Reset: c.Reset})
	}
	for m.changed = true; m.changed; {
		m.changed = false
		m.cycles()
		m.outputs()
		m.nodes()
		m.inputs()
		m.values()
	}
	return m.best
}

type minimiser struct {
	bad     func(Case) bool
	best    Case
	changed bool
}

// try takes a candidate if it is legal and bad.
func (m *minimiser) try(c Case) bool {
	if len(c.Inputs) == 0 || hw.Verify(c.Top) != nil || !m.bad(c) {
		return false
	}
	m.best, m.changed = c, true
	return true
}

// tryTop takes a changed top module, pruned if that is possible.
func (m *minimiser) tryTop(top *hw.Module) bool {
	c := m.best
	c.Top = top
	if len(top.Insts) == 0 && hw.Verify(top) == nil {
		if flat, err := hw.Flatten(top); err == nil {
			c.Top = flat
		}
	}
	return m.try(c)
}

// cycles drops runs of cycles, halves first.
func (m *minimiser) cycles() {
	for size := len(m.best.Inputs); size > 0; size /= 2 {
		for at := len(m.best.Inputs) - size; at >= 0; at-- {
			c := m.best
			if at+size > len(c.Inputs) {
				continue
			}
			c.Inputs = slices.Delete(slices.Clone(c.Inputs), at, at+size)
			c.Reset = slices.Delete(slices.Clone(c.Reset), at, at+size)
			m.try(c)
		}
	}
}

// outputs drops outputs and assertions.
func (m *minimiser) outputs() {
	for i := len(m.best.Top.Outputs) - 1; i >= 0; i-- {
		top := clone(m.best.Top)
		top.Outputs = slices.Delete(top.Outputs, i, i+1)
		m.tryTop(top)
	}
	for i := len(m.best.Top.Asserts) - 1; i >= 0; i-- {
		top := clone(m.best.Top)
		top.Asserts = slices.Delete(top.Asserts, i, i+1)
		m.tryTop(top)
	}
}

// nodes replaces nodes by one of their operands or by 0.
func (m *minimiser) nodes() {
	for i := len(m.best.Top.Nodes) - 1; i >= 0; i-- {
		if i >= len(m.best.Top.Nodes) {
			continue
		}
		n := &m.best.Top.Nodes[i]
		switch n.Op {
		case hw.OpInput, hw.OpInstOut, hw.OpConst:
			continue
		}
		replaced := false
		for _, a := range n.Args {
			if x := &m.best.Top.Nodes[a]; !replaced && x.Width == n.Width && x.Shape&^n.Shape == 0 {
				replaced = m.replace(i, func(top *hw.Module) hw.ID { return a })
			}
		}
		if !replaced && !(n.Op == hw.OpBcast && m.best.Top.Nodes[n.Args[0]].Op == hw.OpConst) {
			m.replace(i, func(top *hw.Module) hw.ID {
				top.Nodes = append(top.Nodes, hw.Node{Op: hw.OpConst, Width: n.Width})
				return hw.ID(len(top.Nodes) - 1)
			})
		}
	}
}

// replace turns node i into a copy of another one.
func (m *minimiser) replace(i int, by func(*hw.Module) hw.ID) bool {
	top := clone(m.best.Top)
	n := top.Nodes[i]
	x := by(top)
	switch n.Op {
	case hw.OpReg:
		top.Regs = slices.Delete(top.Regs, int(n.Imm), int(n.Imm)+1)
		renumber(top, hw.OpReg, n.Imm)
	case hw.OpMemQ:
		top.Mems = slices.Delete(top.Mems, int(n.Imm), int(n.Imm)+1)
		renumber(top, hw.OpMemQ, n.Imm)
	}
	top.Nodes[i] = hw.Node{Op: hw.OpBcast, Width: n.Width, Shape: n.Shape, Args: []hw.ID{x}, Name: n.Name}
	return m.tryTop(top)
}

// renumber closes the gap that a deleted row of a table leaves.
func renumber(top *hw.Module, op hw.Op, row uint64) {
	for i := range top.Nodes {
		if n := &top.Nodes[i]; n.Op == op && n.Imm > row {
			n.Imm--
		}
	}
}

// inputs drops ports that nothing reads, whose nodes become unnamed constants that
// are pruned.
func (m *minimiser) inputs() {
	for p := len(m.best.Top.Inputs) - 1; p >= 0; p-- {
		c := m.best
		top := clone(c.Top)
		id := top.Inputs[p].Node
		n := top.Nodes[id]
		top.Inputs = slices.Delete(top.Inputs, p, p+1)
		renumber(top, hw.OpInput, uint64(p))
		top.Nodes = append(top.Nodes, hw.Node{Op: hw.OpConst, Width: n.Width})
		top.Nodes[id] = hw.Node{Op: hw.OpBcast, Width: n.Width, Shape: n.Shape, Args: []hw.ID{hw.ID(len(top.Nodes) - 1)}}
		c.Inputs = slices.Clone(c.Inputs)
		for t := range c.Inputs {
			c.Inputs[t] = slices.Delete(slices.Clone(c.Inputs[t]), p, p+1)
		}
		if len(top.Insts) == 0 && hw.Verify(top) == nil {
			if flat, err := hw.Flatten(top); err == nil {
				top = flat
			}
		}
		c.Top = top
		m.try(c)
	}
}

// values clears the lanes of a port, and resets, in one cycle at a time.
func (m *minimiser) values() {
	for t := range m.best.Inputs {
		for p := range m.best.Inputs[t] {
			if !slices.ContainsFunc(m.best.Inputs[t][p], func(v uint64) bool { return v != 0 }) {
				continue
			}
			c := m.best
			c.Inputs = slices.Clone(c.Inputs)
			c.Inputs[t] = slices.Clone(c.Inputs[t])
			c.Inputs[t][p] = make([]uint64, len(c.Inputs[t][p]))
			m.try(c)
		}
		if m.best.Reset[t] {
			c := m.best
			c.Reset = slices.Clone(c.Reset)
			c.Reset[t] = false
			m.try(c)
		}
	}
}

// clone copies a module so far that its tables and nodes may be changed.
func clone(m *hw.Module) *hw.Module {
	c := *m
	c.Nodes = slices.Clone(m.Nodes)
	for i := range c.Nodes {
		c.Nodes[i].Args = slices.Clone(c.Nodes[i].Args)
	}
	c.Inputs, c.Outputs = slices.Clone(m.Inputs), slices.Clone(m.Outputs)
	c.Regs, c.Mems, c.Asserts = slices.Clone(m.Regs), slices.Clone(m.Mems), slices.Clone(m.Asserts)
	return &c
}
