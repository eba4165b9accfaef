package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// spaceText is a space of 24 points.
const spaceText = `name: tiny
engines: [systolic-os, systolic-ws, cube]
workloads: ["gemm:64x64x64", "gemm:100x20x30"]
axes: {rows: [4, 8], cols: [4, 8], overlap: [none, full]}
objectives: [{min: cycles}, {min: macs_per_cycle}]
`

// TestSweep goes through the commands of a sweep.
func TestSweep(t *testing.T) {
	root := t.TempDir()
	space, dir, shards := filepath.Join(root, "s.yaml"), filepath.Join(root, "run"), filepath.Join(root, "shards")
	if err := os.WriteFile(space, []byte(spaceText), 0o644); err != nil {
		t.Fatal(err)
	}
	ok := func(want string, args ...string) string {
		t.Helper()
		code, out, errs := tpe(t, append([]string{"sweep"}, args...)...)
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("sweep %s: exit %d\n%s%s\nwant %q", strings.Join(args, " "), code, out, errs, want)
		}
		return out
	}
	ok("tiny: 17 points on 2 workloads (gemm:64x64x64, gemm:100x20x30), method exhaustive", "plan", space)
	ok("tiny: 17 points of 17, 0 excluded; this run 17 in", "run", space, "--out", dir)
	ok("this run 0 in", "run", space, "--out", dir, "--refine", "cycle")
	ok("equal", "run", space, "--out", dir, "--refine", "cycle")
	ok("systolic-os  8\n", "query", dir, "SELECT engine, count(*) FROM totals GROUP BY engine")
	ok("macs_per_cycle", "pareto", dir, "--x", "cycles", "--y", "min:macs_per_cycle")
	ok("systolic", "best", dir, "--by", "cycles", "--top", "1", "--where", "engine <> 'cube'")
	ok("rows", "sensitivity", dir, "--by", "cycles")
	out := ok("repeat with\n  tpe run --engine systolic-os --set rows=4 --set cols=8 --set overlap=none --workload gemm:64x64x64", "explain", dir, "2")
	line := strings.Fields(strings.TrimSpace(out[strings.Index(out, "  tpe run"):strings.Index(out, "gemm:64x64x64 --data")]) + " gemm:64x64x64")
	code, text, errs := tpe(t, append(line[1:len(line)-2], "--workload", "gemm:64x64x64", "--json")...)
	var r struct{ Total struct{ Cycles int64 } }
	if err := json.Unmarshal([]byte(text), &r); code != exitOK || err != nil {
		t.Fatalf("%q: exit %d, %v: %s", line, code, err, errs)
	}
	ok(fmt.Sprintf("\n%d\n", r.Total.Cycles), "query", dir, "SELECT CAST(cycles AS INTEGER) AS cycles FROM rows WHERE id = 2 AND workload = 'gemm:64x64x64'", "--csv")

	ok("", "plan", space, "--out", shards)
	for k := range 3 {
		t.Setenv("SLURM_ARRAY_TASK_ID", fmt.Sprint(k))
		ok(fmt.Sprintf("shard %d/3: ", k), "worker", shards, "--shards", "3")
	}
	ok("3 parts with 17 rows taken up; 17 points are there", "merge", shards)
	var exports [2]string
	for i, d := range []string{dir, shards} {
		file := filepath.Join(root, fmt.Sprint(i, ".csv"))
		ok("", "export", d, "--csv", file, "--parquet", file+".parquet")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		exports[i] = string(b)
	}
	if exports[0] != exports[1] || strings.Count(exports[0], "\n") != 1+17*2 {
		t.Errorf("exports of a run and of shards differ, or have not 34 rows:\n%s", exports[0])
	}
	for want, args := range map[string][]string{
		"holds no sweep":                            {"best", root, "--by", "cycles"},
		`unknown metric: "beauty"`:                  {"best", dir, "--by", "beauty"},
		"query: ":                                   {"query", dir, "SELEKT"},
		"no such point: 17 (expected below 17)":     {"explain", dir, "17"},
		`not a shard: "3/3"`:                        {"worker", shards, "--shard", "3/3"},
		"the folder holds results of another plan":  {"run", writeSpace(t, strings.Replace(spaceText, "[4, 8]", "[4, 16]", 1)), "--out", dir},
		`--refine: unknown value: "magic"`:          {"run", space, "--out", dir, "--refine", "magic"},
		"space file: ":                              {"plan", filepath.Join(root, "none.yaml")},
		"nothing to write":                          {"export", dir},
		`unknown metric: "area_um2" (expected macs`: {"pareto", dir, "--x", "area_um2", "--y", "cycles"},
	} {
		if code, _, errs := tpe(t, append([]string{"sweep"}, args...)...); code != exitBadInput || !strings.Contains(errs, want) {
			t.Errorf("sweep %q: exit %d: %s\nwant %s", args, code, errs, want)
		}
	}
}

func writeSpace(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSweepCost prices the points of a space by the fast model.
func TestSweepCost(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	space := writeSpace(t, "engines: [systolic-ws]\nworkloads: [\"gemm:64x64x64\"]\naxes: {rows: [4, 8], cols: [4]}\ncost: {tech: osu018, energy: true, freq: max}\nobjectives: [{max: tops_per_w}, {min: area_um2}]\n")
	if code, out, errs := tpe(t, "sweep", "run", space, "--out", dir); code != exitOK || !strings.Contains(out, "best tops_per_w: ") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs := tpe(t, "sweep", "query", dir, "SELECT id, area_um2, fmax_mhz, energy_j, tops_per_w FROM totals ORDER BY area_um2", "--json")
	var rows []map[string]float64
	if err := json.Unmarshal([]byte(out), &rows); code != exitOK || err != nil || len(rows) != 2 {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
	}
	if rows[0]["id"] != 0 || rows[0]["area_um2"] >= rows[1]["area_um2"] || rows[0]["energy_j"] <= 0 {
		t.Errorf("rows %v: want the smaller array first, with an energy", rows)
	}
}
