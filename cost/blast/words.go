package blast

import "math/bits"

// word is a list of bits, the lowest first.
type word = []Lit

func constant(width int, v uint64) word {
	w := make(word, width)
	for i := range w {
		w[i] = Lit(v >> i & 1)
	}
	return w
}

func (g *Graph) each2(x, y word, f func(a, b Lit) Lit) word {
	out := make(word, len(x))
	for i := range out {
		out[i] = f(x[i], y[i])
	}
	return out
}

func invert(x word) word {
	out := make(word, len(x))
	for i := range out {
		out[i] = x[i].Not()
	}
	return out
}

// extend returns the lowest width bits of x, extended by fill.
func extend(x word, width int, fill Lit) word {
	out := make(word, width)
	for i := range out {
		out[i] = fill
		if i < len(x) {
			out[i] = x[i]
		}
	}
	return out
}

func (g *Graph) mux(s Lit, x, y word) word {
	return g.each2(x, y, func(a, b Lit) Lit { return g.Mux(s, a, b) })
}

// add is x + y + carry; the second result is the carry out.
func (g *Graph) add(x, y word, carry Lit) (word, Lit) {
	n := len(x)
	if g.ripple {
		sum := make(word, n)
		for i := range sum {
			sum[i], carry = g.adder(x[i], y[i], carry)
		}
		return sum, carry
	}
	half := g.each2(x, y, g.Xor)
	p := append(word(nil), half...)
	gen := g.each2(x, y, g.And)
	gen[0] = g.Or(gen[0], g.And(p[0], carry))
	join := func(j, k int) {
		gen[j] = g.Or(gen[j], g.And(p[j], gen[k]))
		p[j] = g.And(p[j], p[k])
	}
	levels := bits.Len(uint(n - 1))
	for i := 1; i <= levels; i++ {
		for j := 1<<i - 1; j < n; j += 1 << i {
			join(j, j-1<<(i-1))
		}
	}
	for i := levels; i > 0; i-- {
		for j := 1<<i + 1<<(i-1) - 1; j < n; j += 1 << i {
			join(j, j-1<<(i-1))
		}
	}
	sum := make(word, n)
	for i := range sum {
		c := carry
		if i > 0 {
			c = gen[i-1]
		}
		sum[i] = g.Xor(half[i], c)
	}
	return sum, gen[n-1]
}

// less is x < y, unsigned.
func (g *Graph) less(x, y word) Lit {
	_, carry := g.add(x, invert(y), True)
	return carry.Not()
}

// slip turns two's complement into an unsigned order.
func slip(x word) word {
	out := append(word(nil), x...)
	out[len(out)-1] = out[len(out)-1].Not()
	return out
}

// fold combines literals pairwise, level by level.
func fold(x word, f func(a, b Lit) Lit, empty Lit) Lit {
	if len(x) == 0 {
		return empty
	}
	x = append(word(nil), x...)
	for len(x) > 1 {
		half := x[:0]
		for i := 0; i < len(x); i += 2 {
			if i+1 == len(x) {
				half = append(half, x[i])
			} else {
				half = append(half, f(x[i], x[i+1]))
			}
		}
		x = half
	}
	return x[0]
}

func (g *Graph) equal(x, y word) Lit {
	return fold(g.each2(x, y, g.Xor), g.Or, False).Not()
}

// adder is a full adder: sum and carry.
func (g *Graph) adder(x, y, z Lit) (sum, carry Lit) {
	t := g.Xor(x, y)
	return g.Xor(t, z), g.Or(g.And(x, y), g.And(z, t))
}

// columns collects bits by weight.
type columns [][]Lit

// put adds a bit; a bit that is there already moves up by one, as twice its weight.
func (c columns) put(l Lit, at int) {
	for ; at < len(c) && l != False; at++ {
		twice := -1
		for i, x := range c[at] {
			if x == l {
				twice = i
			}
		}
		if twice < 0 {
			c[at] = append(c[at], l)
			return
		}
		c[at] = append(c[at][:twice], c[at][twice+1:]...)
	}
}

// sum adds all bits: full adders until two rows are left, then an adder.
func (g *Graph) sum(c columns) word {
	for {
		high := 0
		for _, col := range c {
			high = max(high, len(col))
		}
		if high <= 2 {
			break
		}
		next := make(columns, len(c))
		for i, col := range c {
			for len(col) >= 3 {
				s, carry := g.adder(col[0], col[1], col[2])
				next.put(s, i)
				next.put(carry, i+1)
				col = col[3:]
			}
			for _, l := range col {
				next.put(l, i)
			}
		}
		c = next
	}
	x, y := constant(len(c), 0), constant(len(c), 0)
	for i, col := range c {
		if len(col) > 0 {
			x[i] = col[0]
		}
		if len(col) > 1 {
			y[i] = col[1]
		}
	}
	out, _ := g.add(x, y, False)
	return out
}

// mul is x * y mod 2^width.
func (g *Graph) mul(width int, x, y word, xSigned, ySigned bool) word {
	c := make(columns, width)
	for i, b := range y {
		row := make(word, len(x))
		for k := range x {
			row[k] = g.And(x[k], b)
		}
		fill := False
		if xSigned {
			fill = row[len(row)-1]
		}
		full := extend(row, max(width-i, 0), fill)
		if ySigned && i == len(y)-1 { // its weight is negative
			full = invert(full)
			c.put(True, i)
		}
		for k, l := range full {
			c.put(l, i+k)
		}
	}
	return g.sum(c)
}

// count is the number of ones.
func (g *Graph) count(width int, x word) word {
	c := make(columns, width)
	c[0] = append(c[0], x...) // without merging: each bit counts by itself
	return g.sum(c)
}

// shift moves x by an amount whose bit k moves by 2^k: stage(x, k).
func (g *Graph) shift(x, amount word, stage func(x word, k int) word) word {
	for k, s := range amount {
		x = g.mux(s, stage(x, k), x)
	}
	return x
}

// table is table[x]: a tree of multiplexers.
func (g *Graph) table(width int, x word, data []uint64) word {
	level := make([]word, 0, len(data)+1)
	for _, v := range data {
		level = append(level, constant(width, v))
	}
	zero := constant(width, 0)
	for k, s := range x {
		if len(level) == 1 && k > 0 {
			level = append(level, zero) // past the end of the table
		}
		half := make([]word, 0, (len(level)+1)/2)
		for i := 0; i < len(level); i += 2 {
			high := zero
			if i+1 < len(level) {
				high = level[i+1]
			}
			half = append(half, g.mux(s, high, level[i]))
		}
		level = half
	}
	return level[0]
}

// leading is the number of zeros before the first one of x, from the highest bit down,
// or len(x).
func (g *Graph) leading(width int, x word) word {
	out := constant(width, uint64(len(x)))
	for i := range x { // the highest one decides last
		out = g.mux(x[i], constant(width, uint64(len(x)-1-i)), out)
	}
	return out
}

func reverse(x word) word {
	out := make(word, len(x))
	for i := range x {
		out[len(x)-1-i] = x[i]
	}
	return out
}
