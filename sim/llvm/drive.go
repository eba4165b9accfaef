package llvm

import (
	"fmt"

	"github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"tpe/hw"
	"tpe/hw/drive"
)

// The cycle loop of package drive as IR: run(state, n) plays up to n cycles and
// returns early when the results wanted are taken. All positions are in the state's
// header, so a play may take any number of calls.

// runner is the loop around a cycle.
type runner struct {
	*cycle
	ports drive.Ports
	valid []value.Value // per consumed stream: it offers a beat in this cycle
	taken []value.Value // beats taken before this cycle
	now   value.Value   // number of this cycle
	got   value.Value   // result beats taken before this cycle
	want  value.Value   // a result is wanted in this cycle
}

// checkPorts reports ports that the loop cannot drive: handshakes are single words.
func checkPorts(m *hw.Module, ports *drive.Ports) error {
	single := func(p hw.Port) error {
		if n := &m.Nodes[p.Node]; m.Lanes(n.Shape) != 1 || n.Width != 1 {
			return fmt.Errorf("llvm: module %s: port %s is not a single bit", m.Name, p.Name)
		}
		return nil
	}
	check := []hw.Port{m.Outputs[ports.Out.Valid], m.Inputs[ports.Out.Ready]}
	for _, s := range ports.In {
		check = append(check, m.Inputs[s.Valid], m.Outputs[s.Ready])
	}
	for _, p := range check {
		if err := single(p); err != nil {
			return err
		}
	}
	return nil
}

// captureNode adds the sink that reads a result beat, which lets the scheduler keep
// registers until then.
func captureNode(p *program, ports *drive.Ports) {
	args := []int{p.outs[ports.Out.Valid]}
	for _, f := range ports.Out.Fields {
		args = append(args, p.outs[f.Port])
	}
	p.add(node{role: roleCapture, width: 1, args: args})
}

// emit writes the whole function body.
func (r *runner) emit(n value.Value) {
	head, leave := r.block(), r.block()
	before := r.cur
	before.NewBr(head)
	r.cur = head
	i := head.NewPhi(ir.NewIncoming(i64(0), before))
	r.begin(func(cond value.Value) {
		from := r.cur
		r.cur = r.block()
		from.NewCondBr(cond, leave, r.cur)
	})
	r.cycle.emit(r.capture)
	r.finish()
	r.commit()
	next := r.cur.NewAdd(i, i64(1))
	more := r.cur.NewICmp(enum.IPredULT, next, n)
	end := r.cur
	end.NewCondBr(more, head, leave)
	i.Incs = append(i.Incs, ir.NewIncoming(next, end))
	r.cur = leave
}

// begin drives the inputs; done leaves the loop if its condition is 1.
func (r *runner) begin(done func(value.Value)) {
	r.now = r.loadSlot(headCycle)
	r.got = r.loadSlot(headResults)
	short := r.cur.NewICmp(enum.IPredSLT, r.got, r.loadSlot(headWanted))
	stop := r.cur.NewICmp(enum.IPredNE, r.loadSlot(headStop), i64(0))
	done(r.cur.NewAnd(stop, r.cur.NewXor(short, r.k(1, 1))))
	r.have[port{portCount, 0}] = r.loadSlot(headCount)
	r.want = r.cur.NewAnd(r.pattern(headReady, headReadyLen, headReadyPos), short)
	r.save(1, r.want, r.slot(r.l.input[r.ports.Out.Ready]))
	for s := range r.ports.In {
		r.offer(s)
	}
}

// pattern is the bit of a pattern for this cycle; the position moves on.
func (r *runner) pattern(address, length, position int) value.Value {
	n, pos := r.loadSlot(length), r.loadSlot(position)
	next := r.cur.NewAdd(pos, i64(1))
	r.saveSlot(position, r.cur.NewSelect(r.cur.NewICmp(enum.IPredULT, next, n), next, i64(0)))
	return r.choose(r.cur.NewICmp(enum.IPredNE, n, i64(0)), r.k(1, 1), func() value.Value {
		return r.load(1, r.at(r.pointer(address), pos))
	})
}

// pointer is an address that Go put into the header.
func (r *runner) pointer(slot int) value.Value {
	return r.cur.NewIntToPtr(r.loadSlot(slot), types.I8Ptr)
}

// offer drives the valid and data ports of consumed stream s; data are copied only
// when they change.
func (r *runner) offer(s int) {
	in, base := &r.ports.In[s], headStreams+s*streamBytes
	taken := r.loadSlot(base + streamTaken)
	on := r.pattern(base+streamPattern, base+streamLen, base+streamPos)
	valid := r.cur.NewAnd(on, r.cur.NewICmp(enum.IPredSLT, taken, r.loadSlot(base+streamCount)))
	r.valid, r.taken = append(r.valid, valid), append(r.taken, taken)
	next := r.cur.NewSelect(valid, taken, i64(-1))
	r.when(r.cur.NewICmp(enum.IPredNE, next, r.loadSlot(base+streamLoaded)), func() {
		r.saveSlot(base+streamLoaded, next)
		r.save(1, valid, r.slot(r.l.input[in.Valid]))
		if len(in.Fields) == 0 {
			return
		}
		r.when(valid, func() {
			key := port{portTarget, -1 - s}
			r.have[key] = r.at(r.pointer(base+streamBeats), r.scaled(taken, in.BeatBytes))
			r.part(func(b *body) { r.unpack(b, in, b.get(key)) })
		})
		r.when(r.cur.NewXor(valid, r.k(1, 1)), func() {
			r.part(func(b *body) { r.unpack(b, in, nil) })
		})
	})
}

// unpack fills the input buffers of a stream from a beat, or with zeros.
func (r *runner) unpack(b *body, in *drive.Stream, src value.Value) {
	p, at := r.p, 0
	for _, f := range in.Fields {
		dst := b.slot(r.l.input[f.Port])
		s := p.shape(p.m.Nodes[p.m.Inputs[f.Port].Node].Shape)
		first := at
		at += f.Lanes * f.Bytes
		if src != nil && s != 0 && f.Width == 8*f.Bytes {
			b.copy(dst, b.at(src, i64(first)), f.Lanes*f.Bytes)
			continue
		}
		b.nest(p, s, func(c map[int]value.Value) {
			off := b.scaled(b.lane(p, s, c), f.Bytes)
			var v value.Value = b.k(container(f.Width), 0)
			if src != nil {
				bits := 8 * f.Bytes
				raw := b.load(bits, b.at(src, b.plus(off, i64(first))))
				v = b.fit(raw, bits, f.Width)
				if bits == f.Width {
					v = raw
				} else if bits == container(f.Width) {
					v = b.cur.NewAnd(raw, b.k(bits, hw.Mask(f.Width)))
				}
			}
			b.save(f.Width, v, b.at(dst, off))
		})
	}
}

// capture takes a result beat.
func (r *runner) capture(id int) {
	p := r.p
	valid := r.get(port{portWord, p.outs[r.ports.Out.Valid]})
	take := r.cur.NewAnd(r.want, valid)
	r.saveSlot(headResults, r.cur.NewAdd(r.got, r.u(take, 1, 64)))
	r.when(take, func() {
		r.save(64, r.now, r.at(r.pointer(headAt), r.scaled(r.got, 8)))
		if len(r.ports.Out.Fields) == 0 {
			return
		}
		key := port{portTarget, -1 - len(r.ports.In)}
		r.have[key] = r.at(r.pointer(headOut), r.scaled(r.got, r.ports.Out.BeatBytes))
		r.part(func(b *body) { r.pack(b, b.get(key)) })
	})
}

func (r *runner) pack(b *body, dst value.Value) {
	p, at := r.p, 0
	for _, f := range r.ports.Out.Fields {
		x := p.outs[f.Port]
		s := p.shape(p.m.Nodes[p.m.Outputs[f.Port].Node].Shape)
		to := b.at(dst, i64(at))
		if n := &p.nodes[x]; s != 0 && n.shape == s {
			b.copy(to, b.get(port{portBuffer, x}), f.Lanes*f.Bytes)
		} else {
			b.nest(p, s, func(c map[int]value.Value) {
				b.save(f.Width, b.elem(p, x, c), b.at(to, b.scaled(b.lane(p, s, c), f.Bytes)))
			})
		}
		at += f.Lanes * f.Bytes
	}
}

// finish counts what the consumed streams took.
func (r *runner) finish() {
	for s := range r.ports.In {
		base := headStreams + s*streamBytes
		took := r.cur.NewAnd(r.valid[s], r.get(port{portWord, r.p.outs[r.ports.In[s].Ready]}))
		isFirst := r.cur.NewAnd(took, r.cur.NewICmp(enum.IPredEQ, r.taken[s], i64(0)))
		first := r.cur.NewSelect(isFirst, r.now, r.loadSlot(base+streamFirst))
		r.saveSlot(base+streamFirst, first)
		r.saveSlot(base+streamTaken, r.cur.NewAdd(r.taken[s], r.u(took, 1, 64)))
	}
	r.saveSlot(headCycle, r.cur.NewAdd(r.now, i64(1)))
}
