package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tpe/cost"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

func TestCost(t *testing.T) {
	tooltest.Need(t, tool.Yosys, tool.OSU018)
	args := []string{"cost", "--engine", "systolic-os", "--set", "rows=2", "--set", "cols=2", "--recipe", "area", "--seeds", "1", "--workload", "gemm:64x64x64"}
	code, stdout, stderr := tpe(t, append(args, "--json")...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	var r cost.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	w := r.Workload
	if r.PeakMACs != 4 || w.MACs != 64*64*64 || r.Technology != "osu018_stdcells" || len(r.Energy.Rows) != len(r.Area) {
		t.Errorf("report %+v", r)
	}
	sum := 0.0
	for _, x := range w.Rows {
		sum += x.J
		if x.Method == "" || x.Error == "" {
			t.Errorf("no method or error beside %+v", x)
		}
	}
	if math.Abs(sum-w.Total) > 1e-9*sum || w.PJPerMAC <= 0 || r.FreqMHz < 50 || r.FreqMHz > 1000 {
		t.Errorf("parts %g J, total %g J, %g pJ/MAC, %g MHz", sum, w.Total, w.PJPerMAC, r.FreqMHz)
	}
	code, again, _ := tpe(t, append(args, "--json")...)
	if code != exitOK || again != stdout {
		t.Error("a second run printed something else")
	}
	code, text, stderr := tpe(t, append(args, "--path")...)
	for _, want := range []string{"least period", "setup of DFFPOSX1", "TOPS/W", "compulsory bytes, lpddr4", "gates without delays, with glitches"} {
		if code != exitOK || !strings.Contains(text, want) {
			t.Errorf("exit %d %s, no %q in\n%s", code, stderr, want, text)
		}
	}
	code, csv, _ := tpe(t, append(args, "--csv")...)
	if lines := strings.Count(csv, "\n"); code != exitOK || lines != len(r.Area)+1 {
		t.Errorf("exit %d, %d lines of CSV, want %d", code, lines, len(r.Area)+1)
	}
}

// TestCostEverywhere holds that run and gen print the figures of tpe cost.
func TestCostEverywhere(t *testing.T) {
	dir := t.TempDir()
	figures := func(cost any) string {
		t.Helper()
		list := cost.(map[string]any)["figures"].([]any)
		if len(list) < 4 {
			t.Fatalf("figures %v", list)
		}
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	engine := []string{"--engine", "systolic-os", "--set", "rows=2", "--set", "cols=2", "--tech", "unit"}
	output := func(args ...string) string {
		t.Helper()
		code, out, errs := tpe(t, append(args, engine...)...)
		if code != exitOK {
			t.Fatalf("%v: exit %d: %s", args, code, errs)
		}
		return out
	}
	picture := filepath.Join(dir, "cost.svg")
	want := figures(object(t, output("cost", "--workload", "gemm:9x8x70", "--data", "normal:20", "--json", "--svg", picture)))
	run := object(t, output("run", "--workload", "gemm:9x8x70", "--data", "normal:20", "--cost", "--json"))
	if got := figures(run["cost"]); got != want || number(t, run["total"], "mismatches") != 0 {
		t.Errorf("run:  %s\ncost: %s", got, want)
	}
	if text := output("run", "--workload", "gemm:9x8x70", "--cost"); !strings.Contains(text, "energy of a MAC") {
		t.Errorf("no figures in\n%s", text)
	}
	svg, err := os.ReadFile(picture)
	if err != nil || !strings.Contains(string(svg), "Energy of gemm:9x8x70") {
		t.Errorf("picture: %v, %s", err, svg)
	}
	want = figures(object(t, output("cost", "--json")))
	out := filepath.Join(dir, "gen")
	if text := output("gen", "--out", out, "--cost"); !strings.Contains(text, "least period") {
		t.Errorf("no figures in\n%s", text)
	}
	text, err := os.ReadFile(filepath.Join(out, "cost.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := figures(object(t, string(text))); got != want {
		t.Errorf("gen:  %s\ncost: %s", got, want)
	}
	for _, cmd := range []string{"run", "gen"} {
		if code, _, errs := tpe(t, cmd, "--engine", "bitlet", "--cost", "--tech", "unit", "--workload", "gemm:8x8x8"); code != exitBadInput {
			t.Errorf("%s of an engine without hardware: exit %d, %s", cmd, code, errs)
		}
	}
}
