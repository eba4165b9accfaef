package infer

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/sim"
)

func fashion(t *testing.T, set string, n int) *Images {
	t.Helper()
	images, err := LoadFashion(filepath.Dir(tooltest.Need(t, tool.Fashion)[0].Path), set, n)
	if err != nil {
		t.Fatal(err)
	}
	return images
}

// TestTrain trains both models on a few images, the quick one twice, and runs them on an engine.
func TestTrain(t *testing.T) {
	test := fashion(t, "t10k", 200)
	cfg, err := arch.Load("systolic-ws", []string{"rows=8", "cols=8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model        string
		images, runs int
		least        float64
	}{{ModelMLP, 2000, 2, 0.7}, {ModelCNN, 600, 1, 0.5}} {
		var first Network
		for range c.runs {
			n, err := NewNetwork(c.model, 1)
			if err != nil {
				t.Fatal(err)
			}
			tr := Training{Epochs: 1, Batch: 20, Rate: 0.05, Momentum: 0.9, Seed: 1}
			if err := tr.Train(t.Context(), n, fashion(t, "train", c.images), func(e int, loss float64) { t.Logf("%s: epoch %d, loss %.3f", c.model, e, loss) }); err != nil {
				t.Fatal(err)
			}
			if first != nil {
				if d := cmp.Diff(n, first); d != "" {
					t.Errorf("%s: two trainings differ (-second +first):\n%s", c.model, d)
				}
			}
			first = n
		}
		exact, err := first.Accuracy(Exact{}, test.Matrix, test.Labels)
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewEngine(cfg, Recipe{}, sim.Lanes)
		if err != nil {
			t.Fatal(err)
		}
		coded, err := first.Accuracy(e, test.Matrix, test.Labels)
		if err != nil {
			t.Fatal(err)
		}
		s := e.Stats()
		e.Close()
		t.Logf("%s: float32 %.4f, int8 %.4f, %+v", c.model, exact, coded, s)
		if exact < c.least || coded < exact-0.03 {
			t.Errorf("%s: accuracy %v in float32, %v in int8 (expected at least %v, and 0.03 less)", c.model, exact, coded, c.least)
		}
		if s.Differ > 0 || s.Checked == 0 {
			t.Errorf("%s: %+v", c.model, s)
		}
	}
}

// TestGradient compares the gradients of all layers with differences of the loss.
func TestGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	conv := &Conv{H: 6, W: 6, C: 2, KH: 3, KW: 3, Stride: 1, Pad: 1, Weight: heNormal(r, 18, 4), Bias: make([]float32, 4), ReLU: true}
	n := Network{conv, &MaxPool{6, 6, 4, 2}, &Linear{Weight: heNormal(r, 36, 8), Bias: make([]float32, 8), ReLU: true}, &Linear{Weight: heNormal(r, 8, 3), Bias: make([]float32, 3)}}
	x, labels := heNormal(r, 5, 72), []int{0, 1, 2, 1, 0}
	loss := func() float64 {
		l, err := Training{}.step(n, x, labels, 0, make([][2][]float32, len(n)))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	checked := 0
	for _, p := range []struct {
		name  string
		layer int
		bias  bool
		value []float32
	}{{"conv weight", 0, false, conv.Weight.Data}, {"conv bias", 0, true, conv.Bias}, {"linear weight", 2, false, n[2].(*Linear).Weight.Data}, {"last bias", 3, true, n[3].(*Linear).Bias}} {
		// With rate 1 and no momentum, a step changes a weight by the gradient, which the speed keeps.
		speeds := make([][2][]float32, len(n))
		saved := [][]float32{}
		all := [][]float32{conv.Weight.Data, conv.Bias, n[2].(*Linear).Weight.Data, n[2].(*Linear).Bias, n[3].(*Linear).Weight.Data, n[3].(*Linear).Bias}
		for _, v := range all {
			saved = append(saved, slices.Clone(v))
		}
		if _, err := (Training{}).step(n, x, labels, 1, speeds); err != nil {
			t.Fatal(err)
		}
		for i, v := range all {
			copy(v, saved[i])
		}
		k := 0
		if p.bias {
			k = 1
		}
		grads := speeds[p.layer][k]
		for i := 0; i < len(p.value); i += max(len(p.value)/7, 1) {
			const h = 1e-3 // small enough to stay on one side of most kinks
			p.value[i] += h
			up := loss()
			p.value[i] -= 2 * h
			down := loss()
			p.value[i] += h
			want := (up - down) / (2 * h)
			if got := -float64(grads[i]); math.Abs(got-want) > 2e-2*(math.Abs(want)+0.05) {
				t.Errorf("%s %d: gradient %v, by differences %v", p.name, i, got, want)
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("%d gradients compared", checked)
	}
}
