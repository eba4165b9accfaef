package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"
)

// cycle writes one cycle of a program into a body.
type cycle struct {
	*body
	p      *program
	s      *schedule
	pl     *places
	l      *layout
	temp   map[int]int // per node with a buffer of its own: its offset
	starts map[int]address
	ends   map[int]address
	words  []int // single words to emit, in order of level
}

// address is where a moving buffer is, and the start of its region.
type address struct{ off, home value.Value }

// newCycle gives values between tasks their buffers. pl says where registers
// are; moving is false for code that must not change state.
func newCycle(b *body, p *program, s *schedule, pl *places, l *layout) *cycle {
	c := &cycle{body: b, p: p, s: s, pl: pl, l: l, temp: map[int]int{}, starts: map[int]address{}, ends: map[int]address{}}
	for _, t := range s.tasks {
		for _, i := range t.nodes {
			n := &p.nodes[i]
			if _, stolen := pl.stolen[i]; stolen && s.moving {
				continue
			}
			if n.role == roleWire || (n.inLoop() && s.kept[i]) {
				c.temp[i] = l.value(p, n.width, n.shape)
			}
		}
	}
	return c
}

// emit writes the cycle. capture, if not nil, is called for a result beat.
func (c *cycle) emit(capture func(id int)) {
	c.have[port{portTime, 0}] = c.loadSlot(headTime)
	c.sources()
	c.words = c.singles()
	for t := range c.s.tasks {
		x := &c.s.tasks[t]
		if len(x.nodes) == 0 {
			continue
		}
		limit := x.level
		if x.rank > rankLanes {
			limit = 1 << 30
		}
		c.singlesTo(limit)
		if c.p.nodes[x.nodes[0]].role == roleCapture {
			capture(x.nodes[0])
			continue
		}
		c.task(x)
	}
	c.singlesTo(1 << 30)
}

// sources makes the values that exist when the cycle begins.
func (c *cycle) sources() {
	p, l := c.p, c.l
	for i := range p.nodes {
		n := &p.nodes[i]
		if !c.s.live[i] {
			continue
		}
		at := -1
		switch n.role {
		case roleInput:
			at = l.input[n.idx]
		case roleMemQ:
			at = l.memQ[n.idx]
		case roleReg:
			if l.moves[n.idx] {
				c.buffer(i, c.start(n.idx).off)
				continue
			}
			at = l.reg[n.idx]
		case roleCoord:
			at = l.alloc(padded(p.lanes(n.shape))*laneBytes(n.width), 64)
			l.coords = append(l.coords, coordinates{at, n.idx, n.width, n.shape})
		case roleRing:
			r := &p.rings[n.idx]
			d := i64(0)
			if r.uniform {
				d = i64(r.base)
			}
			c.have[port{portBuffer, i}] = c.ringRow(p, l, n.idx, d)
		default:
			continue
		}
		if at >= 0 {
			c.have[port{portBuffer, i}] = c.slot(at)
		}
		if n.shape == 0 {
			c.have[port{portWord, i}] = c.load(n.width, c.have[port{portBuffer, i}])
		}
	}
}

// start is the address of a moving register, as the cycle finds it.
func (c *cycle) start(r int) address {
	if a, ok := c.starts[r]; ok {
		return a
	}
	a := address{c.loadSlot(c.l.reg[r]), c.loadSlot(c.l.reg[r] + 8)}
	c.starts[r] = a
	return a
}

// end is the address of register r's region at the end of the cycle.
func (c *cycle) end(r int) address {
	if a, ok := c.ends[r]; ok {
		return a
	}
	return c.start(r)
}

func (c *cycle) buffer(i int, off value.Value) {
	c.have[port{portBuffer, i}] = c.at(c.get(port{portState, 0}), off)
}

// singles lists the single words to compute, by level and so that each follows
// its operands.
func (c *cycle) singles() []int {
	var list []int
	for _, i := range c.s.sorted {
		n := &c.p.nodes[i]
		if n.shape == 0 && (n.role == roleLane || n.role == roleConst) {
			list = append(list, i)
		}
	}
	return list
}

func (c *cycle) singlesTo(level int) {
	p := c.p
	for len(c.words) > 0 && c.s.level[c.words[0]] <= level {
		i := c.words[0]
		c.words = c.words[1:]
		n := &p.nodes[i]
		if n.role == roleConst {
			c.have[port{portWord, i}] = c.k(container(n.width), n.g.Imm)
			continue
		}
		args := make([]value.Value, len(n.args))
		for k, a := range n.args {
			args[k] = c.get(port{portWord, a})
		}
		v, err := c.lower(p, n, args)
		if err != nil {
			c.fail(err)
			return
		}
		c.have[port{portWord, i}] = v
	}
}

// task emits one task.
func (c *cycle) task(t *task) {
	p, id := c.p, t.nodes[0]
	n := &p.nodes[id]
	if t.rank == rankLanes {
		c.targets(t)
		c.part(func(b *body) { b.loopTask(c.s, t) })
		return
	}
	if at, ok := c.temp[id]; ok {
		c.have[port{portBuffer, id}] = c.slot(at)
	}
	switch n.role {
	case roleMem:
		c.part(func(b *body) { b.memory(p, c.l, id) })
	case roleCount:
		c.part(func(b *body) { b.countFailures(p, c.l, id) })
	case rolePush:
		c.part(func(b *body) { b.push(p, c.l, id) })
	case roleSkew:
		c.part(func(b *body) { b.push(p, c.l, id) })
		c.have[port{portBuffer, id}] = c.ringRow(p, c.l, n.idx, i64(0))
	case roleWire:
		if r, ok := c.pl.stolen[id]; ok && c.s.moving {
			c.shiftInPlace(id, r)
		} else {
			c.part(func(b *body) { b.wire(p, id) })
		}
	}
	if n.shape == 0 && n.role == roleWire {
		c.have[port{portWord, id}] = c.load(n.width, c.have[port{portBuffer, id}])
	}
}

func (c *cycle) part(f func(b *body)) {
	b := newBody(c.unit, c.body)
	f(b)
	b.call()
}

// targets finds the addresses of the buffers and stores of a loop.
func (c *cycle) targets(t *task) {
	for _, id := range t.nodes {
		n := &c.p.nodes[id]
		if at, ok := c.temp[id]; ok {
			c.have[port{portBuffer, id}] = c.slot(at)
		}
		if n.role != roleStore {
			continue
		}
		var addr value.Value
		switch n.to {
		case toReg:
			addr = c.next(n.idx)
		case toRing:
			addr = c.ringRow(c.p, c.l, n.idx, i64(0))
		case toOutput:
			addr = c.slot(c.l.output[n.idx])
		}
		c.have[port{portTarget, id}] = addr
	}
}

// next is where the loop writes the next value of register r.
func (c *cycle) next(r int) value.Value {
	x := &c.pl.reg[r]
	state := c.get(port{portState, 0})
	switch x.area {
	case areaMoved:
		return c.at(state, c.end(r).off)
	case areaFree:
		return c.at(state, c.start(x.from).off)
	case areaSpare:
		return c.at(state, c.spare(x.from).off)
	}
	if c.l.moves[r] {
		return c.at(state, c.start(r).off)
	}
	return c.slot(c.l.reg[r])
}

func (c *cycle) spare(i int) address {
	if a, ok := c.starts[^i]; ok {
		return a
	}
	a := address{c.loadSlot(c.l.spare[i]), c.loadSlot(c.l.spare[i] + 8)}
	c.starts[^i] = a
	return a
}

// shiftInPlace moves the address of register r's buffer by one lane, and the words
// back to the other end of their region when it is used up.
func (c *cycle) shiftInPlace(id, r int) {
	p, n := c.p, &c.p.nodes[id]
	cl := class{n.shape, laneBytes(n.width)}
	a := c.start(r)
	delta := p.m.Stride(n.shape, n.g.Axis) * cl.bytes
	slack, size := c.l.slack[cl], padded(p.lanes(n.shape))*cl.bytes
	state := c.get(port{portState, 0})
	moved := c.cur.NewSub(a.off, i64(n.g.K*delta))
	var past value.Value
	var back func() value.Value
	if n.g.K > 0 {
		past = c.cur.NewICmp(enum.IPredSLT, moved, a.home)
		back = func() value.Value { return c.cur.NewAdd(a.home, i64(slack)) }
	} else {
		past = c.cur.NewICmp(enum.IPredSGT, moved, c.cur.NewAdd(a.home, i64(slack)))
		back = func() value.Value { return a.home }
	}
	off := c.choose(past, moved, func() value.Value {
		to := back()
		c.move(c.at(state, to), c.at(state, a.off), size)
		return c.cur.NewSub(to, i64(n.g.K*delta))
	})
	c.ends[r] = address{off, a.home}
	c.buffer(id, off)
	c.part(func(b *body) { b.edge(p, id) })
}

// commit is the clock edge of what no task has done: single words, failures of
// assertions on them, addresses, time.
func (c *cycle) commit() {
	p, l, m := c.p, c.l, c.p.m
	for r := range m.Regs {
		if n := &p.nodes[p.of[m.Regs[r].Node]]; n.shape == 0 {
			c.save(n.width, c.get(port{portWord, p.next[r]}), c.slot(l.reg[r]))
		}
	}
	for i := range p.rings {
		if r := &p.rings[i]; r.shape == 0 {
			c.save(r.width, c.get(port{portWord, r.arg}), c.ringRow(p, l, i, i64(0)))
		}
	}
	for i, x := range p.conds {
		if p.nodes[x].shape != 0 {
			continue
		}
		// The word may stand for many lanes.
		lanes := m.Lanes(m.Nodes[m.Asserts[i].Cond].Shape)
		bad := c.cur.NewXor(c.get(port{portWord, x}), c.k(1, 1))
		n := c.cur.NewMul(c.cur.NewAnd(c.u(bad, 1, 64), c.get(port{portCount, 0})), i64(lanes))
		at := l.fail + 8*i
		c.saveSlot(at, c.cur.NewAdd(c.loadSlot(at), n))
	}
	for r := range m.Regs {
		x := &c.pl.reg[r]
		if !x.moves {
			continue
		}
		a := c.end(r)
		switch x.area {
		case areaTaken:
			a = c.end(x.from)
		case areaFree:
			a = c.start(x.from)
		case areaSpare:
			a = c.spare(x.from)
		}
		c.saveAddress(l.reg[r], a)
	}
	for i, r := range c.pl.refill {
		c.saveAddress(l.spare[i], c.end(r))
	}
	c.saveSlot(headTime, c.cur.NewAdd(c.get(port{portTime, 0}), i64(1)))
}

func (c *cycle) saveAddress(slot int, a address) {
	c.saveSlot(slot, a.off)
	c.saveSlot(slot+8, a.home)
}

// roots are the single words that the clock edge of a program needs.
func (p *program) roots() []int {
	var list []int
	for r := range p.m.Regs {
		if p.nodes[p.of[p.m.Regs[r].Node]].shape == 0 {
			list = append(list, p.next[r])
		}
	}
	for i := range p.rings {
		if p.rings[i].shape == 0 {
			list = append(list, p.rings[i].arg)
		}
	}
	for _, x := range p.conds {
		if p.nodes[x].shape == 0 {
			list = append(list, x)
		}
	}
	for i := range p.m.Regs {
		list = append(list, p.of[p.m.Regs[i].Node])
	}
	return list
}
