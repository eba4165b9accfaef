package power

import (
	"fmt"
	"math"

	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/timing"
)

// Event simulates one stream of a netlist with delays: those of the library by input,
// edge, load and transition, rounded to ps. A change of an output that has not arrived
// when its inputs take it back never happens (inertial delay).
type Event struct {
	l     *logic
	gates []eventGate
	users [][]use // by net
	value []bool
	flop  [][2]int32 // delay of each flip-flop's fall and rise
	input [2]int32   // delay of an input's fall and rise after the clock edge
	next  []bool

	wheel wheel
	act   Activity
	calm  Activity // as if every net went straight to its last value
	seen  []bool   // values after the cycle before
	// Events is the number of edges that happened.
	Events uint64
	first  bool
}

// eventGate is a gate with its state.
type eventGate struct {
	table uint64
	index uint8 // the values of its inputs
	out   int32
	delay [6][2]int32 // by input, for the output's fall and rise
}

// use is a gate's input.
type use struct {
	gate int32
	pin  uint8
}

// NewEvent prepares a netlist. The timing result gives the transitions; its options
// the load of the outputs. Inputs come from flip-flops: they change after the delay
// of the library's smallest one under that load.
func NewEvent(n *netlist.Netlist, t *timing.Result, outputLoad float64) (*Event, error) {
	l, err := newLogic(n)
	if err != nil {
		return nil, err
	}
	e := &Event{l: l, users: make([][]use, len(n.Nets)), value: make([]bool, len(n.Nets)), next: make([]bool, len(l.flops)), first: true}
	e.act = Activity{Rises: make([]uint64, len(n.Nets)), Falls: make([]uint64, len(n.Nets))}
	e.calm = Activity{Rises: make([]uint64, len(n.Nets)), Falls: make([]uint64, len(n.Nets))}
	e.seen = make([]bool, len(n.Nets))
	load := timing.Loads(n, outputLoad)
	longest := int32(1)
	note := func(d [2]int32) [2]int32 {
		longest = max(longest, d[0], d[1])
		return d
	}
	for i := range l.gates {
		g := &l.gates[i]
		eg := eventGate{table: g.table, out: int32(g.out)}
		c := &n.Cells[g.cell]
		out := pinOf(c, g.out)
		for k, net := range g.in {
			e.users[net] = append(e.users[net], use{int32(i), uint8(k)})
			up, down := t.Slew(net)
			eg.delay[k] = note(delays(out, inputName(c, k, out), (up+down)/2, load[g.out], liberty.Combinational))
		}
		e.gates = append(e.gates, eg)
	}
	for i := range l.flops {
		f := &l.flops[i]
		e.flop = append(e.flop, note(delays(f.pin, "", 0, load[f.q], liberty.ClockEdge)))
	}
	e.input = note(e.inputDelay(n.Library, outputLoad))
	e.wheel = newWheel(len(n.Nets), longest)
	e.value[netlist.Const1] = true
	return e, nil
}

// pinOf returns the output pin of a cell that drives a net.
func pinOf(c *netlist.Cell, net int) *liberty.Pin {
	for k, p := range c.Kind.Pins {
		if p.Dir == liberty.Out && c.Pins[k] == net {
			return p
		}
	}
	return nil
}

// inputName is the name of the k-th input of an output's function, in pin order.
func inputName(c *netlist.Cell, k int, out *liberty.Pin) string {
	for _, p := range c.Kind.Pins {
		if p.Dir != liberty.In {
			continue
		}
		for _, v := range out.Function.Vars {
			if v == p.Name {
				if k == 0 {
					return p.Name
				}
				k--
			}
		}
	}
	return ""
}

// delays returns the longest delay to the output's fall and rise from a related pin ("":
// any), over all conditions, in ps and at least 1.
func delays(out *liberty.Pin, related string, slew float64, load [2]float64, kind liberty.ArcKind) [2]int32 {
	d := [2]float64{1, 1}
	for i := range out.Arcs {
		a := &out.Arcs[i]
		if a.Kind != kind || related != "" && a.Related != related {
			continue
		}
		if a.CellFall != nil {
			d[0] = max(d[0], a.CellFall.Lookup(liberty.At{liberty.VarSlew: slew, liberty.VarLoad: load[1]}))
		}
		if a.CellRise != nil {
			d[1] = max(d[1], a.CellRise.Lookup(liberty.At{liberty.VarSlew: slew, liberty.VarLoad: load[0]}))
		}
	}
	return [2]int32{int32(math.Round(d[0])), int32(math.Round(d[1]))}
}

func (e *Event) inputDelay(lib *liberty.Library, load float64) [2]int32 {
	list := lib.FlipFlops()
	if len(list) == 0 {
		return [2]int32{1, 1}
	}
	best := list[0]
	for _, c := range list {
		if c.Area < best.Area {
			best = c
		}
	}
	return delays(best.Outputs()[0], "", 0, [2]float64{load, load}, liberty.ClockEdge)
}

// Cycle is one clock cycle: inputs take their values after the clock edge that begins
// it, flip-flops what they had at their data, and everything settles. values are those
// of the input nets, in the order of the netlist's ports and low bit first, without the
// clock. The first call settles from unknown values and counts no edges.
func (e *Event) Cycle(values []bool) error {
	n := e.l.n
	if e.first {
		return e.begin(values)
	}
	for i := range e.l.flops {
		e.next[i] = e.value[e.l.flops[i].d] != e.l.flops[i].invert
	}
	for i := range e.l.flops {
		if q := e.l.flops[i].q; e.next[i] != e.value[q] {
			e.wheel.put(int32(q), e.flop[i][b2i(e.next[i])])
		}
	}
	k := 0
	for _, p := range n.Inputs {
		for _, net := range p.Nets {
			if net == n.Clock {
				continue
			}
			if values[k] != e.value[net] {
				e.wheel.put(int32(net), e.input[b2i(values[k])])
			}
			k++
		}
	}
	if err := e.run(); err != nil {
		return err
	}
	e.act.Cycles++
	e.calm.Cycles++
	e.settled()
	return nil
}

// begin sets the first values without delays: flip-flops hold 0.
func (e *Event) begin(values []bool) error {
	e.first = false
	n := e.l.n
	k := 0
	for _, p := range n.Inputs {
		for _, net := range p.Nets {
			if net != n.Clock {
				e.value[net] = values[k]
				k++
			}
		}
	}
	for i := range e.l.flops {
		e.value[e.l.flops[i].q] = e.l.flops[i].invert
	}
	for i := range e.l.gates { // in order
		g := &e.l.gates[i]
		index := uint8(0)
		for k, net := range g.in {
			if e.value[net] {
				index |= 1 << k
			}
		}
		e.gates[i].index = index
		e.value[g.out] = g.table>>index&1 == 1
	}
	copy(e.seen, e.value)
	return nil
}

// settled counts the edges that a cycle would have had without glitches.
func (e *Event) settled() {
	for net, v := range e.value {
		if v == e.seen[net] {
			continue
		}
		e.seen[net] = v
		if v {
			e.calm.Rises[net]++
		} else {
			e.calm.Falls[net]++
		}
	}
}

// maxEvents bounds the events of one cycle, far above any circuit without a loop.
const maxEvents = 1 << 26

func (e *Event) run() error {
	limit := e.Events + maxEvents
	for {
		net, ok := e.wheel.pop()
		if !ok {
			return nil
		}
		v := !e.value[net]
		e.value[net] = v
		if v {
			e.act.Rises[net]++
		} else {
			e.act.Falls[net]++
		}
		if e.Events++; e.Events > limit {
			return fmt.Errorf("power: netlist %s does not settle", e.l.n.Name)
		}
		for _, u := range e.users[net] {
			g := &e.gates[u.gate]
			g.index ^= 1 << u.pin
			want := g.table>>g.index&1 == 1
			if want == e.value[g.out] {
				e.wheel.drop(g.out)
			} else {
				e.wheel.putNew(g.out, g.delay[u.pin][b2i(want)])
			}
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Get returns the value of a net.
func (e *Event) Get(net int) bool { return e.value[net] }

// Forget sets all counts to 0.
func (e *Event) Forget() {
	for _, a := range []*Activity{&e.act, &e.calm} {
		a.Cycles = 0
		clear(a.Rises)
		clear(a.Falls)
	}
}

// Calm returns the counts without glitches: at most one edge a net and cycle.
func (e *Event) Calm() *Activity { return &e.calm }

// Activity returns the counts so far.
func (e *Event) Activity() *Activity { return &e.act }
