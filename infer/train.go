package infer

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"tpe/numeric/quant"
)

// Training is how a network is trained: stochastic gradient descent with momentum on the cross entropy of softmax, on
// batches in an order that the seed gives. The rate falls along a half cosine to zero.
type Training struct {
	Epochs   int
	Batch    int
	Rate     float32
	Momentum float32
	Seed     uint64
}

// heNormal is a K x N matrix of normal numbers with the variance 2/K.
func heNormal(r *rand.Rand, k, n int) *quant.Matrix {
	m := quant.NewMatrix(k, n)
	sd := math.Sqrt(2 / float64(k))
	for i := range m.Data {
		m.Data[i] = float32(r.NormFloat64() * sd)
	}
	return m
}

// Train trains a network in place. progress, if not nil, is called after each epoch with the mean loss.
func (t Training) Train(ctx context.Context, n Network, data *Images, progress func(epoch int, loss float64)) error {
	random := rand.New(rand.NewPCG(t.Seed, 2))
	order := make([]int, data.Rows)
	for i := range order {
		order[i] = i
	}
	speeds := make([][2][]float32, len(n)) // of weights and biases
	steps, total := 0, t.Epochs*(data.Rows/t.Batch)
	for epoch := range t.Epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		loss := 0.0
		for b := 0; b+t.Batch <= len(order); b += t.Batch {
			if err := ctx.Err(); err != nil {
				return err
			}
			x, labels := quant.NewMatrix(t.Batch, data.Cols), make([]int, t.Batch)
			for i, k := range order[b : b+t.Batch] {
				copy(x.Row(i), data.Row(k))
				labels[i] = data.Labels[k]
			}
			rate := t.Rate * float32(1+math.Cos(math.Pi*float64(steps)/float64(total))) / 2
			l, err := t.step(n, x, labels, rate, speeds)
			if err != nil {
				return err
			}
			loss += l
			steps++
		}
		if progress != nil {
			progress(epoch+1, loss/float64(data.Rows/t.Batch))
		}
	}
	return nil
}

// fast multiplies with gonum's kernels: training need not have a fixed order of sums across machines.
type fast struct{}

func (fast) Multiply(a, b *quant.Matrix, _ bool) (*quant.Matrix, error) {
	return gemm(blas.NoTrans, blas.NoTrans, a, b), nil
}

func gemm(ta, tb blas.Transpose, a, b *quant.Matrix) *quant.Matrix {
	rows, cols := a.Rows, b.Cols
	if ta == blas.Trans {
		rows = a.Cols
	}
	if tb == blas.Trans {
		cols = b.Rows
	}
	c := quant.NewMatrix(rows, cols)
	general := func(m *quant.Matrix) blas32.General {
		return blas32.General{Rows: m.Rows, Cols: m.Cols, Stride: max(m.Cols, 1), Data: m.Data}
	}
	blas32.Gemm(ta, tb, 1, general(a), general(b), 0, general(c))
	return c
}

// step trains on one batch and returns its mean loss.
func (t Training) step(n Network, x *quant.Matrix, labels []int, rate float32, speeds [][2][]float32) (float64, error) {
	inputs := []*quant.Matrix{x} // of each layer, and the output
	for _, l := range n {
		y, err := l.forward(fast{}, inputs[len(inputs)-1])
		if err != nil {
			return 0, err
		}
		inputs = append(inputs, y)
	}
	grad := inputs[len(n)] // logits, in place
	loss := 0.0
	Softmax(grad)
	for i, label := range labels {
		row := grad.Row(i)
		loss -= math.Log(max(float64(row[label]), 1e-30))
		row[label]--
		for j := range row {
			row[j] /= float32(len(labels))
		}
	}
	for i := len(n) - 1; i >= 0; i-- {
		grad = t.backward(n[i], inputs[i], inputs[i+1], grad, i > 0, rate, &speeds[i])
	}
	return loss / float64(len(labels)), nil
}

// backward changes a layer's weights and returns the gradient at its input, if it is wanted.
func (t Training) backward(l Layer, x, y, grad *quant.Matrix, want bool, rate float32, speed *[2][]float32) *quant.Matrix {
	switch l := l.(type) {
	case *Linear:
		if l.ReLU {
			mask(grad, y)
		}
		var back *quant.Matrix
		if want {
			back = gemm(blas.NoTrans, blas.Trans, grad, l.Weight)
		}
		t.update(l.Weight, l.Bias, gemm(blas.Trans, blas.NoTrans, x, grad), grad, rate, speed)
		return back
	case *Conv:
		if l.ReLU {
			mask(grad, y)
		}
		n := l.Weight.Cols
		g := &quant.Matrix{Rows: len(grad.Data) / n, Cols: n, Data: grad.Data}
		var back *quant.Matrix
		if want {
			back = l.scatter(gemm(blas.NoTrans, blas.Trans, g, l.Weight), x.Rows)
		}
		t.update(l.Weight, l.Bias, gemm(blas.Trans, blas.NoTrans, l.columns(x), g), g, rate, speed)
		return back
	case *MaxPool:
		_, from := l.pool(x)
		back := quant.NewMatrix(x.Rows, x.Cols)
		for i, at := range from {
			back.Data[at] += grad.Data[i]
		}
		return back
	}
	panic("infer: a layer that cannot be trained")
}

// mask makes the gradient zero where the output of a ReLU is.
func mask(grad, y *quant.Matrix) {
	for i, v := range y.Data {
		if v <= 0 {
			grad.Data[i] = 0
		}
	}
}

// scatter adds the gradients of windows to the pixels they came from: the inverse of columns.
func (l *Conv) scatter(g *quant.Matrix, images int) *quant.Matrix {
	oh, ow := l.out()
	out := quant.NewMatrix(images, l.H*l.W*l.C)
	for i := range g.Rows {
		image, oy, ox := out.Row(i/(oh*ow)), i/ow%oh, i%ow
		src := g.Row(i)
		for ky := range l.KH {
			for kx := range l.KW {
				y, x := oy*l.Stride+ky-l.Pad, ox*l.Stride+kx-l.Pad
				if y < 0 || y >= l.H || x < 0 || x >= l.W {
					continue
				}
				for c, v := range src[(ky*l.KW+kx)*l.C:][:l.C] {
					image[(y*l.W+x)*l.C+c] += v
				}
			}
		}
	}
	return out
}

// update is a step of gradient descent with momentum; the gradient of a bias is the sum over the rows of grad.
func (t Training) update(weight *quant.Matrix, bias []float32, gw, grad *quant.Matrix, rate float32, speed *[2][]float32) {
	gb := make([]float32, len(bias))
	for i := range grad.Rows {
		for j, v := range grad.Row(i) {
			gb[j] += v
		}
	}
	for k, p := range [2]struct{ value, grad []float32 }{{weight.Data, gw.Data}, {bias, gb}} {
		if speed[k] == nil {
			speed[k] = make([]float32, len(p.value))
		}
		for i, g := range p.grad {
			speed[k][i] = t.Momentum*speed[k][i] - rate*g
			p.value[i] += speed[k][i]
		}
	}
}
