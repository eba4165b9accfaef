package hw_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
)

// TestCompress checks the second property of the carry-save trees, sum + carry =
// the sum of the words mod 2^W, for all words of 3 bits (2 for five, 1 for seven and
// nine words).
func TestCompress(t *testing.T) {
	for _, tt := range []struct{ words, width int }{{1, 3}, {2, 3}, {3, 3}, {4, 3}, {5, 2}, {6, 2}, {7, 1}, {9, 1}} {
		t.Run(fmt.Sprintf("%d_of_%d", tt.words, tt.width), func(t *testing.T) {
			b := hw.New("m", "")
			lanes := 1 << (tt.words * tt.width)
			ax := b.Axis("all", lanes)
			all := b.In("all", tt.words*tt.width, ax)
			xs := make([]hw.ID, tt.words)
			for k := range xs {
				xs[k] = b.Slice(all, k*tt.width, tt.width)
			}
			s, c := b.Compress(xs...)
			b.Out("sum", s)
			b.Out("carry", b.Bcast(c, ax))
			flat, err := hw.Flatten(build(t, b))
			if err != nil {
				t.Fatal(err)
			}
			m, err := eval.New(flat)
			if err != nil {
				t.Fatal(err)
			}
			in, sum, carry := make([]uint64, lanes), make([]uint64, lanes), make([]uint64, lanes)
			for l := range in {
				in[l] = uint64(l)
			}
			m.Set(0, in)
			m.Settle()
			m.Get(0, sum)
			m.Get(1, carry)
			for l := range in {
				want := 0
				for k := range xs {
					want += l >> (k * tt.width) & (1<<tt.width - 1)
				}
				if got := (sum[l] + carry[l]) & hw.Mask(tt.width); got != uint64(want)&hw.Mask(tt.width) {
					t.Fatalf("words %#x: %d + %d = %d, want %d", l, sum[l], carry[l], got, want)
				}
			}
		})
	}
}
