package hw

// Settle recomputes all shapes of a module without instances: the least shapes that satisfy
// every operator, found by going round until nothing grows. Wires and
// broadcasts have at least the shape that they declare; registers, memories and inputs keep theirs.
func Settle(m *Module) {
	for i := range m.Nodes {
		switch n := &m.Nodes[i]; n.Op {
		case OpInput, OpReg, OpMemQ, OpWire, OpBcast:
		default:
			n.Shape = 0 // it still carries the numbers of the inner module's axes
		}
	}
	for changed := true; changed; {
		changed = false
		for i := range m.Nodes {
			n := &m.Nodes[i]
			var s Shape
			switch n.Op {
			case OpInput, OpReg, OpMemQ, OpConst:
				continue
			case OpCoord:
				s = Shape(0).With(n.Axis)
			default:
				for _, a := range n.Args {
					s |= m.Nodes[a].Shape
				}
				switch n.Op {
				case OpWire, OpBcast:
					s |= n.Shape
				case OpIndex, OpSelect, OpReduce, OpPack:
					s = s.Without(n.Axis)
				case OpStride:
					s = s.Without(n.Axis).With(n.To[0])
				case OpSplit:
					s = s.Without(n.Axis).With(n.To[0]).With(n.To[1])
				}
			}
			if s != n.Shape {
				n.Shape, changed = s, true
			}
		}
	}
}

// unalias replaces every use of a wire or broadcast that changes nothing by what
// it stands for, and turns the other wires into broadcasts. A name moves to the
// node that takes the place, if that has none.
func unalias(m *Module) {
	alias := make([]ID, len(m.Nodes))
	for i := range alias {
		alias[i] = ID(i)
	}
	find := func(id ID) ID {
		for alias[id] != id {
			alias[id] = alias[alias[id]]
			id = alias[id]
		}
		return id
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if n.Op != OpWire && n.Op != OpBcast {
			continue
		}
		if to := find(n.Args[0]); to != ID(i) && m.Nodes[to].Shape == n.Shape {
			alias[i] = to
			if m.Nodes[to].Name == "" {
				m.Nodes[to].Name = n.Name
			}
		} else {
			n.Op = OpBcast
		}
	}
	m.rename(find)
}

// rename replaces every reference to a node.
func (m *Module) rename(f func(ID) ID) {
	for i := range m.Nodes {
		for k, a := range m.Nodes[i].Args {
			m.Nodes[i].Args[k] = f(a)
		}
	}
	for i := range m.Regs {
		m.Regs[i].Node, m.Regs[i].Next = f(m.Regs[i].Node), f(m.Regs[i].Next)
	}
	for i := range m.Mems {
		p := &m.Mems[i]
		p.Node, p.WEn, p.WAddr, p.WData, p.RAddr = f(p.Node), f(p.WEn), f(p.WAddr), f(p.WData), f(p.RAddr)
	}
	for i := range m.Outputs {
		m.Outputs[i].Node = f(m.Outputs[i].Node)
	}
	for i := range m.Inputs {
		m.Inputs[i].Node = f(m.Inputs[i].Node)
	}
	for i := range m.Asserts {
		m.Asserts[i].Cond = f(m.Asserts[i].Cond)
	}
}

// prune returns the module without the nodes and the state that reach no output
// and no assertion, its nodes in evaluation order and its names unique. The
// module has no instances.
func prune(m *Module) (*Module, error) {
	live := liveNodes(m)
	order, err := Order(m)
	if err != nil {
		return nil, err
	}
	out := &Module{Name: m.Name, Doc: m.Doc, Axes: m.Axes, Outputs: m.Outputs, Inputs: m.Inputs, Asserts: m.Asserts}
	moved := make([]ID, len(m.Nodes))
	for _, id := range order {
		if !live[id] {
			continue
		}
		moved[id] = ID(len(out.Nodes))
		n := m.Nodes[id]
		switch n.Op {
		case OpReg:
			r := m.Regs[n.Imm]
			n.Imm = uint64(len(out.Regs))
			out.Regs = append(out.Regs, r)
		case OpMemQ:
			mem := m.Mems[n.Imm]
			n.Imm = uint64(len(out.Mems))
			out.Mems = append(out.Mems, mem)
		case OpRom:
			rom := m.Roms[n.Imm]
			n.Imm = uint64(len(out.Roms))
			out.Roms = append(out.Roms, rom)
		}
		out.Nodes = append(out.Nodes, n)
	}
	out.rename(func(id ID) ID { return moved[id] })
	uniqueNames(out)
	return out, nil
}

func liveNodes(m *Module) []bool {
	live := make([]bool, len(m.Nodes))
	var todo []ID
	mark := func(id ID) {
		if !live[id] {
			live[id] = true
			todo = append(todo, id)
		}
	}
	for _, p := range m.Inputs {
		mark(p.Node)
	}
	for _, p := range m.Outputs {
		mark(p.Node)
	}
	for _, a := range m.Asserts {
		mark(a.Cond)
	}
	for len(todo) > 0 {
		n := &m.Nodes[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		for _, a := range n.Args {
			mark(a)
		}
		switch n.Op {
		case OpReg:
			mark(m.Regs[n.Imm].Next)
		case OpMemQ:
			p := &m.Mems[n.Imm]
			mark(p.WEn)
			mark(p.WAddr)
			mark(p.WData)
			mark(p.RAddr)
		}
	}
	return live
}

// uniqueNames gives the second and later bearer of a name a suffix, among nodes,
// among tables and among assertions. Inputs keep theirs.
func uniqueNames(m *Module) {
	used := map[string]bool{}
	for _, p := range m.Inputs {
		used[p.Name] = true
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if n.Name == "" || n.Op == OpInput {
			continue
		}
		n.Name = unused(used, n.Name)
		if n.Op == OpMemQ {
			m.Mems[n.Imm].Name = n.Name
		}
	}
	tables, asserts := map[string]bool{}, map[string]bool{}
	for i := range m.Roms {
		m.Roms[i].Name = unused(tables, m.Roms[i].Name)
	}
	for i := range m.Asserts {
		m.Asserts[i].Name = unused(asserts, m.Asserts[i].Name)
	}
}
