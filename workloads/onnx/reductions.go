package onnx

import (
	"slices"
)

func (r *run) pool() []value {
	v := r.input(0)
	kernel := r.list("kernel_shape")
	n := v.rank() - 2
	if !v.ranked || n < 1 || len(kernel) != n {
		return []value{lost("pooling")}
	}
	strides, dilations, pads := r.list("strides"), r.list("dilations"), r.list("pads")
	out := value{ranked: true, elem: v.elem, shape: slices.Clone(v.shape)}
	for i := range n {
		in := v.shape[2+i]
		if in < 0 {
			out.shape[2+i] = unknown
			continue
		}
		stride, dilation, pad := 1, 1, 0
		if len(strides) == n {
			stride = max(1, strides[i])
		}
		if len(dilations) == n {
			dilation = max(1, dilations[i])
		}
		if len(pads) == 2*n {
			pad = pads[i] + pads[n+i]
		}
		switch r.attr("auto_pad").s {
		case "SAME_UPPER", "SAME_LOWER":
			out.shape[2+i] = (in + stride - 1) / stride
			continue
		case "VALID":
			pad = 0
		}
		room := in + pad - (dilation*(kernel[i]-1) + 1)
		if r.int("ceil_mode", 0) == 1 {
			room += stride - 1
			// The last window begins within the input or the padding before it.
			if begin := room / stride * stride; len(pads) == 2*n && begin >= in+pads[i] {
				room -= stride
			}
		}
		out.shape[2+i] = max(0, room/stride+1)
	}
	return []value{out, out}
}

func (r *run) globalPool() []value {
	v := r.input(0)
	if !v.ranked || v.rank() < 2 {
		return []value{v}
	}
	out := value{ranked: true, elem: v.elem, shape: slices.Clone(v.shape)}
	for i := 2; i < v.rank(); i++ {
		out.shape[i] = 1
	}
	if r.int("channels_last", 0) == 1 {
		out.shape[1], out.shape[v.rank()-1] = 1, v.shape[v.rank()-1]
	}
	return []value{out}
}

func (r *run) reduce() []value {
	v := r.input(0)
	axes, given := r.axes("axes", 1)
	if !v.ranked || r.present(1) && !given {
		return []value{lost("reduction over axes that are not constant")}
	}
	if given && len(axes) == 0 {
		given = false
	}
	if !given && r.int("noop_with_empty_axes", 0) == 1 {
		return []value{v}
	}
	out := r.without(v, axes, !given)
	if r.node.op == "ReduceProd" && v.data != nil && !given {
		p := 1.0
		for _, x := range v.data {
			p *= x
		}
		out.data = []float64{p}
	}
	return []value{out}
}

// without drops axes, or keeps them as 1.
func (r *run) without(v value, axes []int, all bool) value {
	out := value{ranked: true, elem: v.elem}
	for i, d := range v.shape {
		gone := all
		for _, a := range axes {
			gone = gone || a == i || a+v.rank() == i
		}
		switch {
		case !gone:
			out.shape = append(out.shape, d)
		case r.int("keepdims", 1) != 0:
			out.shape = append(out.shape, 1)
		}
	}
	return out
}

func (r *run) reduceOne() []value {
	v := r.input(0)
	if !v.ranked {
		return []value{v}
	}
	out := r.without(v, []int{r.int("axis", 0)}, false)
	out.elem = elemInt64
	return []value{out}
}

func (r *run) topK() []value {
	v := r.input(0)
	axis, ok := axisOf(r.int("axis", -1), v.rank())
	if !v.ranked || !ok {
		return nil
	}
	out := value{ranked: true, elem: v.elem, shape: slices.Clone(v.shape)}
	out.shape[axis] = r.int("k", unknown)
	if k, ok := r.target(1); ok && len(k) == 1 {
		out.shape[axis] = k[0]
	}
	index := out
	index.elem = elemInt64
	return []value{out, index}
}
