package hw

// node reads a node; its operator decides what stands between the parentheses.
func (p *moduleParser) node(c *cursor, name token) {
	if name.kind != tokenWord {
		c.failAt(name, "unexpected %s (expected a node)", name)
	}
	if name.text[0] == '_' && !allDigits(name.text[1:]) || name.text == "_" {
		c.failAt(name, "not a node's name: %s (expected an identifier, or _ and a number)", name)
	}
	c.expect("=")
	t := c.word("an operator")
	op, ok := OpByName(t.text)
	if !ok || op == OpInput {
		c.failAt(t, "no such operator: %s", t)
	}
	if c.failed {
		p.declare(c, name, Node{})
		return
	}
	n := Node{Op: op}
	c.expect("(")
	args := p.operands(c, op)
	state := p.immediate(c, name, &n)
	c.expect(")")
	p.typ(c, &n)
	c.end()
	n.Args = args
	if !c.failed {
		state(ID(len(p.m.Nodes)), &n)
	}
	p.declare(c, name, n)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// operands reads as many references as the operator has operands.
func (p *moduleParser) operands(c *cursor, op Op) []ID {
	var names []token
	for {
		arity := Ops[op].Arity
		if c.failed || len(names) == arity || arity < 0 && len(names) > 0 && c.peek().text == ")" {
			break
		}
		if len(names) > 0 {
			c.expect(",")
		}
		names = append(names, c.word("a node"))
	}
	if len(names) == 0 || c.failed {
		return nil
	}
	args := make([]ID, len(names))
	for k, t := range names {
		args[k] = None
		p.refs = append(p.refs, reference{*c, t, func(id ID) { args[k] = id }})
	}
	return args
}

// immediate reads what follows the operands and returns what is to be done once
// the node has its place.
func (p *moduleParser) immediate(c *cursor, name token, n *Node) func(ID, *Node) {
	none := func(ID, *Node) {}
	if Ops[n.Op].Arity > 0 && c.peek().text == "," && !c.failed {
		c.next()
	} else if Ops[n.Op].Arity != 0 {
		if immediates(n.Op) {
			c.expect(",")
		}
		return none
	}
	switch n.Op {
	case OpConst:
		n.Imm = c.bits("a word")
	case OpReg:
		return p.register(c)
	case OpMemQ:
		return p.memory(c, name.text)
	case OpInstOut:
		return p.instOut(c)
	case OpSlice:
		c.expect("lo")
		n.Imm = uint64(c.number("a bit", 0, MaxWidth-1))
	case OpRom:
		t := c.word("a table")
		k, ok := p.tables[t.text]
		if !ok {
			c.failAt(t, "no such table: %s", t)
		}
		n.Imm = uint64(k)
	case OpCoord, OpSelect, OpPack:
		n.Axis = p.axisRef(c)
	case OpShift, OpRotate:
		n.Axis = p.axisRef(c)
		n.K = c.number("a direction", -1, 1)
	case OpIndex:
		n.Axis = p.axisRef(c)
		n.K = c.number("a coordinate", 0, MaxLanes-1)
	case OpReduce:
		n.Axis = p.axisRef(c)
		t := c.word("an operator")
		n.Sub, _ = OpByName(t.text)
	case OpStride, OpSplit:
		p.regroup(c, n)
	case OpDelay:
		p.delay(c, n)
	default:
		c.failAt(c.peek(), "unexpected %s (expected %d operands)", c.peek(), Ops[n.Op].Arity)
	}
	return none
}

// immediates reports whether more than operands stands between the parentheses.
func immediates(op Op) bool {
	switch op {
	case OpSlice, OpRom, OpShift, OpRotate, OpIndex, OpSelect, OpReduce, OpStride, OpSplit, OpPack, OpDelay:
		return true
	}
	return false
}

func (p *moduleParser) register(c *cursor) func(ID, *Node) {
	c.expect("reset")
	r := &Reg{Next: None, Reset: c.bits("a reset value")}
	c.expect(",")
	c.expect("next")
	next := func(id ID) { r.Next = id }
	p.refer(c, func(id ID) { next(id) })
	return func(id ID, n *Node) {
		k := len(p.m.Regs)
		n.Imm, r.Node = uint64(k), id
		p.m.Regs = append(p.m.Regs, *r)
		next = func(id ID) { p.m.Regs[k].Next = id }
	}
}

func (p *moduleParser) memory(c *cursor, name string) func(ID, *Node) {
	c.expect("depth")
	mem := &Mem{Depth: c.number("a depth", 1, MaxMemWords), WEn: None, WAddr: None, WData: None, RAddr: None}
	c.expect(",")
	if c.accept("forward") {
		mem.Forward = true
		c.expect(",")
	}
	k := -1
	for i, port := range []string{"wen", "waddr", "wdata", "raddr"} {
		if i > 0 {
			c.expect(",")
		}
		c.expect(port)
		p.refer(c, func(id ID) {
			if k < 0 {
				return // the node's line has an error
			}
			m := &p.m.Mems[k]
			*[]*ID{&m.WEn, &m.WAddr, &m.WData, &m.RAddr}[i] = id
		})
	}
	return func(id ID, n *Node) {
		k = len(p.m.Mems)
		n.Imm, mem.Node, mem.Name = uint64(k), id, name
		p.m.Mems = append(p.m.Mems, *mem)
	}
}

func (p *moduleParser) instOut(c *cursor) func(ID, *Node) {
	t := c.word("an instance")
	i, ok := p.insts[t.text]
	if !ok {
		c.failAt(t, "no such instance before this line: %s", t)
	}
	c.expect(".")
	port := c.word("a port")
	if !c.failed && i < 0 { // the instance has an error of its own
		p.broken, c.failed = true, true
	}
	if c.failed {
		return func(ID, *Node) {}
	}
	in := &p.m.Insts[i]
	k := portIndex(in.Mod.Outputs, port.text)
	switch {
	case k < 0:
		c.failAt(port, "module %s has no such output: %s", in.Mod.Name, port)
	case in.Out[k] != None:
		c.failAt(port, "output of instance %s has a node already: %s", in.Name, port)
	}
	return func(id ID, n *Node) {
		n.Imm, n.K = uint64(i), k
		p.m.Insts[i].Out[k] = id
	}
}

func (p *moduleParser) regroup(c *cursor, n *Node) {
	n.Axis = p.axisRef(c)
	c.expect("to")
	n.To[0] = p.axisRef(c)
	if n.Op == OpSplit {
		n.To[1] = p.axisRef(c)
		return
	}
	c.expect("start")
	n.K = c.number("a start", 0, MaxLanes)
	c.expect("step")
	n.Step = c.number("a step", 1, MaxLanes)
}

func (p *moduleParser) delay(c *cursor, n *Node) {
	c.expect("base")
	n.K = c.number("a number of edges", 0, maxDelay)
	for !c.failed && c.accept(",") {
		t := c.peek()
		a := p.axisRef(c)
		if n.Coef == nil {
			n.Coef = make([]int, len(p.m.Axes))
		}
		if c.failed {
			return
		}
		if a >= len(n.Coef) || n.Coef[a] != 0 {
			c.failAt(t, "axis stands twice: %s", t)
			return
		}
		n.Coef[a] = c.number("a coefficient", -maxDelay, maxDelay)
	}
}
