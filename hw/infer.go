package hw

import (
	"fmt"
	"math/bits"
	"slices"
)

// infer computes the width and shape that node n must have from its operands
// and immediates, or says what is wrong with it. Leaves and state keep what they
// declare.
func (m *Module) infer(n *Node) (int, Shape, error) {
	if n.Op == OpInvalid || n.Op >= numOps {
		return 0, 0, fmt.Errorf("no such operator")
	}
	info := &Ops[n.Op]
	if info.Arity >= 0 && len(n.Args) != info.Arity {
		return 0, 0, fmt.Errorf("has %d operands (expected %d)", len(n.Args), info.Arity)
	}
	if info.Arity < 0 && len(n.Args) == 0 {
		return 0, 0, fmt.Errorf("has no operands (expected at least 1)")
	}
	arg := make([]*Node, len(n.Args))
	var union Shape
	for i, a := range n.Args {
		if a < 0 || int(a) >= len(m.Nodes) {
			return 0, 0, fmt.Errorf("operand %d does not exist: %d", i, a)
		}
		arg[i] = &m.Nodes[a]
		union |= arg[i].Shape
	}
	w, err := m.inferWidth(n, arg)
	if err != nil {
		return 0, 0, err
	}
	if w < 1 || w > MaxWidth {
		return 0, 0, fmt.Errorf("width %d is outside 1..%d", w, MaxWidth)
	}
	s, err := m.inferShape(n, arg, union)
	return w, s, err
}

func same(arg []*Node) error {
	for i := 1; i < len(arg); i++ {
		if arg[i].Width != arg[0].Width {
			return fmt.Errorf("operand widths differ: %d and %d", arg[0].Width, arg[i].Width)
		}
	}
	return nil
}

func (m *Module) inferWidth(n *Node, arg []*Node) (int, error) {
	switch n.Op {
	case OpInput, OpReg, OpMemQ, OpInstOut:
		return n.Width, nil
	case OpConst:
		if n.Width >= 1 && n.Width <= MaxWidth && n.Imm > Mask(n.Width) {
			return 0, fmt.Errorf("constant %d does not fit in %d bits", n.Imm, n.Width)
		}
		return n.Width, nil
	case OpCoord:
		if !m.axisOK(n.Axis) {
			return 0, fmt.Errorf("no axis %d", n.Axis)
		}
		if n.Width < 1 || n.Width < bits.Len(uint(m.Axes[n.Axis].Size-1)) {
			return 0, fmt.Errorf("axis %s of size %d does not fit in %d bits", m.Axes[n.Axis].Name, m.Axes[n.Axis].Size, n.Width)
		}
		return n.Width, nil
	case OpWire:
		if arg[0].Width != n.Width {
			return 0, fmt.Errorf("driven by %d bits (expected %d)", arg[0].Width, n.Width)
		}
		return n.Width, nil
	case OpMulU, OpMulS, OpMulSU:
		if n.Width > arg[0].Width+arg[1].Width {
			return 0, fmt.Errorf("width %d exceeds %d + %d", n.Width, arg[0].Width, arg[1].Width)
		}
		return n.Width, nil
	case OpBooth4:
		if arg[1].Width != 3 {
			return 0, fmt.Errorf("digit has %d bits (expected 3)", arg[1].Width)
		}
		return n.Width, nil
	case OpEq, OpNe, OpULt, OpULe, OpSLt, OpSLe:
		return 1, same(arg)
	case OpRedAnd, OpRedOr, OpRedXor:
		return 1, nil
	case OpMux:
		if arg[0].Width != 1 {
			return 0, fmt.Errorf("select has %d bits (expected 1)", arg[0].Width)
		}
		return arg[1].Width, same(arg[1:])
	case OpRom:
		return m.inferRom(n)
	case OpZext, OpSext:
		if n.Width < arg[0].Width {
			return 0, fmt.Errorf("extends %d bits to %d", arg[0].Width, n.Width)
		}
		return n.Width, nil
	case OpSlice:
		if n.Imm > MaxWidth || int(n.Imm)+n.Width > arg[0].Width {
			return 0, fmt.Errorf("bits %d..%d of a word of %d", n.Imm, int(n.Imm)+n.Width-1, arg[0].Width)
		}
		return n.Width, nil
	case OpCat:
		w := 0
		for _, a := range arg {
			w += a.Width
		}
		return w, nil
	case OpPopcount, OpFfs, OpClz:
		return Bits(arg[0].Width), nil
	case OpShl, OpLshr, OpAshr, OpRotl, OpSelect:
		return arg[0].Width, nil
	case OpPack:
		if arg[0].Width != 1 {
			return 0, fmt.Errorf("packs words of %d bits (expected 1)", arg[0].Width)
		}
		if !m.axisOK(n.Axis) {
			return 0, fmt.Errorf("no axis %d", n.Axis)
		}
		return m.Axes[n.Axis].Size, nil
	default: // every other operator has operands of one width, which is the result's
		return arg[0].Width, same(arg)
	}
}

func (m *Module) inferRom(n *Node) (int, error) {
	if n.Imm >= uint64(len(m.Roms)) {
		return 0, fmt.Errorf("no table %d", n.Imm)
	}
	return m.Roms[n.Imm].Width, nil
}

func (m *Module) axisOK(a int) bool { return a >= 0 && a < len(m.Axes) }

// has checks that operand i has (or lacks) axis a.
func (m *Module) has(arg []*Node, i, a int, want bool) error {
	if !m.axisOK(a) {
		return fmt.Errorf("no axis %d", a)
	}
	if arg[i].Shape.Has(a) == want {
		return nil
	}
	verb := "lacks"
	if !want {
		verb = "has"
	}
	return fmt.Errorf("operand %d %s axis %s", i, verb, m.Axes[a].Name)
}

func (m *Module) inferShape(n *Node, arg []*Node, union Shape) (Shape, error) {
	switch n.Op {
	case OpInput, OpReg, OpMemQ, OpInstOut:
		return n.Shape, nil
	case OpWire, OpBcast:
		if union&^n.Shape != 0 {
			return 0, fmt.Errorf("operand has axes that the result lacks: %s", m.ShapeString(union&^n.Shape))
		}
		return n.Shape, nil
	case OpCoord:
		return Shape(0).With(n.Axis), nil
	case OpShift, OpRotate:
		if n.K != 1 && n.K != -1 {
			return 0, fmt.Errorf("direction %d (expected +1 or -1)", n.K)
		}
		if err := m.has(arg, 0, n.Axis, true); err != nil {
			return 0, err
		}
		if n.Op == OpShift {
			if err := m.has(arg, 1, n.Axis, false); err != nil {
				return 0, err
			}
		}
		return union, nil
	case OpIndex, OpSelect, OpReduce, OpPack:
		return m.inferFold(n, arg, union)
	case OpStride, OpSplit:
		return m.inferRegroup(n, arg, union)
	case OpDelay:
		return m.inferDelay(n, arg)
	default:
		return union, nil
	}
}

// inferFold covers the operators that remove an axis.
func (m *Module) inferFold(n *Node, arg []*Node, union Shape) (Shape, error) {
	if err := m.has(arg, 0, n.Axis, true); err != nil {
		return 0, err
	}
	switch n.Op {
	case OpIndex:
		if n.K < 0 || n.K >= m.Axes[n.Axis].Size {
			return 0, fmt.Errorf("index %d is outside axis %s of size %d", n.K, m.Axes[n.Axis].Name, m.Axes[n.Axis].Size)
		}
	case OpSelect:
		if err := m.has(arg, 1, n.Axis, false); err != nil {
			return 0, err
		}
	case OpReduce:
		if !slices.Contains(ReduceOps[:], n.Sub) {
			return 0, fmt.Errorf("cannot reduce by %s", n.Sub)
		}
	}
	return union.Without(n.Axis), nil
}

// inferRegroup covers stride and split, which exchange an axis for others.
func (m *Module) inferRegroup(n *Node, arg []*Node, union Shape) (Shape, error) {
	if err := m.has(arg, 0, n.Axis, true); err != nil {
		return 0, err
	}
	if err := m.has(arg, 1, n.Axis, false); err != nil {
		return 0, err
	}
	targets := n.To[:1]
	if n.Op == OpSplit {
		targets = n.To[:]
	}
	out := union.Without(n.Axis)
	for _, t := range targets {
		for i := range arg {
			if err := m.has(arg, i, t, false); err != nil {
				return 0, err
			}
		}
		out = out.With(t)
	}
	if n.Op == OpStride {
		if n.K < 0 || n.K > MaxLanes || n.Step < 1 || n.Step > MaxLanes {
			return 0, fmt.Errorf("start %d step %d (expected start 0..%d and step 1..%d)", n.K, n.Step, MaxLanes, MaxLanes)
		}
		return out, nil
	}
	if n.To[0] == n.To[1] {
		return 0, fmt.Errorf("splits into axis %s twice", m.Axes[n.To[0]].Name)
	}
	if m.Axes[n.To[0]].Size*m.Axes[n.To[1]].Size < m.Axes[n.Axis].Size {
		return 0, fmt.Errorf("splits %d lanes into %d x %d", m.Axes[n.Axis].Size, m.Axes[n.To[0]].Size, m.Axes[n.To[1]].Size)
	}
	return out, nil
}

// maxDelay bounds a delay, so that a mistyped coefficient cannot ask for
// gigabytes of history. maxSpread bounds the base, which is more than a delay only
// where a negative coefficient meets it.
const (
	maxDelay  = 65536
	maxSpread = maxDelay * MaxLanes
)

// delayRange is the least and the greatest delay over the lanes of a delay node.
func (m *Module) delayRange(n *Node) (lo, hi int) {
	lo, hi = n.K, n.K
	for a, c := range n.Coef {
		if c == 0 {
			continue
		}
		if far := c * (m.Axes[a].Size - 1); far < 0 {
			lo += far
		} else {
			hi += far
		}
	}
	return lo, hi
}

func (m *Module) inferDelay(n *Node, arg []*Node) (Shape, error) {
	if n.K < -maxSpread || n.K > maxSpread {
		return 0, fmt.Errorf("base %d is outside -%d..%d", n.K, maxSpread, maxSpread)
	}
	for a, c := range n.Coef {
		if c == 0 {
			continue
		}
		if err := m.has(arg, 0, a, true); err != nil {
			return 0, err
		}
		if c < -maxDelay || c > maxDelay {
			return 0, fmt.Errorf("coefficient %d is outside -%d..%d", c, maxDelay, maxDelay)
		}
	}
	lo, hi := m.delayRange(n)
	if lo < 0 || hi > maxDelay {
		return 0, fmt.Errorf("delays of %d..%d edges (expected 0..%d)", lo, hi, maxDelay)
	}
	return arg[0].Shape, nil
}
