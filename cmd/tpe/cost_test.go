package main

import (
	"encoding/json"
	"math"
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
	sum := w.DataJ + w.Glitch + w.Clock + w.Access + w.Leakage + w.DRAM
	if math.Abs(sum-w.Total) > 1e-9*sum || w.PJPerMAC <= 0 || r.FreqMHz < 50 || r.FreqMHz > 1000 {
		t.Errorf("parts %g J, total %g J, %g pJ/MAC, %g MHz", sum, w.Total, w.PJPerMAC, r.FreqMHz)
	}
	code, again, _ := tpe(t, append(args, "--json")...)
	if code != exitOK || again != stdout {
		t.Error("a second run printed something else")
	}
	code, text, stderr := tpe(t, append(args, "--path")...)
	for _, want := range []string{"least period", "setup of DFFPOSX1", "TOPS/W", "DRAM (lpddr4, published"} {
		if code != exitOK || !strings.Contains(text, want) {
			t.Errorf("exit %d %s, no %q in\n%s", code, stderr, want, text)
		}
	}
	code, csv, _ := tpe(t, append(args, "--csv")...)
	if lines := strings.Count(csv, "\n"); code != exitOK || lines != len(r.Area)+1 {
		t.Errorf("exit %d, %d lines of CSV, want %d", code, lines, len(r.Area)+1)
	}
}
