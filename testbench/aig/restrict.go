package aig

import (
	"fmt"
	"slices"
)

// Restrict returns the part of a graph without latches that drives the named output
// ports, with some input ports held at constant words (up to 64 bits). Other inputs
// that these outputs do not depend on are left out.
func (g *Graph) Restrict(outputs []string, held map[string]uint64) (*Graph, error) {
	if len(g.Latches) > 0 {
		return nil, fmt.Errorf("aig: %d latches (expected none; see Cut)", len(g.Latches))
	}
	in, err := g.InputPorts()
	if err != nil {
		return nil, err
	}
	out, err := g.OutputPorts()
	if err != nil {
		return nil, err
	}
	part := &Graph{Inputs: g.Inputs, Ands: g.Ands}
	for _, name := range outputs {
		i := slices.IndexFunc(out, func(p Port) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("aig: no output port %s", name)
		}
		for _, at := range out[i].Bits {
			part.Outputs = append(part.Outputs, g.Outputs[at])
		}
	}
	b, lits := newBuilder(g.Inputs), make([]Lit, len(g.Inputs))
	for i := range lits {
		lits[i] = b.g.input(i)
	}
	for name, word := range held {
		i := slices.IndexFunc(in, func(p Port) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("aig: no input port %s to hold", name)
		}
		for k, at := range in[i].Bits {
			lits[at] = Lit(word >> k & 1)
		}
	}
	for i, l := range b.copy(part, lits) {
		b.g.Outputs = append(b.g.Outputs, Output{part.Outputs[i].Name, l})
	}
	return b.g.prune(), nil
}

// prune leaves out inputs and ands on which no output depends.
func (g *Graph) prune() *Graph {
	used := make([]bool, g.Vars())
	for _, o := range g.Outputs {
		used[o.Lit.node()] = true
	}
	for i, a := range slices.Backward(g.Ands) {
		if used[g.and(i).node()] {
			used[a[0].node()], used[a[1].node()] = true, true
		}
	}
	var inputs []string
	lits := make([]Lit, g.Vars())
	for i, name := range g.Inputs {
		if used[g.input(i).node()] {
			inputs = append(inputs, name)
			lits[1+i] = Lit(2 * len(inputs))
		}
	}
	b := newBuilder(inputs)
	for i, a := range g.Ands {
		if v := g.and(i).node(); used[v] {
			lits[v] = b.and(lits[a[0].node()]^a[0]&1, lits[a[1].node()]^a[1]&1)
		}
	}
	for _, o := range g.Outputs {
		b.g.Outputs = append(b.g.Outputs, Output{o.Name, lits[o.Lit.node()] ^ o.Lit&1})
	}
	return b.g
}

// Resolve returns a graph without latches whose output ports x and y, of one width,
// are replaced by one of the given name: their sum modulo 2^width.
func (g *Graph) Resolve(name, x, y string) (*Graph, error) {
	out, err := g.OutputPorts()
	if err != nil {
		return nil, err
	}
	var words [2][]int
	for i, want := range []string{x, y} {
		k := slices.IndexFunc(out, func(p Port) bool { return p.Name == want })
		if k < 0 {
			return nil, fmt.Errorf("aig: no output port %s", want)
		}
		words[i] = out[k].Bits
	}
	if len(words[0]) != len(words[1]) || len(g.Latches) > 0 {
		return nil, fmt.Errorf("aig: ports of %d and %d bits, %d latches (expected one width, and no latches)", len(words[0]), len(words[1]), len(g.Latches))
	}
	b, ins := newBuilder(g.Inputs), make([]Lit, len(g.Inputs))
	for i := range ins {
		ins[i] = b.g.input(i)
	}
	lits := b.copy(g, ins)
	carry := False
	var sum []Output
	for k := range words[0] {
		p, q := lits[words[0][k]], lits[words[1][k]]
		half := b.xor(p, q)
		bit := name
		if len(words[0]) > 1 {
			bit = fmt.Sprintf("%s[%d]", name, k)
		}
		sum = append(sum, Output{bit, b.xor(half, carry)})
		carry = b.and(b.and(p, q).Not(), b.and(half, carry).Not()).Not()
	}
	for i, o := range g.Outputs {
		if !slices.Contains(words[0], i) && !slices.Contains(words[1], i) {
			b.g.Outputs = append(b.g.Outputs, Output{o.Name, lits[i]})
		}
	}
	b.g.Outputs = append(b.g.Outputs, sum...)
	return b.g, nil
}

func (b *builder) xor(x, y Lit) Lit {
	return b.and(b.and(x, y.Not()).Not(), b.and(x.Not(), y).Not()).Not()
}
