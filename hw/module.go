package hw

import "math/bits"

// MaxWidth is the width of the widest word.
const MaxWidth = 64

// MaxAxes is the greatest number of axes of one module (after [Flatten] too).
const MaxAxes = 32

// ID names a node of a module: its index in Module.Nodes.
type ID int32

// None is the absence of a node.
const None ID = -1

// Axis is a named dimension of a module.
type Axis struct {
	Name string
	Size int
}

// Shape is a set of axes of one module, bit i for Module.Axes[i].
type Shape uint32

// Has reports whether the shape contains axis index a.
func (s Shape) Has(a int) bool { return s>>a&1 == 1 }

// With returns the shape with axis index a added.
func (s Shape) With(a int) Shape { return s | 1<<a }

// Without returns the shape with axis index a removed.
func (s Shape) Without(a int) Shape { return s &^ (1 << a) }

// Axes lists the axis indices of the shape in ascending order, which is the
// order of nesting: the last varies fastest.
func (s Shape) Axes() []int {
	list := make([]int, 0, bits.OnesCount32(uint32(s)))
	for ; s != 0; s &= s - 1 {
		list = append(list, bits.TrailingZeros32(uint32(s)))
	}
	return list
}

// Node is one operator of a module. Only the fields that its operator uses are
// set; the rest are zero.
type Node struct {
	Op    Op
	Width int
	Shape Shape
	Args  []ID
	Name  string // unique in the module

	Imm  uint64 // const: value; slice: lowest bit; input, reg, memq, rom, instout: index in the module's table
	Axis int    // coord, shift, rotate, index, select, reduce, stride, split, pack: the axis
	K    int    // shift, rotate: direction; index: coordinate; stride: start; delay: base; instout: output port
	Step int    // stride: step
	To   [2]int // stride: the new axis; split: the two new axes
	Sub  Op     // reduce: the operator
	Coef []int  // delay: coefficient of each axis of the module (nil: none)
}

// Port is an input or output of a module.
type Port struct {
	Name string
	Node ID // an input node, or the node that drives the output
}

// Reg is a register: Node reads it, Next is its value after the clock edge.
type Reg struct {
	Node  ID
	Next  ID
	Reset uint64 // the same in every lane
}

// Mem is a synchronous memory, one in every lane of its shape, with one write
// and one read port.
type Mem struct {
	Name    string
	Node    ID // the read data register
	Depth   int
	Forward bool // a read of the address written at the same edge gets the new word
	WEn     ID   // 1 bit
	WAddr   ID   // unsigned word address
	WData   ID
	RAddr   ID
}

// Rom is a constant table.
type Rom struct {
	Name  string
	Width int
	Data  []uint64
}

// Inst places a module over axes of its parent.
type Inst struct {
	Name string
	Mod  *Module
	Over Shape // the parent's axes
	In   []ID  // drivers of Mod.Inputs, in order
	Out  []ID  // instout nodes for Mod.Outputs, in order
}

// Assert is a condition that holds in every lane at every clock edge outside
// reset.
type Assert struct {
	Name string
	Cond ID // 1 bit
}

// Module is a verified hardware graph. It is immutable after [Builder.Build].
type Module struct {
	Name    string
	Doc     string // printed above the module in text and Verilog; may be empty
	Axes    []Axis
	Nodes   []Node
	Inputs  []Port
	Outputs []Port
	Regs    []Reg
	Mems    []Mem
	Roms    []Rom
	Insts   []Inst
	Asserts []Assert
}

// Lanes returns the number of lanes of a shape: the product of its axis sizes.
func (m *Module) Lanes(s Shape) int {
	n := 1
	for _, a := range s.Axes() {
		n *= m.Axes[a].Size
	}
	return n
}

// Stride returns the distance in lanes between neighbours along axis a in a
// node of shape s.
func (m *Module) Stride(s Shape, a int) int {
	return m.Lanes(s &^ (1<<(a+1) - 1))
}

// Map gives, for each lane of shape to, the lane of shape from with the same
// coordinates; axes that from lacks do not matter. Axes that only from has are
// taken at coordinate 0.
func (m *Module) Map(from, to Shape) []int32 {
	lanes := m.Lanes(to)
	out := make([]int32, lanes)
	axes := to.Axes()
	for l := range out {
		rest, pos := l, 0
		for i := len(axes) - 1; i >= 0; i-- {
			size := m.Axes[axes[i]].Size
			c := rest % size
			rest /= size
			if from.Has(axes[i]) {
				pos += c * m.Stride(from, axes[i])
			}
		}
		out[l] = int32(pos)
	}
	return out
}

// Coords returns the coordinate along axis a of every lane of shape s.
func (m *Module) Coords(s Shape, a int) []int {
	out := make([]int, m.Lanes(s))
	st, size := m.Stride(s, a), m.Axes[a].Size
	for l := range out {
		out[l] = l / st % size
	}
	return out
}

// Delays returns the delay in clock edges of every lane of the delay node id.
func (m *Module) Delays(id ID) []int {
	n := &m.Nodes[id]
	out := make([]int, m.Lanes(n.Shape))
	for l := range out {
		out[l] = n.K
	}
	for a, c := range n.Coef {
		if c == 0 {
			continue
		}
		for l, x := range m.Coords(n.Shape, a) {
			out[l] += c * x
		}
	}
	return out
}

// AxisIndex returns the index of the named axis, or -1.
func (m *Module) AxisIndex(name string) int {
	for i, a := range m.Axes {
		if a.Name == name {
			return i
		}
	}
	return -1
}

// Input returns the input port with the given name.
func (m *Module) Input(name string) (Port, bool) { return findPort(m.Inputs, name) }

// Output returns the output port with the given name.
func (m *Module) Output(name string) (Port, bool) { return findPort(m.Outputs, name) }

func findPort(ports []Port, name string) (Port, bool) {
	for _, p := range ports {
		if p.Name == name {
			return p, true
		}
	}
	return Port{Node: None}, false
}

// Modules lists m and every module below it, each once, leaves first.
func (m *Module) Modules() []*Module {
	var list []*Module
	seen := map[*Module]bool{}
	var visit func(*Module)
	visit = func(x *Module) {
		if seen[x] {
			return
		}
		seen[x] = true
		for i := range x.Insts {
			visit(x.Insts[i].Mod)
		}
		list = append(list, x)
	}
	visit(m)
	return list
}

// Mask returns the word of w ones.
func Mask(w int) uint64 { return ^uint64(0) >> (64 - uint(w)) }

// SignExtend reads the low w bits of v as two's complement.
func SignExtend(v uint64, w int) int64 { return int64(v<<(64-uint(w))) >> (64 - uint(w)) }

// Bits returns the number of bits needed for the unsigned value v, at least 1.
func Bits(v int) int {
	if v <= 1 {
		return 1
	}
	return bits.Len(uint(v))
}
