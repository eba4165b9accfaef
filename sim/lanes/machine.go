package lanes

import (
	"unsafe"

	"tpe/hw"
)

// Machine executes a flat module. It implements [hw.Machine].
type Machine struct {
	mod      *hw.Module
	inputs   []portBuf
	outputs  []portBuf
	asserts  []portBuf
	regs     []regBuf
	mems     []memory
	memPorts [][2]memPorts
	rings    []*ring
	program  [2][]stretch
	parity   int    // which buffers are current
	tick     uint64 // clock edges so far: the row of every ring
	failures []uint64
	scratch  [9][]unsafe.Pointer // blocks that regions share, by bytes of a lane
	arena    []byte
}

// portBuf is where a port's lanes are, in cycles of either parity.
type portBuf struct {
	buf   [2]unsafe.Pointer
	size  int // bytes of a lane; a single lane fills a slot of 8
	width int
	lanes int
}

type regBuf struct {
	buf   [2]unsafe.Pointer
	size  int
	lanes int
	reset uint64
}

var _ hw.Machine = (*Machine)(nil)

// New prepares a flat module (see [hw.Flatten]) for execution.
func New(flat *hw.Module) (*Machine, error) { return newMachine(flat, options{}) }

func newMachine(flat *hw.Module, opt options) (*Machine, error) {
	picked, err := pull(flat)
	if err != nil {
		return nil, err
	}
	l, err := lower(arrange(picked))
	if err != nil {
		return nil, err
	}
	if !opt.noFuse {
		l.fuse()
	}
	if !vectors() {
		opt.plainGo = true
	}
	m := &Machine{mod: flat, mems: l.mems, rings: l.rings, failures: make([]uint64, len(flat.Asserts))}
	e := &emitter{l: l, mach: m, opt: opt, units: l.schedule()}
	e.locate()
	e.layout()
	m.arena = make([]byte, e.used+64+tail)
	e.base = int(-uintptr(unsafe.Pointer(&m.arena[0])) & 63)
	e.pass, m.scratch = 1, [9][]unsafe.Pointer{}
	e.layout()
	e.initialise()
	for p := range m.program {
		m.program[p] = e.program(p)
	}
	e.ports()
	return m, nil
}

// tail is what kernels may read past the last buffer.
const tail = 256

// layout gives everything its memory.
func (e *emitter) layout() {
	e.allocate()
	for _, r := range e.l.rings {
		r.data = e.take(r.bytes)
	}
	for i := range e.mach.mems {
		mem := &e.mach.mems[i]
		mem.words = e.take(mem.depth * mem.written * mem.size)
	}
}

// ports records where the outside finds values.
func (e *emitter) ports() {
	l, m := e.l, e.mach
	port := func(id hw.ID) portBuf {
		v := &l.values[l.of[id]]
		n := &l.m.Nodes[id]
		p := portBuf{buf: v.buf, size: v.size, width: n.Width, lanes: v.lanes}
		return p
	}
	for _, p := range l.m.Inputs {
		m.inputs = append(m.inputs, port(p.Node))
	}
	for _, p := range l.m.Outputs {
		m.outputs = append(m.outputs, port(p.Node))
	}
	for _, a := range l.m.Asserts {
		m.asserts = append(m.asserts, port(a.Cond))
	}
	for _, q := range l.regs {
		v := &l.values[q]
		m.regs = append(m.regs, regBuf{v.buf, v.size, v.lanes, v.reset})
	}
	for i := range m.mems {
		var both [2]memPorts
		for parity := range both {
			mem := &m.mems[i]
			both[parity] = memPorts{q: l.values[l.values[mem.q].twin].buf[parity]}
			for k, v := range mem.port {
				both[parity].in[k] = l.values[v].buf[parity]
			}
			if !mem.shared {
				both[parity].read = e.read(mem, &both[parity])
			}
		}
		m.memPorts = append(m.memPorts, both)
	}
}

// Set implements [hw.Machine].
func (m *Machine) Set(p int, lanes []uint64) {
	in := &m.inputs[p]
	mask := hw.Mask(in.width)
	for i := range in.lanes {
		put(in.buf[0], in.size, i, lanes[i]&mask)
	}
}

// Get implements [hw.Machine].
func (m *Machine) Get(p int, dst []uint64) {
	out := &m.outputs[p]
	for i := range out.lanes {
		dst[i] = get(out.buf[m.parity], out.size, i)
	}
}

// Failures implements [hw.Machine].
func (m *Machine) Failures() []uint64 { return m.failures }

// Settle implements [hw.Machine]. It computes the next state too, into the
// buffers that the clock edge makes current.
func (m *Machine) Settle() { run(m.program[m.parity]) }

// Step implements [hw.Machine].
func (m *Machine) Step(reset bool) {
	if !reset {
		for i := range m.asserts {
			m.failures[i] += m.asserts[i].zeros(m.parity)
		}
	}
	for i := range m.mems {
		m.mems[i].step(&m.memPorts[i][m.parity])
	}
	m.parity ^= 1
	m.tick++
	if reset {
		m.reset()
	}
}

// reset overwrites what the edge has made current.
func (m *Machine) reset() {
	for i := range m.regs {
		r := &m.regs[i]
		fill(r.buf[m.parity], r.size, r.lanes, r.reset)
	}
	for _, r := range m.rings {
		clear(unsafe.Slice((*byte)(r.data), r.bytes))
	}
}

// zeros counts the lanes of a one-bit value that are 0.
func (p *portBuf) zeros(parity int) uint64 {
	const ones = 0x0101010101010101
	if p.lanes == 1 {
		return 1 - *(*uint64)(p.buf[parity])
	}
	all := vec[uint8](p.buf[parity], p.lanes)
	n := uint64(p.lanes)
	k := 0
	for ; k+8 <= p.lanes; k += 8 {
		if *(*uint64)(unsafe.Pointer(&all[k])) == ones {
			n -= 8
			continue
		}
		for _, v := range all[k : k+8] {
			n -= uint64(v)
		}
	}
	for _, v := range all[k:] {
		n -= uint64(v)
	}
	return n
}
