package power

import (
	"fmt"
	"math/bits"

	"tpe/cost/netlist"
)

// Words is the number of 64-bit words that hold one net: Streams streams.
const (
	Words   = 4
	Streams = 64 * Words
)

// Block is the value of a net in every stream: stream s is bit s%64 of word s/64.
type Block [Words]uint64

// Zero simulates a netlist without delays, [Streams] independent streams at once.
type Zero struct {
	l      *logic
	ops    []op
	value  []Block // by register: the nets first, then temporaries
	prev   []Block
	next   []Block // of each flip-flop
	mask   Block
	start  []Block  // values at the first Count
	edges  []uint64 // by net
	cycles int64    // over all streams
	used   int      // streams
	first  bool
}

// op is one step of the compiled gates.
type op struct {
	kind    opKind
	a, b, c int32
	out     int32
}

type opKind uint8

const (
	opAnd    opKind = iota // a & b
	opAndNot               // a &^ b
	opOr
	opXor
	opNot
	opNand
	opNor
	opXnor
	opMux // a ? b : c
	opCopy
)

// NewZero prepares a netlist for a number of streams, 1 to [Streams]. Every flip-flop
// starts at 0.
func NewZero(n *netlist.Netlist, streams int) (*Zero, error) {
	if streams < 1 || streams > Streams {
		return nil, fmt.Errorf("power: %d streams (expected 1 to %d)", streams, Streams)
	}
	l, err := newLogic(n)
	if err != nil {
		return nil, err
	}
	c := compiler{regs: len(n.Nets)}
	for i := range l.gates {
		c.gate(&l.gates[i])
	}
	z := &Zero{l: l, ops: c.ops, value: make([]Block, c.regs), prev: make([]Block, len(n.Nets)), next: make([]Block, len(l.flops)),
		start: make([]Block, len(n.Nets)), edges: make([]uint64, len(n.Nets)), used: streams, first: true}
	for s := range streams {
		z.mask[s/64] |= 1 << (s % 64)
	}
	z.value[netlist.Const1] = z.mask
	for i := range l.flops {
		if l.flops[i].invert {
			z.value[l.flops[i].q] = Block{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		}
	}
	return z, nil
}

// Set gives an input net its values for this cycle.
func (z *Zero) Set(net int, v Block) { z.value[net] = v }

// Get returns the values of a net after [Zero.Settle].
func (z *Zero) Get(net int) Block { return z.value[net] }

// Settle computes all gates.
func (z *Zero) Settle() {
	v := z.value
	for i := range z.ops {
		o := &z.ops[i]
		a, b, out := &v[o.a], &v[o.b], &v[o.out]
		switch o.kind {
		case opAnd:
			out[0], out[1], out[2], out[3] = a[0]&b[0], a[1]&b[1], a[2]&b[2], a[3]&b[3]
		case opAndNot:
			out[0], out[1], out[2], out[3] = a[0]&^b[0], a[1]&^b[1], a[2]&^b[2], a[3]&^b[3]
		case opOr:
			out[0], out[1], out[2], out[3] = a[0]|b[0], a[1]|b[1], a[2]|b[2], a[3]|b[3]
		case opXor:
			out[0], out[1], out[2], out[3] = a[0]^b[0], a[1]^b[1], a[2]^b[2], a[3]^b[3]
		case opNot:
			out[0], out[1], out[2], out[3] = ^a[0], ^a[1], ^a[2], ^a[3]
		case opNand:
			out[0], out[1], out[2], out[3] = ^(a[0] & b[0]), ^(a[1] & b[1]), ^(a[2] & b[2]), ^(a[3] & b[3])
		case opNor:
			out[0], out[1], out[2], out[3] = ^(a[0] | b[0]), ^(a[1] | b[1]), ^(a[2] | b[2]), ^(a[3] | b[3])
		case opXnor:
			out[0], out[1], out[2], out[3] = ^(a[0] ^ b[0]), ^(a[1] ^ b[1]), ^(a[2] ^ b[2]), ^(a[3] ^ b[3])
		case opMux:
			c := &v[o.c]
			out[0], out[1], out[2], out[3] = c[0]^a[0]&(b[0]^c[0]), c[1]^a[1]&(b[1]^c[1]), c[2]^a[2]&(b[2]^c[2]), c[3]^a[3]&(b[3]^c[3])
		case opCopy:
			*out = *a
		}
	}
}

// Count counts the edges since the last Count; the first call only remembers the values.
func (z *Zero) Count() {
	cur := z.value[:len(z.prev)]
	if z.first {
		copy(z.prev, cur)
		copy(z.start, cur)
		z.first = false
		return
	}
	m := &z.mask
	for net := range cur {
		c, p := &cur[net], &z.prev[net]
		z.edges[net] += uint64(bits.OnesCount64((c[0]^p[0])&m[0]) + bits.OnesCount64((c[1]^p[1])&m[1]) +
			bits.OnesCount64((c[2]^p[2])&m[2]) + bits.OnesCount64((c[3]^p[3])&m[3]))
		*p = *c
	}
	z.cycles += int64(z.used)
}

// Step is the clock edge: every flip-flop takes its data.
func (z *Zero) Step() {
	for i := range z.l.flops {
		z.next[i] = z.value[z.l.flops[i].d]
	}
	for i := range z.l.flops {
		f := &z.l.flops[i]
		v := z.next[i]
		if f.invert {
			v = Block{^v[0], ^v[1], ^v[2], ^v[3]}
		}
		z.value[f.q] = v
	}
}

// Activity returns the counts so far. Rises and falls alternate on a net, so the two
// follow from their sum and from the values at both ends.
func (z *Zero) Activity() *Activity {
	a := &Activity{Cycles: z.cycles, Rises: make([]uint64, len(z.prev)), Falls: make([]uint64, len(z.prev))}
	for net := range z.prev {
		up := 0
		for w := range Words {
			up += bits.OnesCount64(z.prev[net][w]&z.mask[w]) - bits.OnesCount64(z.start[net][w]&z.mask[w])
		}
		a.Rises[net] = uint64((int64(z.edges[net]) + int64(up)) / 2)
		a.Falls[net] = z.edges[net] - a.Rises[net]
	}
	return a
}

// compiler turns gates into ops.
type compiler struct {
	ops  []op
	regs int
}

func (c *compiler) temp() int32 {
	c.regs++
	return int32(c.regs - 1)
}

func (c *compiler) gate(g *gate) {
	in := make([]int32, len(g.in))
	for i, n := range g.in {
		in[i] = int32(n)
	}
	c.table(in, g.table, int32(g.out))
}

// table emits ops that compute a truth table into out: two inputs by one op, more by
// Shannon expansion of the last, with the forms that library gates have taken first.
func (c *compiler) table(in []int32, table uint64, out int32) {
	k := len(in)
	full := ^uint64(0) >> (64 - 1<<k)
	table &= full
	emit := func(kind opKind, a, b, m int32) { c.ops = append(c.ops, op{kind, a, b, m, out}) }
	switch {
	case table == 0:
		emit(opCopy, netlist.Const0, 0, 0)
		return
	case table == full:
		emit(opCopy, netlist.Const1, 0, 0)
		return
	case k == 1 && table == 0b10:
		emit(opCopy, in[0], 0, 0)
		return
	case k == 1:
		emit(opNot, in[0], 0, 0)
		return
	}
	if k == 2 {
		a, b := in[0], in[1]
		switch table {
		case 0b1000:
			emit(opAnd, a, b, 0)
			return
		case 0b0111:
			emit(opNand, a, b, 0)
			return
		case 0b1110:
			emit(opOr, a, b, 0)
			return
		case 0b0001:
			emit(opNor, a, b, 0)
			return
		case 0b0110:
			emit(opXor, a, b, 0)
			return
		case 0b1001:
			emit(opXnor, a, b, 0)
			return
		case 0b0010:
			emit(opAndNot, a, b, 0)
			return
		case 0b0100:
			emit(opAndNot, b, a, 0)
			return
		}
	}
	// Expand the last input: table = last ? high : low.
	half := uint(1) << (k - 1)
	last, rest := in[k-1], in[:k-1]
	mask := ^uint64(0) >> (64 - half)
	low, high := table&mask, table>>half&mask
	part := func(t uint64) int32 {
		tmp := c.temp()
		c.table(rest, t, tmp)
		return tmp
	}
	switch {
	case low == high:
		c.table(rest, low, out)
	case low == 0:
		emit2(c, opAnd, last, part(high), out)
	case high == 0:
		emit2(c, opAndNot, part(low), last, out)
	case high == mask:
		emit2(c, opOr, last, part(low), out)
	case low == mask: // !last | high = !(last & !high)
		emit2(c, opNand, last, part(^high&mask), out)
	case low == ^high&mask:
		emit2(c, opXor, last, part(low), out)
	default:
		h, l := part(high), part(low)
		c.ops = append(c.ops, op{opMux, last, h, l, out})
	}
}

func emit2(c *compiler, kind opKind, a, b, out int32) { c.ops = append(c.ops, op{kind, a, b, 0, out}) }
