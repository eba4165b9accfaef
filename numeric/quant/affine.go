package quant

import (
	"fmt"
	"math"

	"tpe/numeric"
)

// Block is the part of a matrix that shares a scale: Rows x Cols elements, 0 for all. Blocks at the edge are smaller.
type Block struct{ Rows, Cols int }

// The usual blocks.
var (
	PerTensor = Block{}        // one scale
	PerRow    = Block{Rows: 1} // of A: for each token
	PerColumn = Block{Cols: 1} // of B: for each output channel
)

// RowGroups are n consecutive elements of a row: groups along K of A.
func RowGroups(n int) Block { return Block{Rows: 1, Cols: n} }

// ColumnGroups are n consecutive elements of a column: groups along K of B.
func ColumnGroups(n int) Block { return Block{Rows: n, Cols: 1} }

// of is the block with its zeros replaced by the extents of a matrix.
func (b Block) of(rows, cols int) Block {
	if b.Rows == 0 || b.Rows > rows {
		b.Rows = max(rows, 1)
	}
	if b.Cols == 0 || b.Cols > cols {
		b.Cols = max(cols, 1)
	}
	return b
}

// Codes is a matrix in codes of Format: element (i, j) means Scale*(value of the code - Zero), with the
// scale and the zero point of its block. A float format has zero points 0.
type Codes struct {
	*numeric.Dense
	Format numeric.Format
	Block  Block     // without zeros
	Scale  []float32 // of the blocks, row by row
	Zero   []int32
}

// blockCols is the number of blocks side by side.
func (c *Codes) blockCols() int { return (c.Cols + c.Block.Cols - 1) / c.Block.Cols }

// index is the block of an element.
func (c *Codes) index(i, j int) int { return i/c.Block.Rows*c.blockCols() + j/c.Block.Cols }

// ScaleAt is the scale of element (i, j).
func (c *Codes) ScaleAt(i, j int) float32 { return c.Scale[c.index(i, j)] }

// ZeroAt is the zero point of element (i, j).
func (c *Codes) ZeroAt(i, j int) int32 { return c.Zero[c.index(i, j)] }

// Values returns what the codes mean.
func (c *Codes) Values() *Matrix {
	m := NewMatrix(c.Rows, c.Cols)
	for i := range c.Rows {
		for j, q := range c.Row(i) {
			b := c.index(i, j)
			m.Data[i*c.Cols+j] = float32(float64(c.Scale[b]) * (c.value(q) - float64(c.Zero[b])))
		}
	}
	return m
}

// value is a code as a number.
func (c *Codes) value(q int32) float64 {
	if _, ok := c.Format.(numeric.Int); ok {
		return float64(q)
	}
	return c.Format.Decode(uint64(uint32(q))).Float64()
}

// Quantize codes a matrix block by block. The scale makes the greatest magnitude of the block the greatest number of the
// format; a block of zeros has the scale 1.
//
//	signed integers, symmetric       Scale = max|x| / (2^(bits-1)-1), the least code is not used, Zero = 0
//	signed integers, asymmetric      Scale = (max(x, 0) - min(x, 0)) / (2^bits - 1), 0 has a code of its own, Zero
//	unsigned integers                likewise; asymmetric is the only way
//	floats of at most 8 bits         Scale = max|x| / the largest number
//	wider floats                     Scale = 1: their range is that of the data; what is beyond saturates
//
// It fails on numbers that are not finite and on formats without numbers of both signs or integers above 16 bits.
func Quantize(m *Matrix, f numeric.Format, block Block, asymmetric bool) (*Codes, error) {
	if err := m.checkFinite(); err != nil {
		return nil, err
	}
	switch f := f.(type) {
	case numeric.Int:
		if f.Bits > 16 || f.Signed && f.Bits < 2 {
			return nil, fmt.Errorf("quant: codes of format %s (expected int2..int16 or uint1..uint16)", f)
		}
	case numeric.Float:
		if f.Unsigned || asymmetric {
			return nil, fmt.Errorf("quant: codes of format %s, asymmetric %v (expected a signed float, symmetric)", f, asymmetric)
		}
	case numeric.OddInt:
	default:
		return nil, fmt.Errorf("quant: codes of format %s (expected integers or floats)", f)
	}
	c := &Codes{Dense: numeric.NewDense(m.Rows, m.Cols), Format: f, Block: block.of(m.Rows, m.Cols)}
	for i0 := 0; i0 < m.Rows; i0 += c.Block.Rows {
		for j0 := 0; j0 < m.Cols; j0 += c.Block.Cols {
			c.block(m, i0, j0, asymmetric)
		}
	}
	return c, nil
}

// Recode finds the codes of the numbers again, for scales that were changed, of signed integers (symmetric) and floats.
func (c *Codes) Recode(m *Matrix) {
	for i := range c.Rows {
		dst, src := c.Row(i), m.Row(i)
		for j := range dst {
			at := c.index(i, j)
			dst[j] = coder(c.Format, c.Scale[at], c.Zero[at], false)(src[j])
		}
	}
}

// block codes one block.
func (c *Codes) block(m *Matrix, i0, j0 int, asymmetric bool) {
	i1, j1 := min(i0+c.Block.Rows, m.Rows), min(j0+c.Block.Cols, m.Cols)
	low, high := 0.0, 0.0
	for i := i0; i < i1; i++ {
		for _, v := range m.Row(i)[j0:j1] {
			low, high = min(low, float64(v)), max(high, float64(v))
		}
	}
	scale, zero := scaling(c.Format, low, high, asymmetric)
	c.Scale, c.Zero = append(c.Scale, scale), append(c.Zero, zero)
	code := coder(c.Format, scale, zero, asymmetric)
	for i := i0; i < i1; i++ {
		dst, src := c.Row(i), m.Row(i)
		for j := j0; j < j1; j++ {
			dst[j] = code(src[j])
		}
	}
}

// scaling is the scale and the zero point for numbers from low <= 0 to high >= 0.
func scaling(f numeric.Format, low, high float64, asymmetric bool) (float32, int32) {
	amax := max(-low, high)
	top := 0.0
	switch f := f.(type) {
	case numeric.Int:
		if f.Signed && !asymmetric {
			top = float64(f.Max())
			break
		}
		if amax == 0 {
			return 1, 0
		}
		scale := positive((high - low) / float64(f.Max()-f.Min()))
		return scale, int32(f.Min() + int64(math.RoundToEven(-low/float64(scale))))
	case numeric.OddInt:
		top = float64(int(1)<<f.Bits - 1)
	case numeric.Float:
		if f.Width() > 8 {
			return 1, 0
		}
		top = f.Decode(f.MaxFinite(false)).Float64()
	}
	if amax == 0 {
		return 1, 0
	}
	return positive(amax / top), 0
}

// positive is a scale as a float32, never zero.
func positive(s float64) float32 { return max(float32(s), math.SmallestNonzeroFloat32) }

// coder returns the code of a number.
func coder(f numeric.Format, scale float32, zero int32, asymmetric bool) func(float32) int32 {
	if n, ok := f.(numeric.Int); ok {
		least, most := float64(n.Min()), float64(n.Max())
		if n.Signed && !asymmetric {
			least = -most
		}
		return func(x float32) int32 {
			return int32(min(max(math.RoundToEven(float64(x)/float64(scale))+float64(zero), least), most))
		}
	}
	env := &numeric.Env{Saturate: true}
	return func(x float32) int32 {
		q, _ := f.Encode(numeric.FromFloat64(float64(x)/float64(scale)), env)
		return int32(uint32(q))
	}
}
