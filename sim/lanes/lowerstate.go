package lanes

import (
	"unsafe"

	"tpe/hw"
)

func (l *lowering) memQ(n *hw.Node) val {
	q := l.value(current, n.Width, n.Shape)
	d := l.value(next, n.Width, n.Shape)
	l.values[q].twin, l.values[d].twin = d, q
	l.pin(q)
	return q
}

// memory prepares memory i after all nodes have values.
func (l *lowering) memory(i int) {
	mem := &l.m.Mems[i]
	n := &l.m.Nodes[mem.Node]
	out := memory{q: l.of[mem.Node], depth: mem.Depth, forward: mem.Forward, size: size(n.Width), lanes: l.m.Lanes(n.Shape)}
	ids := [4]hw.ID{mem.WEn, mem.WAddr, mem.WData, mem.RAddr}
	out.shared = true
	for k, id := range ids {
		if k != 2 && l.m.Lanes(l.m.Nodes[id].Shape) > 1 {
			out.shared = false
		}
	}
	written := l.m.Nodes[mem.WEn].Shape | l.m.Nodes[mem.WAddr].Shape | l.m.Nodes[mem.WData].Shape
	if out.shared {
		written = n.Shape
	} else {
		for _, k := range l.m.Map(written, n.Shape) {
			out.first = append(out.first, k*int32(mem.Depth))
		}
		out.first = places(out.first)
	}
	out.written = l.m.Lanes(written)
	out.together = !out.shared && l.m.Lanes(l.m.Nodes[mem.WEn].Shape|l.m.Nodes[mem.WAddr].Shape) == 1
	for k, id := range ids {
		v := l.of[id]
		switch {
		case out.shared && k != 2, out.together && k < 2:
		case k == 3:
			v = l.solid(v, n.Shape)
		default:
			v = l.solid(v, written)
		}
		l.pin(v)
		out.port[k] = v
		out.sizes[k] = l.values[v].size
	}
	l.mems = append(l.mems, out)
}

// solid broadcasts v to a value that has every lane in memory, not only a block
// of equal ones.
func (l *lowering) solid(v val, shape hw.Shape) val {
	v = l.broadcast(v, shape)
	x := l.values[v]
	if !x.uniform || x.lanes == 1 {
		return v
	}
	if x.role == constant {
		words := make([]uint64, x.lanes)
		for i := range words {
			words[i] = x.konst[0]
		}
		return l.constant(x.width, shape, words...)
	}
	return l.op(kCopy, lane, x.width, shape, v).dst
}

// ring is the history of a delay that is not one register: a power of two of
// rows, one per clock edge, each a power of two of lanes.
type ring struct {
	size  int // bytes of a lane
	lanes int
	shift uint // log2 of the lanes of a row
	rows  int
	back  []uint32 // per lane: how far back its word lies; nil if equal for all
	edges int      // the delay if equal for all
	now   bool     // a lane has no delay
	data  unsafe.Pointer
	bytes int
}

// Short uniform delays are registers, which alternate without copies.
const delayRegs = 2

// delay lowers the output side of a delay, whose operand may not have been lowered yet.
func (l *lowering) delay(id hw.ID) val {
	n := &l.m.Nodes[id]
	d := l.m.Delays(id)
	least, most := d[0], d[0]
	for _, x := range d {
		least, most = min(least, x), max(most, x)
	}
	if most == 0 {
		return l.of[n.Args[0]]
	}
	if least == most && most <= delayRegs {
		first := l.state(n.Width, n.Shape, 0)
		q := first
		for range most - 1 {
			p := l.state(n.Width, n.Shape, 0)
			l.later = append(l.later, link{from: q, to: l.values[p].twin})
			q = p
		}
		l.heads = append(l.heads, head{id, l.values[first].twin, nil})
		return q
	}
	r := &ring{size: size(n.Width), lanes: len(d), now: least == 0, rows: 1}
	if r.lanes == 1 {
		r.size = 8 // a slot
	}
	for 1<<r.shift < r.lanes || r.lanes > 1 && r.size<<r.shift < 64 {
		r.shift++ // rows of whole vectors
	}
	for r.rows <= most {
		r.rows *= 2
	}
	r.edges = most
	if least != most {
		r.back = make([]uint32, len(d))
		for i, x := range d {
			r.back[i] = uint32(i) - uint32(x)<<r.shift
		}
	}
	r.bytes = r.rows << r.shift * r.size
	l.rings = append(l.rings, r)
	if r.now {
		l.push(l.of[n.Args[0]], n, r)
	} else {
		l.heads = append(l.heads, head{id, none, r})
	}
	o := l.op(kPull, whole, n.Width, n.Shape)
	o.x = &extra{ring: r}
	if r.now {
		o.src[0] = l.ops[len(l.ops)-2].dst
	}
	return o.dst
}

// push writes a delay's operand into its ring. Its result is a token that orders
// it before reads of the same row.
func (l *lowering) push(x val, n *hw.Node, r *ring) {
	x = l.solid(x, n.Shape)
	o := l.op(kPush, whole, 1, 0, x)
	o.x = &extra{ring: r}
}

type link struct{ from, to val }

// head is the input side of a delay.
type head struct {
	id   hw.ID
	into val // the first register, or
	ring *ring
}

// finishDelays connects the input sides when every node has a value.
func (l *lowering) finishDelays() {
	for _, h := range l.heads {
		n := &l.m.Nodes[h.id]
		if h.ring != nil {
			l.push(l.of[n.Args[0]], n, h.ring)
		} else {
			l.commit(l.of[n.Args[0]], h.into)
		}
	}
	for _, k := range l.later {
		l.commit(k.from, k.to)
	}
}
