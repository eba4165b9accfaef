package arrayview_test

import (
	"strings"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/report/arrayview"
)

// play is a job of ones.
func play(t *testing.T, e *arch.Engine, s arch.Shape) drive.Play {
	t.Helper()
	plan, err := e.Plan(s)
	if err != nil {
		t.Fatal(err)
	}
	var o arch.Operands
	for _, m := range e.Matrices(s) {
		d := numeric.NewDense(m.Rows, m.Cols)
		for i := range d.Data {
			d.Data[i] = 1
		}
		o.Put(m, d)
	}
	p, err := plan.Play(o)
	if err != nil {
		t.Fatal(err)
	}
	p.Reset, p.Limit = 2, 1000
	return p
}

// An output-stationary array of ones: every element is busy, later the farther it is from the corner; its
// accumulator holds K in the end.
func TestRecord(t *testing.T) {
	cfg, err := arch.Load("systolic-os", []string{"rows=3", "cols=4"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	v, err := arrayview.Record(e.Flat, play(t, e, arch.Shape{M: 3, N: 4, K: 9}), "systolic-os", "gemm 3x4x9")
	if err != nil {
		t.Fatal(err)
	}
	if v.Rows != 3 || v.Cols != 4 || v.RowName != "row" || v.ColName != "col" || int64(len(v.States)) < e.Cycles(arch.Shape{M: 3, N: 4, K: 9}, nil) {
		t.Fatalf("%d x %d of %s, %s, %d cycles", v.Rows, v.Cols, v.RowName, v.ColName, len(v.States))
	}
	first := func(element int) int {
		for c, s := range v.States {
			if s[element] == arrayview.Busy {
				return c
			}
		}
		return -1
	}
	if a, b := first(0), first(11); a < 0 || b != a+2+3 {
		t.Errorf("the first element is busy in cycle %d, the last in %d; want 5 later", a, b)
	}
	most := uint64(0)
	for _, r := range v.Registers {
		if len(r.Values) != len(v.States) {
			t.Errorf("%s has %d cycles of %d", r.Name, len(r.Values), len(v.States))
		}
		if strings.Contains(r.Name, "sum") {
			for _, c := range r.Values {
				most = max(most, c[11])
			}
		}
	}
	if most != 9 {
		t.Errorf("the last accumulator reaches %d, want 9", most)
	}
	if s := v.States[len(v.States)-1]; strings.ContainsRune(s, arrayview.Stall) {
		t.Errorf("the last cycle stalls: %s", s)
	}
}
