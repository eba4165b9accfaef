package rtlgen

import (
	"tpe/hw"
	"tpe/hw/eval"
)

// findConstants finds the nodes that are the same constant in every lane: what is
// computed from constants, and what does not depend on its operands, which lint tools
// report: x - x, x < 0 and the like. They are written as constants.
func (e *emitter) findConstants(order []hw.ID) {
	e.known = map[hw.ID]uint64{}
	for _, id := range order {
		if v, ok := e.constantOf(&e.m.Nodes[id]); ok {
			e.known[id] = v
		}
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
	switch n.Op {
	case hw.OpConst:
		return n.Imm, true
	case hw.OpCoord:
		return 0, e.m.Axes[n.Axis].Size == 1
	case hw.OpBcast:
		return args[0], all
	case hw.OpIndex:
		x := &e.m.Nodes[n.Args[0]]
		return uint64(n.K), x.Op == hw.OpCoord && x.Axis == n.Axis
	case hw.OpULt: // x < 0, max < y
		if known[1] && args[1] == 0 || known[0] && args[0] == hw.Mask(widths[0]) {
			return 0, true
		}
	case hw.OpULe: // 0 <= y, x <= max
		if known[0] && args[0] == 0 || known[1] && args[1] == hw.Mask(widths[0]) {
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
