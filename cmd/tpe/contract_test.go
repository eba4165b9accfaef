package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/sim"
)

// object decodes what a command printed with --json. Numbers keep their digits.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

// keys compares the keys of a JSON object with a list of words.
func keys(t *testing.T, what string, v any, want string) {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%s: %T, want an object", what, v)
	}
	w := strings.Fields(want)
	slices.Sort(w)
	if d := cmp.Diff(w, slices.Sorted(maps.Keys(m))); d != "" {
		t.Errorf("keys of %s (-want +got):\n%s", what, d)
	}
}

// number is a whole number of a JSON object.
func number(t *testing.T, v any, key string) int64 {
	t.Helper()
	n, err := v.(map[string]any)[key].(json.Number).Int64()
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return n
}

// small is a run that steps every word of three layers in no time.
func small(t *testing.T, more ...string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "net.csv")
	if err := os.WriteFile(file, []byte("name,m,n,k,batch,count\none,5,3,7,1,1\ntwo,4,4,4,2,3\nlast,1,9,2,1,2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return append([]string{"run", "--engine", "systolic-os", "--set", "rows=3", "--set", "cols=2", "--executor", "lanes", "--workload", file}, more...)
}

// TestRunContract pins the keys and the arithmetic of the JSON of tpe run.
func TestRunContract(t *testing.T) {
	code, out, errs := tpe(t, small(t, "--check", "all", "--bandwidth", "16", "--seed", "9", "--json")...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	r := object(t, out)
	keys(t, "run", r, "engine workload fidelity executor seed data check freq_mhz macs_per_cycle bandwidth_bytes_per_cycle layers fed total")
	for i, f := range r["fed"].([]any) {
		keys(t, "what was fed", f, "matrix format words zeros mean sd min max kurtosis digits histogram")
		if name := f.(map[string]any)["matrix"]; name != []string{"A", "B"}[i] || number(t, f, "words") < 1 {
			t.Errorf("fed %d: %v", i, f)
		}
	}
	keys(t, "total", r["total"], "macs cycles compute_cycles stall_cycles utilization compulsory_bytes seconds checked mismatches cycle_checks cycle_mismatches assertion_failures")
	if r["engine"] != "systolic-os" || r["workload"] != "net" || r["fidelity"] != "formula" || r["executor"] != "lanes" || number(t, r, "seed") != 9 {
		t.Errorf("head of %s", out)
	}
	sums := map[string]int64{}
	layers := r["layers"].([]any)
	for _, l := range layers {
		keys(t, "a layer", l, "name op m n k batch groups count macs cycles cycles_kind compute_cycles stall_cycles utilization compulsory_bytes bound checked mismatches cycle_checks cycle_mismatches assertion_failures")
		words := number(t, l, "m") * number(t, l, "n") * number(t, l, "batch") * number(t, l, "count")
		macs, cycles := number(t, l, "macs"), number(t, l, "cycles")
		if macs != words*number(t, l, "k") || cycles != number(t, l, "compute_cycles")+number(t, l, "stall_cycles") || number(t, l, "checked") != words {
			t.Errorf("layer does not add up: %v", l)
		}
		got, err := l.(map[string]any)["utilization"].(json.Number).Float64()
		if want := float64(macs) / float64(cycles*6); err != nil || got != want {
			t.Errorf("utilization %v, want %v", got, want)
		}
		for _, k := range []string{"macs", "cycles", "compute_cycles", "stall_cycles", "compulsory_bytes", "checked", "mismatches", "cycle_checks"} {
			sums[k] += number(t, l, k)
		}
	}
	for k, want := range sums {
		if got := number(t, r["total"], k); got != want {
			t.Errorf("total %s %d, want the sum %d", k, got, want)
		}
	}
	if len(layers) != 3 || sums["checked"] != 15+96+18 || sums["mismatches"] != 0 {
		t.Errorf("%d layers, sums %v", len(layers), sums)
	}
}

// TestRunCheck wants every word checked by all, some by sample, none by none.
func TestRunCheck(t *testing.T) {
	checked := func(args ...string) int64 {
		t.Helper()
		code, out, errs := tpe(t, append([]string{"run", "--engine", "systolic-ws", "--set", "rows=4", "--set", "cols=4", "--executor", "lanes", "--json"}, args...)...)
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		return number(t, object(t, out)["total"], "checked")
	}
	const words = 2 * 50 * 70
	big := []string{"--workload", "gemm:50x70x6*2"}
	if n := checked(append(big, "--check", "all")...); n != words {
		t.Errorf("all: %d words, want %d", n, words)
	}
	if n := checked(append(big, "--check", "none")...); n != 0 {
		t.Errorf("none: %d words, want 0", n)
	}
	if n := checked(append(big, "--check", "sample")...); n < 1024 || n >= words {
		t.Errorf("sample: %d words, want at least 1024 and not all", n)
	}
	if n := checked("--workload", "gemm:5x7x6", "--check", "sample"); n != 35 {
		t.Errorf("sample of few words: %d, want all 35", n)
	}
	if n := checked(append(big, "--fidelity", "formula")...); n != 0 {
		t.Errorf("formula alone: %d words, want 0", n)
	}
}

// TestSeedRepeats wants the printed seed to repeat a run and another seed to change its data.
func TestSeedRepeats(t *testing.T) {
	dump := func(seed string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "w.vcd")
		args := []string{"run", "--engine", "systolic-os", "--set", "rows=2", "--set", "cols=2", "--workload", "gemm:2x2x3", "--check", "all", "--seed", seed, "--vcd", file}
		if code, _, errs := tpe(t, args...); code != exitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first, again := dump("3"), dump("3")
	if first != again {
		t.Error("two runs of one seed differ")
	}
	if first == dump("4") {
		t.Error("runs of two seeds have the same waveform")
	}
}

// TestReportFiles wants --json=FILE and --csv=FILE to hold what --json and --csv print, and the
// table to be printed all the same.
func TestReportFiles(t *testing.T) {
	dir := t.TempDir()
	j, c := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.csv")
	args := small(t)
	_, jsonText, _ := tpe(t, append(args, "--json")...)
	_, csvText, _ := tpe(t, append(args, "--csv")...)
	_, table, _ := tpe(t, args...)
	code, out, errs := tpe(t, append(args, "--json="+j, "--csv="+c)...)
	if code != exitOK || out != table {
		t.Errorf("exit %d, %s\n%s", code, errs, cmp.Diff(table, out))
	}
	for file, want := range map[string]string{j: jsonText, c: csvText} {
		b, err := os.ReadFile(file)
		if err != nil || string(b) != want {
			t.Errorf("%s: %v\n%s", filepath.Base(file), err, cmp.Diff(want, string(b)))
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("%v, files %v, want 2", err, left)
	}
	rows, err := csv.NewReader(strings.NewReader(csvText)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields("name op m n k batch groups count macs cycles compute_cycles stall_cycles utilization compulsory_bytes bound checked mismatches cycle_checks cycle_mismatches assertion_failures")
	if d := cmp.Diff(want, rows[0]); d != "" || len(rows) != 4 {
		t.Errorf("%d rows, header (-want +got):\n%s", len(rows), d)
	}
	none := filepath.Join(dir, "none", "r.json")
	if code, _, errs := tpe(t, append(args, "--json="+none)...); code != exitBadInput || !strings.HasPrefix(errs, "tpe: writing "+none+": ") {
		t.Errorf("a folder that is not there: exit %d, %s", code, errs)
	}
}

// TestVerifyContract pins the keys of the JSON of tpe verify and that every leg stands in it,
// those left out with a reason.
func TestVerifyContract(t *testing.T) {
	const legKeys = "name version cases bit_mismatches cycle_mismatches skipped"
	t.Setenv("PATH", "") // so that the legs with tools are skipped here
	code, out, errs := tpe(t, "verify", "--engine", "systolic-ws", "--set", "rows=3", "--set", "cols=2", "--cases", "6", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	v := object(t, out)
	keys(t, "verify", v, "engine dims seed cases macs legs bit_mismatches cycle_mismatches")
	var names []string
	for _, l := range v["legs"].([]any) {
		keys(t, "a leg", l, legKeys)
		leg := l.(map[string]any)
		names = append(names, fmt.Sprint(leg["name"]))
		if skipped := leg["skipped"] != ""; skipped != slices.Contains([]string{"llvm", "verilator", "icarus", "netlist"}, names[len(names)-1]) || skipped != (number(t, l, "cases") == 0) {
			t.Errorf("leg %v", l)
		}
	}
	if d := cmp.Diff(strings.Fields("formula eval lanes llvm verilator icarus netlist"), names); d != "" {
		t.Errorf("legs (-want +got):\n%s", d)
	}
	code, out, errs = tpe(t, "verify", "--all", "--cases", "1", "--legs", "eval", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	all := object(t, out)
	keys(t, "verify --all", all, "engines cases macs bit_mismatches cycle_mismatches left_out")
	seen := map[string]bool{}
	for _, e := range all["engines"].([]any) {
		keys(t, "an engine", e, "engine dims seed cases macs legs bit_mismatches cycle_mismatches")
		seen[fmt.Sprint(e.(map[string]any)["engine"])] = true
	}
	for _, p := range arch.Presets() {
		if !seen[p.Name] {
			t.Errorf("verify --all has no %s", p.Name)
		}
	}
}

// TestVerifyKeep: a result that was kept is reported again and not made again, and only for the same question.
func TestVerifyKeep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	args := []string{"verify", "--engine", "systolic-ws", "--set", "rows=2", "--set", "cols=2", "--legs", "eval", "--keep", dir, "--json", "--cases"}
	code, first, errs := tpe(t, append(args, "5")...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	path := filepath.Join(dir, files[0].Name())
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != first {
		t.Errorf("kept (-printed +kept):\n%s", cmp.Diff(first, string(text)))
	}
	marked := strings.Replace(string(text), `"macs": `, `"macs": 1`, 1)
	if err := os.WriteFile(path, []byte(marked), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, again, _ := tpe(t, append(args, "5")...); again != marked {
		t.Errorf("made again:\n%s", again)
	}
	if _, other, _ := tpe(t, append(args, "6")...); !strings.Contains(other, `"cases": 6`) {
		t.Errorf("another number of cases:\n%s", other)
	}
	if err := os.WriteFile(path, []byte("no"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := tpe(t, append(args, "5")...); code != exitBadInput || !strings.Contains(errs, "not a result of tpe verify") {
		t.Errorf("a broken file: exit %d, %s", code, errs)
	}
}

// TestListContract pins the rows of tpe list engines: those of the presets, in their order.
func TestListContract(t *testing.T) {
	code, out, errs := tpe(t, "list", "engines", "--json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); code != exitOK || err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, errs)
	}
	presets := append(arch.Presets(), arch.Models()...)
	if len(rows) != len(presets) {
		t.Fatalf("%d rows, want %d", len(rows), len(presets))
	}
	for i, r := range rows {
		keys(t, presets[i].Name, any(r), "name kind formats dims macs_per_cycle exact fidelities doc")
		formats, _ := r["formats"].([]any)
		dims, _ := r["dims"].([]any)
		if r["name"] != presets[i].Name || len(formats) != 3 || len(dims) == 0 || r["macs_per_cycle"].(float64) < 1 || r["doc"] == "" {
			t.Errorf("row %v", r)
		}
	}
}

// TestInterrupted wants status 3 and what was done so far, whole.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, args := range [][]string{
		small(t, "--check", "all", "--json"),
		{"verify", "--engine", "systolic-os", "--set", "rows=2", "--set", "cols=2", "--legs", "eval", "--json"},
	} {
		var out, errs strings.Builder
		code := execute(ctx, args, &out, &errs)
		if code != exitPartial || !strings.HasPrefix(errs.String(), "tpe: interrupted after 0 ") {
			t.Errorf("%s: exit %d, %s", args[0], code, errs.String())
		}
		object(t, out.String())
	}
}

// TestWhatFails wants each kind of difference to count as a failed check, status 1.
func TestWhatFails(t *testing.T) {
	for _, total := range []sim.Total{{Mismatches: 1}, {CycleMismatch: 1}, {AssertFailures: 1}} {
		if !total.Failed() {
			t.Errorf("%+v counts as agreed", total)
		}
	}
	if (sim.Total{Checked: 9, CyclesChecked: 9}).Failed() {
		t.Error("an agreement counts as failed")
	}
}
