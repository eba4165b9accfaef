package lanes

import "tpe/hw"

// sameWidth are the lane operators whose kernel takes and gives one width.
func sameWidth(op hw.Op) (kern, bool) {
	switch op {
	case hw.OpNot:
		return kNot, true
	case hw.OpAnd:
		return kAnd, true
	case hw.OpOr:
		return kOr, true
	case hw.OpXor:
		return kXor, true
	case hw.OpXor3:
		return kXor3, true
	case hw.OpMaj:
		return kMaj, true
	case hw.OpCsaC:
		return kCsaC, true
	case hw.OpNeg:
		return kNeg, true
	case hw.OpAdd:
		return kAdd, true
	case hw.OpSub:
		return kSub, true
	case hw.OpUMin, hw.OpSMin:
		return kMin, true
	case hw.OpUMax, hw.OpSMax:
		return kMax, true
	case hw.OpEq:
		return kEq, true
	case hw.OpNe:
		return kNe, true
	case hw.OpULt, hw.OpSLt:
		return kLt, true
	case hw.OpULe, hw.OpSLe:
		return kLe, true
	}
	return kNone, false
}

// sign is the sign bit of a word of w bits.
func sign(w int) uint64 { return 1 << (w - 1) }

// conv converts v of width from to a vector of another width (and with it
// size): bits lo and up, sign-extended if signed.
func (l *lowering) conv(v val, from, lo int, signed bool, width int) val {
	x := l.values[v]
	if lo == 0 && size(width) == x.size && (!signed || from >= width) && x.width <= width {
		return v
	}
	o := l.op(kConv, lane, width, x.shape, v)
	o.imm = uint64(lo)
	if signed && from < width {
		o.imm2 = sign(from)
	}
	o.x = &extra{esize: x.size}
	if x.role == constant {
		// Known now: make it a constant.
		words := make([]uint64, len(x.konst))
		for i, k := range x.konst {
			words[i] = ((k>>o.imm ^ o.imm2) - o.imm2) & o.mask
		}
		l.ops = l.ops[:len(l.ops)-1]
		return l.constant(width, x.shape, words...)
	}
	return o.dst
}

// lane lowers a lane operator on vectors.
func (l *lowering) lane(n *hw.Node) val {
	s := n.Shape
	if n.Op == hw.OpMux && l.m.Lanes(l.m.Nodes[n.Args[0]].Shape) == 1 {
		y, z := l.broadcast(l.of[n.Args[1]], s), l.broadcast(l.of[n.Args[2]], s)
		return l.op(kSel, lane, n.Width, s, l.of[n.Args[0]], y, z).dst
	}
	src, w := make([]val, len(n.Args)), make([]int, len(n.Args))
	for i, a := range n.Args {
		src[i], w[i] = l.broadcast(l.of[a], s), l.m.Nodes[a].Width
	}
	if k, ok := sameWidth(n.Op); ok {
		o := l.op(k, lane, n.Width, s, src...)
		switch n.Op {
		case hw.OpSMin, hw.OpSMax, hw.OpSLt, hw.OpSLe:
			o.imm = sign(w[0])
		}
		return l.sized(o, l.values[src[0]].size)
	}
	switch n.Op {
	case hw.OpMux:
		return l.op(kMux, lane, n.Width, s, src...).dst
	case hw.OpWire, hw.OpZext, hw.OpSext, hw.OpSlice:
		return l.conv(src[0], w[0], int(n.Imm)*is(n.Op == hw.OpSlice), n.Op == hw.OpSext, n.Width)
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		x := l.conv(src[0], w[0], 0, n.Op != hw.OpMulU, n.Width)
		y := l.conv(src[1], w[1], 0, n.Op == hw.OpMulS, n.Width)
		return l.op(kMul, lane, n.Width, s, x, y).dst
	case hw.OpBooth4:
		x := l.conv(src[0], w[0], 0, true, n.Width)
		return l.sized(l.op(kBooth, lane, n.Width, s, x, src[1]), size(n.Width))
	case hw.OpCat:
		return l.cat(n, src, w)
	case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl:
		return l.shiftBits(n, src, w)
	case hw.OpRom:
		table := l.m.Roms[n.Imm].Data
		x := l.clamp(src[0], w[0], uint64(len(table)), 32)
		o := l.op(kRom, lane, n.Width, s, x)
		o.x = &extra{table: table}
		return o.dst
	}
	return l.count(n, src[0], w[0])
}

func (l *lowering) sized(o *operation, bytes int) val {
	o.x = &extra{esize: bytes}
	return o.dst
}

func is(c bool) int {
	if c {
		return 1
	}
	return 0
}

func (l *lowering) cat(n *hw.Node, src []val, w []int) val {
	acc := l.conv(src[0], w[0], 0, false, n.Width)
	for i := 1; i < len(src); i++ {
		y := l.conv(src[i], w[i], 0, false, n.Width)
		o := l.op(kCat, lane, n.Width, n.Shape, acc, y)
		o.imm = uint64(w[i])
		acc = o.dst
	}
	return acc
}

// clamp brings an unsigned operand to min(x, limit) in the given width, for
// operators that treat all greater values alike.
func (l *lowering) clamp(v val, w int, limit uint64, width int) val {
	shape := l.values[v].shape
	if w > width || hw.Mask(w) > limit {
		if limit <= hw.Mask(w) {
			o := l.op(kMin, lane, w, shape, v, l.constant(w, shape, limit))
			v = l.sized(o, size(w))
		}
	}
	return l.conv(v, min(w, width), 0, false, width)
}

func (l *lowering) shiftBits(n *hw.Node, src []val, w []int) val {
	k := map[hw.Op]kern{hw.OpShl: kShl, hw.OpLshr: kLshr, hw.OpAshr: kAshr, hw.OpRotl: kRotl}[n.Op]
	y := src[1]
	if k == kRotl {
		if hw.Mask(w[1]) >= uint64(n.Width) {
			o := l.op(kMod, lane, w[1], n.Shape, y)
			o.imm = uint64(n.Width)
			y = l.sized(o, size(w[1]))
		}
		y = l.conv(y, w[1], 0, false, 8)
	} else {
		y = l.clamp(y, w[1], 64, 8)
	}
	o := l.op(k, lane, n.Width, n.Shape, src[0], y)
	o.imm = uint64(n.Width)
	if k == kAshr {
		o.imm = sign(n.Width)
	}
	return o.dst
}

func (l *lowering) count(n *hw.Node, x val, w int) val {
	bytes := l.values[x].size
	switch n.Op {
	case hw.OpRedAnd:
		return l.sized(l.op(kEq, lane, 1, n.Shape, x, l.constant(w, n.Shape, hw.Mask(w))), bytes)
	case hw.OpRedOr:
		return l.sized(l.op(kNe, lane, 1, n.Shape, x, l.constant(w, n.Shape, 0)), bytes)
	}
	k := map[hw.Op]kern{hw.OpRedXor: kParity, hw.OpPopcount: kPop, hw.OpFfs: kFfs, hw.OpClz: kClz}[n.Op]
	if k == kNone {
		panic("lanes: not a lane operator: " + n.Op.String())
	}
	o := l.op(k, lane, n.Width, n.Shape, x)
	o.imm = uint64(w)
	return l.sized(o, bytes)
}
