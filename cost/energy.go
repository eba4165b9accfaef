package cost

import (
	"context"
	"fmt"

	"tpe/cost/power"
	"tpe/cost/split"
	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
)

// EnergyRow is what one piece of an engine spends in a clock cycle, on the average of a
// job, all of its instances together, in pJ.
type EnergyRow struct {
	Part   string `json:"part"`
	Module string `json:"module"`
	Piece  string `json:"piece"`
	Count  int    `json:"count"`
	EnergyParts
}

// EnergyParts is what an energy goes into, in pJ. The first four are edges of data, each
// net going straight to its value, by what the net works for.
type EnergyParts struct {
	Multiply   float64 `json:"multiply_pj"`   // gates of PEs that see operands only
	Accumulate float64 `json:"accumulate_pj"` // gates that see a running sum
	Registers  float64 `json:"registers_pj"`  // flip-flops and the nets that they drive
	Control    float64 `json:"control_pj"`    // other gates outside PEs
	Glitch     float64 `json:"glitch_pj"`     // all other edges of data
	Clock      float64 `json:"clock_pj"`      // the clock pins of the flip-flops
	SRAM       float64 `json:"sram_pj"`       // accesses of memory macros; data of small memories
	Leakage    float64 `json:"leakage_pj"`    // at the given period
}

// Data is the energy of edges of data without glitches.
func (e *EnergyParts) Data() float64 { return e.Multiply + e.Accumulate + e.Registers + e.Control }

// Total is the sum.
func (e *EnergyParts) Total() float64 { return e.Data() + e.Glitch + e.Clock + e.SRAM + e.Leakage }

// add adds x times the parts of o.
func (e *EnergyParts) add(o EnergyParts, x float64) {
	e.Multiply += o.Multiply * x
	e.Accumulate += o.Accumulate * x
	e.Registers += o.Registers * x
	e.Control += o.Control * x
	e.Glitch += o.Glitch * x
	e.Clock += o.Clock * x
	e.SRAM += o.SRAM * x
	e.Leakage += o.Leakage * x
}

// Energy is the energy of a job.
type Energy struct {
	Rows   []EnergyRow `json:"rows"` // in the order of the design's
	Cycles int64       `json:"cycles"`
	MACs   int64       `json:"macs"`
	// Glitch is the energy of data with glitches over that without, of the PEs and of
	// all.
	GlitchPE  float64 `json:"glitch_factor_pe"`
	GlitchAll float64 `json:"glitch_factor"`
}

// Sum adds up the rows.
func (e *Energy) Sum() EnergyParts {
	var s EnergyParts
	for _, r := range e.Rows {
		s.add(r.EnergyParts, 1)
	}
	return s
}

// eventLanes is the number of lanes of a piece that are simulated with delays; zeroLanes of
// those without.
const (
	eventLanes = 4
	zeroLanes  = power.Streams
)

// Energy runs a job on the graph and gives each piece the operands that it meets: in up to
// 256 of its lanes without delays and in four with, which gives the share of glitches. The
// play must begin with a reset. The period (ps) is for leakage.
func (d *Design) Energy(ctx context.Context, play drive.Play, macs int64, period float64) (*Energy, error) {
	if play.Reset < 1 {
		return nil, fmt.Errorf("cost: the job does not begin with a reset")
	}
	r, err := d.newRecorder()
	if err != nil {
		return nil, err
	}
	r.ctx = ctx
	machine, err := eval.New(r.probes.flat)
	if err != nil {
		return nil, err
	}
	r.Machine = machine
	runner, err := drive.NewMachineRunner(r.probes.flat, r)
	if err != nil {
		return nil, err
	}
	if _, err := runner.Run([]drive.Play{play}); err != nil {
		return nil, err
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.energy(macs, period)
}

// recorder is the evaluator of the flat graph that hands what it computes to the netlists.
type recorder struct {
	*eval.Machine
	d      *Design
	ctx    context.Context
	probes *probes
	isPE   []bool // by part
	sums   []bool // nodes of the flat graph that carry running sums
	pieces []*watched
	wires  []*wire // data of delay lines, ports of memories
	delays []delayWires
	mems   []memWires
	cycles int64
	err    error
}

// watched is a piece in one place.
type watched struct {
	row    int // of the design
	share  float64
	block  *block
	inputs []port
	reset  int        // net of rst_ni, -1 without
	works  []function // by net
	lanes  int        // sampled
	zero   *power.Zero
	events []*power.Event
	at     []int // the sampled lane of each event simulation
	values []bool
	check  []port // outputs, compared with the graph
}

// port is a port of a netlist and where its lanes are in the flat graph.
type port struct {
	node  hw.ID
	width int
	lanes []int32 // by sampled lane, inner lanes fastest
	inner int
	nets  []int
}

// wire counts the edges of a node.
type wire struct {
	node  hw.ID
	width int
	last  []uint64
	edges uint64
	ones  uint64 // of the lowest bit
	moves uint64 // lanes that changed
	lanes int
}

type delayWires struct {
	row  int
	bits int
	data *wire
}

type memWires struct {
	mem                     *placedMemory
	share                   float64
	wen, waddr, raddr, data *wire
}

// newRecorder finds all that must be watched.
func (d *Design) newRecorder() (*recorder, error) {
	p, err := newProbes(d.top, func(m *hw.Module) []hw.ID {
		part := &d.parts[d.index[m]]
		var list []hw.ID
		for _, x := range part.Pieces {
			list = append(append(list, x.In...), x.Out...)
		}
		for _, x := range part.Delays {
			list = append(list, part.Module.Nodes[x.Node].Args[0])
		}
		for i := range part.Module.Mems {
			x := &part.Module.Mems[i]
			list = append(list, x.WEn, x.WAddr, x.RAddr, x.WData)
		}
		for i := range part.Module.Regs {
			list = append(list, part.Module.Regs[i].Node)
		}
		return list
	})
	if err != nil {
		return nil, err
	}
	r := &recorder{d: d, probes: p, isPE: peParts(d.parts)}
	if r.sums, err = r.runningSums(); err != nil {
		return nil, err
	}
	times := make([]float64, len(d.parts)) // instances that share a part
	for i := range p.insts {
		times[d.index[p.insts[i].module]]++
	}
	for i := range p.insts {
		in := &p.insts[i]
		k := d.index[in.module]
		if err := r.instance(in, k, d.partRow[k], 1/times[k]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *recorder) instance(in *instance, k, row int, share float64) error {
	part := &r.d.parts[k]
	for i := range part.Pieces {
		w, err := r.watch(in, part, &part.Pieces[i])
		if err != nil {
			return err
		}
		w.row, w.share = row+i, share
		r.pieces = append(r.pieces, w)
	}
	for _, x := range r.d.delays {
		if x.part != k {
			continue
		}
		w, err := r.wire(in, part.Module.Nodes[x.delay.Node].Args[0])
		if err != nil {
			return err
		}
		r.delays = append(r.delays, delayWires{x.row, int(float64(x.delay.Bits*part.Count) * share), w})
	}
	for i := range r.d.mems {
		m := &r.d.mems[i]
		if m.part != k {
			continue
		}
		ports := &part.Module.Mems[part.Module.Nodes[m.mem.Node].Imm]
		w := memWires{mem: m, share: share}
		for _, x := range []struct {
			to *(*wire)
			id hw.ID
		}{{&w.wen, ports.WEn}, {&w.waddr, ports.WAddr}, {&w.raddr, ports.RAddr}, {&w.data, ports.WData}} {
			var err error
			if *x.to, err = r.wire(in, x.id); err != nil {
				return err
			}
		}
		r.mems = append(r.mems, w)
	}
	return nil
}

func (r *recorder) wire(in *instance, id hw.ID) (*wire, error) {
	node, err := r.probes.node(in, id)
	if err != nil {
		return nil, err
	}
	n := &r.probes.flat.Nodes[node]
	lanes := r.probes.flat.Lanes(n.Shape)
	w := &wire{node: node, width: n.Width, last: make([]uint64, lanes), lanes: lanes}
	r.wires = append(r.wires, w)
	return w, nil
}

// watch prepares the simulation of a piece in the place of an instance.
func (r *recorder) watch(in *instance, part *split.Part, x *split.Piece) (*watched, error) {
	b := r.d.blocks[x.Module]
	w := &watched{block: b, reset: -1}
	flat := r.probes.flat
	// The axes inside the piece, in the flat graph.
	inner := map[int]bool{}
	for _, a := range x.Module.Axes {
		inner[in.axes[part.Module.AxisIndex(a.Name)]] = true
	}
	var nodes []hw.ID
	var union hw.Shape
	for _, id := range x.In {
		node, err := r.probes.node(in, id)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
		union |= flat.Nodes[node].Shape
	}
	var outer []int
	for _, a := range union.Axes() {
		if !inner[a] {
			outer = append(outer, a)
		}
	}
	total := 1
	for _, a := range outer {
		total *= flat.Axes[a].Size
	}
	sample := sampleLanes(total, zeroLanes)
	w.lanes = len(sample)
	axesOf := func(m *hw.Module, s hw.Shape) []int {
		var list []int
		for _, a := range s.Axes() {
			list = append(list, in.axes[part.Module.AxisIndex(m.Axes[a].Name)])
		}
		return list
	}
	find := func(p hw.Port, nets []int, node hw.ID) port {
		n := &x.Module.Nodes[p.Node]
		inside := axesOf(x.Module, n.Shape)
		return port{node: node, width: n.Width, inner: x.Module.Lanes(n.Shape), nets: nets, lanes: r.probes.lanesOf(node, outer, sample, inside)}
	}
	for i, p := range x.Module.Inputs {
		nets, ok := b.net.Input(p.Name)
		if !ok {
			return nil, fmt.Errorf("cost: netlist of %s has no input %s", x.Module.Name, p.Name)
		}
		w.inputs = append(w.inputs, find(p, nets.Nets, nodes[i]))
	}
	if p, ok := b.net.Input("rst_ni"); ok {
		w.reset = p.Nets[0]
	}
	for i, p := range x.Module.Outputs {
		node, err := r.probes.node(in, x.Out[i])
		if err != nil {
			return nil, err
		}
		if nets, ok := b.net.Output(p.Name); ok {
			w.check = append(w.check, find(p, nets.Nets, node))
		}
	}
	if err := r.assign(in, part, x, w); err != nil {
		return nil, err
	}
	return w, w.open(r.d.flow, sampleLanes(w.lanes, eventLanes))
}

// open makes the simulators.
func (w *watched) open(f *Flow, lanes []int) error {
	var err error
	if w.zero, err = power.NewZero(w.block.net, w.lanes); err != nil {
		return err
	}
	for _, l := range lanes {
		e, err := power.NewEvent(w.block.net, w.block.timing, f.opt.OutputLoad)
		if err != nil {
			return err
		}
		w.events, w.at = append(w.events, e), append(w.at, l)
	}
	return nil
}

// sampleLanes spreads at most count lanes over a total.
func sampleLanes(total, count int) []int {
	count = min(count, total)
	out := make([]int, count)
	for i := range out {
		out[i] = (2*i + 1) * total / (2 * count)
	}
	return out
}

// Step implements [hw.Machine]: what has settled goes to the netlists first.
func (r *recorder) Step(reset bool) {
	if r.err == nil && r.ctx.Err() != nil {
		r.err = r.ctx.Err()
	}
	if r.err == nil {
		r.err = r.cycle(reset)
	}
	r.Machine.Step(reset)
}

func (r *recorder) cycle(reset bool) error {
	for _, w := range r.pieces {
		if err := w.cycle(r, reset); err != nil {
			return err
		}
	}
	for _, w := range r.wires {
		w.count(r.Value(w.node), reset)
	}
	if !reset {
		r.cycles++
	}
	return nil
}

func (w *wire) count(now []uint64, reset bool) {
	for l, v := range now {
		if d := v ^ w.last[l]; d != 0 {
			if !reset {
				w.edges += uint64(onesCount(d))
				w.moves++
			}
			w.last[l] = v
		}
		if !reset {
			w.ones += v & 1
		}
	}
}
