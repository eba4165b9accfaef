package hw

// The methods of this file make one operator each; their meaning is in [Ops].

func (b *Builder) Not(x ID) ID        { return b.op(OpNot, x) }
func (b *Builder) And(x, y ID) ID     { return b.op(OpAnd, x, y) }
func (b *Builder) Or(x, y ID) ID      { return b.op(OpOr, x, y) }
func (b *Builder) Xor(x, y ID) ID     { return b.op(OpXor, x, y) }
func (b *Builder) Xor3(x, y, z ID) ID { return b.op(OpXor3, x, y, z) }
func (b *Builder) Maj(x, y, z ID) ID  { return b.op(OpMaj, x, y, z) }
func (b *Builder) CsaC(x, y, z ID) ID { return b.op(OpCsaC, x, y, z) }
func (b *Builder) Neg(x ID) ID        { return b.op(OpNeg, x) }
func (b *Builder) Add(x, y ID) ID     { return b.op(OpAdd, x, y) }
func (b *Builder) Sub(x, y ID) ID     { return b.op(OpSub, x, y) }
func (b *Builder) UMin(x, y ID) ID    { return b.op(OpUMin, x, y) }
func (b *Builder) UMax(x, y ID) ID    { return b.op(OpUMax, x, y) }
func (b *Builder) SMin(x, y ID) ID    { return b.op(OpSMin, x, y) }
func (b *Builder) SMax(x, y ID) ID    { return b.op(OpSMax, x, y) }
func (b *Builder) Eq(x, y ID) ID      { return b.op(OpEq, x, y) }
func (b *Builder) Ne(x, y ID) ID      { return b.op(OpNe, x, y) }
func (b *Builder) ULt(x, y ID) ID     { return b.op(OpULt, x, y) }
func (b *Builder) ULe(x, y ID) ID     { return b.op(OpULe, x, y) }
func (b *Builder) SLt(x, y ID) ID     { return b.op(OpSLt, x, y) }
func (b *Builder) SLe(x, y ID) ID     { return b.op(OpSLe, x, y) }
func (b *Builder) Mux(s, x, y ID) ID  { return b.op(OpMux, s, x, y) }
func (b *Builder) Cat(xs ...ID) ID    { return b.op(OpCat, xs...) }
func (b *Builder) Shl(x, s ID) ID     { return b.op(OpShl, x, s) }
func (b *Builder) Lshr(x, s ID) ID    { return b.op(OpLshr, x, s) }
func (b *Builder) Ashr(x, s ID) ID    { return b.op(OpAshr, x, s) }
func (b *Builder) Rotl(x, s ID) ID    { return b.op(OpRotl, x, s) }
func (b *Builder) RedAnd(x ID) ID     { return b.op(OpRedAnd, x) }
func (b *Builder) RedOr(x ID) ID      { return b.op(OpRedOr, x) }
func (b *Builder) RedXor(x ID) ID     { return b.op(OpRedXor, x) }
func (b *Builder) Popcount(x ID) ID   { return b.op(OpPopcount, x) }
func (b *Builder) Ffs(x ID) ID        { return b.op(OpFfs, x) }
func (b *Builder) Clz(x ID) ID        { return b.op(OpClz, x) }

func (b *Builder) MulU(w int, x, y ID) ID   { return b.opW(OpMulU, w, x, y) }
func (b *Builder) MulS(w int, x, y ID) ID   { return b.opW(OpMulS, w, x, y) }
func (b *Builder) MulSU(w int, x, y ID) ID  { return b.opW(OpMulSU, w, x, y) }
func (b *Builder) Booth4(w int, x, d ID) ID { return b.opW(OpBooth4, w, x, d) }

// Zext extends x with zeros to w bits; x itself if it has w bits.
func (b *Builder) Zext(w int, x ID) ID {
	if x != None && b.Width(x) == w {
		return x
	}
	return b.opW(OpZext, w, x)
}

// Sext extends x with its sign to w bits; x itself if it has w bits.
func (b *Builder) Sext(w int, x ID) ID {
	if x != None && b.Width(x) == w {
		return x
	}
	return b.opW(OpSext, w, x)
}

// Slice is bits lo .. lo+w-1 of x; x itself if that is all of it.
func (b *Builder) Slice(x ID, lo, w int) ID {
	if x != None && lo == 0 && w == b.Width(x) {
		return x
	}
	return b.add(Node{Op: OpSlice, Width: w, Args: []ID{x}, Imm: uint64(lo)})
}

// Bit is bit i of x.
func (b *Builder) Bit(x ID, i int) ID { return b.Slice(x, i, 1) }

// ShlConst is x shifted left by k places within its width.
func (b *Builder) ShlConst(x ID, k int) ID {
	w := b.Width(x)
	switch {
	case k == 0:
		return x
	case k >= w:
		return b.Const(w, 0)
	}
	return b.Cat(b.Slice(x, 0, w-k), b.Const(k, 0))
}

// Shift moves x by one lane along the axis, dir +1 or -1; edge enters at the
// end.
func (b *Builder) Shift(axis, dir int, x, edge ID) ID {
	return b.add(Node{Op: OpShift, Axis: axis, K: dir, Args: []ID{x, edge}})
}

// Rotate moves x by one lane along the axis, the last lane entering at the
// start.
func (b *Builder) Rotate(axis, dir int, x ID) ID {
	return b.add(Node{Op: OpRotate, Axis: axis, K: dir, Args: []ID{x}})
}

// Index is lane k of x along the axis.
func (b *Builder) Index(axis, k int, x ID) ID {
	return b.add(Node{Op: OpIndex, Axis: axis, K: k, Args: []ID{x}})
}

// Select is lane idx of x along the axis.
func (b *Builder) Select(axis int, x, idx ID) ID {
	return b.add(Node{Op: OpSelect, Axis: axis, Args: []ID{x, idx}})
}

// Reduce folds the axis of x by operator op in one combinational tree.
func (b *Builder) Reduce(axis int, op Op, x ID) ID {
	return b.add(Node{Op: OpReduce, Axis: axis, Sub: op, Args: []ID{x}})
}

// Stride exchanges axis from for axis to, taking lanes start, start+step, ...
func (b *Builder) Stride(from, to, start, step int, x, fill ID) ID {
	return b.add(Node{Op: OpStride, Axis: from, To: [2]int{to}, K: start, Step: step, Args: []ID{x, fill}})
}

// Split exchanges an axis for two.
func (b *Builder) Split(axis, outer, inner int, x, fill ID) ID {
	return b.add(Node{Op: OpSplit, Axis: axis, To: [2]int{outer, inner}, Args: []ID{x, fill}})
}

// Pack gathers one bit of each lane of the axis into a word.
func (b *Builder) Pack(axis int, x ID) ID {
	return b.add(Node{Op: OpPack, Axis: axis, Args: []ID{x}})
}

// Bcast repeats x over further axes.
func (b *Builder) Bcast(x ID, axes ...int) ID {
	return b.add(Node{Op: OpBcast, Args: []ID{x}, Shape: b.ShapeOf(x) | b.Shape(axes...)})
}

// Delay is x, base clock edges ago.
func (b *Builder) Delay(x ID, base int) ID {
	return b.add(Node{Op: OpDelay, K: base, Args: []ID{x}})
}

// Skew is x delayed by base + coef*coordinate clock edges along the axis.
func (b *Builder) Skew(x ID, base, axis, coef int) ID {
	return b.SkewN(x, base, map[int]int{axis: coef})
}

// SkewN is x delayed by base + the sum of coef[a]*coordinate over axes a.
func (b *Builder) SkewN(x ID, base int, coef map[int]int) ID {
	c := make([]int, len(b.m.Axes))
	for a, k := range coef {
		if !b.m.axisOK(a) {
			return b.fail("delay: no axis %d (expected 0..%d)", a, len(b.m.Axes)-1)
		}
		c[a] = k
	}
	return b.add(Node{Op: OpDelay, K: base, Coef: c, Args: []ID{x}})
}

// All is the conjunction of one-bit words; 1 if there are none.
func (b *Builder) All(xs ...ID) ID { return b.fold(OpAnd, 1, xs) }

// Any is the disjunction of one-bit words; 0 if there are none.
func (b *Builder) Any(xs ...ID) ID { return b.fold(OpOr, 0, xs) }

func (b *Builder) fold(op Op, empty uint64, xs []ID) ID {
	if len(xs) == 0 {
		return b.Const(1, empty)
	}
	acc := xs[0]
	for _, x := range xs[1:] {
		acc = b.op(op, acc, x)
	}
	return acc
}

// Compress adds words of one width into a (sum, carry) pair without carrying:
// sum + carry equals the sum of the words mod 2^W. The tree, and with it the bits of
// the pair, is fixed: level by level, words 3t, 3t+1, 3t+2 give xor3 at 2t and csac at
// 2t+1, and the one or two left over follow unchanged. One word is paired with 0.
func (b *Builder) Compress(xs ...ID) (sum, carry ID) {
	if len(xs) == 0 {
		return b.fail("compress of no words"), None
	}
	if len(xs) == 1 {
		return xs[0], b.Const(b.Width(xs[0]), 0)
	}
	for len(xs) > 2 {
		var next []ID
		i := 0
		for ; i+3 <= len(xs); i += 3 {
			next = append(next, b.Xor3(xs[i], xs[i+1], xs[i+2]), b.CsaC(xs[i], xs[i+1], xs[i+2]))
		}
		xs = append(next, xs[i:]...)
	}
	return xs[0], xs[1]
}
