package blast

// Size is what a fast model counts.
type Size struct {
	Ands, Xors, Flops int
	// Depth is the longest path between flip-flops, inputs and outputs: an AND counts 1, an
	// XOR 2.
	Depth int
}

// Nodes is the number of gates.
func (s Size) Nodes() int { return s.Ands + s.Xors }

// Size counts what reaches an output or a flip-flop, resets included: a flip-flop takes one
// AND for its synchronous reset.
func (d *Design) Size() Size {
	live := d.Live()
	var s Size
	depth := make([]int, len(d.Nodes))
	for i, n := range d.Nodes {
		if !live[i] {
			continue
		}
		switch n.Kind {
		case And:
			s.Ands++
			depth[i] = 1 + max(depth[n.A.Node()], depth[n.B.Node()])
		case Xor:
			s.Xors++
			depth[i] = 2 + max(depth[n.A.Node()], depth[n.B.Node()])
		}
	}
	for _, out := range d.Outputs {
		for _, l := range out {
			s.Depth = max(s.Depth, depth[l.Node()])
		}
	}
	for _, f := range d.Flops {
		if live[f.Q.Node()] {
			s.Flops++
			s.Ands++
			s.Depth = max(s.Depth, depth[f.D.Node()]+1)
		}
	}
	return s
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
