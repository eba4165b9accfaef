package hw

import (
	"fmt"
	"strconv"
)

// Flatten returns a module of the same ports and behaviour without instances.
// Every node of an instance's module stands once, its shape extended by the
// axes over which the instance is placed; a value that does not differ over those
// axes keeps its smaller shape. Names get the instance's name as prefix. Nodes
// that reach no output, state or assertion are dropped.
func Flatten(m *Module) (*Module, error) {
	f := &flattener{out: &Module{Name: m.Name, Doc: m.Doc, Axes: append([]Axis(nil), m.Axes...)}}
	axes := make([]int, len(m.Axes))
	for i := range axes {
		axes[i] = i
	}
	ids, err := f.copyModule(m, "", 0, axes, nil)
	if err != nil {
		return nil, err
	}
	if f.full {
		return nil, fmt.Errorf("flattened: module %s has more than %d nodes", m.Name, maxFlatNodes)
	}
	for _, p := range m.Inputs {
		f.out.Inputs = append(f.out.Inputs, Port{p.Name, ids[p.Node]})
	}
	for _, p := range m.Outputs {
		f.out.Outputs = append(f.out.Outputs, Port{p.Name, ids[p.Node]})
	}
	flat, err := Tidy(f.out)
	if err != nil {
		return nil, fmt.Errorf("flattened: %w", err)
	}
	return flat, nil
}

// Tidy returns a module without instances as [Flatten] leaves it: every value over the
// axes that it needs and no more, no wires or broadcasts that change nothing, nothing
// that reaches no output or assertion, nodes in evaluation order, names unique.
// Registers, memories and inputs keep their shapes. It uses m up.
func Tidy(m *Module) (*Module, error) {
	Settle(m)
	unalias(m)
	tidy, err := prune(m)
	if err != nil {
		return nil, err
	}
	return tidy, Verify(tidy)
}

// maxFlatNodes bounds a flattened module: modules that place modules twice each can
// grow without bound in a few lines.
const maxFlatNodes = 1 << 18

type flattener struct {
	out  *Module
	full bool // maxFlatNodes reached
}

func (f *flattener) push(n Node) ID {
	f.full = f.full || len(f.out.Nodes) == maxFlatNodes
	f.out.Nodes = append(f.out.Nodes, n)
	return ID(len(f.out.Nodes) - 1)
}

// copyModule copies the nodes of m; over are the outer axes it is placed on, axes
// maps its axes, in are the drivers of its inputs (nil: make input nodes).
// Nodes are first copied with their old operands and then rewired, because
// operands may come later in the list.
func (f *flattener) copyModule(m *Module, prefix string, over Shape, axes []int, in []ID) ([]ID, error) {
	ids := make([]ID, len(m.Nodes))
	mapShape := func(s Shape) Shape {
		var out Shape
		for _, a := range s.Axes() {
			out = out.With(axes[a])
		}
		return out
	}
	for i := range m.Nodes {
		n := m.Nodes[i]
		switch {
		case n.Op == OpInstOut:
			ids[i] = f.push(Node{Op: OpWire, Width: n.Width, Shape: mapShape(n.Shape), Args: []ID{None}, Name: prefixed(prefix, n.Name)})
			continue
		case n.Op == OpInput && in != nil:
			ids[i] = in[n.Imm]
			continue
		}
		n.Name = prefixed(prefix, n.Name)
		n.Args = append([]ID(nil), n.Args...)
		f.remap(&n, axes)
		switch n.Op {
		case OpInput, OpBcast, OpWire:
			n.Shape = mapShape(n.Shape)
		case OpReg, OpMemQ:
			n.Shape = mapShape(n.Shape) | over
			f.copyState(m, &n, prefix)
		case OpRom:
			rom := m.Roms[n.Imm]
			rom.Name = prefixed(prefix, rom.Name)
			n.Imm = uint64(len(f.out.Roms))
			f.out.Roms = append(f.out.Roms, rom)
		}
		ids[i] = f.push(n)
	}
	f.rewire(m, ids, in != nil)
	for i := range m.Insts {
		if f.full {
			break
		}
		if err := f.copyInst(m, i, prefix, over, axes, ids); err != nil {
			return nil, err
		}
	}
	for _, a := range m.Asserts {
		f.out.Asserts = append(f.out.Asserts, Assert{prefixed(prefix, a.Name), ids[a.Cond]})
	}
	return ids, nil
}

func prefixed(prefix, name string) string {
	if name == "" || prefix == "" {
		return name
	}
	return prefix + "_" + name
}

// freshAxis returns the name, with a suffix if an axis has it already.
func (f *flattener) freshAxis(name string) string {
	fresh := name
	for k := 2; f.out.AxisIndex(fresh) >= 0; k++ {
		fresh = name + "_" + strconv.Itoa(k)
	}
	return fresh
}

// remap translates the axis numbers of a node.
func (f *flattener) remap(n *Node, axes []int) {
	switch n.Op {
	case OpCoord, OpShift, OpRotate, OpIndex, OpSelect, OpReduce, OpStride, OpSplit, OpPack:
		n.Axis = axes[n.Axis]
	}
	switch n.Op {
	case OpStride:
		n.To[0] = axes[n.To[0]]
	case OpSplit:
		n.To = [2]int{axes[n.To[0]], axes[n.To[1]]}
	case OpDelay:
		if n.Coef != nil {
			c := make([]int, len(f.out.Axes))
			for a, k := range n.Coef {
				c[axes[a]] = k
			}
			n.Coef = c
		}
	}
}

// copyState gives a copied register or memory its row; operands still carry the
// old module's numbers.
func (f *flattener) copyState(m *Module, n *Node, prefix string) {
	self := ID(len(f.out.Nodes))
	if n.Op == OpReg {
		r := m.Regs[n.Imm]
		r.Node = self
		n.Imm = uint64(len(f.out.Regs))
		f.out.Regs = append(f.out.Regs, r)
		return
	}
	mem := m.Mems[n.Imm]
	mem.Node, mem.Name = self, prefixed(prefix, mem.Name)
	n.Imm = uint64(len(f.out.Mems))
	f.out.Mems = append(f.out.Mems, mem)
}

// rewire replaces the old numbers in the operands of what copyModule copied.
func (f *flattener) rewire(m *Module, ids []ID, inner bool) {
	for i := range m.Nodes {
		old := &m.Nodes[i]
		if old.Op == OpInstOut || (old.Op == OpInput && inner) {
			continue
		}
		n := &f.out.Nodes[ids[i]]
		for k, a := range n.Args {
			n.Args[k] = ids[a]
		}
		switch n.Op {
		case OpReg:
			r := &f.out.Regs[n.Imm]
			r.Next = ids[r.Next]
		case OpMemQ:
			p := &f.out.Mems[n.Imm]
			p.WEn, p.WAddr, p.WData, p.RAddr = ids[p.WEn], ids[p.WAddr], ids[p.WData], ids[p.RAddr]
		}
	}
}

func (f *flattener) copyInst(m *Module, i int, prefix string, over Shape, axes []int, ids []ID) error {
	in := &m.Insts[i]
	name := prefixed(prefix, in.Name)
	innerOver := over
	for _, a := range in.Over.Axes() {
		innerOver = innerOver.With(axes[a])
	}
	innerAxes := make([]int, len(in.Mod.Axes))
	for k, a := range in.Mod.Axes {
		if o := m.AxisIndex(a.Name); o >= 0 {
			innerAxes[k] = axes[o]
			continue
		}
		if len(f.out.Axes) == MaxAxes {
			return fmt.Errorf("flattened: more than %d axes", MaxAxes)
		}
		innerAxes[k] = len(f.out.Axes)
		f.out.Axes = append(f.out.Axes, Axis{f.freshAxis(prefixed(name, a.Name)), a.Size})
	}
	drivers := make([]ID, len(in.In))
	for k, p := range in.Mod.Inputs {
		// The axes of the inner port must be there, because operators inside may
		// fold them; the axes of the placement need not. Settle adds the driver's.
		var port Shape
		for _, a := range in.Mod.Nodes[p.Node].Shape.Axes() {
			port = port.With(innerAxes[a])
		}
		drivers[k] = f.push(Node{Op: OpBcast, Width: in.Mod.Nodes[p.Node].Width, Args: []ID{ids[in.In[k]]}, Shape: port})
	}
	inner, err := f.copyModule(in.Mod, name, innerOver, innerAxes, drivers)
	if err != nil {
		return err
	}
	for k, p := range in.Mod.Outputs {
		f.out.Nodes[ids[in.Out[k]]].Args[0] = inner[p.Node]
	}
	return nil
}
