package numeric

import (
	"fmt"
	"math/big"
	"math/bits"
)

// Dense is a matrix of operands, row-major. Values of at most 17 bits are enough
// for every integer operand format.
type Dense struct {
	Rows, Cols int
	Data       []int32
}

// NewDense returns a zero matrix.
func NewDense(rows, cols int) *Dense {
	return &Dense{Rows: rows, Cols: cols, Data: make([]int32, rows*cols)}
}

// At returns element (i, j).
func (d *Dense) At(i, j int) int32 { return d.Data[i*d.Cols+j] }

// Row returns row i.
func (d *Dense) Row(i int) []int32 { return d.Data[i*d.Cols : (i+1)*d.Cols] }

// Acc is how products are accumulated.
type Acc struct {
	Int           // the accumulator's format
	Saturate bool // clamp after every addition; otherwise wrap modulo 2^Bits
	// Chunk is the number of products that are summed from zero before the sum is
	// added to the accumulator, as in an array that holds Chunk rows of B; 0 adds
	// every product to the accumulator in order of k.
	Chunk int
}

// GEMM computes C[M x N] = A[M x K] B[K x N] + init, row-major, as an engine with
// the given accumulation does: products exact, summed in ascending k, init (nil
// is zero) added last. A result of format uint64 is the int64 of the same bits.
func GEMM(a, b *Dense, init []int64, acc Acc) ([]int64, error) {
	if a.Cols != b.Rows {
		return nil, fmt.Errorf("numeric: A is %d x %d and B is %d x %d", a.Rows, a.Cols, b.Rows, b.Cols)
	}
	if init != nil && len(init) != a.Rows*b.Cols {
		return nil, fmt.Errorf("numeric: initial C has %d words (expected %d x %d)", len(init), a.Rows, b.Cols)
	}
	out := make([]int64, a.Rows*b.Cols)
	if acc.Saturate {
		gemmSaturate(out, a, b, init, acc)
	} else {
		gemmWrap(out, a, b, init, acc)
	}
	return out, nil
}

// gemmWrap may add in any order, because addition modulo 2^64 is associative and
// the format's modulus divides it.
func gemmWrap(out []int64, a, b *Dense, init []int64, acc Acc) {
	n := b.Cols
	for i := range a.Rows {
		row := out[i*n : (i+1)*n]
		if init != nil {
			copy(row, init[i*n:(i+1)*n])
		}
		for k, x := range a.Row(i) {
			if x == 0 {
				continue
			}
			addScaled(row, b.Row(k), int64(x))
		}
		for j := range row {
			row[j] = acc.Wrap(row[j])
		}
	}
}

func addScaled(dst []int64, src []int32, x int64) {
	src = src[:len(dst)]
	for j := range dst {
		dst[j] += x * int64(src[j])
	}
}

func gemmSaturate(out []int64, a, b *Dense, init []int64, acc Acc) {
	n := b.Cols
	chunk := acc.Chunk
	if chunk == 0 {
		chunk = max(a.Cols, 1)
	}
	for i := range a.Rows {
		for j := range n {
			var total int64
			for k0 := 0; k0 < a.Cols; k0 += chunk {
				var part int64
				for k := k0; k < min(k0+chunk, a.Cols); k++ {
					part = acc.clampAdd(part, int64(a.At(i, k))*int64(b.At(k, j)))
				}
				if k0 == 0 {
					total = part
				} else {
					total = acc.clampAdd(total, part)
				}
			}
			if init != nil {
				total = acc.clampAdd(total, init[i*n+j])
			}
			out[i*n+j] = total
		}
	}
}

// clampAdd is x + y limited to the format. Values of uint64 are read as their bits.
func (acc Acc) clampAdd(x, y int64) int64 {
	if !acc.Signed {
		sum, carry := bits.Add64(uint64(x), uint64(y), 0)
		limit := ^uint64(0) >> (64 - uint(acc.Bits))
		if carry != 0 || sum > limit {
			sum = limit
		}
		return int64(sum)
	}
	sum := x + y
	if x > 0 && y > 0 && sum < 0 {
		sum = 1<<63 - 1
	}
	if x < 0 && y < 0 && sum >= 0 {
		sum = -1 << 63
	}
	return min(max(sum, acc.Min()), acc.Max())
}

// AccBits is the least width of an accumulator of K products of the two formats
// that can never overflow, with an initial value of the accumulator's own range
// excluded. The result is signed if either operand is.
func AccBits(a, b Int, k int) int {
	one := func(f Int, lo bool) *big.Int {
		if f.Signed {
			v := new(big.Int).Lsh(big.NewInt(1), uint(f.Bits-1))
			if lo {
				return v.Neg(v)
			}
			return v.Sub(v, big.NewInt(1))
		}
		if lo {
			return new(big.Int)
		}
		v := new(big.Int).Lsh(big.NewInt(1), uint(f.Bits))
		return v.Sub(v, big.NewInt(1))
	}
	lo, hi := new(big.Int), new(big.Int)
	for _, x := range []bool{false, true} {
		for _, y := range []bool{false, true} {
			p := new(big.Int).Mul(one(a, x), one(b, y))
			p.Mul(p, big.NewInt(int64(k)))
			if p.Cmp(lo) < 0 {
				lo = p
			}
			if p.Cmp(hi) > 0 {
				hi = p
			}
		}
	}
	if !a.Signed && !b.Signed {
		return max(hi.BitLen(), 1)
	}
	// -2^(w-1) <= lo and hi < 2^(w-1)
	low := new(big.Int).Not(lo) // -lo-1
	return max(hi.BitLen(), low.BitLen()) + 1
}
