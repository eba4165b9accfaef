package blast

import (
	"fmt"

	"tpe/hw"
)

// Design is a module as bits.
type Design struct {
	*Graph
	Inputs  [][]Lit // by input port: lane 0 first, low bit first
	Outputs [][]Lit
	Flops   []Flop
}

// Flop is a flip-flop with a synchronous reset that is not part of the graph's logic.
type Flop struct {
	Name string
	Q    Lit // an input of the graph
	D    Lit
	Init bool // what it takes under reset
}

// Adder is how additions are built.
type Adder int

// Adders.
const (
	BrentKung Adder = iota // as Yosys makes them, and what is left of it when mapping looks at delay
	Ripple                 // what is left of it when mapping looks at area
)

// Module blasts a module without instances, memories and delays.
func Module(m *hw.Module, adder Adder) (*Design, error) {
	b := &blaster{m: m, d: &Design{Graph: NewGraph()}, val: make([][]word, len(m.Nodes))}
	b.d.ripple = adder == Ripple
	if len(m.Insts) > 0 || len(m.Mems) > 0 {
		return nil, fmt.Errorf("blast: module %s has instances or memories", m.Name)
	}
	order, err := hw.Order(m)
	if err != nil {
		return nil, err
	}
	b.d.Inputs = make([][]Lit, len(m.Inputs))
	for i, p := range m.Inputs { // ports first: their order does not depend on the logic
		b.val[p.Node] = b.fresh(p.Node)
		b.d.Inputs[i] = flat(b.val[p.Node])
	}
	for i := range m.Regs {
		b.val[m.Regs[i].Node] = b.fresh(m.Regs[i].Node)
	}
	for _, id := range order {
		if b.val[id] != nil {
			continue
		}
		if err := b.node(id); err != nil {
			return nil, err
		}
	}
	for _, p := range m.Outputs {
		b.d.Outputs = append(b.d.Outputs, flat(b.val[p.Node]))
	}
	for i := range m.Regs {
		b.flops(&m.Regs[i])
	}
	return b.d, nil
}

type blaster struct {
	m   *hw.Module
	d   *Design
	val [][]word // by node and lane
}

func (b *blaster) fresh(id hw.ID) []word {
	n := &b.m.Nodes[id]
	out := make([]word, b.m.Lanes(n.Shape))
	for l := range out {
		out[l] = make(word, n.Width)
		for i := range out[l] {
			out[l][i] = b.d.Input()
		}
	}
	return out
}

func flat(lanes []word) []Lit {
	var out []Lit
	for _, w := range lanes {
		out = append(out, w...)
	}
	return out
}

func (b *blaster) flops(r *hw.Reg) {
	n := &b.m.Nodes[r.Node]
	at := b.m.Map(b.m.Nodes[r.Next].Shape, n.Shape)
	for l, q := range b.val[r.Node] {
		d := b.val[r.Next][at[l]]
		for i := range q {
			name := fmt.Sprintf("%s[%d]", n.Name, l*n.Width+i)
			b.d.Flops = append(b.d.Flops, Flop{name, q[i], d[i], r.Reset>>i&1 == 1})
		}
	}
}

func (b *blaster) node(id hw.ID) error {
	n := &b.m.Nodes[id]
	lanes := b.m.Lanes(n.Shape)
	out := make([]word, lanes)
	switch {
	case n.Op == hw.OpConst:
		for l := range out {
			out[l] = constant(n.Width, n.Imm)
		}
	case n.Op == hw.OpCoord:
		for l, c := range b.m.Coords(n.Shape, n.Axis) {
			out[l] = constant(n.Width, uint64(c))
		}
	case n.Op == hw.OpDelay:
		return fmt.Errorf("blast: module %s has a delay", b.m.Name)
	case n.Op.Kind() == hw.KindWire:
		b.wire(n, out)
	default:
		maps := make([][]int32, len(n.Args))
		for k, a := range n.Args {
			maps[k] = b.m.Map(b.m.Nodes[a].Shape, n.Shape)
		}
		args := make([]word, len(n.Args))
		for l := range out {
			for k, a := range n.Args {
				args[k] = b.val[a][maps[k][l]]
			}
			w, err := b.lane(n, args)
			if err != nil {
				return err
			}
			out[l] = w
		}
	}
	b.val[id] = out
	return nil
}

// wire is an operator between lanes.
func (b *blaster) wire(n *hw.Node, out []word) {
	m := b.m
	x := n.Args[0]
	xs := m.Nodes[x].Shape
	// at reads x where the lane of the result is, at coordinate c of the node's axis (a
	// step from coordinate own).
	from := m.Map(xs, n.Shape)
	at := func(l, step int) word { return b.val[x][int(from[l])+step*m.Stride(xs, n.Axis)] }
	var other []int32
	if len(n.Args) > 1 {
		other = m.Map(m.Nodes[n.Args[1]].Shape, n.Shape)
	}
	second := func(l int) word { return b.val[n.Args[1]][other[l]] }
	coords := map[int][]int{}
	coord := func(axis, l int) int {
		if coords[axis] == nil {
			coords[axis] = m.Coords(n.Shape, axis)
		}
		return coords[axis][l]
	}
	size := 0
	if n.Op != hw.OpBcast {
		size = m.Axes[n.Axis].Size
	}
	for l := range out {
		switch n.Op {
		case hw.OpBcast:
			out[l] = b.val[x][from[l]]
		case hw.OpShift, hw.OpRotate:
			own := coord(n.Axis, l)
			c := own - n.K
			if n.Op == hw.OpRotate {
				c = (c + size) % size
			}
			if c < 0 || c >= size {
				out[l] = second(l)
			} else {
				out[l] = at(l, c-own)
			}
		case hw.OpIndex:
			out[l] = at(l, n.K)
		case hw.OpSelect:
			out[l] = b.choose(n, second(l), func(c int) word { return at(l, c) }, size)
		case hw.OpReduce:
			level := make([]word, size)
			for c := range level {
				level[c] = at(l, c)
			}
			out[l] = b.reduce(n.Sub, level)
		case hw.OpStride:
			if c := n.K + n.Step*coord(n.To[0], l); c < size {
				out[l] = at(l, c)
			} else {
				out[l] = second(l)
			}
		case hw.OpSplit:
			if c := coord(n.To[0], l)*m.Axes[n.To[1]].Size + coord(n.To[1], l); c < size {
				out[l] = at(l, c)
			} else {
				out[l] = second(l)
			}
		case hw.OpPack:
			w := make(word, size)
			for c := range w {
				w[c] = at(l, c)[0]
			}
			out[l] = w
		}
	}
}

// choose is the lane numbered by index, 0 past the end.
func (b *blaster) choose(n *hw.Node, index word, lane func(c int) word, size int) word {
	g := b.d.Graph
	level := make([]word, size)
	for c := range level {
		level[c] = lane(c)
	}
	zero := constant(n.Width, 0)
	for k, s := range index {
		if len(level) == 1 && k > 0 {
			level = append(level, zero)
		}
		half := make([]word, 0, (len(level)+1)/2)
		for i := 0; i < len(level); i += 2 {
			high := zero
			if i+1 < len(level) {
				high = level[i+1]
			}
			half = append(half, g.mux(s, high, level[i]))
		}
		level = half
	}
	return level[0]
}

func (b *blaster) reduce(op hw.Op, level []word) word {
	for len(level) > 1 {
		var half []word
		for i := 0; i < len(level); i += 2 {
			if i+1 == len(level) {
				half = append(half, level[i])
			} else {
				half = append(half, b.d.two(op, level[i], level[i+1]))
			}
		}
		level = half
	}
	return level[0]
}
