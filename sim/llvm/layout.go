package llvm

import (
	"encoding/binary"

	"tpe/hw"
)

// The state is one block of bytes: a header of 64-bit numbers, single words of 8
// bytes each, then buffers that begin at multiples of 64 bytes. The compiled code knows
// all offsets; Go uses the header to drive a run and the rest to reset, to set
// inputs and to get outputs.

// Offsets of the header. A stream has streamBytes from headStreams on.
const (
	headTime     = 8 * iota // clock edges since power-on: the position of all rings
	headCount               // 1: failures of assertions count
	headCycle               // of the play
	headResults             // result beats taken
	headWanted              // result beats wanted
	headStop                // 1: return when they are taken
	headReady               // address of the ready pattern, its length and position
	headReadyLen            // 0: always ready
	headReadyPos
	headAt  // address of the cycle of result beat 0
	headOut // address of result beat 0
	headStreams
)

// Offsets in a consumed stream's part of the header.
const (
	streamBeats   = 8 * iota // address of beat 0
	streamCount              // beats
	streamTaken              // beats taken
	streamFirst              // cycle of the first, or -1
	streamPattern            // address of the valid pattern, its length and position
	streamLen                // 0: always valid
	streamPos
	streamLoaded // the beat in the input buffers; -1: zeros; -2: nothing known
	streamBytes
)

// layout says where everything is.
type layout struct {
	m       *hw.Module
	size    int
	fail    int   // failures, one number an assertion
	reg     []int // per register: its word or buffer, or where its address is if that changes
	moves   []bool
	home    []int // per register: its region
	spare   []int // per spare: where its address is
	spareAt []int // per spare: its region
	slack   map[class]int
	spares  []class
	memQ    []int
	mem     []int
	memEnd  int // memories lie in [mem[0], memEnd)
	input   []int
	output  []int
	ring    []int
	ringEnd int
	coords  []coordinates
}

// coordinates is a constant buffer.
type coordinates struct {
	off, axis, width int
	shape            hw.Shape
}

func (l *layout) alloc(n, align int) int {
	off := (l.size + align - 1) &^ (align - 1)
	l.size = off + n
	return off
}

// word allocates 8 bytes for a single word, or the buffer of a shape. A buffer is
// followed by room for one vector, since loads run to the end of the padding.
func (l *layout) value(p *program, width int, s hw.Shape) int {
	if s == 0 {
		return l.alloc(8, 8)
	}
	return l.alloc(padded(p.lanes(s))*laneBytes(width), 64)
}

// newLayout places all state; pl may move registers.
func newLayout(p *program, streams int, pl *places) *layout {
	m := p.m
	l := &layout{m: m, size: headStreams + streams*streamBytes, slack: pl.slack, spares: pl.spares}
	l.fail = l.alloc(8*len(m.Asserts), 8)
	l.home = make([]int, len(m.Regs))
	for r := range m.Regs {
		l.moves = append(l.moves, pl.reg[r].moves)
		l.reg = append(l.reg, l.alloc(16, 8))
	}
	for range pl.spares {
		l.spare = append(l.spare, l.alloc(16, 8))
	}
	for i := range m.Inputs {
		n := &p.nodes[p.of[m.Inputs[i].Node]]
		l.input = append(l.input, l.value(p, n.width, n.shape))
	}
	for i := range m.Outputs {
		n := &m.Nodes[m.Outputs[i].Node]
		l.output = append(l.output, l.value(p, n.Width, p.shape(n.Shape)))
	}
	for r := range m.Regs {
		n := &p.nodes[p.of[m.Regs[r].Node]]
		if n.shape == 0 {
			continue
		}
		l.home[r] = l.region(p, class{n.shape, laneBytes(n.width)}, l.moves[r])
		if !l.moves[r] {
			l.reg[r] = l.home[r]
		}
	}
	for _, c := range pl.spares {
		l.spareAt = append(l.spareAt, l.region(p, c, true))
	}
	for _, x := range m.Mems {
		n := &p.nodes[p.of[x.Node]]
		l.memQ = append(l.memQ, l.value(p, n.width, n.shape))
	}
	for i := range p.rings {
		r := &p.rings[i]
		l.ring = append(l.ring, l.alloc(r.rows*r.rowBytes(p), 64))
	}
	l.ringEnd = l.size
	for _, x := range m.Mems {
		n := &p.nodes[p.of[x.Node]]
		l.mem = append(l.mem, l.alloc(x.Depth*memRow(p, n), 64))
	}
	l.memEnd = l.size
	return l
}

func (r *ring) rowBytes(p *program) int { return padded(p.lanes(r.shape)) * laneBytes(r.width) }

// memRow is the size of the words of one address in all lanes. Rows are not padded,
// since a memory of one lane may be deep.
func memRow(p *program, n *node) int { return p.lanes(n.shape) * laneBytes(n.width) }

func (l *layout) region(p *program, c class, moves bool) int {
	n := padded(p.lanes(c.shape)) * c.bytes
	if moves {
		n += l.slack[c]
	}
	return l.alloc(n, 64)
}

// powerOn gives a new state its first values. Memory from Go is zero already.
func (l *layout) powerOn(state []byte) {
	for _, c := range l.coords {
		for i, x := range l.m.Coords(c.shape, c.axis) {
			put(state[c.off+i*laneBytes(c.width):], c.width, uint64(x))
		}
	}
	l.reset(state)
}

// reset gives registers their reset values and makes delays 0.
func (l *layout) reset(state []byte) {
	for r, reg := range l.m.Regs {
		n := &l.m.Nodes[reg.Node]
		lanes, w := l.m.Lanes(n.Shape), laneBytes(n.Width)
		at := l.reg[r]
		if l.moves[r] {
			at = l.place(state, l.reg[r], l.home[r], l.classOf(r))
		}
		for i := range lanes {
			put(state[at+i*w:], n.Width, reg.Reset)
		}
	}
	for i, slot := range l.spare {
		l.place(state, slot, l.spareAt[i], l.spares[i])
	}
	if len(l.ring) > 0 {
		clear(state[l.ring[0]:l.ringEnd])
	}
}

func (l *layout) classOf(r int) class {
	p := &program{m: l.m}
	n := &l.m.Nodes[l.m.Regs[r].Node]
	return class{p.shape(n.Shape), laneBytes(n.Width)}
}

// place puts a moving buffer into the middle of its region and returns its offset.
func (l *layout) place(state []byte, slot, home int, c class) int {
	at := home + (l.slack[c]/2)&^63
	binary.LittleEndian.PutUint64(state[slot:], uint64(at))
	binary.LittleEndian.PutUint64(state[slot+8:], uint64(home))
	return at
}

// put and get write and read a word of a buffer.
func put(dst []byte, width int, v uint64) {
	switch laneBytes(width) {
	case 1:
		dst[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(dst, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(dst, uint32(v))
	default:
		binary.LittleEndian.PutUint64(dst, v)
	}
}

func get(src []byte, width int) uint64 {
	switch laneBytes(width) {
	case 1:
		return uint64(src[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(src))
	case 4:
		return uint64(binary.LittleEndian.Uint32(src))
	}
	return binary.LittleEndian.Uint64(src)
}
