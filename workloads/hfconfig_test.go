package workloads

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func readConfig(text string, opt ImportOptions) (Workload, Account, error) {
	w := Workload{Name: "config"}
	s := NewSink("config.json", "hf", "layers", w.Append)
	err := ReadHFConfig(strings.NewReader(text), opt, s)
	if err == nil {
		err = s.Err()
	}
	return w, s.Account(), err
}

// TestHFConfig compares the work of published configurations with figures derived
// from the parameter counts: linear layers of a prefill of 2048 tokens with the
// logits of the last, attention in full; a decode step that attends to 2048.
func TestHFConfig(t *testing.T) {
	llama := func(hidden, ffn, layers, heads, kv, vocab int, more string) string {
		return fmt.Sprintf(`{"model_type":"llama","architectures":["x"],"hidden_size":%d,"intermediate_size":%d,"num_hidden_layers":%d,"num_attention_heads":%d,"num_key_value_heads":%d,"vocab_size":%d,"max_position_embeddings":8192%s}`,
			hidden, ffn, layers, heads, kv, vocab, more)
	}
	tests := []struct {
		name, text             string
		linear, attention      float64 // of the prefill, GMAC
		decode, decodeAttended float64 // MMAC
	}{
		{"Llama-2-7B", llama(4096, 11008, 32, 32, 32, 32000, ""), 13263, 1100, 6607, 537},
		{"Llama-2-70B", llama(8192, 28672, 80, 64, 8, 32000, ""), 140188, 5498, 68713, 2684},
		{"Llama-3-8B", llama(4096, 14336, 32, 32, 8, 128256, ""), 14294, 1100, 7505, 537},
		{"Mixtral-8x7B", strings.Replace(llama(4096, 14336, 32, 32, 8, 32000, `,"num_local_experts":8,"num_experts_per_tok":2`), "llama", "mixtral", 1), 25839, 1100, 12748, 537},
		{"BitNet-3B", strings.Replace(llama(3200, 8640, 26, 32, 32, 32002, ""), "llama", "bitnet", 1), 6598, 698, 3324, 341},
		{"OPT-1.3B", `{"model_type":"opt","hidden_size":2048,"ffn_dim":8192,"num_hidden_layers":24,"num_attention_heads":32,"vocab_size":50272,"max_position_embeddings":2048,"word_embed_proj_dim":2048}`, 2474, 412, 1311, 201},
		{"GPT-2", `{"model_type":"gpt2","n_embd":768,"n_layer":12,"n_head":12,"n_positions":2048,"vocab_size":50257}`, 174, 77, 124, 38},
	}
	near := func(got, want float64) bool { return math.Abs(got-want) <= 0.5+want*0.001 }
	for _, tt := range tests {
		w, _, err := readConfig(tt.text, ImportOptions{Dims: map[string]int{"seq": 2048}})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		sum := map[string]float64{}
		for _, g := range w.Layers {
			key := g.Phase
			if g.Op == "scores" || g.Op == "context" {
				key += " attention"
			}
			sum[key] += float64(g.MACs())
		}
		if !near(sum["prefill"]/1e9, tt.linear) || !near(sum["prefill attention"]/1e9, tt.attention) || !near(sum["decode"]/1e6, tt.decode) ||
			!near(sum["decode attention"]/1e6, tt.decodeAttended) {
			t.Errorf("%s: %v, want %+v", tt.name, sum, tt)
		}
	}
}

func TestHFConfigEncoders(t *testing.T) {
	bert := `{"model_type":"bert","hidden_size":768,"intermediate_size":3072,"num_hidden_layers":12,"num_attention_heads":12,"vocab_size":30522,"max_position_embeddings":512}`
	vit := `{"model_type":"vit","hidden_size":768,"intermediate_size":3072,"num_hidden_layers":12,"num_attention_heads":12,"image_size":224,"patch_size":16,"num_channels":3,"id2label":{"0":"a","1":"b"}}`
	for name, tt := range map[string]struct {
		text string
		want Workload
	}{
		"bert": {bert, mustLookup(t, "bert-base:seq=512")}, "vit": {vit, mustLookup(t, "vit-b16:head=none")},
	} {
		w, _, err := readConfig(tt.text, ImportOptions{})
		got := w.TotalMACs()
		if name == "vit" { // with two classes
			got -= 768 * 2
		}
		if err != nil || got != tt.want.TotalMACs() {
			t.Errorf("%s: %d MAC, %v; want %d", name, got, err, tt.want.TotalMACs())
		}
	}
}

func mustLookup(t *testing.T, spec string) Workload {
	t.Helper()
	w, err := Lookup(spec)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestHFConfigFaults(t *testing.T) {
	tests := []struct{ text, want string }{
		{`{"model_type":"rwkv","hidden_size":8}`, `config.json: unknown model_type: "rwkv" (expected one of bert, `},
		{"{\"model_type\":\"llama\",\n \"hidden_size\":\"x\"}", `config.json:2:19: hidden_size is of the wrong kind: "string" (expected int)`},
		{`{"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":3,"num_key_value_heads":2,"intermediate_size":8,"head_dim":4}`,
			`config.json: heads do not divide into key heads: "3 by 2" (expected a multiple)`},
		{`{"model_type":"llama"}`, `config.json: hidden size (hidden_size, n_embd) is missing or out of range: "0" (expected 1 to 16777216)`},
		{`{"model_type":`, `config.json:1:15: bad JSON: unexpected end of JSON input: "" (expected JSON)`},
	}
	for _, tt := range tests {
		_, _, err := readConfig(tt.text, ImportOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("error =\n%v\nwant\n%s", err, tt.want)
		}
	}
}

func TestExpertShares(t *testing.T) {
	for tokens := range 40 {
		for _, e := range [][2]int{{8, 2}, {4, 4}, {60, 4}, {3, 1}} {
			sum, used := 0, 0
			for _, s := range ExpertShares(tokens, e[0], e[1]) {
				sum += s.Experts * s.Tokens
				used += s.Experts
			}
			if sum != tokens*e[1] || used != min(e[0], tokens*e[1]) {
				t.Errorf("%d tokens to %v: %d pairs on %d experts", tokens, e, sum, used)
			}
		}
	}
}

func FuzzReadHFConfig(f *testing.F) {
	f.Add(`{"model_type":"mixtral","hidden_size":64,"intermediate_size":96,"num_hidden_layers":3,"num_attention_heads":4,"num_key_value_heads":2,"num_local_experts":4,"num_experts_per_tok":2,"vocab_size":100,"max_position_embeddings":32,"sliding_window":8}`)
	f.Add(`{"model_type":"x","text_config":{"model_type":"qwen2_moe","hidden_size":64,"moe_intermediate_size":96,"num_hidden_layers":3,"num_attention_heads":4,"num_experts":4,"decoder_sparse_step":2,"intermediate_size":9}}`)
	f.Add(`{"model_type":"vit","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":4,"image_size":8,"patch_size":4,"id2label":{"0":"a"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		s := NewSink("f", "hf", "layers", func(g GEMM) error { return g.Validate() })
		if err := ReadHFConfig(strings.NewReader(text), ImportOptions{}, s); err != nil {
			t.Fatal(err)
		}
	})
}
