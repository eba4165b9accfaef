package search

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Test functions of Zitzler, Deb, Thiele (2000) and of Deb, Thiele, Laumanns, Zitzler (2002).
func zdt(kind int, x []float64) []float64 {
	g := 0.0
	for _, v := range x[1:] {
		g += v
	}
	g = 1 + 9*g/float64(len(x)-1)
	r := x[0] / g
	switch kind {
	case 1:
		return []float64{x[0], g * (1 - math.Sqrt(r))}
	case 2:
		return []float64{x[0], g * (1 - r*r)}
	}
	return []float64{x[0], g * (1 - math.Sqrt(r) - r*math.Sin(10*math.Pi*x[0]))}
}

func dtlz2(x []float64) []float64 {
	g := 0.0
	for _, v := range x[2:] {
		g += (v - 0.5) * (v - 0.5)
	}
	a, b := x[0]*math.Pi/2, x[1]*math.Pi/2
	return []float64{(1 + g) * math.Cos(a) * math.Cos(b), (1 + g) * math.Cos(a) * math.Sin(b), (1 + g) * math.Sin(a)}
}

// evolve runs NSGA-II and returns all objectives that were seen.
func evolve(f func([]float64) []float64, dims, population, generations int, seed uint64) [][]float64 {
	n := NewNSGA(dims, population, seed)
	var seen [][]float64
	for range generations {
		x := n.Ask()
		var y [][]float64
		for _, v := range x {
			y = append(y, f(v))
		}
		n.Tell(x, y, make([]float64, len(x)))
		seen = append(seen, y...)
	}
	return seen
}

// NSGA-II comes to the known fronts: hypervolume of the front below the reference point,
// integrated from the closed forms.
func TestNSGA(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     func([]float64) []float64
		dims  int
		ref   []float64
		whole float64 // of the true front
		least float64 // share to be reached
	}{
		{"zdt1", func(x []float64) []float64 { return zdt(1, x) }, 10, []float64{1.1, 1.1}, 1.21 - 1.0/3, 0.98},
		{"zdt2", func(x []float64) []float64 { return zdt(2, x) }, 10, []float64{1.1, 1.1}, 1.21 - 2.0/3, 0.97},
		{"zdt3", func(x []float64) []float64 { return zdt(3, x) }, 10, []float64{1.1, 1.1}, zdt3Volume(), 0.97},
		{"dtlz2", dtlz2, 7, []float64{1.1, 1.1, 1.1}, 1.331 - math.Pi/6, 0.92},
	} {
		for seed := range uint64(3) {
			got := Hypervolume(evolve(c.f, c.dims, 64, 100, seed), c.ref) / c.whole
			if got < c.least || got > 1+1e-9 {
				t.Errorf("%s, seed %d: %.4f of the front's hypervolume, want %.2f to 1", c.name, seed, got, c.least)
			}
		}
	}
}

// zdt3Volume integrates the front of ZDT3 finely.
func zdt3Volume() float64 {
	var front [][]float64
	for i := range 20000 {
		x := float64(i) / 20000
		front = append(front, zdt(3, []float64{x, 0}))
	}
	// The lower envelope: a staircase over sorted x.
	sum, top, last := 0.0, 1.1, 1.1
	for _, p := range front {
		if p[1] < last {
			sum += (top - p[0]) * (last - p[1])
			last = p[1]
		}
	}
	return sum
}

// A Gaussian process needs fewer evaluations than chance.
func TestGP(t *testing.T) {
	f := func(x []float64) []float64 { return zdt(2, x) }
	ref := []float64{1.1, 10}
	const evals = 60
	for seed := range uint64(3) {
		g := NewGP(4, seed)
		var seen [][]float64
		for len(seen) < evals {
			x := g.Ask(5)
			var y [][]float64
			for _, v := range x {
				y = append(y, f(v))
			}
			g.Tell(x, y)
			seen = append(seen, y...)
		}
		var chance [][]float64
		for _, x := range Uniform(evals, 4, seed) {
			chance = append(chance, f(x))
		}
		if a, b := Hypervolume(seen, ref), Hypervolume(chance, ref); a <= b {
			t.Errorf("seed %d: hypervolume %.4f, by chance %.4f", seed, a, b)
		}
	}
}

func TestFront(t *testing.T) {
	points := [][]float64{{1, 5}, {2, 2}, {5, 1}, {3, 3}, {2, 2}, {1, 6}, {math.NaN(), 0}}
	if d := cmp.Diff([]int{0, 1, 2, 4}, Front(points)); d != "" {
		t.Errorf("front (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]int{0, 0, 0, 1, 0, 1}, ranks(points[:6])); d != "" {
		t.Errorf("ranks (-want +got):\n%s", d)
	}
	for i, d := range crowding([][]float64{{0, 4}, {1, 2}, {4, 0}}, []int{0, 0, 0}) {
		if want := []float64{math.Inf(1), 2, math.Inf(1)}[i]; d != want {
			t.Errorf("crowding of %d: %v, want %v", i, d, want)
		}
	}
}

func TestHypervolume(t *testing.T) {
	for _, c := range []struct {
		points [][]float64
		ref    []float64
		want   float64
	}{
		{nil, []float64{1, 1}, 0},
		{[][]float64{{0, 0}}, []float64{2, 3}, 6},
		{[][]float64{{0, 2}, {1, 1}, {2, 0}, {2, 2}}, []float64{3, 3}, 6},
		{[][]float64{{4, 0}}, []float64{3, 3}, 0},
		{[][]float64{{0, 0, 0}}, []float64{1, 2, 3}, 6},
		{[][]float64{{0, 1, 1}, {1, 0, 1}, {1, 1, 0}}, []float64{2, 2, 2}, 4},
	} {
		if got := Hypervolume(c.points, c.ref); got != c.want {
			t.Errorf("%v below %v: %v, want %v", c.points, c.ref, got, c.want)
		}
	}
}

// Samples lie in the cube, repeat by seed, and a Latin hypercube has one in each stripe.
func TestSamples(t *testing.T) {
	for name, f := range map[string]func(int, int, uint64) [][]float64{"lhs": LatinHypercube, "halton": Halton, "uniform": Uniform} {
		a, b, other := f(50, 3, 7), f(50, 3, 7), f(50, 3, 8)
		if !cmp.Equal(a, b) || cmp.Equal(a, other) {
			t.Errorf("%s: does not follow its seed", name)
		}
		seen := map[int]bool{}
		for _, x := range a {
			for _, v := range x {
				if v < 0 || v >= 1 {
					t.Errorf("%s: %v", name, v)
				}
			}
			seen[int(x[0]*50)] = true
		}
		if name == "lhs" && len(seen) != 50 {
			t.Errorf("lhs: %d stripes of 50", len(seen))
		}
	}
}
