package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/golden"
	"tpe/internal/tool/tooltest"
	"tpe/report/compare"
)

// TestComparePage prints the examples of docs/compare.md.
func TestComparePage(t *testing.T) {
	example := func(line string) string {
		code, out, errs := tpe(t, strings.Fields(line)[1:]...)
		if code != exitOK {
			t.Fatalf("%s: exit %d: %s", line, code, errs)
		}
		return "```\n$ " + line + "\n" + out + "```\n"
	}
	golden.Blocks(t, "../../docs/compare.md", map[string]string{
		"compare": example("tpe compare --engine systolic-ws --engine opt4c --workload resnet18 --data normal:32 --bandwidth 64"),
		"diff":    example("tpe diff resnet18 resnet50 --engine systolic-ws --top 6"),
	})
}

func TestCompareForms(t *testing.T) {
	dir := t.TempDir()
	page, md := filepath.Join(dir, "c.html"), filepath.Join(dir, "c.md")
	args := []string{"compare", "--engine", "systolic-ws:rows=8:cols=8", "--engine", "matrix2d:rows=8:cols=8", "--baseline", "matrix2d:rows=8:cols=8",
		"--workload", "gemm:64x64x64", "--workload", "gemm:65x1x64", "--tech", "osu018", "--iso", "area", "--freq", "max"}
	code, text, errs := tpe(t, append(args, "--html", page, "--markdown="+md, "--json")...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var r compare.Report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	s := r.Workloads[0]
	if r.Baseline != args[6] || s.Copies[1] != 1 || s.Copies[0] == 1 || s.Total.Cells[0].EnergyJ <= 0 || r.Engines[0].AreaUM2 <= 0 {
		t.Errorf("baseline %s, copies %v, energy %v, area %v", r.Baseline, s.Copies, s.Total.Cells[0].EnergyJ, r.Engines[0].AreaUM2)
	}
	for path, want := range map[string]string{page: "<!doctype html>", md: "# Comparison against matrix2d"} {
		b, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(b), want) {
			t.Errorf("%s: %v, begins with %.40q", path, err, b)
		}
	}
	_, text, _ = tpe(t, append(args, "--csv")...)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 1+2*2*2 {
		t.Errorf("%d rows, %v; want a heading and two workloads of a group and a total on two engines", len(rows), err)
	}
}

func TestCompareLimits(t *testing.T) {
	args := []string{"compare", "--engine", "systolic-ws", "--engine", "systolic-ws:cols=16", "--workload", "gemm:256x256x256", "--fail-if"}
	if code, _, errs := tpe(t, append(args, "cycles>+2%")...); code != exitCheckFailed || !strings.Contains(errs, "cycles of systolic-ws:cols=16 on gemm:256x256x256: +") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := tpe(t, append(args, "cycles>+150%")...); code != exitOK {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestCompareBad holds flag sets that must be refused.
func TestCompareBad(t *testing.T) {
	args := []string{"compare", "--engine", "systolic-ws", "--engine", "systolic-os", "--workload", "gemm:8x8x8"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{append(args, "--by", "colour"), `--by: unknown value: "colour" (expected op, shape, layer or phase)`},
		{append(args, "--iso", "area"), "--iso: the area of systolic-ws is not known (expected --tech or --liberty)"},
		{append(args, "--baseline", "x"), `--baseline: not among the engines: "x" (expected systolic-ws or systolic-os)`},
		{append(args, "--fail-if", "beauty>1%"), `--fail-if: unknown metric: "beauty"`},
		{append(args, "--fail-if", "energy>1%"), "--fail-if: the energy of systolic-ws is not known"},
		{append(args, "--freq", "fast"), `--freq: not a clock: "fast" (expected 1..100000 MHz or max)`},
		{append(args, "--freq", "max"), "--freq: the least period is not known"},
		{append(args, "--engine", "systolic-ws"), `--engine: given twice: "systolic-ws" (expected different names)`},
		{append(args, "--engine", "systolic-ws:rows=0"), "rows: out of range: 0"},
		{append(args, "--tech", "osu018", "--engine", "bitlet"), "bitlet has no hardware to be priced"},
		{append(args, "--tech", "osu019"), "--tech: "},
		{[]string{"diff", "gemm:8x8x8", "gemm:8x8", "--engine", "systolic-ws"}, `"gemm:8x8"`},
		{[]string{"diff", "gemm:8x8x8", "gemm:8x8x9", "--engine", "systolic-ws", "--top=-1"}, "--top: out of range: -1"},
	} {
		if code, out, errs := tpe(t, c.args...); code != exitBadInput || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%q: exit %d\n%s\nwant %s", c.args, code, errs, c.want)
		}
	}
}

func TestEngineSpec(t *testing.T) {
	for spec, want := range map[string][]string{
		"opt4c":             {"opt4c"},
		"opt4c:rows=8:pe=x": {"opt4c", "rows=8", "pe=x"},
		`C:\e.yaml:rows=8`:  {`C:\e.yaml`, "rows=8"},
	} {
		name, set := engineSpec(spec)
		if d := cmp.Diff(want, append([]string{name}, set...)); d != "" {
			t.Errorf("%s (-want +got):\n%s", spec, d)
		}
	}
}

// TestDataDiff holds the pair of traces of Holistic Trace Analysis to its published operators
// and MACs.
func TestDataDiff(t *testing.T) {
	before := tooltest.Data(t, "kineto/hta_trace_diff_control_control.filtered.json.gz")
	after := tooltest.Data(t, "kineto/hta_trace_diff_test_test.filtered.json.gz")
	code, text, errs := tpe(t, "diff", before, after, "--engine", "systolic-ws", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var d compare.Difference
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	type side struct {
		calls    int64
		products int
		gmac     int64
	}
	var got []side
	for _, x := range d.Totals {
		got = append(got, side{x.Calls, x.Shapes, (x.MACs + 5e8) / 1e9})
	}
	if want := []side{{1776, 142, 1034}, {456, 19, 78}}; !cmp.Equal(want, got, cmp.AllowUnexported(side{})) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
