package rtlgen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tpe/hw"
)

// wiring writes an operator between lanes.
func (e *emitter) wiring(id hw.ID) {
	n := &e.m.Nodes[id]
	switch n.Op {
	case hw.OpShift, hw.OpRotate:
		e.shift(id)
	case hw.OpIndex:
		if e.ports[id] == nil {
			e.declare(e.net(id))
		}
		e.indexNode(id)
	case hw.OpSelect:
		e.selectNode(id)
	case hw.OpReduce:
		e.reduce(id)
	case hw.OpStride, hw.OpSplit:
		e.regroup(id)
	case hw.OpPack:
		e.pack(id)
	default:
		panic("rtlgen: not a wire operator: " + n.Op.String())
	}
}

// shift writes a shift or rotation along an axis. A link between the cells of a grid
// is written lane by lane: a concatenation of its wide bus would cost a simulator
// several copies of the bus a cycle.
func (e *emitter) shift(id hw.ID) {
	n := &e.m.Nodes[id]
	if e.vars[n.Axis].size > 1 && (e.local(id) || len(n.Shape.Axes()) > 1) {
		e.shiftLanes(id)
	} else {
		e.shiftBlocks(id)
	}
}

// shiftLanes writes a shift or rotation in the loop nest of its shape, as a choice
// between what enters at the edge and what the neighbour has.
func (e *emitter) shiftLanes(id hw.ID) {
	n := &e.m.Nodes[id]
	nt := e.net(id)
	if e.ports[id] == nil {
		e.declare(nt)
	}
	last := e.vars[n.Axis].size - 1
	from, far, inner := variable(n.Axis).plus(constant(-1)), last, variable(n.Axis).times(-1, last)
	if n.K < 0 {
		from, far, inner = variable(n.Axis).plus(constant(1)), 0, variable(n.Axis)
	}
	c := &context{path: n.Shape.Axes()}
	b := e.loops(e.root, c.path)
	lhs := "assign " + e.element(nt, c, 0, n.Width, false) + " = "
	pick := e.choice(b, n.Axis, n.K > 0)
	enter := c.with(n.Axis, constant(far)) // of a rotation: the lane at the other end
	k := 0
	if n.Op == hw.OpShift {
		enter, k = c, 1
	}
	text, _ := e.operand(n.Args[k], enter, 0, n.Width)
	pick.atEdge = append(pick.atEdge, lhs+text+";")
	stay := c.with(n.Axis, from)
	stay.guard = &guard{inner, last} // all lanes but the edge
	text, _ = e.operand(n.Args[0], stay, 0, n.Width)
	pick.elsewhere = append(pick.elsewhere, lhs+text+";")
}

// shiftBlocks writes a shift or rotation as a concatenation of two runs of blocks for
// each combination of the slower axes.
func (e *emitter) shiftBlocks(id hw.ID) {
	n := &e.m.Nodes[id]
	nt := e.net(id)
	if e.ports[id] == nil {
		e.declare(nt)
	}
	p := slices.Index(nt.dims, n.Axis)
	size := e.vars[n.Axis].size
	c := &context{path: nt.dims[:p]}
	faster := n.Shape &^ (1<<(n.Axis+1) - 1)
	var enter, stay string
	if n.Op == hw.OpShift {
		enter = e.edge(n.Args[1], n.Shape.Without(n.Axis), faster, c)
	}
	if size > 1 {
		x := e.source(n.Args[0], n.Shape, n.Shape&^(1<<n.Axis-1))
		q := slices.Index(x.dims, n.Axis)
		from, last := 0, size-1
		if n.K < 0 {
			from, last = 1, 0
		}
		stay = e.chunk(x, c, q, from, size-1, true)
		if n.Op == hw.OpRotate {
			enter = e.chunk(x, c, q, last, 1, true)
		}
	} else if n.Op == hw.OpRotate {
		enter = e.chunk(e.source(n.Args[0], n.Shape, n.Shape&^(1<<n.Axis-1)), c, p, 0, 1, true)
	}
	text := enter
	switch {
	case size == 1:
	case n.K > 0:
		text = "{" + stay + ", " + enter + "}"
	default:
		text = "{" + enter + ", " + stay + "}"
	}
	e.loops(e.root, c.path).wire("assign %s = %s;", e.chunk(nt, c, p, 0, size, false), text)
}

// source returns a net of node id whose dimensions end in all axes of tail: the
// node's own, or one filled over the shape.
func (e *emitter) source(id hw.ID, s, tail hw.Shape) *net {
	r := e.throughBcast(id)
	if e.hasNet(r) && e.m.Nodes[r].Shape&tail == tail {
		return e.net(r)
	}
	return e.fill(id, s)
}

// edge writes the block that enters a shift: node id over the faster axes,
// at the coordinates of the context along the slower ones.
func (e *emitter) edge(id hw.ID, s, faster hw.Shape, c *context) string {
	r := e.throughBcast(id)
	n := &e.m.Nodes[r]
	if e.isKnown(r) || n.Shape&faster == 0 {
		text, _ := e.operand(r, c, 0, n.Width)
		return e.repeat(text, faster.Axes())
	}
	x := e.source(id, s, faster)
	p := len(x.dims) - len(faster.Axes())
	return e.chunk(x, c, p, 0, e.vars[x.dims[p]].size, true)
}

// indexNode writes an index that has a name or drives a shaped port.
func (e *emitter) indexNode(id hw.ID) {
	n := &e.m.Nodes[id]
	nt := e.net(id)
	x := e.rep(n.Args[0])
	if e.hasNet(x) {
		if xn := e.net(x); xn.dims[0] == n.Axis && equal(xn.dims[1:], nt.dims) {
			e.root.wire("assign %s = %s;", nt.name, e.chunk(xn, &context{}, 0, n.K, 1, true))
			return
		}
	}
	c := &context{path: nt.dims}
	text, _ := e.operand(n.Args[0], c.with(n.Axis, constant(n.K)), 0, n.Width)
	e.loops(e.root, nt.dims).wire("assign %s = %s;", e.element(nt, c, 0, n.Width, false), text)
}

// maxTree bounds the lanes of a choice that is written as a tree: its text has all of them.
const maxTree = 16

// selectNode writes a lane chosen by a value, 0 where the value can exceed the axis and
// does. Few lanes are a tree of choices by the bits of the value, which synthesis keeps: of
// a part-select with an offset that is no power of two it makes a shifter of the whole bus, a
// third larger in all. Many lanes are such a part-select, at the value times the distance
// between lanes, in exactly the bits that address the bus.
func (e *emitter) selectNode(id hw.ID) {
	n := &e.m.Nodes[id]
	c := &context{path: n.Shape.Axes()}
	size, m := e.vars[n.Axis].size, e.m.Nodes[n.Args[1]].Width
	if v, ok := e.known[e.rep(n.Args[1])]; ok || size == 1 {
		text := literal(n.Width, 0)
		if v < uint64(size) {
			text, _ = e.operand(n.Args[0], c.with(n.Axis, constant(int(v))), 0, n.Width)
		}
		if !ok && v < uint64(size) { // one lane
			text = fmt.Sprintf("%s ? %s : %s", e.isZero(n.Args[1], c, m), text, literal(n.Width, 0))
		}
		e.define(id, c, text)
		return
	}
	if size <= maxTree {
		e.define(id, c, e.selectTree(id, c, size, m))
		return
	}
	src := e.source(n.Args[0], e.m.Nodes[n.Args[0]].Shape, e.m.Nodes[n.Args[0]].Shape)
	_, lane := e.index(src.dims, c.with(n.Axis, constant(0)).coords(src.dims))
	stride := src.width
	for _, v := range src.dims[slices.Index(src.dims, n.Axis)+1:] {
		stride *= e.vars[v].size
	}
	b, wide := e.loops(e.root, c.path), hw.Bits(src.bits()-1)
	low, _ := e.operand(n.Args[1], c, 0, min(m, wide))
	if m < wide {
		low = fmt.Sprintf("{%s, %s}", literal(wide-m, 0), low)
	}
	if stride > 1 {
		low += " * " + literal(wide, uint64(stride))
	}
	at := e.names.fresh(e.net(id).name + "_at")
	b.wire("wire%s %s = %s;", wordRange(wide), at, low)
	if len(lane.terms) > 0 {
		base := e.names.fresh(strings.ToUpper(e.net(id).name) + "_BASE")
		text, _ := e.index(src.dims, c.with(n.Axis, constant(0)).coords(src.dims))
		b.params = append(b.params, fmt.Sprintf("localparam %s = %s;", base, product(text, strconv.Itoa(src.width))))
		at = fmt.Sprintf("%s[%d:0] + %s", base, wide-1, at)
	}
	for k := range size {
		e.mark(src, nil, lane.plus(constant(k*stride/src.width)), hw.Mask(src.width))
	}
	text := fmt.Sprintf("%s[%s +: %d]", src.name, at, n.Width)
	if n.Width == 1 {
		text = fmt.Sprintf("%s[%s]", src.name, at)
	}
	if m >= 31 || 1<<m > size {
		text = fmt.Sprintf("(%s < %s) ? %s : %s", e.arg(id, 1, c, true), literal(m, uint64(size)), text, literal(n.Width, 0))
	}
	e.define(id, c, text)
}

// selectTree chooses among lanes by the bits of the value, the highest first; m is the width
// of the value.
func (e *emitter) selectTree(id hw.ID, c *context, size, m int) string {
	n := &e.m.Nodes[id]
	levels := hw.Bits(size - 1)
	var tree func(level, from int) string
	tree = func(level, from int) string {
		switch {
		case from >= size:
			return literal(n.Width, 0)
		case level == 0:
			text, _ := e.operand(n.Args[0], c.with(n.Axis, constant(from)), 0, n.Width)
			return text
		case level > m: // the value cannot reach the upper half
			return tree(level-1, from)
		}
		bit, _ := e.operand(n.Args[1], c, level-1, 1)
		return fmt.Sprintf("(%s ? %s : %s)", bit, tree(level-1, from+1<<(level-1)), tree(level-1, from))
	}
	text := tree(levels, 0)
	if m > levels {
		high, _ := e.operand(n.Args[1], c, levels, m-levels)
		return fmt.Sprintf("(%s == %s) ? %s : %s", high, literal(m-levels, 0), text, literal(n.Width, 0))
	}
	if text[0] == '(' && levels > 0 {
		text = text[1 : len(text)-1]
	}
	return text
}

// isZero writes the test of a word for 0.
func (e *emitter) isZero(id hw.ID, c *context, width int) string {
	x, _ := e.operand(id, c, 0, width)
	return fmt.Sprintf("(%s == %s)", x, literal(width, 0))
}

// regroup writes stride and split: each lane takes the lane of the source that
// its coordinates name, or the fill where that is past the end.
func (e *emitter) regroup(id hw.ID) {
	n := &e.m.Nodes[id]
	nt := e.net(id)
	if e.ports[id] == nil {
		e.declare(nt)
	}
	var at affine
	var most int
	if n.Op == hw.OpStride {
		at = variable(n.To[0]).times(n.Step, n.K)
		most = n.K + n.Step*(e.vars[n.To[0]].size-1)
	} else {
		inner := e.vars[n.To[1]].size
		at = variable(n.To[0]).times(inner, 0).plus(variable(n.To[1]))
		most = e.vars[n.To[0]].size*inner - 1
	}
	size := e.vars[n.Axis].size
	c := &context{path: nt.dims}
	b := e.loops(e.root, nt.dims)
	inC := c.with(n.Axis, at)
	if most >= size {
		inC.guard = &guard{at, size}
	}
	lhs := e.element(nt, c, 0, n.Width, false)
	x := e.source(n.Args[0], e.m.Nodes[n.Args[0]].Shape, e.m.Nodes[n.Args[0]].Shape)
	text := e.element(x, inC, 0, n.Width, true)
	if most < size {
		b.wire("assign %s = %s;", lhs, text)
		return
	}
	fill, _ := e.operand(n.Args[1], c, 0, n.Width)
	b.wire("if (%s < %s) begin : %s\n  assign %s = %s;\nend else begin : %s\n  assign %s = %s;\nend",
		at.text(e.vars), e.sizeName(n.Axis), e.names.fresh("g_"+nt.name), lhs, text,
		e.names.fresh("g_"+nt.name+"_fill"), lhs, fill)
}

// pack writes the bits of an axis side by side.
func (e *emitter) pack(id hw.ID) {
	n := &e.m.Nodes[id]
	nt := e.net(id)
	if e.ports[id] == nil {
		e.declare(nt)
	}
	x := e.source(n.Args[0], e.m.Nodes[n.Args[0]].Shape, e.m.Nodes[n.Args[0]].Shape)
	c := &context{path: nt.dims}
	if p := len(x.dims) - 1; x.dims[p] == n.Axis {
		e.loops(e.root, nt.dims).wire("assign %s = %s;", e.element(nt, c, 0, n.Width, false), e.chunk(x, c, p, 0, n.Width, true))
		return
	}
	path := append(slices.Clone(nt.dims), n.Axis)
	bits := &net{name: nt.name, width: 1, dims: path, lanes: nt.lanes * nt.width}
	in := &context{path: path}
	e.loops(e.root, path).wire("assign %s = %s;", e.element(bits, in, 0, 1, false), e.element(x, in, 0, 1, true))
}

// reduce writes a balanced tree over an axis: in one expression if it is small or a
// reduction of single bits, else level by level in loops.
func (e *emitter) reduce(id hw.ID) {
	n := &e.m.Nodes[id]
	c := &context{path: n.Shape.Axes()}
	b := e.loops(e.root, c.path)
	src := e.source(n.Args[0], e.m.Nodes[n.Args[0]].Shape, e.m.Nodes[n.Args[0]].Shape)
	if p := len(src.dims) - 1; n.Width == 1 && src.dims[p] == n.Axis {
		e.define(id, c, string(bitSign(n.Sub))+e.chunk(src, c, p, 0, e.vars[n.Axis].size, true))
		return
	}
	v, count := n.Axis, e.vars[n.Axis].size
	at := func(a affine) string { return e.element(src, c.with(v, a), 0, n.Width, true) }
	name := ""
	for level := 1; count > 4; level++ {
		if name == "" {
			name = e.net(id).name
		}
		half := (count + 1) / 2
		next := e.tempVar(half)
		lv := e.newNet(e.names.fresh(fmt.Sprintf("%s_l%d", name, level)), n.Width, []int{next}, b)
		e.declare(lv)
		pair := e.tempVar(count / 2)
		x, y := at(variable(pair).times(2, 0)), at(variable(pair).times(2, 1))
		loop := e.newChild(b, pair, "g_"+lv.name)
		dst := e.element(lv, c.with(next, variable(pair)), 0, n.Width, false)
		text, _ := e.combine(n.Sub, n.Width, x, y)
		loop.wire("assign %s = %s;", dst, text)
		if count%2 == 1 {
			b.wire("assign %s = %s;", e.element(lv, c.with(next, constant(half-1)), 0, n.Width, false), at(constant(count-1)))
		}
		src, v, count = lv, next, half
	}
	list := make([]string, count)
	for k := range list {
		list[k] = at(constant(k))
	}
	for len(list) > 1 {
		var next []string
		for k := 0; k < len(list); k += 2 {
			if k+1 == len(list) {
				next = append(next, list[k])
				break
			}
			text, prim := e.combine(n.Sub, n.Width, list[k], list[k+1])
			if !prim && len(list) > 2 {
				text = "(" + text + ")"
			}
			next = append(next, text)
		}
		list = next
	}
	e.define(id, c, list[0])
}

// tempVar makes a loop variable for a loop that is not over an axis. They share one genvar.
func (e *emitter) tempVar(size int) int {
	if e.tempName == "" {
		e.tempName = e.names.fresh("i")
	}
	e.vars = append(e.vars, loopVar{e.tempName, size, strconv.Itoa(size)})
	return len(e.vars) - 1
}

// combine writes one step of a reduction.
func (e *emitter) combine(op hw.Op, w int, x, y string) (text string, prim bool) {
	switch op {
	case hw.OpAdd:
		return x + " + " + y, false
	case hw.OpAnd, hw.OpOr, hw.OpXor:
		return bitwise(op, []string{x, y})
	}
	return e.minMaxCall(op, w, x, y), true
}

// bitSign is the reduction operator that folds single bits by a lane operator.
// As two's complement the bit 1 is -1.
func bitSign(op hw.Op) byte {
	switch op {
	case hw.OpAnd, hw.OpUMin, hw.OpSMax:
		return '&'
	case hw.OpOr, hw.OpUMax, hw.OpSMin:
		return '|'
	}
	return '^'
}
