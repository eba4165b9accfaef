package infer

import (
	"tpe/numeric/quant"
)

// Multiplier multiplies matrices.
type Multiplier interface {
	// Multiply returns a b. b is a constant of the network if weights is true: what is found out about it may be kept.
	Multiply(a, b *quant.Matrix, weights bool) (*quant.Matrix, error)
}

// Exact is the reference: products summed in float64 in order of k, each sum rounded once to float32.
type Exact struct{}

// Multiply implements [Multiplier].
func (Exact) Multiply(a, b *quant.Matrix, _ bool) (*quant.Matrix, error) {
	return quant.Product(a, b), nil
}
