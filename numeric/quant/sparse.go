package quant

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// PruneNM keeps, of every m consecutive elements of a column (along K of weights B), the n of greatest magnitude, the first of equals;
// the others become zero. The last block of a column may be shorter and keeps at most n.
func PruneNM(w *Matrix, n, m int) (*Matrix, error) {
	if n < 1 || n > m {
		return nil, fmt.Errorf("quant: sparsity %d:%d (expected N:M with 1 <= N <= M)", n, m)
	}
	out := w.Clone()
	order := make([]int, 0, m)
	for j := range w.Cols {
		for i0 := 0; i0 < w.Rows; i0 += m {
			order = order[:0]
			for i := i0; i < min(i0+m, w.Rows); i++ {
				order = append(order, i)
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(magnitude(w.At(b, j)), magnitude(w.At(a, j))) })
			for _, i := range order[min(n, len(order)):] {
				out.Data[i*w.Cols+j] = 0
			}
		}
	}
	return out, nil
}

// Prune makes a share of the elements zero, those of least magnitude, the last of equals first: unstructured sparsity.
func Prune(w *Matrix, share float64) (*Matrix, error) {
	if !(share >= 0 && share <= 1) {
		return nil, fmt.Errorf("quant: share of zeros %v (expected 0 to 1)", share)
	}
	order := make([]int, len(w.Data))
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(magnitude(w.Data[a]), magnitude(w.Data[b])) })
	out := w.Clone()
	for _, i := range order[:int(math.Round(share*float64(len(order))))] {
		out.Data[i] = 0
	}
	return out, nil
}

func magnitude(x float32) float64 { return math.Abs(float64(x)) }
