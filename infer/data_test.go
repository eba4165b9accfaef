package infer

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/internal/tool/tooltest"
	"tpe/numeric/quant"
	"tpe/sim"
	"tpe/workloads/tensorfile"
)

func stories(t *testing.T) (*Llama, *Tokenizer) {
	t.Helper()
	f, err := tensorfile.Open(tooltest.Data(t, "weights/stories260K.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := LoadLlama(f)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := LoadTokenizer(tooltest.Data(t, "weights/tok512.bin"), m.Vocab)
	if err != nil {
		t.Fatal(err)
	}
	return m, tok
}

// TestDataStoriesText compares the text that stories260K writes in float32, always the most probable token, with the
// published one, character by character.
func TestDataStoriesText(t *testing.T) {
	m, tok := stories(t)
	want, err := os.ReadFile(tooltest.Data(t, "weights/stories260K.greedy_expected.txt"))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := m.Generate(Exact{}, 256)
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Text(tokens); strings.TrimSpace(got) != strings.TrimSpace(string(want)) {
		t.Errorf("text:\n%s\nwant:\n%s", got, want)
	} else {
		t.Logf("%d characters of %d tokens are equal", len(strings.TrimSpace(got)), len(tokens))
	}
	ppl, err := m.Perplexity(Exact{}, tokens[:200])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("perplexity of 200 tokens: %.4f", ppl)
	if ppl < 1.600 || ppl > 1.610 {
		t.Errorf("perplexity of 200 tokens is %v, recorded is 1.605", ppl)
	}
}

// TestDataStoriesPerplexity compares perplexities of engines with recorded ones, where only the linear layers are coded, and logs
// the rest of the table.
func TestDataStoriesPerplexity(t *testing.T) {
	m, _ := stories(t)
	tokens, err := m.Generate(Exact{}, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		engine   string
		settings []string
		recipe   string
		low, top float64
	}{
		{"systolic-ws", nil, "linear", 1.600, 1.615},                               // W8A8: 1.607
		{"systolic-ws", []string{"b=int4"}, "linear", 1.7, 2.0},                    // W4A8: 1.839
		{"systolic-ws", []string{"b=int4"}, "linear+group:32", 1.65, 1.80},         // W4A8 g32: 1.721
		{"systolic-ws", []string{"a=int4", "b=int4"}, "linear+group:32", 2.3, 3.5}, // W4A4 g32: 2.958
		{"systolic-ws", []string{"b=int2"}, "linear+group:32", 1000, 1e6},          // W2A8 g32: 2.4e4
		{"systolic-ws", nil, "plain", 1.59, 1.7},
		{"systolic-ws", []string{"b=int4"}, "plain", 1.6, 6},
		{"mixpe-w4a8", nil, "plain", 1.6, 4},
		{"lut-w4a8", nil, "plain", 1.6, 4},
		{"tc-h100-bf16-f32", nil, "plain", 1.59, 1.65},
		{"tc-h100-e4m3-f32", nil, "plain", 1.59, 1.9},
		{"nvfp4", nil, "linear", 1.6, 3},
		{"anfma-bf16", nil, "linear", 1.59, 1.62},
	} {
		cfg, err := arch.Load(c.engine, c.settings)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRecipe(c.recipe)
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewEngine(cfg, r, sim.Lanes)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		ppl, err := m.Perplexity(e, tokens)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s %v %s: perplexity %.4g, %+v, %v", c.engine, c.settings, c.recipe, ppl, e.Stats(), time.Since(start))
		if ppl < c.low || ppl > c.top {
			t.Errorf("%s %v %s: perplexity %v, want %v to %v", c.engine, c.settings, c.recipe, ppl, c.low, c.top)
		}
		if s := e.Stats(); s.Differ > 0 || s.Checked == 0 {
			t.Errorf("%s: %+v", c.engine, s)
		}
		e.Close()
	}
}

func openModel(t *testing.T, name string) *tensorfile.File {
	t.Helper()
	f, err := tensorfile.Open(tooltest.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestDataAnomaly compares the score of MLPerf Tiny's anomaly detector in float32 with the published one.
func TestDataAnomaly(t *testing.T) {
	n, err := LoadTFLite(openModel(t, "tflite/ad01_fp32.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := tensorfile.OpenRaw(tooltest.Data(t, "tflite/normal_id_01_00000000_hist_librosa.bin"), "f32", 200, 128)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	frames, err := raw.Floats(&raw.Tensors[0])
	if err != nil {
		t.Fatal(err)
	}
	x := Windows(&quant.Matrix{Rows: 200, Cols: 128, Data: frames}, 5)
	score, err := AnomalyScore(n, Exact{}, x)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(tooltest.Data(t, "tflite/ad01_golden_score.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := strconv.ParseFloat(strings.TrimSpace(strings.Split(string(text), ",")[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d windows: score %.8f, published %.8f, relative difference %.2g", x.Rows, score, want, score/want-1)
	if x.Rows != 196 || math.Abs(score/want-1) > 1e-6 {
		t.Errorf("score %v of %d windows, published %v of 196", score, x.Rows, want)
	}
	cfg, err := arch.Load("systolic-ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(cfg, Recipe{}, sim.Lanes)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	coded, err := AnomalyScore(n, e, x)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("int8: score %.5f, %+v", coded, e.Stats())
	if math.Abs(coded/want-1) > 0.05 || e.Stats().Differ > 0 || e.Stats().Checked == 0 {
		t.Errorf("int8: score %v, %+v", coded, e.Stats())
	}
}

// TestDataSeanet compares a convolution of int16 activations with int8 weights, whose sums an engine makes, with the recorded words.
func TestDataSeanet(t *testing.T) {
	c, err := LoadIntConv(openModel(t, "tflite/seanet_conv0.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	words := func(name string) []int32 {
		text, err := os.ReadFile(tooltest.Data(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var list []int32
		for _, s := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == '\n' || r == ' ' || r == '\r' }) {
			v, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, int32(v))
		}
		return list
	}
	cfg, err := arch.Load("systolic-os", []string{"a=int16", "rows=8", "cols=8", "acc_bits=40"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(cfg, Recipe{}, sim.Lanes)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	got, err := c.Forward(e, words("tflite/seanet_conv0_input0_int16.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, words("tflite/seanet_conv0_golden_int16.csv")); d != "" {
		t.Errorf("words (-got +recorded):\n%s", d)
	}
	t.Logf("%d words, %+v", len(got), e.Stats())
	if s := e.Stats(); s.Differ > 0 || s.Checked == 0 {
		t.Errorf("%+v", s)
	}
}
