package llvm

import (
	"fmt"

	"github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"tpe/hw"
)

// wire emits an operator that moves words between lanes as loops over the lanes
// of the result. Lanes are found by coordinates, so shapes may differ in any way; only
// a shift within one shape, the frequent one, is a block move.
func (b *body) wire(p *program, id int) {
	n := &p.nodes[id]
	if n.op == hw.OpShift && p.nodes[n.args[0]].shape == n.shape {
		b.shiftCopy(p, id)
		return
	}
	if x := &p.nodes[n.args[0]]; n.op == hw.OpIndex && n.shape != 0 && x.shape.Axes()[0] == n.g.Axis && x.role != roleConst {
		// Of the outermost axis: one block.
		size := p.lanes(n.shape) * laneBytes(n.width)
		b.copy(b.get(port{portBuffer, id}), b.at(b.get(port{portBuffer, n.args[0]}), i64(n.g.K*size)), size)
		return
	}
	if b.folded(p, id) || b.spreadBlocks(p, id) {
		return
	}
	b.nest(p, n.shape, func(c map[int]value.Value) {
		b.put(p, id, n.shape, c, b.wireLane(p, n, c))
	})
}

// put writes a lane of node id's buffer.
func (b *body) put(p *program, id int, s hw.Shape, c map[int]value.Value, v value.Value) {
	w := p.nodes[id].width
	b.save(w, v, b.at(b.get(port{portBuffer, id}), b.scaled(b.lane(p, s, c), laneBytes(w))))
}

// with is the coordinates with one replaced.
func with(c map[int]value.Value, axis int, v value.Value) map[int]value.Value {
	out := map[int]value.Value{axis: v}
	for a, x := range c {
		if a != axis {
			out[a] = x
		}
	}
	return out
}

func coord(c map[int]value.Value, axis int) value.Value {
	if v, ok := c[axis]; ok {
		return v
	}
	return i64(0) // an axis of size 1
}

// wireLane is the value of a wire operator in the lane at coordinates c.
func (b *body) wireLane(p *program, n *node, c map[int]value.Value) value.Value {
	x, g := n.args[0], n.g
	if n.op == hw.OpBcast {
		return b.elem(p, x, c)
	}
	size := p.m.Axes[g.Axis].Size
	// inside reads x at coordinate i of the axis if that is below its size.
	inside := func(i value.Value, otherwise func() value.Value) value.Value {
		ok := b.cur.NewICmp(enum.IPredULT, i, i64(size))
		safe := b.cur.NewSelect(ok, i, i64(0))
		return b.cur.NewSelect(ok, b.elem(p, x, with(c, g.Axis, safe)), otherwise())
	}
	fill := func() value.Value { return b.elem(p, n.args[1], c) }
	switch n.op {
	case hw.OpIndex:
		return b.elem(p, x, with(c, g.Axis, i64(g.K)))
	case hw.OpShift: // below 0 is above every size
		return inside(b.cur.NewSub(coord(c, g.Axis), i64(g.K)), fill)
	case hw.OpRotate:
		i := b.cur.NewSub(coord(c, g.Axis), i64(g.K))
		wrap := i64(0)
		if g.K > 0 {
			wrap = i64(size - 1)
		}
		ok := b.cur.NewICmp(enum.IPredULT, i, i64(size))
		return b.elem(p, x, with(c, g.Axis, b.cur.NewSelect(ok, i, wrap)))
	case hw.OpSelect:
		i := b.u(fill(), p.nodes[n.args[1]].width, 64)
		return inside(i, func() value.Value { return b.k(container(n.width), 0) })
	case hw.OpStride:
		return inside(b.plus(b.scaled(coord(c, g.To[0]), g.Step), i64(g.K)), fill)
	case hw.OpSplit:
		return inside(b.plus(b.scaled(coord(c, g.To[0]), p.m.Axes[g.To[1]].Size), coord(c, g.To[1])), fill)
	case hw.OpReduce:
		step := &node{op: g.Sub, width: n.width, args: []int{x, x}}
		return b.fold(size-1, b.elem(p, x, with(c, g.Axis, i64(0))), func(i, acc value.Value) value.Value {
			v, err := b.lower(p, step, []value.Value{acc, b.elem(p, x, with(c, g.Axis, b.plus(i, i64(1))))})
			if err != nil {
				b.fail(err)
				return acc
			}
			return v
		})
	case hw.OpPack:
		sum := b.fold(size, b.k(64, 0), func(i, acc value.Value) value.Value {
			bit := b.u(b.elem(p, x, with(c, g.Axis, i)), 1, 64)
			return b.cur.NewOr(acc, b.cur.NewShl(bit, i))
		})
		return b.fit(sum, 64, n.width)
	}
	b.fail(fmt.Errorf("llvm: operator %s is not supported", n.op))
	return b.k(container(n.width), 0)
}

// fold is a loop with one value carried from round to round.
func (b *body) fold(n int, first value.Value, inside func(i, acc value.Value) value.Value) value.Value {
	if n == 1 {
		return inside(i64(0), first)
	}
	b.loops = true
	before, head := b.cur, b.block()
	before.NewBr(head)
	b.cur = head
	i := head.NewPhi(ir.NewIncoming(i64(0), before))
	acc := head.NewPhi(ir.NewIncoming(first, before))
	v := inside(i, acc)
	next := b.cur.NewAdd(i, i64(1))
	i.Incs = append(i.Incs, ir.NewIncoming(next, b.cur))
	acc.Incs = append(acc.Incs, ir.NewIncoming(v, b.cur))
	more := b.cur.NewICmp(enum.IPredULT, next, i64(n))
	end := b.cur
	b.cur = b.block()
	end.NewCondBr(more, head, b.cur)
	return v
}

// shiftCopy copies x moved by one lane and then writes the lanes at the edge.
func (b *body) shiftCopy(p *program, id int) {
	n := &p.nodes[id]
	if p.shortRow(n) {
		b.shiftRow(p, n, id)
		return
	}
	w := laneBytes(n.width)
	lanes, by := p.lanes(n.shape), p.m.Stride(n.shape, n.g.Axis)
	dst, src := b.get(port{portBuffer, id}), b.get(port{portBuffer, n.args[0]})
	if n.g.K > 0 {
		b.copy(b.at(dst, i64(by*w)), src, (lanes-by)*w)
	} else {
		b.copy(dst, b.at(src, i64(by*w)), (lanes-by)*w)
	}
	b.edge(p, id)
}

// shiftRow moves the words of a short row in one vector.
func (b *body) shiftRow(p *program, n *node, id int) {
	lanes := p.lanes(n.shape)
	v := vector(lanes)
	at := 0 // the lane that takes the edge, which is element v of the two vectors
	if n.g.K < 0 {
		at = lanes - 1
	}
	mask := make([]constant.Constant, v)
	for i := range mask {
		k := i - n.g.K
		if i == at {
			k = v
		}
		mask[i] = constant.NewInt(types.I32, int64(max(0, min(k, 2*v-1))))
	}
	b.vec = v
	x := b.load(n.width, b.get(port{portBuffer, n.args[0]}))
	edge := b.cur.NewInsertElement(constant.NewUndef(b.typ(container(n.width))), b.wordOf(p, n.args[1]), constant.NewInt(types.I32, 0))
	b.save(n.width, b.cur.NewShuffleVector(x, edge, constant.NewVector(nil, mask...)), b.get(port{portBuffer, id}))
	b.vec = 0
}

// wordOf is a single word.
func (b *body) wordOf(p *program, id int) value.Value {
	if n := &p.nodes[id]; n.role == roleConst {
		return intConst(container(n.width), n.g.Imm)
	}
	return b.get(port{portWord, id})
}

// edge writes the lanes of a shift that come from its edge operand.
func (b *body) edge(p *program, id int) {
	n := &p.nodes[id]
	at := 0
	if n.g.K < 0 {
		at = p.m.Axes[n.g.Axis].Size - 1
	}
	rest := n.shape.Without(n.g.Axis)
	if x := n.args[1]; rest != 0 && p.nodes[x].shape == rest && n.shape.Axes()[0] == n.g.Axis {
		// The outermost axis: the edge is one block.
		size := p.lanes(rest) * laneBytes(n.width)
		dst := b.at(b.get(port{portBuffer, id}), i64(at*size))
		b.copy(dst, b.get(port{portBuffer, x}), size)
		return
	}
	b.nest(p, rest, func(c map[int]value.Value) {
		b.put(p, id, n.shape, with(c, n.g.Axis, i64(at)), b.elem(p, n.args[1], c))
	})
}
