package timing

import (
	"fmt"
	"math"
	"slices"

	"tpe/cost/liberty"
	"tpe/cost/netlist"
)

// Options are the surroundings of a netlist.
type Options struct {
	InputSlew  float64 // transition at every input, ps
	OutputLoad float64 // at every output, fF
	// Arrival gives the time at which an input port is stable (ps); nil is 0 for all. A
	// port at minus infinity takes part in no path.
	Arrival func(port string) float64
}

// Edges are a rise and a fall.
const (
	rise = 0
	fall = 1
)

// Result is an analysis.
type Result struct {
	n    *netlist.Netlist
	opt  Options
	load [][2]float64
	at   [][2]float64 // latest arrival by net and edge, ps; -Inf if no path ends there
	slew [][2]float64 // ps
	from [][2]hop     // what made the latest arrival

	// Setup is the least period at which every flip-flop takes its data: the latest
	// arrival plus setup time over all flip-flops, ps; -Inf without one.
	Setup float64
	// Outputs is the latest arrival at an output, ps; -Inf without a path.
	Outputs float64

	setupEnd end
}

// hop says through which cell a net's edge was caused.
type hop struct {
	cell int // -1: an input
	net  int // the net before
	edge int
}

type end struct {
	net, edge int
	setup     float64
	cell      int // -1: an output
}

// Analyze computes all arrivals. An error is a combinational loop.
func Analyze(n *netlist.Netlist, opt Options) (*Result, error) {
	r := &Result{n: n, opt: opt, load: Loads(n, opt.OutputLoad), at: make([][2]float64, len(n.Nets)), slew: make([][2]float64, len(n.Nets)),
		from: make([][2]hop, len(n.Nets)), Setup: math.Inf(-1), Outputs: math.Inf(-1)}
	for i := range r.at {
		r.at[i] = [2]float64{math.Inf(-1), math.Inf(-1)}
	}
	for _, p := range n.Inputs {
		if len(p.Nets) == 1 && p.Nets[0] == n.Clock {
			continue
		}
		at := 0.0
		if opt.Arrival != nil {
			at = opt.Arrival(p.Name)
		}
		for _, net := range p.Nets {
			r.at[net] = [2]float64{at, at}
			r.slew[net] = [2]float64{opt.InputSlew, opt.InputSlew}
			r.from[net] = [2]hop{{cell: -1}, {cell: -1}}
		}
	}
	order, err := Order(n)
	if err != nil {
		return nil, err
	}
	for _, i := range order {
		r.cell(i)
	}
	r.endpoints()
	return r, nil
}

// Loads returns the capacitance at every net when it rises and when it falls, fF.
func Loads(n *netlist.Netlist, outputLoad float64) [][2]float64 {
	load := make([][2]float64, len(n.Nets))
	for i := range n.Cells {
		c := &n.Cells[i]
		for k, p := range c.Kind.Pins {
			if net := c.Pins[k]; net >= 0 && p.Dir == liberty.In {
				load[net][rise] += p.RiseCap
				load[net][fall] += p.FallCap
			}
		}
	}
	for _, p := range n.Outputs {
		for _, net := range p.Nets {
			load[net][rise] += outputLoad
			load[net][fall] += outputLoad
		}
	}
	return load
}

// Order lists the cells such that each gate follows those that drive it; flip-flops
// come first. An error is a combinational loop.
func Order(n *netlist.Netlist) ([]int, error) {
	waits := make([]int, len(n.Cells))
	readers := make([][]int32, len(n.Nets))
	driven := make([]bool, len(n.Nets))
	for i := range n.Cells {
		c := &n.Cells[i]
		for k, p := range c.Kind.Pins {
			if p.Dir == liberty.Out && c.Pins[k] >= 0 {
				driven[c.Pins[k]] = true
			}
		}
	}
	var order []int
	for i := range n.Cells {
		c := &n.Cells[i]
		if c.Kind.FF != nil {
			order = append(order, i)
			continue
		}
		for k, p := range c.Kind.Pins {
			if net := c.Pins[k]; p.Dir == liberty.In && net >= 0 && driven[net] {
				waits[i]++
				readers[net] = append(readers[net], int32(i))
			}
		}
	}
	for i := range n.Cells {
		if n.Cells[i].Kind.FF == nil && waits[i] == 0 {
			order = append(order, i)
		}
	}
	for head := 0; head < len(order); head++ {
		c := &n.Cells[order[head]]
		for k, p := range c.Kind.Pins {
			if p.Dir != liberty.Out || c.Pins[k] < 0 {
				continue
			}
			for _, u := range readers[c.Pins[k]] {
				if waits[u]--; waits[u] == 0 {
					order = append(order, int(u))
				}
			}
		}
	}
	if len(order) != len(n.Cells) {
		return nil, fmt.Errorf("timing: netlist %s: %d gates in combinational loops", n.Name, len(n.Cells)-len(order))
	}
	return order, nil
}

// cell propagates through one cell.
func (r *Result) cell(i int) {
	c := &r.n.Cells[i]
	for k, p := range c.Kind.Pins {
		out := c.Pins[k]
		if p.Dir != liberty.Out || out < 0 {
			continue
		}
		for a := range p.Arcs {
			arc := &p.Arcs[a]
			switch arc.Kind {
			case liberty.ClockEdge:
				r.arc(i, arc, out, -1, 0, rise, 0)
				r.arc(i, arc, out, -1, 0, fall, 0)
			case liberty.Combinational:
				r.combinational(i, c, arc, out)
			}
		}
	}
}

func (r *Result) combinational(i int, c *netlist.Cell, arc *liberty.Arc, out int) {
	in := c.Pin(arc.Related)
	if in < 0 || in == netlist.Const0 || in == netlist.Const1 {
		return
	}
	for edge := range 2 {
		if math.IsInf(r.at[in][edge], -1) {
			continue
		}
		if arc.Sense != liberty.NegativeUnate {
			r.arc(i, arc, out, in, edge, edge, r.slew[in][edge])
		}
		if arc.Sense != liberty.PositiveUnate {
			r.arc(i, arc, out, in, edge, 1-edge, r.slew[in][edge])
		}
	}
}

// arc brings an edge of in (-1: the clock) to an edge of out.
func (r *Result) arc(cell int, arc *liberty.Arc, out, in, inEdge, outEdge int, slew float64) {
	delay, trans := arc.CellRise, arc.TransitionRise
	if outEdge == fall {
		delay, trans = arc.CellFall, arc.TransitionFall
	}
	if delay == nil {
		return
	}
	start := 0.0
	if in >= 0 {
		start = r.at[in][inEdge]
	}
	at := liberty.At{liberty.VarSlew: slew, liberty.VarLoad: r.load[out][outEdge]}
	if t := start + delay.Lookup(at); t > r.at[out][outEdge] {
		r.at[out][outEdge] = t
		r.from[out][outEdge] = hop{cell, in, inEdge}
	}
	if trans != nil {
		r.slew[out][outEdge] = max(r.slew[out][outEdge], trans.Lookup(at))
	}
}

func (r *Result) endpoints() {
	for i := range r.n.Cells {
		c := &r.n.Cells[i]
		if c.Kind.FF == nil {
			continue
		}
		for k, p := range c.Kind.Pins {
			for a := range p.Arcs {
				arc := &p.Arcs[a]
				if arc.Kind == liberty.Setup && c.Pins[k] >= 0 {
					r.setup(i, arc, c.Pins[k])
				}
			}
		}
	}
	for _, p := range r.n.Outputs {
		for _, net := range p.Nets {
			r.Outputs = max(r.Outputs, r.at[net][rise], r.at[net][fall])
		}
	}
}

func (r *Result) setup(cell int, arc *liberty.Arc, net int) {
	for edge, table := range []*liberty.Table{arc.ConstraintRise, arc.ConstraintFall} {
		if table == nil || math.IsInf(r.at[net][edge], -1) {
			continue
		}
		need := table.Lookup(liberty.At{liberty.VarConstrained: r.slew[net][edge]})
		if t := r.at[net][edge] + need; t > r.Setup {
			r.Setup, r.setupEnd = t, end{net, edge, need, cell}
		}
	}
}

// Arrival returns the latest arrival at an output port, ps; -Inf without a path.
func (r *Result) Arrival(p netlist.Port) float64 {
	t := math.Inf(-1)
	for _, net := range p.Nets {
		t = max(t, r.at[net][rise], r.at[net][fall])
	}
	return t
}

// Slew returns the transition of a net's rise and fall, ps.
func (r *Result) Slew(net int) (rising, falling float64) { return r.slew[net][rise], r.slew[net][fall] }

// Step is one point of a path.
type Step struct {
	Through string  // the cell, "" at the start and the end
	Net     string  // the net that it drives; at the end what takes the data
	Rising  bool    // the edge
	At      float64 // arrival, ps
	Delay   float64 // of this step, ps
}

// SetupPath lists the points of the path that decides Setup, and the input port at which
// it starts ("" for a flip-flop).
func (r *Result) SetupPath() ([]Step, string) {
	if math.IsInf(r.Setup, -1) {
		return nil, ""
	}
	e := r.setupEnd
	path, start := r.path(e)
	return append(path, Step{Net: "setup of " + r.n.Cells[e.cell].Kind.Name, Rising: e.edge == rise, At: r.Setup, Delay: e.setup}), start
}

// PathTo lists the points of the latest path to an output port, and the input port at
// which it starts ("" for a flip-flop).
func (r *Result) PathTo(output string) ([]Step, string) {
	p, ok := r.n.Output(output)
	if !ok {
		return nil, ""
	}
	last := end{net: -1}
	at := math.Inf(-1)
	for _, net := range p.Nets {
		for edge, t := range r.at[net] {
			if t > at {
				at, last = t, end{net: net, edge: edge}
			}
		}
	}
	return r.path(last)
}

func (r *Result) path(e end) ([]Step, string) {
	var list []Step
	net, edge := e.net, e.edge
	start := ""
	for net >= 0 {
		h := r.from[net][edge]
		s := Step{Net: r.n.Nets[net], Rising: edge == rise, At: r.at[net][edge]}
		if h.cell < 0 {
			list = append(list, s)
			start = r.inputOf(net)
			break
		}
		s.Through = r.n.Cells[h.cell].Kind.Name
		list = append(list, s)
		net, edge = h.net, h.edge
	}
	slices.Reverse(list)
	before := 0.0
	for i := range list {
		list[i].Delay = list[i].At - before
		before = list[i].At
	}
	return list, start
}

// inputOf is the input port of a net.
func (r *Result) inputOf(net int) string {
	for _, p := range r.n.Inputs {
		if slices.Contains(p.Nets, net) {
			return p.Name
		}
	}
	return ""
}
