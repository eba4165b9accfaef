package cost

import (
	"context"
	"fmt"
	"math"

	"tpe/cost/blast"
	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/power"
	"tpe/cost/synth"
	"tpe/hw"
)

// The fast model maps a module to a few cells that stand for what synthesis makes of AND
// nodes, XOR nodes and flip-flops, on the average of a technology. Everything behind the
// mapping is the same as for synthesised gates: counting, timing, simulation.

// mapper makes a netlist of a module.
type mapper interface {
	Module(ctx context.Context, m *hw.Module, recipe synth.Recipe, seed uint64) (*netlist.Netlist, error)
	Version() string
}

// fast is the mapper of the fast model.
type fast struct{ lib *liberty.Library }

// Version implements mapper.
func (f *fast) Version() string { return "AND and XOR nodes" }

// Names of the cells.
const (
	cellAnd   = "AND"   // A & B
	cellAndN  = "ANDN"  // A & !B
	cellNor   = "NOR"   // !A & !B
	cellMux   = "MUX"   // a NOR that ends a multiplexer
	cellMaj   = "MAJ"   // a NOR that ends a majority
	cellReset = "RESET" // an AND before a flip-flop
	cellResN  = "RESETN"
	cellXor   = "XOR"
	cellInv   = "INV" // free: a complement is part of what reads it
	cellIn    = "IN"  // free: drives the readers of an input
	cellFF    = "DFF"
)

// maxDoublings bounds the readers of a net in the tables of delays.
const maxDoublings = 20

// doublings is a delay by load, where each reader is a load of one: base, and more for each
// doubling.
func doublings(base, more float64) *liberty.Table {
	t := &liberty.Table{Axes: []liberty.Axis{{Var: liberty.VarLoad}}}
	for k := range maxDoublings {
		t.Axes[0].Points = append(t.Axes[0].Points, math.Exp2(float64(k)))
		t.Values = append(t.Values, base+more*float64(k))
	}
	return t
}

func constant(v float64) *liberty.Table { return &liberty.Table{Values: []float64{v}} }

// fastGate is a gate of the fast model.
type fastGate struct {
	name, function      string
	area, delay, energy float64
}

// cell makes a gate a cell of a library without voltage, whose loads have no charge.
func (g fastGate) cell(fanout, leakage float64) (*liberty.Cell, error) {
	f, err := liberty.ParseFunction(g.function)
	if err != nil {
		return nil, err
	}
	c := &liberty.Cell{Name: g.name, Area: g.area, Leakage: g.area * leakage}
	out := &liberty.Pin{Name: "Y", Dir: liberty.Out, Function: f}
	delay := doublings(g.delay, fanout)
	for _, v := range f.Vars {
		c.Pins = append(c.Pins, &liberty.Pin{Name: v, Dir: liberty.In, RiseCap: 1, FallCap: 1})
		out.Arcs = append(out.Arcs, liberty.Arc{Related: v, Kind: liberty.Combinational, CellRise: delay, CellFall: delay})
		out.Powers = append(out.Powers, liberty.Power{Related: v, Rise: constant(g.energy), Fall: constant(g.energy)})
	}
	c.Pins = append(c.Pins, out)
	return c, nil
}

// fastLibrary is a library of the fast model's cells.
func (t *Technology) fastLibrary(recipe synth.Recipe) (*liberty.Library, error) {
	r, ok := t.Recipes[string(recipe)]
	if !ok {
		return nil, fmt.Errorf("technology %s has no recipe %s", t.Name, recipe)
	}
	return r.library(t.Name, t.Energy)
}

func (r *RecipeFit) library(name string, e EnergyFit) (*liberty.Library, error) {
	var cells []*liberty.Cell
	for _, g := range []fastGate{
		{cellAnd, "A B", r.AndUM2, r.LevelPS, e.AndFJ}, {cellAndN, "A !B", r.AndUM2, r.LevelPS, e.AndFJ},
		{cellNor, "!A !B", r.AndUM2, r.LevelPS, e.AndFJ}, {cellXor, "A ^ B", r.XorUM2, r.LevelPS, e.XorFJ},
		{cellMux, "!A !B", r.AndUM2 + r.MuxUM2, r.LevelPS, e.AndFJ + e.MuxFJ}, {cellMaj, "!A !B", r.AndUM2 + r.MajUM2, r.LevelPS, e.AndFJ + e.MajFJ},
		{cellReset, "A B", r.ResetUM2, r.LevelPS, e.AndFJ}, {cellResN, "A !B", r.ResetUM2, r.LevelPS, e.AndFJ},
		{cellIn, "A", 0, 0, 0},
	} {
		c, err := g.cell(r.FanoutPS, e.LeakageNWPerUM2)
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	inv, err := fastGate{cellInv, "!A", 0, 0, 0}.cell(0, 0)
	if err != nil {
		return nil, err
	}
	q, _ := liberty.ParseFunction("IQ")
	d, _ := liberty.ParseFunction("D")
	ck, err := liberty.ParseFunction("CK")
	if err != nil {
		return nil, err
	}
	half, toQ := constant(r.FixedPS/2), doublings(r.FixedPS/2, r.FanoutPS)
	cells = append(cells, inv, &liberty.Cell{Name: cellFF, Area: r.FlipFlopUM2, Leakage: r.FlipFlopUM2 * e.LeakageNWPerUM2,
		FF: &liberty.FF{State: "IQ", Next: d, Clock: ck},
		Pins: []*liberty.Pin{
			{Name: "D", Dir: liberty.In, RiseCap: 1, FallCap: 1, Arcs: []liberty.Arc{{Related: "CK", Kind: liberty.Setup, ConstraintRise: half, ConstraintFall: half}}},
			{Name: "CK", Dir: liberty.In, Clock: true, Powers: []liberty.Power{{Rise: constant(e.ClockFJ), Fall: constant(0)}}},
			{Name: "Q", Dir: liberty.Out, Function: q,
				Arcs:   []liberty.Arc{{Related: "CK", Kind: liberty.ClockEdge, CellRise: toQ, CellFall: toQ}},
				Powers: []liberty.Power{{Related: "CK", Rise: constant(e.FlipFlopFJ), Fall: constant(e.FlipFlopFJ)}}},
		}})
	return liberty.New(name, 0, cells), nil
}

// adderOf is what a recipe leaves of an adder.
func adderOf(r synth.Recipe) blast.Adder {
	if r == synth.Area {
		return blast.Ripple
	}
	return blast.BrentKung
}

// Module implements mapper; the order of statements does not matter.
func (f *fast) Module(_ context.Context, m *hw.Module, recipe synth.Recipe, _ uint64) (*netlist.Netlist, error) {
	d, err := blast.Module(m, adderOf(recipe))
	if err != nil {
		return nil, err
	}
	w := &weaver{lib: f.lib, d: d, net: map[blast.Lit]int{blast.False: netlist.Const0, blast.True: netlist.Const1},
		n: &netlist.Netlist{Name: m.Name, Library: f.lib, Nets: []string{"0", "1"}, Clock: netlist.Open}}
	w.ports(m)
	w.gates()
	w.flops()
	for i, p := range m.Outputs {
		port := netlist.Port{Name: p.Name}
		for _, l := range d.Outputs[i] {
			port.Nets = append(port.Nets, w.of(l))
		}
		w.n.Outputs = append(w.n.Outputs, port)
	}
	return w.n, w.n.Check()
}

// weaver makes a netlist of bits.
type weaver struct {
	lib   *liberty.Library
	d     *blast.Design
	n     *netlist.Netlist
	net   map[blast.Lit]int
	live  []bool
	reset int
}

func (w *weaver) fresh(name string) int {
	w.n.Nets = append(w.n.Nets, name)
	return len(w.n.Nets) - 1
}

func (w *weaver) ports(m *hw.Module) {
	w.live = w.d.Live()
	some := false
	for _, f := range w.d.Flops {
		some = some || w.live[f.Q.Node()]
	}
	if some {
		w.n.Clock = w.fresh("clk_i")
		w.reset = w.fresh("rst_ni")
		w.n.Inputs = append(w.n.Inputs, netlist.Port{Name: "clk_i", Nets: []int{w.n.Clock}}, netlist.Port{Name: "rst_ni", Nets: []int{w.reset}})
	}
	for i, p := range m.Inputs {
		port := netlist.Port{Name: p.Name}
		for k, l := range w.d.Inputs[i] {
			net := w.fresh(fmt.Sprintf("%s[%d]", p.Name, k))
			w.net[l] = net
			port.Nets = append(port.Nets, net)
			if w.live[l.Node()] {
				w.net[l] = w.cell(cellIn, net)
			}
		}
		w.n.Inputs = append(w.n.Inputs, port)
	}
	for _, f := range w.d.Flops {
		if w.live[f.Q.Node()] {
			w.net[f.Q] = w.fresh(f.Name)
		}
	}
}

// cell places a cell whose inputs come first; the output is a new net.
func (w *weaver) cell(name string, in ...int) int {
	out := w.fresh(fmt.Sprintf("n%d", len(w.n.Nets)))
	w.n.Cells = append(w.n.Cells, netlist.Cell{Kind: w.lib.Cell(name), Pins: append(in, out)})
	return out
}

// of is the net of a literal; a complement that is a value of its own gets an inverter.
func (w *weaver) of(l blast.Lit) int {
	if net, ok := w.net[l]; ok {
		return net
	}
	net := w.cell(cellInv, w.net[l.Not()])
	w.net[l] = net
	return net
}

func (w *weaver) gates() {
	for i, n := range w.d.Nodes {
		if !w.live[i] || n.Kind != blast.And && n.Kind != blast.Xor {
			continue
		}
		self := blast.Lit(i) << 1
		a, b := n.A, n.B
		if a.Inverted() {
			a, b = b, a // the complement second
		}
		name := cellAnd
		switch {
		case n.Kind == blast.Xor:
			name = cellXor
		case w.d.Ends(i) == blast.EndOfMux:
			name = cellMux
		case w.d.Ends(i) == blast.EndOfMaj:
			name = cellMaj
		case a.Inverted():
			name = cellNor
		case b.Inverted():
			name = cellAndN
		}
		w.net[self] = w.cell(name, w.net[a&^1], w.net[b&^1])
	}
}

// flops places the flip-flops, each with the gate of its reset.
func (w *weaver) flops() {
	for _, f := range w.d.Flops {
		if !w.live[f.Q.Node()] {
			continue
		}
		var d int
		if f.Init { // d | !reset = !(reset & !d)
			d = w.cell(cellInv, w.cell(cellResN, w.reset, w.of(f.D)))
		} else {
			d = w.cell(cellReset, w.reset, w.of(f.D))
		}
		w.n.Cells = append(w.n.Cells, netlist.Cell{Kind: w.lib.Cell(cellFF), Pins: []int{d, w.n.Clock, w.net[f.Q]}})
	}
}

// edges counts the edges a cycle of the fast model's netlist at AND nodes, XOR nodes,
// flip-flops, ends of multiplexers and of majorities; the last two are AND nodes too.
func edges(n *netlist.Netlist, a *power.Activity) []float64 {
	out := make([]float64, 5)
	for i := range n.Cells {
		c := &n.Cells[i]
		net := c.Pins[len(c.Pins)-1]
		e := float64(a.Rises[net]+a.Falls[net]) / float64(a.Cycles)
		switch c.Kind.Name {
		case cellXor:
			out[1] += e
		case cellFF:
			out[2] += e
		case cellMux:
			out[0] += e
			out[3] += e
		case cellMaj:
			out[0] += e
			out[4] += e
		case cellInv, cellIn:
		default:
			out[0] += e
		}
	}
	return out
}

// nets is a list of one.
func nets(n *netlist.Netlist) []*netlist.Netlist { return []*netlist.Netlist{n} }
