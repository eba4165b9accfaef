package pe

import (
	"fmt"

	"tpe/hw"
)

// Kulisch is the multiply-add PE that adds its products exactly to a fixed-point number as wide as they
// need, and rounds once, where the sum leaves (Resolve): nothing is aligned to an exponent,
// the product is shifted to its place.
//
//	product --> shift to place --> invert if negative --> limb 0 --carry--> limb 1 --carry--> ...
//	sum, limb by limb ----------------------------------------^                ^
//
// The sum has, from the top of the highest limb, flags for NaN, +infinity and -infinity, then a number in two's
// complement whose lowest bit is that of the least product. Sums wrap modulo its width; Products of them fit.
//
// Widths: products reach from 2^(Low-q+1) to 2^(High+1), q bits of significand; with a sign and ceil(log2 Products)
// bits of growth that is High - Low + q + 1 + ceil(log2 Products) bits, in as few limbs of at most 60 bits as hold
// them and the flags.
type Kulisch struct {
	FloatSpec
	Products int // that fit
}

// term is the range of products.
func (f Kulisch) term() (t Term, sig int) {
	b := hw.New("probe", "")
	t = f.Mul.Product(b, b.In("x", f.A.Width()), b.In("y", f.B.Width()))
	return t, b.Width(t.Sig)
}

// limbsOf is the number of limbs and their width.
func (f Kulisch) limbsOf() (n, width int) {
	t, sig := f.term()
	bits := t.High - t.Low + sig + 1 + hw.Bits(max(f.Products, 1)-1) + 3
	n = (bits + 59) / 60
	return n, (bits + n - 1) / n
}

// SumBits is the width of a word of a running sum.
func (f Kulisch) SumBits() int {
	_, w := f.limbsOf()
	return w
}

// Words implements [Arith].
func (f Kulisch) Words() []string {
	n, _ := f.limbsOf()
	if n == 1 {
		return binary
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("limb%d", i)
	}
	return names
}

// MAC implements [Arith].
func (f Kulisch) MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID {
	n, w := len(sum), b.Width(sum[0])
	old := append(limbs{}, sum...)
	_, t := productOf(b, f.Mul, f.A, x, y)
	p := pipeline{b, floatCuts[f.Stages]}
	with := func(values map[string]*hw.ID) map[string]*hw.ID {
		for i := range old {
			values[fmt.Sprintf("old%d", i)] = &old[i]
		}
		return values
	}
	p.cut(cutM, with(t.values("product", map[string]*hw.ID{})))
	add := placed(b, n, w, t.Sig, t.Exp)
	p.cut(cutA, with(add.values(t.values("product", map[string]*hw.ID{}))))
	// The flags of the old sum are kept apart from the carry.
	top := old[n-1]
	old[n-1] = b.Cat(b.Const(3, 0), b.Slice(top, 0, w-3))
	neg := b.And(t.Neg, b.Not(t.Zero))
	next := old.add(b, add.xor(b, neg), neg)
	flags := b.Or(b.Slice(top, w-3, 3), b.Cat(t.NaN, b.And(t.Inf, b.Not(t.Neg)), b.And(t.Inf, t.Neg)))
	next[n-1] = b.Cat(flags, b.Slice(next[n-1], 0, w-3))
	p.cut(cutC, next.values(map[string]*hw.ID{}))
	return next
}

// values adds limbs to a map for [pipeline.cut].
func (x limbs) values(to map[string]*hw.ID) map[string]*hw.ID {
	for i := range x {
		to[fmt.Sprintf("limb%d", i)] = &x[i]
	}
	return to
}

// Resolve implements [Arith]: the sum, rounded to the result's format.
//
// Its magnitude is cut where nothing but whether it is zero matters to the rounding, and looked at in
// pieces; the highest that is not zero, the one below and whether something is below that are rounded. The
// pieces are long enough that the leading place of the lowest is a normal number's.
func (f Kulisch) Resolve(b *hw.Builder, sum []hw.ID) hw.ID {
	n, w := len(sum), b.Width(sum[0])
	t, sig := f.term()
	lsb, out := t.Low-sig+1, f.Result
	flag := func(i int) hw.ID { return b.Bit(sum[n-1], w-3+i) }
	nan, posInf, negInf := flag(2), flag(1), flag(0)
	number := append(limbs{}, sum...)
	neg := b.Named("sum_neg", b.Bit(sum[n-1], w-4))
	number[n-1] = b.Sext(w, b.Slice(sum[n-1], 0, w-3))
	zero := make(limbs, n)
	for i := range zero {
		zero[i] = b.Const(w, 0)
	}
	mag := number.xor(b, neg).add(b, zero, neg)

	piece := out.Man + 5
	low := max(out.MinExp()-out.Man-2-lsb, 0) // the bits below are only looked at together
	pieces := (n*w - low + piece - 1) / piece
	rw := hw.Bits(max(lsb+low+pieces*piece-out.MinExp(), 1))
	window, room := b.Const(2*piece+1, 0), b.Const(rw, 0)
	next, rest := b.Const(piece, 0), mag.some(b, 0, low)
	for i := range pieces {
		at := low + i*piece
		here := mag.slice(b, at, piece)
		some := b.Or(b.RedOr(here), b.Const(1, uint64(min(i, 1)^1))) // the lowest if all are zero
		window = b.Mux(some, b.Cat(here, next, rest), window)
		room = b.Mux(some, b.Const(rw, uint64(lsb+at+piece-1-out.MinExp())), room)
		rest, next = b.Or(rest, b.RedOr(next)), here
	}
	inf := b.Or(posInf, negInf)
	return finish(b, out, f.Env, b.Named("window", window), b.Named("room", room), neg, special{b.Or(nan, b.And(posInf, negInf)), inf, negInf})
}
