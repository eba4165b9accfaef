package sweep_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"tpe/arch"
	"tpe/sim"
	"tpe/sweep"
	"tpe/workloads"
)

const small = `
schema: 1
name: small
engines: [systolic-os, systolic-ws, {engine: opt4c, axes: {digit_group: [2, 4]}}]
workloads: [resnet18, "gemm:100x50x200"]
axes:
  rows: {pow2: [4, 16]}
  cols: [8, 12]
  overlap: [none, full]
where: ["rows <= cols * 2"]
data: normal:32
objectives: [{min: cycles}, {max: utilization, at_least: 0.1}]
`

func parse(t testing.TB, text string) *sweep.Space {
	t.Helper()
	s, err := sweep.Parse("space.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// An index is a point and back; every index differs from all others.
func TestEnumeration(t *testing.T) {
	s := parse(t, small)
	if s.Size() != 12+12+12 {
		t.Fatalf("%d points, want 36", s.Size())
	}
	seen := map[string]bool{}
	for i := range s.Size() {
		p := s.At(i)
		if got := s.Of(p.Engine, p.Levels); got != i {
			t.Errorf("index %d comes back as %d", i, got)
		}
		seen[fmt.Sprint(p.Engine, s.Values(p))] = true
	}
	if len(seen) != int(s.Size()) {
		t.Errorf("%d different points of %d", len(seen), s.Size())
	}
}

// Results are those of tpe run where cycles do not depend on data.
func TestExact(t *testing.T) {
	s := parse(t, small)
	ev, err := s.NewEvaluator(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []uint64{0, 5, 13} {
		p := s.At(i)
		cfg, err := s.Config(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ev.Evaluate(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		for j, spec := range s.Workloads {
			w, err := workloads.Lookup(spec)
			if err != nil {
				t.Fatal(err)
			}
			r, err := sim.Run(context.Background(), &arch.Engine{Config: cfg}, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckNone})
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprint(r.Total.MACs, r.Total.Cycles, r.Total.Bytes, sweep.Exact)
			if have := fmt.Sprint(got[j].MACs, int64(got[j].Cycles), got[j].Bytes, got[j].Kind); have != want {
				t.Errorf("point %d on %s: %s, want %s", i, spec, have, want)
			}
		}
	}
}

// The expected count is near the exact one of real operands.
func TestExpected(t *testing.T) {
	for _, engine := range []string{"opt4c", "opt3", "opt4e", "pragmatic", "laconic", "bitwave"} {
		s := parse(t, "engines: ["+engine+"]\nworkloads: [\"gemm:300x200x500\", \"gemm:1x1000x1024\", \"gemm:784x256x1152\"]\ndata: normal:32\n")
		ev, err := s.NewEvaluator(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ev.Evaluate(context.Background(), s.At(0))
		if err != nil {
			t.Fatal(err)
		}
		for j, spec := range s.Workloads {
			w, _ := workloads.Lookup(spec)
			cfg, _ := s.Config(s.At(0))
			data, _ := workloads.ParseDataSet("normal:32")
			r, err := sim.Run(context.Background(), &arch.Engine{Config: cfg}, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckNone, Data: data, Seed: 9})
			if err != nil {
				t.Fatal(err)
			}
			ratio := got[j].Cycles / float64(r.Total.Cycles)
			t.Logf("%s on %s: expected %.0f, exact %d: %.3f", engine, spec, got[j].Cycles, r.Total.Cycles, ratio)
			if ratio < 0.93 || ratio > 1.07 || got[j].Kind != sweep.Expected {
				t.Errorf("%s on %s: expected %.0f (%s), exact %d", engine, spec, got[j].Cycles, got[j].Kind, r.Total.Cycles)
			}
		}
	}
}

// run evaluates a space into a new folder.
func run(t testing.TB, dir string, s *sweep.Space) sweep.State {
	t.Helper()
	st, err := sweep.Create(dir, s, s.NewPlan("test", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	state, err := sweep.Run(context.Background(), st, s, sweep.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestRun(t *testing.T) {
	s := parse(t, small)
	dir := filepath.Join(t.TempDir(), "x")
	state := run(t, dir, s)
	if state.Done != 36 || state.Rows != 36 || state.Excluded != 0 || len(state.Best) != 2 {
		t.Errorf("state %+v", state)
	}
	again := run(t, dir, s)
	if again.Rows != 0 || again.Done != 36 {
		t.Errorf("again: %+v, want nothing evaluated", again)
	}
	other := parse(t, strings.Replace(small, "[8, 12]", "[8, 16]", 1))
	if _, err := sweep.Create(dir, other, other.NewPlan("test", "")); err == nil || !strings.Contains(err.Error(), "the folder holds results of another plan: space: ") {
		t.Errorf("another plan: %v", err)
	}
}

// Every method visits each point once, follows its seed, and a resumed search makes the same
// choices.
func TestMethods(t *testing.T) {
	for _, kind := range []string{"random", "lhs", "halton", "nsga2", "gp"} {
		text := small + "method: {kind: " + kind + ", points: 20, population: 8, seed: 3}\n"
		var exports [2]string
		for i := range exports {
			s := parse(t, text)
			dir := filepath.Join(t.TempDir(), kind)
			state := run(t, dir, s)
			if state.Rows != 20 {
				t.Errorf("%s: %d points, want 20", kind, state.Rows)
			}
			if again := run(t, dir, s); again.Rows != 0 {
				t.Errorf("%s: %d points more when run again", kind, again.Rows)
			}
			st, err := sweep.OpenStore(dir, s)
			if err != nil {
				t.Fatal(err)
			}
			done, err := st.Done()
			if err != nil {
				t.Fatal(err)
			}
			for j := range s.Size() {
				exports[i] += fmt.Sprint(done.Has(j), " ")
			}
			st.Close()
		}
		if d := cmp.Diff(exports[0], exports[1]); d != "" {
			t.Errorf("%s: two runs differ:\n%s", kind, d)
		}
	}
}

// export is everything as CSV.
func export(t testing.TB, dir string, s *sweep.Space) string {
	t.Helper()
	st, err := sweep.OpenStore(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := st.ExportCSV(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Shards give, merged in any order and twice, what one run gives; a damaged part and one of
// another plan are refused.
func TestShards(t *testing.T) {
	s := parse(t, small)
	root := t.TempDir()
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "shards")
	run(t, whole, s)
	p := s.NewPlan("test", "")
	st, err := sweep.Create(dir, s, p)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	const shards = 5
	merged := 0
	for _, k := range []uint64{3, 0, 4, 1, 2} {
		if _, err := sweep.Work(context.Background(), dir, s, p, sweep.Shard{K: k, S: shards}, sweep.RunOptions{}); err != nil {
			t.Fatal(err)
		}
		parts, rows, err := sweep.Merge(dir, st, s, p)
		if err != nil || parts != 1 {
			t.Errorf("%d parts, %v; want one", parts, err)
		}
		merged += rows
	}
	if parts, rows, err := sweep.Merge(dir, st, s, p); parts != 0 || rows != 0 || err != nil || merged != 36 {
		t.Errorf("merged again: %d parts, %d rows, %v; %d rows before", parts, rows, err, merged)
	}
	if d := cmp.Diff(export(t, whole, s), export(t, dir, s)); d != "" {
		t.Errorf("one run and five shards differ:\n%s", d)
	}
	if list, err := sweep.Missing(dir, shards); err != nil || len(list) != 0 {
		t.Errorf("missing %v, %v", list, err)
	}
	part := filepath.Join(dir, "parts", "0-of-5.jsonl")
	b, err := os.ReadFile(part)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"not whole":    string(b[:len(b)/2]),
		"does not fit": strings.Replace(string(b), "cycles\":", "cycles\":1", 1),
		"another plan": strings.Replace(string(b), `{"plan":"`, `{"plan":"x`, 1),
		"not a row":    "{}x\n" + string(b),
		"no such":      strings.Replace(string(b), `{"id":0,`, `{"id":99,`, 1),
		"follows":      string(b) + "{}\n",
	} {
		bad := filepath.Join(t.TempDir(), "bad")
		st, err := sweep.Create(bad, s, p)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(bad, "parts"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bad, "parts", "0-of-5.jsonl"), []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := sweep.Merge(bad, st, s, p); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if done, err := st.Done(); err != nil || done.Len() != 0 {
			t.Errorf("%s: %d rows were taken up, %v", name, done.Len(), err)
		}
		st.Close()
	}
}

// One folder has one writer; a store that is no store is refused and left alone.
func TestStoreGuards(t *testing.T) {
	s := parse(t, small)
	dir := filepath.Join(t.TempDir(), "x")
	st, err := sweep.Create(dir, s, s.NewPlan("test", ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sweep.Create(dir, s, s.NewPlan("test", "")); err == nil || !strings.Contains(err.Error(), "in use by another") {
		t.Errorf("two writers: %v", err)
	}
	st.Close()
	path := filepath.Join(dir, "sweep.sqlite")
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		os.Remove(f)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sweep.Create(dir, s, s.NewPlan("test", "")); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged store: %v", err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sweep.Create(full, s, s.NewPlan("test", "")); err == nil || !strings.Contains(err.Error(), `it has "thesis.tex"`) {
		t.Errorf("a folder of something else: %v", err)
	}
}

// Fronts, bests and sensitivities come from the store, and Parquet holds what CSV does.
func TestQueries(t *testing.T) {
	s := parse(t, small)
	dir := filepath.Join(t.TempDir(), "x")
	run(t, dir, s)
	st, err := sweep.OpenStore(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	aim := func(text string) sweep.Aim {
		a, err := sweep.ParseAim(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	front, err := st.Pareto([]sweep.Aim{aim("macs_per_cycle"), aim("utilization")}, "engine != 'opt4c'")
	if err != nil || len(front) == 0 {
		t.Fatalf("front %v, %v", front, err)
	}
	for i := 1; i < len(front); i++ {
		if !(front[i].Values[0] <= front[i-1].Values[0] && front[i].Values[1] >= front[i-1].Values[1]) {
			t.Errorf("front %v is none: both are maximised", front)
		}
	}
	best, err := st.BestOf(aim("cycles"), "", 3)
	if err != nil || len(best) != 3 || best[0].Values[0] > best[1].Values[0] {
		t.Errorf("best %v, %v", best, err)
	}
	effects, err := st.Sensitivity(aim("cycles"), "")
	if err != nil || len(effects) != 5 || effects[0].Share <= effects[4].Share {
		t.Errorf("effects %+v, %v", effects, err)
	}
	if _, err := st.Scores([]string{"area_um2"}, ""); err == nil || !strings.Contains(err.Error(), `unknown metric: "area_um2"`) {
		t.Errorf("a metric that is not there: %v", err)
	}
	if err := st.Query("DELETE FROM point", func([]string) error { return nil }); err == nil {
		t.Error("a query wrote")
	}
	pq := filepath.Join(t.TempDir(), "x.parquet")
	if err := st.ExportParquet(pq); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(pq)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := parquet.NewReader(f)
	if r.NumRows() != 72 {
		t.Errorf("%d rows of Parquet, want 72", r.NumRows())
	}
	got := map[string]any{}
	if err := r.Read(&got); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintln(got["engine"], got["rows"], got["workload"], got["cycles_kind"]) != "systolic-os 4 gemm:100x50x200 exact\n" {
		t.Errorf("first row %v", got)
	}
}
