package numeric

import "fmt"

// FloatTable is the arithmetic of a lookup engine on floats. Inputs consecutive activations make a table of the
// sums (..((+-a[0] +- a[1]) +- a[2]) ..) + a[Inputs-1] in format A, each addition rounded to nearest even; sums in which the
// last one is subtracted are the negatives of others. Weights are odd integers of WeightBits bits (see [OddInts]); each of
// their bits, lowest first, adds one sum times 2^bit to the accumulator, rounded to nearest even:
//
//	acc = round( acc +- T * 2^bit )
//
// Published is what the published hardware of LUT Tensor Core does instead (arXiv 2408.06003; branch LUTTensorCore_ISCA25 of
// microsoft/T-MAC, fp_lut_array_b_cycle_stage1.sv with a DesignWare adder): the bit is added to the exponent field of T
// whatever it holds and wraps, so a zero becomes 2^(bit - bias); the adder reads subnormal numbers as zero, flushes such
// results, and knows no NaN: it reads one as infinity, and infinities of both signs give +infinity (the last by this
// project's reading).
type FloatTable struct {
	A, Acc     Float // IEEE; with Published the same
	Inputs     int   // 1 to 16
	WeightBits int   // 1 to 16
	Published  bool
}

// Entry is a sum of a table: those of negative[k] are subtracted.
func (t *FloatTable) Entry(a []uint64, negative func(k int) bool) uint64 {
	var sum uint64
	for k, x := range a {
		v := t.A.Decode(x)
		v.Neg = v.Neg != negative(k)
		if k > 0 {
			v, _ = Add(t.A.Decode(sum), v, NearEven)
		}
		sum, _ = t.A.Encode(v, &Env{})
	}
	return sum
}

// step adds a sum of the table, negated or not, times 2^bit.
func (t *FloatTable) step(acc, entry uint64, neg bool, bit int) uint64 {
	env := &Env{Flush: t.Published}
	if t.Published {
		field := uint64(1)<<t.A.Exp - 1
		e := (entry>>t.A.Man + uint64(bit)) & field
		entry = entry&^(field<<t.A.Man) | e<<t.A.Man
	}
	x, y := t.number(t.A, entry, env), t.number(t.Acc, acc, env)
	if !t.Published {
		x = x.Scale(bit)
	}
	x.Neg = x.Neg != neg
	s, _ := Add(x, y, NearEven)
	if s.Class == NaN && t.Published {
		s = Value{Class: Inf}
	}
	code, _ := t.Acc.Encode(s, env)
	return code
}

func (t *FloatTable) number(f Float, code uint64, env *Env) Value {
	v := f.DecodeIn(code, env)
	if v.Class == NaN && t.Published {
		v.Class = Inf
	}
	return v
}

// GEMM implements [Arithmetic]: b holds codes of odd integers, as integers. Past the end of K activations are +0 and codes 0.
// The initial C, or nothing, is added last, rounded once more.
func (t *FloatTable) GEMM(a, b *Dense, init []int64) ([]int64, error) {
	if err := checkShapes(a, b, init); err != nil {
		return nil, err
	}
	if t.A.Specials != IEEE || t.Acc.Specials != IEEE || t.Published && t.A != t.Acc {
		return nil, fmt.Errorf("numeric: tables of %s into %s (expected formats with infinities, one for the published hardware)", t.A, t.Acc)
	}
	out := make([]int64, a.Rows*b.Cols)
	last := t.Inputs - 1
	x, w := make([]uint64, t.Inputs), make([]int32, t.Inputs)
	for i := range a.Rows {
		for j := range b.Cols {
			acc := uint64(0)
			for k0 := 0; k0 < a.Cols; k0 += t.Inputs {
				clear(x)
				clear(w)
				for k := range min(t.Inputs, a.Cols-k0) {
					x[k], w[k] = code(a.At(i, k0+k), t.A), b.At(k0+k, j)
				}
				for bit := range t.WeightBits {
					neg := w[last]>>bit&1 == 0
					entry := t.Entry(x, func(k int) bool { return (w[k]>>bit&1 == 0) != neg })
					acc = t.step(acc, entry, neg, bit)
				}
			}
			if init != nil {
				s, _ := Add(t.Acc.Decode(acc), t.Acc.Decode(uint64(init[i*b.Cols+j])), NearEven)
				acc, _ = t.Acc.Encode(s, &Env{})
			}
			out[i*b.Cols+j] = int64(acc)
		}
	}
	return out, nil
}
