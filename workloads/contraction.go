package workloads

import (
	"fmt"
	"slices"
)

// Contraction returns the row of a product written with named dimensions, as
// einsum and the loop notations of mapping tools have it: out[...] += a[...] *
// b[...]. Dimensions of a and out alone make M, of b and out N, of a and b K, of
// all three Batch; one that only a single operand has is summed before the product
// and costs nothing.
func Contraction(name string, size map[string]int, a, b, out []string) (GEMM, error) {
	m, n, k, batch := 1, 1, 1, 1
	var seen []string
	for _, d := range append(append(slices.Clone(a), b...), out...) {
		if slices.Contains(seen, d) {
			continue
		}
		seen = append(seen, d)
		v, known := size[d]
		if !known {
			return GEMM{}, fmt.Errorf("dimension %s has no size", d)
		}
		inA, inB, inOut := slices.Contains(a, d), slices.Contains(b, d), slices.Contains(out, d)
		into := &k
		switch {
		case inA && inB && inOut:
			into = &batch
		case inA && inOut:
			into = &m
		case inB && inOut:
			into = &n
		case inA && inB:
		case inOut:
			return GEMM{}, fmt.Errorf("dimension %s of the result is in no operand", d)
		default:
			continue
		}
		var ok bool
		if *into, ok = Extent(*into, v); !ok {
			return GEMM{}, fmt.Errorf("product is too large in dimension %s", d)
		}
	}
	g := NewGEMM(name, m, n, k)
	g.Batch = batch
	return g, nil
}
