package quant

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tpe/numeric"
)

// Outliers are activations split as LLM.int8() does (arXiv 2208.07339): the columns with a number of at least the
// threshold stay apart, in full precision, and have zeros in the part that is coded.
type Outliers struct {
	Columns []int   // of A, ascending; the rows of B that belong to them
	Rest    *Matrix // A with zeros in these columns
}

// SplitOutliers finds the columns with some |x| >= threshold; the paper's is 6.
func SplitOutliers(a *Matrix, threshold float64) *Outliers {
	o := &Outliers{Rest: a.Clone()}
	for j := range a.Cols {
		for i := range a.Rows {
			if magnitude(a.At(i, j)) < threshold {
				continue
			}
			o.Columns = append(o.Columns, j)
			for k := range a.Rows {
				o.Rest.Data[k*a.Cols+j] = 0
			}
			break
		}
	}
	return o
}

// Mixed are activations in blocks of two precisions, as in COMET's FMPQ (arXiv 2410.12168): channels are sorted so
// that those with outliers share blocks, and each block of a row has a scale.
type Mixed struct {
	*Codes          // of the wide format; the codes of narrow blocks fit the narrow one
	Order     []int // Order[j] is the channel that stands in column j
	Wide      []bool
	Low, High numeric.Int
}

// MixedBlocks codes activations in blocks of n channels. A channel has outliers if its greatest magnitude is above
// ratio times the median of those of all channels; channels are sorted by it, largest first, and a block with such a channel
// has the format high, any other the format low.
func MixedBlocks(a *Matrix, n int, low, high numeric.Int, ratio float64) (*Mixed, error) {
	if err := a.checkFinite(); err != nil {
		return nil, err
	}
	if n < 1 || !(ratio >= 1) || !low.Signed || !high.Signed || low.Bits > high.Bits {
		return nil, fmt.Errorf("quant: blocks of %d in %s and %s, ratio %v (expected at least 1, two signed formats, at least 1)", n, low, high, ratio)
	}
	peak := make([]float64, a.Cols)
	for i := range a.Rows {
		for j, v := range a.Row(i) {
			peak[j] = max(peak[j], magnitude(v))
		}
	}
	m := &Mixed{Order: make([]int, a.Cols), Low: low, High: high}
	for j := range m.Order {
		m.Order[j] = j
	}
	slices.SortStableFunc(m.Order, func(x, y int) int { return cmp.Compare(peak[y], peak[x]) })
	limit := math.Inf(1)
	if a.Cols > 0 {
		limit = ratio * peak[m.Order[a.Cols/2]]
	}
	sorted := NewMatrix(a.Rows, a.Cols)
	for i := range a.Rows {
		for j, from := range m.Order {
			sorted.Data[i*a.Cols+j] = a.At(i, from)
		}
	}
	m.Codes = &Codes{Dense: numeric.NewDense(a.Rows, a.Cols), Format: high, Block: RowGroups(n).of(a.Rows, a.Cols)}
	for j := 0; j < a.Cols; j += m.Block.Cols {
		m.Wide = append(m.Wide, peak[m.Order[j]] > limit)
	}
	for i := range a.Rows {
		for b, wide := range m.Wide {
			m.Format = low
			if wide {
				m.Format = high
			}
			m.block(sorted, i, b*m.Block.Cols, false)
		}
	}
	m.Format = high
	return m, nil
}

// FPTQKind says how FPTQ codes the activations of a layer (arXiv 2308.15987).
type FPTQKind int

// The kinds, by the layer's greatest magnitude.
const (
	FPTQStatic    FPTQKind = iota // up to 15: one scale for all tokens
	FPTQEqualised                 // up to 150: channels are divided by a logarithmic factor, then one scale
	FPTQToken                     // beyond: a scale for each token
)

// FPTQ says how the activations of a layer are coded, and for FPTQEqualised by what each channel is divided (and the row of the
// weights multiplied): max|x| / log2(2 + max|x|).
func FPTQ(a *Matrix) (FPTQKind, []float32) {
	top := 0.0
	peak := make([]float64, a.Cols)
	for i := range a.Rows {
		for j, v := range a.Row(i) {
			peak[j] = max(peak[j], magnitude(v))
			top = max(top, peak[j])
		}
	}
	switch {
	case top <= 15:
		return FPTQStatic, nil
	case top > 150:
		return FPTQToken, nil
	}
	by := make([]float32, a.Cols)
	for j, p := range peak {
		by[j] = 1
		if p > 0 {
			by[j] = float32(p / math.Log2(2+p))
		}
	}
	return FPTQEqualised, by
}
