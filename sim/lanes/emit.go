package lanes

import "unsafe"

// options choose a plan. The zero value is what [New] uses; tests use the rest.
type options struct {
	plainGo bool // no assembly
	noFuse  bool
	block   int // lanes of a block; 0 is the default
}

// defaultBlock keeps the temporaries of a region in the first-level cache:
// 4 KiB each for words of 32 bits.
const defaultBlock = 1024

// emitter gives values their places and writes the steps of either parity.
type emitter struct {
	l      *lowering
	mach   *Machine
	opt    options
	units  []unit
	home   []int // per value: the region outside of which nothing uses it, or -1
	base   int   // of the arena, to align it
	used   int
	pass   int // 0 measures, 1 places
	steps  []step
	tables [][]uint64 // of words
	parity int
}

func (e *emitter) block() int {
	if e.opt.block > 0 {
		return e.opt.block
	}
	return defaultBlock
}

// pad rounds lanes up to what assembly kernels process at a time.
func pad(lanes int) int { return (lanes + 63) &^ 63 }

// take reserves memory. Its address is only right in the second pass.
func (e *emitter) take(bytes int) unsafe.Pointer {
	at := e.base + e.used
	e.used += (bytes + 63) &^ 63
	if e.used&0xfff == 0 || bytes >= 2048 {
		e.used += 320
	}
	if e.pass == 0 {
		return nil
	}
	return unsafe.Pointer(&e.mach.arena[at])
}

// locate finds the values that live only within one region.
func (e *emitter) locate() {
	l := e.l
	e.home = make([]int, len(l.values))
	const unseen, outside = -2, -1
	for i := range e.home {
		e.home[i] = unseen
	}
	for ui, u := range e.units {
		for _, i := range u.ops {
			o := &l.ops[i]
			for _, v := range o.results() {
				if d := &l.values[v]; u.form == lane && d.role == temp && !d.pinned {
					e.home[v] = ui
				} else {
					e.home[v] = outside
				}
			}
			for k, a := range o.args() {
				if e.home[a] != ui || (o.form == near && k < 2) {
					e.home[a] = outside
				}
			}
		}
	}
	for i := range e.home {
		if e.home[i] == unseen {
			e.home[i] = outside
		}
	}
}

// allocate gives every value its buffers.
func (e *emitter) allocate() {
	l := e.l
	e.used = 0
	for i := range l.values {
		v := &l.values[i]
		if v.role == next {
			continue // with its twin
		}
		if v.role == temp && e.home[i] >= 0 {
			continue // in a block
		}
		bytes := pad(v.lanes) * v.size
		switch {
		case v.scalar():
			bytes = 8
		case v.uniform:
			bytes = pad(min(v.lanes, e.block())) * v.size
		}
		v.buf[0] = e.take(bytes)
		v.buf[1] = v.buf[0]
		if v.role == current {
			v.buf[1] = e.take(bytes)
			d := &l.values[v.twin]
			d.buf[0], d.buf[1] = v.buf[1], v.buf[0]
		}
	}
	for ui := range e.units {
		if e.units[ui].form == lane {
			e.allocateBlocks(ui)
		}
	}
}

// allocateBlocks gives the values that live within a region buffers of one
// block, used again when the value before is dead. All regions share them.
func (e *emitter) allocateBlocks(ui int) {
	l, u := e.l, &e.units[ui]
	last := map[val]int{}
	for k, i := range u.ops {
		for _, a := range l.ops[i].args() {
			last[a] = k
		}
	}
	var free [9][]unsafe.Pointer
	for i := range e.mach.scratch {
		free[i] = append(free[i], e.mach.scratch[i]...)
	}
	for k, i := range u.ops {
		o := &l.ops[i]
		for _, d := range o.results() {
			if e.home[d] != ui {
				continue
			}
			v := &l.values[d]
			f := &free[v.size]
			if len(*f) == 0 {
				p := e.take(e.block() * v.size)
				e.mach.scratch[v.size] = append(e.mach.scratch[v.size], p)
				*f = append(*f, p)
			}
			v.buf[0] = (*f)[len(*f)-1]
			v.buf[1] = v.buf[0]
			*f = (*f)[:len(*f)-1]
		}
		for j, a := range o.args() {
			again := false
			for _, b := range o.args()[:j] {
				again = again || a == b
			}
			if v := &l.values[a]; e.home[a] == ui && last[a] == k && !again {
				free[v.size] = append(free[v.size], v.buf[0])
			}
		}
	}
}

// initialise writes constants and the first state.
func (e *emitter) initialise() {
	l := e.l
	for i := range l.values {
		v := &l.values[i]
		switch {
		case v.role == constant && v.buf[0] != nil:
			n := v.lanes
			if v.uniform {
				n = min(n, e.block())
			}
			for k := range n {
				put(v.buf[0], v.size, k, v.konst[min(k, len(v.konst)-1)])
			}
		case v.role == current:
			fill(v.buf[0], v.size, v.lanes, v.reset)
			fill(v.buf[1], v.size, v.lanes, v.reset)
		}
	}
}

// program writes the steps of one parity.
func (e *emitter) program(parity int) []stretch {
	e.parity, e.steps = parity, nil
	for ui := range e.units {
		u := &e.units[ui]
		switch u.form {
		case word:
			e.words(u)
		case whole:
			e.whole(u.ops[0])
		default:
			lanes := e.l.values[e.l.ops[u.ops[0]].dst].lanes
			for from := 0; from < lanes; from += e.block() {
				for _, i := range u.ops {
					e.lane(i, ui, from, min(e.block(), lanes-from))
				}
			}
		}
	}
	return stretches(e.steps)
}

// at is the address of lane from of a value, in this parity.
func (e *emitter) at(v val, from int) unsafe.Pointer {
	if v == none {
		return nil
	}
	x := &e.l.values[v]
	if x.uniform || x.scalar() || e.home[v] >= 0 {
		return x.buf[e.parity]
	}
	return unsafe.Add(x.buf[e.parity], from*x.size)
}

// lane writes the steps of a lane operation over one block.
func (e *emitter) lane(i, ui, from, n int) {
	o := &e.l.ops[i]
	d := &e.l.values[o.dst]
	if o.form == near {
		e.shift(o, from, n)
		if o.k == kChain {
			s := step{
				dst: e.at(o.dst, from), a: e.at(o.src[2], from), e: e.at(o.src[3], 0), n: n, bytes: n * d.size, imm: o.imm, m: e.mach,
			}
			e.kernel(&s, kCopyIf, d.size, d.size)
			e.steps = append(e.steps, s)
		}
		return
	}
	s, esize := e.l.step(o, func(v val) unsafe.Pointer { return e.at(v, from) }, n)
	s.m = e.mach
	e.kernel(&s, o.k, d.size, esize)
	e.steps = append(e.steps, s)
}

// step is the step of a lane operation on n lanes, whose values are where at says, and the
// bytes of a lane of its operands.
func (l *lowering) step(o *operation, at func(val) unsafe.Pointer, n int) (step, int) {
	d := &l.values[o.dst]
	esize := d.size
	if o.x != nil && o.x.esize != 0 {
		esize = o.x.esize
	}
	s := step{
		dst: at(o.dst), a: at(o.src[0]), b: at(o.src[1]), c: at(o.src[2]), e: at(o.src[3]),
		n: n, bytes: n * d.size, mask: repeated(o.mask, d.size), imm: o.imm, imm2: o.imm2, x: o.x,
	}
	switch o.k {
	case kMin, kMax, kLt, kLe, kAshr:
		s.imm = repeated(o.imm, esize)
	case kMulX, kMac:
		s.imm, s.imm2 = repeated(o.imm, d.size), repeated(o.imm2, d.size)
	case kBooth:
		s.imm = repeated(o.imm, d.size)
	case kCsa, kCsa1, kCsa2, kCsa3, kCsa4:
		s.dst2 = at(o.dst2)
	case kTable:
		s.c = unsafe.Pointer(&o.x.bytes[0])
	case kConv:
		s.imm2 = repeated(o.imm2, max(esize, d.size))
	}
	return s, esize
}

// kernel chooses the kernel of a step.
func (e *emitter) kernel(s *step, k kern, dsize, esize int) {
	if !e.opt.plainGo {
		s.code = asmKernel(s, k, dsize, esize)
	}
	if s.code == 0 {
		s.fn = laneKernel(k, dsize, esize)
	}
}

// read is the step that chooses what a memory reads.
func (e *emitter) read(m *memory, p *memPorts) step {
	s := step{
		dst: p.q, a: m.words, b: p.in[3], n: m.lanes, bytes: m.lanes * m.size, m: e.mach,
		x: &extra{size: m.depth, inner: 1, index: m.first, esize: m.sizes[3]},
	}
	if !e.opt.plainGo {
		asmSelect(&s, m.size)
	}
	if s.code == 0 {
		s.fn = wholeKernel(kSelect, m.size, m.size)
	}
	return s
}

func (e *emitter) whole(i int) {
	o := &e.l.ops[i]
	d := &e.l.values[o.dst]
	n := d.lanes
	if d.uniform {
		n = min(n, e.block())
	}
	size, esize := d.size, d.size
	switch o.k {
	case kPush:
		esize = o.x.ring.size
	case kPull:
		size = o.x.ring.size
	case kPack:
		o.x.esize = d.size
	}
	s := step{
		dst: e.at(o.dst, 0), a: e.at(o.src[0], 0), b: e.at(o.src[1], 0),
		n: n, bytes: n * d.size, mask: o.mask, imm: o.imm, imm2: o.imm2, x: o.x, m: e.mach,
	}
	if o.k == kShift {
		e.shift(o, 0, n)
		return
	}
	if o.k == kSpread && !e.opt.plainGo {
		e.spread(o, s)
		return
	}
	if !e.opt.plainGo {
		asmWhole(&s, o, d.size)
	}
	if s.code == 0 {
		s.fn = wholeKernel(o.k, size, esize)
	}
	e.steps = append(e.steps, s)
}
