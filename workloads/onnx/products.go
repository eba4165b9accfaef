package onnx

import (
	"fmt"

	"tpe/workloads"
)

// productTable lists the operators that are matrix products. Each makes its records
// and returns its outputs.
func productTable() map[string]func(*run) []value {
	return map[string]func(*run) []value{
		"Conv":                     func(r *run) []value { return r.conv(0, 1, r.input(0).elem) },
		"FusedConv":                func(r *run) []value { return r.conv(0, 1, r.input(0).elem) },
		"NhwcFusedConv":            func(r *run) []value { return r.conv(0, 1, r.input(0).elem) },
		"ConvInteger":              func(r *run) []value { return r.conv(0, 1, elemInt32) },
		"QLinearConv":              func(r *run) []value { return r.conv(0, 3, r.input(0).elem) },
		"ConvTranspose":            (*run).convTranspose,
		"Gemm":                     func(r *run) []value { return r.gemm(0, 1, r.int("transA", 0), r.int("transB", 0), r.input(0).elem) },
		"FusedGemm":                func(r *run) []value { return r.gemm(0, 1, r.int("transA", 0), r.int("transB", 0), r.input(0).elem) },
		"QGemm":                    func(r *run) []value { return r.gemm(0, 3, r.int("transA", 0), r.int("transB", 0), r.input(0).elem) },
		"MatMul":                   func(r *run) []value { return r.gemm(0, 1, 0, 0, r.input(0).elem) },
		"GemmFastGelu":             func(r *run) []value { return r.gemm(0, 1, 0, 0, r.input(0).elem) },
		"FusedMatMul":              func(r *run) []value { return r.gemm(0, 1, r.int("transA", 0), r.int("transB", 0), r.input(0).elem) },
		"TransposeMatMul":          func(r *run) []value { return r.gemm(0, 1, r.int("transA", 0), r.int("transB", 0), r.input(0).elem) },
		"MatMulInteger":            func(r *run) []value { return r.gemm(0, 1, 0, 0, elemInt32) },
		"MatMulIntegerToFloat":     func(r *run) []value { return r.gemm(0, 1, 0, 0, elemFloat) },
		"DynamicQuantizeMatMul":    func(r *run) []value { return r.gemm(0, 1, 0, 0, elemFloat) },
		"QLinearMatMul":            func(r *run) []value { return r.gemm(0, 3, 0, 0, r.input(0).elem) },
		"MatMulNBits":              (*run).matMulNBits,
		"Einsum":                   (*run).einsum,
		"LSTM":                     func(r *run) []value { return r.recurrent(4) },
		"GRU":                      func(r *run) []value { return r.recurrent(3) },
		"RNN":                      func(r *run) []value { return r.recurrent(1) },
		"DynamicQuantizeLSTM":      func(r *run) []value { return r.recurrent(4) },
		"Attention":                (*run).attention,
		"QAttention":               (*run).attention,
		"MultiHeadAttention":       (*run).multiHead,
		"GroupQueryAttention":      (*run).groupQuery,
		"PackedMultiHeadAttention": (*run).opaque,
		"PagedAttention":           (*run).opaque,
	}
}

// take hands on the records of the node, or says what keeps it from being one.
func (r *run) take(rows []workloads.GEMM, err error, a, b value, out int) {
	if err != nil {
		r.s.FaultAt(r.pos(), err.Error(), r.node.op, "shapes that fit together")
		return
	}
	for i := range rows {
		g := &rows[i]
		if g.M == 0 || g.N == 0 || g.K == 0 || g.Batch == 0 {
			r.s.Skip("an operand is empty", r.node.op)
			return
		}
		g.Name = r.title()
		if g.FormatA == "" && g.FormatB == "" {
			g.FormatA, g.FormatB, g.FormatOut = a.format(), b.format(), formats[out]
		}
		if n, ok := workloads.Extent(g.Count, r.times); ok {
			g.Count = n
		}
	}
	if err := r.s.Take(r.pos(), rows...); err != nil {
		r.err = err
	}
}

// complete reports whether the shapes of the operands are known; if not, the node
// is left out, and the symbols that it lacks are noted.
func (r *run) complete(operands ...value) bool {
	for _, v := range operands {
		if v.complete() {
			continue
		}
		named := false
		for _, d := range v.shape {
			if d < unknown && -2-d < len(r.symbols) {
				r.unbound[r.symbols[-2-d]] = true
				named = true
			}
		}
		if named {
			r.open++
		}
		r.s.Skip("sizes are not known", r.node.op)
		if !named {
			why := v.why
			if why == "" {
				why = "an operator before it"
			}
			r.s.Warn("node %s (%s) is left out: the shape of an operand is not known, because of %s", r.title(), workloads.PlainName(r.node.op), why)
		}
		return false
	}
	return true
}

// opaque is an operator whose sizes depend on data.
func (r *run) opaque() []value {
	r.s.Skip("sizes depend on data", r.node.op)
	return nil
}

func (r *run) gemm(ia, ib, ta, tb, out int) []value {
	a, b := r.input(ia), r.input(ib)
	result := matmulShape(a, b, ta != 0, tb != 0)
	result.elem = out
	if r.complete(a, b) {
		sa, sb := swapped(a.shape, ta != 0), swapped(b.shape, tb != 0)
		g, err := workloads.Matmul(r.title(), sa, sb)
		g.Op = "matmul"
		r.take([]workloads.GEMM{g}, err, a, b, out)
	}
	return []value{result}
}

// swapped exchanges the last two extents.
func swapped(shape []int, swap bool) []int {
	s := append([]int(nil), shape...)
	if n := len(s); swap && n >= 2 {
		s[n-1], s[n-2] = s[n-2], s[n-1]
	}
	return s
}

// matmulShape is the shape of a product.
func matmulShape(a, b value, ta, tb bool) value {
	if !a.ranked || !b.ranked || a.rank() == 0 || b.rank() == 0 {
		if a.ranked {
			a = b
		}
		return lost(a.why)
	}
	sa, sb := swapped(a.shape, ta), swapped(b.shape, tb)
	var head value
	na, nb := len(sa), len(sb)
	head = broadcast(value{ranked: true, shape: sa[:max(na-2, 0)]}, value{ranked: true, shape: sb[:max(nb-2, 0)]})
	if na > 1 {
		head.shape = append(head.shape, sa[na-2])
	}
	if nb > 1 {
		head.shape = append(head.shape, sb[nb-1])
	}
	return head
}

// matMulNBits is a product with weights of a few bits in blocks; the weights'
// extents are attributes.
func (r *run) matMulNBits() []value {
	a := r.input(0)
	k, n, bits := r.int("K", 0), r.int("N", 0), r.int("bits", 4)
	w := shaped(0, k, n)
	if r.complete(a) {
		g, err := workloads.Matmul(r.title(), a.shape, w.shape)
		g.FormatA, g.FormatB, g.FormatOut = a.format(), fmt.Sprintf("uint%d", bits), formats[a.elem]
		r.take([]workloads.GEMM{g}, err, a, w, a.elem)
	}
	out := matmulShape(a, w, false, false)
	out.elem = a.elem
	return []value{out}
}

// window reads the attributes of a convolution over x with weight w.
func (r *run) window(x, w value) (c workloads.ConvND, ok bool) {
	n := x.rank() - 2
	if n < 1 || w.rank() != x.rank() {
		return c, false
	}
	c = workloads.ConvND{Batch: x.shape[0], InC: x.shape[1], OutC: w.shape[0], Groups: r.int("group", 1), In: x.shape[2:], Kernel: w.shape[2:]}
	c.Stride, c.Dilation = r.list("strides"), r.list("dilations")
	if pads := r.list("pads"); len(pads) == 2*n {
		c.PadBegin, c.PadEnd = pads[:n], pads[n:]
	}
	if auto := r.attr("auto_pad").s; auto == "SAME_UPPER" || auto == "SAME_LOWER" {
		c.PadBegin, c.PadEnd = make([]int, n), make([]int, n)
		for i := range n {
			s, d := 1, 1
			if i < len(c.Stride) {
				s = max(1, c.Stride[i])
			}
			if i < len(c.Dilation) {
				d = c.Dilation[i]
			}
			out := (c.In[i] + s - 1) / s
			pad := max(0, (out-1)*s+d*(c.Kernel[i]-1)+1-c.In[i])
			c.PadBegin[i], c.PadEnd[i] = pad/2, pad-pad/2
			if auto == "SAME_LOWER" {
				c.PadBegin[i], c.PadEnd[i] = c.PadEnd[i], c.PadBegin[i]
			}
		}
	}
	return c, true
}

func (r *run) conv(ix, iw, out int) []value {
	x, w := r.input(ix), r.input(iw)
	if !r.complete(x, w) {
		if x.ranked && w.ranked && x.rank() > 2 { // the space is not known
			v := shaped(out, x.shape[0], w.dim(0))
			for range x.rank() - 2 {
				v.shape = append(v.shape, unknown)
			}
			return []value{v}
		}
		return nil
	}
	c, ok := r.window(x, w)
	if !ok || c.Groups < 1 || w.shape[1] != c.InC/max(c.Groups, 1) {
		r.take(nil, fmt.Errorf("input %v and weight %v of a convolution in %d groups", x, w, c.Groups), x, w, out)
		return nil
	}
	g, err := c.GEMM(r.title())
	r.take([]workloads.GEMM{g}, err, x, w, out)
	space, err := c.Out()
	if err != nil {
		return nil
	}
	return []value{shaped(out, append([]int{c.Batch, c.OutC}, space...)...)}
}

func (r *run) convTranspose() []value {
	x, w := r.input(0), r.input(1)
	if !r.complete(x, w) {
		return nil
	}
	c, ok := r.window(x, w)
	if !ok || w.shape[0] != c.InC || c.Groups < 1 {
		r.take(nil, fmt.Errorf("input %v and weight %v of a transposed convolution", x, w), x, w, x.elem)
		return nil
	}
	c.OutC = w.shape[1] * c.Groups
	g, err := c.Transposed(r.title())
	r.take([]workloads.GEMM{g}, err, x, w, x.elem)
	if err != nil {
		return nil
	}
	out := shaped(x.elem, c.Batch, c.OutC)
	given, extra := r.list("output_shape"), r.list("output_padding")
	pads := r.list("pads")
	n := len(c.In)
	for i := range n {
		at := func(l []int, absent int) int {
			if i < len(l) {
				return l[i]
			}
			return absent
		}
		stride := at(c.Stride, 1)
		size := stride*(c.In[i]-1) + at(extra, 0) + at(c.Dilation, 1)*(c.Kernel[i]-1) + 1
		if len(pads) == 2*n {
			size -= pads[i] + pads[n+i]
		}
		if a := r.attr("auto_pad").s; a == "SAME_UPPER" || a == "SAME_LOWER" {
			size = stride * c.In[i]
		}
		if len(given) >= n {
			size = given[len(given)-n+i]
		}
		out.shape = append(out.shape, max(size, 0))
	}
	return []value{out}
}

// recurrent is LSTM, GRU or RNN: X [steps, batch, input], W [directions,
// gates*hidden, input].
func (r *run) recurrent(gates int) []value {
	x, w := r.input(0), r.input(1)
	hidden, directions := r.int("hidden_size", 0), 1
	if r.attr("direction").s == "bidirectional" {
		directions = 2
	}
	if hidden == 0 && w.ranked {
		hidden = max(0, w.dim(1)) / gates
	}
	if !x.ranked || x.rank() != 3 {
		r.complete(lost(x.why))
		return nil
	}
	steps, batch := x.shape[0], x.shape[1]
	if r.int("layout", 0) == 1 {
		steps, batch = batch, steps
	}
	if r.complete(x) {
		l := workloads.Recurrent{Gates: gates, Steps: steps, Batch: batch, Input: x.shape[2], Hidden: hidden, Directions: directions, Layers: 1}
		rows, err := l.GEMMs(r.title())
		r.take(rows, err, x, w, x.elem)
	}
	y, last := shaped(x.elem, steps, directions, batch, hidden), shaped(x.elem, directions, batch, hidden)
	if r.int("layout", 0) == 1 {
		y, last = shaped(x.elem, batch, steps, directions, hidden), shaped(x.elem, batch, directions, hidden)
	}
	return []value{y, last, last}
}
