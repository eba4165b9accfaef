package workloads

import "fmt"

// AttentionShape is scaled dot-product attention: Batch sequences, Heads query
// heads that share KVHeads key heads, Queries positions that attend to Keys
// positions, vectors of DimQK in the scores and DimV in the values.
type AttentionShape struct {
	Batch, Heads, KVHeads int
	Queries, Keys         int
	DimQK, DimV           int
	// Causal leaves out keys behind the query (see [ImportOptions]).
	Causal bool
}

// GEMMs returns the two batched products, scores Q K^T and context P V, one
// batch element a key head, with the query heads that share it stacked in M. With
// Causal each is the staircase's work as whole rectangles.
func (a AttentionShape) GEMMs(name string) ([]GEMM, error) {
	if a.KVHeads < 1 || a.Heads < 1 || a.Heads%a.KVHeads != 0 {
		return nil, fmt.Errorf("attention of %d query and %d key heads (expected a multiple)", a.Heads, a.KVHeads)
	}
	batch, ok := Extent(a.Batch, a.KVHeads)
	if !ok || batch < 1 || a.Queries < 1 || a.Keys < 1 {
		return nil, fmt.Errorf("attention of batch %d, %d queries and %d keys (expected positive sizes)", a.Batch, a.Queries, a.Keys)
	}
	kind := "full"
	if a.Causal && a.Keys >= a.Queries {
		kind = "causal"
	}
	group := a.Heads / a.KVHeads
	var scores, context []GEMM
	for _, s := range attentionSpans(a.Queries, a.Keys, kind) {
		m, ok := Extent(group, s.rows)
		if !ok {
			return nil, fmt.Errorf("attention of %d queries is too large", a.Queries)
		}
		g := NewGEMM(name, m, s.cols, a.DimQK)
		g.Op, g.Batch = "scores", batch
		scores = append(scores, g)
		g.Op, g.N, g.K = "context", a.DimV, s.cols
		context = append(context, g)
	}
	return append(scores, context...), nil
}

// Backward returns the five products of the gradient of attention: the scores
// again, dV = P^T dO, dP = dO V^T, dQ = dS K, dK = dS^T Q.
func (a AttentionShape) Backward(name string) ([]GEMM, error) {
	forward, err := a.GEMMs(name)
	if err != nil {
		return nil, err
	}
	var all []GEMM
	for _, g := range forward {
		if g.Op == "scores" {
			again, dq, dk := g, g.InputGradient(), g.WeightGradient()
			dq.Op, dk.Op = "dq", "dk"
			all = append(all, again, dq, dk)
		} else {
			dp, dv := g.InputGradient(), g.WeightGradient()
			dp.Op, dv.Op = "dp", "dv"
			all = append(all, dp, dv)
		}
	}
	return all, nil
}

// Recurrent is a recurrent layer: Gates matrices a cell (LSTM 4, GRU 3, plain 1),
// over Steps steps of Batch sequences, from Input to Hidden features.
type Recurrent struct {
	Gates, Steps, Batch, Input, Hidden int
	Directions, Layers                 int
	// Project is the width of a projection of the hidden state, or 0.
	Project int
}

// GEMMs returns the products of the layer: the inputs of all steps at once
// (steps * batch rows), then the recurrent product of every step (batch rows,
// Count = steps). Layers behind the first read the outputs of all directions of
// the one before.
func (r Recurrent) GEMMs(name string) ([]GEMM, error) {
	for _, v := range []int{r.Gates, r.Steps, r.Batch, r.Input, r.Hidden, r.Directions, r.Layers} {
		if v < 1 || v > maxDim {
			return nil, fmt.Errorf("recurrent layer has a size out of range: %d (expected 1 to %d)", v, maxDim)
		}
	}
	state := r.Hidden
	if r.Project > 0 {
		state = r.Project
	}
	rows, ok1 := Extent(r.Steps, r.Batch)
	cols, ok2 := Extent(r.Gates, r.Hidden)
	times, ok3 := Extent(r.Steps, r.Directions, r.Layers)
	wide, ok4 := Extent(state, r.Directions)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, fmt.Errorf("recurrent layer is too large: %+v", r)
	}
	input := NewGEMM(name, rows, cols, r.Input)
	input.Op, input.Count = "rnn_input", r.Directions
	list := []GEMM{input}
	if r.Layers > 1 {
		deeper := NewGEMM(name, rows, cols, wide)
		deeper.Op, deeper.Count = "rnn_input", r.Directions*(r.Layers-1)
		list = append(list, deeper)
	}
	step := NewGEMM(name, r.Batch, cols, state)
	step.Op, step.Count = "rnn_step", times
	list = append(list, step)
	if r.Project > 0 {
		project := NewGEMM(name, r.Batch, r.Project, r.Hidden)
		project.Op, project.Count = "rnn_project", times
		list = append(list, project)
	}
	return list, nil
}

// Matmul returns the row of a batched product of operands with any number of
// axes, [..., M, K] and [..., K, N], whose outer axes broadcast as in NumPy. One
// axis stands for a row or a column. Outer axes that B lacks or has as 1 are
// folded into M where they are the inner ones of A: one matrix B serves them.
func Matmul(name string, a, b []int) (GEMM, error) {
	bad := func(why string) (GEMM, error) {
		return GEMM{}, fmt.Errorf("product of shapes %v and %v: %s", a, b, why)
	}
	if len(a) == 0 || len(b) == 0 {
		return bad("an operand has no axes")
	}
	if len(a) == 1 {
		a = []int{1, a[0]}
	}
	if len(b) == 1 {
		b = []int{b[0], 1}
	}
	m, k := a[len(a)-2], a[len(a)-1]
	if b[len(b)-2] != k {
		return bad("the inner extents differ")
	}
	outer := max(len(a), len(b)) - 2
	batch, shared := 1, true
	for i := outer - 1; i >= 0; i-- { // from the inside
		x, y := axis(a, i, outer), axis(b, i, outer)
		if x != y && x != 1 && y != 1 {
			return bad("the outer extents do not broadcast")
		}
		d, ok := max(x, y), true
		if x == 0 || y == 0 {
			d = 0
		}
		if shared = shared && y == 1; shared {
			m, ok = Extent(m, d)
		} else {
			batch, ok = Extent(batch, d)
		}
		if !ok {
			return bad("too large")
		}
	}
	g := NewGEMM(name, m, b[len(b)-1], k)
	g.Op, g.Batch = "matmul", batch
	return g, nil
}

// axis is outer axis i of n, or 1 where a shape has fewer.
func axis(shape []int, i, n int) int {
	i -= n - (len(shape) - 2)
	if i < 0 {
		return 1
	}
	return shape[i]
}
