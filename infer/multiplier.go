package infer

import (
	"tpe/numeric/quant"
)

// Multiplier multiplies matrices.
type Multiplier interface {
	// Multiply returns a b. b is a constant of the network if weights is true: what is found out about it may be kept.
	Multiply(a, b *quant.Matrix, weights bool) (*quant.Matrix, error)
}

// Exact is float32 arithmetic, products summed in order of k with a rounding each: the reference.
type Exact struct{}

// Multiply implements [Multiplier].
func (Exact) Multiply(a, b *quant.Matrix, _ bool) (*quant.Matrix, error) {
	c := quant.NewMatrix(a.Rows, b.Cols)
	for i := range a.Rows {
		row := c.Row(i)
		for k, x := range a.Row(i) {
			for j, y := range b.Row(k) {
				row[j] += float32(x * y) // the conversion keeps the compiler from fusing
			}
		}
	}
	return c, nil
}
