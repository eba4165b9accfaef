package workloads

import (
	"errors"
	"fmt"
)

// ConvND is a convolution over any number of space axes, as frameworks record
// it. Slices have one entry a space axis; absent ones (nil) mean stride 1,
// dilation 1 and no padding.
type ConvND struct {
	Batch, InC, OutC, Groups int
	In, Kernel               []int // extents of the input and the window
	Stride, Dilation         []int
	PadBegin, PadEnd         []int
}

// maxAxes bounds the space axes.
const maxAxes = 6

func (c ConvND) check() error {
	n := len(c.In)
	if n < 1 || n > maxAxes || len(c.Kernel) != n {
		return fmt.Errorf("convolution has %d input and %d kernel extents (expected as many of both, 1 to %d)", n, len(c.Kernel), maxAxes)
	}
	for _, l := range [][]int{c.Stride, c.Dilation, c.PadBegin, c.PadEnd} {
		if l != nil && len(l) != n {
			return fmt.Errorf("convolution of %d axes has a list of %d (expected one value an axis)", n, len(l))
		}
	}
	var errs []error
	for i := range n {
		for _, v := range []int{c.In[i], c.Kernel[i], at(c.Stride, i, 1), at(c.Dilation, i, 1)} {
			if v < 1 || v > maxExtent {
				errs = append(errs, fmt.Errorf("convolution extent is out of range: %d (expected 1 to %d)", v, maxExtent))
			}
		}
		for _, v := range []int{at(c.PadBegin, i, 0), at(c.PadEnd, i, 0)} {
			if v < 0 || v > maxExtent {
				errs = append(errs, fmt.Errorf("convolution padding is out of range: %d (expected 0 to %d)", v, maxExtent))
			}
		}
	}
	if c.Batch < 1 || c.InC < 1 || c.OutC < 1 || c.Groups < 1 || c.InC%max(c.Groups, 1) != 0 || c.OutC%max(c.Groups, 1) != 0 {
		errs = append(errs, fmt.Errorf("convolution of batch %d, %d to %d channels in %d groups (expected positive numbers, channels that divide into groups)", c.Batch, c.InC, c.OutC, c.Groups))
	}
	return errors.Join(errs...)
}

// at is element i of a list, or the value that stands for an absent list.
func at(list []int, i, absent int) int {
	if list == nil {
		return absent
	}
	return list[i]
}

// Out returns the output extents, rounded down.
func (c ConvND) Out() ([]int, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	out := make([]int, len(c.In))
	for i := range out {
		room := c.In[i] + at(c.PadBegin, i, 0) + at(c.PadEnd, i, 0) - (at(c.Dilation, i, 1)*(c.Kernel[i]-1) + 1)
		if room < 0 {
			return nil, fmt.Errorf("window of %d is larger than the padded input of axis %d: %d", c.Kernel[i], i, c.In[i])
		}
		out[i] = room/at(c.Stride, i, 1) + 1
	}
	return out, nil
}

// GEMM returns the row of the convolution: M = batch * outputs, N = output
// channels of a group, K = window * input channels of a group. One and two axes
// keep their geometry.
func (c ConvND) GEMM(name string) (GEMM, error) {
	out, err := c.Out()
	if err != nil {
		return GEMM{}, fmt.Errorf("convolution %q: %w", name, err)
	}
	if len(c.In) <= 2 {
		return c.flat().GEMM(name)
	}
	m, okM := Extent(append([]int{c.Batch}, out...)...)
	k, okK := Extent(append([]int{c.InC / c.Groups}, c.Kernel...)...)
	if !okM || !okK {
		return GEMM{}, fmt.Errorf("convolution %q is too large: %v outputs, %v window", name, out, c.Kernel)
	}
	g := NewGEMM(name, m, c.OutC/c.Groups, k)
	g.Op, g.Groups = c.op(), c.Groups
	return g, nil
}

func (c ConvND) op() string {
	if c.Groups > 1 && c.Groups == c.InC {
		return "dwconv"
	}
	return "conv"
}

// flat is the two-dimensional form of one or two axes.
func (c ConvND) flat() Conv {
	f := Conv{H: 1, KH: 1, StrideH: 1, DilationH: 1, C: c.InC, OutC: c.OutC, Groups: c.Groups, Batch: c.Batch}
	w := len(c.In) - 1
	if w == 1 {
		f.H, f.KH, f.StrideH, f.DilationH = c.In[0], c.Kernel[0], at(c.Stride, 0, 1), at(c.Dilation, 0, 1)
		f.PadTop, f.PadBottom = at(c.PadBegin, 0, 0), at(c.PadEnd, 0, 0)
	}
	f.W, f.KW, f.StrideW, f.DilationW = c.In[w], c.Kernel[w], at(c.Stride, w, 1), at(c.Dilation, w, 1)
	f.PadLeft, f.PadRight = at(c.PadBegin, w, 0), at(c.PadEnd, w, 0)
	return f
}

// Transposed returns the row of a transposed convolution over the same fields:
// every input element, times all weights of its channel, gives a window of
// partial results that are then added where they overlap. M = batch * inputs, N =
// window * output channels of a group, K = input channels of a group.
func (c ConvND) Transposed(name string) (GEMM, error) {
	if err := c.check(); err != nil {
		return GEMM{}, fmt.Errorf("transposed convolution %q: %w", name, err)
	}
	m, okM := Extent(append([]int{c.Batch}, c.In...)...)
	n, okN := Extent(append([]int{c.OutC / c.Groups}, c.Kernel...)...)
	if !okM || !okN {
		return GEMM{}, fmt.Errorf("transposed convolution %q is too large: %v inputs, %v window", name, c.In, c.Kernel)
	}
	g := NewGEMM(name, m, n, c.InC/c.Groups)
	g.Op, g.Groups = "deconv", c.Groups
	return g, nil
}

// InputGradient returns the row of the gradient by the first operand of a
// product C = A B, dA[M,K] = dC[M,N] B^T, and WeightGradient that by the second,
// dB[K,N] = A^T dC. A convolution loses its geometry.
func (g GEMM) InputGradient() GEMM {
	g.N, g.K = g.K, g.N
	g.FormatA, g.FormatOut, g.Conv = g.FormatOut, g.FormatA, Conv{}
	return g
}

// WeightGradient is described at [GEMM.InputGradient].
func (g GEMM) WeightGradient() GEMM {
	g.M, g.K = g.K, g.M
	g.FormatB, g.FormatOut, g.Conv = g.FormatOut, g.FormatB, Conv{}
	return g
}

// Extent multiplies sizes of at least 0. It is false when one is negative or the
// product is beyond 2^56.
func Extent(sizes ...int) (int, bool) {
	f := make([]int64, len(sizes))
	for i, s := range sizes {
		f[i] = int64(s)
	}
	p, ok := product(maxElems, f...)
	return int(p), ok
}
