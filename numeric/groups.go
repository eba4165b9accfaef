package numeric

import "fmt"

// Groups are what a matrix B of weights needs beside its words to mean numbers:
// scales and zero points, one each for Len consecutive rows of B (the last group of a
// column may be shorter) and a column.
//
//	y = sum over groups q of round( Scale[q] * sum over k in q of a[k] (b[k] - Zero[q]) / 2^Shift )
//
// Scales are unsigned fixed-point numbers with Shift fraction bits. A group is rounded
// once, to the nearest integer, halves upwards (floor of x + 1/2); with Shift = 0
// nothing is rounded. Scale nil is 1, Zero nil is 0.
type Groups struct {
	Len         int
	Scale, Zero *Dense // ceil(K / Len) x N
	Shift       int    // 0 to 62
}

// check reports operands that do not fit together.
func (g *Groups) check(a, b *Dense) error {
	if a.Cols != b.Rows {
		return fmt.Errorf("numeric: A is %d x %d and B is %d x %d", a.Rows, a.Cols, b.Rows, b.Cols)
	}
	if g.Len < 1 || g.Shift < 0 || g.Shift > 62 {
		return fmt.Errorf("numeric: groups of %d with %d fraction bits (expected at least 1, and 0..62)", g.Len, g.Shift)
	}
	rows := (b.Rows + g.Len - 1) / g.Len
	for _, d := range []*Dense{g.Scale, g.Zero} {
		if d != nil && (d.Rows != rows || d.Cols != b.Cols) {
			return fmt.Errorf("numeric: scales or zero points are %d x %d (expected %d x %d)", d.Rows, d.Cols, rows, b.Cols)
		}
	}
	return nil
}

// scaled is the contribution of group q to column j, whose sum of products with
// the zero point subtracted is d.
func (g *Groups) scaled(q, j int, d int64) int64 {
	if g.Scale != nil {
		d *= int64(g.Scale.At(q, j))
	}
	if g.Shift > 0 {
		d = (d + 1<<(g.Shift-1)) >> g.Shift
	}
	return d
}

// zero is the zero point of group q in column j.
func (g *Groups) zero(q, j int) int64 {
	if g.Zero == nil {
		return 0
	}
	return int64(g.Zero.At(q, j))
}

// GroupGEMM computes C[M x N] = A[M x K] B[K x N] + init (nil is zero) with the
// scales and zero points of B, row-major. Sums are exact in 64 bits, the result wraps to
// acc.
func GroupGEMM(a, b *Dense, init []int64, g Groups, acc Int) ([]int64, error) {
	return groupGEMM(a, b, init, g, acc, func(i, j, k0, k1 int) int64 {
		var sum int64
		for k := k0; k < k1; k++ {
			sum += int64(a.At(i, k)) * int64(b.At(k, j))
		}
		return sum
	})
}

// groupGEMM is GroupGEMM with the sum of products a[i][k] b[k][j] over k0 <= k < k1
// computed by dot.
func groupGEMM(a, b *Dense, init []int64, g Groups, acc Int, dot func(i, j, k0, k1 int) int64) ([]int64, error) {
	if err := g.check(a, b); err != nil {
		return nil, err
	}
	if init != nil && len(init) != a.Rows*b.Cols {
		return nil, fmt.Errorf("numeric: initial C has %d words (expected %d x %d)", len(init), a.Rows, b.Cols)
	}
	out := make([]int64, a.Rows*b.Cols)
	for i := range a.Rows {
		for k0 := 0; k0 < a.Cols; k0 += g.Len {
			k1, q := min(k0+g.Len, a.Cols), k0/g.Len
			var sumA int64
			for _, x := range a.Row(i)[k0:k1] {
				sumA += int64(x)
			}
			for j := range b.Cols {
				out[i*b.Cols+j] += g.scaled(q, j, dot(i, j, k0, k1)-g.zero(q, j)*sumA)
			}
		}
	}
	for i := range out {
		if init != nil {
			out[i] += init[i]
		}
		out[i] = acc.Wrap(out[i])
	}
	return out, nil
}

// OddInts reads unsigned codes q of the given width as the odd integers
// 2q - (2^bits - 1): symmetric, without zero; one bit is -1 or 1.
func OddInts(codes *Dense, bits int) *Dense {
	out := NewDense(codes.Rows, codes.Cols)
	for i, q := range codes.Data {
		out.Data[i] = 2*q - (1<<bits - 1)
	}
	return out
}
