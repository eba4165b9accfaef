package workloads

import (
	"slices"
	"strings"
	"testing"
)

// TestModelTotals pins the multiply-accumulates of every built-in model. The
// image networks are the totals of the ONNX model zoo graphs; the transformers
// follow from the public configurations.
func TestModelTotals(t *testing.T) {
	tests := []struct {
		spec   string
		linear int64 // convolutions, projections and classifiers
		attn   int64 // scores and context
		head   int64 // output projection
	}{
		{"alexnet", 654560384, 0, 0},
		{"resnet18", 1814073344, 0, 0},
		{"resnet50", 4089184256, 0, 0},
		{"vgg16", 15470264320, 0, 0},
		{"mobilenetv2", 300774272, 0, 0},
		{"resnet50:batch=4", 4 * 4089184256, 0, 0},
		{"bert-base", 43486543872, 4831838208, 0},
		{"vit-b16", 16732127232 + 115605504, 715327488, 768000}, // with 196x768x768 for the patches
		{"gpt2", 86973087744, 19327352832, 38597376},
		{"gpt2:phase=decode", 84934656, 18874368, 38597376},
		{"opt-6.7b", 13194139533312, 1099511627776, 205914112},
		{"opt-6.7b:phase=decode", 6442450944, 536870912, 205914112},
		{"llama2-7b", 13262859010048, 1099511627776, 131072000},
		{"llama2-7b:phase=decode", 6476005376, 536870912, 131072000},
		{"llama2-7b:phase=prefill,seq=2048,layers=1", 13262859010048 / 32, 1099511627776 / 32, 0},
		{"llama2-7b:head=all", 13262859010048, 1099511627776, 2048 * 131072000},
		{"llama3-8b", 14293651161088, 1099511627776, 525336576},
		{"llama3-8b:phase=decode", 6979321856, 536870912, 525336576},
		{"llama3-8b:phase=decode,batch=8,kv=4096", 8 * 6979321856, 16 * 536870912, 8 * 525336576},
		{"bitnet-3b", 6597640192000, 697932185600, 102406400},
		{"bitnet-3b:phase=decode", 3221504000, 340787200, 102406400},
	}
	for _, tt := range tests {
		w, err := Lookup(tt.spec)
		if err != nil {
			t.Errorf("Lookup(%q): %v", tt.spec, err)
			continue
		}
		if err := w.Validate(); err != nil {
			t.Errorf("Lookup(%q): %v", tt.spec, err)
		}
		var linear, attn, head int64
		for _, g := range w.Layers {
			switch g.Op {
			case "scores", "context":
				attn += g.MACs()
			case "lm_head", "head":
				head += g.MACs()
			default:
				linear += g.MACs()
			}
		}
		if linear != tt.linear || attn != tt.attn || head != tt.head {
			t.Errorf("Lookup(%q) MACs = %d, %d, %d, want %d, %d, %d", tt.spec, linear, attn, head, tt.linear, tt.attn, tt.head)
		}
		if got, want := w.TotalMACs(), tt.linear+tt.attn+tt.head; got != want {
			t.Errorf("Lookup(%q).TotalMACs() = %d, want %d", tt.spec, got, want)
		}
	}
}

// TestAlexNetRows compares each row with the ONNX graph light_bvlc_alexnet:
// groups, M, N, K.
func TestAlexNetRows(t *testing.T) {
	want := [][4]int{
		{1, 2916, 96, 363}, {2, 676, 128, 1200}, {1, 144, 384, 2304}, {2, 144, 192, 1728},
		{2, 144, 128, 1728}, {1, 1, 4096, 9216}, {1, 1, 4096, 4096}, {1, 1, 1000, 4096},
	}
	w, err := Lookup("alexnet")
	if err != nil {
		t.Fatal(err)
	}
	var got [][4]int
	for _, g := range w.Layers {
		got = append(got, [4]int{g.Groups, g.M, g.N, g.K})
	}
	if !slices.Equal(got, want) {
		t.Errorf("alexnet rows = %v, want %v", got, want)
	}
}

func TestRows(t *testing.T) {
	type row struct {
		op                    string
		m, n, k, batch, count int
	}
	tests := []struct {
		spec string
		want []row
	}{
		{"llama3-8b:phase=prefill,seq=128,batch=2,layers=3", []row{
			{"qkv", 256, 6144, 4096, 1, 3}, {"scores", 512, 128, 128, 16, 3}, {"context", 512, 128, 128, 16, 3},
			{"out_proj", 256, 4096, 4096, 1, 3}, {"gate_up", 256, 28672, 4096, 1, 3}, {"down", 256, 4096, 14336, 1, 3},
		}},
		{"gpt2:phase=decode,kv=100,layers=1,head=all", []row{
			{"qkv", 1, 2304, 768, 1, 1}, {"scores", 1, 100, 64, 12, 1}, {"context", 1, 64, 100, 12, 1},
			{"out_proj", 1, 768, 768, 1, 1}, {"fc1", 1, 3072, 768, 1, 1}, {"fc2", 1, 768, 3072, 1, 1},
			{"lm_head", 1, 50257, 768, 1, 1},
		}},
		{"gemm:3x4x5..40*2", []row{{"gemm", 3, 4, 5, 1, 2}, {"gemm", 3, 4, 10, 1, 2}, {"gemm", 3, 4, 20, 1, 2}, {"gemm", 3, 4, 40, 1, 2}}},
		{"gemm:3x4x5..9", []row{{"gemm", 3, 4, 5, 1, 1}}},
		{"gpt2:seq=6,kv=10,layers=1,attention=causal", []row{
			{"qkv", 6, 2304, 768, 1, 1}, {"scores", 3, 7, 64, 12, 1}, {"scores", 3, 8, 64, 12, 1},
			{"context", 3, 64, 7, 12, 1}, {"context", 3, 64, 8, 12, 1},
			{"out_proj", 6, 768, 768, 1, 1}, {"fc1", 6, 3072, 768, 1, 1}, {"fc2", 6, 768, 3072, 1, 1},
		}},
	}
	for _, tt := range tests {
		w, err := Lookup(tt.spec)
		if err != nil {
			t.Errorf("Lookup(%q): %v", tt.spec, err)
			continue
		}
		var got []row
		for _, g := range w.Layers {
			got = append(got, row{g.Op, g.M, g.N, g.K, g.Batch, g.Count})
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("Lookup(%q) = %v, want %v", tt.spec, got, tt.want)
		}
	}
}

// TestCausalScores checks that the rectangles have as many elements as the
// staircase.
func TestCausalScores(t *testing.T) {
	for seq := 1; seq < 12; seq++ {
		for past := range 5 {
			want := 0
			for i := range seq {
				want += past + i + 1
			}
			got := 0
			for _, s := range attentionSpans(seq, past+seq, "causal") {
				got += s.rows * s.cols
			}
			if got != want {
				t.Errorf("causal seq=%d past=%d: %d scores, want %d", seq, past, got, want)
			}
		}
	}
}

func TestLookupErrors(t *testing.T) {
	tests := []struct{ spec, want string }{
		{"resnet5", `unknown workload: "resnet5" (expected a built-in name; the nearest is "resnet50")`},
		{"", `unknown workload: "" (expected a built-in name; the nearest is "gpt2")`},
		{"lama2-7b", `unknown workload: "lama2-7b" (expected a built-in name; the nearest is "llama2-7b")`},
		{"gpt2:sek=4", `workload "gpt2:sek=4": unknown option: "sek" (expected one of batch, layers, seq, phase, kv, attention, head; the nearest is "seq")`},
		{"gpt2:seq=0", `workload "gpt2:seq=0": bad value of seq: "0" (expected an integer of 1 to 16777216)`},
		{"gpt2:seq", `workload "gpt2:seq": bad option: "seq" (expected key=value with a key of batch, layers, seq, phase, kv, attention, head)`},
		{"gpt2:phase=train", `workload "gpt2:phase=train": bad value of phase: "train" (expected one of prefill, decode)`},
		{"gpt2:layers=13", `workload "gpt2:layers=13": layers is more than the model has: 13 (expected 1 to 12)`},
		{"gpt2:seq=8,kv=7", `workload "gpt2:seq=8,kv=7": kv is less than seq: 7 (expected at least 8)`},
		{"gpt2:seq=8,seq=9", `workload "gpt2:seq=8,seq=9": option given twice: "seq" (expected once)`},
		{"gpt2:seq=a,kv=b", "workload \"gpt2:seq=a,kv=b\": bad value of seq: \"a\" (expected an integer of 1 to 16777216)\nbad value of kv: \"b\" (expected an integer of 1 to 16777216)"},
		{"resnet50:seq=8", `workload "resnet50:seq=8": unknown option: "seq" (expected one of batch; the nearest is "batch")`},
		{"gemm:4x4", `bad product: "gemm:4x4" (expected gemm:MxNxK, gemm:MxNxK..KMAX or either with *COUNT, of positive integers)`},
		{"gemm:4x4x-1", `bad product: "-1" in "gemm:4x4x-1" (expected gemm:MxNxK, gemm:MxNxK..KMAX or either with *COUNT, of positive integers)`},
		{"gemm:4x4x4*x", `bad product: "x" in "gemm:4x4x4*x" (expected gemm:MxNxK, gemm:MxNxK..KMAX or either with *COUNT, of positive integers)`},
		{"gemm:4x4x8..4", `bad product: greatest K is 4 in "gemm:4x4x8..4" (expected at least 8)`},
		{"gemm:4x4x8..", `bad product: "" in "gemm:4x4x8.." (expected gemm:MxNxK, gemm:MxNxK..KMAX or either with *COUNT, of positive integers)`},
		{"gemm:4294967296x4294967296x1", `layer "gemm": the number of multiply-accumulates is too large: M=4294967296 N=4294967296 K=1 Batch=1 Groups=1 Count=1 (expected at most 4611686018427387904)` +
			"\n" + `the number of elements of C is too large: M=4294967296 N=4294967296 K=1 Batch=1 Groups=1 Count=1 (expected at most 72057594037927936)`},
	}
	for _, tt := range tests {
		_, err := Lookup(tt.spec)
		if err == nil || err.Error() != tt.want {
			t.Errorf("Lookup(%q) error =\n%v\nwant\n%v", tt.spec, err, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, info := range Names() {
		if strings.HasPrefix(info.Name, "gemm:") {
			continue
		}
		w, err := Lookup(strings.ToUpper(info.Name))
		if err != nil || w.Name != info.Name || info.Description == "" || len(info.Options) == 0 {
			t.Errorf("Lookup(%q) = %q, %v; %q %q", strings.ToUpper(info.Name), w.Name, err, info.Description, info.Options)
		}
	}
}

func TestMaxSeqWarning(t *testing.T) {
	w, err := Lookup("gpt2:seq=2000")
	if err != nil || len(w.Warnings) != 1 || w.Warnings[0] != "gpt2 was trained for 1024 positions; 2000 are asked for" {
		t.Errorf("warnings = %q, %v", w.Warnings, err)
	}
}
