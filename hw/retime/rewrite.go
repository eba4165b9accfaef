package retime

import (
	"fmt"
	"slices"

	"tpe/hw"
)

// rewriter builds the rewritten module: the nodes of the old one under their old numbers,
// those of the region once more in local time, and delays where words leave it. What
// nothing reads any more goes away at the end.
type rewriter struct {
	*region
	q     *quiet
	out   *hw.Module
	local []hw.ID // per node of the region or behind it: its twin in local time
	lags  []lag   // of the twin
	exits map[hw.ID]hw.ID
	waits map[string]hw.ID
	regs  []hw.ID // of the region, in the new module
	err   *refusal
}

// refusal says why a node cannot run in local time.
type refusal struct {
	node hw.ID
	why  string
}

func newRewriter(r *region, q *quiet) *rewriter {
	m := r.m
	w := &rewriter{
		region: r, q: q, local: make([]hw.ID, len(m.Nodes)), lags: make([]lag, len(m.Nodes)),
		exits: map[hw.ID]hw.ID{}, waits: map[string]hw.ID{},
	}
	c := *m
	w.out = &c
	w.out.Nodes, w.out.Regs, w.out.Mems, w.out.Roms = slices.Clone(m.Nodes), slices.Clone(m.Regs), slices.Clone(m.Mems), slices.Clone(m.Roms)
	w.out.Inputs, w.out.Outputs, w.out.Asserts = slices.Clone(m.Inputs), slices.Clone(m.Outputs), slices.Clone(m.Asserts)
	for i := range w.out.Nodes {
		w.out.Nodes[i].Args = slices.Clone(w.out.Nodes[i].Args)
	}
	for i := range w.local {
		w.local[i] = hw.None
	}
	return w
}

// module makes the module, or says which node is in the way; hw.None if none is to blame alone.
func (w *rewriter) module() (*hw.Module, *refusal) {
	for i := range w.in {
		if w.in[i] {
			w.local[i] = w.push(hw.Node{Op: hw.OpWire, Width: w.m.Nodes[i].Width, Args: []hw.ID{hw.None}})
			w.lags[i] = w.frame.add(w.ahead[i])
		}
	}
	for i := range w.in {
		if w.in[i] {
			w.node(hw.ID(i))
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	w.behind()
	w.leave()
	if w.err != nil {
		return nil, w.err
	}
	w.shapes()
	out, err := hw.Tidy(w.out)
	if err != nil {
		return nil, &refusal{hw.None, err.Error()}
	}
	return out, nil
}

// refuse notes the first reason against a node.
func (w *rewriter) refuse(node hw.ID, err error) {
	if w.err == nil && err != nil {
		w.err = &refusal{node, err.Error()}
	}
}

func (w *rewriter) push(n hw.Node) hw.ID {
	w.out.Nodes = append(w.out.Nodes, n)
	return hw.ID(len(w.out.Nodes) - 1)
}

// over is a node with at least the given axes.
func (w *rewriter) over(id hw.ID, s hw.Shape) hw.ID {
	return w.push(hw.Node{Op: hw.OpBcast, Width: w.out.Nodes[id].Width, Shape: s, Args: []hw.ID{id}})
}

// node gives a node of the region its twin.
func (w *rewriter) node(id hw.ID) {
	n := w.m.Nodes[id]
	uses := w.uses(id)
	args := make([]hw.ID, len(uses))
	if n.Op == hw.OpReg {
		w.register(id, uses[0])
		return
	}
	for k, u := range uses {
		args[k] = w.operand(id, u)
	}
	w.twin(id, n, args)
}

// twin defines the twin of a node as the same operator on other operands.
func (w *rewriter) twin(id hw.ID, n hw.Node, args []hw.ID) {
	if n.Op.Kind() == hw.KindWire && n.Op != hw.OpBcast {
		args[0] = w.over(args[0], hw.Shape(0).With(n.Axis))
	}
	n.Args = args
	if n.Op == hw.OpWire || n.Op == hw.OpBcast {
		n.Shape = 0 // no more axes than the operand's
	}
	w.out.Nodes[w.local[id]] = n
}

// register makes the twin of a register, whose operand waits one edge or more; if none is
// left, the register is gone.
func (w *rewriter) register(id hw.ID, u use) {
	n := w.m.Nodes[id]
	reset := w.m.Regs[n.Imm].Reset
	if err := w.q.wants(w.m.Regs[n.Imm].Next, reset); err != nil {
		w.refuse(id, err)
		return
	}
	if u.wait.sloped(w.m) || u.wait.k != 1 {
		w.out.Nodes[w.local[id]].Args[0] = w.operand(id, u)
		w.out.Nodes[w.local[id]].Name = n.Name
		return
	}
	u.wait.k = 0
	next := w.operand(id, u)
	n.Imm, n.Shape = uint64(len(w.out.Regs)), 0
	w.out.Regs = append(w.out.Regs, hw.Reg{Node: w.local[id], Next: next, Reset: reset})
	w.out.Nodes[w.local[id]] = n
	w.regs = append(w.regs, w.local[id])
}

// operand is the word that a use by node id needs.
func (w *rewriter) operand(id hw.ID, u use) hw.ID {
	for _, x := range u.path { // they hold 0 after a reset, so their words must be 0 at rest
		in := w.m.Nodes[x].Args
		if n := &w.m.Nodes[x]; n.Op == hw.OpReg {
			in = []hw.ID{w.m.Regs[n.Imm].Next}
		}
		w.refuse(id, w.q.wants(in[0], 0))
	}
	src := u.src
	if w.in[src] {
		src = w.local[src]
	}
	return w.delayed(src, u.src, u.wait)
}

// delayed is node src of the new module, which is node old in its time, some edges later.
func (w *rewriter) delayed(src, old hw.ID, by lag) hw.ID {
	if by.least(w.m) < 0 {
		w.refuse(old, fmt.Errorf("%s would be needed %d edges before it is there", name(w.m, old), -by.least(w.m)))
	}
	axes := by.axes(w.m)
	if axes == 0 && by.k == 0 {
		return src
	}
	key := fmt.Sprint(src, by)
	if id, ok := w.waits[key]; ok {
		return id
	}
	rest, err := w.q.word(old)
	w.refuse(old, err)
	width := w.out.Nodes[src].Width
	// A delay holds 0 after a reset; another word at rest is delayed as its difference.
	flip := func(x hw.ID) hw.ID {
		if rest == 0 {
			return x
		}
		k := w.push(hw.Node{Op: hw.OpConst, Width: width, Imm: rest})
		return w.push(hw.Node{Op: hw.OpXor, Width: width, Args: []hw.ID{x, k}})
	}
	x := flip(src)
	if axes != 0 {
		x = w.over(x, axes)
	}
	n := hw.Node{Op: hw.OpDelay, Width: width, Args: []hw.ID{x}, K: by.k}
	if axes != 0 {
		n.Coef = slices.Clone(by.coef)
		for a := range n.Coef {
			if !axes.Has(a) {
				n.Coef[a] = 0
			}
		}
	}
	id := flip(w.push(n))
	w.waits[key] = id
	return id
}

// behind moves the local time on through what only uses words of the region that have one
// lag: an output row that is picked from the array and resolved, for instance.
// The nodes are in evaluation order.
func (w *rewriter) behind() {
	for i := range w.m.Nodes {
		id, n := hw.ID(i), w.m.Nodes[i]
		if w.in[i] || w.fixed[i] || w.region.out[i] || n.Op != hw.OpIndex && n.Op.Kind() != hw.KindLane {
			continue
		}
		var l *lag
		args := slices.Clone(n.Args)
		for k, a := range n.Args {
			if w.fixed[a] {
				continue
			}
			if w.local[a] == hw.None || l != nil && !l.same(w.m, w.lags[a]) {
				l = nil
				break
			}
			l, args[k] = &w.lags[a], w.local[a]
		}
		if l == nil {
			continue
		}
		w.lags[i] = *l
		if n.Op == hw.OpIndex {
			w.lags[i] = l.fix(n.Axis, n.K)
		}
		w.local[i] = w.push(hw.Node{})
		w.twin(id, n, args)
	}
}

// leave gives all that stays in the module's time the words of the region as they are
// then. It follows what outputs and assertions still need.
func (w *rewriter) leave() {
	seen := map[hw.ID]bool{}
	var todo []hw.ID
	need := func(a *hw.ID) {
		if int(*a) < len(w.local) {
			*a = w.exit(*a)
		}
		if !seen[*a] {
			seen[*a] = true
			todo = append(todo, *a)
		}
	}
	for i := range w.out.Outputs {
		need(&w.out.Outputs[i].Node)
	}
	for i := range w.out.Asserts {
		need(&w.out.Asserts[i].Cond)
	}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if int(id) < len(w.local) && w.out.Nodes[id].Op == hw.OpDelay {
			w.merge(id)
		}
		args := w.out.Nodes[id].Args
		for k := range args {
			need(&args[k])
		}
		switch n := w.out.Nodes[id]; n.Op {
		case hw.OpReg:
			need(&w.out.Regs[n.Imm].Next)
		case hw.OpMemQ:
			p := &w.out.Mems[n.Imm]
			for _, a := range []*hw.ID{&p.WEn, &p.WAddr, &p.WData, &p.RAddr} {
				need(a)
			}
		}
	}
}

// merge makes one delay of a delay behind the region and the wait for what it delays: a
// deskew and the lag cancel out.
func (w *rewriter) merge(id hw.ID) {
	n := w.out.Nodes[id]
	a := n.Args[0]
	if w.local[a] == hw.None {
		return
	}
	w.refuse(a, w.q.wants(a, 0)) // the delay holds 0 after a reset
	d := w.delayed(w.local[a], a, w.lags[a].plus(delayOf(w.m, &n), 1, 0))
	w.out.Nodes[id] = hw.Node{Op: hw.OpBcast, Width: n.Width, Shape: n.Shape, Args: []hw.ID{d}, Name: n.Name}
}

// exit is node a of the old module in the module's time, over all its axes.
func (w *rewriter) exit(a hw.ID) hw.ID {
	if w.local[a] == hw.None {
		return a
	}
	if x, ok := w.exits[a]; ok {
		return x
	}
	x := w.over(w.delayed(w.local[a], a, w.lags[a]), w.m.Nodes[a].Shape)
	w.exits[a] = x
	return x
}

// shapes gives the registers of the region the axes along which they differ: from none on,
// until nothing grows.
func (w *rewriter) shapes() {
	for again := true; again; {
		again = false
		hw.Settle(w.out)
		for _, r := range w.regs {
			n := &w.out.Nodes[r]
			if s := n.Shape | w.out.Nodes[w.out.Regs[n.Imm].Next].Shape; s != n.Shape {
				n.Shape, again = s, true
			}
		}
	}
}
