package cost

import (
	"fmt"
	"math/bits"

	"tpe/cost/power"
	"tpe/hw"
)

func onesCount(x uint64) int { return bits.OnesCount64(x) }

// cycle gives a piece its inputs of this cycle and simulates it.
func (w *watched) cycle(r *recorder, reset bool) error {
	for i := range w.inputs {
		w.feed(&w.inputs[i], r)
	}
	if w.reset >= 0 {
		var b power.Block
		if !reset {
			b = power.Block{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		}
		w.zero.Set(w.reset, b)
	}
	w.zero.Settle()
	if !reset {
		w.zero.Count()
		if err := w.compare(r); err != nil {
			return err
		}
	}
	for k, e := range w.events {
		if err := e.Cycle(w.stream(w.at[k])); err != nil {
			return err
		}
		if reset {
			e.Forget()
		}
	}
	w.zero.Step()
	return nil
}

// feed sets the nets of one input in all sampled lanes.
func (w *watched) feed(p *port, r *recorder) {
	values := r.Value(p.node)
	for k := range p.inner {
		for bit := range p.width {
			var b power.Block
			for s := range w.lanes {
				b[s>>6] |= values[p.lanes[s*p.inner+k]] >> bit & 1 << (s & 63)
			}
			w.zero.Set(p.nets[k*p.width+bit], b)
		}
	}
}

// stream lists the inputs of one sampled lane, as the event-driven simulation takes them.
func (w *watched) stream(lane int) []bool {
	n := w.block.net
	w.values = w.values[:0]
	for _, p := range n.Inputs {
		for _, net := range p.Nets {
			if net != n.Clock {
				b := w.zero.Get(net)
				w.values = append(w.values, b[lane>>6]>>(lane&63)&1 == 1)
			}
		}
	}
	return w.values
}

// compare holds that the gates compute what the graph computes.
func (w *watched) compare(r *recorder) error {
	for i := range w.check {
		p := &w.check[i]
		values := r.Value(p.node)
		for k := range p.inner {
			for s := range w.lanes {
				want, got := values[p.lanes[s*p.inner+k]], uint64(0)
				for bit := range p.width {
					b := w.zero.Get(p.nets[k*p.width+bit])
					got |= b[s>>6] >> (s & 63) & 1 << bit
				}
				if got != want&hw.Mask(p.width) {
					return fmt.Errorf("cost: gates of %s differ from the graph in cycle %d, output %s, lane %d: %#x (expected %#x)",
						w.block.module.Name, r.cycles, w.block.module.Outputs[i].Name, s, got, want)
				}
			}
		}
	}
	return nil
}

// energy weighs what was counted, in pJ a cycle.
func (r *recorder) energy(macs int64, period float64) (*Energy, error) {
	d := r.d
	out := &Energy{Cycles: r.cycles, MACs: macs}
	if r.cycles < 2 {
		return nil, fmt.Errorf("cost: a job of %d cycles is too short", r.cycles)
	}
	for _, row := range d.Rows {
		out.Rows = append(out.Rows, EnergyRow{Part: row.Part, Module: row.Module, Piece: row.Piece, Count: row.Count})
	}
	leak := period * 1e-9 // pJ a cycle of 1 nW
	for _, w := range r.pieces {
		m := power.NewModel(w.block.net, w.block.timing, power.Load{Assumed: d.flow.opt.OutputLoad})
		act := w.zero.Activity()
		count := float64(d.Rows[w.row].Count) * w.share
		row := &out.Rows[w.row]
		data := w.data(m, act, 1e-3*count/float64(act.Cycles))
		row.add(data, 1)
		row.Glitch += data.Data() * (w.glitch(m) - 1)
		row.Clock += m.Clock * 1e-3 * count
		row.Leakage += m.Leakage * leak * count
	}
	r.delayEnergy(out, leak)
	r.memoryEnergy(out, leak)
	var pe, all [2]float64
	for _, row := range out.Rows {
		all[0] += row.Data()
		all[1] += row.Glitch
		if row.Part == PartPE {
			pe[0] += row.Data()
			pe[1] += row.Glitch
		}
	}
	out.GlitchPE, out.GlitchAll = 1+ratio(pe[1], pe[0]), 1+ratio(all[1], all[0])
	return out, nil
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// data is the energy of the counted edges by what their nets work for, times a scale.
func (w *watched) data(m *power.Model, a *power.Activity, scale float64) EnergyParts {
	var by [functions]float64
	for net, f := range w.works {
		by[f] += float64(a.Rises[net])*(m.Rise[net].Internal+m.Rise[net].Switching) + float64(a.Falls[net])*(m.Fall[net].Internal+m.Fall[net].Switching)
	}
	return EnergyParts{Multiply: by[multiply] * scale, Accumulate: by[accumulate] * scale, Registers: by[storage] * scale, Control: by[control] * scale}
}

// glitch is the energy of data with glitches over that without, in the lanes that were
// simulated with delays.
func (w *watched) glitch(m *power.Model) float64 {
	var all, calm float64
	for _, e := range w.events {
		a, c := m.Of(e.Activity()), m.Of(e.Calm())
		all += a.Internal + a.Switching
		calm += c.Internal + c.Switching
	}
	if calm <= 0 {
		return 1
	}
	return all / calm
}

// delayEnergy adds the delay lines: every bit passes every flip-flop.
func (r *recorder) delayEnergy(out *Energy, leak float64) {
	cell := r.d.flow.cell
	m := power.NewModel(cell.net, cell.timing, power.Load{Assumed: r.d.flow.opt.OutputLoad})
	for _, x := range r.delays {
		row, bits := &out.Rows[x.row], float64(x.bits)
		activity := float64(x.data.edges) / float64(r.cycles) / float64(x.data.lanes*x.data.width)
		row.Registers += activity * m.Pass() * 1e-3 * bits
		row.Clock += m.Clock * 1e-3 * bits
		row.Leakage += m.Leakage * leak * bits
	}
}

// memoryEnergy adds the memories: a macro's accesses, or the clock of flip-flops and the
// edges of what is written and read. A read counts in a cycle in which the address moves
// or the word is written; a macro whose address rests is not read again.
func (r *recorder) memoryEnergy(out *Energy, leak float64) {
	for _, x := range r.mems {
		m, cycles := x.mem, float64(r.cycles)
		part := &r.d.parts[m.part]
		count := float64(part.Count*m.mem.Count) * x.share
		wide := count * float64(m.mem.Width*m.mem.Wide)
		writes := float64(x.wen.ones) / float64(x.wen.lanes) / cycles
		reads := float64(x.raddr.moves) / float64(x.raddr.lanes) / cycles
		activity := float64(x.data.edges) / float64(x.data.lanes*x.data.width) / cycles
		row := &out.Rows[m.row]
		add := func(row *EnergyRow, b *block, n, edges float64) {
			p := power.NewModel(b.net, b.timing, power.Load{Assumed: r.d.flow.opt.OutputLoad})
			row.Clock += p.Clock * 1e-3 * n
			row.Leakage += p.Leakage * leak * n
			row.SRAM += edges * p.Pass() / float64(max(1, b.net.FlipFlops())) * 1e-3 * n
		}
		next := m.row + 1
		if m.bits == nil {
			row.SRAM += (writes*m.macro.Write + reads*m.macro.Read) * count
			row.Leakage += m.macro.Leakage * 1e6 * leak * count
		} else {
			add(row, m.decode, count, writes)
			add(&out.Rows[next], m.bits, wide, 2*activity*writes) // a word and the multiplexer
			next++
		}
		if m.hit != nil {
			add(&out.Rows[next], m.hit, count, writes)
			add(&out.Rows[next+1], m.pass, wide, activity)
		}
	}
}
