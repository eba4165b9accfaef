package quant

import (
	"fmt"
	"math"
)

// Matrix is a matrix of real numbers, row-major.
type Matrix struct {
	Rows, Cols int
	Data       []float32
}

// NewMatrix returns a zero matrix.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
}

// At returns element (i, j).
func (m *Matrix) At(i, j int) float32 { return m.Data[i*m.Cols+j] }

// Row returns row i.
func (m *Matrix) Row(i int) []float32 { return m.Data[i*m.Cols : (i+1)*m.Cols] }

// Transposed returns the transpose.
func (m *Matrix) Transposed() *Matrix {
	t := NewMatrix(m.Cols, m.Rows)
	for i := range m.Rows {
		for j, v := range m.Row(i) {
			t.Data[j*m.Rows+i] = v
		}
	}
	return t
}

// Clone returns a copy.
func (m *Matrix) Clone() *Matrix {
	c := *m
	c.Data = append([]float32(nil), m.Data...)
	return &c
}

// checkFinite reports the first number that is not finite: no scale covers it.
func (m *Matrix) checkFinite() error {
	for i, v := range m.Data {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("quant: element (%d, %d) is %v (expected a finite number)", i/max(m.Cols, 1), i%max(m.Cols, 1), v)
		}
	}
	return nil
}
