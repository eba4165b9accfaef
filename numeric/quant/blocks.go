package quant

import (
	"fmt"

	"tpe/numeric"
)

// Scaled is a matrix in a block format: codes, and a coded scale for each block.
type Scaled struct {
	*numeric.Dense
	Block  Block
	Scale  *numeric.Dense // one code a block
	Tensor float64        // a further scale of all of NVFP4; else 1
	decode func(scale, code uint64) numeric.Value
}

// Values returns what the codes mean.
func (s *Scaled) Values() *Matrix {
	m := NewMatrix(s.Rows, s.Cols)
	for i := range s.Rows {
		for j, q := range s.Row(i) {
			v := s.decode(uint64(uint32(s.Scale.At(i/s.Block.Rows, j/s.Block.Cols))), uint64(uint32(q)))
			m.Data[i*s.Cols+j] = float32(v.Float64() * s.Tensor)
		}
	}
	return m
}

// scaled codes a matrix in blocks of one row or one column.
func scaled(m *Matrix, block Block, quantize func([]numeric.Value) (uint64, []uint64)) (*Scaled, error) {
	if err := m.checkFinite(); err != nil {
		return nil, err
	}
	if block.Rows != 1 && block.Cols != 1 || block.Rows < 1 || block.Cols < 1 {
		return nil, fmt.Errorf("quant: blocks of %d x %d (expected part of a row or of a column)", block.Rows, block.Cols)
	}
	up := func(a, b int) int { return (a + b - 1) / b }
	s := &Scaled{Dense: numeric.NewDense(m.Rows, m.Cols), Block: block, Scale: numeric.NewDense(up(m.Rows, block.Rows), up(m.Cols, block.Cols)), Tensor: 1}
	values := make([]numeric.Value, 0, block.Rows*block.Cols)
	for bi := range s.Scale.Rows {
		for bj := range s.Scale.Cols {
			values = values[:0]
			each := func(do func(at int)) {
				for i := bi * block.Rows; i < min((bi+1)*block.Rows, m.Rows); i++ {
					for j := bj * block.Cols; j < min((bj+1)*block.Cols, m.Cols); j++ {
						do(i*m.Cols + j)
					}
				}
			}
			each(func(at int) { values = append(values, numeric.FromFloat64(float64(m.Data[at]))) })
			scale, codes := quantize(values)
			s.Scale.Data[bi*s.Scale.Cols+bj] = int32(uint32(scale))
			k := 0
			each(func(at int) {
				s.Data[at] = int32(uint32(codes[k]))
				k++
			})
		}
	}
	return s, nil
}

// MXBlocks codes a matrix in MX blocks along its rows (of A) or its columns (of B).
func MXBlocks(m *Matrix, f numeric.MX, columns bool) (*Scaled, error) {
	s, err := scaled(m, along(f.Block, columns), func(v []numeric.Value) (uint64, []uint64) { return f.Quantize(v, &numeric.Env{}) })
	if err == nil {
		s.decode = f.Decode
	}
	return s, err
}

// NVFP4Blocks codes a matrix in NVFP4 blocks (of n elements; the format's own are 16) with a scale of the whole matrix.
func NVFP4Blocks(m *Matrix, n int, columns bool) (*Scaled, error) {
	var f numeric.NVFP4
	peak := 0.0
	for _, v := range m.Data {
		peak = max(peak, magnitude(v))
	}
	tensor := numeric.FromInt(1)
	if peak > 0 {
		if t := numeric.FP32.Decode(f.TensorScale(numeric.FromFloat64(peak))); t.Class == numeric.Finite {
			tensor = t
		}
	}
	s, err := scaled(m, along(n, columns), func(v []numeric.Value) (uint64, []uint64) { return f.Quantize(v, tensor) })
	if err == nil {
		s.decode, s.Tensor = f.Decode, tensor.Float64()
	}
	return s, err
}

func along(n int, columns bool) Block {
	if columns {
		return ColumnGroups(n)
	}
	return RowGroups(n)
}
