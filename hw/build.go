package hw

import (
	"errors"
	"fmt"
	"slices"
)

// Builder makes a [Module]. Its methods record what is wrong and go on; Build
// returns everything that was recorded, so the code between reads like a
// circuit. A method that cannot make its node returns [None], which later
// methods accept silently.
type Builder struct {
	m    *Module
	errs []error
}

// New starts a module.
func New(name, doc string) *Builder {
	return &Builder{m: &Module{Name: name, Doc: doc}}
}

func (b *Builder) fail(format string, args ...any) ID {
	b.errs = append(b.errs, fmt.Errorf("module %s: "+format, append([]any{b.m.Name}, args...)...))
	return None
}

// Build verifies the module and returns it.
func (b *Builder) Build() (*Module, error) {
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	if err := Verify(b.m); err != nil {
		return nil, err
	}
	return b.m, nil
}

// Axis declares an axis and returns its index.
func (b *Builder) Axis(name string, size int) int {
	b.m.Axes = append(b.m.Axes, Axis{name, size})
	return len(b.m.Axes) - 1
}

// AxisAt returns the axis of the given index.
func (b *Builder) AxisAt(a int) Axis {
	if !b.m.axisOK(a) {
		b.fail("no axis %d (expected 0..%d)", a, len(b.m.Axes)-1)
		return Axis{}
	}
	return b.m.Axes[a]
}

// AxisNamed returns the index of the axis of that name, or -1.
func (b *Builder) AxisNamed(name string) int { return b.m.AxisIndex(name) }

// Shape returns the set of the given axes.
func (b *Builder) Shape(axes ...int) Shape {
	var s Shape
	for _, a := range axes {
		if !b.m.axisOK(a) {
			b.fail("no axis %d (expected 0..%d)", a, len(b.m.Axes)-1)
			continue
		}
		s = s.With(a)
	}
	return s
}

// ShapeOf returns the shape of a node.
func (b *Builder) ShapeOf(x ID) Shape {
	if x == None {
		return 0
	}
	return b.m.Nodes[x].Shape
}

// Width returns the width of a node.
func (b *Builder) Width(x ID) int {
	if x == None {
		return 1
	}
	return b.m.Nodes[x].Width
}

// add appends a node after inferring what it does not say.
func (b *Builder) add(n Node) ID {
	if slices.Contains(n.Args, None) && n.Op != OpWire {
		return None
	}
	if n.Op != OpWire {
		w, s, err := b.m.infer(&n)
		if err != nil {
			return b.fail("%s: %w", b.m.describe(&n), err)
		}
		n.Width, n.Shape = w, s
	}
	b.m.Nodes = append(b.m.Nodes, n)
	return ID(len(b.m.Nodes) - 1)
}

func (b *Builder) op(op Op, args ...ID) ID { return b.add(Node{Op: op, Args: args}) }

func (b *Builder) opW(op Op, width int, args ...ID) ID {
	return b.add(Node{Op: op, Width: width, Args: args})
}

// Op makes any operator that needs no immediate, its width inferred. It serves
// code that walks the operator table.
func (b *Builder) Op(op Op, args ...ID) ID { return b.op(op, args...) }

// OpW is Op for the operators whose width is the caller's choice.
func (b *Builder) OpW(op Op, width int, args ...ID) ID { return b.opW(op, width, args...) }

// Raw makes a node as it stands, its width and shape inferred where the
// operator fixes them. It serves parsers and program generators.
func (b *Builder) Raw(n Node) ID { return b.add(n) }

// Named gives a node its name in text and Verilog.
func (b *Builder) Named(name string, x ID) ID {
	if x != None {
		b.m.Nodes[x].Name = name
	}
	return x
}

// In declares an input port.
func (b *Builder) In(name string, width int, axes ...int) ID {
	id := b.add(Node{Op: OpInput, Width: width, Shape: b.Shape(axes...), Name: name, Imm: uint64(len(b.m.Inputs))})
	b.m.Inputs = append(b.m.Inputs, Port{name, id})
	return id
}

// Out declares an output port driven by x.
func (b *Builder) Out(name string, x ID) {
	if x == None {
		b.fail("output %s has no driver", name)
		return
	}
	b.m.Outputs = append(b.m.Outputs, Port{name, x})
}

// Const is the constant v of the given width.
func (b *Builder) Const(width int, v uint64) ID {
	return b.add(Node{Op: OpConst, Width: width, Imm: v})
}

// Coord is the lane's coordinate along the axis, of the given width.
func (b *Builder) Coord(axis, width int) ID {
	return b.add(Node{Op: OpCoord, Width: width, Axis: axis})
}

// Reg declares a register; Next sets its next value.
func (b *Builder) Reg(name string, width int, reset uint64, axes ...int) ID {
	id := b.add(Node{Op: OpReg, Width: width, Shape: b.Shape(axes...), Name: name, Imm: uint64(len(b.m.Regs))})
	b.m.Regs = append(b.m.Regs, Reg{Node: id, Next: None, Reset: reset})
	return id
}

// Next sets the next value of register r.
func (b *Builder) Next(r, next ID) {
	if r == None || next == None {
		return
	}
	if b.m.Nodes[r].Op != OpReg {
		b.fail("next of %s, which is not a register", b.m.describe(&b.m.Nodes[r]))
		return
	}
	reg := &b.m.Regs[b.m.Nodes[r].Imm]
	if reg.Next != None {
		b.fail("register %s has two next values", b.m.Nodes[r].Name)
	}
	reg.Next = next
}

// NextIf sets the next value of register r to next where en is 1; elsewhere it
// keeps its value.
func (b *Builder) NextIf(r, en, next ID) { b.Next(r, b.Mux(en, next, r)) }

// Pipe is a register whose next value is x, of x's width and shape, reset to 0.
func (b *Builder) Pipe(name string, x ID) ID {
	if x == None {
		return None
	}
	r := b.Reg(name, b.Width(x), 0, b.ShapeOf(x).Axes()...)
	b.Next(r, x)
	return r
}

// MemPorts are the operands of a memory.
type MemPorts struct{ WEn, WAddr, WData, RAddr ID }

// Mem declares a memory of depth words in every lane of the given axes and
// returns its read data register. SetMem connects it.
func (b *Builder) Mem(name string, width, depth int, forward bool, axes ...int) ID {
	id := b.add(Node{Op: OpMemQ, Width: width, Shape: b.Shape(axes...), Name: name, Imm: uint64(len(b.m.Mems))})
	b.m.Mems = append(b.m.Mems, Mem{Name: name, Node: id, Depth: depth, Forward: forward, WEn: None, WAddr: None, WData: None, RAddr: None})
	return id
}

// SetMem connects the ports of the memory whose read data is q.
func (b *Builder) SetMem(q ID, p MemPorts) {
	if q == None {
		return
	}
	if n := &b.m.Nodes[q]; n.Op != OpMemQ {
		b.fail("ports of %s, which is not a memory", b.m.describe(n))
		return
	}
	mem := &b.m.Mems[b.m.Nodes[q].Imm]
	mem.WEn, mem.WAddr, mem.WData, mem.RAddr = p.WEn, p.WAddr, p.WData, p.RAddr
}

// Rom looks idx up in a table.
func (b *Builder) Rom(name string, width int, data []uint64, idx ID) ID {
	b.m.Roms = append(b.m.Roms, Rom{Name: name, Width: width, Data: data})
	return b.add(Node{Op: OpRom, Args: []ID{idx}, Imm: uint64(len(b.m.Roms) - 1)})
}

// Wire declares a node before its driver exists; Drive connects it.
func (b *Builder) Wire(name string, width int, axes ...int) ID {
	return b.add(Node{Op: OpWire, Width: width, Shape: b.Shape(axes...), Name: name, Args: []ID{None}})
}

// Drive connects a wire.
func (b *Builder) Drive(w, x ID) {
	if w == None || x == None {
		return
	}
	n := &b.m.Nodes[w]
	if n.Op != OpWire || n.Args[0] != None {
		b.fail("drive of %s, which is not an undriven wire", b.m.describe(n))
		return
	}
	n.Args[0] = x
}

// Assert states that cond is 1 in every lane at every clock edge outside reset.
func (b *Builder) Assert(name string, cond ID) {
	b.m.Asserts = append(b.m.Asserts, Assert{name, cond})
}

// Ports maps the names of an instance's inputs to their drivers.
type Ports map[string]ID

// Inst places module mod over the given axes and returns its outputs by name.
// Inputs whose drivers exist only later are wires.
func (b *Builder) Inst(name string, mod *Module, in Ports, axes ...int) Ports {
	if mod == nil {
		b.fail("instance %s has no module", name)
		return Ports{}
	}
	inst := Inst{Name: name, Mod: mod, Over: b.Shape(axes...)}
	used := 0
	for _, p := range mod.Inputs {
		x, ok := in[p.Name]
		if !ok {
			b.fail("instance %s of %s: input %s is not connected", name, mod.Name, p.Name)
			x = None
		} else {
			used++
		}
		inst.In = append(inst.In, x)
	}
	if used != len(in) {
		b.fail("instance %s of %s: connects a port that does not exist", name, mod.Name)
	}
	out := Ports{}
	for k, p := range mod.Outputs {
		inner := &mod.Nodes[p.Node]
		shape, err := b.m.outerShape(mod, inner.Shape)
		if err != nil {
			b.fail("instance %s, output %s: %w", name, p.Name, err)
		}
		id := b.add(Node{Op: OpInstOut, Width: inner.Width, Shape: shape | inst.Over, Imm: uint64(len(b.m.Insts)), K: k, Name: name + "_" + p.Name})
		inst.Out = append(inst.Out, id)
		out[p.Name] = id
	}
	b.m.Insts = append(b.m.Insts, inst)
	return out
}

// outerShape finds the axes of an inner module's port in m, by name.
func (m *Module) outerShape(inner *Module, s Shape) (Shape, error) {
	var out Shape
	for _, a := range s.Axes() {
		i := m.AxisIndex(inner.Axes[a].Name)
		if i < 0 {
			return 0, fmt.Errorf("module %s has no axis %s, which the port of %s has", m.Name, inner.Axes[a].Name, inner.Name)
		}
		out = out.With(i)
	}
	return out, nil
}
