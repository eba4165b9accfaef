package lanes

import (
	"math/bits"
)

// fuse replaces chains of operations by one that makes the result in a single
// pass, where nothing else reads what is between:
//
//	mul(conv(x), conv(y))              -> kMulX
//	conv(kMulX), full product          -> kMulX
//	add(c, kMulX)                      -> kMac
//	kMac with c = mux(e, 0, x)         -> kMac with e
//	sel(e, c, shift(a, b))             -> kChain: a chain that loads now and then
//	booth(conv(x), y)                  -> kBooth of the narrower x
//	conv(kBooth), exact                -> kBooth
//	kBooth shifted by a constant       -> kBooth
//	select(gather(x), y)               -> kSelect in x: of a column that was made a row
//	kCsa of kBooth                     -> kCsa1, kCsa2, kCsa3
//	kCsa of both words of kCsa         -> kCsa4
//	a function of few bits             -> kTable
//	xor3(x, y, z), csac(x, y, z)       -> kCsa with two results
//
// It takes the multiply-accumulate of an int8 element from six
// passes to one.
func (l *lowering) fuse() {
	f := fuser{l: l}
	f.count()
	for i := range l.ops {
		f.mul(i)
	}
	for i := range l.ops {
		f.extend(i)
	}
	for i := range l.ops {
		f.add(i)
	}
	for i := range l.ops {
		f.chain(i)
	}
	for i := range l.ops {
		f.digit(i)
	}
	for i := range l.ops {
		f.extendDigit(i)
		f.shiftDigit(i)
	}
	for i := range l.ops {
		f.choice(i)
	}
	f.adders()
	f.tabulate()
}

type fuser struct {
	l    *lowering
	uses []int // per value
	def  []int // per value: the operation that computes it, or -1
}

func (f *fuser) count() {
	l := f.l
	f.uses, f.def = make([]int, len(l.values)), make([]int, len(l.values))
	for i := range l.values {
		f.def[i] = -1
		if v := &l.values[i]; v.pinned || v.role != temp {
			f.uses[i] = 2 // others may read it
		}
	}
	for i := range l.ops {
		if l.ops[i].dead {
			continue
		}
		for _, d := range l.ops[i].results() {
			f.def[d] = i
		}
		for _, a := range l.ops[i].args() {
			f.uses[a]++
		}
	}
}

// only returns the operation that computes v if it is of kind k and nothing but
// the asking operation reads v.
func (f *fuser) only(v val, k kern) *operation {
	if v == none || f.uses[v] != 1 || f.def[v] < 0 {
		return nil
	}
	if o := &f.l.ops[f.def[v]]; o.k == k && !o.dead {
		return o
	}
	return nil
}

// mul makes kMulX of a multiplication of extended operands of one size.
func (f *fuser) mul(i int) {
	o := &f.l.ops[i]
	if o.k != kMul || o.src[0] == o.src[1] {
		return
	}
	x, y := f.only(o.src[0], kConv), f.only(o.src[1], kConv)
	if x == nil || y == nil || x.imm != 0 || y.imm != 0 || x.x.esize != y.x.esize {
		return
	}
	d := &f.l.values[o.dst]
	if x.x.esize >= d.size {
		return
	}
	for _, c := range []*operation{x, y} {
		if c.imm2 != 0 && c.mask < o.mask {
			return // its sign ends below the top of the product
		}
	}
	o.k, o.imm, o.imm2, o.x = kMulX, x.imm2, y.imm2, &extra{esize: x.x.esize}
	o.src[0], o.src[1] = x.src[0], y.src[0]
	x.dead, y.dead = true, true
}

// extend makes a product that is then extended be computed in the greater size.
func (f *fuser) extend(i int) {
	o := &f.l.ops[i]
	if o.dead || o.k != kConv || o.imm != 0 {
		return
	}
	p := f.only(o.src[0], kMulX)
	if p == nil || f.l.values[o.dst].size < f.l.values[p.dst].size {
		return
	}
	width := bits.Len64(p.mask)
	if f.bound(p.src[0], p.imm)+f.bound(p.src[1], p.imm2) > width {
		return // the product was cut
	}
	signed := p.imm != 0 || p.imm2 != 0
	if signed && o.imm2 != sign(width) || !signed && o.imm2 != 0 {
		return
	}
	o.k, o.src, o.imm, o.imm2, o.x = kMulX, p.src, p.imm, p.imm2, p.x
	p.dead = true
}

// bound is the number of bits of an operand of a product.
func (f *fuser) bound(v val, flip uint64) int {
	if flip != 0 {
		return bits.Len64(flip)
	}
	return f.l.values[v].width
}

// add makes kMac of an addition of a product.
func (f *fuser) add(i int) {
	o := &f.l.ops[i]
	if o.k != kAdd || o.src[0] == o.src[1] {
		return
	}
	c := o.src[0]
	p := f.only(o.src[1], kMulX)
	if p == nil {
		if p, c = f.only(o.src[0], kMulX), o.src[1]; p == nil {
			return
		}
	}
	if f.l.values[c].size != f.l.values[o.dst].size || f.l.values[p.dst].size != f.l.values[o.dst].size || p.mask != o.mask {
		return
	}
	o.k, o.imm, o.imm2, o.x = kMac, p.imm, p.imm2, p.x
	o.src = [4]val{p.src[0], p.src[1], c, none}
	p.dead = true
	if m := f.only(c, kMux); m != nil && f.zero(m.src[1]) {
		o.src[2], o.src[3] = m.src[2], m.src[0]
		m.dead = true
	}
	if m := f.only(c, kSel); m != nil && f.zero(m.src[1]) {
		o.src[2], m.dead = m.src[2], true
		e := f.l.broadcast(m.src[0], f.l.values[o.dst].shape)
		f.l.ops[i].src[3] = e // broadcast may have moved the operations
	}
}

// chain makes kChain of a choice by a word between a neighbour's lanes and others.
func (f *fuser) chain(i int) {
	o := &f.l.ops[i]
	if o.k != kSel {
		return
	}
	for side := range 2 {
		m := f.only(o.src[1+side], kShift)
		if m == nil || m.form != near || m.src[1] == none {
			continue
		}
		fresh := o.src[2-side]
		o.k, o.form, o.x = kChain, near, m.x
		o.src, o.imm = [4]val{m.src[0], m.src[1], fresh, o.src[0]}, uint64(1-side)
		m.dead = true
		return
	}
}

// choice makes a choice among lanes that were only moved, at equal distances, choose where they were.
func (f *fuser) choice(i int) {
	o := &f.l.ops[i]
	if o.dead || o.k != kSelect {
		return
	}
	g := f.only(o.src[0], kGather)
	if g == nil || g.src[1] != none {
		return
	}
	x := *o.x
	x.index, x.inner = places(make([]int32, len(o.x.index))), 0
	for i, from := range o.x.index {
		x.index[i] = g.x.index[from]
		for c := 1; c < x.size; c++ {
			step := int(g.x.index[int(from)+c*o.x.inner] - g.x.index[int(from)+(c-1)*o.x.inner])
			if x.inner == 0 {
				x.inner = step
			}
			if step != x.inner || step <= 0 {
				return
			}
		}
	}
	o.src[0], o.x, g.dead = g.src[0], &x, true
}

// zero reports whether every lane of v is the constant 0.
func (f *fuser) zero(v val) bool {
	x := &f.l.values[v]
	return x.role == constant && x.uniform && x.konst[0] == 0
}
