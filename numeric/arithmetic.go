package numeric

import "fmt"

// Arithmetic is what an engine promises about a matrix product: formats, order,
// rounding points. The matrices of a float format hold codes, each the int32 of the code's bits; results
// are codes too.
type Arithmetic interface {
	// GEMM computes C[M x N] = A[M x K] B[K x N] + init, row-major; init may be nil. It
	// fails if the shapes do not fit.
	GEMM(a, b *Dense, init []int64) ([]int64, error)
}

// GEMM implements [Arithmetic] for integers; see [GEMM].
func (acc Acc) GEMM(a, b *Dense, init []int64) ([]int64, error) { return GEMM(a, b, init, acc) }

// checkShapes reports operands that do not fit each other.
func checkShapes(a, b *Dense, init []int64) error {
	if a.Cols != b.Rows {
		return fmt.Errorf("numeric: A is %d x %d and B is %d x %d", a.Rows, a.Cols, b.Rows, b.Cols)
	}
	if init != nil && len(init) != a.Rows*b.Cols {
		return fmt.Errorf("numeric: initial C has %d words (expected %d x %d)", len(init), a.Rows, b.Cols)
	}
	return nil
}

// code is the code that a matrix element holds.
func code(v int32, f Float) uint64 { return uint64(uint32(v)) & (1<<f.Width() - 1) }

// transposed returns the transpose, whose rows are the columns of d.
func (d *Dense) transposed() *Dense {
	t := NewDense(d.Cols, d.Rows)
	for i := range d.Rows {
		for j, v := range d.Row(i) {
			t.Data[j*d.Rows+i] = v
		}
	}
	return t
}

// vectors are rows of operands, decoded into words such that the sum of two words says all about the
// product but its significand:
//
//	63    62..32            31..0
//	sign  exp + expBias     significand; 0 for zero
type vectors struct {
	n       int // length of a row
	words   []uint64
	least   []int  // per row: the least exponent of a number that is not zero
	special []bool // per row: it holds infinities or NaNs
}

// expBias makes exponents of operands, and of absent ones, positive.
const expBias = 1 << 20

// pack makes a word of [vectors]; absent has the exponent -expBias.
func pack(neg bool, sig uint64, exp int) uint64 {
	return b2u(neg)<<63 | uint64(exp+expBias)<<32 | sig
}

// absent is the exponent of a term that does not take part.
const absent = -expBias

// productExp is the exponent of a product, from the sum of its operands' words.
func productExp(sum uint64) int { return int(sum<<1>>33) - 2*expBias }

// decodeRows decodes a matrix of codes, significands shifted left by up. Zeros have the
// exponent zeroExp.
func decodeRows(d *Dense, f Float, up, zeroExp int) *vectors {
	v := &vectors{n: d.Cols, words: make([]uint64, len(d.Data)), least: make([]int, d.Rows), special: make([]bool, d.Rows)}
	for i, x := range d.Data {
		row := i / d.Cols
		switch val := f.Decode(code(x, f)); val.Class {
		case Zero:
			v.words[i] = pack(val.Neg, 0, zeroExp)
		case Finite:
			v.words[i] = pack(val.Neg, val.Sig<<up, val.Exp)
			v.least[row] = min(v.least[row], val.Exp)
		default:
			v.special[row] = true
		}
	}
	return v
}

func (v *vectors) row(i int) []uint64 { return v.words[i*v.n : (i+1)*v.n] }
