package compare_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/report/compare"
	"tpe/workloads"
)

// engine is a small preset.
func engine(t *testing.T, name string, set ...string) compare.Engine {
	t.Helper()
	cfg, err := arch.Load(name, set)
	if err != nil {
		t.Fatal(err)
	}
	return compare.Engine{Engine: &arch.Engine{Config: cfg}}
}

// work is a workload of rows NAME OP M N K COUNT.
func work(name string, rows ...workloads.GEMM) workloads.Workload {
	return workloads.Workload{Name: name, Layers: rows}
}

func row(op, name string, m, n, k, count int) workloads.GEMM {
	g := workloads.NewGEMM(name, m, n, k)
	g.Op, g.Count = op, count
	return g
}

func options(t *testing.T, by string) compare.Options {
	t.Helper()
	data, err := workloads.ParseDataSet("normal:32")
	if err != nil {
		t.Fatal(err)
	}
	return compare.Options{By: by, Data: data, Seed: 1, Seeds: 3, Bandwidth: 8}
}

func run(t *testing.T, engines []compare.Engine, works []workloads.Workload, opt compare.Options) *compare.Report {
	t.Helper()
	r, err := compare.Run(context.Background(), engines, works, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Groups add up to totals, shares to one, and the waterfall to the difference.
func TestSums(t *testing.T) {
	engines := []compare.Engine{engine(t, "systolic-ws", "rows=8", "cols=8"), engine(t, "opt4c", "rows=8", "cols=8"), engine(t, "systolic-os", "rows=4", "cols=4")}
	w := work("w", row("conv", "a", 30, 20, 40, 2), row("fc", "b", 1, 50, 64, 1), row("conv", "c", 9, 9, 9, 3))
	for _, by := range []string{compare.ByOp, compare.ByShape, compare.ByLayer, compare.ByPhase} {
		r := run(t, engines, []workloads.Workload{w}, options(t, by))
		s := r.Workloads[0]
		if want := map[string]int{"op": 2, "shape": 3, "layer": 3, "phase": 1}[by]; len(s.Groups) != want {
			t.Errorf("by %s: %d groups, want %d", by, len(s.Groups), want)
		}
		for i := range engines {
			var cycles, share, seconds float64
			for _, g := range s.Groups {
				cycles += g.Cells[i].Cycles
				share += g.Cells[i].Share
				seconds += g.Cells[i].Seconds
			}
			total := s.Total.Cells[i]
			if math.Abs(cycles-total.Cycles) > 1e-6 || math.Abs(share-1) > 1e-9 || math.Abs(seconds-total.Seconds) > 1e-15 {
				t.Errorf("by %s, %s: groups have %v cycles, share %v, %v s; total %+v", by, r.Engines[i].Name, cycles, share, seconds, total)
			}
			sum := 0.0
			for _, x := range r.Waterfall(s, i, 1) {
				sum += x.Delta
			}
			if d := total.Seconds - s.Total.Cells[0].Seconds; math.Abs(sum-d) > 1e-15 {
				t.Errorf("by %s, %s: waterfall %v, difference %v", by, r.Engines[i].Name, sum, d)
			}
		}
	}
}

// An engine against itself is a ratio of exactly one; cycles that depend on data have an
// interval; one engine of half the peak has two copies.
func TestRatios(t *testing.T) {
	ws := engine(t, "systolic-ws", "rows=8", "cols=8")
	w := work("w", row("fc", "b", 64, 64, 64, 1))
	opt := options(t, compare.ByOp)
	opt.Iso = compare.IsoMACs
	r := run(t, []compare.Engine{ws, ws, engine(t, "systolic-ws", "rows=8", "cols=4"), engine(t, "opt4c", "rows=8", "cols=8")}, []workloads.Workload{w}, opt)
	s := r.Workloads[0]
	if d := cmp.Diff([]float64{1, 1, 2, 1}, s.Copies); d != "" {
		t.Errorf("copies (-want +got):\n%s", d)
	}
	if got := s.Total.Cells[1]; got.Ratio != 1 || got.Uncertain || got.High != 0 {
		t.Errorf("against itself: %+v", got)
	}
	half := s.Total.Cells[2]
	if want := half.Cycles / 2 / s.Total.Cells[0].Cycles; math.Abs(half.Ratio-want) > 1e-15 {
		t.Errorf("two copies of half an array: ratio %v, want %v", half.Ratio, want)
	}
	if c := s.Total.Cells[3]; c.Uncertain || !(1 < c.Low && c.Low < c.Ratio && c.Ratio < c.High) {
		t.Errorf("opt4c on normal data: %+v, want an interval above 1", c)
	}
	// Two seeds of the same engine can differ only by data.
	a := run(t, []compare.Engine{engine(t, "opt4c", "rows=8", "cols=8"), engine(t, "opt4c", "rows=8", "cols=8", "freq_mhz=1001")}, []workloads.Workload{w}, options(t, compare.ByOp))
	if c := a.Workloads[0].Total.Cells[1]; c.High != 0 {
		t.Errorf("paired seeds of one engine: %+v, want no spread", c)
	}
}

func TestDiff(t *testing.T) {
	e := engine(t, "systolic-ws", "rows=8", "cols=8")
	before := work("before", row("fc", "same", 8, 8, 8, 2), row("fc", "often", 8, 16, 8, 1), row("fc", "shape", 8, 8, 32, 1), row("conv", "gone", 16, 16, 16, 1))
	after := work("after", row("fc", "same", 8, 8, 8, 2), row("fc", "often", 8, 16, 8, 3), row("fc", "shape", 8, 8, 64, 1), row("bmm", "new", 16, 16, 16, 1))
	d, err := compare.Diff(context.Background(), e, before, after, options(t, compare.ByOp))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var sum int64
	for _, c := range d.Rows {
		got[c.Name] = c.State
		sum += c.Delta
	}
	want := map[string]string{"same": compare.Unchanged, "often": compare.Count, "shape": compare.Shape, "gone": compare.Removed, "new": compare.Added}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if delta := d.Totals[1].Cycles - d.Totals[0].Cycles; sum != delta || d.Delta != delta || math.Abs(d.Work+d.Efficiency-float64(delta)) > 1e-6 {
		t.Errorf("rows %d, delta %d, work %v + efficiency %v; totals differ by %d", sum, d.Delta, d.Work, d.Efficiency, delta)
	}
	wf := 0.0
	for _, s := range d.Waterfall(2) {
		wf += s.Delta
	}
	if wf != float64(d.Delta) {
		t.Errorf("waterfall %v, want %d", wf, d.Delta)
	}
}

func TestLimits(t *testing.T) {
	for _, bad := range []string{"", "cycles", "cycles>2", "cycles>=2%", "beauty>+2%", "cycles>+2% and more"} {
		if _, err := compare.ParseLimit(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	w := work("w", row("fc", "b", 64, 64, 64, 1))
	r := run(t, []compare.Engine{engine(t, "systolic-ws", "rows=8", "cols=8"), engine(t, "systolic-ws", "rows=8", "cols=4")}, []workloads.Workload{w}, options(t, compare.ByOp))
	for text, want := range map[string]int{"cycles>+50%": 1, "cycles>+200%": 0, "cycles<-10%": 0, "time > 0%": 1, "bytes>0%": 0} {
		l, err := compare.ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Exceeded(r); len(got) != want {
			t.Errorf("%s: %q, want %d", text, got, want)
		}
	}
	l, err := compare.ParseLimit("energy>0%")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check([]compare.Engine{engine(t, "systolic-ws")}); err == nil || !strings.Contains(err.Error(), "is not known") {
		t.Errorf("energy without a cost: %v", err)
	}
}

func TestOptions(t *testing.T) {
	e := []compare.Engine{engine(t, "systolic-ws")}
	for _, c := range []struct {
		change func(*compare.Options)
		want   string
	}{
		{func(o *compare.Options) { o.By = "colour" }, `--by: unknown value: "colour" (expected op, shape, layer or phase)`},
		{func(o *compare.Options) { o.Iso = "price" }, `--iso: unknown value: "price" (expected area, power or macs)`},
		{func(o *compare.Options) { o.Iso = "area" }, "--iso: the area of systolic-ws is not known (expected --tech or --liberty)"},
		{func(o *compare.Options) { o.Seeds = 0 }, "--seeds: out of range: 0 (expected 1..1000)"},
	} {
		o := options(t, compare.ByOp)
		c.change(&o)
		if err := o.Check(e); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// A page stands alone, is the same each time, and JSON has no infinities.
func TestPage(t *testing.T) {
	w := []workloads.Workload{work("w", row("fc", "b", 64, 64, 64, 1), row("conv", "<c>", 3, 5, 7, 1)), work("v", row("fc", "b", 1, 64, 64, 1))}
	r := run(t, []compare.Engine{engine(t, "systolic-ws", "rows=8", "cols=8"), engine(t, "opt4c", "rows=8", "cols=8")}, w, options(t, compare.ByLayer))
	if len(r.Geomean) != 2 {
		t.Errorf("geometric means over workloads: %v", r.Geomean)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	var pages [2]bytes.Buffer
	for i := range pages {
		tables := []compare.Table{{Rows: [][]string{{"layer", ">cycles"}, {"<c>", "1"}}}, {Rows: [][]string{{"layer"}, {"b"}}}}
		if err := r.WriteHTML(&pages[i], "tpe compare", tables); err != nil {
			t.Fatal(err)
		}
	}
	text := pages[0].String()
	if text != pages[1].String() {
		t.Error("two pages of one report differ")
	}
	for _, bad := range []string{"src=", "href=", "<c>", "@import", "NaN"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if n := strings.Count(text, "<svg"); n != 6 {
		t.Errorf("%d pictures, want 6", n)
	}
}
