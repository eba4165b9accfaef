package llvm

import (
	"fmt"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"tpe/hw"
)

// A word of width w is an integer of container(w) bits whose bits above w are 0:
// LLVM would legalise an i19, but in vectors that is slow and little tested. Words of
// one bit are i1, so that they meet compares and selects (and AVX-512 masks) without
// conversion. Every operator reduces its result to the width again; LLVM drops
// the reductions that do not matter.

// typ is the integer type of the given bits, or the vector of it in a lane loop.
func (b *body) typ(bits int) types.Type {
	t := types.NewInt(uint64(bits))
	if b.vec == 0 {
		return t
	}
	return types.NewVector(uint64(b.vec), t)
}

// k is the constant v in every lane.
func (b *body) k(bits int, v uint64) constant.Constant {
	c := intConst(bits, v)
	if b.vec == 0 {
		return c
	}
	if v == 0 {
		return constant.NewZeroInitializer(b.typ(bits))
	}
	elems := make([]constant.Constant, b.vec)
	for i := range elems {
		elems[i] = c
	}
	return constant.NewVector(nil, elems...)
}

func intConst(bits int, v uint64) *constant.Int {
	if bits == 1 {
		return constant.NewInt(types.I1, int64(v&1))
	}
	return constant.NewInt(types.NewInt(uint64(bits)), hw.SignExtend(v, bits))
}

// resize extends (with zeros, or the sign) or truncates an integer.
func (b *body) resize(v value.Value, from, to int, signed bool) value.Value {
	switch {
	case from > to:
		return b.cur.NewTrunc(v, b.typ(to))
	case from == to:
		return v
	case signed:
		return b.cur.NewSExt(v, b.typ(to))
	}
	return b.cur.NewZExt(v, b.typ(to))
}

// u reads a word of width w as unsigned in the given bits, modulo.
func (b *body) u(v value.Value, w, bits int) value.Value {
	return b.resize(v, container(w), bits, false)
}

// s reads a word of width w as two's complement in the given bits, modulo.
func (b *body) s(v value.Value, w, bits int) value.Value {
	c := container(w)
	if c != w {
		d := b.k(c, uint64(c-w))
		v = b.cur.NewAShr(b.cur.NewShl(v, d), d)
	}
	return b.resize(v, c, bits, true)
}

// fit reduces an integer to a word of width w.
func (b *body) fit(v value.Value, bits, w int) value.Value {
	c := container(w)
	v = b.resize(v, bits, c, false)
	if c != w && bits > w {
		v = b.cur.NewAnd(v, b.k(c, hw.Mask(w)))
	}
	return v
}

// word is the bits in which arithmetic on words of width w is done.
func word(w int) int { return max(8, container(w)) }

// lower emits a lane operator; x are the operands as words.
func (b *body) lower(p *program, n *node, x []value.Value) (value.Value, error) {
	w := n.width
	if v := b.bitwise(n.op, w, x); v != nil {
		return v, nil
	}
	wid := make([]int, len(n.args))
	for i, a := range n.args {
		wid[i] = p.nodes[a].width
	}
	bits := word(w)
	switch n.op {
	case hw.OpNeg:
		return b.fit(b.cur.NewSub(b.k(bits, 0), b.u(x[0], w, bits)), bits, w), nil
	case hw.OpAdd:
		return b.fit(b.cur.NewAdd(b.u(x[0], w, bits), b.u(x[1], w, bits)), bits, w), nil
	case hw.OpSub:
		return b.fit(b.cur.NewSub(b.u(x[0], w, bits), b.u(x[1], w, bits)), bits, w), nil
	case hw.OpMulU:
		return b.fit(b.cur.NewMul(b.u(x[0], wid[0], bits), b.u(x[1], wid[1], bits)), bits, w), nil
	case hw.OpMulS:
		return b.fit(b.cur.NewMul(b.s(x[0], wid[0], bits), b.s(x[1], wid[1], bits)), bits, w), nil
	case hw.OpMulSU:
		return b.fit(b.cur.NewMul(b.s(x[0], wid[0], bits), b.u(x[1], wid[1], bits)), bits, w), nil
	case hw.OpBooth4:
		return b.fit(b.booth(x, wid[0], bits), bits, w), nil
	case hw.OpUMin, hw.OpUMax, hw.OpSMin, hw.OpSMax:
		return b.minmax(n.op, w, x[0], x[1]), nil
	case hw.OpEq, hw.OpNe, hw.OpULt, hw.OpULe, hw.OpSLt, hw.OpSLe:
		return b.compare(n.op, wid[0], x[0], x[1]), nil
	case hw.OpRom:
		return b.rom(p, n, x[0], wid[0]), nil
	case hw.OpSext:
		return b.fit(b.s(x[0], wid[0], bits), bits, w), nil
	case hw.OpSlice:
		from := word(wid[0])
		v := b.u(x[0], wid[0], from)
		if n.g.Imm > 0 {
			v = b.cur.NewLShr(v, b.k(from, n.g.Imm))
		}
		return b.fit(v, from, w), nil
	case hw.OpCat:
		return b.cat(x, wid, w), nil
	case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl:
		return b.shift(n.op, w, wid[1], x[0], x[1]), nil
	case hw.OpRedXor:
		from := word(wid[0])
		return b.resize(b.count("llvm.ctpop", b.u(x[0], wid[0], from), from), from, 1, false), nil
	case hw.OpPopcount:
		from := word(wid[0])
		return b.fit(b.count("llvm.ctpop", b.u(x[0], wid[0], from), from), from, w), nil
	case hw.OpFfs, hw.OpClz:
		return b.zeros(n.op, w, wid[0], x[0]), nil
	}
	switch n.op {
	case hw.OpRedAnd:
		return b.cur.NewICmp(enum.IPredEQ, x[0], b.k(container(wid[0]), hw.Mask(wid[0]))), nil
	case hw.OpRedOr:
		return b.cur.NewICmp(enum.IPredNE, x[0], b.k(container(wid[0]), 0)), nil
	}
	return nil, fmt.Errorf("llvm: operator %s is not supported", n.op)
}

// bitwise covers the operators that work on the container as it is; nil is no such
// operator.
func (b *body) bitwise(op hw.Op, w int, x []value.Value) value.Value {
	c := container(w)
	switch op {
	case hw.OpWire, hw.OpBcast:
		return x[0]
	case hw.OpZext:
		return b.resize(x[0], containerOf(x[0]), c, false)
	case hw.OpNot:
		return b.cur.NewXor(x[0], b.k(c, hw.Mask(w)))
	case hw.OpAnd:
		return b.cur.NewAnd(x[0], x[1])
	case hw.OpOr:
		return b.cur.NewOr(x[0], x[1])
	case hw.OpXor:
		return b.cur.NewXor(x[0], x[1])
	case hw.OpXor3:
		return b.cur.NewXor(b.cur.NewXor(x[0], x[1]), x[2])
	case hw.OpMaj:
		return b.maj(x)
	case hw.OpCsaC:
		if w == 1 {
			return b.k(1, 0)
		}
		return b.fit(b.cur.NewShl(b.maj(x), b.k(c, 1)), c, w)
	case hw.OpMux:
		return b.cur.NewSelect(x[0], x[1], x[2])
	}
	return nil
}

// maj is (x & y) | (z & (x | y)), which is one instruction with AVX-512.
func (b *body) maj(x []value.Value) value.Value {
	return b.cur.NewOr(b.cur.NewAnd(x[0], x[1]), b.cur.NewAnd(x[2], b.cur.NewOr(x[0], x[1])))
}

// containerOf is the size in bits of an integer or of a vector's elements.
func containerOf(v value.Value) int {
	t := v.Type()
	if vt, ok := t.(*types.VectorType); ok {
		t = vt.ElemType
	}
	if it, ok := t.(*types.IntType); ok {
		return int(it.BitSize)
	}
	return 0
}

// booth is d*x for the radix-4 digit d in y: the magnitude 0, 1 or 2 is chosen by
// compares and the sign by a subtraction, which is cheaper in lanes than a product.
func (b *body) booth(x []value.Value, w, bits int) value.Value {
	v, y := b.s(x[0], w, bits), x[1]
	is := func(d uint64) value.Value { return b.cur.NewICmp(enum.IPredEQ, y, b.k(8, d)) }
	zero := b.k(bits, 0)
	mag := b.cur.NewSelect(b.cur.NewOr(is(3), is(4)), b.cur.NewShl(v, b.k(bits, 1)), v)
	neg := b.cur.NewICmp(enum.IPredUGT, y, b.k(8, 3))
	r := b.cur.NewSelect(neg, b.cur.NewSub(zero, mag), mag)
	return b.cur.NewSelect(b.cur.NewOr(is(0), is(7)), zero, r)
}

func (b *body) minmax(op hw.Op, w int, x, y value.Value) value.Value {
	bits := word(w)
	pred := map[hw.Op]enum.IPred{hw.OpUMin: enum.IPredULT, hw.OpUMax: enum.IPredUGT, hw.OpSMin: enum.IPredSLT, hw.OpSMax: enum.IPredSGT}[op]
	ext := b.u
	if op == hw.OpSMin || op == hw.OpSMax {
		ext = b.s
	}
	return b.cur.NewSelect(b.cur.NewICmp(pred, ext(x, w, bits), ext(y, w, bits)), x, y)
}

func (b *body) compare(op hw.Op, w int, x, y value.Value) value.Value {
	bits := word(w)
	switch op {
	case hw.OpEq:
		return b.cur.NewICmp(enum.IPredEQ, x, y)
	case hw.OpNe:
		return b.cur.NewICmp(enum.IPredNE, x, y)
	case hw.OpULt:
		return b.cur.NewICmp(enum.IPredULT, b.u(x, w, bits), b.u(y, w, bits))
	case hw.OpULe:
		return b.cur.NewICmp(enum.IPredULE, b.u(x, w, bits), b.u(y, w, bits))
	case hw.OpSLt:
		return b.cur.NewICmp(enum.IPredSLT, b.s(x, w, bits), b.s(y, w, bits))
	}
	return b.cur.NewICmp(enum.IPredSLE, b.s(x, w, bits), b.s(y, w, bits))
}

func (b *body) cat(x []value.Value, wid []int, w int) value.Value {
	bits := word(w)
	var r value.Value
	at := w
	for i := range x {
		at -= wid[i]
		v := b.u(x[i], wid[i], bits)
		if at > 0 {
			v = b.cur.NewShl(v, b.k(bits, uint64(at)))
		}
		if r != nil {
			v = b.cur.NewOr(r, v)
		}
		r = v
	}
	return b.fit(r, bits, w)
}

// shift emits the shifts by a variable amount. LLVM leaves an amount past the
// container undefined, so the result is chosen afterwards, or the amount bounded before.
func (b *body) shift(op hw.Op, w, wy int, x, y value.Value) value.Value {
	bits := word(w)
	a, ybits := b.u(x, w, bits), word(wy)
	y = b.u(y, wy, ybits)
	if op == hw.OpRotl {
		k := y
		if hw.Mask(wy) >= uint64(w) {
			k = b.cur.NewURem(y, b.k(ybits, uint64(w)))
		}
		k = b.resize(k, ybits, bits, false)
		left := b.cur.NewShl(a, k)
		// x >> (W-k) in two steps, since k may be 0 and W the container.
		right := b.cur.NewLShr(b.cur.NewLShr(a, b.k(bits, 1)), b.cur.NewSub(b.k(bits, uint64(w-1)), k))
		return b.fit(b.cur.NewOr(left, right), bits, w)
	}
	past := hw.Mask(wy) >= uint64(w) // the amount may reach W
	if op == hw.OpAshr {
		if past {
			last := b.k(ybits, uint64(w-1))
			y = b.cur.NewSelect(b.cur.NewICmp(enum.IPredULT, y, last), y, last)
		}
		return b.fit(b.cur.NewAShr(b.s(x, w, bits), b.resize(y, ybits, bits, false)), bits, w)
	}
	var r value.Value
	amount := b.resize(y, ybits, bits, false)
	if op == hw.OpShl {
		r = b.cur.NewShl(a, amount)
	} else {
		r = b.cur.NewLShr(a, amount)
	}
	if past {
		r = b.cur.NewSelect(b.cur.NewICmp(enum.IPredULT, y, b.k(ybits, uint64(w))), r, b.k(bits, 0))
	}
	return b.fit(r, bits, w)
}

// zeros emits ffs and clz. LLVM counts to the container for 0.
func (b *body) zeros(op hw.Op, w, wx int, x value.Value) value.Value {
	bits := word(wx)
	v := b.u(x, wx, bits)
	if op == hw.OpClz {
		r := value.Value(b.count("llvm.ctlz", v, bits))
		if bits != wx {
			r = b.cur.NewSub(r, b.k(bits, uint64(bits-wx)))
		}
		return b.fit(r, bits, w)
	}
	r, n := b.count("llvm.cttz", v, bits), b.k(bits, uint64(wx))
	return b.fit(b.cur.NewSelect(b.cur.NewICmp(enum.IPredULT, r, n), r, n), bits, w)
}

// count calls one of LLVM's bit counting functions; 0 is a legal operand.
func (b *body) count(name string, v value.Value, bits int) value.Value {
	suffix := fmt.Sprintf(".i%d", bits)
	if b.vec > 0 {
		suffix = fmt.Sprintf(".v%di%d", b.vec, bits)
	}
	if name == "llvm.ctpop" {
		return b.cur.NewCall(b.unit.intrinsic(name+suffix, b.typ(bits), b.typ(bits)), v)
	}
	return b.cur.NewCall(b.unit.intrinsic(name+suffix, b.typ(bits), b.typ(bits), types.I1), v, constant.False)
}

// rom reads a table; lanes are read one by one, because a gather of bytes would
// be taken apart anyway.
func (b *body) rom(p *program, n *node, x value.Value, wx int) value.Value {
	data := p.m.Roms[n.g.Imm].Data
	c := word(n.width)
	table := b.unit.table(int(n.g.Imm), data, c)
	one := func(i value.Value) value.Value {
		vec := b.vec
		b.vec = 0
		defer func() { b.vec = vec }()
		idx := b.u(i, wx, 64)
		inside := b.cur.NewICmp(enum.IPredULT, idx, b.k(64, uint64(len(data))))
		safe := b.cur.NewSelect(inside, idx, b.k(64, 0))
		entry := b.cur.NewLoad(types.NewInt(uint64(c)), b.cur.NewGetElementPtr(table.ContentType, table, constant.NewInt(types.I64, 0), safe))
		return b.cur.NewSelect(inside, entry, b.k(c, 0))
	}
	if b.vec == 0 {
		return b.fit(one(x), c, n.width)
	}
	var r value.Value = constant.NewUndef(b.typ(c))
	for l := range b.vec {
		at := constant.NewInt(types.I32, int64(l))
		r = b.cur.NewInsertElement(r, one(b.cur.NewExtractElement(x, at)), at)
	}
	return b.fit(r, c, n.width)
}

// spreadWord is a plain integer in every lane of a vector.
func (b *body) spreadWord(x value.Value) value.Value {
	t := types.NewVector(uint64(b.vec), x.Type())
	one := b.cur.NewInsertElement(constant.NewUndef(t), x, constant.NewInt(types.I32, 0))
	mask := constant.NewZeroInitializer(types.NewVector(uint64(b.vec), types.I32))
	return b.cur.NewShuffleVector(one, constant.NewUndef(t), mask)
}
