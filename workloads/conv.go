package workloads

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Conv is the geometry of a two-dimensional convolution over an input of
// Batch x H x W x C. As a GEMM (im2col) it has, per group,
//
//	M = Batch * OH * OW,  N = OutC/Groups,  K = KH * KW * C/Groups
//
// where OH = floor((H + PadTop + PadBottom - DilationH*(KH-1) - 1) / StrideH) + 1
// and OW likewise. With Ceil set the division rounds up instead, which is the
// rule of SCALE-Sim: windows may then hang over the bottom and right edge.
//
// StrideH, StrideW, DilationH, DilationW, Groups and Batch of zero mean 1.
type Conv struct {
	// H, W and C are the input height, width and channels (of all groups).
	H, W, C int
	// OutC is the number of output channels (of all groups).
	OutC int
	// KH and KW are the kernel height and width.
	KH, KW int
	// StrideH and StrideW are the steps of the window.
	StrideH, StrideW int
	// PadTop, PadLeft, PadBottom and PadRight are zeros around the input.
	PadTop, PadLeft, PadBottom, PadRight int
	// DilationH and DilationW are the distances between kernel taps.
	DilationH, DilationW int
	// Groups splits the channels; Groups == C is a depthwise convolution.
	Groups int
	// Batch is the number of images.
	Batch int
	// Ceil rounds the output size up.
	Ceil bool
}

// maxExtent bounds every field of a Conv, so that sums of a few never overflow.
const maxExtent = 1 << 31

func (c Conv) withDefaults() Conv {
	for _, p := range []*int{&c.StrideH, &c.StrideW, &c.DilationH, &c.DilationW, &c.Groups, &c.Batch} {
		if *p == 0 {
			*p = 1
		}
	}
	return c
}

// fields lists the integers of c with their short names, in writing order.
func (c *Conv) fields() []convField {
	return []convField{
		{"h", &c.H, 1}, {"w", &c.W, 1}, {"c", &c.C, 1}, {"oc", &c.OutC, 1},
		{"kh", &c.KH, 1}, {"kw", &c.KW, 1}, {"sh", &c.StrideH, 1}, {"sw", &c.StrideW, 1},
		{"pt", &c.PadTop, 0}, {"pl", &c.PadLeft, 0}, {"pb", &c.PadBottom, 0}, {"pr", &c.PadRight, 0},
		{"dh", &c.DilationH, 1}, {"dw", &c.DilationW, 1}, {"g", &c.Groups, 1}, {"b", &c.Batch, 1},
	}
}

type convField struct {
	name  string
	value *int
	min   int
}

// Validate reports everything wrong with the geometry.
func (c Conv) Validate() error {
	c = c.withDefaults()
	var errs []error
	for _, f := range c.fields() {
		if *f.value < f.min || *f.value > maxExtent {
			errs = append(errs, fmt.Errorf("convolution field %s is out of range: %d (expected %d to %d)", f.name, *f.value, f.min, maxExtent))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if c.C%c.Groups != 0 {
		errs = append(errs, fmt.Errorf("input channels do not divide into groups: %d by %d (expected a multiple)", c.C, c.Groups))
	}
	if c.OutC%c.Groups != 0 {
		errs = append(errs, fmt.Errorf("output channels do not divide into groups: %d by %d (expected a multiple)", c.OutC, c.Groups))
	}
	if in, k := c.H+c.PadTop+c.PadBottom, c.DilationH*(c.KH-1)+1; k > in {
		errs = append(errs, fmt.Errorf("kernel is higher than the padded input: %d (expected at most %d)", k, in))
	}
	if in, k := c.W+c.PadLeft+c.PadRight, c.DilationW*(c.KW-1)+1; k > in {
		errs = append(errs, fmt.Errorf("kernel is wider than the padded input: %d (expected at most %d)", k, in))
	}
	return errors.Join(errs...)
}

// OutSize returns the height and width of the output. The geometry must be
// valid.
func (c Conv) OutSize() (oh, ow int) {
	c = c.withDefaults()
	size := func(in, pad, k, dilation, stride int) int {
		room := in + pad - (dilation*(k-1) + 1)
		if c.Ceil {
			room += stride - 1
		}
		return room/stride + 1
	}
	return size(c.H, c.PadTop+c.PadBottom, c.KH, c.DilationH, c.StrideH),
		size(c.W, c.PadLeft+c.PadRight, c.KW, c.DilationW, c.StrideW)
}

// Overhangs reports whether some window reaches past the padded input, which
// only the rounding of Ceil can cause.
func (c Conv) Overhangs() bool {
	c = c.withDefaults()
	oh, ow := c.OutSize()
	floor := c
	floor.Ceil = false
	fh, fw := floor.OutSize()
	return oh != fh || ow != fw
}

// GEMM returns the row of the convolution in im2col form. The column order of A
// is kernel row, kernel column, channel.
func (c Conv) GEMM(name string) (GEMM, error) {
	if err := c.Validate(); err != nil {
		return GEMM{}, fmt.Errorf("convolution %q: %w", name, err)
	}
	c = c.withDefaults()
	oh, ow := c.OutSize()
	m, okM := product(maxElems, int64(c.Batch), int64(oh), int64(ow))
	k, okK := product(maxElems, int64(c.KH), int64(c.KW), int64(c.C/c.Groups))
	if !okM || !okK {
		return GEMM{}, fmt.Errorf("convolution %q is too large: %v (expected at most %d outputs and window elements)", name, c, maxElems)
	}
	op := "conv"
	if c.Groups > 1 && c.Groups == c.C {
		op = "dwconv"
	}
	return GEMM{
		Name: name, Op: op, M: int(m), N: c.OutC / c.Groups, K: int(k),
		Batch: 1, Groups: c.Groups, Count: 1, Conv: c,
	}, nil
}

// inputElems counts the input elements of one group, over the whole batch, that
// lie under some window.
func (c Conv) inputElems() int64 {
	oh, ow := c.OutSize()
	rows := touched(c.H, c.PadTop, oh, c.KH, c.StrideH, c.DilationH)
	cols := touched(c.W, c.PadLeft, ow, c.KW, c.StrideW, c.DilationW)
	return rows * cols * int64(c.C/c.Groups) * int64(c.Batch)
}

// touched counts the positions 0..in-1 of one axis that some of the out windows
// uses: o*stride - pad + t*dilation for o < out, t < taps.
func touched(in, pad, out, taps, stride, dilation int) int64 {
	if dilation == 1 && taps >= stride {
		// The windows leave no gap between them.
		return int64(max(0, min(in, (out-1)*stride+taps-pad)))
	}
	var n int64
	if dilation == 1 || in > 1<<22 {
		// No position lies under two windows (or the axis is beyond any real
		// layer, and the sum is an upper bound).
		for t := range min(taps, 1<<22) {
			first := max(0, (pad-t*dilation+stride-1)/stride) // least o with a position of at least 0
			last := min(out-1, floorDiv(in-1+pad-t*dilation, stride))
			n += int64(max(0, last-first+1))
		}
		return min(n, int64(in))
	}
	for x := range in {
		for t := range taps {
			d := x + pad - t*dilation
			if d >= 0 && d%stride == 0 && d/stride < out {
				n++
				break
			}
		}
	}
	return n
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// String returns the geometry as space-separated name=value pairs, which
// [ParseConv] reads back.
func (c Conv) String() string {
	var b strings.Builder
	for i, f := range c.fields() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(f.name + "=" + strconv.Itoa(*f.value))
	}
	if c.Ceil {
		b.WriteString(" ceil=1")
	}
	return b.String()
}

// ParseConv reads what [Conv.String] writes. Absent fields keep their defaults.
func ParseConv(s string) (Conv, error) {
	var c Conv
	var ceil int
	fields := append(c.fields(), convField{"ceil", &ceil, 0})
	seen := make(map[string]bool)
	for _, pair := range strings.Fields(s) {
		name, text, ok := strings.Cut(pair, "=")
		value, err := strconv.Atoi(text)
		if !ok || err != nil {
			return Conv{}, fmt.Errorf("bad convolution field: %q (expected name=integer)", pair)
		}
		if seen[name] {
			return Conv{}, fmt.Errorf("convolution field given twice: %q (expected once)", name)
		}
		seen[name] = true
		found := false
		for _, f := range fields {
			if f.name == name {
				*f.value = value
				found = true
			}
		}
		if !found {
			return Conv{}, fmt.Errorf("unknown convolution field: %q (expected one of h w c oc kh kw sh sw pt pl pb pr dh dw g b ceil)", name)
		}
	}
	if ceil != 0 && ceil != 1 {
		return Conv{}, fmt.Errorf("bad convolution field: \"ceil=%d\" (expected 0 or 1)", ceil)
	}
	c.Ceil = ceil == 1
	if err := c.Validate(); err != nil {
		return Conv{}, err
	}
	return c.withDefaults(), nil
}
