package onnx

import (
	"math"
	"slices"
)

// axisOf counts an axis from the front.
func axisOf(axis, rank int) (int, bool) {
	if axis < 0 {
		axis += rank
	}
	return axis, axis >= 0 && axis < rank
}

func (r *run) gather() []value {
	v, idx := r.input(0), r.input(1)
	axis, ok := axisOf(r.int("axis", 0), v.rank())
	if !v.ranked || !idx.ranked || !ok || v.rank()+idx.rank() > maxRank {
		return []value{lost("Gather")}
	}
	shape := slices.Concat(v.shape[:axis], idx.shape, v.shape[axis+1:])
	out := shaped(v.elem, shape...)
	if list, ok := idx.ints(); ok && v.data != nil && v.rank() == 1 {
		out.data = []float64{}
		for _, i := range list {
			x := math.NaN()
			if i < 0 && i != math.MinInt {
				i += len(v.data)
			}
			if i >= 0 && i < len(v.data) {
				x = v.data[i]
			}
			out.data = append(out.data, x)
		}
	}
	return []value{out}
}

func (r *run) concat() []value {
	return []value{concatenate(r.in, r.int("axis", 0))}
}

// quantConcat has scale and zero point first, then three inputs a part.
func (r *run) quantConcat() []value {
	var parts []value
	for i := 2; i+2 < len(r.in); i += 3 {
		parts = append(parts, r.in[i])
	}
	return []value{concatenate(parts, r.int("axis", 0))}
}

func concatenate(parts []value, axis int) value {
	if len(parts) == 0 || !parts[0].ranked {
		return lost("Concat")
	}
	out := value{ranked: true, shape: slices.Clone(parts[0].shape), elem: parts[0].elem, data: []float64{}}
	axis, ok := axisOf(axis, out.rank())
	if !ok {
		return lost("Concat")
	}
	out.shape[axis] = 0
	for _, p := range parts {
		if !p.ranked || p.rank() != out.rank() {
			return lost("Concat")
		}
		if d := p.shape[axis]; d < 0 || out.shape[axis] < 0 {
			out.shape[axis] = unknown
		} else {
			out.shape[axis] += d
		}
		for i, d := range p.shape {
			if i != axis && out.shape[i] < 0 && d >= 0 {
				out.shape[i] = d
			}
		}
		if p.data == nil || p.rank() != 1 || out.data == nil || len(out.data)+len(p.data) > maxConstants {
			out.data = nil
		} else {
			out.data = append(out.data, p.data...)
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return out
}

// axes are those of an attribute or, since later versions, of a constant input.
func (r *run) axes(name string, input int) ([]int, bool) {
	if a := r.list(name); a != nil {
		return a, true
	}
	if r.present(input) {
		return r.input(input).ints()
	}
	return nil, false
}

func (r *run) slice() []value {
	v := r.input(0)
	if !v.ranked {
		return []value{v}
	}
	starts, ok1 := r.axes("starts", 1)
	ends, ok2 := r.axes("ends", 2)
	axes, ok3 := r.axes("axes", 3)
	steps, ok4 := r.axes("", 4)
	out := value{ranked: true, shape: slices.Clone(v.shape), elem: v.elem}
	if !ok3 && !r.present(3) {
		axes = nil
		for i := range starts {
			axes = append(axes, i)
		}
	} else if !ok3 {
		ok1 = false
	}
	if !ok1 || !ok2 || len(starts) != len(ends) || len(axes) != len(starts) || r.present(4) && !ok4 {
		for i := range out.shape { // any axis may be cut
			if axes == nil || slices.Contains(axes, i) || slices.Contains(axes, i-v.rank()) {
				out.shape[i] = unknown
			}
		}
		return []value{out}
	}
	for i, a := range axes {
		axis, ok := axisOf(a, v.rank())
		if !ok {
			return []value{lost("Slice")}
		}
		step := 1
		if i < len(steps) {
			step = steps[i]
		}
		d := v.shape[axis]
		if d < 0 || step == 0 || starts[i] == math.MinInt || ends[i] == math.MinInt {
			if !(starts[i] == 0 && ends[i] > 1<<30 && step == 1) {
				out.shape[axis] = unknown
			}
			continue
		}
		from, to := sliceBounds(starts[i], ends[i], step, d)
		n := 0
		if step > 0 && to > from {
			n = (to - from + step - 1) / step
		} else if step < 0 && from > to {
			n = (from - to - step - 1) / -step
		}
		out.shape[axis] = n
		if v.data != nil && v.rank() == 1 && len(axes) == 1 {
			out.data = []float64{}
			for j := range n {
				out.data = append(out.data, v.data[from+j*step])
			}
		}
	}
	return []value{out}
}

// sliceBounds clamps the ends of a slice as NumPy does.
func sliceBounds(from, to, step, d int) (int, int) {
	if from < 0 {
		from += d
	}
	if to < 0 && to > -1<<31 {
		to += d
	}
	if step > 0 {
		return min(max(from, 0), d), min(max(to, 0), d)
	}
	return min(max(from, -1), d-1), min(max(to, -1), d-1)
}

func (r *run) squeeze() []value {
	v := r.input(0)
	if !v.ranked {
		return []value{v}
	}
	axes, ok := r.axes("axes", 1)
	out := value{ranked: true, elem: v.elem, data: v.data, from: v.from}
	for i, d := range v.shape {
		drop := !ok && d == 1
		for _, a := range axes {
			drop = drop || a == i || a+v.rank() == i
		}
		if !drop {
			out.shape = append(out.shape, d)
		}
	}
	return []value{out}
}

func (r *run) unsqueeze() []value {
	v := r.input(0)
	axes, ok := r.axes("axes", 1)
	if !v.ranked || !ok || v.rank()+len(axes) > maxRank {
		return []value{lost("Unsqueeze")}
	}
	rank := v.rank() + len(axes)
	out := value{ranked: true, elem: v.elem, data: v.data, from: v.from, shape: make([]int, rank)}
	for _, a := range axes {
		i, ok := axisOf(a, rank)
		if !ok {
			return []value{lost("Unsqueeze")}
		}
		out.shape[i] = math.MaxInt
	}
	rest := v.shape
	for i := range out.shape {
		if out.shape[i] == math.MaxInt {
			out.shape[i] = 1
			continue
		}
		if len(rest) == 0 {
			return []value{lost("Unsqueeze")}
		}
		out.shape[i], rest = rest[0], rest[1:]
	}
	return []value{out}
}

func (r *run) reshape() []value {
	v := r.input(0)
	raw := r.input(1).data
	if old := r.list("shape"); old != nil { // an attribute before version 5
		raw = nil
		for _, d := range old {
			raw = append(raw, float64(d))
		}
	}
	if raw == nil || len(raw) > maxRank {
		if t := r.input(1); t.rank() == 1 && t.shape[0] >= 0 && t.shape[0] <= maxRank {
			out := value{ranked: true, elem: v.elem, from: v.from, shape: make([]int, t.shape[0])}
			for i := range out.shape {
				out.shape[i] = unknown
			}
			return []value{out}
		}
		return []value{lost("Reshape to a shape that is not constant")}
	}
	out := value{ranked: true, elem: v.elem, from: v.from, data: v.data}
	infer := -1
	for i, x := range raw {
		d := extent(x)
		switch {
		case x == 0 && r.int("allowzero", 0) == 0:
			d = v.dim(i)
		case x == -1:
			infer = i
		}
		out.shape = append(out.shape, d)
	}
	if infer >= 0 {
		out.shape[infer] = quotient(v, out.shape, infer)
	}
	return []value{out}
}

// quotient is the extent that a reshape leaves open: the elements of v by the other
// extents. Symbols that stand on both sides cancel.
func quotient(v value, shape []int, open int) int {
	if !v.ranked {
		return unknown
	}
	have := slices.Clone(v.shape)
	rest := 1
	for i, d := range shape {
		if i == open {
			continue
		}
		if j := slices.Index(have, d); d < 0 && j >= 0 {
			have[j] = 1
			continue
		}
		if d <= 0 || rest > 1<<40 {
			return unknown
		}
		rest *= d
	}
	if n := count(have); n >= 0 && n%rest == 0 {
		return n / rest
	}
	// One symbol may be left: [batch, 12, 64] as [-1, 768] is [batch, 768].
	symbol, known := unknown, 1
	for _, d := range have {
		switch {
		case d >= 0 && known < 1<<40:
			known *= d
		case symbol == unknown:
			symbol = d
		default:
			return unknown
		}
	}
	if known == rest {
		return symbol
	}
	return unknown
}

func (r *run) flatten() []value {
	v := r.input(0)
	if !v.ranked {
		return []value{v}
	}
	axis := clampIndex(r.int("axis", 1), v.rank())
	out := shaped(v.elem, 1, 1)
	for i, part := range [][]int{v.shape[:axis], v.shape[axis:]} {
		if out.shape[i] = count(part); out.shape[i] < 0 && len(part) == 1 {
			out.shape[i] = part[0]
		}
	}
	out.from = v.from
	return []value{out}
}

func (r *run) transpose() []value {
	v := r.input(0)
	if !v.ranked {
		return []value{v}
	}
	perm := r.list("perm")
	out := value{ranked: true, elem: v.elem, from: v.from, shape: make([]int, v.rank())}
	if perm == nil {
		for i := range v.shape {
			perm = append(perm, v.rank()-1-i)
		}
	}
	if len(perm) != v.rank() {
		return []value{lost("Transpose")}
	}
	for i, p := range perm {
		if p < 0 || p >= v.rank() {
			return []value{lost("Transpose")}
		}
		out.shape[i] = v.shape[p]
	}
	return []value{out}
}

func (r *run) expand() []value {
	shape, ok := r.target(1)
	if !ok {
		return []value{lost("Expand to a shape that is not constant")}
	}
	out := broadcast(r.input(0), shaped(0, shape...))
	out.elem = r.input(0).elem
	return []value{out}
}

func (r *run) split() []value {
	v := r.input(0)
	axis, ok := axisOf(r.int("axis", 0), v.rank())
	if !v.ranked || !ok {
		return nil
	}
	sizes, given := r.axes("split", 1)
	parts := len(r.node.outputs)
	out := make([]value, 0, parts)
	for i := range parts {
		o := value{ranked: true, elem: v.elem, from: v.from, shape: slices.Clone(v.shape)}
		switch d := v.shape[axis]; {
		case given && i < len(sizes):
			o.shape[axis] = max(sizes[i], unknown)
		case d < 0:
			o.shape[axis] = unknown
		default:
			part := (d + parts - 1) / parts
			o.shape[axis] = min(part, max(0, d-i*part))
		}
		out = append(out, o)
	}
	return out
}

func (r *run) pad() []value {
	v := r.input(0)
	pads, ok := r.axes("pads", 1)
	if !v.ranked {
		return []value{v}
	}
	axes, given := r.axes("axes", 3)
	if !given {
		for i := range v.shape {
			axes = append(axes, i)
		}
	}
	out := value{ranked: true, elem: v.elem, shape: slices.Clone(v.shape)}
	if !ok || len(pads) != 2*len(axes) {
		return []value{lost("Pad by sizes that are not constant")}
	}
	for i, a := range axes {
		axis, ok := axisOf(a, v.rank())
		if !ok || pads[i] == math.MinInt || pads[len(axes)+i] == math.MinInt {
			return []value{lost("Pad")}
		}
		if out.shape[axis] >= 0 {
			out.shape[axis] = max(0, out.shape[axis]+pads[i]+pads[len(axes)+i])
		} else if pads[i] != 0 || pads[len(axes)+i] != 0 {
			out.shape[axis] = unknown
		}
	}
	return []value{out}
}

func (r *run) tile() []value {
	v := r.input(0)
	times, ok := r.input(1).ints()
	if !v.ranked || !ok || len(times) != v.rank() {
		return []value{lost("Tile")}
	}
	out := value{ranked: true, elem: v.elem, shape: slices.Clone(v.shape)}
	for i, n := range times {
		if n != 1 {
			out.shape[i] = count([]int{out.shape[i], n})
		}
	}
	return []value{out}
}

// resize takes sizes or scales, by attributes or the inputs of its versions.
func (r *run) resize() []value {
	v := r.input(0)
	if !v.ranked {
		return []value{v}
	}
	if sizes, ok := r.target(3); ok && len(sizes) == v.rank() {
		return []value{shaped(v.elem, sizes...)}
	}
	var scales []float64
	for _, i := range []int{2, 1} { // Resize 11 and 10
		if d := r.input(i).data; len(d) == v.rank() && scales == nil {
			scales = d
		}
	}
	if len(scales) != v.rank() {
		return []value{lost("Resize to sizes that are not constant")}
	}
	out := value{ranked: true, elem: v.elem, shape: slices.Clone(v.shape)}
	for i, f := range scales {
		if out.shape[i] >= 0 {
			out.shape[i] = extent(math.Floor(float64(out.shape[i]) * f))
		} else if f != 1 {
			out.shape[i] = unknown
		}
	}
	return []value{out}
}

func (r *run) oneHot() []value {
	v := r.input(0)
	if !v.ranked {
		return nil
	}
	depth := unknown
	if d, ok := r.target(1); ok && len(d) == 1 {
		depth = d[0]
	}
	axis, ok := axisOf(r.int("axis", -1), v.rank()+1)
	if !ok {
		return nil
	}
	return []value{shaped(r.input(2).elem, slices.Insert(slices.Clone(v.shape), axis, depth)...)}
}

func (r *run) likeIndices() []value {
	v := r.input(1)
	v.elem, v.data = r.input(0).elem, nil
	return []value{v}
}

func (r *run) gatherND() []value {
	v, idx := r.input(0), r.input(1)
	b := r.int("batch_dims", 0)
	last := idx.dim(-1)
	if !v.ranked || !idx.ranked || last < 0 || b < 0 || b+last > v.rank() {
		return []value{lost("GatherND")}
	}
	return []value{shaped(v.elem, slices.Concat(idx.shape[:idx.rank()-1], v.shape[b+last:])...)}
}

func (r *run) depthToSpace() []value { return r.blocks(true) }
func (r *run) spaceToDepth() []value { return r.blocks(false) }

func (r *run) blocks(toSpace bool) []value {
	v, b := r.input(0), r.int("blocksize", 1)
	if !v.complete() || v.rank() != 4 || b < 1 || b > 1<<15 {
		return []value{lost(r.node.op)}
	}
	if toSpace {
		return []value{shaped(v.elem, v.shape[0], v.shape[1]/(b*b), v.shape[2]*b, v.shape[3]*b)}
	}
	return []value{shaped(v.elem, v.shape[0], v.shape[1]*b*b, v.shape[2]/b, v.shape[3]/b)}
}
