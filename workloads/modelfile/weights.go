package modelfile

import (
	"io"
	"strings"

	"tpe/workloads"
	"tpe/workloads/tensorfile"
)

// ReadWeights reads the header of a safetensors or GGUF file (format names which):
// a weight matrix [out, in] is a product of opt.Dims["tokens"] rows (1: a decode
// step). Embeddings are looked up, not multiplied, and are left out, like vectors.
// Experts share the tokens evenly, each token going to as many as the file or
// opt.Dims["topk"] says. The products of attention, of which weight files say
// nothing, are not there.
func ReadWeights(r io.ReaderAt, size int64, format string, opt workloads.ImportOptions, s *workloads.Sink) error {
	f, err := parse(r, size, s, format)
	if f == nil {
		return err
	}
	w := weights{s: s, tokens: opt.Dim("tokens", 1), topk: opt.Dim("topk", 0)}
	for key, v := range f.Meta {
		if n, ok := integer(v); ok && strings.HasSuffix(key, ".expert_used_count") && w.topk == 0 && n < 1<<20 {
			w.topk = int(n)
		}
	}
	for i := range f.Tensors {
		if err := w.take(&f.Tensors[i]); err != nil {
			return err
		}
	}
	s.Warn("weight files hold no attention: the products of queries with keys and of scores with values are not among the records (config.json has them)")
	return nil
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case uint64:
		return int64(v), v < 1<<62
	}
	return 0, false
}

type weights struct {
	s            *workloads.Sink
	tokens, topk int
}

// take makes the record of one tensor.
func (w *weights) take(t *tensorfile.Tensor) error {
	skip := func(reason string) error {
		w.s.Skip(reason, lastPart(t.Name))
		return nil
	}
	name := strings.ToLower(t.Name)
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(name, p) {
				return true
			}
		}
		return false
	}
	shape, ok := extents(t.Shape)
	switch {
	case len(t.Shape) < 2:
		return skip("vector or scalar")
	case has("qweight", "qzeros", "g_idx", "weight_packed", "scales", "weight_scale"):
		return skip("packed weights or their scales")
	case has("embed", "token_embd", "wte.", "wpe.", "position", "token_types", "relative_attention_bias", "rotary", "inv_freq", "embd_norm"):
		return skip("embedding, looked up")
	case !ok:
		return skip("sizes are out of range")
	case len(shape) == 3 && has("_exps", "experts"):
		return w.experts(t, shape)
	case len(shape) > 2:
		return skip("weights of a convolution, of an image whose size is not known")
	case !strings.HasSuffix(name, "weight") && !has("kernel", "_proj", "lm_head"):
		return skip("matrix that is no weight by its name")
	}
	n, k := shape[0], shape[1]
	if has(".c_attn.", ".c_fc.", ".c_proj.") && has("h.") { // GPT-2 keeps [in, out]
		n, k = k, n
	}
	if has(".experts.") {
		return skip("weights of a single expert, whose share of the tokens is not known (config.json has all)")
	}
	return w.s.Take(w.pos(t), w.record(t, w.tokens, n, k, 1))
}

func (w *weights) pos(t *tensorfile.Tensor) workloads.Pos {
	return workloads.Pos{Where: "tensor " + t.Name}
}

func (w *weights) record(t *tensorfile.Tensor, m, n, k, batch int) workloads.GEMM {
	g := workloads.NewGEMM(workloads.PlainName(t.Name), m, n, k)
	g.Op, g.Batch, g.FormatB = lastPart(t.Name), batch, formatOf(t.Type)
	return g
}

// experts is a tensor of all experts, [experts, out, in].
func (w *weights) experts(t *tensorfile.Tensor, shape []int) error {
	if w.topk == 0 {
		w.s.Skip("expert weights, of which it is not known how many a token uses (--dim topk=N)", lastPart(t.Name))
		return nil
	}
	var rows []workloads.GEMM
	for _, share := range workloads.ExpertShares(w.tokens, shape[0], w.topk) {
		rows = append(rows, w.record(t, share.Tokens, shape[1], shape[2], share.Experts))
	}
	return w.s.Take(w.pos(t), rows...)
}

// lastPart is the name of a tensor without its layer: "q_proj" of
// "model.layers.3.self_attn.q_proj.weight".
func lastPart(name string) string {
	parts := strings.Split(strings.TrimSuffix(name, ".weight"), ".")
	return workloads.PlainName(parts[len(parts)-1])
}
