package split

import (
	"crypto/sha256"
	"fmt"

	"tpe/hw"
)

// Part is one module of a hierarchy, apart from those below it.
type Part struct {
	Module *hw.Module
	Count  int // how often the whole hierarchy holds it
	Pieces []Piece
	Delays []Delay
	Mems   []Memory
}

// Piece is one lane of the logic of one shape.
type Piece struct {
	Module *hw.Module // no instances, memories or delays
	Shape  hw.Shape   // of the part's module: the axes over which it stands
	Lanes  int        // how often the part holds it
	In     []hw.ID    // the node of the part's module behind each input
	Out    []hw.ID    // the same of the outputs
}

// Delay is a delay line.
type Delay struct {
	Node hw.ID
	Bits int // flip-flops over all lanes
}

// Memory is a memory with one read and one write port. Lanes that share both
// addresses are one memory of wide words.
type Memory struct {
	Node  hw.ID
	Name  string
	Depth int // words
	Width int // bits of a word of one lane
	Wide  int // lanes side by side
	Count int // memories in the part
}

// Bits is the capacity of all of them.
func (m *Memory) Bits() int { return m.Depth * m.Width * m.Wide * m.Count }

// Engine takes a hierarchy apart. Modules that are equal are one part; the top comes
// first, and a module before those that it places.
func Engine(top *hw.Module) ([]Part, error) {
	list := top.Modules()
	same := map[[32]byte]*hw.Module{}
	first := map[*hw.Module]*hw.Module{}
	count := map[*hw.Module]int{}
	for _, m := range list {
		h := sha256.New()
		if err := hw.WriteText(h, m); err != nil {
			return nil, err
		}
		key := [32]byte(h.Sum(nil))
		if same[key] == nil {
			same[key] = m
		}
		first[m] = same[key]
	}
	count[top]++
	var parts []Part
	for i := len(list) - 1; i >= 0; i-- { // users before what they use
		m := list[i]
		if first[m] != m {
			continue
		}
		for k := range m.Insts {
			in := &m.Insts[k]
			count[first[in.Mod]] += count[m] * m.Lanes(in.Over)
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if m := list[i]; first[m] == m {
			p, err := Module(m)
			if err != nil {
				return nil, err
			}
			p.Count = count[m]
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// Module takes one module apart; Count is 1.
func Module(m *hw.Module) (Part, error) {
	c := newCutter(m)
	p := Part{Module: m, Count: 1}
	for _, s := range c.shapes() {
		piece, ok, err := c.piece(s, len(p.Pieces))
		if err != nil {
			return p, fmt.Errorf("split: module %s: %w", m.Name, err)
		}
		if ok {
			p.Pieces = append(p.Pieces, piece)
		}
	}
	for i := range m.Nodes {
		if m.Nodes[i].Op != hw.OpDelay {
			continue
		}
		bits := 0
		for _, d := range m.Delays(hw.ID(i)) {
			bits += d * m.Nodes[i].Width
		}
		p.Delays = append(p.Delays, Delay{hw.ID(i), bits})
	}
	for i := range m.Mems {
		p.Mems = append(p.Mems, memory(m, &m.Mems[i]))
	}
	return p, nil
}

func memory(m *hw.Module, mem *hw.Mem) Memory {
	n := &m.Nodes[mem.Node]
	own := m.Nodes[mem.WAddr].Shape | m.Nodes[mem.RAddr].Shape | m.Nodes[mem.WEn].Shape
	lanes, count := m.Lanes(n.Shape), m.Lanes(n.Shape&own)
	return Memory{Node: mem.Node, Name: mem.Name, Depth: mem.Depth, Width: n.Width, Wide: lanes / count, Count: count}
}
