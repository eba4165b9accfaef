package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// NSGA is NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE TEC 6(2), 2002): a population is
// kept by rank of its front and distance to neighbours, children come of tournaments,
// simulated binary crossover and polynomial mutation. Constraints count before objectives,
// as in its section VI. Use [NSGA.Ask] and [NSGA.Tell] in turn.
type NSGA struct {
	Crossover float64 // probability, 0.9
	EtaC      float64 // distribution index of crossover, 15
	EtaM      float64 // of mutation, 20
	Reset     float64 // share of mutations that choose anew: for keys without an order, 0.3

	dims, size int
	rng        *rand.Rand
	pop        []member
}

// member is an individual.
type member struct {
	x         []float64
	objective []float64
	violation float64 // 0: feasible
	rank      int
	crowd     float64
}

// NewNSGA makes a search over the unit cube of dims dimensions with a population.
func NewNSGA(dims, population int, seed uint64) *NSGA {
	return &NSGA{Crossover: 0.9, EtaC: 15, EtaM: 20, Reset: 0.3, dims: dims, size: population, rng: rand.New(rand.NewPCG(seed, 0x6e736761))}
}

// Ask proposes a generation.
func (n *NSGA) Ask() [][]float64 {
	if n.pop == nil {
		return LatinHypercube(n.size, n.dims, n.rng.Uint64())
	}
	var list [][]float64
	for len(list) < n.size {
		a, b := n.cross(n.parent().x, n.parent().x)
		list = append(list, n.mutate(a), n.mutate(b))
	}
	return list[:n.size]
}

// Tell gives the objectives of proposed points, and by how much each violates its constraints.
// Points of equal position in the caller's space should be told once.
func (n *NSGA) Tell(x, objectives [][]float64, violation []float64) {
	for i := range x {
		n.pop = append(n.pop, member{x: x[i], objective: objectives[i], violation: violation[i]})
	}
	n.sort()
	if len(n.pop) > n.size {
		n.pop = n.pop[:n.size]
	}
}

// sort orders the population: feasible first, by rank, then by distance.
func (n *NSGA) sort() {
	var feasible [][]float64
	var index []int
	for i := range n.pop {
		if n.pop[i].violation == 0 {
			feasible = append(feasible, n.pop[i].objective)
			index = append(index, i)
		} else {
			n.pop[i].rank, n.pop[i].crowd = math.MaxInt, -n.pop[i].violation
		}
	}
	if len(feasible) > 0 {
		r := ranks(feasible)
		d := crowding(feasible, r)
		for k, i := range index {
			n.pop[i].rank, n.pop[i].crowd = r[k], d[k]
		}
	}
	sort.SliceStable(n.pop, func(i, j int) bool { return better(&n.pop[i], &n.pop[j]) })
}

func better(a, b *member) bool {
	if a.rank != b.rank {
		return a.rank < b.rank
	}
	return a.crowd > b.crowd
}

// parent wins a tournament of two.
func (n *NSGA) parent() *member {
	a, b := &n.pop[n.rng.IntN(len(n.pop))], &n.pop[n.rng.IntN(len(n.pop))]
	if better(b, a) {
		return b
	}
	return a
}

// cross is simulated binary crossover, each dimension with probability one half.
func (n *NSGA) cross(a, b []float64) (x, y []float64) {
	x, y = slices.Clone(a), slices.Clone(b)
	if n.rng.Float64() >= n.Crossover {
		return x, y
	}
	for i := range x {
		if n.rng.Float64() < 0.5 {
			continue
		}
		u := n.rng.Float64()
		beta := math.Pow(2*u, 1/(n.EtaC+1))
		if u > 0.5 {
			beta = math.Pow(1/(2*(1-u)), 1/(n.EtaC+1))
		}
		x[i] = clip(0.5 * ((1+beta)*a[i] + (1-beta)*b[i]))
		y[i] = clip(0.5 * ((1-beta)*a[i] + (1+beta)*b[i]))
		if n.rng.Float64() < 0.5 {
			x[i], y[i] = y[i], x[i]
		}
	}
	return x, y
}

// mutate changes one dimension on the average: a little, or to anything.
func (n *NSGA) mutate(x []float64) []float64 {
	for i := range x {
		if n.rng.Float64() >= 1/float64(n.dims) {
			continue
		}
		if n.rng.Float64() < n.Reset {
			x[i] = n.rng.Float64()
			continue
		}
		u := n.rng.Float64()
		if u < 0.5 {
			x[i] = clip(x[i] + math.Pow(2*u, 1/(n.EtaM+1)) - 1)
		} else {
			x[i] = clip(x[i] + 1 - math.Pow(2*(1-u), 1/(n.EtaM+1)))
		}
	}
	return x
}

func clip(x float64) float64 { return math.Min(math.Max(x, 0), math.Nextafter(1, 0)) }

// Neighbour moves one coordinate of a point to anywhere.
func (n *NSGA) Neighbour(x []float64) []float64 {
	y := slices.Clone(x)
	y[n.rng.IntN(len(y))] = n.rng.Float64()
	return y
}
