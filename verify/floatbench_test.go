package verify

import (
	"testing"

	"tpe/arch"
	"tpe/sim"
	"tpe/workloads"
)

// plainLoop is the yardstick of floating-point engines: C += A B of n x n float32, i-k-j, rows hoisted.
func plainLoop(c, a, b []float32, n int) {
	for i := range n {
		row := c[i*n : (i+1)*n]
		for k, x := range a[i*n : (i+1)*n] {
			y := b[k*n : (k+1)*n]
			y = y[:len(row)]
			for j := range row {
				row[j] += x * y[j]
			}
		}
	}
}

// BenchmarkFloatEngines sets the stepped graphs of floating-point engines, with all their control, beside the plain loop:
// products a processor second at full arrays, in turns, medians.
func BenchmarkFloatEngines(b *testing.B) {
	const n = 128
	x, y, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
	for i := range x {
		x[i], y[i] = float32(i%7)-3, float32(i%5)-2
	}
	loop := func() float64 {
		products, start := 0.0, cpuSeconds(b)
		for {
			plainLoop(c, x, y, n)
			products += n * n * n
			if t := cpuSeconds(b) - start; t > 0.1 {
				return products / t
			}
		}
	}
	for _, name := range []string{"tc-a100-bf16-f32", "tc-h100-e4m3-f32"} {
		e, err := arch.Build(mustLoad(b, name))
		if err != nil {
			b.Fatal(err)
		}
		one := e.Extent()
		j := &job{shape: arch.Shape{M: one.M, N: one.N, K: 64 * one.K}, data: workloads.Data{Kind: workloads.DataNormal, Param: 1}, first: true}
		if err := newMaker(e, 1).fill(j); err != nil {
			b.Fatal(err)
		}
		j.play.Reset, j.play.Limit = 1, 0
		for _, x := range []string{sim.Lanes, sim.LLVM} {
			b.Run(name+"/"+x, func(b *testing.B) {
				if _, err := sim.ResolveExecutor(x); err != nil {
					b.Skip(err)
				}
				r, stop, err := sim.NewRunner(x, e.Flat)
				if err != nil {
					b.Fatal(err)
				}
				defer stop()
				var engine, plain []float64
				for b.Loop() {
					for range rounds {
						engine = append(engine, executorRate(b, r, j.play, j.shape.MACs(), 0.2))
						plain = append(plain, loop())
					}
				}
				b.ReportMetric(1e9/median(engine), "ns/MAC")
				b.ReportMetric(median(plain)/median(engine), "x-plain")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
