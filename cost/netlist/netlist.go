// Package netlist holds a synthesised module: cells of a library and the nets that
// connect them, as Yosys writes them in JSON ([Read]).
package netlist

import (
	"fmt"
	"slices"

	"tpe/cost/liberty"
)

// Nets 0 and 1 are the constants.
const (
	Const0 = 0
	Const1 = 1
	// Open marks a pin without a net.
	Open = -1
)

// Netlist is one module: gates, flip-flops and, where it places other modules,
// blocks.
type Netlist struct {
	Name    string
	Library *liberty.Library
	Nets    []string // their names; 0 and 1 are the constants
	Cells   []Cell
	Blocks  []Block
	Inputs  []Port
	Outputs []Port
	Clock   int // the net of the input clk_i, [Open] if the module has none
}

// Cell is a placed cell; Pins has the net of each of its Kind.Pins.
type Cell struct {
	Kind *liberty.Cell
	Pins []int
}

// Block is a placed module that is not part of the netlist.
type Block struct {
	Name       string
	Module     string
	Parameters map[string]int
	Pins       []BlockPin // by name
}

// BlockPin is a port of a block.
type BlockPin struct {
	Name string
	Out  bool
	Nets []int // low bit first
}

// Port is a port of the module.
type Port struct {
	Name string
	Nets []int // low bit first
}

// Area is the sum over the cells, in the library's unit.
func (n *Netlist) Area() float64 {
	comb, ff := n.Areas()
	return comb + ff
}

// Areas parts the area into gates and flip-flops.
func (n *Netlist) Areas() (gates, flops float64) {
	for i := range n.Cells {
		if k := n.Cells[i].Kind; k.FF != nil {
			flops += k.Area
		} else {
			gates += k.Area
		}
	}
	return gates, flops
}

// FlipFlops counts them.
func (n *Netlist) FlipFlops() int {
	count := 0
	for i := range n.Cells {
		if n.Cells[i].Kind.FF != nil {
			count++
		}
	}
	return count
}

// Leakage is the sum over the cells in nW.
func (n *Netlist) Leakage() float64 {
	sum := 0.0
	for i := range n.Cells {
		sum += n.Cells[i].Kind.Leakage
	}
	return sum
}

// Count is a number of cells of one kind.
type Count struct {
	Cell  string  `json:"cell"`
	Count int     `json:"count"`
	Area  float64 `json:"area"` // of all of them
}

// Histogram counts the cells by name.
func (n *Netlist) Histogram() []Count {
	at := map[*liberty.Cell]int{}
	for i := range n.Cells {
		at[n.Cells[i].Kind]++
	}
	var list []Count
	for k, c := range at {
		list = append(list, Count{k.Name, c, float64(c) * k.Area})
	}
	slices.SortFunc(list, func(a, b Count) int {
		if a.Cell < b.Cell {
			return -1
		}
		return 1
	})
	return list
}

// Pin returns the net of a pin by name.
func (c *Cell) Pin(name string) int {
	for i, p := range c.Kind.Pins {
		if p.Name == name {
			return c.Pins[i]
		}
	}
	return Open
}

// Input returns the input port of that name.
func (n *Netlist) Input(name string) (Port, bool) { return find(n.Inputs, name) }

// Output returns the output port of that name.
func (n *Netlist) Output(name string) (Port, bool) { return find(n.Outputs, name) }

func find(ports []Port, name string) (Port, bool) {
	for _, p := range ports {
		if p.Name == name {
			return p, true
		}
	}
	return Port{}, false
}

// Check holds that every net but constants and inputs has one driver, and that every
// input pin of a cell has a net.
func (n *Netlist) Check() error {
	driver := make([]int, len(n.Nets))
	driver[Const0], driver[Const1] = 1, 1
	drive := func(net int) {
		if net != Open {
			driver[net]++
		}
	}
	for _, p := range n.Inputs {
		for _, net := range p.Nets {
			drive(net)
		}
	}
	for i := range n.Cells {
		c := &n.Cells[i]
		for k, p := range c.Kind.Pins {
			switch {
			case p.Dir == liberty.Out:
				drive(c.Pins[k])
			case c.Pins[k] == Open:
				return fmt.Errorf("netlist %s: a %s has no net at pin %s", n.Name, c.Kind.Name, p.Name)
			}
		}
	}
	for _, b := range n.Blocks {
		for _, p := range b.Pins {
			for _, net := range p.Nets {
				if p.Out {
					drive(net)
				}
			}
		}
	}
	read := func(net int) error {
		if net >= 0 && driver[net] != 1 {
			return fmt.Errorf("netlist %s: net %s has %d drivers (expected 1)", n.Name, n.Nets[net], driver[net])
		}
		return nil
	}
	for i := range n.Cells {
		for _, net := range n.Cells[i].Pins {
			if err := read(net); err != nil {
				return err
			}
		}
	}
	for _, p := range n.Outputs {
		for _, net := range p.Nets {
			if err := read(net); err != nil {
				return err
			}
		}
	}
	return nil
}
