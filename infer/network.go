package infer

import (
	"fmt"

	"tpe/numeric/quant"
)

// Layer is one layer of a feed-forward network. Rows are samples; an image of H x W pixels and C channels is a row of H*W*C numbers,
// channels innermost.
type Layer interface {
	forward(mul Multiplier, x *quant.Matrix) (*quant.Matrix, error)
}

// Network is a feed-forward network.
type Network []Layer

// Forward returns what the network makes of each row.
func (n Network) Forward(mul Multiplier, x *quant.Matrix) (*quant.Matrix, error) {
	for i, l := range n {
		var err error
		if x, err = l.forward(mul, x); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return x, nil
}

// Linear is x W + Bias, with an activation.
type Linear struct {
	Weight *quant.Matrix // K x N
	Bias   []float32
	ReLU   bool
}

func (l *Linear) forward(mul Multiplier, x *quant.Matrix) (*quant.Matrix, error) {
	if x.Cols != l.Weight.Rows {
		return nil, fmt.Errorf("infer: %d inputs (expected %d)", x.Cols, l.Weight.Rows)
	}
	y, err := mul.Multiply(x, l.Weight, true)
	if err != nil {
		return nil, err
	}
	addBias(y, l.Bias)
	if l.ReLU {
		ReLU(y)
	}
	return y, nil
}

// Conv is a convolution of images of H x W x C with N filters of KH x KW x C, with zeros around the image, and an
// activation.
type Conv struct {
	H, W, C, KH, KW, Stride, Pad int
	Weight                       *quant.Matrix // KH*KW*C x N, channels of a pixel innermost
	Bias                         []float32
	ReLU                         bool
}

// out is the size of the output.
func (l *Conv) out() (h, w int) {
	return (l.H+2*l.Pad-l.KH)/l.Stride + 1, (l.W+2*l.Pad-l.KW)/l.Stride + 1
}

// columns is the im2col form: one row for each output pixel of each image.
func (l *Conv) columns(x *quant.Matrix) *quant.Matrix {
	oh, ow := l.out()
	m := quant.NewMatrix(x.Rows*oh*ow, l.KH*l.KW*l.C)
	for i := range m.Rows {
		image, oy, ox := x.Row(i/(oh*ow)), i/ow%oh, i%ow
		dst := m.Row(i)
		for ky := range l.KH {
			y := oy*l.Stride + ky - l.Pad
			if y < 0 || y >= l.H {
				continue
			}
			for kx := range l.KW {
				if xx := ox*l.Stride + kx - l.Pad; xx >= 0 && xx < l.W {
					copy(dst[(ky*l.KW+kx)*l.C:][:l.C], image[(y*l.W+xx)*l.C:])
				}
			}
		}
	}
	return m
}

func (l *Conv) forward(mul Multiplier, x *quant.Matrix) (*quant.Matrix, error) {
	if x.Cols != l.H*l.W*l.C {
		return nil, fmt.Errorf("infer: %d inputs (expected %d x %d x %d)", x.Cols, l.H, l.W, l.C)
	}
	y, err := mul.Multiply(l.columns(x), l.Weight, true)
	if err != nil {
		return nil, err
	}
	addBias(y, l.Bias)
	if l.ReLU {
		ReLU(y)
	}
	return &quant.Matrix{Rows: x.Rows, Cols: len(y.Data) / max(x.Rows, 1), Data: y.Data}, nil
}

// MaxPool keeps the greatest of each Size x Size pixels of a channel.
type MaxPool struct{ H, W, C, Size int }

func (l *MaxPool) forward(_ Multiplier, x *quant.Matrix) (*quant.Matrix, error) {
	y, _ := l.pool(x)
	return y, nil
}

// pool also returns where each number was found.
func (l *MaxPool) pool(x *quant.Matrix) (*quant.Matrix, []int) {
	oh, ow := l.H/l.Size, l.W/l.Size
	y := quant.NewMatrix(x.Rows, oh*ow*l.C)
	from := make([]int, len(y.Data))
	for i := range y.Data {
		c, ox, oy, n := i%l.C, i/l.C%ow, i/l.C/ow%oh, i/(oh*ow*l.C)
		best := -1
		for k := range l.Size * l.Size {
			at := n*x.Cols + ((oy*l.Size+k/l.Size)*l.W+ox*l.Size+k%l.Size)*l.C + c
			if best < 0 || x.Data[at] > x.Data[best] {
				best = at
			}
		}
		y.Data[i], from[i] = x.Data[best], best
	}
	return y, from
}

// Accuracy is the share of rows whose greatest output is that of the label.
func (n Network) Accuracy(mul Multiplier, x *quant.Matrix, labels []int) (float64, error) {
	y, err := n.Forward(mul, x)
	if err != nil {
		return 0, err
	}
	right := 0
	for i, l := range labels {
		if argmax(y.Row(i)) == l {
			right++
		}
	}
	return float64(right) / float64(max(len(labels), 1)), nil
}
