package quant

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"tpe/numeric"
)

// LowRank returns the best approximation of rank r in the sense of least squares, w ~ u v with u of w.Rows x r and v of r x w.Cols: the
// first r singular values, whose roots u and v share.
func LowRank(w *Matrix, r int) (u, v *Matrix, err error) {
	if most := min(w.Rows, w.Cols); r < 1 || r > most {
		return nil, nil, fmt.Errorf("quant: rank %d of a %d x %d matrix (expected 1..%d)", r, w.Rows, w.Cols, most)
	}
	if err := w.checkFinite(); err != nil {
		return nil, nil, err
	}
	var svd mat.SVD
	if !svd.Factorize(dense(w), mat.SVDThin) {
		return nil, nil, fmt.Errorf("quant: singular values of a %d x %d matrix did not converge", w.Rows, w.Cols)
	}
	var left, right mat.Dense
	svd.UTo(&left)
	svd.VTo(&right)
	values := svd.Values(nil)
	u, v = NewMatrix(w.Rows, r), NewMatrix(r, w.Cols)
	for k := range r {
		for i := range w.Rows {
			u.Data[i*r+k] = float32(left.At(i, k) * values[k])
		}
		for j := range w.Cols {
			v.Data[k*w.Cols+j] = float32(right.At(j, k))
		}
	}
	return u, v, nil
}

// dense is a matrix as gonum wants it.
func dense(m *Matrix) *mat.Dense {
	data := make([]float64, len(m.Data))
	for i, v := range m.Data {
		data[i] = float64(v)
	}
	return mat.NewDense(m.Rows, m.Cols, data)
}

// Corrected are weights in codes with a correction of low rank beside them: B ~ Codes + U V.
type Corrected struct {
	*Codes
	U, V *Matrix
}

// LQER codes weights and approximates the error of the codes by a product of rank r (arXiv 2402.02446).
func LQER(w *Matrix, f numeric.Format, block Block, asymmetric bool, r int) (*Corrected, error) {
	c, err := Quantize(w, f, block, asymmetric)
	if err != nil {
		return nil, err
	}
	u, v, err := LowRank(Difference(w, c.Values()), r)
	return &Corrected{c, u, v}, err
}

// SVDQuant takes a product of rank r out of the weights and codes the rest (arXiv 2411.05007, without its migration of
// outliers from activations).
func SVDQuant(w *Matrix, f numeric.Format, block Block, asymmetric bool, r int) (*Corrected, error) {
	u, v, err := LowRank(w, r)
	if err != nil {
		return nil, err
	}
	c, err := Quantize(Difference(w, Product(u, v)), f, block, asymmetric)
	return &Corrected{c, u, v}, err
}

// Values returns what codes and correction mean together.
func (c *Corrected) Values() *Matrix {
	m, add := c.Codes.Values(), Product(c.U, c.V)
	for i := range m.Data {
		m.Data[i] += add.Data[i]
	}
	return m
}

// Product is x y, each element summed in float64 in order of k.
func Product(x, y *Matrix) *Matrix {
	m := NewMatrix(x.Rows, y.Cols)
	sum := make([]float64, y.Cols)
	for i := range x.Rows {
		clear(sum)
		for k, a := range x.Row(i) {
			for j, b := range y.Row(k) {
				sum[j] += float64(a) * float64(b)
			}
		}
		for j, s := range sum {
			m.Data[i*m.Cols+j] = float32(s)
		}
	}
	return m
}

// Difference is x - y.
func Difference(x, y *Matrix) *Matrix {
	m := NewMatrix(x.Rows, x.Cols)
	for i := range m.Data {
		m.Data[i] = x.Data[i] - y.Data[i]
	}
	return m
}
