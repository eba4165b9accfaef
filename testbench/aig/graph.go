package aig

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Lit is a variable (2*v) or its complement (2*v+1). Variable 0 is the constant 0.
type Lit uint32

// False and True are the constants.
const (
	False Lit = 0
	True  Lit = 1
)

// Not returns the complement.
func (l Lit) Not() Lit { return l ^ 1 }

func (l Lit) node() int { return int(l >> 1) }

// Latch is a flip-flop: it starts at Init and takes Next at each step.
type Latch struct {
	Name string
	Next Lit
	Init Lit // False, True, or the latch itself: unknown
}

// Output is a named literal.
type Output struct {
	Name string
	Lit  Lit
}

// Graph is an and-inverter graph. Its variables are, in this order: the constant,
// the inputs, the latches, the ands. An and has operands of lower numbers only.
type Graph struct {
	Inputs  []string
	Latches []Latch
	Ands    [][2]Lit
	Outputs []Output
}

// Vars is the number of variables.
func (g *Graph) Vars() int { return 1 + len(g.Inputs) + len(g.Latches) + len(g.Ands) }

// input, latch and and are the variables of the i-th of each kind.
func (g *Graph) input(i int) Lit { return Lit(2 * (1 + i)) }
func (g *Graph) latch(i int) Lit { return Lit(2 * (1 + len(g.Inputs) + i)) }
func (g *Graph) and(i int) Lit   { return Lit(2 * (1 + len(g.Inputs) + len(g.Latches) + i)) }

// Port is a word made of the bits whose symbols have its name.
type Port struct {
	Name string
	Bits []int // indices of inputs or outputs, lowest bit first
}

// InputPorts gathers the inputs into words, in the order of their names.
func (g *Graph) InputPorts() ([]Port, error) { return ports(g.Inputs) }

// OutputPorts gathers the outputs into words, in the order of their names.
func (g *Graph) OutputPorts() ([]Port, error) {
	names := make([]string, len(g.Outputs))
	for i, o := range g.Outputs {
		names[i] = o.Name
	}
	return ports(names)
}

func ports(symbols []string) ([]Port, error) {
	byName := map[string]map[int]int{}
	var list []Port
	for i, s := range symbols {
		name, bit := splitSymbol(s)
		if byName[name] == nil {
			byName[name] = map[int]int{}
			list = append(list, Port{Name: name})
		}
		if _, double := byName[name][bit]; double {
			return nil, fmt.Errorf("aig: symbol %s stands twice", s)
		}
		byName[name][bit] = i
	}
	for i := range list {
		bits := byName[list[i].Name]
		for b := range len(bits) {
			at, ok := bits[b]
			if !ok {
				return nil, fmt.Errorf("aig: port %s has %d bits but not bit %d", list[i].Name, len(bits), b)
			}
			list[i].Bits = append(list[i].Bits, at)
		}
	}
	slices.SortFunc(list, func(a, b Port) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// splitSymbol splits "x[3]" into x and 3; a symbol without an index is bit 0.
func splitSymbol(s string) (string, int) {
	if open := strings.LastIndexByte(s, '['); open > 0 && strings.HasSuffix(s, "]") {
		if bit, err := strconv.ParseUint(s[open+1:len(s)-1], 10, 31); err == nil {
			return s[:open], int(bit)
		}
	}
	return s, 0
}

// Cut returns the graph of one step: every latch becomes an input of its name and
// its next value an output of its name, after those that are there.
func (g *Graph) Cut() *Graph {
	c := &Graph{Inputs: slices.Clone(g.Inputs), Ands: g.Ands, Outputs: slices.Clone(g.Outputs)}
	for _, l := range g.Latches { // variables keep their numbers
		c.Inputs = append(c.Inputs, l.Name)
		c.Outputs = append(c.Outputs, Output{l.Name, l.Next})
	}
	return c
}

// Align returns g with the inputs and outputs in the order of model. It is an error
// if they have not the same symbols. Both must be free of latches.
func (g *Graph) Align(model *Graph) (*Graph, error) {
	if len(g.Latches) > 0 || len(model.Latches) > 0 {
		return nil, fmt.Errorf("aig: %d and %d latches (expected none; see Cut)", len(g.Latches), len(model.Latches))
	}
	from := map[string]Lit{}
	b := newBuilder(model.Inputs)
	for i, name := range model.Inputs {
		from[name] = b.g.input(i)
	}
	lits, missing := make([]Lit, len(g.Inputs)), newDifference("input")
	for i, name := range g.Inputs {
		lit, ok := from[name]
		if !ok {
			missing.extra = append(missing.extra, name)
		}
		lits[i] = lit
		delete(from, name)
	}
	for _, name := range model.Inputs {
		if _, unused := from[name]; unused {
			missing.lacks = append(missing.lacks, name)
		}
	}
	if err := missing.err(); err != nil {
		return nil, err
	}
	outs, missing := map[string]Lit{}, newDifference("output")
	for i, l := range b.copy(g, lits) {
		outs[g.Outputs[i].Name] = l
	}
	for _, o := range model.Outputs {
		lit, ok := outs[o.Name]
		if !ok {
			missing.lacks = append(missing.lacks, o.Name)
		}
		b.g.Outputs = append(b.g.Outputs, Output{o.Name, lit})
		delete(outs, o.Name)
	}
	for _, o := range g.Outputs {
		if _, unused := outs[o.Name]; unused {
			missing.extra = append(missing.extra, o.Name)
		}
	}
	return b.g, missing.err()
}

// difference collects symbols that only one graph has.
type difference struct {
	what         string
	lacks, extra []string
}

func newDifference(what string) *difference { return &difference{what: what} }

func (d *difference) err() error {
	if len(d.lacks)+len(d.extra) == 0 {
		return nil
	}
	return &SymbolError{What: d.what, Lacks: d.lacks, Extra: d.extra}
}

// SymbolError says that two graphs have not the same inputs or outputs.
type SymbolError struct {
	What  string   // input or output
	Lacks []string // symbols that only the model has
	Extra []string // symbols that it lacks
}

func (e *SymbolError) Error() string {
	return fmt.Sprintf("aig: the graphs differ in their %ss: only one has %s, only the other %s", e.What, some(e.Lacks), some(e.Extra))
}

func some(names []string) string {
	const most = 8
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], " "), len(names)-most)
	}
	return strings.Join(names, " ")
}

// builder makes a graph in which equal ands stand once.
type builder struct {
	g    *Graph
	seen map[[2]Lit]Lit
}

func newBuilder(inputs []string) *builder {
	return &builder{&Graph{Inputs: slices.Clone(inputs)}, map[[2]Lit]Lit{}}
}

func (b *builder) and(x, y Lit) Lit {
	if x < y {
		x, y = y, x
	}
	switch {
	case y == False || x == y.Not():
		return False
	case y == True || x == y:
		return x
	}
	if l, ok := b.seen[[2]Lit{x, y}]; ok {
		return l
	}
	b.g.Ands = append(b.g.Ands, [2]Lit{x, y})
	l := b.g.and(len(b.g.Ands) - 1)
	b.seen[[2]Lit{x, y}] = l
	return l
}

// copy adds a graph without latches whose inputs are the given literals and returns
// its outputs.
func (b *builder) copy(g *Graph, inputs []Lit) []Lit {
	lits := make([]Lit, g.Vars())
	copy(lits[1:], inputs)
	at := func(l Lit) Lit { return lits[l.node()] ^ l&1 }
	for i, a := range g.Ands {
		lits[g.and(i).node()] = b.and(at(a[0]), at(a[1]))
	}
	out := make([]Lit, len(g.Outputs))
	for i, o := range g.Outputs {
		out[i] = at(o.Lit)
	}
	return out
}
