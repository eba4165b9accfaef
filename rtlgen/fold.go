package rtlgen

import (
	"tpe/hw"
	"tpe/hw/eval"
)

// findConstants finds the nodes that are the same constant in every lane: what is
// computed from constants, and what does not depend on its operands, which lint tools
// report: x - x, x < 0 and the like. They are written as constants. It also
// finds the nodes that are fixed: a constant in each lane.
func (e *emitter) findConstants(order []hw.ID) {
	e.known, e.fixed = map[hw.ID]uint64{}, map[hw.ID]bool{}
	for _, id := range order {
		n := &e.m.Nodes[id]
		if v, ok := e.constantOf(n); ok {
			e.known[id] = v
			continue
		}
		fixed := n.Op == hw.OpCoord || len(n.Args) > 0 && n.Op.Kind() != hw.KindState
		for _, a := range n.Args {
			fixed = fixed && (e.isKnown(a) || e.fixed[a])
		}
		e.fixed[id] = fixed
	}
}

func (e *emitter) constantOf(n *hw.Node) (uint64, bool) {
	args, widths, known := make([]uint64, len(n.Args)), make([]int, len(n.Args)), make([]bool, len(n.Args))
	all := true
	for k, a := range n.Args {
		widths[k] = e.m.Nodes[a].Width
		args[k], known[k] = e.known[a], e.isKnown(a)
		all = all && known[k]
	}
	if len(n.Args) == 2 && e.rep(n.Args[0]) == e.rep(n.Args[1]) {
		switch n.Op {
		case hw.OpSub, hw.OpXor, hw.OpNe, hw.OpULt, hw.OpSLt:
			return 0, true
		case hw.OpEq, hw.OpULe, hw.OpSLe:
			return 1, true
		}
	}
	has := func(k int, v uint64) bool { return k < len(args) && known[k] && args[k] == v }
	switch n.Op {
	case hw.OpConst:
		return n.Imm, true
	case hw.OpAnd, hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		if has(0, 0) || has(1, 0) {
			return 0, true
		}
	case hw.OpOr:
		if has(0, hw.Mask(n.Width)) || has(1, hw.Mask(n.Width)) {
			return hw.Mask(n.Width), true
		}
	case hw.OpCsaC:
		if n.Width == 1 {
			return 0, true
		}
	case hw.OpShl, hw.OpLshr:
		if has(0, 0) || known[1] && args[1] >= uint64(n.Width) {
			return 0, true
		}
	case hw.OpCoord:
		return 0, e.m.Axes[n.Axis].Size == 1
	case hw.OpBcast:
		return args[0], all
	case hw.OpIndex:
		x := &e.m.Nodes[n.Args[0]]
		return uint64(n.K), x.Op == hw.OpCoord && x.Axis == n.Axis
	case hw.OpULt: // x < 0, max < y
		if has(1, 0) || has(0, hw.Mask(widths[0])) {
			return 0, true
		}
	case hw.OpULe: // 0 <= y, x <= max
		if has(0, 0) || has(1, hw.Mask(widths[0])) {
			return 1, true
		}
	}
	if !all || n.Op.Kind() != hw.KindLane {
		return 0, false
	}
	var table []uint64
	if n.Op == hw.OpRom {
		table = e.m.Roms[n.Imm].Data
	}
	return eval.Lane(n.Op, n.Width, n.Imm, table, args, widths), true
}

func (e *emitter) isKnown(id hw.ID) bool {
	_, ok := e.known[id]
	return ok
}
