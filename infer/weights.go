package infer

import (
	"fmt"
	"math"

	"tpe/numeric"
	"tpe/numeric/quant"
)

// operand is a matrix B as an engine takes it: pieces along k, and what is done beside the engine.
type operand struct {
	pieces []piece
	in     []float32     // by which columns of A are multiplied first; nil: 1
	u, v   *quant.Matrix // product to which A is multiplied exactly, and added; nil: none
	full   *quant.Matrix // the weights as they were, for outliers
}

// piece is a part of B along k that is one product: element (k, j) means unit[j] * scale * (code - zero), with the engine's own scales
// and zero points of the codes where it has them, and otherwise 1 and offset[j].
type piece struct {
	from, to    int // of k
	codes       *numeric.Dense
	scale, zero *numeric.Dense
	unit        []float64
	offset      []int32
	sums        []float64 // of each column, what the codes mean
}

// prepare codes a matrix B.
func (e *Engine) prepare(b *quant.Matrix, weights bool) (*operand, error) {
	r := e.recipe
	o := &operand{full: b}
	if !weights { // recipes are for constants; groups hold for all
		r = Recipe{Group: r.Group}
	}
	var err error
	if r.M > 0 {
		b, err = quant.PruneNM(b, r.N, r.M)
	}
	if err == nil && r.Prune > 0 {
		b, err = quant.Prune(b, r.Prune)
	}
	if err == nil && r.SVDQuant > 0 {
		if o.u, o.v, err = quant.LowRank(b, min(r.SVDQuant, b.Rows, b.Cols)); err == nil {
			b = quant.Difference(b, quant.Product(o.u, o.v))
		}
	}
	if err != nil {
		return nil, err
	}
	if r.Weights != "" && e.cfg.Blockwise.Size > 0 {
		return nil, fmt.Errorf("%s weights on an engine with a block format (expected plain codes)", r.Weights)
	}
	switch r.Weights {
	case WeightsOneBit:
		w, err := quant.OneBit(b)
		if err != nil {
			return nil, err
		}
		o.in = w.In
		p := piece{to: b.Rows, codes: w.Sign, offset: make([]int32, b.Cols)}
		for _, s := range w.Out {
			p.unit = append(p.unit, float64(s))
		}
		if err := e.encodeSigns(p.codes); err != nil {
			return nil, err
		}
		o.pieces = []piece{p}
	case WeightsTernary:
		if f, ok := e.b.(numeric.Int); !ok || !f.Signed {
			return nil, fmt.Errorf("ternary weights on an engine whose B is %s (expected a signed integer)", e.b)
		}
		c, err := quant.Ternary(b)
		if err != nil {
			return nil, err
		}
		p := piece{to: b.Rows, codes: c.Dense, unit: make([]float64, b.Cols), offset: make([]int32, b.Cols)}
		for j := range p.unit {
			p.unit[j] = float64(c.Scale[0])
		}
		o.pieces = []piece{p}
	default:
		if o.pieces, err = e.code(b, r.Group, r.GPTQ); err != nil {
			return nil, err
		}
	}
	for i := range o.pieces {
		if err := e.finish(&o.pieces[i]); err != nil {
			return nil, err
		}
	}
	if r.LQER > 0 {
		o.u, o.v, err = quant.LowRank(quant.Difference(b, e.values(o, b.Rows, b.Cols)), min(r.LQER, b.Rows, b.Cols))
	}
	return o, err
}

// encodeSigns turns -1 and 1 into codes of B.
func (e *Engine) encodeSigns(d *numeric.Dense) error {
	switch f := e.b.(type) {
	case numeric.Int:
		if !f.Signed {
			return fmt.Errorf("signs as weights on an engine whose B is %s (expected a signed integer, a float or an odd integer)", f)
		}
		return nil
	default:
		for i, s := range d.Data {
			q, _ := f.Encode(numeric.FromInt(int64(s)), &numeric.Env{Saturate: true})
			d.Data[i] = int32(uint32(q))
		}
	}
	return nil
}

// code codes a matrix with scales for its columns and groups; with gptq so that the product with the inputs of the calibration
// changes little, if there are any.
func (e *Engine) code(b *quant.Matrix, group int, gptq bool) ([]piece, error) {
	if e.cfg.Blockwise.Size > 0 {
		p, err := e.blockPiece(b)
		return []piece{p}, err
	}
	own := e.cfg.Group > 0 && (e.cfg.ScaleBits > 0 || e.cfg.ZeroPoints)
	if own {
		group = e.cfg.Group
	}
	if group == 0 || group > b.Rows {
		group = max(b.Rows, 1)
	}
	f, isInt := e.b.(numeric.Int)
	var c *quant.Codes
	var err error
	if x := e.inputs[b]; gptq && x != nil {
		c, err = quant.GPTQ(b, x, f, group)
	} else {
		c, err = quant.Quantize(b, e.b, quant.ColumnGroups(group), isInt && !f.Signed)
	}
	if err != nil {
		return nil, err
	}
	e.leaveHeadroom(c, b)
	if own {
		return []piece{e.ownScales(c)}, nil
	}
	var list []piece
	for k := 0; k < b.Rows; k += c.Block.Rows {
		p := piece{from: k, to: min(k+c.Block.Rows, b.Rows)}
		p.codes = &numeric.Dense{Rows: p.to - p.from, Cols: b.Cols, Data: c.Data[p.from*b.Cols : p.to*b.Cols]}
		for j := range b.Cols {
			p.unit = append(p.unit, float64(c.ScaleAt(k, j)))
			p.offset = append(p.offset, c.ZeroAt(k, j))
		}
		list = append(list, p)
	}
	return list, nil
}

// ownScales writes the scales of groups in the engine's fixed point, in units of a number for each column that makes the greatest
// one as large as it can be.
func (e *Engine) ownScales(c *quant.Codes) piece {
	groups := (c.Rows + c.Block.Rows - 1) / c.Block.Rows
	p := piece{to: c.Rows, codes: c.Dense, unit: make([]float64, c.Cols), offset: make([]int32, c.Cols)}
	one := math.Ldexp(1, e.cfg.ScaleShift)
	if e.cfg.ScaleBits > 0 {
		p.scale = numeric.NewDense(groups, c.Cols)
	}
	if e.cfg.ZeroPoints {
		p.zero = numeric.NewDense(groups, c.Cols)
	}
	for j := range c.Cols {
		top := 0.0
		for g := range groups {
			top = max(top, float64(c.Scale[g*c.Cols+j]))
		}
		p.unit[j] = top
		if p.scale != nil {
			p.unit[j] = top * one / float64(int(1)<<e.cfg.ScaleBits-1)
		}
		for g := range groups {
			at := g*c.Cols + j
			if p.scale != nil {
				p.scale.Data[at] = int32(math.RoundToEven(float64(c.Scale[at]) * one / p.unit[j]))
			}
			if p.zero != nil {
				p.zero.Data[at] = c.Zero[at]
			}
		}
	}
	return p
}

// finish sums the columns, which a zero point of A needs.
func (e *Engine) finish(p *piece) error {
	if p.codes.Cols != len(p.unit) {
		return fmt.Errorf("infer: %d units of %d columns", len(p.unit), p.codes.Cols)
	}
	p.sums = make([]float64, p.codes.Cols)
	for k := range p.codes.Rows {
		for j := range p.sums {
			p.sums[j] += e.meaning(p, k, j)
		}
	}
	return nil
}

// meaning is the number for which a code of a piece stands.
func (e *Engine) meaning(p *piece, k, j int) float64 {
	v := number(e.b, p.codes.At(k, j)) - float64(p.offset[j])
	if size := e.cfg.Blockwise.Size; size > 0 && p.scale != nil {
		return v * e.cfg.Blockwise.ScaleB.Decode(uint64(uint32(p.scale.At(k/size, j)))).Float64() * p.unit[j]
	}
	g := 0
	if e.cfg.Group > 0 {
		g = k / e.cfg.Group
	}
	if p.zero != nil {
		v -= float64(p.zero.At(g, j))
	}
	if p.scale != nil {
		v *= math.Ldexp(float64(p.scale.At(g, j)), -e.cfg.ScaleShift)
	}
	return v * p.unit[j]
}

// values is what all pieces mean.
func (e *Engine) values(o *operand, rows, cols int) *quant.Matrix {
	m := quant.NewMatrix(rows, cols)
	for i := range o.pieces {
		p := &o.pieces[i]
		for k := range p.codes.Rows {
			by := 1.0
			if o.in != nil {
				by = float64(o.in[p.from+k])
			}
			for j := range cols {
				m.Data[(p.from+k)*cols+j] = float32(by * e.meaning(p, k, j))
			}
		}
	}
	return m
}

// number is a code of a format as a number.
func number(f numeric.Format, q int32) float64 {
	if _, ok := f.(numeric.Int); ok {
		return float64(q)
	}
	return f.Decode(uint64(uint32(q))).Float64()
}
