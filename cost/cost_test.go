package cost_test

import (
	"math"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/cost"
	"tpe/cost/liberty"
	"tpe/cost/memory"
	"tpe/cost/synth"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
)

// flow prepares a quick flow on OSU018.
func flow(t testing.TB, recipe synth.Recipe, seeds int) *cost.Flow {
	t.Helper()
	tools := tooltest.Need(t, tool.Yosys, tool.OSU018)
	lib, err := liberty.Load(tools[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := cost.NewFlow(t.Context(), lib, recipe, seeds, 180, memory.LOP)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func engine(t testing.TB, name string, set ...string) *arch.Engine {
	t.Helper()
	c, err := arch.Load(name, set)
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// job is a multiplication with random operands, after a reset.
func job(t testing.TB, e *arch.Engine, s arch.Shape) drive.Play {
	t.Helper()
	plan, err := e.Plan(s)
	if err != nil {
		t.Fatal(err)
	}
	var o arch.Operands
	x := uint64(1)
	for _, want := range e.Matrices(s) {
		d := numeric.NewDense(want.Rows, want.Cols)
		least, most := want.Format.Range()
		for i := range d.Data {
			x = x*6364136223846793005 + 1442695040888963407
			d.Data[i] = int32(least + int64(x>>33)%(most-least+1))
		}
		o.Put(want, d)
	}
	play, err := plan.Play(o)
	if err != nil {
		t.Fatal(err)
	}
	play.Reset, play.Limit = 2, 100000
	return play
}

// TestEngines makes gates of small engines and runs a job on them: the gates of every
// piece compute what the graph computes in every cycle (or Energy fails), every total is the
// sum of its rows, and the critical path adds up.
func TestEngines(t *testing.T) {
	f := flow(t, synth.Area, 1)
	for _, p := range arch.Representatives() {
		if p.Name != "systolic-os" && p.Name != "cube-opt1" && !tooltest.IsDeep() {
			continue // make deep has all of them
		}
		t.Run(p.Name, func(t *testing.T) { checkEngine(t, f, p.Name) })
	}
}

func checkEngine(t *testing.T, f *cost.Flow, name string) {
	c, err := arch.Load(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	var set []string
	if small := c.SmallSizes(); len(small) > 0 {
		set = small[0]
	}
	e := engine(t, name, set...)
	d, err := f.Engine(t.Context(), e.Top)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Report(name, e.MACsPerCycle())
	if err != nil {
		t.Fatal(err)
	}
	sum, parts, ffs := 0.0, 0.0, 0
	for _, x := range r.Area {
		sum += float64(x.Count) * (x.Gates + x.Flops + x.Macro)
		ffs += x.Count * x.FFs
	}
	for _, x := range r.ByPart {
		parts += x.Gates + x.Flops + x.Macro
	}
	if !near(sum, r.AreaUM2) || !near(parts, r.AreaUM2) || ffs != r.FlipFlops {
		t.Errorf("area %g, rows %g, parts %g; %d flip-flops, rows %d", r.AreaUM2, sum, parts, r.FlipFlops, ffs)
	}
	path := r.Timing.Path
	at := 0.0
	for _, s := range path {
		at += s.Delay
		if !near(s.At, at) {
			t.Fatalf("path at %+v: the delays add up to %g", s, at)
		}
	}
	if len(path) < 3 || !near(at, r.Timing.Period) {
		t.Errorf("path of %d points ends at %g, period %g", len(path), at, r.Timing.Period)
	}
	one := e.Extent()
	s := arch.Shape{M: one.M + 1, N: one.N + 1, K: 2*one.K + 1}
	en, err := d.Energy(t.Context(), job(t, e, s), s.MACs(), r.Timing.Period)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Energy(t.Context(), drive.Play{}, 1, 1); err == nil {
		t.Error("a job without a reset has an energy")
	}
	// Integer PEs stay below 4; a float multiplication, alignment and addition in one cycle has deeper logic.
	if len(en.Rows) != len(r.Area) || en.GlitchPE < 1 || en.GlitchPE > 8 {
		t.Errorf("%d rows, glitch factor %g", len(en.Rows), en.GlitchPE)
	}
	total := 0.0
	for _, x := range en.Rows {
		if x.Multiply < 0 || x.Accumulate < 0 || x.Registers < 0 || x.Control < 0 || x.Glitch < 0 || x.Clock < 0 || x.SRAM < 0 || x.Leakage < 0 {
			t.Errorf("negative energy: %+v", x)
		}
		if x.Part == cost.PartPE && x.Data() == 0 {
			t.Errorf("a PE without activity: %+v", x)
		}
		total += x.Total()
	}
	checkFunctions(t, name, en)
	if all := en.Sum(); !near(all.Total(), total) {
		t.Errorf("sum %g, rows %g", all.Total(), total)
	}
	dram, _ := memory.LookupDRAM("hbm2")
	r.AddWorkload(en, "x", "y", "z", 1000*s.MACs(), 1000*en.Cycles, 1e6, dram)
	w := r.Workload
	if engine := total * float64(en.Cycles) * 1000 * 1e-12; !near(w.Engine, engine) || !near(w.Total-w.Engine, 8e6*3.9e-12) {
		t.Errorf("workload of 1000 jobs: %g J and %g J of DRAM, want %g and %g", w.Engine, w.Total-w.Engine, engine, 8e6*3.9e-12)
	}
	// Another mix of MACs and cycles: the rates say what the report says.
	r.AddWorkload(en, "x", "y", "z", 7*s.MACs(), 3*en.Cycles, 0, dram)
	perMAC, perCycle := en.Rates()
	if want := 1e-12 * (perMAC*float64(7*s.MACs()) + perCycle*float64(3*en.Cycles)); math.Abs(r.Workload.Engine/want-1) > 1e-9 {
		t.Errorf("by rates %g J, by the report %g J", want, r.Workload.Engine)
	}
}

// checkFunctions holds what the energy of data is parted into: all engines multiply and
// accumulate, and those whose structure is plain do it where it is known to happen.
func checkFunctions(t *testing.T, name string, en *cost.Energy) {
	t.Helper()
	var pe, rest cost.EnergyParts
	for _, x := range en.Rows {
		to := &rest
		if x.Part == cost.PartPE {
			to = &pe
		}
		to.Multiply += x.Multiply
		to.Accumulate += x.Accumulate
		to.Control += x.Control
	}
	if pe.Control != 0 || rest.Multiply != 0 || pe.Multiply+pe.Accumulate == 0 || rest.Control == 0 {
		t.Errorf("PEs %+v, the rest %+v", pe, rest)
	}
	switch name {
	case "systolic-os", "systolic-ws", "systolic-os-opt1", "matrix2d", "cube":
		if pe.Multiply < pe.Accumulate/4 || pe.Accumulate < pe.Multiply/4 {
			t.Errorf("PEs multiply with %g pJ and accumulate with %g", pe.Multiply, pe.Accumulate)
		}
	case "tree": // its PEs add products of one cycle; sums run behind them
		if pe.Accumulate != 0 || rest.Accumulate == 0 {
			t.Errorf("PEs of the tree accumulate with %g pJ, the rest with %g", pe.Accumulate, rest.Accumulate)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b)+1e-6 }

// TestMonotone holds that more PEs and wider operands never take less area or leakage.
func TestMonotone(t *testing.T) {
	f := flow(t, synth.Area, 1)
	measure := func(set ...string) float64 {
		e := engine(t, "systolic-os", set...)
		d, err := f.Engine(t.Context(), e.Top)
		if err != nil {
			t.Fatal(err)
		}
		return d.Area()
	}
	last := 0.0
	for _, size := range [][2]string{{"2", "2"}, {"2", "3"}, {"3", "3"}, {"3", "8"}, {"8", "8"}} {
		a := measure("rows="+size[0], "cols="+size[1])
		if a < last {
			t.Errorf("%sx%s PEs take %g um^2, fewer took %g", size[0], size[1], a, last)
		}
		last = a
	}
	last = 0
	for _, width := range []string{"int2", "int4", "int8", "int12"} {
		a := measure("rows=2", "cols=2", "a="+width, "b="+width)
		if a < last {
			t.Errorf("%s takes %g um^2, the width before took %g", width, a, last)
		}
		last = a
	}
}

// TestDeterministic holds that two runs give the same figures.
func TestDeterministic(t *testing.T) {
	f := flow(t, synth.Area, 1)
	e := engine(t, "systolic-os", "rows=2", "cols=3")
	var sums [2]float64
	for i := range sums {
		d, err := f.Engine(t.Context(), e.Top)
		if err != nil {
			t.Fatal(err)
		}
		s := arch.Shape{M: 3, N: 4, K: 20}
		en, err := d.Energy(t.Context(), job(t, e, s), s.MACs(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		all := en.Sum()
		sums[i] = d.Area() + all.Total()
	}
	if sums[0] != sums[1] {
		t.Errorf("two runs: %v and %v", sums[0], sums[1])
	}
}

func TestFlowErrors(t *testing.T) {
	tools := tooltest.Need(t, tool.Yosys, tool.OSU018)
	lib, err := liberty.Load(tools[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		recipe synth.Recipe
		seeds  int
		want   string
	}{{"small", 1, `recipe: unknown: "small"`}, {synth.Area, 0, "0 seeds"}} {
		if _, err := cost.NewFlow(t.Context(), lib, tt.recipe, tt.seeds, 180, memory.LOP); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewFlow(%s, %d) = %v, want %s", tt.recipe, tt.seeds, err, tt.want)
		}
	}
}

// TestOPT1AgainstMAC holds the figures of DEVIATIONS.md on compressed accumulation: clock and
// PE area of the output-stationary array against plain MACs, OSU018, recipe balanced.
func TestOPT1AgainstMAC(t *testing.T) {
	f := flow(t, synth.Balanced, 1)
	measure := func(name string) (period, area float64) {
		e := engine(t, name, "rows=2", "cols=2")
		d, err := f.Engine(t.Context(), e.Top)
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Report(name, e.MACsPerCycle())
		if err != nil {
			t.Fatal(err)
		}
		return r.Timing.Period, r.ByPart[0].AreaUM2
	}
	macPeriod, macArea := measure("systolic-os")
	period, area := measure("systolic-os-opt1")
	t.Logf("MAC %.0f ps, OPT1 %.0f ps: %.2f; PE area %.2f times", macPeriod, period, macPeriod/period, area/macArea)
	if r := macPeriod / period; r < 1.55 || r > 1.75 {
		t.Errorf("clock of OPT1 %.2f times that of MAC, DEVIATIONS.md has 1.65", r)
	}
	if r := area / macArea; r < 1.33 || r > 1.5 {
		t.Errorf("PE area of OPT1 %.2f times that of MAC, DEVIATIONS.md has 1.41", r)
	}
}

// TestANFMAAgainstFMA holds the areas of DEVIATIONS.md F13 and F14: PEs of approximate normalisation beside exact ones,
// the skewed FMA beside the plain one. OSU018, recipe balanced.
func TestANFMAAgainstFMA(t *testing.T) {
	tooltest.Deep(t, "five syntheses of PEs of floats")
	f := flow(t, synth.Balanced, 1)
	area := func(name string, set ...string) float64 {
		d, err := f.Engine(t.Context(), engine(t, name, append(set, "rows=1", "cols=1", "acc_rows=2")...).Top)
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Report(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		return r.ByPart[0].AreaUM2
	}
	exact := area("anfma-bf16", "norm=exact")
	for _, tt := range []struct {
		name       string
		of, is     float64
		least, top float64
	}{
		{"an-1-2 of exact normalisation", exact, area("anfma-bf16"), 0.93, 0.98},
		{"no normalisation of exact", exact, area("anfma-bf16", "norm=none"), 0.87, 0.93},
		{"anfma of fma", area("fma-bf16"), area("anfma-bf16"), 0.57, 0.63},
		{"skewed of plain fma", area("fma-bf16"), area("fma-skew-bf16"), 0.98, 1.04},
	} {
		r := tt.is / tt.of
		t.Logf("%s: %.3f of the PE's area", tt.name, r)
		if r < tt.least || r > tt.top {
			t.Errorf("%s: %.3f of the PE's area (DEVIATIONS.md says %g to %g)", tt.name, r, tt.least, tt.top)
		}
	}
}

// TestMixPEAgainstMAC holds the area of docs/engines/mixpe.md and DEVIATIONS.md S5: the PE of MixPE W4A8 against the
// plain int8 one, OSU018, recipe balanced.
func TestMixPEAgainstMAC(t *testing.T) {
	f := flow(t, synth.Balanced, 1)
	area := func(name string, set ...string) float64 {
		d, err := f.Engine(t.Context(), engine(t, name, set...).Top)
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Report(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		return r.ByPart[0].AreaUM2 / 4
	}
	mac, mix := area("systolic-os", "rows=2", "cols=2"), area("mixpe-w4a8", "rows=2", "cols=2", "scalers=1")
	t.Logf("PE of MAC %.0f um^2, of MixPE %.0f: %.2f", mac, mix, mac/mix)
	if r := mac / mix; r < 1.95 || r > 2.2 {
		t.Errorf("PE of MAC %.2f times the area of that of MixPE, the page has 2.07", r)
	}
}

// TestLUTSteps holds the areas of docs/engines/lut.md and DEVIATIONS.md L9: units and tables of the four steps from an
// UNPU-like engine to LUT Tensor Core, OSU018, recipe area.
func TestLUTSteps(t *testing.T) {
	f := flow(t, synth.Area, 1)
	area := func(name string, set ...string) (sum float64) {
		d, err := f.Engine(t.Context(), engine(t, name, append(set, "acc_bits=20")...).Top)
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Report(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range r.Area {
			if row.Module == "lut_unit" || row.Module == "lut_table" {
				sum += row.Area
			}
		}
		return sum
	}
	first := area("unpu-w2a8")
	for _, tt := range []struct {
		want float64
		set  []string
	}{{0.789, []string{"precompute=inside", "remap=hardware"}}, {0.780, []string{"precompute=inside"}}, {0.741, nil}} {
		if r := area("lut-w2a8", tt.set...) / first; math.Abs(r-tt.want) > 0.02 {
			t.Errorf("lut-w2a8 %v: %.3f of the area of unpu-w2a8, DEVIATIONS.md has %.3f", tt.set, r, tt.want)
		}
	}
}
