package power

import (
	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/timing"
)

// Model is the energy of one netlist's edges, in fJ.
type Model struct {
	Rise, Fall []Edge  // by net
	Clock      float64 // of a clock cycle: the clock pins of all flip-flops
	Leakage    float64 // nW
}

// Edge is the energy of one edge of a net.
type Edge struct {
	Internal  float64 // fJ, in the cell that drives the net and at the pins that see it
	Switching float64 // fJ, 1/2 C V^2
}

// Load is the capacitance at every output of a netlist.
type Load struct {
	Assumed float64 // fF, with which tables are read; that of the timing
	Charged float64 // fF, whose charge is part of the netlist's energy: 0 if that is counted where the output goes to
}

// NewModel reads the energies of a netlist from its library. The timing result gives the
// transition at each net.
func NewModel(n *netlist.Netlist, t *timing.Result, out Load) *Model {
	m := &Model{Rise: make([]Edge, len(n.Nets)), Fall: make([]Edge, len(n.Nets)), Leakage: n.Leakage()}
	load, charged := timing.Loads(n, out.Assumed), timing.Loads(n, out.Charged)
	half := n.Library.Voltage * n.Library.Voltage / 2
	for net := range n.Nets {
		if net != n.Clock && net > netlist.Const1 {
			m.Rise[net].Switching = half * charged[net][0]
			m.Fall[net].Switching = half * charged[net][1]
		}
	}
	for i := range n.Cells {
		c := &n.Cells[i]
		for k, p := range c.Kind.Pins {
			net := c.Pins[k]
			switch {
			case net <= netlist.Const1:
			case p.Dir == liberty.Out:
				m.output(c, p, net, load[net], t)
			case net == n.Clock: // an ideal clock, with sharp edges
				m.Clock += mean(p.Powers, liberty.At{}, true) + mean(p.Powers, liberty.At{}, false) + half*(p.RiseCap+p.FallCap)
			case p.Dir == liberty.In:
				rise, fall := t.Slew(net)
				m.Rise[net].Internal += mean(p.Powers, liberty.At{liberty.VarSlew: rise}, true)
				m.Fall[net].Internal += mean(p.Powers, liberty.At{liberty.VarSlew: fall}, false)
			}
		}
	}
	return m
}

// output adds the energy of a cell at the edges of its output: the mean over the inputs
// that may cause them, each at its transition.
func (m *Model) output(c *netlist.Cell, p *liberty.Pin, net int, load [2]float64, t *timing.Result) {
	var rise, fall float64
	causes := 0
	for k, in := range c.Kind.Pins {
		var powers []liberty.Power
		for _, w := range p.Powers {
			if w.Related == in.Name {
				powers = append(powers, w)
			}
		}
		if len(powers) == 0 {
			continue
		}
		causes++
		var up, down float64 // transition of the input that makes the output rise, fall; 0 for the clock
		if from := c.Pins[k]; from > netlist.Const1 && !in.Clock {
			up, down = causing(p, in.Name, t, from)
		}
		rise += mean(powers, liberty.At{liberty.VarSlew: up, liberty.VarLoad: load[0]}, true)
		fall += mean(powers, liberty.At{liberty.VarSlew: down, liberty.VarLoad: load[1]}, false)
	}
	if causes > 0 {
		m.Rise[net].Internal += rise / float64(causes)
		m.Fall[net].Internal += fall / float64(causes)
	}
}

// causing returns the transitions of an input that go with the output's rise and fall.
func causing(out *liberty.Pin, related string, t *timing.Result, net int) (up, down float64) {
	rise, fall := t.Slew(net)
	for i := range out.Arcs {
		if a := &out.Arcs[i]; a.Related == related && a.Kind == liberty.Combinational {
			switch a.Sense {
			case liberty.PositiveUnate:
				return rise, fall
			case liberty.NegativeUnate:
				return fall, rise
			}
		}
	}
	return (rise + fall) / 2, (rise + fall) / 2
}

// mean is the energy of an edge over all conditions.
func mean(powers []liberty.Power, at liberty.At, rising bool) float64 {
	sum, count := 0.0, 0
	for _, p := range powers {
		table := p.Fall
		if rising {
			table = p.Rise
		}
		if table != nil {
			sum += table.Lookup(at)
			count++
		}
	}
	if count == 0 {
		return 0
	}
	return sum / float64(count)
}

// Energy is what a netlist spent over some cycles, in fJ.
type Energy struct {
	Internal  float64
	Switching float64
	Clock     float64
}

// Total is the sum without leakage.
func (e Energy) Total() float64 { return e.Internal + e.Switching + e.Clock }

// Of weighs counted edges with their energies. Cycles are those of the clock.
func (m *Model) Of(a *Activity) Energy {
	e := Energy{Clock: m.Clock * float64(a.Cycles)}
	for net := range m.Rise {
		r, f := float64(a.Rises[net]), float64(a.Falls[net])
		e.Internal += r*m.Rise[net].Internal + f*m.Fall[net].Internal
		e.Switching += r*m.Rise[net].Switching + f*m.Fall[net].Switching
	}
	return e
}

// Activity counts edges.
type Activity struct {
	Cycles int64 // over all streams
	Rises  []uint64
	Falls  []uint64
}

// Toggles is the number of all edges.
func (a *Activity) Toggles() uint64 {
	sum := uint64(0)
	for i := range a.Rises {
		sum += a.Rises[i] + a.Falls[i]
	}
	return sum
}

// Pass is the energy of an edge that passes through every net once, the mean of a rise and
// a fall, fJ: that of a bit of data in a netlist such as a flip-flop.
func (m *Model) Pass() float64 {
	sum := 0.0
	for net := range m.Rise {
		sum += m.Rise[net].Internal + m.Rise[net].Switching + m.Fall[net].Internal + m.Fall[net].Switching
	}
	return sum / 2
}
