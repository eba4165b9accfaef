package power

import (
	"fmt"
	"slices"

	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/timing"
)

// gate is a cell output as a truth table of its inputs.
type gate struct {
	in    []int  // nets
	table uint64 // bit i: the output where input k is bit k of i
	out   int
	cell  int // its index in the netlist
}

// flop is an output of a flip-flop.
type flop struct {
	d, q   int // nets
	invert bool
	cell   int
	pin    *liberty.Pin
}

// logic is a netlist as gates in order and flip-flops.
type logic struct {
	n     *netlist.Netlist
	gates []gate
	flops []flop
}

func newLogic(n *netlist.Netlist) (*logic, error) {
	if len(n.Blocks) > 0 {
		return nil, fmt.Errorf("power: netlist %s has %d blocks that are not gates", n.Name, len(n.Blocks))
	}
	order, err := timing.Order(n)
	if err != nil {
		return nil, err
	}
	l := &logic{n: n}
	for _, i := range order {
		c := &n.Cells[i]
		for k, p := range c.Kind.Pins {
			if p.Dir != liberty.Out || c.Pins[k] < 0 {
				continue
			}
			if ff := c.Kind.FF; ff != nil {
				inv, err := inverted(ff, p)
				if err != nil {
					return nil, fmt.Errorf("power: cell %s: %w", c.Kind.Name, err)
				}
				l.flops = append(l.flops, flop{d: c.Pin(ff.Next.Vars[0]), q: c.Pins[k], invert: inv, cell: i, pin: p})
				continue
			}
			g, err := newGate(c, p, c.Pins[k], i)
			if err != nil {
				return nil, err
			}
			l.gates = append(l.gates, g)
		}
	}
	return l, nil
}

// inverted tells whether an output of a flip-flop is the complement of its data.
func inverted(ff *liberty.FF, p *liberty.Pin) (bool, error) {
	next, err1 := ff.Next.Truth(ff.Next.Vars)
	out, err2 := p.Function.Truth(p.Function.Vars)
	if err1 != nil || err2 != nil {
		return false, fmt.Errorf("not a plain flip-flop")
	}
	inv := next&3 == 0b01
	if out&3 == 0b01 {
		inv = !inv
	}
	if p.Function.Vars[0] == ff.Inverse {
		inv = !inv
	}
	return inv, nil
}

func newGate(c *netlist.Cell, p *liberty.Pin, out, cell int) (gate, error) {
	g := gate{out: out, cell: cell}
	var names []string
	for k, in := range c.Kind.Pins {
		if in.Dir == liberty.In && slices.Contains(p.Function.Vars, in.Name) {
			names = append(names, in.Name)
			g.in = append(g.in, c.Pins[k])
		}
	}
	table, err := p.Function.Truth(names)
	if err != nil {
		return g, fmt.Errorf("power: cell %s: %w", c.Kind.Name, err)
	}
	g.table = table
	return g, nil
}
