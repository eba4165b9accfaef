package sweep_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"tpe/internal/tool/tooltest"
	"tpe/sweep"
	"tpe/sweep/search"
)

// hypervolume is that of the points of a store below the worst values, in logarithms.
func hypervolume(t *testing.T, dir string, s *sweep.Space, worst []float64) (float64, []float64) {
	t.Helper()
	st, err := sweep.OpenStore(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var names []string
	for _, o := range s.Objectives {
		names = append(names, o.Metric)
	}
	all, err := st.Scores(names, "")
	if err != nil {
		t.Fatal(err)
	}
	points := make([][]float64, len(all))
	for i, x := range all {
		for k, o := range s.Objectives {
			v := math.Log(x.Values[k])
			if o.Maximise {
				v = -v
			}
			points[i] = append(points[i], v)
		}
	}
	if worst == nil {
		worst = append(worst, points[0]...)
		for _, p := range points {
			for k, v := range p {
				worst[k] = math.Max(worst[k], v)
			}
		}
	}
	return search.Hypervolume(points, worst), worst
}

// NSGA-II comes to 99 % of the hypervolume of the whole space within 5 % of its points, for each
// of ten seeds.
func TestNSGAFindsTheFront(t *testing.T) {
	tooltest.Deep(t, "NSGA-II against all points of a space of 141,070, ten seeds")
	const text = `engines: [systolic-os, systolic-ws, systolic-is, matrix2d, tree, cube]
workloads: [resnet50, bert-base]
axes:
  rows: {range: [4, 64, 4]}
  cols: {range: [4, 64, 4]}
  overlap: [none, load, drain, full]
  acc_rows: {pow2: [64, 4096]}
  cells: {range: [2, 64, 2]}
  lanes: {range: [2, 64, 2]}
  x: {range: [2, 24, 1]}
  y: {range: [2, 24, 1]}
  z: {range: [2, 24, 1]}
  a: [int4, int8]
objectives: [{min: cycles}, {min: macs_per_cycle}, {min: compulsory_bytes}]
`
	s := parse(t, text)
	all := filepath.Join(t.TempDir(), "all")
	run(t, all, s)
	whole, worst := hypervolume(t, all, s, nil)
	points := int(s.Size() / 20)
	for seed := range 10 {
		n := parse(t, text+fmt.Sprintf("method: {kind: nsga2, points: %d, population: 100, seed: %d}\n", points, seed))
		dir := filepath.Join(t.TempDir(), "nsga")
		state := run(t, dir, n)
		got, _ := hypervolume(t, dir, n, worst)
		t.Logf("seed %d: %d of %d points, %.5f of the hypervolume", seed, state.Rows, s.Size(), got/whole)
		if got < 0.99*whole || state.Rows > uint64(points) {
			t.Errorf("seed %d: %.5f of the hypervolume in %d points, want 0.99 in %d", seed, got/whole, state.Rows, points)
		}
	}
}
