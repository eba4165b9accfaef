package sweep

import (
	"context"
	"math"
	"path/filepath"
	"testing"
)

// priceOf prices engines by their peak alone.
func priceOf(peak int) Price {
	return Price{AreaUM2: 100 * float64(peak), FmaxMHz: 300, PJPerMAC: 2, PJPerCycle: 7, PJPerByte: 11}
}

// The totals that a search goes by and those of the store's view are the same, for every metric.
func TestTotalsAgree(t *testing.T) {
	s, err := Parse("s.yaml", []byte("engines: [systolic-ws, opt4c]\nworkloads: [resnet18, \"gemm:100x50x200\", \"gemm:3x5x7\"]\ndata: normal:32\ncost: {tech: osu018, energy: true, freq: max}\n"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "x")
	st, err := Create(dir, s, s.NewPlan("test", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ev, err := s.Unpriced().NewEvaluator(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Size() {
		list, err := ev.Evaluate(context.Background(), s.At(i))
		if err != nil {
			t.Fatal(err)
		}
		for j := range list {
			r, p := &list[j], priceOf(list[j].Peak)
			r.AreaUM2, r.FmaxMHz, r.FreqMHz = p.AreaUM2, p.FmaxMHz, p.FmaxMHz
			r.EnergyJ = 1e-12 * (float64(r.MACs)*p.PJPerMAC + r.Cycles*p.PJPerCycle + float64(r.Bytes)*p.PJPerByte)
		}
		if err := st.Put([]Row{{Index: i, Status: StatusOK, Results: list}}); err != nil {
			t.Fatal(err)
		}
		sum := together(list)
		for _, m := range s.Known() {
			got, err := st.Scores([]string{m.Name}, "")
			if err != nil {
				t.Fatal(err)
			}
			if want, have := m.Value(&sum), got[i].Values[0]; !(math.Abs(have/want-1) < 1e-12) {
				t.Errorf("point %d, %s: the view has %v, the search %v", i, m.Name, have, want)
			}
		}
		back, err := st.row(i)
		if err != nil {
			t.Fatal(err)
		}
		if again := together(back.Results); again != sum {
			t.Errorf("point %d comes back as %+v, was %+v", i, again, sum)
		}
	}
}
