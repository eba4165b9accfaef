package retime

import "tpe/hw"

// origin says that a node is a delayed copy of another: in lane c it has the value that
// base had lag(c) edges ago, and 0 after a reset until that comes through.
type origin struct {
	base hw.ID
	lag  lag
	path []hw.ID // the registers and delays that make the lag
}

// copies finds the origin of nodes: through delays, broadcasts, registers, and along
// links that only pass a word from lane to lane.
type copies struct {
	m    *hw.Module
	memo []*origin
	busy []bool
}

func newCopies(m *hw.Module) *copies {
	return &copies{m: m, memo: make([]*origin, len(m.Nodes)), busy: make([]bool, len(m.Nodes))}
}

// of returns the origin of a node; it is the node itself if it is no copy.
func (c *copies) of(id hw.ID) *origin {
	if c.memo[id] != nil {
		return c.memo[id]
	}
	self := &origin{base: id, lag: zero(len(c.m.Axes))}
	if c.busy[id] {
		return self // a loop of registers
	}
	c.busy[id] = true
	o := c.find(id)
	if o == nil {
		o = self
	}
	c.busy[id] = false
	c.memo[id] = o
	return o
}

func (c *copies) find(id hw.ID) *origin {
	n := &c.m.Nodes[id]
	switch n.Op {
	case hw.OpBcast, hw.OpWire:
		return c.of(n.Args[0])
	case hw.OpDelay:
		x := c.of(n.Args[0])
		return x.later(delayOf(c.m, n), id)
	case hw.OpReg:
		r := &c.m.Regs[n.Imm]
		x := c.of(r.Next)
		// A register of its own is no worse a base than what it delays, unless that is
		// smaller or the lanes differ.
		if r.Reset != 0 || c.m.Lanes(c.m.Nodes[x.base].Shape) == c.m.Lanes(n.Shape) && !x.lag.sloped(c.m) {
			return nil
		}
		return x.later(zero(len(c.m.Axes)).add(1), id)
	case hw.OpIndex:
		x := c.of(n.Args[0])
		if c.m.Nodes[x.base].Shape.Has(n.Axis) {
			return nil
		}
		return &origin{x.base, x.lag.fix(n.Axis, n.K), x.path}
	case hw.OpShift:
		return c.travel(id)
	}
	return nil
}

// later is the origin of what delays a copy further.
func (x *origin) later(by lag, via hw.ID) *origin {
	return &origin{x.base, x.lag.plus(by, 1, 0), append(x.path[:len(x.path):len(x.path)], via)}
}

// delayOf is what a delay node delays by.
func delayOf(m *hw.Module, n *hw.Node) lag {
	l := zero(len(m.Axes)).add(n.K)
	copy(l.coef, n.Coef)
	return l
}

// travel recognises a link whose words come from the edge and pass on unchanged: a
// shift of registers that hold what the shift itself delivers.
func (c *copies) travel(id hw.ID) *origin {
	m, n := c.m, &c.m.Nodes[id]
	hops := 0
	var path []hw.ID
	for x := n.Args[0]; x != id; {
		y := &m.Nodes[x]
		if y.Shape != n.Shape || len(path) > maxHops {
			return nil
		}
		switch y.Op {
		case hw.OpReg:
			if m.Regs[y.Imm].Reset != 0 {
				return nil
			}
			path, hops, x = append(path, x), hops+1, m.Regs[y.Imm].Next
		case hw.OpDelay:
			by := delayOf(m, y)
			if by.sloped(m) {
				return nil
			}
			path, hops, x = append(path, x), hops+by.k, y.Args[0]
		case hw.OpBcast, hw.OpWire:
			x = y.Args[0]
		default:
			return nil
		}
	}
	edge := c.of(n.Args[1])
	return &origin{edge.base, edge.lag.steps(m, n.Axis, n.K, hops), append(path, edge.path...)}
}

// maxHops bounds the registers between two lanes of a link.
const maxHops = 64

// fixedNodes are those whose value never changes.
func fixedNodes(m *hw.Module) []bool {
	fixed := make([]bool, len(m.Nodes))
	for i := range m.Nodes { // in evaluation order
		n := &m.Nodes[i]
		switch n.Op.Kind() {
		case hw.KindState:
		case hw.KindLeaf:
			fixed[i] = n.Op == hw.OpConst || n.Op == hw.OpCoord
		default:
			fixed[i] = true
			for _, a := range n.Args {
				fixed[i] = fixed[i] && fixed[a]
			}
		}
	}
	return fixed
}
