package llvm

import (
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"tpe/hw"
)

// ringRow is the address of the row of ring i that lies d edges back (or ahead,
// for negative d).
func (b *body) ringRow(p *program, l *layout, i int, d value.Value) value.Value {
	r := &p.rings[i]
	row := b.cur.NewAnd(b.cur.NewSub(b.get(port{portTime, 0}), d), i64(r.rows-1))
	return b.at(b.slot(l.ring[i]), b.scaled(row, r.rowBytes(p)))
}

// push writes the operand of a delay into its ring, each lane into the row of the
// cycle in which it comes out; so the row of this cycle is the delay's value. Writing
// is the scattered side because then all that uses the value reads whole vectors.
func (b *body) push(p *program, l *layout, id int) {
	i := p.nodes[id].idx
	r := &p.rings[i]
	g := &p.m.Nodes[r.id]
	b.nest(p, r.shape, func(c map[int]value.Value) {
		var d value.Value = i64(-g.K)
		for a, k := range g.Coef {
			if k != 0 {
				d = b.plus(d, b.scaled(coord(c, a), -k))
			}
		}
		v := b.elem(p, r.arg, c)
		lane := b.scaled(b.lane(p, r.shape, c), laneBytes(r.width))
		b.save(r.width, v, b.at(b.ringRow(p, l, i, d), lane))
	})
}

// countFailures adds the failures of an assertion with axes.
func (b *body) countFailures(p *program, l *layout, id int) {
	n := &p.nodes[id]
	slot := b.slot(l.fail + 8*n.idx)
	b.when(b.someZero(p, n.args[0]), func() {
		b.nest(p, p.nodes[n.args[0]].shape, func(c map[int]value.Value) {
			bad := b.cur.NewXor(b.elem(p, n.args[0], c), b.k(1, 1))
			one := b.cur.NewAnd(b.u(bad, 1, 64), b.get(port{portCount, 0}))
			b.save(64, b.cur.NewAdd(b.load(64, slot), one), slot)
		})
	})
}

// someZero is 1 if some lane of node x, of one bit, is 0: a test of whole vectors, since
// assertions hardly ever fail.
func (b *body) someZero(p *program, x int) value.Value {
	lanes := p.lanes(p.nodes[x].shape)
	v := vector(lanes)
	full := b.fold(max(1, lanes/v), intConst(1, 0), func(i, some value.Value) value.Value {
		b.vec = v
		ones := b.load(1, b.laneAddr(port{portBuffer, x}, b.scaled(i, v), 1))
		b.vec = 0
		set := value.Value(b.cur.NewBitCast(ones, types.NewInt(uint64(v))))
		if lanes < v { // the rest is padding
			set = b.cur.NewOr(set, intConst(v, ^hw.Mask(lanes)))
		}
		return b.cur.NewOr(some, b.cur.NewICmp(enum.IPredNE, set, intConst(v, hw.Mask(v))))
	})
	if rest := lanes % v; rest > 0 && lanes > v {
		for i := lanes - rest; i < lanes; i++ {
			one := b.load(1, b.laneAddr(port{portBuffer, x}, i64(i), 1))
			full = b.cur.NewOr(full, b.cur.NewXor(one, intConst(1, 1)))
		}
	}
	return full
}

// memory is the clock edge of a memory.
func (b *body) memory(p *program, l *layout, id int) {
	n := &p.nodes[id]
	mem := &p.m.Mems[n.idx]
	q := &p.nodes[p.of[mem.Node]]
	var a [4]*node
	for k := range a {
		a[k] = &p.nodes[n.args[k]]
	}
	if a[0].shape == 0 && a[1].shape == 0 && a[3].shape == 0 && (a[2].shape == q.shape) {
		b.memoryRows(p, l, n, mem, q)
		return
	}
	b.nest(p, q.shape, func(c map[int]value.Value) {
		lane := b.scaled(b.lane(p, q.shape, c), laneBytes(q.width))
		out := b.at(b.slot(l.memQ[n.idx]), lane)
		data := b.elem(p, n.args[2], c)
		write := b.addr(p, n.args[1], c)
		read := b.addr(p, n.args[3], c)
		cell := func(addr value.Value) value.Value {
			return b.at(b.slot(l.mem[n.idx]), b.plus(b.scaled(addr, memRow(p, q)), lane))
		}
		doRead := func() {
			v := b.choose(b.below(read, mem.Depth), b.k(container(q.width), 0), func() value.Value { return b.load(q.width, cell(read)) })
			b.save(q.width, v, out)
		}
		doWrite := func() {
			b.when(b.cur.NewAnd(b.elem(p, n.args[0], c), b.below(write, mem.Depth)), func() { b.save(q.width, data, cell(write)) })
		}
		inOrder(mem, doRead, doWrite)
	})
}

// inOrder lets a memory with forwarding write before it reads, and another
// after.
func inOrder(mem *hw.Mem, read, write func()) {
	if mem.Forward {
		write()
		read()
		return
	}
	read()
	write()
}

func (b *body) addr(p *program, x int, c map[int]value.Value) value.Value {
	return b.u(b.elem(p, x, c), p.nodes[x].width, 64)
}

func (b *body) below(v value.Value, n int) value.Value {
	return b.cur.NewICmp(enum.IPredULT, v, i64(n))
}

// memoryRows is a memory whose lanes all use one address: a row is a block.
func (b *body) memoryRows(p *program, l *layout, n *node, mem *hw.Mem, q *node) {
	size := memRow(p, q)
	out := b.slot(l.memQ[n.idx])
	row := func(addr value.Value) value.Value { return b.at(b.slot(l.mem[n.idx]), b.scaled(addr, size)) }
	write, read := b.addr(p, n.args[1], nil), b.addr(p, n.args[3], nil)
	doRead := func() {
		inside := b.below(read, mem.Depth)
		b.when(inside, func() {
			if q.shape == 0 {
				b.save(q.width, b.load(q.width, row(read)), out)
			} else {
				b.copy(out, row(read), size)
			}
		})
		b.when(b.cur.NewXor(inside, b.k(1, 1)), func() {
			set := b.unit.intrinsic("llvm.memset.p0i8.i64", types.Void, types.I8Ptr, types.I8, types.I64, types.I1)
			b.cur.NewCall(set, out, b.k(8, 0), i64(size), constant.False)
		})
	}
	doWrite := func() {
		b.when(b.cur.NewAnd(b.elem(p, n.args[0], nil), b.below(write, mem.Depth)), func() {
			if q.shape == 0 {
				b.save(q.width, b.elem(p, n.args[2], nil), row(write))
			} else {
				b.copy(row(write), b.get(port{portBuffer, n.args[2]}), size)
			}
		})
	}
	inOrder(mem, doRead, doWrite)
}
