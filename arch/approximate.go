package arch

import "tpe/numeric"

// approximating is what a kind says whose results may differ from the exact product.
type approximating interface{ approximate(c *Config) bool }

// exacting is what an approximating kind says if the exact product is not that of the numbers that A and B hold.
type exacting interface {
	exact(c *Config, o Operands) ([]float64, error)
}

// Exact reports whether the engine computes the product of the numbers that its operands stand for;
// scales may round.
func (c *Config) Exact() bool {
	a, ok := c.family().(approximating)
	return !ok || !a.approximate(c)
}

// ExactReference is the exact product that the words of an engine approximate, M x N, row-major; that of floats is the
// exact sum, rounded once, to float64.
func (c *Config) ExactReference(o Operands) ([]float64, error) {
	if f, ok := c.family().(exacting); ok {
		return f.exact(c, o)
	}
	fa, fb, result := c.Formats()
	if a, ok := fa.(numeric.Float); ok {
		d := numeric.ExactDot{A: a, B: fb.(numeric.Float), Acc: result.(numeric.Float)}
		return d.Float64s(o.A, o.B, o.Init)
	}
	words, err := numeric.GroupGEMM(o.A, o.B, o.Init, c.groups(o), c.Acc().Int)
	return c.ResultValues(words), err
}

// ResultValues are the numbers that result words stand for.
func (c *Config) ResultValues(words []int64) []float64 {
	_, _, f := c.Formats()
	out := make([]float64, len(words))
	for i, w := range words {
		if fl, ok := f.(numeric.Float); ok {
			out[i] = fl.Decode(uint64(w)).Float64()
		} else {
			out[i] = float64(w)
		}
	}
	return out
}
