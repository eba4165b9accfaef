package numeric

import (
	"errors"
	"fmt"
	"math/big"
)

// BlockScaled is the arithmetic of a dot-product unit for block formats: elements that are small floats
// or integers, and factors that Block consecutive k share, one for each row of A and one for
// each column of B.
//
//	one part of a group, min(N, Block) products:
//	a_i, b_i -> exact products -> [Exact: exact sum S] --+--> term 2^(EA+EB) * S * (significands of the scales)
//	scales of A, B -> exponents EA, EB, significands ----+
//
//	the terms and c -> aligned to the greatest exponent, cut, added, rounded: the sum of [BlockFMA]
//
// Exact: a part is one term, whose exponent is that of its scales alone: S is not normalised. It takes
// part if some product of the part is not zero. Otherwise every product is a term as in a BlockFMA, its exponent
// increased by those of the scales, which must be powers of two.
//
// With Align the elements of A are floats that are first aligned to the greatest exponent E among those of
// the part, and rounded there to integers of Align bits; E takes the place of EA. They meet integers
// of B. This is a pre-aligned unit: "FIGNA: Integer Unit-Based Accelerator Design for FP-INT GEMM Preserving
// Numerical Accuracy", HPCA 2024. (Zeros have no exponent; the rounding may carry to 2^Align.)
//
// A NaN among elements, scales or c gives NaN, as do an infinite scale, infinity times zero and
// infinities of both signs.
//
// Block dot products are those of the OCP Microscaling Formats, version 1.0, section 6.2, which leaves
// the internal precision open. Terms of products are how "MMA-Sim", arXiv 2511.10909, models the MX
// instructions of NVIDIA's Blackwell, and exact sums of 16 how it models those on FP4.
type BlockScaled struct {
	A, B           Format // elements: Float of at most 10 fraction bits, Int or Fixed of at most 16 bits
	ScaleA, ScaleB Float  // of at most 10 fraction bits; Exp 0: none
	Block          int    // k with one pair of scales
	N              int    // products of a group, a multiple or a divisor of Block; 1..64
	Exact          bool
	Align          int      // bits of the aligned elements of A, 4..40; 0: not aligned
	AlignRounding  Rounding // TowardZero or NearEven
	C, Out         Float
	Frac, Floor    int
	Rounding       Rounding
	NaN            uint64
}

// tail is the alignment and the sum of terms.
func (u *BlockScaled) tail() BlockFMA {
	return BlockFMA{A: E5M2, B: E5M2, C: u.C, Out: u.Out, N: u.N, Frac: u.Frac, Floor: u.Floor, Rounding: u.Rounding, NaN: u.NaN}
}

// Part is the number of products that meet one pair of scales in a group.
func (u *BlockScaled) Part() int { return min(u.N, u.Block) }

// Terms is the number of terms of a group beside c.
func (u *BlockScaled) Terms() int {
	if u.Exact {
		return u.N / u.Part()
	}
	return u.N
}

// Leading is the shape of a number of an element format: the bits of its significand below the leading
// place, the weight of that place in the least binade, and in the greatest.
func Leading(f Format) (frac, least, most int) {
	switch f := f.(type) {
	case Float:
		return f.Man, f.MinExp(), f.MaxExp()
	case Int:
		n := f.Bits - 1 // two's complement: the leading place is that of the least number
		return n, n, n
	case Fixed:
		n := f.Bits - 1
		return n, n - f.Frac, n - f.Frac
	}
	panic(fmt.Sprintf("numeric: elements of %s", f))
}

// largest is the greatest magnitude of an element in units of its format's least, or of an aligned one.
func (u *BlockScaled) largest(f Format, align int) *big.Int {
	if align > 0 {
		x := new(big.Int).Lsh(big.NewInt(1), uint(align))
		if u.AlignRounding == TowardZero {
			x.Sub(x, big.NewInt(1))
		}
		return x
	}
	switch f := f.(type) {
	case Float:
		v := f.Decode(f.MaxFinite(false))
		return new(big.Int).Lsh(new(big.Int).SetUint64(v.Sig), uint(v.Exp-f.MinExp()+f.Man))
	case Fixed:
		return u.largest(f.Int, 0)
	case Int:
		if f.Signed {
			return new(big.Int).Lsh(big.NewInt(1), uint(f.Bits-1))
		}
		return big.NewInt(1<<f.Bits - 1)
	}
	panic(fmt.Sprintf("numeric: elements of %s", f))
}

// SumBits is the width of the magnitude of an exact sum of a part.
func (u *BlockScaled) SumBits() int {
	x := new(big.Int).Mul(u.largest(u.A, u.Align), u.largest(u.B, 0))
	return x.Mul(x, big.NewInt(int64(u.Part()))).BitLen()
}

// TermBits is the width of the magnitude of a term, and how many of its bits are below the place that has
// the term's exponent.
func (u *BlockScaled) TermBits() (width, below int) {
	if !u.Exact {
		fa, _, _ := Leading(u.A)
		fb, _, _ := Leading(u.B)
		return fa + fb + 2, fa + fb
	}
	width, below = u.SumBits(), -u.lowest(u.B)
	if u.Align > 0 {
		below += u.Align - 1
	} else {
		below -= u.lowest(u.A)
	}
	for _, s := range []Float{u.ScaleA, u.ScaleB} {
		if s.Exp > 0 && s.Man > 0 {
			width, below = width+s.Man+1, below+s.Man
		}
	}
	return width, below
}

// lowest is the exponent of the least number above zero of an element format.
func (u *BlockScaled) lowest(f Format) int {
	frac, least, _ := Leading(f)
	return least - frac
}

// Exponents are the least and the greatest exponent of a term.
func (u *BlockScaled) Exponents() (least, most int) {
	add := func(lo, hi int) { least, most = least+lo, most+hi }
	top := func(f Float) int { return 1<<f.Exp - 1 - f.Bias }
	for _, s := range []Float{u.ScaleA, u.ScaleB} {
		if s.Exp > 0 {
			add(s.MinExp(), top(s))
		}
	}
	for i, f := range []Format{u.A, u.B} {
		if u.Exact && (i == 1 || u.Align == 0) {
			continue
		}
		_, lo, hi := Leading(f)
		if f, ok := f.(Float); ok {
			hi = top(f)
		}
		add(lo, hi)
	}
	return least, most
}

// Validate reports all that is impossible about a unit.
func (u *BlockScaled) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, f := range []Format{u.A, u.B} {
		switch f := f.(type) {
		case Float:
			if f.Validate() != nil || f.Unsigned || f.Man > 10 {
				bad("element format: %s (expected a signed float of at most 10 fraction bits)", f)
			}
		case Int, Fixed:
			if f.Width() > 16 {
				bad("element format: %s (expected at most 16 bits)", f)
			}
		default:
			bad("element format: %v (expected a float or an integer format)", f)
		}
	}
	for _, s := range []Float{u.ScaleA, u.ScaleB} {
		if s.Exp == 0 {
			continue
		}
		if s.Validate() != nil || s.Man > 10 || s.Pad > 0 {
			bad("scale format: %s (expected a float of at most 10 fraction bits)", s)
		} else if !u.Exact && s.Man > 0 {
			bad("scale format: %s has a significand, which multiplies sums (expected e8m0, or exact sums of blocks)", s)
		}
	}
	tail := u.tail()
	if err := tail.Validate(); err != nil {
		errs = append(errs, err)
		return errors.Join(errs...)
	}
	if u.Block < 1 || u.N%u.Block != 0 && u.Block%u.N != 0 {
		bad("block: %d (expected a multiple or a divisor of the %d products of a group)", u.Block, u.N)
		return errors.Join(errs...)
	}
	if !u.Exact && u.N > u.Block {
		bad("products a group: %d (expected at most the block, %d, or exact sums of blocks)", u.N, u.Block)
	}
	if u.Align != 0 {
		_, float := u.A.(Float)
		_, other := u.B.(Float)
		if !float || other || !u.Exact || u.ScaleA.Exp > 0 {
			bad("aligned elements: A is %v, B is %v (expected floats without scales, integers and exact sums of blocks)", u.A, u.B)
		}
		if u.Align < 4 || u.Align > 40 {
			bad("bits of aligned elements: %d (expected 4..40)", u.Align)
		}
		if u.AlignRounding != TowardZero && u.AlignRounding != NearEven {
			bad("rounding of aligned elements: %s (expected minMag or near_even)", u.AlignRounding)
		}
	}
	if len(errs) == 0 && u.Exact {
		if w := u.SumBits(); w > 62 {
			bad("exact sum of a block: %d bits (expected at most 62)", w)
		} else if w, below := u.TermBits(); w > 62 || w-below+u.Frac+tail.growth() > 62 {
			bad("term of %d bits, %d of them above the point, with %d fraction bits (expected at most 62 together)", w, w-below, u.Frac)
		}
	}
	return errors.Join(errs...)
}

// growth is by how many bits a sum of the terms is longer than a term.
func (u *BlockFMA) growth() int { return big.NewInt(int64(u.N)).BitLen() + 1 }

// part is what a group knows of the products that share scales.
type part struct {
	unit   *BlockScaled
	a, b   []Value
	sa, sb Value // 1 where there are no scales
}

// specials are the products that are not finite; a scale that is not finite counts as NaN.
func (p *part) specials(s *specials) {
	s.nan = s.nan || p.sa.Class > Finite || p.sb.Class > Finite
	for i := range p.a {
		x, _ := Mul(p.a[i], p.b[i])
		x.Neg = x.Neg != (p.sa.Neg != p.sb.Neg)
		if x.Class == Inf && (p.sa.Class == Zero || p.sb.Class == Zero) {
			x.Class = NaN
		}
		s.see(x)
	}
}

// terms are those of a part of finite numbers.
func (p *part) terms(list []blockTerm) []blockTerm {
	u := p.unit
	if p.sa.Class == Zero || p.sb.Class == Zero {
		return list
	}
	exp := p.sa.Exp + p.sb.Exp // of the lowest bit of the product of the significands
	at := exp + u.ScaleA.Man + u.ScaleB.Man
	neg := p.sa.Neg != p.sb.Neg
	if !u.Exact {
		for i, x := range p.a {
			y := p.b[i]
			if x.Class == Zero || y.Class == Zero {
				continue
			}
			list = append(list, blockTerm{neg != (x.Neg != y.Neg), x.Sig * y.Sig, exp + x.Exp + y.Exp, at + leadingExp(u.A, x) + leadingExp(u.B, y)})
		}
		return list
	}
	a, low, top := p.a, u.lowest(u.A), 0
	if u.Align > 0 {
		a, low, top = p.aligned()
	}
	low += u.lowest(u.B)
	var sum int64
	some := false
	for i, x := range a {
		y := p.b[i]
		if p.a[i].Class == Zero || y.Class == Zero {
			continue
		}
		some = true
		v := int64(x.Sig * y.Sig << (x.Exp + y.Exp - low))
		if x.Neg != y.Neg {
			v = -v
		}
		sum += v
	}
	if !some {
		return list
	}
	return append(list, blockTerm{neg != (sum < 0), uint64(max(sum, -sum)) * p.sa.Sig * p.sb.Sig, exp + low, at + top})
}

// aligned are the elements of A as integers times 2^low; top is their greatest exponent.
func (p *part) aligned() (a []Value, low, top int) {
	u := p.unit
	top = absent
	for _, x := range p.a {
		if x.Class != Zero {
			top = max(top, leadingExp(u.A, x))
		}
	}
	low = top - u.Align + 1
	for _, x := range p.a {
		y := Value{Class: x.Class, Neg: x.Neg, Exp: low}
		if x.Class != Zero {
			y.Sig, _ = roundShift(x.Sig, low-x.Exp, x.Neg, u.AlignRounding, 0)
		}
		a = append(a, y)
	}
	return a, low, top
}

// leadingExp is the exponent of an element's leading place, which subnormal numbers share with the least
// normal ones, and all integers with the least one.
func leadingExp(f Format, v Value) int {
	frac, least, _ := Leading(f)
	if _, ok := f.(Float); ok {
		return v.Exp + frac
	}
	return least
}

// GEMM computes C[M x N] = A[M x K] B[K x N] + init (nil: +0), the c of the first group. sa has
// a scale for each row of A and block of k, sb one for each block and column of B; nil where
// the unit has none. Products past the end of K are absent.
func (u *BlockScaled) GEMM(a, b, sa, sb *Dense, init []int64) ([]int64, error) {
	if err := checkShapes(a, b, init); err != nil {
		return nil, err
	}
	if err := u.Validate(); err != nil {
		return nil, err
	}
	blocks := (a.Cols + u.Block - 1) / u.Block
	if err := checkScales("A", u.ScaleA, sa, a.Rows, blocks); err != nil {
		return nil, err
	}
	if err := checkScales("B", u.ScaleB, sb, blocks, b.Cols); err != nil {
		return nil, err
	}
	va, vb := decodeAll(a, u.A), decodeAll(b.transposed(), u.B)
	scale := func(d *Dense, f Float, i, j int) Value {
		if d == nil {
			return FromInt(1)
		}
		return f.Decode(code(d.At(i, j), f))
	}
	tail, step := u.tail(), u.Part()
	out := make([]int64, a.Rows*b.Cols)
	var parts []part
	var terms []blockTerm
	for i := range a.Rows {
		for j := range b.Cols {
			c := uint64(0)
			if init != nil {
				c = uint64(init[i*b.Cols+j])
			}
			for k0 := 0; k0 < a.Cols; k0 += u.N {
				var s specials
				terms, parts = terms[:0], parts[:0]
				end := min(k0+u.N, a.Cols)
				for k := k0; k < end; k += step {
					e := min(k+step, end)
					parts = append(parts, part{u, va[i*a.Cols+k : i*a.Cols+e], vb[j*a.Cols+k : j*a.Cols+e],
						scale(sa, u.ScaleA, i, k/u.Block), scale(sb, u.ScaleB, k/u.Block, j)})
					parts[len(parts)-1].specials(&s)
				}
				v := u.C.Decode(c)
				if code, ok := tail.special(s, v); ok {
					c = code
					continue
				}
				for p := range parts {
					terms = parts[p].terms(terms)
				}
				c = tail.sum(terms, v)
			}
			out[i*b.Cols+j] = int64(c)
		}
	}
	return out, nil
}

// checkScales reports scales that do not fit a matrix.
func checkScales(of string, f Float, d *Dense, rows, cols int) error {
	switch {
	case f.Exp == 0 && d != nil:
		return fmt.Errorf("numeric: scales of %s are given (expected none)", of)
	case f.Exp > 0 && (d == nil || d.Rows != rows || d.Cols != cols):
		return fmt.Errorf("numeric: scales of %s are %v (expected %d x %d)", of, d, rows, cols)
	}
	return nil
}

// decodeAll are the values of a matrix of codes or integers.
func decodeAll(d *Dense, f Format) []Value {
	list := make([]Value, len(d.Data))
	for i, v := range d.Data {
		list[i] = f.Decode(uint64(int64(v)))
	}
	return list
}

// Float64s is the product of the numbers that the blocks stand for, with the initial C, exact but for jammed bits (see
// [Kulisch.Value]) and rounded to float64, for statistics. Arguments are those of GEMM.
func (u *BlockScaled) Float64s(a, b, sa, sb *Dense, init []int64) ([]float64, error) {
	if err := checkShapes(a, b, init); err != nil {
		return nil, err
	}
	va, vb := decodeAll(a, u.A), decodeAll(b.transposed(), u.B)
	sum := u.kulisch()
	out := make([]float64, a.Rows*b.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			sum.Reset()
			for k := range a.Cols {
				p, _ := Mul(va[i*a.Cols+k], vb[j*a.Cols+k])
				if sa != nil {
					p, _ = Mul(p, u.ScaleA.Decode(code(sa.At(i, k/u.Block), u.ScaleA)))
				}
				if sb != nil {
					p, _ = Mul(p, u.ScaleB.Decode(code(sb.At(k/u.Block, j), u.ScaleB)))
				}
				sum.Add(p)
			}
			if init != nil {
				sum.Add(u.C.Decode(uint64(init[i*b.Cols+j])))
			}
			out[i*b.Cols+j] = sum.Value().Float64()
		}
	}
	return out, nil
}

// kulisch is an accumulator for 2^32 products of elements and scales, and C.
func (u *BlockScaled) kulisch() *Kulisch {
	low, high := u.lowest(u.A)+u.lowest(u.B), 0
	for _, f := range []Format{u.A, u.B} {
		_, _, most := Leading(f)
		high += most + 1
	}
	for _, f := range []Float{u.ScaleA, u.ScaleB} {
		if f.Exp > 0 {
			low, high = low+f.MinExp()-f.Man, high+f.MaxExp()+1
		}
	}
	low, high = min(low, u.C.MinExp()-u.C.Man), max(high, u.C.MaxExp())+34
	return NewKulischWidth(low, high-low)
}
