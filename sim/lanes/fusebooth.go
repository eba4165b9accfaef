package lanes

import "math/bits"

// digit makes a product with a Booth digit extend its operand itself.
func (f *fuser) digit(i int) {
	o := &f.l.ops[i]
	if o.dead || o.k != kBooth {
		return
	}
	x := f.only(o.src[0], kConv)
	if x == nil || x.imm != 0 || x.imm2 == 0 || x.mask != o.mask || x.x.esize > f.l.values[o.dst].size {
		return
	}
	o.imm, o.x, o.src[0] = x.imm2, &extra{esize: x.x.esize}, x.src[0]
	x.dead = true
}

// extendDigit makes a product with a Booth digit that is then sign-extended be computed in
// the greater width, if it is exact: two bits wider than its operand.
func (f *fuser) extendDigit(i int) {
	o := &f.l.ops[i]
	if o.dead || o.k != kConv || o.imm != 0 || o.imm2 == 0 {
		return
	}
	p := f.only(o.src[0], kBooth)
	if p == nil || p.imm == 0 || p.imm2 != 0 || f.l.values[o.dst].size < f.l.values[p.dst].size {
		return
	}
	if width := bits.Len64(p.mask); bits.Len64(p.imm)+2 > width || o.imm2 != sign(width) {
		return
	}
	f.takeDigit(o, p, 0)
}

// shiftDigit makes a product with a Booth digit that is then shifted left within its width be shifted at once.
func (f *fuser) shiftDigit(i int) {
	o := &f.l.ops[i]
	if o.dead || o.k != kCat || !f.zero(o.src[1]) || f.l.values[o.dst].size == 1 {
		return
	}
	v, mask := o.src[0], o.mask
	var cuts []*operation // to the bits that stay
	for c := f.only(v, kConv); c != nil && c.imm == 0 && c.imm2 == 0; c = f.only(v, kConv) {
		cuts, mask, v = append(cuts, c), mask&c.mask, c.src[0]
	}
	p := f.only(v, kBooth)
	if p == nil || p.imm2 != 0 || f.l.values[o.dst].size != f.l.values[p.dst].size || mask&p.mask != o.mask>>o.imm {
		return
	}
	f.takeDigit(o, p, o.imm)
	for _, c := range cuts {
		c.dead = true
	}
}

// takeDigit makes operation o the product p, shifted.
func (f *fuser) takeDigit(o, p *operation, shift uint64) {
	o.k, o.src, o.imm, o.imm2, o.x = kBooth, p.src, p.imm, shift, p.x
	p.dead = true
}

// adders joins the two words of a row of full adders.
func (f *fuser) adders() {
	l := f.l
	sums := map[[4]val]int{}
	for i := range l.ops {
		if o := &l.ops[i]; !o.dead && o.k == kXor3 {
			sums[o.src] = i
		}
	}
	for i := range l.ops {
		o := &l.ops[i]
		if o.dead || o.k != kCsaC {
			continue
		}
		if k, ok := sums[o.src]; ok {
			o.k, o.dst2, o.dst = kCsa, o.dst, l.ops[k].dst
			l.ops[k].dead = true
			delete(sums, o.src)
		}
	}
	f.count()
	for i := range l.ops {
		f.products(i)
	}
	f.count()
	for i := range l.ops {
		f.rows(i)
	}
}

// products joins Booth products of signed bytes to the row of adders that takes them: all that it
// takes of one word, or one. The order of a row's operands does not show.
func (f *fuser) products(i int) {
	o := &f.l.ops[i]
	if o.dead || o.k != kCsa || f.l.values[o.dst].size != 4 {
		return
	}
	var p []*operation
	var other []val
	for _, v := range o.src[:3] {
		x := f.only(v, kBooth)
		if x != nil && x.x.esize == 1 && x.imm == 0x80 && x.mask == o.mask && (len(p) == 0 || p[0].src[0] == x.src[0]) {
			p = append(p, x)
		} else {
			other = append(other, v)
		}
	}
	if len(p) == 0 {
		return
	}
	o.k, o.x, o.imm2 = [...]kern{kCsa1, kCsa2, kCsa3}[len(p)-1], nil, 0
	src := append(other, p[0].src[0])
	for k, x := range p {
		src = append(src, x.src[1])
		o.imm2 |= x.imm2 << (8 * k)
		x.dead = true
	}
	copy(o.src[:], src)
}

// rows joins a row of adders to the one that takes both its words.
func (f *fuser) rows(i int) {
	o := &f.l.ops[i]
	if o.dead || o.k != kCsa {
		return
	}
	for k, v := range o.src[:3] {
		p := f.only(v, kCsa)
		if p == nil || p.mask != o.mask || f.uses[p.dst] != 1 || f.uses[p.dst2] != 1 {
			continue
		}
		next, last := o.src[(k+1)%3], o.src[(k+2)%3]
		if next != p.dst && next != p.dst2 {
			next, last = last, next
		}
		if v != p.dst || next != p.dst2 {
			continue // comes again with the other word, or takes one only
		}
		o.k, o.src, p.dead = kCsa4, [4]val{p.src[0], p.src[1], p.src[2], last}, true
		return
	}
}
