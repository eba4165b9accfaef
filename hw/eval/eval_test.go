package eval_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/hw/hwtest"
)

var _ hw.Machine = (*eval.Machine)(nil)

// TestNewErrors gives the evaluator modules that are not flat.
func TestNewErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"module leaf {\n}\nmodule m {\n  inst u = leaf ()\n}\n", "eval: module m has instances (expected a flat module)"},
		{"module m {\n  w = wire(c): 8\n  c = const(1): 8\n}\n", "eval: module m is not in evaluation order"},
	} {
		m, err := hw.ParseText("m", []byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := eval.New(m); fmt.Sprint(err) != tt.want {
			t.Errorf("New returned %v, want %s", err, tt.want)
		}
	}
}

// TestReduceOrder shows that the stated tree of reduce gives what folding in a line
// gives, for every operator that it accepts and sizes up to 9.
func TestReduceOrder(t *testing.T) {
	for size := 1; size <= 9; size++ {
		for _, op := range hw.ReduceOps {
			b := hw.New("m", "")
			ax := b.Axis("a", size)
			b.Out("y", b.Reduce(ax, op, b.In("x", 5, ax)))
			top, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			c := hwtest.Case{Name: op.String(), Top: top}
			for k := range uint64(40) {
				lanes := make([]uint64, size)
				for l := range lanes {
					lanes[l] = (k*7 + uint64(l)*uint64(l)*11 + k*uint64(l)) & 31
				}
				c.Inputs, c.Reset = append(c.Inputs, [][]uint64{lanes}), append(c.Reset, false)
			}
			outs, _, err := hwtest.Expect(c)
			if err != nil {
				t.Fatal(err)
			}
			for k, in := range c.Inputs {
				want := in[0][0]
				for _, v := range in[0][1:] {
					want = eval.Lane(op, 5, 0, nil, []uint64{want, v}, []int{5, 5})
				}
				if got := outs[k][0][0]; got != want {
					t.Errorf("reduce(%v, %s) = %d, want %d", in[0], op, got, want)
				}
			}
		}
	}
}
