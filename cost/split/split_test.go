package split_test

import (
	"testing"

	"tpe/arch"
	"tpe/cost/split"
	"tpe/hw"
)

// TestConservation holds that the parts of every preset hold its flip-flops, memory bits
// and multipliers, no more and no fewer.
func TestConservation(t *testing.T) {
	for _, p := range arch.Representatives() {
		c := p.Config
		for _, size := range [][2]int{{c.Rows, c.Cols}, {3, 5}, {1, 1}} {
			if c.Rows, c.Cols = size[0], size[1]; len(c.Validate()) > 0 {
				continue
			}
			e, err := arch.Build(c)
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			parts, err := split.Engine(e.Top)
			if err != nil {
				t.Errorf("%s %v: %v", p.Name, size, err)
				continue
			}
			got, want := ofParts(parts), ofFlat(e.Flat)
			if got != want {
				t.Errorf("%s %v: parts hold %+v, the flat graph %+v", p.Name, size, got, want)
			}
		}
	}
}

type holds struct{ regs, delays, memory, products int }

func ofFlat(m *hw.Module) holds {
	var h holds
	for _, i := range live(m) {
		n := &m.Nodes[i]
		bits := n.Width * m.Lanes(n.Shape)
		switch n.Op {
		case hw.OpReg:
			h.regs += bits
		case hw.OpMulS, hw.OpMulU, hw.OpMulSU, hw.OpBooth4:
			h.products += bits
		case hw.OpMemQ:
			h.memory += bits * m.Mems[n.Imm].Depth
		case hw.OpDelay:
			for _, d := range m.Delays(i) {
				h.delays += d * n.Width
			}
		}
	}
	return h
}

// live lists the nodes that reach an output: assertions are no hardware.
func live(m *hw.Module) (list []hw.ID) {
	seen := make([]bool, len(m.Nodes))
	visit := func(ids ...hw.ID) {
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				list = append(list, id)
			}
		}
	}
	for _, p := range m.Outputs {
		visit(p.Node)
	}
	for i := 0; i < len(list); i++ {
		n := &m.Nodes[list[i]]
		visit(n.Args...)
		switch n.Op {
		case hw.OpReg:
			visit(m.Regs[n.Imm].Next)
		case hw.OpMemQ:
			p := &m.Mems[n.Imm]
			visit(p.WEn, p.WAddr, p.WData, p.RAddr)
		}
	}
	return list
}

func ofParts(parts []split.Part) holds {
	var h holds
	for _, p := range parts {
		for _, x := range p.Pieces {
			in := ofFlat(x.Module)
			h.regs += in.regs * x.Lanes * p.Count
			h.products += in.products * x.Lanes * p.Count
		}
		for _, d := range p.Delays {
			h.delays += d.Bits * p.Count
		}
		for _, m := range p.Mems {
			h.memory += m.Bits() * p.Count
		}
	}
	return h
}

// TestCut has every kind of edge between lanes.
func TestCut(t *testing.T) {
	b := hw.New("m", "")
	row, k := b.Axis("row", 6), b.Axis("k", 4)
	x, y := b.In("x_i", 8, row, k), b.In("y_i", 8, row)
	scalar := b.Not(b.In("s_i", 8))
	sum := b.Reduce(k, hw.OpAdd, b.And(x, y)) // k stays whole
	next := b.Shift(row, +1, b.Add(sum, scalar), b.Const(8, 0))
	b.Out("z_o", b.Pipe("z", b.Xor(next, y)))
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	p, err := split.Module(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Pieces) != 2 {
		t.Fatalf("%d pieces, want the scalar and the row", len(p.Pieces))
	}
	s, r := p.Pieces[0], p.Pieces[1]
	if s.Lanes != 1 || len(s.In) != 1 || len(s.Out) != 1 || len(s.Module.Axes) != 1 {
		t.Errorf("scalar piece: %d lanes, %d inputs, %d outputs", s.Lanes, len(s.In), len(s.Out))
	}
	// x, y, the scalar, and what the neighbour sends; z and what goes to the neighbour.
	if r.Lanes != 6 || len(r.In) != 4 || len(r.Out) != 2 || r.Module.Axes[0] != (hw.Axis{Name: "k", Size: 4}) {
		t.Errorf("row piece: %d lanes, %d inputs, %d outputs, axes %v", r.Lanes, len(r.In), len(r.Out), r.Module.Axes)
	}
	if r.Module.Lanes(r.Module.Nodes[r.Module.Inputs[0].Node].Shape) != 4 {
		t.Errorf("input x has %d lanes, want 4", r.Module.Lanes(r.Module.Nodes[r.Module.Inputs[0].Node].Shape))
	}
}
