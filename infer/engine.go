package infer

import (
	"fmt"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/numeric/quant"
	"tpe/sim"
)

// Engine multiplies in the arithmetic of an engine: operands are coded in its formats, codes are multiplied as
// [arch.Config.Reference] promises, results become numbers again. Of each shape of product the first is also stepped through the
// hardware graph, in part, and compared.
type Engine struct {
	cfg    arch.Config
	recipe Recipe
	a, b   numeric.Format // of the numbers

	inputs  map[*quant.Matrix]*quant.Matrix // of weights, for GPTQ
	kept    map[*quant.Matrix]*operand
	seen    map[arch.Shape]bool
	engine  *arch.Engine // nil: nothing is stepped
	runner  drive.Runner
	release func() error
	stats   Stats
}

// Stats say what an engine did.
type Stats struct {
	Products int64 `json:"products"` // GEMMs
	MACs     int64 `json:"macs"`
	Cycles   int64 `json:"cycles"`  // by the closed form, on the operands as they were, one product after the other
	Checked  int64 `json:"checked"` // words that came out of the stepped graph and were compared with the software GEMM
	Differ   int64 `json:"mismatches"`
}

// NewEngine prepares an engine. executor steps the sample of products (see [sim.NewRunner]); with none, nothing is
// stepped. Close releases what it holds.
func NewEngine(cfg arch.Config, recipe Recipe, executor string) (*Engine, error) {
	e := &Engine{cfg: cfg, recipe: recipe, kept: map[*quant.Matrix]*operand{}, seen: map[arch.Shape]bool{}, release: func() error { return nil }}
	if !cfg.HasHardware() {
		return nil, fmt.Errorf("engine %s has a formula only (expected one with hardware, whose arithmetic is defined)", cfg.Name)
	}
	e.a, e.b = cfg.Numbers()
	if executor == "" {
		return e, nil
	}
	var err error
	if e.engine, err = arch.Build(cfg); err != nil {
		return nil, err
	}
	e.runner, e.release, err = sim.NewRunner(executor, e.engine.Flat)
	return e, err
}

// Calibrate runs a network in the reference arithmetic and keeps what its weights are multiplied by, for the recipe gptq. With other
// recipes it does nothing.
func (e *Engine) Calibrate(run func(Multiplier) (float64, error)) error {
	if !e.recipe.GPTQ {
		return nil
	}
	if f, ok := e.b.(numeric.Int); !ok || f.Signed || e.recipe.Weights != "" || e.recipe.SVDQuant > 0 || e.recipe.M > 0 || e.recipe.Prune > 0 {
		return fmt.Errorf("gptq on an engine whose B is %s, with %s (expected an unsigned integer, and plain weights)", e.b, e.recipe)
	}
	r := recorder{map[*quant.Matrix]*quant.Matrix{}}
	_, err := run(r)
	e.inputs = r.inputs
	return err
}

// recorder multiplies exactly and keeps the first operand that each matrix of weights meets.
type recorder struct {
	inputs map[*quant.Matrix]*quant.Matrix
}

// Multiply implements [Multiplier].
func (r recorder) Multiply(a, b *quant.Matrix, weights bool) (*quant.Matrix, error) {
	if weights && r.inputs[b] == nil {
		r.inputs[b] = a
	}
	return Exact{}.Multiply(a, b, weights)
}

// Close releases what the engine holds.
func (e *Engine) Close() error { return e.release() }

// Stats returns what was done so far.
func (e *Engine) Stats() Stats { return e.stats }

// Multiply implements [Multiplier].
func (e *Engine) Multiply(a, b *quant.Matrix, weights bool) (*quant.Matrix, error) {
	if e.recipe.LinearOnly && !weights {
		return Exact{}.Multiply(a, b, false)
	}
	w := e.kept[b]
	if w == nil {
		var err error
		if w, err = e.prepare(b, weights); err != nil {
			return nil, err
		}
		if weights {
			e.kept[b] = w
		}
	}
	x := a
	if w.in != nil {
		x = a.Clone()
		for i := range x.Rows {
			row := x.Row(i)
			for k, v := range w.in {
				row[k] *= v
			}
		}
	}
	var outliers []int
	if weights && e.recipe.Outliers > 0 {
		split := quant.SplitOutliers(x, e.recipe.Outliers)
		x, outliers = split.Rest, split.Columns
	}
	c, err := e.product(x, w, b.Cols)
	if err != nil {
		return nil, err
	}
	if len(outliers) > 0 {
		addOutliers(c, a, w.full, outliers)
	}
	if w.u != nil {
		low, _ := Exact{}.Multiply(a, w.u, true)
		correction, _ := Exact{}.Multiply(low, w.v, true)
		add(c, correction)
	}
	return c, nil
}

// addOutliers adds the exact product of some columns of A and rows of B.
func addOutliers(c, a, b *quant.Matrix, list []int) {
	x, y := quant.NewMatrix(a.Rows, len(list)), quant.NewMatrix(len(list), b.Cols)
	for n, k := range list {
		for i := range a.Rows {
			x.Data[i*len(list)+n] = a.At(i, k)
		}
		copy(y.Row(n), b.Row(k))
	}
	part, _ := Exact{}.Multiply(x, y, false)
	add(c, part)
}

// product codes A and multiplies piece by piece.
func (e *Engine) product(a *quant.Matrix, w *operand, cols int) (*quant.Matrix, error) {
	qa, err := e.codeA(a)
	if err != nil {
		return nil, err
	}
	sum := make([]float64, a.Rows*cols)
	for i := range w.pieces {
		p := &w.pieces[i]
		o := arch.Operands{A: part(qa.codes, 0, a.Rows, p.from, p.to), B: p.codes, ScaleA: qa.own, Scale: p.scale, Zero: p.zero}
		words, err := e.multiply(arch.Shape{M: a.Rows, N: cols, K: p.to - p.from}, o)
		if err != nil {
			return nil, err
		}
		values := e.cfg.ResultValues(words)
		for i := range a.Rows {
			codes := 0.0
			for _, q := range o.A.Row(i) {
				codes += number(e.a, q)
			}
			s, z := qa.scale[i], qa.zero[i]
			for j := range cols {
				sum[i*cols+j] += s * (p.unit[j]*(values[i*cols+j]-float64(p.offset[j])*codes) - z*p.sums[j])
			}
		}
	}
	c := quant.NewMatrix(a.Rows, cols)
	for i, v := range sum {
		c.Data[i] = float32(v)
	}
	return c, nil
}

// multiply multiplies codes.
func (e *Engine) multiply(s arch.Shape, o arch.Operands) ([]int64, error) {
	if err := e.cfg.CheckShape(s); err != nil {
		return nil, err
	}
	words, err := e.cfg.Reference(o)
	if err != nil {
		return nil, err
	}
	e.stats.Products++
	e.stats.MACs += s.MACs()
	e.stats.Cycles += e.cfg.Cycles(s, o)
	if e.engine != nil && !e.seen[s] {
		e.seen[s] = true
		err = e.check(s, o)
	}
	return words, err
}

// maxChecked bounds the rows and columns of a product that are stepped.
const maxChecked = 64

// check steps the upper left part of a product and compares its words.
func (e *Engine) check(s arch.Shape, o arch.Operands) error {
	tile := e.cfg.Extent()
	p := arch.Shape{M: min(s.M, max(tile.M, 8), maxChecked), N: min(s.N, max(tile.N, 8), maxChecked), K: s.K}
	cut := arch.Operands{A: part(o.A, 0, p.M, 0, s.K), B: part(o.B, 0, s.K, 0, p.N)}
	if o.ScaleA != nil {
		cut.ScaleA = part(o.ScaleA, 0, p.M, 0, o.ScaleA.Cols)
	}
	if o.Scale != nil {
		cut.Scale = part(o.Scale, 0, o.Scale.Rows, 0, p.N)
	}
	if o.Zero != nil {
		cut.Zero = part(o.Zero, 0, o.Zero.Rows, 0, p.N)
	}
	job, err := sim.StepJob(e.engine, e.runner, p, cut)
	if err != nil {
		return err
	}
	want, err := e.cfg.Reference(cut)
	if err != nil {
		return err
	}
	e.stats.Checked += int64(len(want))
	for i, w := range want {
		if job.Words[i] != w {
			e.stats.Differ++
		}
	}
	return nil
}

// part is a rectangle of a matrix.
func part(d *numeric.Dense, r0, r1, c0, c1 int) *numeric.Dense {
	if c0 == 0 && c1 == d.Cols {
		return &numeric.Dense{Rows: r1 - r0, Cols: d.Cols, Data: d.Data[r0*d.Cols : r1*d.Cols]}
	}
	out := numeric.NewDense(r1-r0, c1-c0)
	for i := range out.Rows {
		copy(out.Row(i), d.Row(r0 + i)[c0:c1])
	}
	return out
}
