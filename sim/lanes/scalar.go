package lanes

import (
	"math/bits"
	"unsafe"

	"tpe/hw"
)

// code is a stretch of the scalar program.
type code struct {
	list   []instr
	tables [][]uint64
}

// instr is one instruction on words. It fits a cache line. Assembly knows the
// offsets of the fields up to imm.
type instr struct {
	code uintptr // 0: assembly that executes it and goes on to the next
	dst  *uint64 // 8
	a    *uint64 // 16
	b    *uint64 // 24
	c    *uint64 // 32
	mask uint64  // 40
	imm  uint64  // 48: lowest bit of a slice, bits of the last operand of a cat, number of a table
	op   hw.Op   // 56
	sa   uint8   // 64 - width of a, for sign extension
	sb   uint8
	wa   uint8
}

// words writes the steps of a unit of instructions: runs of those that have
// assembly, and runs of others.
func (e *emitter) words(u *unit) {
	slot := func(v val) *uint64 { return (*uint64)(e.at(v, 0)) }
	var list []instr
	flush := func() {
		if len(list) == 0 {
			return
		}
		s := step{fn: runCode, x: &extra{code: &code{list: list, tables: e.tables}}}
		if list[0].code != 0 {
			list = append(list, instr{code: asmWord(hw.OpInvalid)})
			s.code, s.a = asmCode(), unsafe.Pointer(&list[0])
		}
		e.steps = append(e.steps, s)
		list = nil
	}
	for _, i := range u.ops {
		o := &e.l.ops[i]
		in := instr{
			op: o.hop, sa: uint8(64 - o.x.wa), sb: uint8(64 - o.x.wb), wa: uint8(o.x.wa),
			dst: slot(o.dst), a: slot(o.src[0]), b: slot(o.src[1]), c: slot(o.src[2]), mask: o.mask, imm: o.imm,
		}
		switch in.op {
		case hw.OpZext, hw.OpBcast:
			in.op = hw.OpWire
		case hw.OpRom:
			in.imm = uint64(len(e.tables))
			e.tables = append(e.tables, o.x.table)
		}
		if !e.opt.plainGo {
			in.code = asmWord(in.op)
		}
		if len(list) > 0 && (list[0].code != 0) != (in.code != 0) {
			flush()
		}
		list = append(list, in)
	}
	flush()
}

func truth(c bool) uint64 {
	if c {
		return 1
	}
	return 0
}

func runCode(s *step) {
	c := s.x.code
	for i := range c.list {
		c.list[i].run(c.tables)
	}
}

// run executes the instruction. The first switch holds what control is made
// of; the rest is in a second function, so that this one stays small.
func (in *instr) run(tables [][]uint64) {
	var r uint64
	switch in.op {
	case hw.OpWire:
		r = *in.a
	case hw.OpNot:
		r = *in.a ^ in.mask
	case hw.OpAnd:
		r = *in.a & *in.b
	case hw.OpOr:
		r = *in.a | *in.b
	case hw.OpXor:
		r = *in.a ^ *in.b
	case hw.OpAdd:
		r = (*in.a + *in.b) & in.mask
	case hw.OpSub:
		r = (*in.a - *in.b) & in.mask
	case hw.OpMux:
		r = *in.c ^ (*in.b^*in.c)&-*in.a
	case hw.OpEq:
		r = truth(*in.a == *in.b)
	case hw.OpNe:
		r = truth(*in.a != *in.b)
	case hw.OpULt:
		r = truth(*in.a < *in.b)
	case hw.OpULe:
		r = truth(*in.a <= *in.b)
	case hw.OpSlice:
		r = *in.a >> (in.imm & 63) & in.mask
	case hw.OpCat:
		r = *in.a<<(in.imm&63) | *in.b
	default:
		r = in.rare(tables) & in.mask
	}
	*in.dst = r
}

func (in *instr) sx() int64 { return int64(*in.a<<in.sa) >> in.sa }
func (in *instr) sy() int64 { return int64(*in.b<<in.sb) >> in.sb }

func (in *instr) rare(tables [][]uint64) uint64 {
	n := uint64(in.wa)
	switch in.op {
	case hw.OpXor3:
		return *in.a ^ *in.b ^ *in.c
	case hw.OpMaj:
		return *in.a&*in.b | *in.c&(*in.a|*in.b)
	case hw.OpCsaC:
		return (*in.a&*in.b | *in.c&(*in.a|*in.b)) << 1
	case hw.OpNeg:
		return -*in.a
	case hw.OpMulU:
		return *in.a * *in.b
	case hw.OpMulS:
		return uint64(in.sx() * in.sy())
	case hw.OpMulSU:
		return uint64(in.sx()) * *in.b
	case hw.OpUMin:
		return min(*in.a, *in.b)
	case hw.OpUMax:
		return max(*in.a, *in.b)
	case hw.OpSMin:
		return uint64(min(in.sx(), in.sy()))
	case hw.OpSMax:
		return uint64(max(in.sx(), in.sy()))
	case hw.OpBooth4:
		y := *in.b
		return (y&1 + y>>1&1 - 2*(y>>2)) * uint64(in.sx())
	case hw.OpSLt:
		return truth(in.sx() < in.sy())
	case hw.OpSLe:
		return truth(in.sx() <= in.sy())
	case hw.OpRom:
		if t := tables[in.imm]; *in.a < uint64(len(t)) {
			return t[*in.a]
		}
		return 0
	case hw.OpSext:
		return uint64(in.sx())
	}
	return in.rarer(n)
}

func (in *instr) rarer(n uint64) uint64 {
	switch in.op {
	case hw.OpShl:
		return *in.a << *in.b // past 64 Go gives 0
	case hw.OpLshr:
		return *in.a >> *in.b
	case hw.OpAshr:
		return uint64(in.sx() >> *in.b)
	case hw.OpRotl:
		k := *in.b % n
		return *in.a<<k | *in.a>>(n-k)
	case hw.OpRedAnd:
		return truth(*in.a == ^uint64(0)>>in.sa)
	case hw.OpRedOr:
		return truth(*in.a != 0)
	case hw.OpRedXor:
		return uint64(bits.OnesCount64(*in.a))
	case hw.OpPopcount:
		return uint64(bits.OnesCount64(*in.a))
	case hw.OpFfs:
		return min(uint64(bits.TrailingZeros64(*in.a)), n)
	case hw.OpClz:
		return uint64(bits.LeadingZeros64(*in.a)) - (64 - n)
	}
	panic("lanes: not a word operator: " + in.op.String())
}
