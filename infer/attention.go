package infer

import (
	"math"

	"tpe/numeric/quant"
)

// columns are columns from c0 on of a matrix, n of them.
func columns(m *quant.Matrix, c0, n int) *quant.Matrix {
	out := quant.NewMatrix(m.Rows, n)
	for i := range m.Rows {
		copy(out.Row(i), m.Row(i)[c0:c0+n])
	}
	return out
}

// Attention is causal attention of the last q.Rows tokens to all k.Rows tokens: for each head, softmax(q k' / sqrt(size)) v. q has
// heads of the given size side by side; k and v have kvHeads of them, each shared by as many heads of q.
func Attention(mul Multiplier, q, k, v *quant.Matrix, heads, kvHeads, size int) (*quant.Matrix, error) {
	out := quant.NewMatrix(q.Rows, heads*size)
	root := float32(math.Sqrt(float64(size)))
	before := k.Rows - q.Rows
	for h := range heads {
		at := h / (heads / kvHeads) * size
		scores, err := mul.Multiply(columns(q, h*size, size), columns(k, at, size).Transposed(), false)
		if err != nil {
			return nil, err
		}
		for i := range scores.Rows {
			row := scores.Row(i)
			seen := row[:before+i+1]
			for j := range seen {
				seen[j] /= root
			}
			softmax(seen)
			clear(row[len(seen):])
		}
		context, err := mul.Multiply(scores, columns(v, at, size), false)
		if err != nil {
			return nil, err
		}
		for i := range context.Rows {
			copy(out.Row(i)[h*size:], context.Row(i))
		}
	}
	return out, nil
}
