package pe_test

import (
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
	"tpe/pe"
)

// fusionMachine evaluates the products of a beat for n beats at once.
func fusionMachine(t *testing.T, n int) *eval.Machine {
	t.Helper()
	cell := hw.New("cell", "")
	x, y := cell.In("x_i", pe.FusionBits), cell.In("y_i", pe.FusionBits)
	cell.Out("sum_o", pe.Fusion{}.MAC(cell, []hw.ID{cell.Const(24, 0)}, x, y)[0])
	inner, err := cell.Build()
	if err != nil {
		t.Fatal(err)
	}
	b := hw.New("top", "")
	beat := b.Axis("beat", n)
	b.Out("sum_o", b.Inst("cell", inner, hw.Ports{"x_i": b.In("x_i", pe.FusionBits, beat), "y_i": b.In("y_i", pe.FusionBits, beat)}, beat)["sum_o"])
	_, m := machineOf(t, b)
	return m
}

// TestFusion checks every pair of operands of every two formats of 2, 4 and 8 bits at
// every place of a beat, and the widths between on as many pairs; the other places hold
// other pairs.
func TestFusion(t *testing.T) {
	large, small := 1<<16, 1<<12
	machines := map[int]*eval.Machine{large: fusionMachine(t, large), small: fusionMachine(t, small)}
	rng := rand.New(rand.NewPCG(3, 5))
	for _, a := range []int{2, 3, 4, 8} {
		for _, b := range []int{2, 4, 5, 8} {
			for signs := range 4 {
				fa, fb := numeric.Int{Bits: a, Signed: signs&1 > 0}, numeric.Int{Bits: b, Signed: signs&2 > 0}
				n := small
				if a == 8 && b == 8 {
					n = large
				}
				checkFusion(t, machines[n], n, fa, fb, rng)
			}
		}
	}
}

func checkFusion(t *testing.T, m *eval.Machine, n int, fa, fb numeric.Int, rng *rand.Rand) {
	f := pe.FusionFactor(fa.Bits, fb.Bits)
	offset := make([]int, f)
	for i := range offset {
		offset[i] = rng.IntN(n)
	}
	xs, ys, want := make([]uint64, n), make([]uint64, n), make([]int64, n)
	x, y := make([]int64, f), make([]int64, f)
	for beat := range n {
		for i := range f {
			pair := int64(beat+offset[i]) & int64(n-1)
			x[i], y[i] = fa.Wrap(pair), fb.Wrap(pair>>fa.Bits)
			want[beat] += x[i] * y[i]
		}
		xs[beat], ys[beat] = pe.FusionWord(x, fa, fb, false), pe.FusionWord(y, fb, fa, true)
	}
	m.Set(0, xs)
	m.Set(1, ys)
	m.Settle()
	got := make([]uint64, n)
	m.Get(0, got)
	for beat, w := range got {
		if v := hw.SignExtend(w, 24); v != want[beat] {
			t.Fatalf("%s x %s, beat %d: %d, want %d", fa, fb, beat, v, want[beat])
		}
	}
}
