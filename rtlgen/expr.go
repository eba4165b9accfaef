package rtlgen

import (
	"fmt"
	"strings"

	"tpe/hw"
)

// maxInline is the longest expression that is written where it is used.
const maxInline = 44

// lane writes a lane operator.
func (e *emitter) lane(id hw.ID) {
	n := &e.m.Nodes[id]
	if e.bus[id] {
		e.busAssign(id)
		return
	}
	c := &context{path: n.Shape.Axes()}
	text, prim := e.expr(id, c)
	if e.canInline(id, text, prim) {
		e.inlined[id] = inlined{text, prim}
		return
	}
	e.define(id, c, text)
}

func (e *emitter) canInline(id hw.ID, text string, prim bool) bool {
	u := &e.uses[id]
	if e.given[id] != "" || e.ports[id] != nil || u.whole || u.other || len(text) > maxInline {
		return false
	}
	if u.mode == named || u.mode == primary && !prim {
		return false
	}
	switch e.m.Nodes[id].Op {
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU, hw.OpAshr:
		return false // their width or sign would come from the context
	case hw.OpZext, hw.OpSext, hw.OpCat, hw.OpSlice:
		return true
	}
	return u.count <= 1
}

// define gives a node's net its value at the place of the context.
func (e *emitter) define(id hw.ID, c *context, text string) {
	nt, b := e.net(id), e.loops(e.root, c.path)
	switch {
	case e.ports[id] == nil && len(nt.dims) == 0 && nt.home == b:
		b.wire("wire%s %s = %s;", wordRange(nt.width), nt.name, text)
	case e.ports[id] == nil && len(nt.dims) > 0:
		e.declare(nt)
		fallthrough
	default:
		b.wire("assign %s = %s;", e.element(nt, c, 0, nt.width, false), text)
	}
}

// busAssign writes a bitwise operator on whole buses.
func (e *emitter) busAssign(id hw.ID) {
	n, c := &e.m.Nodes[id], &context{}
	args := make([]string, len(n.Args))
	for k, a := range n.Args {
		if e.m.Nodes[a].Shape == 0 {
			args[k] = e.arg(id, k, c, true)
		} else {
			args[k] = e.whole(e.net(e.rep(a)))
		}
	}
	nt := e.net(id)
	if e.ports[id] == nil {
		e.declare(nt)
	}
	text, _ := bitwise(n.Op, args)
	e.root.wire("assign %s = %s;", nt.name, text)
}

// bitwise writes the operators that treat each bit alone, and mux.
func bitwise(op hw.Op, a []string) (text string, prim bool) {
	switch op {
	case hw.OpNot:
		return unary("~", a[0]), true
	case hw.OpAnd:
		return a[0] + " & " + a[1], false
	case hw.OpOr:
		return a[0] + " | " + a[1], false
	case hw.OpXor:
		return a[0] + " ^ " + a[1], false
	case hw.OpXor3:
		return a[0] + " ^ " + a[1] + " ^ " + a[2], false
	case hw.OpMaj:
		return fmt.Sprintf("(%s & %s) | (%s & %s) | (%s & %s)", a[0], a[1], a[0], a[2], a[1], a[2]), false
	case hw.OpMux:
		return fmt.Sprintf("%s ? %s : %s", a[0], a[1], a[2]), false
	}
	return "", false
}

// unary writes a prefix operator; Verilog has no prefix of a prefix.
func unary(sign, x string) string {
	if strings.ContainsAny(x[:1], "~-&|^") {
		return sign + "(" + x + ")"
	}
	return sign + x
}

// infix are the operators that are written between two operands of one width.
var infix = [...]struct {
	op   hw.Op
	sign string
}{
	{hw.OpAdd, "+"}, {hw.OpSub, "-"}, {hw.OpEq, "=="}, {hw.OpNe, "!="}, {hw.OpULt, "<"}, {hw.OpULe, "<="},
	{hw.OpSLt, "<"}, {hw.OpSLe, "<="}, {hw.OpShl, "<<"}, {hw.OpLshr, ">>"},
}

// expr writes a lane operator's result at the context's coordinates.
func (e *emitter) expr(id hw.ID, c *context) (text string, prim bool) {
	n := &e.m.Nodes[id]
	arg := func(k int) string { return e.arg(id, k, c, true) }
	loose := func(k int) string { return e.arg(id, k, c, false) }
	width := func(k int) int { return e.m.Nodes[n.Args[k]].Width }
	signed := func(k int) string { return "$signed(" + loose(k) + ")" }
	switch n.Op {
	case hw.OpNot, hw.OpAnd, hw.OpOr, hw.OpXor, hw.OpXor3, hw.OpMaj, hw.OpMux:
		list := make([]string, len(n.Args))
		for k := range list {
			list[k] = arg(k)
		}
		return bitwise(n.Op, list)
	case hw.OpCsaC:
		maj, _ := bitwise(hw.OpMaj, []string{arg(0), arg(1), arg(2)})
		return "(" + maj + ") << 1", false
	case hw.OpNeg:
		return unary("-", arg(0)), false
	case hw.OpSLt, hw.OpSLe:
		return signed(0) + " " + infixSign(n.Op) + " " + signed(1), false
	case hw.OpAshr:
		if v, ok := e.known[n.Args[1]]; ok {
			return signed(0) + " >>> " + literal(hw.Bits(n.Width), min(v, uint64(n.Width))), false
		}
		return signed(0) + " >>> " + arg(1), false
	case hw.OpULt, hw.OpULe:
		return e.plainArg(id, 0, c) + " " + infixSign(n.Op) + " " + e.plainArg(id, 1, c), false
	case hw.OpAdd, hw.OpSub, hw.OpEq, hw.OpNe, hw.OpShl, hw.OpLshr:
		return arg(0) + " " + infixSign(n.Op) + " " + arg(1), false
	case hw.OpUMin, hw.OpUMax, hw.OpSMin, hw.OpSMax:
		return e.minMaxCall(n.Op, n.Width, loose(0), loose(1)), true
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		return e.mul(id, c), false
	case hw.OpBooth4:
		x, _ := e.operand(n.Args[0], c, 0, min(width(0), n.Width))
		return fmt.Sprintf("%s(%s, %s)", e.boothFunc(min(width(0), n.Width), n.Width), x, loose(1)), true
	case hw.OpRom:
		return fmt.Sprintf("%s(%s)", e.romFunc(int(n.Imm), width(0)), loose(0)), true
	case hw.OpZext:
		if pad := n.Width - width(0); pad > 0 {
			return fmt.Sprintf("{%s, %s}", literal(pad, 0), loose(0)), true
		}
		return e.operand(n.Args[0], c, 0, n.Width)
	case hw.OpSext:
		return e.sext(n.Args[0], c, width(0), n.Width), true
	case hw.OpSlice:
		return e.operand(n.Args[0], c, int(n.Imm), n.Width)
	case hw.OpCat:
		list := make([]string, len(n.Args))
		for k := range list {
			list[k] = loose(k)
		}
		if len(list) == 1 {
			return e.operand(n.Args[0], c, 0, n.Width)
		}
		return "{" + strings.Join(list, ", ") + "}", true
	case hw.OpRotl:
		return e.rotl(id, c), false
	case hw.OpRedAnd:
		return unary("&", arg(0)), false
	case hw.OpRedOr:
		return unary("|", arg(0)), false
	case hw.OpRedXor:
		return unary("^", arg(0)), false
	case hw.OpPopcount:
		return fmt.Sprintf("%s(%s)", e.popcountFunc(width(0)), loose(0)), true
	case hw.OpFfs, hw.OpClz:
		return fmt.Sprintf("%s(%s)", e.firstOneFunc(n.Op, width(0)), loose(0)), true
	}
	panic("rtlgen: not a lane operator: " + n.Op.String())
}

// plainArg writes an operand of an unsigned comparison. What is fixed in each lane is
// read from a bus, because as a constant it would decide the comparison in some lanes.
func (e *emitter) plainArg(id hw.ID, k int, c *context) string {
	a := e.throughBcast(e.m.Nodes[id].Args[k])
	if n := &e.m.Nodes[a]; e.fixed[a] {
		return e.element(e.fill(a, n.Shape), c, 0, n.Width, true)
	}
	return e.arg(id, k, c, true)
}

func infixSign(op hw.Op) string {
	for _, x := range infix {
		if x.op == op {
			return x.sign
		}
	}
	return ""
}

// sext writes the sign extension of bits 0 .. from-1 of a node.
func (e *emitter) sext(id hw.ID, c *context, from, to int) string {
	sign, _ := e.operand(id, c, from-1, 1)
	x, _ := e.operand(id, c, 0, from)
	switch {
	case from == to:
		return x
	case from == 1:
		return fmt.Sprintf("{%d{%s}}", to, sign)
	}
	return "{" + copies(to-from, sign) + x + "}"
}

// mul writes a product. The operands are cut to the result's width, and never
// extended: a product of the widths of its operands is what synthesis tools
// recognise, and the sign is in $signed. An operand as wide as the result
// gives the same product whatever its sign.
func (e *emitter) mul(id hw.ID, c *context) string {
	n := &e.m.Nodes[id]
	list := make([]string, 2)
	for k := range list {
		w := min(e.m.Nodes[n.Args[k]].Width, n.Width)
		x, _ := e.operand(n.Args[k], c, 0, w)
		switch {
		case n.Op == hw.OpMulU:
		case n.Op == hw.OpMulSU && k == 1 && w < n.Width:
			x = "$signed({1'b0, " + x + "})"
		default:
			x = "$signed(" + x + ")"
		}
		list[k] = x
	}
	return list[0] + " * " + list[1]
}

// rotl writes a rotation by u(y) mod W places as two shifts.
func (e *emitter) rotl(id hw.ID, c *context) string {
	n := &e.m.Nodes[id]
	w, m := n.Width, e.m.Nodes[n.Args[1]].Width
	x, y := e.arg(id, 0, c, true), e.arg(id, 1, c, true)
	if m >= 31 || 1<<m > w { // the amount can reach W
		y = fmt.Sprintf("(%s %% %s)", y, literal(max(m, hw.Bits(w)), uint64(w)))
	}
	if m < hw.Bits(w) { // W must be written in the width of the amount
		return fmt.Sprintf("(%s << %s) | (%s >> (%s - {%s, %s}))", x, y, x, literal(hw.Bits(w), uint64(w)), literal(hw.Bits(w)-m, 0), y)
	}
	return fmt.Sprintf("(%s << %s) | (%s >> (%s - %s))", x, y, x, literal(m, uint64(w)), y)
}
