package aig

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRestrict holds the addend of a multiplier at a constant and leaves inputs out.
func TestRestrict(t *testing.T) {
	const n, w = 3, 8
	for _, c := range []uint64{0, 5, 255} {
		g, err := multiplier(n, w, true).Restrict([]string{"z"}, map[string]uint64{"c": c})
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Inputs) != 2*n {
			t.Errorf("inputs %v, want those of x and y", g.Inputs)
		}
		r, err := Check(t.Context(), g, func(in, out []uint64) { out[0] = in[0]*in[1] + c }, Options{})
		if err != nil || r.Mismatch != nil || r.Patterns != 1<<(2*n) {
			t.Errorf("c = %d: Check = %+v, %v", c, r, err)
		}
	}
	g, err := multiplier(n, w, true).Restrict([]string{"z"}, map[string]uint64{"x": 0, "c": 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Inputs)+len(g.Ands) > 0 || g.Outputs[0].Lit != True || g.Outputs[1].Lit != False {
		t.Errorf("0 * y + 1 = %+v, want a constant", g)
	}
	for _, bad := range []func() (*Graph, error){
		func() (*Graph, error) { return g.Restrict([]string{"q"}, nil) },
		func() (*Graph, error) { return g.Restrict([]string{"z"}, map[string]uint64{"q": 0}) },
		func() (*Graph, error) { return (&Graph{Latches: []Latch{{}}}).Restrict(nil, nil) },
	} {
		if g, err := bad(); err == nil {
			t.Errorf("Restrict = %+v, want an error", g)
		}
	}
}

// TestResolve adds the two words that a carry-save adder gives.
func TestResolve(t *testing.T) {
	const w = 4
	var inputs []string
	for _, p := range []string{"a", "b", "c"} {
		for i := range w {
			inputs = append(inputs, fmt.Sprintf("%s[%d]", p, i))
		}
	}
	b := newBuilder(inputs)
	carry := []Output{{"carry[0]", False}}
	for i := range w {
		x, y, z := b.g.input(i), b.g.input(w+i), b.g.input(2*w+i)
		half := b.xor(x, y)
		b.g.Outputs = append(b.g.Outputs, Output{fmt.Sprintf("sum[%d]", i), b.xor(half, z)})
		carry = append(carry, Output{fmt.Sprintf("carry[%d]", i+1), b.and(b.and(x, y).Not(), b.and(half, z).Not()).Not()})
	}
	b.g.Outputs = append(b.g.Outputs, carry[:w]...)
	g, err := b.g.Resolve("z", "sum", "carry")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(t.Context(), g, func(in, out []uint64) { out[0] = in[0] + in[1] + in[2] }, Options{})
	if err != nil || r.Mismatch != nil || r.Patterns != 1<<(3*w) {
		t.Errorf("Check = %+v, %v", r, err)
	}
	ports, err := g.OutputPorts()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Port{{"z", []int{0, 1, 2, 3}}}, ports); d != "" {
		t.Errorf("ports, -want +got\n%s", d)
	}
	if _, err := b.g.Resolve("z", "sum", "q"); err == nil {
		t.Error("Resolve of a port that is not there succeeded")
	}
}
