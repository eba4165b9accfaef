package infer

import (
	"math"

	"tpe/numeric"
	"tpe/numeric/quant"
)

// codedA is a matrix A as an engine takes it: row i means scale[i] * (code - zero[i]), times the engine's own scales where it has
// them.
type codedA struct {
	codes, own  *numeric.Dense
	scale, zero []float64
}

// codeA codes activations: a scale for each row, or those of a block format.
func (e *Engine) codeA(a *quant.Matrix) (*codedA, error) {
	c := &codedA{scale: make([]float64, a.Rows), zero: make([]float64, a.Rows)}
	if f := e.cfg.Blockwise.ScaleA; e.cfg.Blockwise.Size > 0 && f.Exp > 0 {
		s, err := e.blocks(a, e.a, f, false)
		if err != nil {
			return nil, err
		}
		c.codes, c.own = s.Dense, s.Scale
		for i := range c.scale {
			c.scale[i] = s.Tensor
		}
		return c, nil
	}
	f, isInt := e.a.(numeric.Int)
	q, err := quant.Quantize(a, e.a, quant.PerRow, isInt && !f.Signed)
	if err != nil {
		return nil, err
	}
	e.leaveHeadroom(q, a)
	c.codes = q.Dense
	for i := range c.scale {
		c.scale[i], c.zero[i] = float64(q.Scale[i]), float64(q.Zero[i])
	}
	return c, nil
}

// blocks codes a matrix in MX or NVFP4 blocks, by the format of the scales.
func (e *Engine) blocks(m *quant.Matrix, elem numeric.Format, scale numeric.Float, columns bool) (*quant.Scaled, error) {
	if scale == numeric.E8M0 {
		return quant.MXBlocks(m, numeric.MX{Elem: elem, Block: e.cfg.Blockwise.Size}, columns)
	}
	return quant.NVFP4Blocks(m, e.cfg.Blockwise.Size, columns)
}

// blockPiece codes weights for an engine with a block format. Scales of a format of their own (FIGNA: BF16 for int4) are rounded before
// codes are found.
func (e *Engine) blockPiece(b *quant.Matrix) (piece, error) {
	p := piece{to: b.Rows, unit: make([]float64, b.Cols), offset: make([]int32, b.Cols)}
	f := e.cfg.Blockwise.ScaleB
	if n, ok := e.b.(numeric.Int); ok && f != numeric.E8M0 {
		c, err := quant.Quantize(b, n, quant.ColumnGroups(e.cfg.Blockwise.Size), false)
		if err != nil {
			return p, err
		}
		p.scale = numeric.NewDense(len(c.Scale)/max(b.Cols, 1), b.Cols)
		for i, s := range c.Scale {
			code, _ := f.Encode(numeric.FromFloat64(float64(s)), &numeric.Env{Saturate: true})
			p.scale.Data[i] = int32(uint32(code))
			c.Scale[i] = float32(f.Decode(code).Float64())
		}
		c.Recode(b)
		p.codes = c.Dense
		for j := range p.unit {
			p.unit[j] = 1
		}
		return p, nil
	}
	s, err := e.blocks(b, e.b, f, true)
	if err != nil {
		return p, err
	}
	p.codes, p.scale = s.Dense, s.Scale
	for j := range p.unit {
		p.unit[j] = s.Tensor
	}
	return p, nil
}

// leaveHeadroom scales narrow floats such that products are in the format's range, where an engine's products are numbers of the
// format: the greatest operand becomes the root of the largest number.
func (e *Engine) leaveHeadroom(c *quant.Codes, m *quant.Matrix) {
	f, ok := c.Format.(numeric.Float)
	if !ok || f.Width() > 8 || !e.cfg.ProductsInFormat() {
		return
	}
	by := float32(math.Sqrt(f.Decode(f.MaxFinite(false)).Float64()))
	for i := range c.Scale {
		c.Scale[i] *= by
	}
	c.Recode(m)
}
