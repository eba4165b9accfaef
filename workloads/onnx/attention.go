package onnx

import (
	"fmt"

	"tpe/workloads"
)

// attend makes the records of scaled dot-product attention.
func (r *run) attend(extra []workloads.GEMM, a workloads.AttentionShape, causal bool, q, k value) {
	if causal && r.opt.Attention != "causal" {
		r.s.Warn("causal attention is counted in full, every query with every key; --attention causal counts half")
		causal = false
	}
	a.Causal = causal
	rows, err := a.GEMMs(r.title())
	r.take(append(extra, rows...), err, q, k, q.elem)
}

// attention is com.microsoft's operator, which projects too (an input, weights for
// query, key and value side by side), or the standard one of opset 23 (query, key
// and value, by head or with the number of heads as attributes).
func (r *run) attention() []value {
	if r.node.domain == "" || r.node.domain == "ai.onnx" {
		return r.standardAttention()
	}
	x, w := r.input(0), r.input(1)
	heads := r.int("num_heads", 0)
	if !r.complete(x, w) {
		return nil
	}
	if x.rank() != 3 || w.rank() != 2 || heads < 1 {
		r.take(nil, fmt.Errorf("input %v, weight %v and %d heads of attention", x, w, heads), x, w, x.elem)
		return nil
	}
	sizes := r.list("qkv_hidden_sizes")
	if len(sizes) != 3 {
		d := w.shape[1] / 3
		sizes = []int{d, d, d}
	}
	past := 0
	if p := r.input(4); r.node.op == "Attention" && p.rank() == 5 {
		past = max(0, p.shape[3])
	}
	project, err := workloads.Matmul(r.title(), x.shape, w.shape)
	project.Op = "qkv"
	if err != nil {
		r.take(nil, err, x, w, x.elem)
		return nil
	}
	project.FormatA, project.FormatB, project.FormatOut = x.format(), w.format(), formats[x.elem]
	r.attend([]workloads.GEMM{project}, workloads.AttentionShape{Batch: x.shape[0], Heads: heads, KVHeads: heads, Queries: x.shape[1], Keys: past + x.shape[1],
		DimQK: sizes[0] / heads, DimV: sizes[2] / heads}, r.int("unidirectional", 0) == 1, x, x)
	return []value{shaped(elemFloat, x.shape[0], x.shape[1], sizes[2])}
}

// split reads query, key or value of three axes [batch, positions, heads*dim] or
// four [batch, heads, positions, dim].
func split(v value, heads int) (batch, h, positions, dim int, ok bool) {
	switch {
	case v.rank() == 4:
		return v.shape[0], v.shape[1], v.shape[2], v.shape[3], true
	case v.rank() == 3 && heads > 0 && v.shape[2]%heads == 0:
		return v.shape[0], heads, v.shape[1], v.shape[2] / heads, true
	}
	return 0, 0, 0, 0, false
}

func (r *run) standardAttention() []value {
	q, k, v := r.input(0), r.input(1), r.input(2)
	if !r.complete(q, k, v) {
		return []value{q}
	}
	b, h, s, d, ok1 := split(q, r.int("q_num_heads", 0))
	_, kv, l, _, ok2 := split(k, r.int("kv_num_heads", 0))
	_, _, _, dv, ok3 := split(v, r.int("kv_num_heads", 0))
	if !ok1 || !ok2 || !ok3 {
		r.take(nil, fmt.Errorf("query %v, key %v and value %v of attention", q, k, v), q, k, q.elem)
		return nil
	}
	if p := r.input(4); p.rank() == 4 {
		l += max(0, p.shape[2])
	}
	r.attend(nil, workloads.AttentionShape{Batch: b, Heads: h, KVHeads: kv, Queries: s, Keys: l, DimQK: d, DimV: dv}, r.int("is_causal", 0) == 1, q, k)
	if q.rank() == 3 {
		return []value{shaped(q.elem, b, s, h*dv)}
	}
	return []value{shaped(q.elem, b, h, s, dv)}
}

// multiHead is com.microsoft's attention behind the projections.
func (r *run) multiHead() []value {
	q, k, v := r.input(0), r.input(1), r.input(2)
	heads := r.int("num_heads", 0)
	if !r.present(1) { // query, key and value in one: [batch, positions, heads, 3, dim]
		if !r.complete(q) {
			return nil
		}
		if q.rank() == 5 {
			b, s, d := q.shape[0], q.shape[1], q.shape[4]
			r.attend(nil, workloads.AttentionShape{Batch: b, Heads: heads, KVHeads: heads, Queries: s, Keys: s, DimQK: d, DimV: d}, r.int("unidirectional", 0) == 1, q, q)
			return []value{shaped(q.elem, b, s, heads*d)}
		}
		return r.opaque()
	}
	if k.rank() == 5 { // key and value in one: [batch, positions, heads, 2, dim]
		k = value{ranked: true, shape: []int{k.shape[0], k.shape[2], k.shape[1], k.shape[4]}, elem: k.elem, from: k.from}
		v = k
	}
	if !r.complete(q, k, v) {
		return []value{q}
	}
	b, h, s, d, ok1 := split(q, heads)
	_, _, l, _, ok2 := split(k, heads)
	_, _, _, dv, ok3 := split(v, heads)
	if !ok1 || !ok2 || !ok3 {
		r.take(nil, fmt.Errorf("query %v, key %v and value %v of attention", q, k, v), q, k, q.elem)
		return nil
	}
	if p := r.input(6); p.rank() == 4 {
		l += max(0, p.shape[2])
	}
	r.attend(nil, workloads.AttentionShape{Batch: b, Heads: h, KVHeads: h, Queries: s, Keys: l, DimQK: d, DimV: dv}, r.int("unidirectional", 0) == 1, q, k)
	return []value{shaped(q.elem, b, s, h*dv)}
}

// groupQuery is attention with a cache: keys are as many as the constant
// total_sequence_length, or else the new and the cached positions.
func (r *run) groupQuery() []value {
	q, k := r.input(0), r.input(1)
	heads, kv := r.int("num_heads", 0), r.int("kv_num_heads", 0)
	if !r.complete(q) {
		return []value{q}
	}
	if q.rank() != 3 || heads < 1 || kv < 1 {
		r.take(nil, fmt.Errorf("query %v, %d heads and %d key heads of attention", q, heads, kv), q, k, q.elem)
		return nil
	}
	d := q.shape[2] / heads
	if !r.present(1) { // query, key and value side by side
		d = q.shape[2] / (heads + 2*kv)
	}
	l := q.shape[1]
	past := r.input(3)
	if past.rank() == 4 {
		if !r.complete(past) {
			return []value{shaped(q.elem, q.shape[0], q.shape[1], heads*d)}
		}
		l += past.shape[2]
	}
	if total := r.input(6).data; len(total) == 1 && total[0] >= 1 && total[0] < 1<<31 {
		l = int(total[0])
	}
	r.attend(nil, workloads.AttentionShape{Batch: q.shape[0], Heads: heads, KVHeads: kv, Queries: q.shape[1], Keys: l, DimQK: d, DimV: d}, true, q, k)
	present := shaped(q.elem, q.shape[0], kv, l, d)
	return []value{shaped(q.elem, q.shape[0], q.shape[1], heads*d), present, present}
}
