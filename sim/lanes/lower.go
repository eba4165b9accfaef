package lanes

import (
	"fmt"

	"tpe/hw"
)

// lowering turns a flat module into values and operations, in evaluation order.
type lowering struct {
	m      *hw.Module
	values []value
	ops    []operation
	of     []val // per node
	regs   []val // per register: its current value
	mems   []memory
	rings  []*ring
	heads  []head
	later  []link
	spread map[spreadKey]val
}

type spreadKey struct {
	v     val
	shape hw.Shape
}

func lower(m *hw.Module) (*lowering, error) {
	if len(m.Insts) > 0 {
		return nil, fmt.Errorf("lanes: module %s has instances (expected a flat module)", m.Name)
	}
	l := &lowering{m: m, of: make([]val, len(m.Nodes)), spread: map[spreadKey]val{}}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		for _, a := range n.Args {
			if int(a) >= i && n.Op != hw.OpDelay {
				return nil, fmt.Errorf("lanes: module %s is not in evaluation order", m.Name)
			}
		}
		l.of[i] = l.node(hw.ID(i))
	}
	l.finishDelays()
	for i := range m.Regs {
		l.commit(l.of[m.Regs[i].Next], l.values[l.of[m.Regs[i].Node]].twin)
	}
	for i := range m.Mems {
		l.memory(i)
	}
	for _, p := range m.Outputs {
		l.export(p.Node)
	}
	for _, a := range m.Asserts {
		l.export(a.Cond)
	}
	l.prune()
	return l, nil
}

func (l *lowering) pin(v val) { l.values[v].pinned = true }

// export makes a node's value readable from outside: every lane in memory.
func (l *lowering) export(id hw.ID) {
	l.of[id] = l.solid(l.of[id], l.m.Nodes[id].Shape)
	l.pin(l.of[id])
}

// lanesOf is a shape without the axes of one lane, which make no difference to lanes.
func (l *lowering) lanesOf(shape hw.Shape) hw.Shape {
	for _, a := range shape.Axes() {
		if l.m.Axes[a].Size == 1 {
			shape = shape.Without(a)
		}
	}
	return shape
}

// value makes a new value of the given shape.
func (l *lowering) value(r role, width int, shape hw.Shape) val {
	shape = l.lanesOf(shape)
	l.values = append(l.values, value{role: r, width: width, size: size(width), lanes: l.m.Lanes(shape), shape: shape, twin: none})
	return val(len(l.values) - 1)
}

// op appends an operation with a new result.
func (l *lowering) op(k kern, f form, width int, shape hw.Shape, src ...val) *operation {
	o := operation{k: k, form: f, dst: l.value(temp, width, shape), dst2: none, mask: hw.Mask(width), src: [4]val{none, none, none, none}}
	copy(o.src[:], src)
	l.ops = append(l.ops, o)
	return &l.ops[len(l.ops)-1]
}

// state makes a register: a current and a next value.
func (l *lowering) state(width int, shape hw.Shape, reset uint64) val {
	q, d := l.value(current, width, shape), l.value(next, width, shape)
	l.values[q].twin, l.values[d].twin = d, q
	l.values[q].reset, l.values[d].reset = reset, reset
	l.regs = append(l.regs, q)
	return q
}

// constant makes a constant of the given shape, one word for all lanes or one each.
func (l *lowering) constant(width int, shape hw.Shape, words ...uint64) val {
	v := l.value(constant, width, shape)
	l.values[v].konst = words
	l.values[v].uniform = len(words) == 1
	return v
}

// commit makes v the next value d of a register. If v is computed for nothing
// else that forbids it, it is computed into the register's buffer; otherwise
// it is copied there.
func (l *lowering) commit(v, d val) {
	x, r := l.values[v], l.values[d]
	if x.role == temp && x.shape == r.shape && !x.uniform {
		l.rename(v, d)
		return
	}
	if x.shape != r.shape && x.lanes > 1 && x.role != constant {
		s := l.broadcast(v, r.shape) // its buffer can be the register's
		delete(l.spread, spreadKey{v, r.shape})
		l.rename(s, d)
		return
	}
	o := operation{k: kCopy, form: lane, hop: hw.OpWire, dst: d, dst2: none, mask: hw.Mask(r.width), x: &extra{wa: r.width}}
	switch {
	case r.scalar():
		o.form = word
	case x.lanes == 1 && x.role != constant:
		o.k, o.form = kFill, whole
	default:
		v = l.broadcast(v, r.shape)
	}
	o.src = [4]val{v, none, none, none}
	l.ops = append(l.ops, o)
}

// rename replaces value v by w everywhere.
func (l *lowering) rename(v, w val) {
	for i := range l.ops {
		o := &l.ops[i]
		if o.dst == v {
			o.dst = w
		}
		for k := range o.src {
			if o.src[k] == v {
				o.src[k] = w
			}
		}
	}
	for i := range l.of {
		if l.of[i] == v {
			l.of[i] = w
		}
	}
	for i := range l.mems {
		for k := range l.mems[i].port {
			if l.mems[i].port[k] == v {
				l.mems[i].port[k] = w
			}
		}
	}
	for key, s := range l.spread {
		if s == v {
			l.spread[key] = w
		}
	}
	for key, s := range l.spread {
		if key.v == v {
			delete(l.spread, key)
			l.spread[spreadKey{w, key.shape}] = s
		}
	}
	for i := range l.values {
		if x := &l.values[i]; x.uniform && x.twin == v {
			x.twin = w
		}
	}
}

// node lowers one node and returns its value.
func (l *lowering) node(id hw.ID) val {
	n := &l.m.Nodes[id]
	switch n.Op {
	case hw.OpInput:
		return l.value(input, n.Width, n.Shape)
	case hw.OpConst:
		return l.constant(n.Width, n.Shape, n.Imm)
	case hw.OpCoord:
		words := make([]uint64, l.m.Lanes(n.Shape))
		for i := range words {
			words[i] = uint64(i)
		}
		return l.constant(n.Width, n.Shape, words...)
	case hw.OpReg:
		return l.state(n.Width, n.Shape, l.m.Regs[n.Imm].Reset)
	case hw.OpMemQ:
		return l.memQ(n)
	case hw.OpDelay:
		return l.delay(id)
	}
	if n.Op.Kind() == hw.KindWire {
		return l.wire(n)
	}
	if n.Op == hw.OpPopcount && l.m.Nodes[n.Args[0]].Op == hw.OpPack {
		return l.ones(n)
	}
	if l.m.Lanes(n.Shape) == 1 {
		return l.word(n)
	}
	return l.lane(n)
}

// word lowers a lane operator on words.
func (l *lowering) word(n *hw.Node) val {
	make1 := func(op hw.Op, width int, imm uint64, wa, wb int, src ...val) val {
		o := l.op(kNone, word, width, n.Shape, src...)
		o.hop, o.imm, o.x = op, imm, &extra{wa: wa, wb: wb}
		return o.dst
	}
	if n.Op == hw.OpCat {
		acc, w := l.of[n.Args[0]], l.m.Nodes[n.Args[0]].Width
		for _, a := range n.Args[1:] {
			wa := l.m.Nodes[a].Width
			w += wa
			acc = make1(hw.OpCat, w, uint64(wa), w-wa, wa, acc, l.of[a])
		}
		if len(n.Args) == 1 {
			acc = make1(hw.OpWire, w, 0, w, w, acc)
		}
		return acc
	}
	if x := l.of[n.Args[0]]; (n.Op == hw.OpWire || n.Op == hw.OpZext) && l.values[x].size == size(n.Width) {
		return x // the same word
	}
	src := make([]val, len(n.Args))
	for i, a := range n.Args {
		src[i] = l.of[a]
	}
	wa, wb := l.m.Nodes[n.Args[0]].Width, 0
	if len(n.Args) > 1 {
		wb = l.m.Nodes[n.Args[1]].Width
	}
	v := make1(n.Op, n.Width, n.Imm, wa, wb, src...)
	if n.Op == hw.OpRom {
		l.ops[len(l.ops)-1].x.table = l.m.Roms[n.Imm].Data
	}
	return v
}

// broadcast returns v over the axes of shape, made once for all who ask.
func (l *lowering) broadcast(v val, shape hw.Shape) val {
	shape = l.lanesOf(shape)
	x := l.values[v]
	if x.shape == shape || (x.lanes == 1 && l.m.Lanes(shape) == 1) {
		return v
	}
	key := spreadKey{v, shape}
	if s, ok := l.spread[key]; ok {
		return s
	}
	var out val
	switch {
	case x.role == constant && x.uniform:
		out = l.constant(x.width, shape, x.konst...)
	case x.role == constant:
		words := make([]uint64, l.m.Lanes(shape))
		for i, k := range l.m.Map(x.shape, shape) {
			words[i] = x.konst[k]
		}
		out = l.constant(x.width, shape, words...)
	case x.lanes == 1:
		out = l.op(kFill, whole, x.width, shape, v).dst
		l.values[out].uniform, l.values[out].twin = true, v
	case x.uniform:
		out = l.broadcast(x.twin, shape)
	default:
		out = l.spreading(v, shape)
	}
	l.spread[key] = out
	return out
}
