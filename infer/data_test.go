package infer

import (
	"os"
	"strings"
	"testing"
	"time"

	"tpe/arch"
	"tpe/internal/tool/tooltest"
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
		{"systolic-ws", []string{"b=int4"}, "linear,group:32", 1.65, 1.80},         // W4A8 g32: 1.721
		{"systolic-ws", []string{"a=int4", "b=int4"}, "linear,group:32", 2.3, 3.5}, // W4A4 g32: 2.958
		{"systolic-ws", []string{"b=int2"}, "linear,group:32", 1000, 1e6},          // W2A8 g32: 2.4e4
		{"systolic-ws", nil, "plain", 1.59, 1.7},
		{"systolic-ws", []string{"b=int4"}, "plain", 1.6, 4},
		{"mixpe-w4a8", nil, "plain", 1.6, 4},
		{"lut-w4a8", nil, "plain", 1.6, 4},
		{"tc-h100-bf16-f32", nil, "plain", 1.59, 1.65},
		{"tc-h100-e4m3-f32", nil, "plain", 1.59, 1.9},
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
