package verify

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"tpe/arch"
	"tpe/hw"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/sim"
	"tpe/workloads"
)

// stepper is an engine on the Go executor with a job.
type stepper struct {
	r      drive.Runner
	play   drive.Play
	cycles int64
}

func newStepper(b *testing.B, c arch.Config, least int64) (*arch.Engine, *stepper) {
	b.Helper()
	e, err := arch.Build(c)
	if err != nil {
		b.Fatal(err)
	}
	x := e.Extent()
	j := &job{shape: arch.Shape{M: x.M * 2, N: x.N, K: x.K}, data: workloads.Data{Kind: workloads.DataFull}, first: true}
	for j.cycles < least {
		j.shape.K += x.K
		if err := newMaker(e, 1).fill(j); err != nil {
			b.Fatal(err)
		}
	}
	j.play.Reset, j.play.Limit = 1, 0
	r, stop, err := sim.NewRunner(sim.Lanes, e.Flat)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = stop() })
	return e, &stepper{r, j.play, j.cycles}
}

func (s *stepper) rate(b *testing.B) float64 {
	return executorRate(b, s.r, s.play, s.cycles, 0.1)
}

// laneCount is the number of lanes of an engine: those of its widest values, or of its multiplication
// operators together where there are more of them, as in a fusion unit, which is 16 small
// multipliers in one place of the array. Of the plain array either is its number of PEs.
func laneCount(e *arch.Engine) int {
	widest, products := 0, 0
	for i := range e.Flat.Nodes {
		n := &e.Flat.Nodes[i]
		switch l := e.Flat.Lanes(n.Shape); n.Op {
		case hw.OpInput, hw.OpConst, hw.OpCoord:
		case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
			widest, products = max(widest, l), products+l
		default:
			widest = max(widest, l)
		}
	}
	return max(widest, products)
}

// BenchmarkEngines measures how fast the Go executor steps the presets with integer results, beside the
// plain int8 output-stationary array of as many PEs as the engine has lanes, in turns. The
// ratio is that of their cycles a second, hence of their lane-cycles a second.
func BenchmarkEngines(b *testing.B) {
	for _, name := range arch.PresetNames() {
		c := mustLoad(b, name)
		if _, _, result := c.Formats(); c.Kind == "blockfma" || !integer(result) {
			continue
		}
		b.Run(name, func(b *testing.B) {
			e, own := newStepper(b, c, 1500)
			n := laneCount(e)
			rows := int(math.Sqrt(float64(n)))
			plain := mustLoad(b, "systolic-os", fmt.Sprintf("rows=%d", rows), fmt.Sprintf("cols=%d", n/rows))
			_, star := newStepper(b, plain, 1500)
			var rates, ratios []float64
			for b.Loop() {
				for range rounds {
					rate := own.rate(b)
					rates, ratios = append(rates, rate), append(ratios, star.rate(b)/rate)
				}
			}
			rate, ratio := median(rates), median(ratios)
			b.Logf("%-18s %6d lanes %9.1f kcycles/s %8.1f Mlane-cycles/s, the plain array %5.2f times that (%.2f to %.2f)",
				name, n, rate/1e3, rate*float64(n)/1e6, ratio, slices.Min(ratios), slices.Max(ratios))
			b.ReportMetric(float64(n), "lanes")
			b.ReportMetric(rate/1e3, "kcycles/s")
			b.ReportMetric(ratio, "plain/own")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func integer(f numeric.Format) bool {
	_, ok := f.(numeric.Int)
	return ok
}
