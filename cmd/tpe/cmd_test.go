package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/sim"
	"tpe/verify"
)

// tpe runs a command line and returns its exit status and what it printed.
func tpe(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = execute(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// TestBadFlags holds flag sets that must be refused, with the message expected.
func TestBadFlags(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.csv")
	if err := os.WriteFile(bad, []byte("Layer, M, N, K,\nL0, 4, x, 8,\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := []string{"run", "--engine", "systolic-ws", "--workload", "gemm:4x4x4"}
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"run"}, "--engine: missing (expected a preset, see tpe list engines, or a .yaml file)"},
		{[]string{"run", "--engine", "systolic-ws"}, "--workload: missing (expected a model"},
		{[]string{"run", "--engine", "systolic", "--workload", "gemm:4x4x4"}, `--engine: unknown engine: "systolic"`},
		{[]string{"run", "--engine", "systolic-ws", "--workload", "resnet51"}, `--workload: unknown workload: "resnet51"`},
		{[]string{"run", "--engine", "systolic-ws", "--workload", "gemm:4x4"}, `bad product: "gemm:4x4" (expected gemm:MxNxK`},
		{[]string{"run", "--engine", "systolic-ws", "--workload", "gemm:0x4x4"}, "0"},
		{[]string{"run", "--engine", "systolic-ws", "--workload", bad}, bad + ":2:8: "},
		{[]string{"run", "--engine", "systolic-ws", "--workload", "none.csv"}, "workload file: open none.csv"},
		{append(run, "--fidelity", "fast"), `--fidelity: unknown value: "fast" (expected formula, cycle or rtl)`},
		{append(run, "--check", "some"), `--check: unknown value: "some" (expected all, sample or none)`},
		{append(run, "--data", "gauss"), `--data: `},
		{append(run, "--data", "normal:-1"), `--data: `},
		{append(run, "--executor", "gpu"), `--executor: unknown executor: "gpu"`},
		{append(run, "--bandwidth=-3"), "--bandwidth: out of range: -3"},
		{append(run, "--bandwidth=Inf"), "--bandwidth: out of range: +Inf (expected finite bytes per cycle, 0 for no bound)"},
		{append(run, "--bandwidth=NaN"), "--bandwidth: out of range: NaN"},
		{append(run, "--freq=-3"), "--freq: out of range: -3"},
		{append(run, "--set", "rows"), `--set: not a setting: "rows" (expected key=value)`},
		{append(run, "--set", "rows=many"), `rows: not a whole number: "many"`},
		{append(run, "--set", "rows=0"), "rows: out of range: 0 (expected 1..256)"},
		{append(run, "--set", "overlap=load", "--set", "dataflow=os"), "overlap: nothing is loaded"},
		{append(run, "--seed", "x"), "--seed"},
		{append(run, "--out", "d"), "--out: means nothing without --compat scalesim"},
		{append(run, "--compat", "scalesim", "--fidelity", "cycle"), `--fidelity: means nothing with --compat scalesim: "cycle" (expected formula)`},
		{append(run, "--compat", "scalesim", "--data", "min"), `--data: means nothing with --compat scalesim: "min" (expected full)`},
		{append(run, "--compat", "scalesim", "--vcd", "x.vcd"), `--vcd: means nothing with --compat scalesim: "x.vcd"`},
		{append(run, "--compat", "scalesim", "--bandwidth", "8"), "--bandwidth: means nothing with --compat scalesim: 8"},
		{append(run, "--compat", "timeloop"), `--compat: unknown value: "timeloop" (expected scalesim)`},
		{append(run, "--scalesim-config", "x.cfg"), "--scalesim-config: given together with --engine"},
		{append(run, "--vcd", "w.vcd", "--fidelity", "rtl"), "--vcd: means nothing with --fidelity rtl"},
		{[]string{"run", "--scalesim-config", "none.cfg", "--topology", bad}, "--scalesim-config: open none.cfg"},
		{[]string{"cost", "--engine", "systolic-ws", "--liberty", "none.lib"}, "liberty file: open none.lib"},
		{[]string{"cost", "--engine", "systolic-ws", "--liberty", bad}, bad + ":1: Layer is followed by"},
		{[]string{"cost", "--engine", "systolic-ws", "--tech", "tsmc3"}, `--tech: unknown technology: "tsmc3"`},
		{[]string{"cost", "--engine", "systolic-ws", "--tech", "unit", "--liberty", bad}, "--tech: given together with --liberty"},
		{[]string{"calibrate", "--liberty", "none.lib"}, "liberty file: open none.lib"},
		{[]string{"cost", "--engine", "systolic-ws", "--recipe", "tiny"}, `recipe: unknown: "tiny" (expected area, balanced or speed)`},
		{[]string{"cost", "--engine", "systolic-ws", "--dram", "ddr9"}, `--dram: unknown DRAM: "ddr9"`},
		{[]string{"run", "--engine", "loom", "--workload", "gemm:4x4x4", "--fidelity", "cycle"}, `--fidelity: loom has no hardware to step: "cycle" (expected formula)`},
		{[]string{"run", "--engine", "bitlet", "--workload", "gemm:4x4x4", "--check", "all"}, `--check: bitlet has no hardware to check: "all" (expected none)`},
		{[]string{"gen", "--engine", "loom", "--out", filepath.Join(dir, "out")}, "kind model has a formula and no hardware"},
		{[]string{"list", "pes", "--table"}, "--table: there is none of pes (expected tpe list engines --table)"},
		{[]string{"verify", "--engine", "bitlet"}, "kind model has a formula and no hardware"},
		{[]string{"verify"}, "--engine: expected either an engine or --all"},
		{[]string{"verify", "--all", "--cases", "0"}, "--cases: out of range: 0"},
		{[]string{"verify", "--all", "--sizes", "0"}, "--sizes: out of range: 0"},
		{[]string{"verify", "--engine", "systolic-os", "--keep", bad}, "--keep: mkdir " + bad},
		{[]string{"gen", "--engine", "mixpe-w4a8", "--set", "accounting=artefact", "--out", filepath.Join(dir, "out")}, `accounting: a formula only, without hardware: "artefact"`},
		{[]string{"verify", "--engine", "systolic-os", "--legs", "vcs"}, `--legs: unknown leg: "vcs"`},
		{[]string{"list", "nothing"}, "nothing"},
		{[]string{"show", "nothing"}, `unknown engine: "nothing"`},
		{[]string{"frobnicate"}, "frobnicate"},
		{[]string{"run", "--bogus"}, "--bogus"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			code, stdout, stderr := tpe(t, tt.args...)
			if code != exitBadInput || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2, nothing, and %q", code, stdout, stderr, tt.want)
			}
		})
	}
}

func TestRunJSON(t *testing.T) {
	code, stdout, stderr := tpe(t, "run", "--engine", "systolic-os", "--set", "rows=4", "--set", "cols=4",
		"--workload", "gemm:8x4x9*3", "--fidelity", "cycle", "--executor", "lanes", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	var r sim.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	want := sim.Total{MACs: 864, Cycles: 90, ComputeCycles: 90, Utilization: 0.6, Bytes: r.Total.Bytes, Seconds: 90e-9, Checked: 96, CyclesChecked: 3}
	if d := cmp.Diff(want, r.Total); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	code, alone, _ := tpe(t, "run", "--engine", "systolic-os", "--workload", "gemm:64x64x64", "--fidelity", "formula", "--json")
	if err := json.Unmarshal([]byte(alone), &r); code != exitOK || err != nil || r.Total.Checked != 0 {
		t.Errorf("formula alone: exit %d, %v, %d words checked, want 0", code, err, r.Total.Checked)
	}
}

func TestRunIsDeterministic(t *testing.T) {
	args := []string{"run", "--engine", "systolic-ws", "--set", "rows=8", "--set", "cols=8", "--workload", "resnet18", "--executor", "lanes", "--data", "normal:20", "--seed", "7", "--json"}
	_, first, _ := tpe(t, args...)
	_, second, _ := tpe(t, args...)
	if first == "" || first != second {
		t.Error("two runs of one command differ")
	}
}

func TestVerifyJSON(t *testing.T) {
	code, stdout, stderr := tpe(t, "verify", "--engine", "systolic-ws", "--set", "rows=3", "--set", "cols=2", "--cases", "20", "--legs", "lanes", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	var r verify.Result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range r.Legs {
		names = append(names, l.Name)
	}
	if d := cmp.Diff([]string{"formula", "eval", "lanes"}, names); d != "" || r.Cases != 20 || r.MACs == 0 || r.Failed() {
		t.Errorf("%+v\n%s", r, d)
	}
}

func TestShowRoundTrip(t *testing.T) {
	_, stdout, _ := tpe(t, "show", "systolic-os-opt1", "--set", "rows=7")
	file := filepath.Join(t.TempDir(), "e.yaml")
	if err := os.WriteFile(file, []byte(stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, again, stderr := tpe(t, "show", file); again != stdout {
		t.Errorf("%s\n%s", cmp.Diff(stdout, again), stderr)
	}
}

func TestVCD(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.vcd")
	code, _, stderr := tpe(t, "run", "--engine", "systolic-os", "--set", "rows=2", "--set", "cols=2", "--workload", "gemm:2x2x3", "--vcd", file)
	b, err := os.ReadFile(file)
	if code != exitOK || err != nil {
		t.Fatal(code, stderr, err)
	}
	for _, want := range []string{"$timescale 1ns $end", "$scope module row1_col1 $end", "acc_sum_q $end", "$enddefinitions $end"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the waveform has no %q", want)
		}
	}
}

// TestGen writes an engine and lets its own Makefile simulate and lint it.
func TestGen(t *testing.T) {
	tooltest.Need(t, tool.Icarus, tool.VVP, tool.Verilator, tool.Yosys, tool.Make)
	for _, engine := range []string{"systolic-os", "systolic-ws-opt1"} {
		dir := filepath.Join(t.TempDir(), "out")
		args := []string{"gen", "--engine", engine, "--set", "rows=3", "--set", "cols=2", "--set", "acc_rows=4", "--out", dir}
		if code, _, stderr := tpe(t, args...); code != exitOK {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		out, err := tool.Run(context.Background(), dir, "make", "-s", "sim", "lint")
		if err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%s: %v\n%s", engine, err, out)
		}
		if code, _, stderr := tpe(t, args...); code != exitOK {
			t.Errorf("writing again: exit %d: %s", code, stderr)
		}
	}
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := tpe(t, "gen", "--engine", "systolic-os", "--out", used); code != exitBadInput || !strings.Contains(stderr, "folder is in use") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestModelsAreLeftOut wants models listed with their one fidelity, run at it, and named by
// verify --all.
func TestModelsAreLeftOut(t *testing.T) {
	code, out, errs := tpe(t, "list", "engines", "--json")
	var list []engineRow
	if err := json.Unmarshal([]byte(out), &list); code != 0 || err != nil {
		t.Fatalf("%d %v %s", code, err, errs)
	}
	var models []string
	for _, r := range list {
		want := []string{"formula", "cycle", "rtl"}
		if r.Kind == "model" {
			models, want = append(models, r.Name), want[:1]
		}
		if diff := cmp.Diff(want, r.Fidelities); diff != "" {
			t.Errorf("%s: fidelities (-want +got):\n%s", r.Name, diff)
		}
	}
	if diff := cmp.Diff([]string{"bitlet", "loom"}, models); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
	for _, m := range models {
		code, out, errs := tpe(t, "run", "--engine", m, "--workload", "gemm:64x64x64", "--json")
		var r sim.Report
		if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Total.Cycles == 0 || r.Total.Checked != 0 {
			t.Errorf("%s: status %d, %v, %s, %+v", m, code, err, errs, r.Total)
		}
	}
	code, out, errs = tpe(t, "verify", "--all", "--cases", "1", "--legs", "eval", "--json")
	var r verifyReport
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil {
		t.Fatalf("%d %v %s", code, err, errs)
	}
	if diff := cmp.Diff(models, r.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}
