package arch

import (
	"fmt"
	"strings"
	"testing"

	"tpe/numeric"
)

// workedColumns are jobs of two columns of two PEs, chunks of 8 products in groups of 4, adders for every PE (D = 1): the values
// of the rows of A and the count, worked out by hand from the recurrence of the page.
var workedColumns = []struct {
	rows []int32 // all operands of a row have one value
	k    int
	want int64
}{
	{[]int32{0, 0}, 8, 28},
	{[]int32{1, 1}, 8, 34},
	{[]int32{85, 85}, 8, 52},
	{[]int32{85, 0}, 8, 52},
	{[]int32{1, 1}, 7, 32},
	{[]int32{85, 85}, 16, 85},
	{[]int32{85, 1, 85, 1}, 8, 85},
}

// columnsTable steps them, and shows how the count comes about.
func columnsTable(t *testing.T) string {
	c := DefaultOf("column")
	c.Rows, c.Cols, c.Chunk, c.BStore, c.SIMDLanes, c.PairBits = 2, 2, 8, StoreCopy, 4, 0
	out := row("rows of A", "K", "digits", "T(c, p) of a step, p = 0 to 3", "LA", "e0", "F", "cycles") + rule("lrllrrrr")
	for _, w := range workedColumns {
		s := Shape{M: len(w.rows), N: 2, K: w.k}
		a, b := numeric.NewDense(s.M, s.K), numeric.NewDense(s.K, s.N)
		for i := range a.Data {
			a.Data[i] = w.rows[i/s.K]
		}
		for i := range b.Data {
			b.Data[i] = int32(i%5 - 2)
		}
		got := stepData(t, &c, s, a, b, stalls{}, nil).span
		if got != w.want {
			t.Errorf("rows %v, K = %d: %d cycles, by hand %d", w.rows, w.k, got, w.want)
		}
		var la, e0, f, times, digits []string
		clock := newColumnTime(&c)
		newColumnWork(&c, s, Operands{A: a, B: b}).tiles(func(st *columnStep) {
			before := clock.f1
			clock.step(st, int64(s.N))
			la, f = append(la, fmt.Sprint(clock.la)), append(f, fmt.Sprint(clock.f1))
			e0 = append(e0, fmt.Sprint(max(clock.la+3, before+1)))
			for col := range c.Cols {
				var list []string
				for p := col; p < len(st.times); p += c.Cols {
					list = append(list, fmt.Sprint(st.times[p]))
				}
				if text := strings.Join(list, " "); len(times) == 0 || times[len(times)-1] != text {
					times = append(times, text)
				}
			}
		})
		var d [4]int8
		for i, v := range w.rows {
			numeric.ENT.Encode(d[:], int64(v), c.A)
			if text := strings.Trim(fmt.Sprint(d), "[]"); i < 2 && (i == 0 || text != digits[0]) {
				digits = append(digits, text)
			}
		}
		out += row(strings.Trim(fmt.Sprint(w.rows), "[]"), w.k, strings.Join(digits, "; "), strings.Join(times, "; "), strings.Join(la, ", "), strings.Join(e0, ", "), strings.Join(f, ", "), got)
	}
	return out
}
