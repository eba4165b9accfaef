package blast

// Size is what a fast model counts.
type Size struct {
	Ands, Xors int // nodes, those of multiplexers and majorities included
	// Muxes and Majs are the AND nodes that end a multiplexer of three, and a majority of
	// three that shares the XOR of a full adder.
	Muxes, Majs int
	Flops       int
	Resets      int // ANDs before flip-flops: one each, for the synchronous reset
}

// Nodes is the number of gates.
func (s Size) Nodes() int { return s.Ands + s.Xors + s.Resets }

// Size counts what reaches an output or a flip-flop.
func (d *Design) Size() Size {
	live := d.Live()
	var s Size
	for i, n := range d.Nodes {
		if !live[i] {
			continue
		}
		switch n.Kind {
		case Xor:
			s.Xors++
		case And:
			s.Ands++
			switch d.Ends(i) {
			case EndOfMux:
				s.Muxes++
			case EndOfMaj:
				s.Majs++
			}
		}
	}
	for _, f := range d.Flops {
		if live[f.Q.Node()] {
			s.Flops++
			s.Resets++
		}
	}
	return s
}

// End is what a node completes.
type End uint8

// Ends of structures that libraries have better cells for than three ANDs, or worse ones.
const (
	EndOfNone End = iota
	EndOfMux      // (s & x) | (!s & y)
	EndOfMaj      // (x & y) | (z & (x ^ y))
)

// Ends tells what a node completes: an AND of two complemented ANDs.
func (g *Graph) Ends(node int) End {
	n := &g.Nodes[node]
	if n.Kind != And || !n.A.Inverted() || !n.B.Inverted() {
		return EndOfNone
	}
	a, b := &g.Nodes[n.A.Node()], &g.Nodes[n.B.Node()]
	if a.Kind != And || b.Kind != And {
		return EndOfNone
	}
	if a.A == b.A.Not() || a.A == b.B.Not() || a.B == b.A.Not() || a.B == b.B.Not() {
		return EndOfMux
	}
	if g.overXor(b, a) || g.overXor(a, b) {
		return EndOfMaj
	}
	return EndOfNone
}

// overXor tells whether an operand of n is the XOR of the operands of pair, complements
// aside.
func (g *Graph) overXor(n, pair *Node) bool {
	for _, l := range [2]Lit{n.A, n.B} {
		x := &g.Nodes[l.Node()]
		if x.Kind != Xor {
			continue
		}
		p, q := pair.A&^1, pair.B&^1
		if x.A == p && x.B == q || x.A == q && x.B == p {
			return true
		}
	}
	return false
}

// Live marks what reaches an output, through flip-flops too.
func (d *Design) Live() []bool {
	live := make([]bool, len(d.Nodes))
	var todo []int
	visit := func(l Lit) {
		if n := l.Node(); !live[n] {
			live[n] = true
			todo = append(todo, n)
		}
	}
	for _, out := range d.Outputs {
		for _, l := range out {
			visit(l)
		}
	}
	next := map[int]Lit{}
	for _, f := range d.Flops {
		next[f.Q.Node()] = f.D
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if n := &d.Nodes[i]; n.Kind == And || n.Kind == Xor {
			visit(n.A)
			visit(n.B)
		}
		if l, ok := next[i]; ok {
			visit(l)
		}
	}
	return live
}
