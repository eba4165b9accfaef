package quant

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"tpe/numeric"
)

// GPTQ codes weights B such that the product with activations like x (tokens x K) changes little (arXiv 2210.17323):
// rows of B are rounded one after the other, and each one's error is made up for in those not yet rounded, through the inverse
// of the Hessian H = X'X + 0.01 mean(diag H). Codes are unsigned with a scale and a zero point for each group of rows
// and column, found when the group's first row is reached.
func GPTQ(b, x *Matrix, f numeric.Int, group int) (*Codes, error) {
	if x.Cols != b.Rows || f.Signed || group < 1 {
		return nil, fmt.Errorf("quant: GPTQ of %d x %d weights with %d x %d activations in %s, groups of %d (expected as many channels as rows, an unsigned format, groups of at least 1)",
			b.Rows, b.Cols, x.Rows, x.Cols, f, group)
	}
	if err := b.checkFinite(); err != nil {
		return nil, err
	}
	upper, err := inverseHessian(x)
	if err != nil {
		return nil, err
	}
	w := dense(b)
	c := &Codes{Dense: numeric.NewDense(b.Rows, b.Cols), Format: f, Block: ColumnGroups(group).of(b.Rows, b.Cols)}
	for k := range b.Rows {
		if k%c.Block.Rows == 0 {
			c.groupScales(w, k)
		}
		d := upper.At(k, k)
		for j := range b.Cols {
			at := c.index(k, j)
			v := w.At(k, j)
			q := coder(f, c.Scale[at], c.Zero[at], true)(float32(v))
			c.Row(k)[j] = q
			e := (v - float64(c.Scale[at])*float64(q-c.Zero[at])) / d
			for i := k + 1; i < b.Rows; i++ {
				w.Set(i, j, w.At(i, j)-upper.At(k, i)*e)
			}
		}
	}
	return c, nil
}

// groupScales finds the scales of the group of rows that begins at k, from the weights as corrected so far.
func (c *Codes) groupScales(w *mat.Dense, k int) {
	for j := range c.Cols {
		low, high := 0.0, 0.0
		for i := k; i < min(k+c.Block.Rows, c.Rows); i++ {
			low, high = min(low, w.At(i, j)), max(high, w.At(i, j))
		}
		scale, zero := scaling(c.Format, low, high, true)
		c.Scale, c.Zero = append(c.Scale, scale), append(c.Zero, zero)
	}
}

// inverseHessian is the upper Cholesky factor of the inverse of the damped Hessian.
func inverseHessian(x *Matrix) (*mat.TriDense, error) {
	d := dense(x)
	var h mat.SymDense
	h.SymOuterK(1, d.T())
	n, mean := x.Cols, 0.0
	for i := range n {
		mean += h.At(i, i) / float64(n)
	}
	if mean == 0 {
		mean = 1
	}
	for i := range n {
		h.SetSym(i, i, h.At(i, i)+0.01*mean)
	}
	var chol, of mat.Cholesky
	var inverse mat.SymDense
	if !chol.Factorize(&h) {
		return nil, fmt.Errorf("quant: Hessian of %d channels is not positive definite", n)
	}
	if err := chol.InverseTo(&inverse); err != nil {
		return nil, fmt.Errorf("quant: Hessian of %d channels: %w", n, err)
	}
	if !of.Factorize(&inverse) {
		return nil, fmt.Errorf("quant: inverse Hessian of %d channels is not positive definite", n)
	}
	var u mat.TriDense
	of.UTo(&u)
	return &u, nil
}
