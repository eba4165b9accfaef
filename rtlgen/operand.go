package rtlgen

import (
	"fmt"
	"strings"

	"tpe/hw"
)

type coordKey struct {
	b     *block
	v     int
	width int
}

// operand writes bits lo .. lo+w-1 of node id as it stands at the context's
// coordinates. The text is a primary unless prim is false.
func (e *emitter) operand(id hw.ID, c *context, lo, w int) (text string, prim bool) {
	id = e.rep(id)
	n := &e.m.Nodes[id]
	if e.view(id) {
		switch n.Op {
		case hw.OpSlice:
			lo += int(n.Imm)
		case hw.OpIndex:
			c = c.with(n.Axis, constant(n.K))
		}
		return e.operand(n.Args[0], c, lo, w)
	}
	if v, ok := e.known[id]; ok {
		if n.Op == hw.OpConst && e.given[id] != "" && w == n.Width {
			return e.constParam(id), true
		}
		return literal(w, v>>lo&hw.Mask(w)), true
	}
	switch n.Op {
	case hw.OpCoord:
		a := c.coord(n.Axis)
		if len(a.terms) == 0 {
			return literal(w, uint64(a.k)>>lo&hw.Mask(w)), true
		}
		if a.k != 0 || len(a.terms) != 1 || a.terms[0] != (term{1, n.Axis}) || w != n.Width {
			return e.element(e.fill(id, n.Shape), c, lo, w, true), true
		}
		return e.coordParam(c, n.Axis, n.Width), true
	}
	if x, ok := e.inlined[id]; ok {
		return x.text, x.prim
	}
	return e.element(e.net(id), c, lo, w, true), true
}

// arg writes operand k of a node in full. Where prim is asked for, parentheses are
// added when needed.
func (e *emitter) arg(id hw.ID, k int, c *context, prim bool) string {
	a := e.m.Nodes[id].Args[k]
	text, ok := e.operand(a, c, 0, e.m.Nodes[a].Width)
	if !ok && prim {
		return "(" + text + ")"
	}
	return text
}

// constParam declares a named constant.
func (e *emitter) constParam(id hw.ID) string {
	if e.constName[id] == "" {
		n := &e.m.Nodes[id]
		e.constName[id] = e.given[id]
		e.params = append(e.params, fmt.Sprintf("localparam [%d:0] %s = %s;", n.Width-1, e.given[id], literal(n.Width, n.Imm)))
	}
	return e.constName[id]
}

// coordParam declares the coordinate along an axis as a sized constant in the
// loop over that axis.
func (e *emitter) coordParam(c *context, axis, width int) string {
	b := e.coordBlock(c, axis)
	key := coordKey{b, axis, width}
	if e.coordName[key] == "" {
		name := e.names.fresh(strings.ToUpper(e.vars[axis].name) + "_ID")
		e.coordName[key] = name
		b.params = append(b.params, fmt.Sprintf("localparam [%d:0] %s = %s;", width-1, name, e.vars[axis].name))
	}
	return e.coordName[key]
}

// coordBlock finds the loop over an axis that surrounds the context's place.
func (e *emitter) coordBlock(c *context, axis int) *block {
	b := e.root
	for _, v := range c.path {
		b = e.child(b, v)
		if v == axis {
			return b
		}
	}
	panic("rtlgen: coordinate outside of its loop")
}

// fill returns a net at module level that holds node id over the given shape,
// assigning one if the node's own net is not that.
func (e *emitter) fill(id hw.ID, s hw.Shape) *net {
	id = e.rep(id)
	n := &e.m.Nodes[id]
	if e.hasNet(id) && n.Shape == s {
		return e.net(id)
	}
	key := fillKey{id, s}
	if nt := e.filled[key]; nt != nil {
		return nt
	}
	name := e.given[id]
	if name == "" {
		name = e.context[id]
	}
	if name == "" {
		name = n.Op.String()
	}
	nt := e.newNet(e.names.fresh(strings.ToLower(name)+"_all"), n.Width, s.Axes(), e.root)
	e.filled[key] = nt
	e.declare(nt)
	e.assignAll(nt, id)
	return nt
}

// hasNet reports whether a node (a representative) has a net of its own.
func (e *emitter) hasNet(id hw.ID) bool {
	return !e.isKnown(id) && !e.view(id) && e.m.Nodes[id].Op != hw.OpCoord
}

// declare writes the declaration of a net.
func (e *emitter) declare(n *net) {
	n.home.decls = append(n.home.decls, "wire"+e.rangeText(n)+" "+n.name+";")
}

// assignAll assigns every lane of a module-level net from node id, whose shape
// is part of the net's dimensions, which are axes.
func (e *emitter) assignAll(nt *net, id hw.ID) {
	if text, ok := e.allLanes(id, nt.dims); ok {
		e.root.wire("assign %s = %s;", nt.name, text)
		return
	}
	c := &context{path: nt.dims}
	text, _ := e.operand(id, c, 0, nt.width)
	e.loops(e.root, nt.dims).wire("assign %s = %s;", e.element(nt, c, 0, nt.width, false), text)
}

// allLanes writes node id over the given dimensions as one expression, if that
// is possible without a loop.
func (e *emitter) allLanes(id hw.ID, dims []int) (string, bool) {
	c := &context{}
	id = e.throughBcast(id)
	n := &e.m.Nodes[id]
	if e.isKnown(id) || n.Shape == 0 && n.Op != hw.OpIndex {
		text, prim := e.operand(id, c, 0, n.Width)
		if len(dims) > 0 && !prim {
			text = "(" + text + ")"
		}
		return e.repeat(text, dims), true
	}
	if n.Op == hw.OpIndex && e.view(id) {
		x := e.rep(n.Args[0])
		if !e.hasNet(x) {
			return "", false
		}
		xn := e.net(x)
		if len(xn.dims) == len(dims)+1 && xn.dims[0] == n.Axis && equal(xn.dims[1:], dims) {
			return e.chunk(xn, c, 0, n.K, 1, true), true
		}
		return "", false
	}
	if !e.hasNet(id) {
		return "", false
	}
	nt := e.net(id)
	k := len(dims) - len(nt.dims)
	if k < 0 || !equal(nt.dims, dims[k:]) {
		return "", false
	}
	return e.repeat(e.whole(nt), dims[:k]), true
}

// throughBcast looks through broadcasts, which readers of whole nets undo.
func (e *emitter) throughBcast(id hw.ID) hw.ID {
	for id = e.rep(id); e.view(id) && (e.m.Nodes[id].Op == hw.OpWire || e.m.Nodes[id].Op == hw.OpBcast); {
		id = e.rep(e.m.Nodes[id].Args[0])
	}
	return id
}

// repeat writes {N{text}} over dimensions.
func (e *emitter) repeat(text string, dims []int) string {
	lanes := 1
	for _, v := range dims {
		lanes *= e.vars[v].size
	}
	if lanes == 1 {
		return text
	}
	return fmt.Sprintf("{%s{%s}}", e.span(dims, "1"), text)
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
