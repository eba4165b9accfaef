package numeric

import "fmt"

// FloatGroups is the arithmetic of an engine with float activations and integer weights in groups of Len k, scaled
// after they are accumulated:
//
//	s = 0;  s = round(s + a[k] b[k]) over the k of a group;  p = round(s * scale);  y = round(y + p) over groups, y = p at first
//
// Products are exact, every rounding is to nearest even in Acc. Scales have one value for each group and column; without a
// format of scales p = s.
type FloatGroups struct {
	A, Acc Float
	Scale  Float // Exp 0: none
	Len    int
}

// GEMM computes C[M x N] = A[M x K] B[K x N] + init (nil: nothing is added), a of codes, b of integers, scale (ceil(K / Len) x N) of
// codes. The initial C is added last, with one more rounding.
func (g *FloatGroups) GEMM(a, b, scale *Dense, init []int64) ([]int64, error) {
	if err := checkShapes(a, b, init); err != nil {
		return nil, err
	}
	if g.Len < 1 {
		return nil, fmt.Errorf("numeric: groups of %d (expected at least 1)", g.Len)
	}
	if err := checkScales("B", g.Scale, scale, (a.Cols+g.Len-1)/g.Len, b.Cols); err != nil {
		return nil, err
	}
	round := func(v Value) Value {
		c, _ := g.Acc.Encode(v, &Env{})
		return g.Acc.Decode(c)
	}
	add := func(x, y Value) Value {
		s, _ := Add(x, y, NearEven)
		return round(s)
	}
	va := decodeAll(a, g.A)
	out := make([]int64, a.Rows*b.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			var total Value
			for k0 := 0; k0 < a.Cols; k0 += g.Len {
				var sum Value
				for k := k0; k < min(k0+g.Len, a.Cols); k++ {
					p, _ := Mul(va[i*a.Cols+k], FromInt(int64(b.At(k, j))))
					sum = add(sum, p)
				}
				if scale != nil {
					p, _ := Mul(sum, g.Scale.Decode(code(scale.At(k0/g.Len, j), g.Scale)))
					sum = round(p)
				}
				if k0 == 0 {
					total = sum
				} else {
					total = add(total, sum)
				}
			}
			if init != nil {
				total = add(total, g.Acc.Decode(uint64(init[i*b.Cols+j])))
			}
			c, _ := g.Acc.Encode(total, &Env{})
			out[i*b.Cols+j] = int64(c)
		}
	}
	return out, nil
}
