package llvm

import (
	"fmt"
	"math/bits"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"tpe/hw"
)

// Operators that fold an axis, reduce and pack, lane by lane load one word at a time. Where the
// shape allows it they are done by vectors: of neighbouring results, if other axes vary faster than
// the folded one, or of what makes one result, if none does.

// folded emits a fold by vectors, and reports whether there is one.
func (b *body) folded(p *program, id int) bool {
	n := &p.nodes[id]
	x := &p.nodes[n.args[0]]
	if n.op != hw.OpReduce && n.op != hw.OpPack || x.role == roleConst || n.shape != x.shape.Without(n.g.Axis) {
		return false
	}
	size, inner := p.m.Axes[n.g.Axis].Size, p.m.Stride(x.shape, n.g.Axis)
	switch {
	case inner >= minRun && size <= maxFold:
		b.foldRows(p, n, id, size, inner)
	case inner == 1 && size >= 4 && size <= maxVector && bits.OnesCount(uint(size)) == 1 && b.foldsRun(n):
		b.foldRuns(p, n, id, size)
	default:
		return false
	}
	return true
}

// maxFold is the longest axis whose fold is unrolled.
const maxFold = 64

// foldRows makes vectors of neighbouring results. The last vector of a row overlaps the one before
// where the row is no multiple of it.
func (b *body) foldRows(p *program, n *node, id, size, inner int) {
	x := n.args[0]
	w, wx := n.width, p.nodes[x].width
	v := 1 << (bits.Len(uint(inner)) - 1)
	for v > maxVector || v*max(container(w), container(wx)) > maxVectorBits {
		v /= 2
	}
	step := &node{op: n.g.Sub, width: w, args: []int{x, x}}
	outer := p.lanes(p.nodes[x].shape) / (size * inner)
	b.loop(outer, 1, func(o value.Value) {
		b.vectors(inner, v, func(in value.Value) {
			var acc value.Value
			for c := range size {
				at := b.plus(b.scaled(o, size*inner), b.plus(in, i64(c*inner)))
				y := b.load(wx, b.laneAddr(port{portBuffer, x}, at, wx))
				switch {
				case n.op == hw.OpPack:
					y = b.u(y, 1, word(w))
					if c > 0 {
						y = b.cur.NewOr(acc, b.cur.NewShl(y, b.k(word(w), uint64(c))))
					}
				case c > 0:
					r, err := b.lower(p, step, []value.Value{acc, y})
					if err != nil {
						b.fail(err)
						return
					}
					y = r
				}
				acc = y
			}
			if n.op == hw.OpPack {
				acc = b.fit(acc, word(w), w)
			}
			b.save(w, acc, b.laneAddr(port{portBuffer, id}, b.plus(b.scaled(o, inner), in), w))
		})
	})
}

// vectors runs the body for vectors of v lanes that cover n >= v lanes, with the first lane of
// each; the last overlaps the one before if it must.
func (b *body) vectors(n, v int, inside func(in value.Value)) {
	b.loop((n+v-1)/v, 1, func(i value.Value) {
		in := b.scaled(i, v)
		if n%v != 0 {
			last := i64(n - v)
			in = b.cur.NewSelect(b.cur.NewICmp(enum.IPredULT, in, last), in, last)
		}
		b.vec = v
		inside(in)
		b.vec = 0
	})
}

// spreadBlocks emits a broadcast by blocks, if it has any: runs of lanes that are copied, or filled
// with one word.
func (b *body) spreadBlocks(p *program, id int) bool {
	n := &p.nodes[id]
	x := &p.nodes[n.args[0]]
	if n.op != hw.OpBcast || x.role == roleConst || x.shape == 0 {
		return false
	}
	axes, run := n.shape.Axes(), 1
	k := len(axes)
	filled := !x.shape.Has(axes[k-1])
	for ; k > 0 && x.shape.Has(axes[k-1]) != filled; k-- {
		run *= p.m.Axes[axes[k-1]].Size
	}
	if run < minRun {
		return false
	}
	var lead hw.Shape
	for _, a := range axes[:k] {
		lead = lead.With(a)
	}
	size, v := laneBytes(n.width), 1<<(bits.Len(uint(run))-1)
	for v > maxVector || v*container(n.width) > maxVectorBits {
		v /= 2
	}
	b.nest(p, lead, func(c map[int]value.Value) {
		dst := b.at(b.get(port{portBuffer, id}), b.scaled(b.lane(p, n.shape, c), size))
		if !filled {
			src := b.at(b.get(port{portBuffer, n.args[0]}), b.scaled(b.lane(p, x.shape, c), size))
			b.copy(dst, src, run*size)
			return
		}
		word := b.elem(p, n.args[0], c)
		b.vectors(run, v, func(in value.Value) {
			b.save(n.width, b.spreadWord(word), b.at(dst, b.scaled(in, size)))
		})
	})
	return true
}

// foldsRun reports whether one vector can be folded by an instruction of LLVM.
func (b *body) foldsRun(n *node) bool {
	switch {
	case n.op == hw.OpPack:
		return true
	case n.width == 1:
		return n.g.Sub == hw.OpAdd || n.g.Sub == hw.OpAnd || n.g.Sub == hw.OpOr || n.g.Sub == hw.OpXor
	case n.g.Sub == hw.OpSMin || n.g.Sub == hw.OpSMax:
		return n.width == container(n.width)
	}
	return true
}

// foldRuns makes each result of one vector.
func (b *body) foldRuns(p *program, n *node, id, size int) {
	x := n.args[0]
	wx := p.nodes[x].width
	b.loop(p.lanes(n.shape), 1, func(i value.Value) {
		b.vec = size
		y := b.load(wx, b.laneAddr(port{portBuffer, x}, b.scaled(i, size), wx))
		b.vec = 0
		var r value.Value
		if wx == 1 {
			r = b.foldBits(n, y, size)
		} else {
			name := map[hw.Op]string{hw.OpAdd: "add", hw.OpAnd: "and", hw.OpOr: "or", hw.OpXor: "xor",
				hw.OpUMin: "umin", hw.OpUMax: "umax", hw.OpSMin: "smin", hw.OpSMax: "smax"}[n.g.Sub]
			c := container(n.width)
			f := b.unit.intrinsic(fmt.Sprintf("llvm.vector.reduce.%s.v%di%d", name, size, c), types.NewInt(uint64(c)), y.Type())
			r = b.cur.NewCall(f, y)
			if c != n.width {
				r = b.cur.NewAnd(r, b.k(c, hw.Mask(n.width)))
			}
		}
		at := b.get(port{portBuffer, id})
		b.save(n.width, r, b.at(at, b.scaled(i, laneBytes(n.width))))
	})
}

// foldBits packs or folds a vector of bits.
func (b *body) foldBits(n *node, y value.Value, size int) value.Value {
	set := b.cur.NewBitCast(y, types.NewInt(uint64(size)))
	switch {
	case n.op == hw.OpPack:
		return b.resize(set, size, container(n.width), false)
	case n.g.Sub == hw.OpAnd:
		return b.cur.NewICmp(enum.IPredEQ, set, intConst(size, hw.Mask(size)))
	case n.g.Sub == hw.OpOr:
		return b.cur.NewICmp(enum.IPredNE, set, intConst(size, 0))
	}
	wide := b.resize(set, size, max(8, size), false) // add and xor of bits are their parity
	return b.cur.NewTrunc(b.count("llvm.ctpop", wide, max(8, size)), types.I1)
}
