package blast

// Lit is a node or its complement.
type Lit uint32

// The constants.
const (
	False Lit = 0
	True  Lit = 1
)

// Not is the complement.
func (l Lit) Not() Lit { return l ^ 1 }

// Node is the index of the literal's node.
func (l Lit) Node() int { return int(l >> 1) }

// Inverted tells whether the literal is a complement.
func (l Lit) Inverted() bool { return l&1 == 1 }

// Kind of a node.
type Kind uint8

// Kinds of nodes.
const (
	Const Kind = iota // node 0: false
	Input             // an input bit, or the output of a flip-flop
	And
	Xor
)

// Node is an input, an AND or an XOR. Operands of an XOR are not complemented.
type Node struct {
	Kind Kind
	A, B Lit // A < B
}

// Graph is a set of nodes in topological order.
type Graph struct {
	Nodes []Node

	hash   map[Node]Lit
	ripple bool // carries go from bit to bit
}

// NewGraph returns an empty graph.
func NewGraph() *Graph { return &Graph{Nodes: []Node{{}}, hash: map[Node]Lit{}} }

// Input makes a new input.
func (g *Graph) Input() Lit {
	g.Nodes = append(g.Nodes, Node{Kind: Input})
	return Lit(len(g.Nodes)-1) << 1
}

func (g *Graph) node(k Kind, a, b Lit) Lit {
	if a > b {
		a, b = b, a
	}
	n := Node{k, a, b}
	if l, ok := g.hash[n]; ok {
		return l
	}
	g.Nodes = append(g.Nodes, n)
	l := Lit(len(g.Nodes)-1) << 1
	g.hash[n] = l
	return l
}

// is returns the operands of a literal's node if it is of the kind.
func (g *Graph) is(k Kind, l Lit) (a, b Lit, ok bool) {
	n := &g.Nodes[l.Node()]
	return n.A, n.B, n.Kind == k
}

// And is x & y.
func (g *Graph) And(x, y Lit) Lit {
	switch {
	case x == False || y == False || x == y.Not():
		return False
	case x == True || x == y:
		return y
	case y == True:
		return x
	}
	if r, ok := g.absorb(x, y); ok {
		return r
	}
	if r, ok := g.absorb(y, x); ok {
		return r
	}
	if r, ok := g.pair(x, y); ok {
		return r
	}
	return g.node(And, x, y)
}

// absorb simplifies x & y where x is a node over y.
func (g *Graph) absorb(x, y Lit) (Lit, bool) {
	if a, b, ok := g.is(And, x); ok {
		if !x.Inverted() { // (a b) y
			switch {
			case y == a || y == b:
				return x, true
			case y == a.Not() || y == b.Not():
				return False, true
			}
			return 0, false
		}
		switch { // (a b)' y
		case y == a.Not() || y == b.Not():
			return y, true
		case y == a:
			return g.And(y, b.Not()), true
		case y == b:
			return g.And(y, a.Not()), true
		}
		return 0, false
	}
	if a, b, ok := g.is(Xor, x); ok { // (a ^ b) y
		other := b
		switch y >> 1 {
		case a >> 1:
		case b >> 1:
			other = a
		default:
			return 0, false
		}
		if y.Inverted() == x.Inverted() { // a^b and a: b is 0; its complements alike
			other = other.Not()
		}
		return g.And(y, other), true
	}
	return 0, false
}

// pair simplifies x & y where both are ANDs.
func (g *Graph) pair(x, y Lit) (Lit, bool) {
	a, b, ok1 := g.is(And, x)
	c, d, ok2 := g.is(And, y)
	if !ok1 || !ok2 {
		return 0, false
	}
	switch {
	case !x.Inverted() && !y.Inverted(): // (a b)(c d)
		if a == c.Not() || a == d.Not() || b == c.Not() || b == d.Not() {
			return False, true
		}
		if a == c || b == c {
			return g.And(x, d), true
		}
		if a == d || b == d {
			return g.And(x, c), true
		}
	case x.Inverted() && y.Inverted(): // (a b)'(c d)'
		switch {
		case a == c.Not() && b == d.Not() || a == d.Not() && b == c.Not():
			return g.Xor(a, b), true
		case a == c && b == d.Not() || a == d && b == c.Not():
			return a.Not(), true
		case b == c && a == d.Not() || b == d && a == c.Not():
			return b.Not(), true
		}
	default:
		if x.Inverted() {
			x, a, b, c, d = y, c, d, a, b
		}
		// (a b)(c d)'
		if a == c.Not() || a == d.Not() || b == c.Not() || b == d.Not() {
			return x, true
		}
		if a == c || b == c {
			return g.And(x, d.Not()), true
		}
		if a == d || b == d {
			return g.And(x, c.Not()), true
		}
	}
	return 0, false
}

// Or is x | y.
func (g *Graph) Or(x, y Lit) Lit { return g.And(x.Not(), y.Not()).Not() }

// Xor is x ^ y.
func (g *Graph) Xor(x, y Lit) Lit {
	flip := (x ^ y) & 1
	x, y = x&^1, y&^1
	switch {
	case x == y:
		return flip
	case x == False:
		return y ^ flip
	case y == False:
		return x ^ flip
	}
	for _, p := range [2][2]Lit{{x, y}, {y, x}} {
		if a, b, ok := g.is(Xor, p[0]); ok { // (a ^ b) ^ a
			if a == p[1] {
				return b ^ flip
			}
			if b == p[1] {
				return a ^ flip
			}
		}
		if a, b, ok := g.is(And, p[0]); ok { // (a b) ^ a = a b'
			if a&^1 == p[1] {
				return g.and1(a, b) ^ flip
			}
			if b&^1 == p[1] {
				return g.and1(b, a) ^ flip
			}
		}
	}
	return g.node(Xor, x, y) ^ flip
}

// and1 is (a b) ^ v, where v is the node of a without its complement.
func (g *Graph) and1(a, b Lit) Lit {
	if a.Inverted() { // v' b ^ v = v | b
		return g.Or(a.Not(), b)
	}
	return g.And(a, b.Not())
}

// Mux is s ? x : y.
func (g *Graph) Mux(s, x, y Lit) Lit {
	switch {
	case x == y:
		return x
	case x == y.Not():
		return g.Xor(s, y)
	}
	return g.Or(g.And(s, x), g.And(s.Not(), y))
}
