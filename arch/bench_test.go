package arch

import (
	"math"
	"math/rand/v2"
	"testing"

	"tpe/numeric"
)

// BenchmarkFormula measures closed-form cycle counts over shapes like those of
// real layers; layers/s is the figure to quote.
func BenchmarkFormula(b *testing.B) {
	shapes := []Shape{{12544, 64, 147}, {3136, 256, 64}, {784, 512, 1152}, {196, 1024, 2304}, {49, 2048, 4608}, {2048, 12288, 4096}, {2048, 4096, 11008}, {1, 32000, 4096}}
	for _, p := range Presets() {
		if p.Config.DataDriven() {
			continue // BenchmarkDataDriven
		}
		b.Run(p.Name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, s := range shapes {
					if p.Config.Cycles(s, nil) < 1 {
						b.Fatal("no cycles")
					}
				}
				n += len(shapes)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "layers/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkDataDriven measures the exact cycle count of a 4096 x 4096 x 4096
// multiplication on one core, for the kinds whose count depends on the digits of A, with
// normal operands whose greatest magnitude is 127. A is at hand, so that making it does not
// count.
func BenchmarkDataDriven(b *testing.B) {
	const n = 4096
	rng := rand.New(rand.NewPCG(1, 2))
	a := numeric.NewDense(n, n)
	for i := range a.Data {
		a.Data[i] = int32(min(max(math.RoundToEven(rng.NormFloat64()*127/5.2), -128), 127))
	}
	for _, p := range Presets() {
		if p.Config.Kind != "column" {
			continue
		}
		b.Run(p.Name, func(b *testing.B) {
			cycles := int64(0)
			for b.Loop() {
				cycles = p.Config.Cycles(Shape{n, n, n}, Operands{A: a})
			}
			slots := float64(n) * n * n / float64(p.Config.MACsPerCycle())
			b.ReportMetric(float64(cycles)/slots, "cycles/slot")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/gemm")
			b.ReportMetric(0, "ns/op")
		})
	}
}
