package numeric

import (
	"errors"
	"fmt"
	"math/bits"
)

// Chain is the arithmetic of a chain of multiply-add units: sum = round(a*b + sum) for ascending
// k, from a sum of +0. With Mul the product is what that multiplication makes of the codes,
// instead of the exact one.
type Chain struct {
	A, B Float
	Acc  Float // of the sum
	// Out is the format of an initial C and of the result; the zero Float: Acc. The sum of a chunk is rounded
	// to it, and sums of chunks are added in it.
	Out Float
	Env Env // of every operation; not Stochastic
	// Exact adds the products of a chunk exactly, as a Kulisch accumulator does, and rounds their
	// sum once, to Out; Acc is not read.
	Exact bool
	Mul   *AddMul
	// Tree adds the products of a chunk, each rounded to Acc, in a tree: neighbours 2i and 2i+1 level by level, an
	// odd last one moves up as it is; every sum of two is rounded.
	Tree bool
	// Chunk is the number of products that are summed from +0 before that sum is added, rounded, to the sum
	// of the chunks before; 0 is all. The initial C is added last, with one more rounding.
	Chunk int
}

// Validate reports all that is impossible about the arithmetic.
func (f *Chain) Validate() error {
	var errs []error
	for _, x := range []Float{f.A, f.B, f.acc(), f.out()} {
		if err := x.Validate(); err != nil || x.Unsigned {
			errs = append(errs, fmt.Errorf("format %s (expected a signed float format)", x))
		}
	}
	if f.A.Man+f.B.Man > 58 {
		errs = append(errs, fmt.Errorf("product of %s and %s is too long", f.A, f.B))
	}
	if f.Env.Rounding == Stochastic {
		errs = append(errs, fmt.Errorf("rounding: %s (expected a mode without random numbers)", f.Env.Rounding))
	}
	if f.Mul != nil {
		if err := f.Mul.Validate(); err != nil {
			errs = append(errs, err)
		} else if f.Mul.Float != f.A || f.A != f.B {
			errs = append(errs, fmt.Errorf("%s of %s for operands %s and %s (expected one format)", f.Mul.Kind, f.Mul.Float, f.A, f.B))
		}
	}
	if f.Tree && f.Exact {
		errs = append(errs, errors.New("a tree of exact sums (expected one of the two)"))
	}
	if f.Chunk < 0 {
		errs = append(errs, fmt.Errorf("chunk: %d (expected at least 0)", f.Chunk))
	}
	return errors.Join(errs...)
}

// out is the format of the result.
func (f *Chain) out() Float {
	if f.Out.Exp == 0 {
		return f.Acc
	}
	return f.Out
}

// acc is the format of the running sum, if it has one.
func (f *Chain) acc() Float {
	if f.Exact {
		return f.out()
	}
	return f.Acc
}

// product is a*b, exact or as Mul makes it.
func (f *Chain) product(a, b uint64) Value {
	if f.Mul != nil {
		return f.Mul.Mul(a, b)
	}
	p, _ := Mul(f.A.DecodeIn(a, &f.Env), f.B.DecodeIn(b, &f.Env))
	return p
}

// Step is one unit: a*b + sum, rounded.
func (f *Chain) Step(sum, a, b uint64) uint64 { return f.add(f.Acc, f.product(a, b), sum) }

// Add is x + y, rounded: how chunks and the initial C are added.
func (f *Chain) Add(x, y uint64) uint64 {
	out := f.out()
	return f.add(out, out.DecodeIn(x, &f.Env), y)
}

// add is v + sum, rounded to the sum's format.
func (f *Chain) add(in Float, v Value, sum uint64) uint64 {
	s, _ := Add(v, in.DecodeIn(sum, &f.Env), f.Env.Rounding)
	code, _ := in.Encode(s, &f.Env)
	return code
}

// Foot is the sum of a chunk in the result's format.
func (f *Chain) Foot(sum uint64) uint64 {
	if f.Exact || f.out() == f.Acc {
		return sum
	}
	code, _ := f.Out.Encode(f.Acc.DecodeIn(sum, &f.Env), &f.Env)
	return code
}

// GEMM implements [Arithmetic].
func (f *Chain) GEMM(a, b *Dense, init []int64) ([]int64, error) {
	if err := checkShapes(a, b, init); err != nil {
		return nil, err
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	dot := f.dots(a, b)
	chunk := f.Chunk
	if chunk == 0 {
		chunk = max(a.Cols, 1)
	}
	out := make([]int64, a.Rows*b.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			total := uint64(0)
			for k := 0; k < a.Cols; k += chunk {
				part := f.Foot(dot(i, j, k, min(k+chunk, a.Cols)))
				if k == 0 {
					total = part
				} else {
					total = f.Add(part, total)
				}
			}
			if init != nil {
				total = f.Add(uint64(init[i*b.Cols+j]), total)
			}
			out[i*b.Cols+j] = int64(total)
		}
	}
	return out, nil
}

// dots returns a function that computes the dot product of row i and column j from k0
// to k1: a code of Acc, or if Exact of Out.
func (f *Chain) dots(a, b *Dense) func(i, j, k0, k1 int) uint64 {
	bt := b.transposed()
	if f.Exact {
		return f.exactDots(a, bt)
	}
	if f.Tree {
		return f.treeDots(a, bt)
	}
	slow := func(sum uint64, i, j, k0, k1 int) uint64 {
		x, y := a.Row(i), bt.Row(j)
		for k := k0; k < k1; k++ {
			sum = f.Step(sum, code(x[k], f.A), code(y[k], f.B))
		}
		return sum
	}
	long := f.A.Man+f.B.Man+2 > 24 // for the fast path
	if f.Env.Rounding != NearEven || f.Env.Flush || f.Acc.NormalOnly || long && f.Mul == nil {
		return func(i, j, k0, k1 int) uint64 { return slow(0, i, j, k0, k1) }
	}
	var va, vb *vectors
	var mul *addMulRow
	if f.Mul != nil {
		mul = newAddMulRow(f.Mul, a.Cols)
	} else {
		va, vb = decodeRows(a, f.A, 0, 0), decodeRows(bt, f.B, 0, 0)
	}
	return func(i, j, k0, k1 int) uint64 {
		var x, y []uint64
		switch {
		case mul == nil && (va.special[i] || vb.special[j]):
			return slow(0, i, j, k0, k1)
		case mul == nil:
			x, y = va.row(i)[k0:k1], vb.row(j)[k0:k1]
		case !mul.fill(a.Row(i)[k0:k1], bt.Row(j)[k0:k1]):
			return slow(0, i, j, k0, k1)
		default:
			x, y = mul.words[:k1-k0], mul.ones[:k1-k0]
		}
		run := running{prec: f.Acc.Man + 1, lsb: f.Acc.MinExp() - f.Acc.Man, top: f.Acc.MaxExp() - f.Acc.Man}
		for k := 0; ; {
			k += run.fast(x[k:], y[k:])
			if k == len(x) {
				break
			}
			// A step that the fast path leaves: by the definition.
			sum := f.Step(run.code(f), code(a.Row(i)[k0+k], f.A), code(bt.Row(j)[k0+k], f.B))
			k++
			if !run.load(f, sum) {
				return slow(sum, i, j, k0+k, k1)
			}
		}
		return run.code(f)
	}
}

// exactDots is dots with a Kulisch accumulator.
func (f *Chain) exactDots(a, bt *Dense) func(i, j, k0, k1 int) uint64 {
	sum := NewKulisch(f.A, f.B, Float{}, a.Cols)
	return func(i, j, k0, k1 int) uint64 {
		sum.Reset()
		x, y := a.Row(i), bt.Row(j)
		for k := k0; k < k1; k++ {
			sum.Add(f.product(code(x[k], f.A), code(y[k], f.B)))
		}
		c, _ := f.out().Encode(sum.Value(), &f.Env)
		return c
	}
}

// treeDots is dots with an adder tree.
func (f *Chain) treeDots(a, bt *Dense) func(i, j, k0, k1 int) uint64 {
	return func(i, j, k0, k1 int) uint64 {
		x, y := a.Row(i), bt.Row(j)
		sums := make([]uint64, k1-k0)
		for k := range sums {
			sums[k], _ = f.Acc.Encode(f.product(code(x[k0+k], f.A), code(y[k0+k], f.B)), &f.Env)
		}
		for len(sums) > 1 {
			for n := range len(sums) / 2 {
				sums[n] = f.add(f.Acc, f.Acc.DecodeIn(sums[2*n], &f.Env), sums[2*n+1])
			}
			if n := len(sums); n%2 == 1 {
				sums[n/2] = sums[n-1]
			}
			sums = sums[:(len(sums)+1)/2]
		}
		return sums[0]
	}
}

// running is a running sum, sig * 2^exp, in a format of prec significant bits whose least number is
// 2^lsb and whose largest numbers have the lowest bit 2^top. It is never -0.
type running struct {
	sig            int64
	exp            int
	prec, lsb, top int
}

// fast adds products with rounding to nearest even until one needs more than 64 bits, overflows or
// vanishes, and returns how many it added.
func (c *running) fast(x, y []uint64) int {
	sum, exp := c.sig, c.exp
	y = y[:len(x)]
	for k := range x {
		z := x[k] + y[k]
		minus := int64(z) >> 63
		p, pe := int64(uint64(uint32(x[k]))*uint64(uint32(y[k])))^minus-minus, productExp(z)
		if p == 0 {
			continue
		}
		if sum == 0 {
			exp = pe
		}
		// The exact sum is t * 2^te: |sum| <= 2^24, |p| < 2^26, one of the shifts is 0.
		te := min(exp, pe)
		up, upP := uint(exp-te), uint(pe-te)
		if up+upP > 37 {
			c.sig, c.exp = sum, exp
			return k
		}
		t := sum<<(up&63) + p<<(upP&63)
		neg := t >> 63
		m := uint64((t ^ neg) - neg)
		if drop := max(bits.Len64(m)-c.prec, c.lsb-te); drop > 0 {
			low := uint(min(drop, 62))
			m = (m + (1<<(low-1) - 1) + m>>low&1) >> low
			te += int(low)
		}
		if te >= c.top || m == 0 && t != 0 { // overflow perhaps, or underflow to zero
			c.sig, c.exp = sum, exp
			return k
		}
		sum, exp = int64(m)^neg-neg, te
	}
	c.sig, c.exp = sum, exp
	return len(x)
}

// code is the sum's code; the sum is a number of the format.
func (c *running) code(f *Chain) uint64 {
	code, _ := f.Acc.Encode(FromInt(c.sig).Scale(c.exp), &f.Env)
	return code
}

// load sets the sum from a code, if it is a number other than -0.
func (c *running) load(f *Chain, sum uint64) bool {
	v := f.Acc.Decode(sum)
	c.sig, c.exp = int64(negateIf(v.Neg, v.Sig)), v.Exp
	return v.Class == Finite || v.Class == Zero && !v.Neg
}
