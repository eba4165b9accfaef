package netlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tpe/cost/liberty"
)

// yosysFile is the part of Yosys' JSON that is used.
type yosysFile struct {
	Modules map[string]yosysModule `json:"modules"`
}

type yosysModule struct {
	Ports    map[string]yosysPort `json:"ports"`
	Cells    map[string]yosysCell `json:"cells"`
	NetNames map[string]yosysNet  `json:"netnames"`
}

type yosysPort struct {
	Direction string     `json:"direction"`
	Bits      []yosysBit `json:"bits"`
}

type yosysCell struct {
	Type        string                `json:"type"`
	Parameters  map[string]any        `json:"parameters"`
	Directions  map[string]string     `json:"port_directions"`
	Connections map[string][]yosysBit `json:"connections"`
}

type yosysNet struct {
	Hide int        `json:"hide_name"`
	Bits []yosysBit `json:"bits"`
}

// yosysBit is a net's number, at least 2, or a constant: 0, 1; x and z count as 0.
type yosysBit int

// UnmarshalJSON implements json.Unmarshaler.
func (b *yosysBit) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"1"`:
		*b = Const1
		return nil
	case `"0"`, `"x"`, `"z"`:
		*b = Const0
		return nil
	}
	v, err := strconv.Atoi(string(text))
	if err != nil || v < 2 {
		return fmt.Errorf("not a net: %s", text)
	}
	*b = yosysBit(v)
	return nil
}

// Read reads module top of a JSON file of Yosys. Cells that the library does not have
// are blocks. Cells, nets and blocks have an order that depends on the text alone.
func Read(text []byte, top string, lib *liberty.Library) (*Netlist, error) {
	var f yosysFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("netlist of %s: %w", top, err)
	}
	m, ok := f.Modules[top]
	if !ok {
		return nil, fmt.Errorf("netlist: no module %s (there are %s)", top, strings.Join(slices.Sorted(maps.Keys(f.Modules)), ", "))
	}
	r := &builder{out: &Netlist{Name: top, Library: lib, Clock: Open, Nets: []string{"0", "1"}}, nets: map[yosysBit]int{Const0: 0, Const1: 1}}
	for _, name := range slices.Sorted(maps.Keys(m.Ports)) {
		p := m.Ports[name]
		port := Port{name, r.all(p.Bits)}
		switch p.Direction {
		case "input":
			r.out.Inputs = append(r.out.Inputs, port)
			if name == "clk_i" && len(port.Nets) == 1 {
				r.out.Clock = port.Nets[0]
			}
		case "output":
			r.out.Outputs = append(r.out.Outputs, port)
		default:
			return nil, fmt.Errorf("netlist of %s: port %s is an %s", top, name, p.Direction)
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m.Cells)) {
		errs = append(errs, r.cell(name, m.Cells[name]))
	}
	r.names(m.NetNames)
	errs = append(errs, r.out.Check())
	return r.out, errors.Join(errs...)
}

type builder struct {
	out  *Netlist
	nets map[yosysBit]int
}

func (r *builder) net(b yosysBit) int {
	n, ok := r.nets[b]
	if !ok {
		n = len(r.out.Nets)
		r.nets[b] = n
		r.out.Nets = append(r.out.Nets, "n"+strconv.Itoa(n))
	}
	return n
}

func (r *builder) all(bits []yosysBit) []int {
	out := make([]int, len(bits))
	for i, b := range bits {
		out[i] = r.net(b)
	}
	return out
}

func (r *builder) cell(name string, y yosysCell) error {
	kind := r.out.Library.Cell(y.Type)
	if kind == nil {
		return r.block(name, y)
	}
	c := Cell{Kind: kind, Pins: make([]int, len(kind.Pins))}
	for i, p := range kind.Pins {
		c.Pins[i] = Open
		if bits := y.Connections[p.Name]; len(bits) == 1 {
			c.Pins[i] = r.net(bits[0])
		}
	}
	r.out.Cells = append(r.out.Cells, c)
	return nil
}

func (r *builder) block(name string, y yosysCell) error {
	if strings.HasPrefix(y.Type, "$") {
		return fmt.Errorf("netlist of %s: cell %s of type %s was not mapped", r.out.Name, name, y.Type)
	}
	b := Block{Name: name, Module: y.Type, Parameters: map[string]int{}}
	for p, v := range y.Parameters {
		x, err := parameter(v)
		if err != nil {
			return fmt.Errorf("netlist of %s: block %s, parameter %s: %w", r.out.Name, name, p, err)
		}
		b.Parameters[p] = x
	}
	for _, p := range slices.Sorted(maps.Keys(y.Connections)) {
		dir, ok := y.Directions[p]
		if !ok {
			return fmt.Errorf("netlist of %s: block %s, port %s has no direction", r.out.Name, name, p)
		}
		b.Pins = append(b.Pins, BlockPin{p, dir == "output", r.all(y.Connections[p])})
	}
	r.out.Blocks = append(r.out.Blocks, b)
	return nil
}

// parameter reads a number, or a text of binary digits.
func parameter(v any) (int, error) {
	switch v := v.(type) {
	case float64:
		return int(v), nil
	case string:
		x, err := strconv.ParseInt(v, 2, 64)
		return int(x), err
	}
	return 0, fmt.Errorf("not a number: %v", v)
}

// names gives nets the names of the source, the first in alphabetical order.
func (r *builder) names(all map[string]yosysNet) {
	named := make([]bool, len(r.out.Nets))
	named[Const0], named[Const1] = true, true
	for _, name := range slices.Sorted(maps.Keys(all)) {
		n := all[name]
		if n.Hide != 0 || bytes.ContainsRune([]byte(name), '$') {
			continue
		}
		for i, b := range n.Bits {
			k, ok := r.nets[b]
			if !ok || named[k] {
				continue
			}
			named[k] = true
			r.out.Nets[k] = name
			if len(n.Bits) > 1 {
				r.out.Nets[k] = fmt.Sprintf("%s[%d]", name, i)
			}
		}
	}
}
