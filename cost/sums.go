package cost

import (
	"strings"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"

	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/split"
	"tpe/cost/timing"
	"tpe/hw"
)

// The energy of data is parted by what a gate works for, and that is read off the graph:
//
//   - accumulate: gates that see a running sum;
//   - multiply: the other gates of PEs, which see operands only: products, and the trees
//     that add products of one cycle;
//   - registers: flip-flops and the nets that they drive, delay lines;
//   - control: the other gates outside PEs.
//
// A running sum is a value on a loop through registers or memories on which arithmetic adds
// to it what PEs made, and all that is computed from it.

// sums marks the nodes of the flat graph that carry running sums. made are the registers and
// outputs of PEs.
func sums(m *hw.Module, made []hw.ID) []bool {
	g := dependencies(m)
	from := closure(g, made)
	inPE := make([]bool, len(m.Nodes))
	for _, id := range made {
		inPE[id] = true
	}
	var seeds []hw.ID
	for _, loop := range topo.TarjanSCC(g) {
		if adds(m, g, loop, from, inPE) {
			for _, n := range loop {
				seeds = append(seeds, hw.ID(n.ID()))
			}
		}
	}
	return closure(g, seeds)
}

// dependencies has an edge from each node to those that are computed from it, in the same
// cycle or later.
func dependencies(m *hw.Module) *simple.DirectedGraph {
	g := simple.NewDirectedGraph()
	for i := range m.Nodes {
		g.AddNode(simple.Node(i))
	}
	edge := func(from, to hw.ID) {
		if from >= 0 && from != to {
			g.SetEdge(simple.Edge{F: simple.Node(from), T: simple.Node(to)})
		}
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		for _, a := range n.Args {
			edge(a, hw.ID(i))
		}
		switch n.Op {
		case hw.OpReg:
			edge(m.Regs[n.Imm].Next, hw.ID(i))
		case hw.OpMemQ:
			edge(m.Mems[n.Imm].WData, hw.ID(i))
		}
	}
	return g
}

// adds tells whether arithmetic on a loop adds to it: an operand from outside that is not a
// constant, and that PEs made unless the loop is theirs.
func adds(m *hw.Module, g *simple.DirectedGraph, loop []graph.Node, from, inPE []bool) bool {
	if len(loop) < 2 {
		return false
	}
	on, own := map[hw.ID]bool{}, false
	for _, n := range loop {
		on[hw.ID(n.ID())] = true
		own = own || inPE[n.ID()]
	}
	for id := range on {
		n := &m.Nodes[id]
		switch n.Op {
		case hw.OpAdd, hw.OpSub, hw.OpXor, hw.OpXor3, hw.OpCsaC:
		default:
			continue
		}
		for _, a := range n.Args {
			if !on[a] && m.Nodes[a].Op != hw.OpConst && m.Nodes[a].Width > 1 && (own || from[a]) {
				return true
			}
		}
	}
	return false
}

// closure marks what is computed from the given nodes, themselves included.
func closure(g *simple.DirectedGraph, from []hw.ID) []bool {
	out := make([]bool, g.Nodes().Len())
	todo := append([]hw.ID(nil), from...)
	for _, id := range todo {
		out[id] = true
	}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for next := g.From(int64(id)); next.Next(); {
			if k := hw.ID(next.Node().ID()); !out[k] {
				out[k] = true
				todo = append(todo, k)
			}
		}
	}
	return out
}

// runningSums marks them in the flat graph.
func (r *recorder) runningSums() ([]bool, error) {
	var made []hw.ID
	for i := range r.probes.insts {
		in := &r.probes.insts[i]
		k := r.d.index[in.module]
		if !r.isPE[k] {
			continue
		}
		part := &r.d.parts[k]
		var list []hw.ID
		for _, x := range part.Pieces {
			list = append(list, x.Out...)
		}
		for _, reg := range part.Module.Regs {
			list = append(list, reg.Node)
		}
		for _, id := range list {
			node, err := r.probes.node(in, id)
			if err != nil {
				return nil, err
			}
			made = append(made, node)
		}
	}
	return sums(r.probes.flat, made), nil
}

// assign finds what the nets of a watched piece work for.
func (r *recorder) assign(in *instance, part *split.Part, x *split.Piece, w *watched) error {
	sum := map[string]bool{}
	note := func(name string, id hw.ID) error {
		node, err := r.probes.node(in, id)
		if err == nil {
			sum[name] = r.sums[node]
		}
		return err
	}
	for _, reg := range part.Module.Regs {
		if err := note(part.Module.Nodes[reg.Node].Name, reg.Node); err != nil {
			return err
		}
	}
	for i, p := range x.Module.Inputs {
		if err := note(p.Name, x.In[i]); err != nil {
			return err
		}
	}
	for i, p := range x.Module.Outputs {
		if err := note(p.Name, x.Out[i]); err != nil {
			return err
		}
	}
	pe := r.isPE[r.d.index[in.module]]
	var err error
	w.works, err = functionsOf(w.block.net, pe, func(name string) (bool, bool) {
		s, known := sum[name]
		return s, known
	})
	return err
}

// function is what a net works for.
type function uint8

// The functions of nets.
const (
	multiply function = iota
	accumulate
	storage
	control
	functions // their number
)

// functionsOf tells the function of every net of a piece. sumOf tells whether the port or
// register of that name carries a running sum; known is false for a name that is neither, as
// of a flip-flop that synthesis made, which then does what its data does.
func functionsOf(n *netlist.Netlist, pe bool, sumOf func(name string) (sum, known bool)) ([]function, error) {
	order, err := timing.Order(n)
	if err != nil {
		return nil, err
	}
	sum := make([]bool, len(n.Nets))
	out := make([]function, len(n.Nets))
	for _, p := range n.Inputs {
		for _, net := range p.Nets {
			sum[net], _ = sumOf(p.Name)
		}
	}
	var unknown []*netlist.Cell
	for i := range n.Cells {
		c := &n.Cells[i]
		if c.Kind.FF == nil {
			continue
		}
		for _, net := range outputs(c) {
			name, _, _ := strings.Cut(n.Nets[net], "[")
			s, known := sumOf(name)
			if sum[net], out[net] = s, storage; !known {
				unknown = append(unknown, c)
			}
		}
	}
	for again := true; again; {
		again = false
		for _, i := range order {
			if c := &n.Cells[i]; c.Kind.FF == nil {
				mark(sum, c)
			}
		}
		for _, c := range unknown {
			again = mark(sum, c) || again
		}
	}
	for net := range out {
		switch {
		case out[net] == storage:
		case sum[net]:
			out[net] = accumulate
		case !pe:
			out[net] = control
		}
	}
	return out, nil
}

// mark makes the outputs of a cell running sums if an input is one, and tells whether that
// was new.
func mark(sum []bool, c *netlist.Cell) bool {
	sees := false
	for k, p := range c.Kind.Pins {
		sees = sees || p.Dir == liberty.In && c.Pins[k] >= 0 && sum[c.Pins[k]]
	}
	changed := false
	for _, net := range outputs(c) {
		if sees && !sum[net] {
			sum[net], changed = true, true
		}
	}
	return changed
}

// outputs lists the nets that a cell drives.
func outputs(c *netlist.Cell) []int {
	var list []int
	for k, p := range c.Kind.Pins {
		if p.Dir == liberty.Out && c.Pins[k] >= 0 {
			list = append(list, c.Pins[k])
		}
	}
	return list
}
