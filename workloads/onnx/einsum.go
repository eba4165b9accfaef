package onnx

import (
	"fmt"
	"strings"

	"tpe/workloads"
)

// einsum is a contraction of two operands; of one it is no product.
func (r *run) einsum() []value {
	left, right, explicit := strings.Cut(strings.ReplaceAll(r.attr("equation").s, " ", ""), "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(r.in) || len(terms) > 2 {
		r.s.Skip("may be a matrix product, but the operator is not known", "Einsum")
		return nil
	}
	if !r.complete(r.in...) {
		return nil
	}
	size := make(map[string]int)
	var names [][]string
	for i, t := range terms {
		list, err := letters(t, r.in[i].shape, size)
		if err != nil {
			r.take(nil, fmt.Errorf("%q: %w", r.attr("equation").s, err), value{}, value{}, 0)
			return nil
		}
		names = append(names, list)
	}
	var out []string
	switch {
	case explicit:
		dots := 0
		for _, l := range names {
			for _, n := range l {
				if n[0] == '.' {
					dots = max(dots, len(n))
				}
			}
		}
		for _, c := range strings.ReplaceAll(right, "...", ".") {
			if c != '.' {
				out = append(out, string(c))
				continue
			}
			for d := dots; d > 0; d-- {
				out = append(out, strings.Repeat(".", d))
			}
		}
	default: // letters that occur once, in order
		for c := 'A'; c <= 'z'; c++ {
			if strings.Count(left, string(c)) == 1 && size[string(c)] > 0 {
				out = append(out, string(c))
			}
		}
	}
	result := shaped(r.in[0].elem)
	for _, n := range out {
		d, ok := size[n]
		if !ok {
			d = unknown
		}
		result.shape = append(result.shape, d)
	}
	if len(names) == 1 {
		r.s.Skip("not a matrix product", "Einsum")
		return []value{result}
	}
	g, err := workloads.Contraction(r.title(), size, names[0], names[1], out)
	g.Op = "einsum"
	r.take([]workloads.GEMM{g}, err, r.in[0], r.in[1], r.in[0].elem)
	return []value{result}
}

// letters names the axes of a term; those of an ellipsis are dots, the innermost
// one dot.
func letters(term string, shape []int, size map[string]int) ([]string, error) {
	var list []string
	plain := len(strings.ReplaceAll(term, "...", ""))
	for _, c := range strings.ReplaceAll(term, "...", ".") {
		if c != '.' {
			list = append(list, string(c))
			continue
		}
		for d := len(shape) - plain; d > 0; d-- {
			list = append(list, strings.Repeat(".", d))
		}
	}
	if len(list) != len(shape) {
		return nil, fmt.Errorf("term %q does not fit the shape %v", term, shape)
	}
	for i, n := range list {
		if old, ok := size[n]; ok && old != shape[i] && old != 1 && shape[i] != 1 {
			return nil, fmt.Errorf("axis %s has sizes %d and %d", n, old, shape[i])
		}
		size[n] = max(size[n], shape[i])
	}
	return list, nil
}
