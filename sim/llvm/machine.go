package llvm

import (
	"encoding/binary"
	"runtime"
	"unsafe"

	"tpe/hw"
)

// instance is the state of one copy of a graph, in memory that Go owns.
type instance struct {
	*image
	state []byte
}

func newInstance(img *image) *instance {
	// A buffer begins on a cache line if the block does.
	raw := make([]byte, img.l.size+2*64)
	skip := int(-uintptr(unsafe.Pointer(&raw[0])) & 63)
	in := &instance{image: img, state: raw[skip : skip+img.l.size+64]}
	img.l.powerOn(in.state)
	return in
}

// call calls a function of the object's with the state's address, which is pinned
// for that time.
func (in *instance) call(f uintptr, args ...uintptr) {
	var pin runtime.Pinner
	pin.Pin(&in.state[0])
	defer pin.Unpin()
	call(f, append([]uintptr{uintptr(unsafe.Pointer(&in.state[0]))}, args...)...)
}

func (in *instance) slot(off int) int64 {
	return int64(binary.LittleEndian.Uint64(in.state[off:]))
}

func (in *instance) setSlot(off int, v int64) {
	binary.LittleEndian.PutUint64(in.state[off:], uint64(v))
}

// Machine executes a flat module cycle by cycle. It implements [hw.Machine]; to run
// long stimulus use a [Runner].
type Machine struct {
	*instance
	obj          *object
	settle, step uintptr
	failures     []uint64
}

// New compiles a flat module (see [hw.Flatten]).
func New(flat *hw.Module) (*Machine, error) {
	c := newCode()
	img, err := c.addMachine(flat)
	if err != nil {
		return nil, err
	}
	obj, err := c.build()
	if err != nil {
		return nil, err
	}
	m, err := newMachine(obj, img)
	if err != nil {
		_ = obj.close()
		return nil, err
	}
	m.obj = obj
	return m, nil
}

// newMachine makes an instance of a loaded graph.
func newMachine(obj *object, img *image) (*Machine, error) {
	m := &Machine{failures: make([]uint64, len(img.m.Asserts))}
	var err error
	if m.settle, err = obj.lookup(img.prefix + "settle"); err != nil {
		return nil, err
	}
	if m.step, err = obj.lookup(img.prefix + "step"); err != nil {
		return nil, err
	}
	m.instance = newInstance(img)
	return m, nil
}

// Close frees the code. The machine must not be used after that.
func (m *Machine) Close() error {
	if m.obj == nil {
		return nil
	}
	return m.obj.close()
}

// Set implements [hw.Machine].
func (m *Machine) Set(p int, lanes []uint64) {
	n := &m.m.Nodes[m.m.Inputs[p].Node]
	size := laneBytes(n.Width)
	for i := range m.m.Lanes(n.Shape) {
		put(m.state[m.l.input[p]+i*size:], n.Width, lanes[i]&hw.Mask(n.Width))
	}
}

// Settle implements [hw.Machine].
func (m *Machine) Settle() { m.call(m.settle) }

// Get implements [hw.Machine].
func (m *Machine) Get(p int, dst []uint64) {
	n := &m.m.Nodes[m.m.Outputs[p].Node]
	size := laneBytes(n.Width)
	for i := range dst {
		dst[i] = get(m.state[m.l.output[p]+i*size:], n.Width)
	}
}

// Step implements [hw.Machine].
func (m *Machine) Step(reset bool) {
	count := int64(1)
	if reset {
		count = 0
	}
	m.setSlot(headCount, count)
	m.call(m.step)
	if reset {
		m.l.reset(m.state)
	}
}

// Failures implements [hw.Machine].
func (m *Machine) Failures() []uint64 {
	for i := range m.failures {
		m.failures[i] = uint64(m.slot(m.l.fail + 8*i))
	}
	return m.failures
}
