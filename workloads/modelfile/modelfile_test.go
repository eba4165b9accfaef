package modelfile_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/workloads"
	"tpe/workloads/modelfile"
)

// safetensors encodes a header of bf16 tensors and zeros behind it.
func safetensors(tensors map[string][]int) []byte {
	header := map[string]any{}
	at := 0
	for _, name := range sorted(tensors) {
		n := 2
		for _, d := range tensors[name] {
			n *= d
		}
		header[name] = map[string]any{"dtype": "BF16", "shape": tensors[name], "data_offsets": []int{at, at + n}}
		at += n
	}
	text, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(out, text...), make([]byte, at)...)
}

func sorted(m map[string][]int) []string { return slices.Sorted(maps.Keys(m)) }

func collect(s *[]string) func(workloads.GEMM) error {
	return func(g workloads.GEMM) error {
		*s = append(*s, fmt.Sprintf("%s %dx%dx%d x%d %s", g.Op, g.M, g.N, g.K, g.Repeats(), g.FormatB))
		return nil
	}
}

func TestWeights(t *testing.T) {
	data := safetensors(map[string][]int{
		"model.embed_tokens.weight": {50, 8}, "model.layers.0.self_attn.q_proj.weight": {8, 6}, "h.0.attn.c_attn.weight": {8, 24}, "lm_head.weight": {50, 8},
		"model.norm.weight": {8}, "conv.weight": {4, 3, 2, 2}, "model.layers.0.mlp.qweight": {2, 8}, "blk.0.ffn_up_exps.weight": {4, 12, 8},
		"model.layers.0.experts.3.w1.weight": {12, 8}, "some.table": {3, 3},
	})
	for _, tt := range []struct {
		dims  map[string]int
		want  []string
		taken int64
	}{
		{nil, []string{"c_attn 1x24x8 x1 bf16", "lm_head 1x50x8 x1 bf16", "q_proj 1x8x6 x1 bf16"}, 3},
		{map[string]int{"tokens": 5, "topk": 2}, []string{"ffn_up_exps 3x12x8 x2 bf16", "ffn_up_exps 2x12x8 x2 bf16", "c_attn 5x24x8 x1 bf16", "lm_head 5x50x8 x1 bf16", "q_proj 5x8x6 x1 bf16"}, 4},
	} {
		var got []string
		s := workloads.NewSink("f", "safetensors", "tensors", collect(&got))
		err := modelfile.ReadWeights(bytes.NewReader(data), int64(len(data)), "safetensors", workloads.ImportOptions{Dims: tt.dims}, s)
		if d := cmp.Diff(got, tt.want); err != nil || s.Err() != nil || d != "" {
			t.Errorf("%v: %v, %v, records (-got +want):\n%s", tt.dims, err, s.Err(), d)
		}
		if a := s.Account(); a.Read != 10 || a.Taken != tt.taken {
			t.Errorf("%v: read %d, taken %d, want 10 and %d", tt.dims, a.Read, a.Taken, tt.taken)
		}
	}
}

func TestFaults(t *testing.T) {
	data := safetensors(map[string][]int{"a.weight": {4, 4}})
	for name, tt := range map[string]struct {
		data   []byte
		format string
	}{
		"cut":            {data[:len(data)-8], "safetensors"},
		"another format": {data, "gguf"},
	} {
		s := workloads.NewSink("f", "x", "tensors", func(workloads.GEMM) error { return nil })
		err := modelfile.ReadWeights(bytes.NewReader(tt.data), int64(len(tt.data)), tt.format, workloads.ImportOptions{}, s)
		if err != nil || s.Faults() != 1 {
			t.Errorf("%s: %v, %v; want one fault", name, err, s.Err())
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"model.tflite", "weights.gguf", "weights.safetensors"} {
		data, err := os.ReadFile("../importer/testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sink := func() *workloads.Sink {
			return workloads.NewSink("f", "x", "tensors", func(g workloads.GEMM) error { return g.Validate() })
		}
		r, n := bytes.NewReader(data), int64(len(data))
		if err := modelfile.ReadTFLite(r, n, workloads.ImportOptions{}, sink()); err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"gguf", "safetensors"} {
			if err := modelfile.ReadWeights(r, n, format, workloads.ImportOptions{Dims: map[string]int{"topk": 2}}, sink()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
