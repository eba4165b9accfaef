package workloads

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxConfig bounds the bytes of a config.json.
const maxConfig = 4 << 20

// hfConfig are the fields of a Hugging Face config.json that say how large a model
// is; families use different names for the same.
type hfConfig struct {
	ModelType     string          `json:"model_type"`
	Architectures []string        `json:"architectures"`
	TextConfig    json.RawMessage `json:"text_config"`

	Hidden1  *int  `json:"hidden_size"`
	Hidden2  *int  `json:"n_embd"`
	Hidden3  *int  `json:"d_model"`
	Hidden4  *int  `json:"dim"`
	Layers1  *int  `json:"num_hidden_layers"`
	Layers2  *int  `json:"n_layer"`
	Layers3  *int  `json:"n_layers"`
	Heads1   *int  `json:"num_attention_heads"`
	Heads2   *int  `json:"n_head"`
	Heads3   *int  `json:"n_heads"`
	KVHeads  *int  `json:"num_key_value_heads"`
	HeadDim  *int  `json:"head_dim"`
	FFN1     *int  `json:"intermediate_size"`
	FFN2     *int  `json:"ffn_dim"`
	FFN3     *int  `json:"n_inner"`
	FFN4     *int  `json:"hidden_dim"`
	Vocab    *int  `json:"vocab_size"`
	MaxSeq1  *int  `json:"max_position_embeddings"`
	MaxSeq2  *int  `json:"n_positions"`
	MaxSeq3  *int  `json:"seq_length"`
	Window   *int  `json:"sliding_window"`
	UseWin   *bool `json:"use_sliding_window"`
	Embed    *int  `json:"word_embed_proj_dim"`
	Experts1 *int  `json:"num_local_experts"`
	Experts2 *int  `json:"num_experts"`
	Active   *int  `json:"num_experts_per_tok"`
	MoEFFN   *int  `json:"moe_intermediate_size"`
	Shared   *int  `json:"shared_expert_intermediate_size"`
	Sparse   *int  `json:"decoder_sparse_step"`

	Image    *int                       `json:"image_size"`
	Patch    *int                       `json:"patch_size"`
	Channels *int                       `json:"num_channels"`
	Labels   map[string]json.RawMessage `json:"id2label"`

	MultiQuery *bool  `json:"multi_query"`
	Type1      string `json:"torch_dtype"`
	Type2      string `json:"dtype"`
	Quant      *struct {
		Bits   int    `json:"bits"`
		Method string `json:"quant_method"`
	} `json:"quantization_config"`
}

// hfFamilies are the models that can be expanded, by model_type.
var hfFamilies = map[string]struct {
	gated, encoder bool
	ffn            int // width of the feed-forward layer in hidden sizes, where the file has none
}{
	"llama": {gated: true}, "mistral": {gated: true}, "mixtral": {gated: true}, "qwen": {gated: true}, "qwen2": {gated: true}, "qwen3": {gated: true},
	"qwen2_moe": {gated: true}, "qwen3_moe": {gated: true}, "bitnet": {gated: true}, "gemma": {gated: true}, "gemma2": {gated: true}, "phi3": {gated: true},
	"opt": {}, "gpt2": {ffn: 4}, "gpt_neox": {}, "bloom": {ffn: 4}, "phi": {},
	"bert": {encoder: true}, "roberta": {encoder: true}, "distilbert": {encoder: true}, "vit": {encoder: true}, "deit": {encoder: true},
}

// HFFamilies lists the values of model_type that [ReadHFConfig] expands.
func HFFamilies() []string {
	var names []string
	for n := range hfFamilies {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// ReadHFConfig expands a Hugging Face config.json into the products of a prefill
// and of a decode step, those of encoders once. opt.Dims may hold batch (1), seq
// (2048, or fewer if the model was trained for fewer), kv (seq: positions that a
// decode step attends to) and layers (all); opt.Phase one of both phases. Equal
// layers are one record with a count; see [Lookup] for the products of a layer.
func ReadHFConfig(r io.Reader, opt ImportOptions, s *Sink) error {
	data, err := io.ReadAll(io.LimitReader(r, maxConfig+1))
	if err != nil {
		return fmt.Errorf("%s: %w", s.File(), err)
	}
	if len(data) > maxConfig {
		s.Fault(0, 0, "file is too long", "", fmt.Sprintf("a config.json of at most %d bytes", maxConfig))
		return nil
	}
	var c hfConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return s.jsonFault(data, err)
	}
	if len(c.TextConfig) > 0 && c.Hidden1 == nil && c.Layers1 == nil {
		outer := c.ModelType
		if err := json.Unmarshal(c.TextConfig, &c); err != nil {
			return s.jsonFault(data, err)
		}
		s.Warn("model %s has parts for images or sound, which are left out; its text model %s counts", plain(outer), plain(c.ModelType))
	}
	t, ok := c.transformer(s)
	if !ok {
		return nil
	}
	known := []string{"batch", "seq", "kv", "layers"}
	for name := range opt.Dims {
		if !slices.Contains(known, name) {
			s.Warn("dimension %q does not concern the file (it has %s)", name, strings.Join(known, ", "))
		}
	}
	phases := []string{"prefill", "decode"}
	switch {
	case t.encoder:
		phases = []string{""}
	case opt.Phase != "":
		phases = []string{opt.Phase}
	}
	for _, phase := range phases {
		p := params{batch: opt.Dim("batch", 1), seq: opt.Dim("seq", 0), kv: opt.Dim("kv", 0), layers: opt.Dim("layers", 0), phase: phase, attention: opt.Attention}
		if phase == "prefill" {
			p.kv = 0
		}
		if t.patches != nil {
			p.seq = t.seq
		}
		p, err := t.resolve(p)
		if err == nil && t.slidingKV > 0 && p.kv > t.slidingKV {
			s.Warn("each query attends to at most %d positions: decode steps count so many, prefills all", t.slidingKV)
			if phase == "decode" {
				p.kv = t.slidingKV
			}
		}
		var w Workload
		if err == nil {
			w, err = t.workload(p)
		}
		if err != nil {
			s.FaultAt(Pos{}, err.Error(), c.ModelType, "sizes of a model")
			return nil
		}
		for _, warning := range w.Warnings {
			s.Warn("%s", warning)
		}
		for _, g := range w.Layers {
			if err := s.Take(Pos{}, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// jsonFault reports what json.Unmarshal says, with its place.
func (s *Sink) jsonFault(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	at, what, value, want := len(data), "bad JSON: "+err.Error(), "", "JSON"
	switch {
	case errors.As(err, &syntax):
		at = int(syntax.Offset)
	case errors.As(err, &kind):
		at, what, value, want = int(kind.Offset), kind.Field+" is of the wrong kind", kind.Value, kind.Type.String()
	}
	at = min(max(at, 0), len(data))
	line := strings.Count(string(data[:at]), "\n") + 1
	col := at - strings.LastIndex(string(data[:at]), "\n")
	s.Fault(line, col, what, value, want)
	return nil
}

// first returns the first field that the file has, or otherwise.
func first(otherwise int, fields ...*int) int {
	for _, f := range fields {
		if f != nil {
			return *f
		}
	}
	return otherwise
}

// transformer puts the sizes together and reports those that are missing.
func (c *hfConfig) transformer(s *Sink) (transformer, bool) {
	family, known := hfFamilies[c.ModelType]
	if !known {
		s.FaultAt(Pos{}, "unknown model_type", c.ModelType, "one of "+strings.Join(HFFamilies(), ", "))
		return transformer{}, false
	}
	t := transformer{name: c.ModelType, encoder: family.encoder, gated: family.gated, source: s.File() + " (" + c.ModelType + ")", formatB: c.format()}
	t.hidden = first(0, c.Hidden1, c.Hidden2, c.Hidden3, c.Hidden4)
	t.layers = first(0, c.Layers1, c.Layers2, c.Layers3)
	t.heads = first(0, c.Heads1, c.Heads2, c.Heads3)
	t.kvHeads = first(t.heads, c.KVHeads)
	t.ffn = first(family.ffn*t.hidden, c.FFN1, c.FFN2, c.FFN3, c.FFN4)
	if c.ModelType == "qwen" { // the file has the width of gate and up together
		t.ffn /= 2
	}
	if t.headDim = first(0, c.HeadDim); t.headDim == 0 && t.heads > 0 {
		t.headDim = t.hidden / t.heads
	}
	t.maxSeq = first(1<<24, c.MaxSeq1, c.MaxSeq2, c.MaxSeq3)
	t.seq = min(2048, t.maxSeq)
	if !t.encoder {
		t.vocab = first(0, c.Vocab)
	}
	if e := first(0, c.Embed); e > 0 && e != t.hidden {
		t.embed = e
	}
	if c.UseWin == nil || *c.UseWin {
		t.slidingKV = first(0, c.Window)
	}
	if n := first(0, c.Experts1, c.Experts2); n > 1 {
		t.moe = &experts{count: n, active: first(2, c.Active), ffn: first(t.ffn, c.MoEFFN), shared: first(0, c.Shared)}
		if step := first(1, c.Sparse); step > 1 {
			t.dense = t.layers - t.layers/step
		}
	}
	if c.ModelType == "vit" || c.ModelType == "deit" {
		c.image(&t)
	}
	return t, c.check(s, t)
}

// image adds what image models have.
func (c *hfConfig) image(t *transformer) {
	size, patch := first(224, c.Image), first(16, c.Patch)
	if patch < 1 || size < patch || size > 1<<20 {
		t.hidden = 0
		return
	}
	t.seq = (size/patch)*(size/patch) + 1
	if t.name == "deit" {
		t.seq++ // the distillation token
	}
	t.maxSeq, t.vocab = t.seq, len(c.Labels)
	t.patches = &Conv{H: size, W: size, C: first(3, c.Channels), OutC: t.hidden, KH: patch, KW: patch, StrideH: patch, StrideW: patch}
}

func (c *hfConfig) check(s *Sink, t transformer) bool {
	before := s.Faults()
	for _, f := range []struct {
		name  string
		value int
		least int
	}{
		{"hidden size (hidden_size, n_embd)", t.hidden, 1}, {"number of layers (num_hidden_layers, n_layer)", t.layers, 1},
		{"number of heads (num_attention_heads, n_head)", t.heads, 1}, {"num_key_value_heads", t.kvHeads, 1}, {"head_dim", t.headDim, 1},
		{"width of the feed-forward layer (intermediate_size, ffn_dim)", t.ffn, 1}, {"vocab_size", t.vocab, 0}, {"longest sequence", t.maxSeq, 1},
	} {
		if f.value < f.least || f.value > maxOption {
			s.FaultAt(Pos{}, f.name+" is missing or out of range", fmt.Sprint(f.value), fmt.Sprintf("%d to %d", f.least, maxOption))
		}
	}
	if s.Faults() == before && t.heads%t.kvHeads != 0 {
		s.FaultAt(Pos{}, "heads do not divide into key heads", fmt.Sprintf("%d by %d", t.heads, t.kvHeads), "a multiple")
	}
	if m := t.moe; m != nil && (m.count > 1<<16 || m.active < 1 || m.active > m.count || m.ffn < 1 || m.ffn > maxOption || m.shared < 0 || m.shared > maxOption || t.dense < 0) {
		s.FaultAt(Pos{}, "experts are out of range", fmt.Sprintf("%d of %d, of width %d", m.active, m.count, m.ffn), "1 to all experts, of positive width")
	}
	return s.Faults() == before
}

// format is the format of the weights, where the file says so.
func (c *hfConfig) format() string {
	if c.Quant != nil {
		switch {
		case c.ModelType == "bitnet" || c.Quant.Method == "bitnet":
			return "ternary"
		case c.Quant.Method == "fp8":
			return "e4m3"
		case c.Quant.Bits >= 2 && c.Quant.Bits <= 8:
			return fmt.Sprintf("int%d", c.Quant.Bits)
		}
	}
	if c.ModelType == "bitnet" {
		return "ternary"
	}
	t := c.Type1
	if t == "" {
		t = c.Type2
	}
	return map[string]string{"float16": "fp16", "bfloat16": "bf16", "float32": "fp32"}[t]
}
