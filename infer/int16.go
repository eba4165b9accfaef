package infer

import (
	"fmt"
	"math"

	"tpe/arch"
	"tpe/numeric"
	"tpe/workloads/tensorfile"
)

// IntConv is a convolution of TensorFlow Lite's integer scheme with 16-bit activations and 8-bit weights: exact sums, a bias, and a
// rescaling to 16 bits by a fixed-point factor of 16 bits for each output channel.
type IntConv struct {
	conv   Conv
	codes  *numeric.Dense // KH*KW*C x N
	bias   []int64
	factor []int64 // of 2^shift
	shift  []uint
}

// LoadIntConv reads the model's one operator.
func LoadIntConv(f *tensorfile.File) (*IntConv, error) {
	if f.Format != "tflite" || len(f.Ops) != 1 || f.Ops[0].Name != "CONV_2D" || len(f.Ops[0].Inputs) != 3 {
		return nil, fmt.Errorf("%s: a %s file with %d operators (expected a TensorFlow Lite model of one CONV_2D with a bias)", f.Path, f.Format, len(f.Ops))
	}
	op := f.Ops[0]
	in, w, b, out := &f.Tensors[op.Inputs[0]], &f.Tensors[op.Inputs[1]], &f.Tensors[op.Inputs[2]], &f.Tensors[op.Outputs[0]]
	switch {
	case in.Type != "i16" || w.Type != "i8" || out.Type != "i16" || len(in.Shape) != 4 || len(w.Shape) != 4 || in.Shape[3] != w.Shape[3]:
		return nil, fmt.Errorf("%s: convolution of %s %s with %s %s (expected i16 N x H x W x C with i8 N x H x W x C)", f.Path, in.Type, in.ShapeText(), w.Type, w.ShapeText())
	case op.SamePadding || op.StrideH != op.StrideW || op.StrideH < 1 || op.DilationH != 1 || op.DilationW != 1 || op.Activation != "":
		return nil, fmt.Errorf("%s: %+v (expected VALID padding, one stride, no dilation and no activation)", f.Path, op)
	case len(in.Quant.Scale) != 1 || len(out.Quant.Scale) != 1 || int64(len(w.Quant.Scale)) != w.Shape[0] || b.Elems() != w.Shape[0]:
		return nil, fmt.Errorf("%s: %d, %d and %d scales, %d biases (expected one of input and output, and one for each of %d channels)",
			f.Path, len(in.Quant.Scale), len(out.Quant.Scale), len(w.Quant.Scale), b.Elems(), w.Shape[0])
	}
	words, err := f.Ints(w)
	if err != nil {
		return nil, err
	}
	n := int(w.Shape[0])
	c := &IntConv{conv: Conv{H: int(in.Shape[1]), W: int(in.Shape[2]), C: int(in.Shape[3]), KH: int(w.Shape[1]), KW: int(w.Shape[2]), Stride: op.StrideH}}
	k := len(words) / n
	c.codes = numeric.NewDense(k, n)
	for i, v := range words {
		c.codes.Data[i%k*n+i/k] = int32(v)
	}
	if c.bias, err = f.Ints(b); err != nil {
		return nil, err
	}
	for j := range n {
		factor, shift, err := rescale(float64(in.Quant.Scale[0]) * float64(w.Quant.Scale[j]) / float64(out.Quant.Scale[0]))
		if err != nil {
			return nil, fmt.Errorf("%s: channel %d: %w", f.Path, j, err)
		}
		c.factor, c.shift = append(c.factor, factor), append(c.shift, shift)
	}
	return c, nil
}

// rescale is a factor as an integer of 16 bits over a power of two: rounded to 31 bits, then to 15, halves up (TensorFlow Lite,
// MultiplyByQuantizedMultiplier for 64-bit sums).
func rescale(x float64) (factor int64, shift uint, err error) {
	if !(x > 0) || x >= 1<<14 {
		return 0, 0, fmt.Errorf("factor out of range: %v (expected above 0, below 2^14)", x)
	}
	frac, exp := math.Frexp(x)
	q := int64(math.Round(frac * (1 << 31)))
	if q == 1<<31 {
		q, exp = q/2, exp+1
	}
	if exp < -40 {
		return 0, 0, fmt.Errorf("factor out of range: %v (expected at least 2^-40)", x)
	}
	factor = (q + 1<<15) >> 16
	if q >= 0x7fff0000 {
		factor = 0x7fff
	}
	return factor, uint(15 - exp), nil
}

// Forward convolves an image on an engine whose A is int16 and B int8: every sum comes from the engine's arithmetic.
func (c *IntConv) Forward(e *Engine, x []int32) ([]int32, error) {
	if len(x) != c.conv.H*c.conv.W*c.conv.C {
		return nil, fmt.Errorf("infer: %d inputs (expected %d x %d x %d)", len(x), c.conv.H, c.conv.W, c.conv.C)
	}
	if e.a != (numeric.Int{Bits: 16, Signed: true}) || e.b != (numeric.Int{Bits: 8, Signed: true}) {
		return nil, fmt.Errorf("infer: an engine of %s x %s (expected int16 x int8)", e.a, e.b)
	}
	oh, ow := c.conv.out()
	a := numeric.NewDense(oh*ow, c.codes.Rows)
	for i := range a.Rows {
		dst := a.Row(i)
		for ky := range c.conv.KH {
			for kx := range c.conv.KW {
				at := ((i/ow*c.conv.Stride+ky)*c.conv.W + i%ow*c.conv.Stride + kx) * c.conv.C
				copy(dst[(ky*c.conv.KW+kx)*c.conv.C:][:c.conv.C], x[at:])
			}
		}
	}
	sums, err := e.multiply(arch.Shape{M: a.Rows, N: c.codes.Cols, K: a.Cols}, arch.Operands{A: a, B: c.codes})
	if err != nil {
		return nil, err
	}
	out := make([]int32, len(sums))
	for i, s := range sums {
		j := i % c.codes.Cols
		v := ((s+c.bias[j])*c.factor[j] + 1<<(c.shift[j]-1)) >> c.shift[j]
		out[i] = int32(min(max(v, math.MinInt16), math.MaxInt16))
	}
	return out, nil
}
