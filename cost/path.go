package cost

import (
	"fmt"
	"math"

	"tpe/cost/timing"
	"tpe/hw"
)

// Timing is the critical path of a design.
type Timing struct {
	Period float64    `json:"period_ps"` // the least
	Path   []PathStep `json:"path"`
	Spread float64    `json:"delay_spread"` // of the piece that it ends in, over the orders of statements
}

// MHz is the clock frequency at the least period.
func (t *Timing) MHz() float64 { return 1e6 / t.Period }

// PathStep is one point of a path.
type PathStep struct {
	Where string  `json:"where"` // the instance and piece
	Cell  string  `json:"cell"`  // what it passed through
	Net   string  `json:"net"`
	Edge  string  `json:"edge"` // rise or fall
	At    float64 `json:"at_ps"`
	Delay float64 `json:"delay_ps"`
}

// maxRounds bounds the rounds in which arrivals inside a module settle: a signal passes
// from piece to instance and back at most this often.
const maxRounds = 64

// Timing puts the timing of the pieces together: the arrival at every node of every
// module, starting from the flip-flops and from the inputs of the engine, which come
// from flip-flops too. Delay lines and memories answer like flip-flops; the access time
// of a macro is not part of the path.
func (d *Design) Timing() (*Timing, error) {
	t := &timer{d: d, worst: math.Inf(-1)}
	in := make([]arrival, len(d.top.Inputs))
	for i, p := range d.top.Inputs {
		in[i] = arrival{at: d.flow.clockToQ(), from: &origin{where: "input " + p.Name, at: d.flow.clockToQ()}}
	}
	out, err := t.module(d.top, "", in)
	if err != nil {
		return nil, err
	}
	for i, a := range out { // outputs end in flip-flops
		t.end(a.at+d.flow.setup(), func() []PathStep {
			return append(a.from.path(), PathStep{Where: "output " + d.top.Outputs[i].Name, Cell: "flip-flop", Net: "setup", At: a.at + d.flow.setup(), Delay: d.flow.setup()})
		}, 0)
	}
	if math.IsInf(t.worst, -1) {
		return nil, fmt.Errorf("cost: %s has no path that ends in a flip-flop or output", d.top.Name)
	}
	return &Timing{Period: t.worst, Path: t.path(), Spread: t.spread}, nil
}

// arrival is when a node is stable, ps after the clock edge, and why.
type arrival struct {
	at   float64
	from *origin
}

// origin is the last stretch of a path: through a piece, or the start.
type origin struct {
	where  string
	at     float64
	result *timing.Result
	port   string
	before map[string]*origin // of the piece's inputs
}

// path lists the points of the path up to here.
func (o *origin) path() []PathStep {
	if o == nil {
		return nil
	}
	if o.result == nil {
		return []PathStep{{Where: o.where, At: o.at, Delay: o.at}}
	}
	steps, start := o.result.PathTo(o.port)
	return extend(o.before[start], o.where, steps)
}

// extend appends steps of a piece to the path before it.
func extend(before *origin, where string, steps []timing.Step) []PathStep {
	list := before.path()
	for i, s := range steps {
		if i == 0 && s.Through == "" && len(list) > 0 {
			continue // the input, which is the end of the path before
		}
		edge := "fall"
		if s.Rising {
			edge = "rise"
		}
		list = append(list, PathStep{where, s.Through, s.Net, edge, s.At, s.Delay})
	}
	return list
}

// timer walks the hierarchy.
type timer struct {
	d      *Design
	worst  float64
	spread float64
	path   func() []PathStep
}

func (t *timer) end(at float64, path func() []PathStep, spread float64) {
	if at > t.worst {
		t.worst, t.path, t.spread = at, path, spread
	}
}

var never = arrival{at: math.Inf(-1)}

// module computes the arrivals at the outputs of a module from those at its inputs.
func (t *timer) module(m *hw.Module, where string, in []arrival) ([]arrival, error) {
	p := &t.d.parts[t.d.index[m]]
	m = p.Module // an equal one
	order, err := hw.Order(m)
	if err != nil {
		return nil, err
	}
	at := make([]arrival, len(m.Nodes))
	for i := range at {
		at[i] = never
	}
	inPiece := make([]bool, len(m.Nodes))
	for k := range p.Pieces {
		for _, id := range p.Pieces[k].Out {
			inPiece[id] = true
		}
	}
	last := make([][]arrival, len(m.Insts))
	for range maxRounds {
		changed := false
		set := func(id hw.ID, a arrival) {
			if a.at > at[id].at+1e-6 {
				at[id], changed = a, true
			}
		}
		for _, id := range order {
			if !inPiece[id] {
				set(id, t.wire(m, where, id, at, in))
			}
		}
		for k := range p.Pieces {
			x := &p.Pieces[k]
			if err := t.piece(t.d.blocks[x.Module], place(where, m, x.Shape), x.In, x.Out, at, set); err != nil {
				return nil, err
			}
		}
		for k := range m.Insts {
			inst := &m.Insts[k]
			var ins []arrival
			for _, id := range inst.In {
				ins = append(ins, at[id])
			}
			if same(last[k], ins) {
				continue
			}
			last[k] = ins
			out, err := t.module(inst.Mod, join(where, inst.Name), ins)
			if err != nil {
				return nil, err
			}
			for i, id := range inst.Out {
				set(id, out[i])
			}
		}
		if !changed {
			t.captured(m, where, at)
			out := make([]arrival, len(m.Outputs))
			for i, o := range m.Outputs {
				out[i] = at[o.Node]
			}
			return out, nil
		}
	}
	return nil, fmt.Errorf("cost: arrivals in %s do not settle", m.Name)
}

// wire is the arrival at a node outside the pieces: a source, or wires from others.
func (t *timer) wire(m *hw.Module, where string, id hw.ID, at []arrival, in []arrival) arrival {
	n := &m.Nodes[id]
	stored := func(what string) arrival {
		q := t.d.flow.clockToQ()
		return arrival{q, &origin{where: join(where, what), at: q}}
	}
	switch n.Op {
	case hw.OpInput:
		return in[n.Imm]
	case hw.OpConst, hw.OpCoord:
		return never
	case hw.OpInstOut:
		return at[id]
	case hw.OpReg: // of no piece: its logic is nothing but wires
		return stored(n.Name)
	case hw.OpMemQ:
		return stored(m.Mems[n.Imm].Name)
	}
	best := never
	if n.Op == hw.OpDelay {
		through, some := false, false
		for _, d := range m.Delays(id) {
			through, some = through || d == 0, some || d > 0
		}
		if some {
			best = stored(nodeName(m, id))
		}
		if !through {
			return best
		}
	}
	for _, a := range n.Args {
		if at[a].at > best.at {
			best = at[a]
		}
	}
	return best
}

// piece runs the timing of a piece under the arrivals at its inputs.
func (t *timer) piece(b *block, where string, in, out []hw.ID, at []arrival, set func(hw.ID, arrival)) error {
	arrive := map[string]float64{}
	before := map[string]*origin{}
	for i, p := range b.module.Inputs {
		arrive[p.Name], before[p.Name] = at[in[i]].at, at[in[i]].from
	}
	opt := t.d.flow.opt
	opt.Arrival = func(port string) float64 {
		if v, ok := arrive[port]; ok {
			return v
		}
		return t.d.flow.clockToQ() // the reset
	}
	r, err := timing.Analyze(b.net, opt)
	if err != nil {
		return err
	}
	for i, p := range b.module.Outputs {
		port, ok := b.net.Output(p.Name)
		if !ok {
			return fmt.Errorf("cost: netlist of %s has no output %s", b.module.Name, p.Name)
		}
		if v := r.Arrival(port); !math.IsInf(v, -1) {
			set(out[i], arrival{v, &origin{where: where, at: v, result: r, port: p.Name, before: before}})
		}
	}
	t.end(r.Setup, func() []PathStep {
		steps, start := r.SetupPath()
		return extend(before[start], where, steps)
	}, b.delaySpread)
	return nil
}

// captured ends paths in memories and delay lines.
func (t *timer) captured(m *hw.Module, where string, at []arrival) {
	setup := t.d.flow.setup()
	take := func(id hw.ID, what string) {
		if id < 0 || math.IsInf(at[id].at, -1) {
			return
		}
		a := at[id]
		t.end(a.at+setup, func() []PathStep {
			return append(a.from.path(), PathStep{Where: join(where, what), Cell: "flip-flop", Net: "setup", At: a.at + setup, Delay: setup})
		}, 0)
	}
	for i := range m.Mems {
		p := &m.Mems[i]
		take(p.WEn, p.Name)
		take(p.WAddr, p.Name)
		take(p.WData, p.Name)
		take(p.RAddr, p.Name)
	}
	for i := range m.Nodes {
		if m.Nodes[i].Op == hw.OpDelay {
			take(m.Nodes[i].Args[0], nodeName(m, hw.ID(i)))
		}
	}
}

func nodeName(m *hw.Module, id hw.ID) string {
	if name := m.Nodes[id].Name; name != "" {
		return name
	}
	return fmt.Sprintf("n%d", id)
}

func join(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}

// place names a piece for a path: the instance, or the module at the top.
func place(where string, m *hw.Module, s hw.Shape) string {
	if where == "" {
		where = m.Name
	}
	if s == 0 {
		return where
	}
	return where + m.ShapeString(s)
}

func same(a, b []arrival) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].at != b[i].at {
			return false
		}
	}
	return true
}
