package lanes

import (
	"slices"
	"unsafe"
)

// tableBits bounds the index of a table: 256 entries are four vectors.
const tableBits = 8

// tabulate replaces functions of few bits by a table: all operations between operands of
// together at most tableBits bits and a result of a byte. The operands are joined to an index. The
// recoding of a digit and a product of two bits by two are such. What is between may only have
// other readers if there is one operand, so that the table costs no more than its last operation.
func (f *fuser) tabulate() {
	f.count()
	for i := len(f.def) - 1; i >= 0; i-- {
		if f.def[i] >= 0 {
			f.table(f.def[i])
		}
	}
	f.l.prune()
}

// tabulated are the operations that a table may hold.
func (f *fuser) tabulated(o *operation) bool {
	if o.dead || o.form != lane || f.l.values[o.dst].scalar() || o.dst2 != none {
		return false
	}
	switch o.k {
	case kAnd, kOr, kXor, kXor3, kMaj, kCsaC, kNot, kNeg, kAdd, kSub, kMul, kMin, kMax, kEq, kNe, kLt, kLe,
		kMux, kConv, kCat, kShl, kLshr, kAshr, kPop, kParity, kFfs, kClz, kBooth:
		return true
	}
	return false
}

// cone is the operations behind a value and the operands of the first of them.
type cone struct {
	ops    []int
	leaves []val
}

// table makes a table of operation root and what can be joined to it, if that saves work.
func (f *fuser) table(root int) {
	if o := &f.l.ops[root]; !f.tabulated(o) || f.l.values[o.dst].size != 1 {
		return
	}
	c := f.grow(root, true)
	if len(c.leaves) != 1 {
		c = f.grow(root, false)
	}
	if len(c.leaves) == 0 || f.bits(c.leaves) > tableBits || len(c.ops) <= len(c.leaves) {
		return
	}
	f.replace(root, c)
}

// grow finds the greatest cone of operation root; shared says that others may read what is in it.
func (f *fuser) grow(root int, shared bool) cone {
	c := cone{ops: []int{root}}
	c.leaves = f.leaves(c.ops)
	for again := true; again; {
		again = false
		for _, v := range c.leaves {
			d := f.def[v]
			if d < 0 || !f.tabulated(&f.l.ops[d]) || f.l.values[v].shape != f.l.values[f.l.ops[root].dst].shape || !shared && !f.inside(v, c.ops) {
				continue
			}
			ops := append(slices.Clone(c.ops), d)
			next := f.leaves(ops)
			if f.bits(next) <= tableBits || f.bits(next) <= f.bits(c.leaves) {
				c, again = cone{ops, next}, true
				break
			}
		}
	}
	return c
}

// leaves are the operands of a set of operations that the set does not compute, but constants.
func (f *fuser) leaves(ops []int) []val {
	var list []val
	for _, i := range ops {
		for _, a := range f.l.ops[i].args() {
			x := &f.l.values[a]
			if x.role == constant && x.uniform || slices.Contains(list, a) || f.def[a] >= 0 && slices.Contains(ops, f.def[a]) {
				continue
			}
			list = append(list, a)
		}
	}
	return list
}

func (f *fuser) bits(list []val) int {
	n := 0
	for _, v := range list {
		n += f.l.values[v].width
	}
	return n
}

// inside reports whether only the given operations read v.
func (f *fuser) inside(v val, ops []int) bool {
	n := 0
	for _, i := range ops {
		for _, a := range f.l.ops[i].args() {
			if a == v {
				n++
			}
		}
	}
	return n == f.uses[v]
}

// replace puts a table in the place of a cone.
func (f *fuser) replace(root int, c cone) {
	l := f.l
	table := f.evaluate(root, c)
	shape := l.values[l.ops[root].dst].shape
	index, width := c.leaves[0], l.values[c.leaves[0]].width
	for _, v := range c.leaves[1:] {
		w := l.values[v].width
		width += w
		o := l.op(kCat, lane, width, shape, index, v)
		o.imm, index = uint64(w), o.dst
	}
	o := &l.ops[root]
	for _, a := range o.args() {
		f.uses[a]--
	}
	for _, v := range c.leaves {
		f.uses[v]++
	}
	o.k, o.imm, o.src, o.x = kTable, uint64(width), [4]val{index, none, none, none}, &extra{bytes: table}
}

// evaluate runs the operations of a cone, the earliest first, on all values of its leaves.
func (f *fuser) evaluate(root int, c cone) []byte {
	const lanes = 1 << tableBits
	l := f.l
	bufs := map[val]unsafe.Pointer{}
	at := func(v val) unsafe.Pointer {
		if v == none {
			return nil
		}
		if bufs[v] == nil {
			words := make([]uint64, lanes)
			bufs[v] = unsafe.Pointer(&words[0])
			if x := &l.values[v]; x.role == constant {
				fill(bufs[v], x.size, lanes, x.konst[0])
			}
		}
		return bufs[v]
	}
	shift := 0
	for k := len(c.leaves) - 1; k >= 0; k-- {
		v := c.leaves[k]
		w := l.values[v].width
		for i := range lanes {
			put(at(v), 1, i, uint64(i>>shift)&(1<<w-1))
		}
		shift += w
	}
	done := map[int]bool{}
	var run func(i int)
	run = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		o := &l.ops[i]
		for _, a := range o.args() {
			if d := f.def[a]; d >= 0 && slices.Contains(c.ops, d) {
				run(d)
			}
		}
		s, esize := l.step(o, at, lanes)
		laneKernel(o.k, l.values[o.dst].size, esize)(&s)
	}
	run(root)
	return slices.Clone(vec[byte](at(l.ops[root].dst), lanes))
}

// goTable looks a byte up.
func goTable(s *step) {
	d, a := vec[uint8](s.dst, s.n), vec[uint8](s.a, s.n)
	table := vec[uint8](s.c, 1<<tableBits)
	for i := range d {
		d[i] = table[a[i]]
	}
}
