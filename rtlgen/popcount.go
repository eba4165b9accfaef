package rtlgen

import (
	"fmt"
	"strings"

	"tpe/hw"
)

// popcountFunc is the number of ones among n bits. Neighbouring fields are
// added in parallel: the fields double at every step, and one addition serves all of
// them because none overflows.
func (e *emitter) popcountFunc(n int) string {
	return e.function(fmt.Sprintf("popcount_%d", n), func(name string) string {
		w, p, x := hw.Bits(n), 1, e.formal("x")
		step := func(k int) string { return e.formal(fmt.Sprintf("s%d", k)) }
		for p < n {
			p *= 2
		}
		var b strings.Builder
		fmt.Fprintf(&b, "// The number of ones in %s.\nfunction%s %s;\n  input%s %s;\n", x, wordRange(w), name, wordRange(n), x)
		if n <= 3 {
			list := make([]string, n)
			for i := range list {
				list[i] = fmt.Sprintf("{%s, %s}", literal(max(w-1, 1), 0), wordSelect(x, n, i, 1))
			}
			if n == 1 {
				list[0] = x
			}
			fmt.Fprintf(&b, "  %s = %s;\nendfunction", name, strings.Join(list, " + "))
			return b.String()
		}
		src := x
		if p > n {
			src = fmt.Sprintf("{%s, %s}", literal(p-n, 0), x)
		}
		var decl, body []string
		decl = append(decl, step(0))
		body = append(body, step(0)+" = "+src)
		field := 1
		for k := 1; field < p/2; k++ {
			mask := fieldMask(field, p)
			decl = append(decl, step(k))
			body = append(body, fmt.Sprintf("%s = (%s & %d'h%0*x) + ({%s, %s[%d:%d]} & %d'h%0*x)",
				step(k), step(k-1), p, p/4, mask, literal(field, 0), step(k-1), p-1, field, p, p/4, mask))
			field *= 2
		}
		last := decl[len(decl)-1]
		for _, d := range decl {
			fmt.Fprintf(&b, "  reg [%d:0] %s;\n", p-1, d)
		}
		k := min(w, field)
		lo, hi := fmt.Sprintf("%s[%d:0]", last, k-1), fmt.Sprintf("%s[%d:%d]", last, field+k-1, field)
		if w > k {
			lo, hi = fmt.Sprintf("{%s, %s}", literal(w-k, 0), lo), fmt.Sprintf("{%s, %s}", literal(w-k, 0), hi)
		}
		if k < field {
			b.WriteString("  reg _unused_bits;\n")
			body = append(body, fmt.Sprintf("_unused_bits = &{1'b0, %s[%d:%d], %s[%d:%d]}", last, p-1, field+k, last, field-1, k))
		}
		fmt.Fprintf(&b, "  begin\n    %s;\n    %s = %s + %s;\n  end\nendfunction", strings.Join(body, ";\n    "), name, lo, hi)
		return b.String()
	})
}

// fieldMask has ones in every second field of the given width.
func fieldMask(field, total int) uint64 {
	var m uint64
	for at := 0; at < total; at += 2 * field {
		m |= hw.Mask(field) << at
	}
	return m
}
