package quant

import (
	"math"

	"tpe/numeric"
)

// ternaryFormat holds -1, 0 and 1.
var ternaryFormat = numeric.Int{Bits: 2, Signed: true}

// Ternary codes weights as BitNet b1.58 does ("The Era of 1-bit LLMs", arXiv 2402.17764): the scale of the matrix is
// the mean magnitude, at least 1e-5, and codes are rounded to -1, 0 or 1.
func Ternary(w *Matrix) (*Codes, error) {
	if err := w.checkFinite(); err != nil {
		return nil, err
	}
	sum := 0.0
	for _, v := range w.Data {
		sum += math.Abs(float64(v))
	}
	scale := float32(max(sum/float64(max(len(w.Data), 1)), 1e-5))
	c := &Codes{Dense: numeric.NewDense(w.Rows, w.Cols), Format: ternaryFormat, Block: PerTensor.of(w.Rows, w.Cols), Scale: []float32{scale}, Zero: []int32{0}}
	code := coder(ternaryFormat, scale, 0, false)
	for i, v := range w.Data {
		c.Data[i] = code(v)
	}
	return c, nil
}

// OneBitWeights are the signs of a matrix B with a factor for each row and each column: B[k][n] is about
// In[k] * sign * Out[n] (OneBit, arXiv 2402.11295).
type OneBitWeights struct {
	Sign    *numeric.Dense // -1 and 1
	In, Out []float32
}

// OneBit splits weights into signs and the best product of two vectors for the magnitudes, in the sense of least
// squares: the first singular vectors of |B|, which are positive.
func OneBit(w *Matrix) (*OneBitWeights, error) {
	if err := w.checkFinite(); err != nil {
		return nil, err
	}
	mags := w.Clone()
	o := &OneBitWeights{Sign: numeric.NewDense(w.Rows, w.Cols), In: make([]float32, w.Rows), Out: make([]float32, w.Cols)}
	for i, v := range w.Data {
		o.Sign.Data[i] = 1
		if v < 0 {
			o.Sign.Data[i], mags.Data[i] = -1, -v
		}
	}
	u, v, err := LowRank(mags, 1)
	if err != nil {
		return nil, err
	}
	for i := range o.In {
		o.In[i] = float32(math.Abs(float64(u.Data[i])))
	}
	for j := range o.Out {
		o.Out[j] = float32(math.Abs(float64(v.Data[j])))
	}
	return o, nil
}

// Values returns what the signs and factors mean.
func (o *OneBitWeights) Values() *Matrix {
	m := NewMatrix(len(o.In), len(o.Out))
	for i := range m.Rows {
		for j, s := range o.Sign.Row(i) {
			m.Data[i*m.Cols+j] = o.In[i] * float32(s) * o.Out[j]
		}
	}
	return m
}
