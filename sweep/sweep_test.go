package sweep_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
