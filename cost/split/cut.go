package split

import (
	"fmt"
	"slices"

	"tpe/hw"
)

// cutter cuts one module.
type cutter struct {
	m        *hw.Module
	parallel hw.Shape // axes that pieces do not contain
	cut      []bool   // nodes that are the edge of a piece: they come from outside
	leaves   []bool   // nodes whose value is used outside the logic
}

func newCutter(m *hw.Module) *cutter {
	c := &cutter{m: m, parallel: 1<<len(m.Axes) - 1, cut: make([]bool, len(m.Nodes)), leaves: make([]bool, len(m.Nodes))}
	for i := range m.Nodes {
		if n := &m.Nodes[i]; n.Op == hw.OpReduce || n.Op == hw.OpSelect {
			c.parallel = c.parallel.Without(n.Axis)
		}
	}
	for i := range m.Nodes {
		c.cut[i] = c.isCut(&m.Nodes[i])
	}
	c.markUses()
	return c
}

// isCut tells whether a node's value enters the logic from outside: it is stored or
// computed elsewhere, or comes from another lane.
func (c *cutter) isCut(n *hw.Node) bool {
	switch n.Op {
	case hw.OpInput, hw.OpInstOut, hw.OpMemQ, hw.OpDelay:
		return true
	case hw.OpCoord, hw.OpShift, hw.OpRotate, hw.OpIndex, hw.OpPack:
		return c.parallel.Has(n.Axis)
	case hw.OpStride:
		return c.parallel.Has(n.Axis) || c.parallel.Has(n.To[0])
	case hw.OpSplit:
		return c.parallel.Has(n.Axis) || c.parallel.Has(n.To[0]) || c.parallel.Has(n.To[1])
	case hw.OpBcast:
		return c.group(n) != c.group(&c.m.Nodes[n.Args[0]])
	}
	return false
}

// group is the part of a node's shape by which pieces are told apart.
func (c *cutter) group(n *hw.Node) hw.Shape { return n.Shape & c.parallel }

// markUses finds the values that leave the logic.
func (c *cutter) markUses() {
	m := c.m
	use := func(id hw.ID) {
		if id >= 0 && !c.cut[id] {
			c.leaves[id] = true
		}
	}
	for _, p := range m.Outputs {
		use(p.Node)
	}
	for i := range m.Insts {
		for _, id := range m.Insts[i].In {
			use(id)
		}
	}
	for i := range m.Mems {
		p := &m.Mems[i]
		use(p.WEn)
		use(p.WAddr)
		use(p.WData)
		use(p.RAddr)
	}
	across := func(from hw.ID, to *hw.Node) {
		if c.group(&m.Nodes[from]) != c.group(to) && m.Nodes[from].Op != hw.OpConst {
			use(from)
		}
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		for _, a := range n.Args {
			if c.cut[i] {
				use(a)
			} else {
				across(a, n)
			}
		}
	}
	for i := range m.Regs {
		across(m.Regs[i].Next, &m.Nodes[m.Regs[i].Node])
	}
}

// shapes lists the groups that logic stands in.
func (c *cutter) shapes() []hw.Shape {
	var list []hw.Shape
	for i := range c.m.Nodes {
		if n := &c.m.Nodes[i]; !c.cut[i] && !slices.Contains(list, c.group(n)) {
			list = append(list, c.group(n))
		}
	}
	slices.Sort(list)
	return list
}

// piece copies the logic of one group; false if there is nothing but wires.
func (c *cutter) piece(s hw.Shape, number int) (Piece, bool, error) {
	b := &piecer{c: c, shape: s, at: map[hw.ID]hw.ID{}, names: map[string]bool{},
		out: &hw.Module{Name: c.name(number)}}
	axes := map[int]int{}
	for a, axis := range c.m.Axes {
		if !c.parallel.Has(a) {
			axes[a] = len(b.out.Axes)
			b.out.Axes = append(b.out.Axes, axis)
		}
	}
	b.axes = axes
	p := Piece{Module: b.out, Shape: s, Lanes: c.m.Lanes(s)}
	var live []hw.ID
	for i := range c.m.Nodes {
		if n := &c.m.Nodes[i]; !c.cut[i] && c.group(n) == s && c.leaves[i] && n.Op != hw.OpConst {
			live = append(live, hw.ID(i))
		}
	}
	if !b.copyCone(live) {
		return p, false, nil
	}
	b.outputs(live)
	p.In, p.Out = b.in, live
	if err := hw.Verify(b.out); err != nil {
		return p, false, err
	}
	return p, true, nil
}

// name is the module's name, with a number for all pieces but the first.
func (c *cutter) name(number int) string {
	if number == 0 {
		return c.m.Name
	}
	return fmt.Sprintf("%s_%d", c.m.Name, number+1)
}

// isWire tells whether an operator costs nothing.
func isWire(op hw.Op) bool {
	switch op {
	case hw.OpConst, hw.OpWire, hw.OpZext, hw.OpSext, hw.OpSlice, hw.OpCat, hw.OpCoord, hw.OpBcast,
		hw.OpShift, hw.OpRotate, hw.OpIndex, hw.OpStride, hw.OpSplit, hw.OpPack:
		return true
	}
	return false
}

// piecer builds one piece.
type piecer struct {
	c     *cutter
	shape hw.Shape
	axes  map[int]int // of the part's module to those of the piece
	at    map[hw.ID]hw.ID
	names map[string]bool
	in    []hw.ID
	out   *hw.Module
}

// inside tells whether a node's logic belongs to the piece.
func (b *piecer) inside(id hw.ID) bool {
	n := &b.c.m.Nodes[id]
	return n.Op == hw.OpConst || !b.c.cut[id] && b.c.group(n) == b.shape
}

// operands lists what a node in the piece is computed from, registers included.
func (b *piecer) operands(id hw.ID) []hw.ID {
	n := &b.c.m.Nodes[id]
	if n.Op == hw.OpReg {
		return []hw.ID{b.c.m.Regs[n.Imm].Next}
	}
	return n.Args
}

// copyCone copies all that the given nodes need, in the order of the source, and tells
// whether some of it is logic.
func (b *piecer) copyCone(live []hw.ID) bool {
	m := b.c.m
	need := make([]bool, len(m.Nodes))
	todo := slices.Clone(live)
	for _, id := range todo {
		need[id] = true
	}
	logic := false
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !b.inside(id) {
			continue
		}
		logic = logic || !isWire(m.Nodes[id].Op)
		for _, a := range b.operands(id) {
			if !need[a] {
				need[a] = true
				todo = append(todo, a)
			}
		}
	}
	if !logic {
		return false
	}
	for i := range m.Nodes {
		if need[i] {
			b.at[hw.ID(i)] = hw.ID(len(b.at))
			if name := m.Nodes[i].Name; name != "" && b.inside(hw.ID(i)) {
				b.names[name] = true
			}
		}
	}
	for i := range m.Nodes {
		if need[i] {
			b.copyNode(hw.ID(i))
		}
	}
	return true
}

func (b *piecer) copyNode(id hw.ID) {
	n := b.c.m.Nodes[id]
	self := b.at[id]
	n.Shape = b.shapeOf(n.Shape)
	if !b.inside(id) {
		name := b.fresh(b.base(id), "_i")
		port := hw.Node{Op: hw.OpInput, Width: n.Width, Shape: n.Shape, Name: name, Imm: uint64(len(b.out.Inputs))}
		b.out.Nodes = append(b.out.Nodes, port)
		b.out.Inputs = append(b.out.Inputs, hw.Port{Name: name, Node: self})
		b.in = append(b.in, id)
		return
	}
	args := make([]hw.ID, len(n.Args))
	for k, a := range n.Args {
		args[k] = b.at[a]
	}
	n.Args = args
	switch n.Op {
	case hw.OpCoord, hw.OpShift, hw.OpRotate, hw.OpIndex, hw.OpSelect, hw.OpReduce, hw.OpStride, hw.OpSplit, hw.OpPack:
		n.Axis = b.axes[n.Axis]
	}
	switch n.Op {
	case hw.OpStride:
		n.To[0] = b.axes[n.To[0]]
	case hw.OpSplit:
		n.To = [2]int{b.axes[n.To[0]], b.axes[n.To[1]]}
	case hw.OpReg:
		r := b.c.m.Regs[n.Imm]
		n.Imm = uint64(len(b.out.Regs))
		b.out.Regs = append(b.out.Regs, hw.Reg{Node: self, Next: b.at[r.Next], Reset: r.Reset})
	case hw.OpRom:
		rom := b.c.m.Roms[n.Imm]
		n.Imm = uint64(len(b.out.Roms))
		b.out.Roms = append(b.out.Roms, rom)
		rom.Name = fmt.Sprintf("%s_%d", rom.Name, n.Imm)
		b.out.Roms[n.Imm] = rom
	}
	b.out.Nodes = append(b.out.Nodes, n)
}

// shapeOf keeps the axes that the piece has.
func (b *piecer) shapeOf(s hw.Shape) hw.Shape {
	var out hw.Shape
	for _, a := range s.Axes() {
		if k, ok := b.axes[a]; ok {
			out = out.With(k)
		}
	}
	return out
}

// base is a name for a node.
func (b *piecer) base(id hw.ID) string {
	if name := b.c.m.Nodes[id].Name; name != "" {
		return name
	}
	return fmt.Sprintf("n%d", id)
}

// fresh returns base with the ending, made unique.
func (b *piecer) fresh(base, ending string) string {
	if len(base) > 2 && base[len(base)-2:] == ending {
		base = base[:len(base)-2]
	}
	name := base + ending
	for k := 2; b.names[name]; k++ {
		name = fmt.Sprintf("%s_%d%s", base, k, ending)
	}
	b.names[name] = true
	return name
}

func (b *piecer) outputs(live []hw.ID) {
	for _, id := range live {
		b.out.Outputs = append(b.out.Outputs, hw.Port{Name: b.fresh(b.base(id), "_o"), Node: b.at[id]})
	}
}
