package infer

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/numeric/quant"
	"tpe/sim"
	"tpe/workloads/tensorfile"
)

// normal is a random matrix.
func normal(rows, cols int, seed uint64) *quant.Matrix {
	r := rand.New(rand.NewPCG(seed, 9))
	m := quant.NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = float32(r.NormFloat64())
	}
	return m
}

// distance is the root of the summed squares of x - y over that of x.
func distance(x, y *quant.Matrix) float64 {
	d, n := 0.0, 0.0
	for i, v := range x.Data {
		d += float64(v-y.Data[i]) * float64(v-y.Data[i])
		n += float64(v) * float64(v)
	}
	return math.Sqrt(d / n)
}

// TestEngines multiplies the same matrices on engines of all sorts of formats and in all recipes. The error bounds are what the
// formats allow; every engine's graph is stepped in part.
func TestEngines(t *testing.T) {
	a, b := normal(5, 40, 1), normal(40, 9, 2)
	for i := range a.Rows {
		a.Row(i)[7] *= 40 // an outlier channel
	}
	want, _ := Exact{}.Multiply(a, b, true)
	errorOf := map[string]float64{}
	for _, c := range []struct {
		engine, settings, recipe string
		most                     float64
	}{
		{"systolic-ws", "", "plain", 0.02},
		{"systolic-ws", "a=uint8", "plain", 0.02},
		{"systolic-ws", "b=uint8", "plain", 0.02},
		{"systolic-ws", "a=uint8 b=uint4", "group:16", 0.1},
		{"systolic-ws", "b=int4", "plain", 0.15},
		{"systolic-ws", "b=int4", "group:8", 0.12},
		{"systolic-ws", "b=int4", "lqer:4", 0.1},
		{"systolic-ws", "b=int4", "svdquant:4", 0.1},
		{"systolic-ws", "a=int4", "outliers:10", 0.02},
		{"systolic-ws", "a=int4", "plain", 0.12},
		{"systolic-ws", "", "ternary", 0.6},
		{"systolic-ws", "", "onebit", 0.7},
		{"systolic-ws", "", "sparse:2:4", 0.6},
		{"systolic-ws", "", "prune:0.5", 0.6},
		{"mixpe-w4a8", "group=16", "plain", 0.1},
		{"lut-w4a8", "group=16", "plain", 0.1},
		{"lut-w2a8", "", "plain", 0.7},
		{"ternary", "", "ternary", 0.6},
		{"xnor", "a=uint8 b=uint8", "plain", 0.02},
		{"xnor", "a=uint8 b=uint1", "onebit", 0.7},
		{"mx-e4m3", "", "plain", 0.08},
		{"mx-int8", "", "plain", 0.02},
		{"nvfp4", "", "plain", 0.2},
		{"figna", "", "plain", 0.2},
		{"fma-bf16", "", "plain", 0.01},
		{"lmul-bf16", "", "plain", 0.1},
		{"lmul-e4m3", "", "plain", 0.2},
		{"opt4c", "", "plain", 0.02},
		{"tc-h100-bf16-f32", "", "plain", 0.004},
		{"tc-h100-e4m3-f32", "", "plain", 0.05},
	} {
		small, err := arch.Load(c.engine, nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := arch.Load(c.engine, append(append([]string(nil), small.SmallSizes()[0]...), strings.Fields(c.settings)...))
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
		name := strings.Join([]string{c.engine, c.settings, c.recipe}, " ")
		for range 2 { // the second time with kept weights
			got, err := e.Multiply(a, b, true)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			d := distance(want, got)
			if before, ok := errorOf[name]; ok && before != d {
				t.Errorf("%s: error %v, before %v", name, d, before)
			}
			errorOf[name] = d
		}
		s := e.Stats()
		e.Close()
		t.Logf("%-40s error %.4f, %+v", name, errorOf[name], s)
		if errorOf[name] > c.most || errorOf[name] == 0 {
			t.Errorf("%s: error %v (expected above 0, at most %v)", name, errorOf[name], c.most)
		}
		if s.Checked == 0 || s.Differ > 0 || s.Cycles == 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for _, pair := range [][2]string{
		{"systolic-ws a=int4 outliers:10", "systolic-ws a=int4 plain"},
		{"systolic-ws b=int4 group:8", "systolic-ws b=int4 plain"},
		{"systolic-ws b=int4 lqer:4", "systolic-ws b=int4 plain"},
	} {
		if errorOf[pair[0]] >= errorOf[pair[1]] {
			t.Errorf("%s is off by %v, %s by %v", pair[0], errorOf[pair[0]], pair[1], errorOf[pair[1]])
		}
	}
	bitlet, err := arch.Load("bitlet", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewEngine(bitlet, Recipe{}, ""); err == nil || !strings.Contains(err.Error(), "has a formula only") {
		t.Errorf("an engine without hardware: %v", err)
	}
}

// TestCalibrate compares rounding to nearest with GPTQ on the activations that it was calibrated with.
func TestCalibrate(t *testing.T) {
	x := quant.Product(normal(60, 24, 1), normal(24, 24, 2)) // correlated channels
	l := &Linear{Weight: normal(24, 8, 3), Bias: make([]float32, 8)}
	want, _ := Exact{}.Multiply(x, l.Weight, true)
	errorOf := map[string]float64{}
	for _, recipe := range []string{"plain", "gptq"} {
		cfg, err := arch.Load("systolic-ws", []string{"rows=4", "cols=4", "b=uint4"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRecipe(recipe)
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewEngine(cfg, r, sim.Lanes)
		if err != nil {
			t.Fatal(err)
		}
		run := func(m Multiplier) (float64, error) {
			y, err := Network{l}.Forward(m, x)
			if err != nil {
				return 0, err
			}
			return distance(want, y), nil
		}
		if err := e.Calibrate(run); err != nil {
			t.Fatal(err)
		}
		if errorOf[recipe], err = run(e); err != nil {
			t.Fatal(err)
		}
		if s := e.Stats(); s.Differ > 0 || s.Checked == 0 {
			t.Errorf("%+v", s)
		}
		e.Close()
	}
	if errorOf["gptq"] > 0.9*errorOf["plain"] || errorOf["gptq"] == 0 {
		t.Errorf("error of the product: %v", errorOf)
	}
	cfg, err := arch.Load("systolic-ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(cfg, Recipe{GPTQ: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Calibrate(nil); err == nil || !strings.Contains(err.Error(), "expected an unsigned integer") {
		t.Errorf("GPTQ with signed weights: %v", err)
	}
}

// llamaBytes is a random model in the layout of llama2.c.
func llamaBytes(dim, hidden, layers, heads, kv, vocab, context int) []byte {
	var b []byte
	for _, v := range []int{dim, hidden, layers, heads, kv, vocab, context} {
		b = binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	}
	size := dim / heads
	n := vocab*dim + layers*(2*dim+2*dim*dim+2*kv*size*dim+3*dim*hidden) + dim + 2*context*(size/2)
	r := rand.New(rand.NewPCG(5, 5))
	for range n {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(r.NormFloat64()/math.Sqrt(float64(dim)))))
	}
	return b
}

// TestLlama checks that tokens taken together and one by one give the same logits, and the errors of wrong sizes.
func TestLlama(t *testing.T) {
	data := llamaBytes(16, 24, 2, 4, 2, 30, 20)
	f, err := tensorfile.Parse(bytes.NewReader(data), int64(len(data)), "x")
	if err != nil {
		t.Fatal(err)
	}
	m, err := LoadLlama(f)
	if err != nil {
		t.Fatal(err)
	}
	tokens := []int{1, 7, 3, 29, 0, 7}
	all, err := m.Forward(Exact{}, m.Start(), tokens)
	if err != nil {
		t.Fatal(err)
	}
	s := m.Start()
	for i, k := range tokens {
		one, err := m.Forward(Exact{}, s, []int{k})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(one.Row(0), all.Row(i)); d != "" {
			t.Errorf("token %d (-alone +together):\n%s", i, d)
		}
	}
	if _, err := m.Forward(Exact{}, m.Start(), []int{30}); err == nil || !strings.Contains(err.Error(), "token 30 (expected 0..29)") {
		t.Errorf("a token beyond the vocabulary: %v", err)
	}
	if _, err := m.Forward(Exact{}, s, make([]int, 15)); err == nil || !strings.Contains(err.Error(), "21 tokens (the model takes 20)") {
		t.Errorf("too many tokens: %v", err)
	}
	path := filepath.Join(t.TempDir(), "model.bin")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	task, err := OpenTask("llama:" + path + ",tokens=12")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := task.Run(Exact{}); err != nil || v < 1 || task.Metric != "perplexity" {
		t.Errorf("task: %v %v %+v", v, err, task)
	}
}

func TestLayers(t *testing.T) {
	x := &quant.Matrix{Rows: 1, Cols: 4, Data: []float32{1, -1, 3, 5}}
	one, two := []float32{1, 1, 1, 1}, []float32{2, 2, 2, 2}
	for _, c := range []struct {
		name string
		got  []float32
		want []float64
	}{
		{"RMSNorm", RMSNorm(x, two, 0).Data, []float64{2 / 3., -2 / 3., 2, 10 / 3.}},                                                             // mean square 9
		{"LayerNorm", LayerNorm(x, one, two, 0).Data, []float64{2 - 1/math.Sqrt(5), 2 - 3/math.Sqrt(5), 2 + 1/math.Sqrt(5), 2 + 3/math.Sqrt(5)}}, // mean 2, variance 5
		{"SiLU", applied(SiLU, x), []float64{0.731059, -0.268941, 2.857722, 4.966536}},
		{"GELU", applied(GELU, x), []float64{0.841345, -0.158655, 2.995950, 4.999999}},
		{"Tanh", applied(Tanh, x), []float64{math.Tanh(1), math.Tanh(-1), math.Tanh(3), math.Tanh(5)}},
		{"ReLU", applied(ReLU, x), []float64{1, 0, 3, 5}},
		{"Softmax", applied(Softmax, x), []float64{0.0158422, 0.0021440, 0.1170589, 0.8649549}},
	} {
		for i, w := range c.want {
			if math.Abs(float64(c.got[i])-w) > 2e-6 {
				t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
				break
			}
		}
	}
}

func applied(f func(*quant.Matrix), x *quant.Matrix) []float32 {
	y := x.Clone()
	f(y)
	return y.Data
}

// TestConv compares a convolution with its definition.
func TestConv(t *testing.T) {
	c := &Conv{H: 5, W: 6, C: 2, KH: 3, KW: 2, Stride: 2, Pad: 1, Weight: normal(12, 3, 3), Bias: []float32{1, 2, 3}}
	x := normal(2, 60, 4)
	y, err := Network{c}.Forward(Exact{}, x)
	if err != nil {
		t.Fatal(err)
	}
	oh, ow := c.out()
	if oh != 3 || ow != 4 || y.Cols != 36 {
		t.Fatalf("output %d x %d, %d numbers", oh, ow, y.Cols)
	}
	for n := range 2 {
		for i := range y.Cols {
			f, ox, oy := i%3, i/3%ow, i/3/ow
			sum := float64(c.Bias[f])
			for ky := range 3 {
				for kx := range 2 {
					for ch := range 2 {
						yy, xx := oy*2+ky-1, ox*2+kx-1
						if yy >= 0 && yy < 5 && xx >= 0 && xx < 6 {
							sum += float64(x.At(n, (yy*6+xx)*2+ch)) * float64(c.Weight.At((ky*2+kx)*2+ch, f))
						}
					}
				}
			}
			if math.Abs(sum-float64(y.At(n, i))) > 1e-5 {
				t.Fatalf("image %d, output %d: %v, want %v", n, i, y.At(n, i), sum)
			}
		}
	}
}

func TestRecipe(t *testing.T) {
	for _, s := range []string{"plain", "group:32+linear", "ternary+sparse:2:4", "outliers:6+lqer:8+svdquant:2+prune:0.5", "gptq+linear"} {
		r, err := ParseRecipe(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		}
		again, err := ParseRecipe(r.String())
		if err != nil || again != r {
			t.Errorf("%s: read again %+v as %+v, %v", s, r, again, err)
		}
	}
}

// FuzzRecipe reads texts and what it prints of them.
func FuzzRecipe(f *testing.F) {
	f.Add("group:32+lqer:4")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRecipe(s)
		if err != nil {
			return
		}
		if again, err := ParseRecipe(r.String()); err != nil || again != r {
			t.Errorf("%q: %+v is read again as %+v, %v", s, r, again, err)
		}
	})
}

// FuzzTokenizer and FuzzIDX read whatever they are given.
func FuzzTokenizer(f *testing.F) {
	f.Add([]byte{9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'a', 'b'}, 1)
	f.Fuzz(func(t *testing.T, data []byte, vocab int) {
		if tok, err := parseTokenizer(data, "x", vocab%1000); err == nil && vocab%1000 > 0 {
			tok.Text([]int{0})
		}
	})
}

func FuzzIDX(f *testing.F) {
	f.Add([]byte{0, 0, 8, 1, 0, 0, 0, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		if labels, n, err := parseIDX(bytes.NewReader(data), "x", 0x801, 1, 100); err == nil && len(labels) != n {
			t.Errorf("%d labels of %d", len(labels), n)
		}
	})
}
