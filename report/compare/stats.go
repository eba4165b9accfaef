package compare

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"tpe/sim"
)

// uncertainty is the half width of the 95 % confidence interval of the logarithm of an
// engine's cycles against a baseline's on the listed layers; 0 if both are exact. Seeds
// are paired, since both engines met the same operands; an engine without seeds of its own
// is the same in all pairs. Student's t over seeds, and the intervals of sampled counts
// beside it, as independent errors.
func uncertainty(runs, base []*sim.Report, list []int) float64 {
	square := 0.0
	if n := max(len(runs), len(base)); n > 1 {
		logs := make([]float64, n)
		for s := range logs {
			logs[s] = math.Log(cycles(runs[min(s, len(runs)-1)], list) / cycles(base[min(s, len(base)-1)], list))
		}
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975)
		h := t * stat.StdErr(stat.StdDev(logs, nil), float64(n))
		square += h * h
	}
	for _, r := range []*sim.Report{runs[0], base[0]} {
		sum := 0.0
		for _, i := range list {
			h := float64(r.Layers[i].CyclesInterval)
			sum += h * h
		}
		h := math.Sqrt(sum) / cycles(r, list)
		square += h * h
	}
	return math.Sqrt(square)
}

func cycles(r *sim.Report, list []int) float64 {
	sum := 0.0
	for _, i := range list {
		sum += float64(r.Layers[i].Cycles)
	}
	return sum
}

// geomeans are the geometric means over groups of each engine's time ratio.
func geomeans(engines int, groups []Group) []float64 {
	list := make([]float64, engines)
	for i := range list {
		var ratios []float64
		for _, g := range groups {
			ratios = append(ratios, g.Cells[i].Ratio)
		}
		list[i] = stat.GeometricMean(ratios, nil)
	}
	return list
}
