package blast

import (
	"fmt"

	"tpe/hw"
)

// two is an operator of two words of one width.
func (g *Graph) two(op hw.Op, x, y word) word {
	switch op {
	case hw.OpAnd:
		return g.each2(x, y, g.And)
	case hw.OpOr:
		return g.each2(x, y, g.Or)
	case hw.OpXor:
		return g.each2(x, y, g.Xor)
	case hw.OpAdd:
		s, _ := g.add(x, y, False)
		return s
	case hw.OpSub:
		s, _ := g.add(x, invert(y), True)
		return s
	case hw.OpUMin:
		return g.mux(g.less(x, y), x, y)
	case hw.OpUMax:
		return g.mux(g.less(x, y), y, x)
	case hw.OpSMin:
		return g.mux(g.less(slip(x), slip(y)), x, y)
	case hw.OpSMax:
		return g.mux(g.less(slip(x), slip(y)), y, x)
	}
	return nil
}

// lane is a lane operator.
func (b *blaster) lane(n *hw.Node, args []word) (word, error) {
	g := b.d.Graph
	var x, y, z word
	x = args[0]
	if len(args) > 1 {
		y = args[1]
	}
	if len(args) > 2 {
		z = args[2]
	}
	w := n.Width
	one := func(l Lit) (word, error) { return word{l}, nil }
	switch n.Op {
	case hw.OpAnd, hw.OpOr, hw.OpXor, hw.OpAdd, hw.OpSub, hw.OpUMin, hw.OpUMax, hw.OpSMin, hw.OpSMax:
		return g.two(n.Op, x, y), nil
	case hw.OpWire:
		return x, nil
	case hw.OpNot:
		return invert(x), nil
	case hw.OpXor3, hw.OpMaj, hw.OpCsaC:
		return g.fullAdders(n.Op, x, y, z), nil
	case hw.OpNeg:
		s, _ := g.add(constant(w, 0), invert(x), True)
		return s, nil
	case hw.OpMulU:
		return g.mul(w, x, y, false, false), nil
	case hw.OpMulS:
		return g.mul(w, x, y, true, true), nil
	case hw.OpMulSU:
		return g.mul(w, x, y, true, false), nil
	case hw.OpBooth4:
		return g.booth(w, x, y), nil
	case hw.OpEq:
		return one(g.equal(x, y))
	case hw.OpNe:
		return one(g.equal(x, y).Not())
	case hw.OpULt:
		return one(g.less(x, y))
	case hw.OpULe:
		return one(g.less(y, x).Not())
	case hw.OpSLt:
		return one(g.less(slip(x), slip(y)))
	case hw.OpSLe:
		return one(g.less(slip(y), slip(x)).Not())
	case hw.OpMux:
		return g.mux(x[0], y, z), nil
	case hw.OpRom:
		return g.table(w, x, b.m.Roms[n.Imm].Data), nil
	case hw.OpZext:
		return extend(x, w, False), nil
	case hw.OpSext:
		return extend(x, w, x[len(x)-1]), nil
	case hw.OpSlice:
		return x[n.Imm : int(n.Imm)+w], nil
	case hw.OpCat:
		var out word
		for i := len(args) - 1; i >= 0; i-- {
			out = append(out, args[i]...)
		}
		return out, nil
	case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl:
		return g.shifts(n.Op, x, y), nil
	case hw.OpRedAnd:
		return one(fold(x, g.And, True))
	case hw.OpRedOr:
		return one(fold(x, g.Or, False))
	case hw.OpRedXor:
		return one(fold(x, g.Xor, False))
	case hw.OpPopcount:
		return g.count(w, x), nil
	case hw.OpFfs:
		return g.leading(w, reverse(x)), nil
	case hw.OpClz:
		return g.leading(w, x), nil
	}
	return nil, fmt.Errorf("blast: no operator %s", n.Op)
}

func (g *Graph) fullAdders(op hw.Op, x, y, z word) word {
	out := make(word, len(x))
	for i := range x {
		s, c := g.adder(x[i], y[i], z[i])
		switch {
		case op == hw.OpXor3:
			out[i] = s
		case op == hw.OpMaj:
			out[i] = c
		case i+1 < len(x):
			out[i+1] = c
		}
	}
	return out
}

// booth is d * x with the digit d = -2 y[2] + y[1] + y[0], as rtlgen writes it: one and two times
// x and -x in two bits more than x has, of which the digit chooses one.
func (g *Graph) booth(w int, x, y word) word {
	c := min(w, len(x)+2)
	pos := extend(x, c, x[len(x)-1])
	neg, _ := g.add(constant(c, 0), invert(pos), True)
	once := g.Xor(y[0], y[1])
	twice := g.And(once.Not(), g.Xor(y[1], y[2]))
	m := make(word, c)
	for i := range m {
		p, n := g.And(once, pos[i]), g.And(once, neg[i])
		if i > 0 {
			p, n = g.Or(p, g.And(twice, pos[i-1])), g.Or(n, g.And(twice, neg[i-1]))
		}
		m[i] = g.Mux(y[2], n, p)
	}
	return extend(m, w, m[c-1])
}

func (g *Graph) shifts(op hw.Op, x, y word) word {
	n := len(x)
	fill := False
	if op == hw.OpAshr {
		fill = x[n-1]
	}
	return g.shift(x, y, func(x word, k int) word {
		by, around := n, 1%n // 2^k, at most n, and 2^k mod n
		if k < 30 {
			by = min(n, 1<<k)
		}
		for range k {
			around = 2 * around % n
		}
		out := make(word, n)
		for i := range out {
			out[i] = fill
			switch {
			case op == hw.OpShl && i-by >= 0:
				out[i] = x[i-by]
			case (op == hw.OpLshr || op == hw.OpAshr) && i+by < n:
				out[i] = x[i+by]
			case op == hw.OpRotl:
				out[i] = x[((i-around)%n+n)%n]
			}
		}
		return out
	})
}
