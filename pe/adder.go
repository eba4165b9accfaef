package pe

import "tpe/hw"

// Adders that Spec.Adder may name. All compute the same bits; they differ in area and delay,
// because synthesis keeps much of the structure that it is given.
const (
	AdderAuto       = "auto"        // the operator +, left to synthesis
	AdderRipple     = "ripple"      // the carry goes from bit to bit
	AdderBrentKung  = "brent-kung"  // carries by a tree up and a tree down: fewest nodes, 2 log2 W - 1 levels
	AdderKoggeStone = "kogge-stone" // every carry by a tree of its own: log2 W levels, fan-out 2
	AdderSklansky   = "sklansky"    // halves of halves: log2 W levels, fan-out up to W / 2
)

// Adders lists them.
func Adders() []string {
	return []string{AdderAuto, AdderRipple, AdderBrentKung, AdderKoggeStone, AdderSklansky}
}

// plus is x + y mod 2^W by the adder of the spec.
//
// A prefix adder computes, for every bit, whether it generates a carry (g = x & y) or
// passes one on (p = x ^ y), joins neighbouring groups of bits by (g, p) o (g', p') =
// (g | p & g', p & p') until every group reaches down to bit 0, and adds the carries.
func (s Spec) plus(b *hw.Builder, x, y hw.ID) hw.ID {
	w := b.Width(x)
	if s.Adder == "" || s.Adder == AdderAuto || w == 1 {
		return b.Add(x, y)
	}
	if s.Adder == AdderRipple {
		return ripple(b, x, y)
	}
	half := b.Xor(x, y)
	t := prefix{b: b, w: w, g: b.And(x, y), p: half}
	switch s.Adder {
	case AdderBrentKung:
		t.brentKung()
	case AdderKoggeStone:
		for d := 1; d < w; d *= 2 {
			t.join(t.up(t.g, d), t.up(t.p, d))
		}
	case AdderSklansky:
		for d := 1; d < w; d *= 2 {
			t.join(t.spread(t.g, d, 0), t.spread(t.p, d, hw.Mask(d)))
		}
	default:
		panic("pe: unknown adder")
	}
	return b.Xor(half, t.up(t.g, 1))
}

func ripple(b *hw.Builder, x, y hw.ID) hw.ID {
	w := b.Width(x)
	carries := make([]hw.ID, w) // highest first
	carry := b.Const(1, 0)
	for i := range w {
		carries[w-1-i] = carry
		carry = b.Maj(b.Bit(x, i), b.Bit(y, i), carry)
	}
	return b.Xor(b.Xor(x, y), b.Cat(carries...))
}

// prefix is a row of groups: bit i of g and p speaks for a group that ends at bit i.
type prefix struct {
	b    *hw.Builder
	w    int
	g, p hw.ID
}

// join lengthens every group by the one below, given as g and p at its place; g = 0 and
// p = 1 leave a group as it is.
func (t *prefix) join(g, p hw.ID) {
	t.g = t.b.Or(t.g, t.b.And(t.p, g))
	t.p = t.b.And(t.p, p)
}

// up moves bits up by d places, zeros below.
func (t *prefix) up(x hw.ID, d int) hw.ID { return t.b.ShlConst(x, d) }

// spread gives the upper half of each block of 2 d bits the highest bit of the lower half,
// and the lower half the given constant.
func (t *prefix) spread(x hw.ID, d int, low uint64) hw.ID {
	var parts []hw.ID // lowest first
	for at := 0; at < t.w; at += 2 * d {
		n := min(d, t.w-at)
		parts = append(parts, t.b.Const(n, low&hw.Mask(n)))
		if n := min(d, t.w-at-d); n > 0 {
			parts = append(parts, t.b.Sext(n, t.b.Bit(x, at+d-1)))
		}
	}
	for i, k := 0, len(parts)-1; i < k; i, k = i+1, k-1 {
		parts[i], parts[k] = parts[k], parts[i]
	}
	return t.b.Cat(parts...)
}

// only joins the groups that end at bits first, first + step, ... with those d bits below.
func (t *prefix) only(first, step, d int) {
	mask := uint64(0)
	for i := first; i < t.w; i += step {
		mask |= 1 << i
	}
	if mask == 0 {
		return
	}
	here, rest := t.b.Const(t.w, mask), t.b.Const(t.w, hw.Mask(t.w)&^mask)
	t.join(t.b.And(t.up(t.g, d), here), t.b.Or(t.up(t.p, d), rest))
}

func (t *prefix) brentKung() {
	d := 1
	for ; d < t.w; d *= 2 {
		t.only(2*d-1, 2*d, d)
	}
	for d /= 2; d > 0; d /= 2 {
		t.only(3*d-1, 2*d, d)
	}
}
