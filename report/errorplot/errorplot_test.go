package errorplot_test

import (
	"fmt"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
	"tpe/report/chart"
	"tpe/report/errorplot"
	"tpe/sim"
	"tpe/workloads"
)

//go:generate go test -run Page$ . -update

// figures are the error plots of the pages: presets with settings of arrays that are stepped quickly, which do
// not change the arithmetic.
var figures = []struct {
	file, title, data string
	rows, mostK       int        // of A; 16 columns of B; K from 16 on
	engines           [][]string // preset and its settings
}{
	{"error-blockfma.svg", "Tensor cores, normal data", "normal:1", 16, 16384, [][]string{
		{"tc-v100-fp16-f32"}, {"tc-a100-bf16-f32"}, {"tc-a100-tf32-f32"}, {"tc-h100-fp16-f16"}, {"tc-h100-e4m3-f32"}, {"tc-ada-e5m2-f32"}, {"tc-h100-e4m3-f16-mma"}}},
	{"error-blocks.svg", "Block formats, normal data", "a=normal:1,b=normal:2", 16, 512, [][]string{
		{"mx-e4m3"}, {"nvfp4"}, {"figna"}, {"figna", "align=12"}, {"figna", "align=8"}}},
	{"error-fma.svg", "Multiply-add of floats, normal data", "normal:1", 16, 512, [][]string{
		{"fma-bf16", "cols=8"}, {"fma-skew-bf16", "cols=8", "acc=bf16"}, {"fma-fp16", "cols=8"},
		{"anfma-bf16", "cols=8"}, {"anfma-bf16", "cols=8", "norm=none"}, {"fma-e4m3", "cols=8", "result=bf16"}}},
	{"error-addmul.svg", "Products by addition into FP32, normal data", "normal:1", 16, 1024, [][]string{
		{"lmul-bf16", "cols=16"}, {"lmul-eq-bf16", "cols=16"}, {"pam-bf16", "cols=16"}, {"lmul-e4m3", "cols=16"},
		{"fp8add-e4m3", "cols=16"}}},
	{"error-lut.svg", "Lookup engine with rounded tables, normal activations", "a=normal:4096,b=full", 16, 2048, [][]string{
		{"lut-w2a16"}, {"lut-w2a16", "table_bits=12"}}},
	{"error-lut-fp16.svg", "Lookup engine on floats, normal activations", "a=normal:1,b=full", 16, 512, [][]string{
		{"lut-fp16"}, {"lut-fp16", "float_units=published"}, {"lut-fp16", "result=fp32"}}},
	{"error-mixpe.svg", "MixPE on floats, normal activations", "a=normal:1,b=full", 16, 512, [][]string{
		{"mixpe-w4a16"}, {"mixpe-w4a16", "result=fp16"}, {"mixpe-w4a16", "result=fp16", "group=32"}}},
	{"error-maddness.svg", "MADDNESS, 64 rows of normal data", "normal:20", 64, 2048, [][]string{{"maddness"}, {"maddness", "width=1", "lut_bits=16"}}},
}

// run steps an engine and returns its report, named by the preset and what of its arithmetic was set.
func run(t *testing.T, rows, mostK int, data string, engine ...string) *sim.Report {
	t.Helper()
	cfg, err := arch.Load(engine[0], engine[1:])
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w, err := workloads.Lookup(fmt.Sprintf("gemm:%dx16x16..%d", rows, mostK))
	if err != nil {
		t.Fatal(err)
	}
	d, err := workloads.ParseDataSet(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sim.Run(t.Context(), e, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckSample, Executor: sim.Lanes, Data: d, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Total.Failed() || r.Total.Checked == 0 {
		t.Fatalf("%s: %+v", e.Name, r.Total)
	}
	label := []string{}
	for _, s := range engine {
		if !strings.HasPrefix(s, "cols=") { // of the array
			label = append(label, s)
		}
	}
	r.Engine = strings.Join(label, " ")
	return r
}

// TestErrorsPage makes the error plots of the pages, of words of the stepped graphs.
func TestErrorsPage(t *testing.T) {
	for _, f := range figures {
		t.Run(f.file, func(t *testing.T) {
			var reports []*sim.Report
			for _, engine := range f.engines {
				reports = append(reports, run(t, f.rows, f.mostK, f.data, engine...))
			}
			p, err := errorplot.Plot(f.title, reports)
			if err != nil {
				t.Fatal(err)
			}
			svg, err := chart.Render(p, 480, 280, chart.SVG)
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, "../../docs/img/"+f.file, svg)
		})
	}
}

// TestEveryApproximateEngine wants each preset that is not exact, tensor cores of the same arithmetic apart, in a figure.
func TestEveryApproximateEngine(t *testing.T) {
	shown := map[string]bool{}
	for _, f := range figures {
		for _, e := range f.engines {
			shown[e[0]] = true
		}
	}
	for _, p := range arch.Presets() {
		if !p.Config.Exact() && !shown[p.Name] && !p.Minor {
			t.Errorf("%s is approximate and in no error plot", p.Name)
		}
	}
}

// TestPlotOfNothing wants an error where there is nothing to draw.
func TestPlotOfNothing(t *testing.T) {
	if _, err := errorplot.Plot("nothing", []*sim.Report{{Layers: []sim.Layer{{K: 16}}}}); err == nil {
		t.Error("reports without errors are drawn")
	}
}
