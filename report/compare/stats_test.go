package compare

import (
	"math"
	"testing"

	"tpe/sim"
)

// reports are runs of one layer with the given cycles.
func reports(cycles ...int64) []*sim.Report {
	var list []*sim.Report
	for _, c := range cycles {
		list = append(list, &sim.Report{Layers: []sim.Layer{{Cycles: c}}})
	}
	return list
}

func TestUncertainty(t *testing.T) {
	sampled := reports(1000)
	sampled[0].Layers[0].CyclesInterval = 30
	// Student's t with two degrees of freedom: 4.303.
	logs := []float64{math.Log(0.9), math.Log(1.0), math.Log(1.2)}
	mean, square := (logs[0]+logs[1]+logs[2])/3, 0.0
	for _, l := range logs {
		square += (l - mean) * (l - mean)
	}
	t3 := 4.302653 * math.Sqrt(square/2/3)
	for _, c := range []struct {
		name      string
		runs, off []*sim.Report
		want      float64
	}{
		{"exact", reports(100), reports(200), 0},
		{"paired seeds that move together", reports(100, 200, 300), reports(50, 100, 150), 0},
		{"three seeds against an exact count", reports(900, 1000, 1200), reports(1000), t3},
		{"a sample", sampled, reports(1000), 0.03},
		{"two samples", sampled, sampled, 0.03 * math.Sqrt2},
	} {
		if got := uncertainty(c.runs, c.off, []int{0}); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
