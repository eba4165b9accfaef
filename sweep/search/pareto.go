// Package search chooses points of a space by their objectives, all of which are minimised:
// fronts and hypervolumes, samples that fill a cube, NSGA-II, and proposals of a Gaussian
// process. Points are vectors of the unit cube [0,1)^d; what they mean is the caller's. Equal
// seeds give equal choices.
package search

import (
	"math"
	"slices"
	"sort"
)

// Dominates reports whether a is at least as good as b in every objective and better in one.
func Dominates(a, b []float64) bool {
	better := false
	for i := range a {
		if a[i] > b[i] {
			return false
		}
		better = better || a[i] < b[i]
	}
	return better
}

// Front lists the points that none dominates, in the order given; of equal points all.
func Front(points [][]float64) []int {
	order := make([]int, 0, len(points))
	for i, p := range points {
		if !slices.ContainsFunc(p, math.IsNaN) {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return slices.Compare(points[order[i]], points[order[j]]) < 0 })
	// In lexicographic order only an earlier point can dominate.
	var front []int
	for _, i := range order {
		if !slices.ContainsFunc(front, func(j int) bool { return Dominates(points[j], points[i]) }) {
			front = append(front, i)
		}
	}
	sort.Ints(front)
	return front
}

// ranks are the fronts that are left when those before are taken away: 0 for the first.
func ranks(points [][]float64) []int {
	r := make([]int, len(points))
	dominated := make([]int, len(points)) // by how many
	over := make([][]int, len(points))
	for i := range points {
		for j := range points {
			if Dominates(points[i], points[j]) {
				over[i] = append(over[i], j)
				dominated[j]++
			}
		}
	}
	var now []int
	for i, n := range dominated {
		if n == 0 {
			now = append(now, i)
		}
	}
	for rank := 0; len(now) > 0; rank++ {
		var next []int
		for _, i := range now {
			r[i] = rank
			for _, j := range over[i] {
				if dominated[j]--; dominated[j] == 0 {
					next = append(next, j)
				}
			}
		}
		now = next
	}
	return r
}

// crowding is the distance of each point's neighbours in its front, by objectives scaled to
// the front; infinite at its ends (Deb et al., NSGA-II, 2002, section III-B).
func crowding(points [][]float64, rank []int) []float64 {
	d := make([]float64, len(points))
	groups := map[int][]int{}
	for i, r := range rank {
		groups[r] = append(groups[r], i)
	}
	for _, list := range groups {
		for k := range points[list[0]] {
			sort.SliceStable(list, func(i, j int) bool { return points[list[i]][k] < points[list[j]][k] })
			lo, hi := points[list[0]][k], points[list[len(list)-1]][k]
			d[list[0]], d[list[len(list)-1]] = math.Inf(1), math.Inf(1)
			if hi == lo {
				continue
			}
			for i := 1; i+1 < len(list); i++ {
				d[list[i]] += (points[list[i+1]][k] - points[list[i-1]][k]) / (hi - lo)
			}
		}
	}
	return d
}

// Hypervolume is the volume that points dominate below a reference point; what is not below
// it in all objectives counts nothing. It slices the last objective, so its time grows with
// the number of points to the power of the objectives: for fronts, not for clouds.
func Hypervolume(points [][]float64, reference []float64) float64 {
	var inside [][]float64
	for _, i := range Front(points) {
		ok := true
		for k, r := range reference {
			ok = ok && points[i][k] < r
		}
		if ok {
			inside = append(inside, points[i])
		}
	}
	return volume(inside, reference)
}

func volume(points [][]float64, ref []float64) float64 {
	if len(points) == 0 {
		return 0
	}
	k := len(ref) - 1
	if k == 0 {
		best := math.Inf(1)
		for _, p := range points {
			best = math.Min(best, p[0])
		}
		return ref[0] - best
	}
	list := slices.Clone(points)
	sort.SliceStable(list, func(i, j int) bool { return list[i][k] < list[j][k] })
	if k == 1 { // a staircase
		sum, top := 0.0, ref[0]
		for _, p := range list {
			if p[0] < top {
				sum += (top - p[0]) * (ref[1] - p[1])
				top = p[0]
			}
		}
		return sum
	}
	sum := 0.0
	for i, p := range list {
		end := ref[k]
		if i+1 < len(list) {
			end = list[i+1][k]
		}
		if end > p[k] {
			var slab [][]float64
			for _, q := range list[:i+1] {
				slab = append(slab, q[:k])
			}
			sum += Hypervolume(slab, ref[:k]) * (end - p[k])
		}
	}
	return sum
}
