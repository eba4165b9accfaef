package infer

import (
	"fmt"
	"math"

	"tpe/numeric/quant"
	"tpe/workloads/tensorfile"
)

// Llama is a language model of the Llama 2 architecture, as llama2.c stores it. Matrices are K x N.
type Llama struct {
	Dim, Hidden, Heads, KVHeads, Vocab, Context int

	embed  *quant.Matrix // Vocab x Dim
	layers []llamaLayer
	norm   []float32
	output *quant.Matrix
}

type llamaLayer struct {
	attnNorm, ffnNorm          []float32
	wq, wk, wv, wo, w1, w2, w3 *quant.Matrix
}

// rmsEps is what llama2.c adds to mean squares.
const rmsEps = 1e-5

// LoadLlama reads a model.
func LoadLlama(f *tensorfile.File) (*Llama, error) {
	if f.Format != "llama2c" {
		return nil, fmt.Errorf("%s: a %s file (expected a model in the layout of llama2.c)", f.Path, f.Format)
	}
	size := func(key string) int { v, _ := f.Meta[key].(int64); return int(v) }
	m := &Llama{Dim: size("dim"), Hidden: size("hidden_dim"), Heads: size("n_heads"), KVHeads: size("n_kv_heads"), Context: size("seq_len")}
	if m.Heads%m.KVHeads != 0 || m.Dim/m.Heads%2 != 0 {
		return nil, fmt.Errorf("%s: %d heads of %d with %d of keys (expected a multiple, of an even size)", f.Path, m.Heads, m.Dim/m.Heads, m.KVHeads)
	}
	var err error
	floats := func(name string) (x []float32, shape []int64) {
		if err != nil {
			return nil, []int64{0, 0}
		}
		var t *tensorfile.Tensor
		if t, err = f.Tensor(name); err == nil {
			x, err = f.Floats(t)
		}
		if err != nil {
			return nil, []int64{0, 0}
		}
		return x, t.Shape
	}
	matrix := func(name string) *quant.Matrix {
		x, shape := floats(name)
		return &quant.Matrix{Rows: int(shape[0]), Cols: int(shape[1]), Data: x}
	}
	weights := func(name string) *quant.Matrix { return matrix(name).Transposed() }
	vector := func(name string) []float32 { x, _ := floats(name); return x }
	m.embed = matrix("tok_embeddings.weight")
	m.Vocab = m.embed.Rows
	for i := range size("n_layers") {
		p := fmt.Sprintf("layers.%d.", i)
		m.layers = append(m.layers, llamaLayer{
			attnNorm: vector(p + "attention_norm.weight"), ffnNorm: vector(p + "ffn_norm.weight"),
			wq: weights(p + "attention.wq.weight"), wk: weights(p + "attention.wk.weight"), wv: weights(p + "attention.wv.weight"),
			wo: weights(p + "attention.wo.weight"), w1: weights(p + "feed_forward.w1.weight"), w2: weights(p + "feed_forward.w2.weight"),
			w3: weights(p + "feed_forward.w3.weight"),
		})
	}
	m.norm = vector("norm.weight")
	if size("vocab_size") > 0 {
		m.output = m.embed.Transposed() // shared
	} else {
		m.output = weights("output.weight")
	}
	return m, err
}

// State is what a model remembers of the tokens so far.
type State struct {
	pos  int
	k, v []*quant.Matrix // of each layer
}

// Start is the state before the first token.
func (m *Llama) Start() *State {
	s := &State{}
	for range m.layers {
		s.k = append(s.k, quant.NewMatrix(0, m.kvDim()))
		s.v = append(s.v, quant.NewMatrix(0, m.kvDim()))
	}
	return s
}

func (m *Llama) headSize() int { return m.Dim / m.Heads }
func (m *Llama) kvDim() int    { return m.KVHeads * m.headSize() }

// Forward takes tokens and returns the logits after each, one row a token.
func (m *Llama) Forward(mul Multiplier, s *State, tokens []int) (*quant.Matrix, error) {
	if s.pos+len(tokens) > m.Context {
		return nil, fmt.Errorf("infer: %d tokens (the model takes %d)", s.pos+len(tokens), m.Context)
	}
	x := quant.NewMatrix(len(tokens), m.Dim)
	for i, t := range tokens {
		if t < 0 || t >= m.Vocab {
			return nil, fmt.Errorf("infer: token %d (expected 0..%d)", t, m.Vocab-1)
		}
		copy(x.Row(i), m.embed.Row(t))
	}
	for l := range m.layers {
		if err := m.layer(mul, s, l, x); err != nil {
			return nil, fmt.Errorf("layer %d: %w", l, err)
		}
	}
	s.pos += len(tokens)
	return mul.Multiply(RMSNorm(x, m.norm, rmsEps), m.output, true)
}

// layer adds what a layer says to x.
func (m *Llama) layer(mul Multiplier, s *State, l int, x *quant.Matrix) error {
	w := &m.layers[l]
	var err error
	times := func(a, b *quant.Matrix) *quant.Matrix {
		if err != nil {
			return a
		}
		var c *quant.Matrix
		if c, err = mul.Multiply(a, b, true); err != nil {
			return a
		}
		return c
	}
	in := RMSNorm(x, w.attnNorm, rmsEps)
	q, k, v := times(in, w.wq), times(in, w.wk), times(in, w.wv)
	if err != nil {
		return err
	}
	m.rotate(q, s.pos)
	m.rotate(k, s.pos)
	s.k[l].Data, s.v[l].Data = append(s.k[l].Data, k.Data...), append(s.v[l].Data, v.Data...)
	s.k[l].Rows, s.v[l].Rows = s.k[l].Rows+k.Rows, s.v[l].Rows+v.Rows
	context, err := Attention(mul, q, s.k[l], s.v[l], m.Heads, m.KVHeads, m.headSize())
	if err != nil {
		return err
	}
	add(x, times(context, w.wo))
	in = RMSNorm(x, w.ffnNorm, rmsEps)
	gate, up := times(in, w.w1), times(in, w.w3)
	if err != nil {
		return err
	}
	SiLU(gate)
	for i, u := range up.Data {
		gate.Data[i] *= u
	}
	add(x, times(gate, w.w2))
	return err
}

// rotate turns pairs of numbers by angles that grow with the position (RoPE, arXiv 2104.09864).
func (m *Llama) rotate(x *quant.Matrix, pos int) {
	size := m.headSize()
	for i := range x.Rows {
		row := x.Row(i)
		for j := 0; j < len(row); j += 2 {
			freq := float32(1 / math.Pow(10000, float64(j%size)/float64(size)))
			angle := float64(float32(pos+i) * freq)
			c, s := float32(math.Cos(angle)), float32(math.Sin(angle))
			a, b := row[j], row[j+1]
			row[j] = float32(a*c) - float32(b*s)
			row[j+1] = float32(a*s) + float32(b*c)
		}
	}
}

// beginOfText is the token before a text, which also ends it.
const beginOfText = 1

// Generate continues the empty text by the most probable token, n times, or until the model ends the text. The tokens that
// it returns do not include the one that begins the text.
func (m *Llama) Generate(mul Multiplier, n int) ([]int, error) {
	s := m.Start()
	var tokens []int
	for t := beginOfText; len(tokens) < n; {
		logits, err := m.Forward(mul, s, []int{t})
		if err != nil {
			return nil, err
		}
		if t = argmax(logits.Row(0)); t == beginOfText {
			break
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

// Perplexity is the exponential of the mean negative log probability that the model gives each token of a text
// that begins with beginOfText, all tokens at once.
func (m *Llama) Perplexity(mul Multiplier, tokens []int) (float64, error) {
	if len(tokens) == 0 {
		return 0, fmt.Errorf("infer: perplexity of no tokens")
	}
	logits, err := m.Forward(mul, m.Start(), append([]int{beginOfText}, tokens[:len(tokens)-1]...))
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, t := range tokens {
		row, top, total := logits.Row(i), math.Inf(-1), 0.0
		for _, v := range row {
			top = max(top, float64(v))
		}
		for _, v := range row {
			total += math.Exp(float64(v) - top)
		}
		sum -= float64(row[t]) - top - math.Log(total)
	}
	return math.Exp(sum / float64(len(tokens))), nil
}
