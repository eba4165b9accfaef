package llvm

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/internal/tool/tooltest"
)

// BenchmarkLLVM measures simulated cycles of output-stationary int8 arrays with
// full control, on jobs that keep them busy.
func BenchmarkLLVM(b *testing.B) {
	tooltest.Need(b, "clang")
	for _, size := range []int{8, 32, 128} {
		b.Run(fmt.Sprintf("%dx%d", size, size), func(b *testing.B) {
			c := arch.Default()
			c.Dataflow, c.Rows, c.Cols = arch.OS, size, size
			benchmarkConfig(b, c)
		})
	}
}

func benchmarkConfig(b *testing.B, c arch.Config) {
	e, err := arch.Build(c)
	if err != nil {
		b.Fatal(err)
	}
	r, err := NewRunner(e.Flat)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	rng := rand.New(rand.NewPCG(5, 6))
	s := arch.Shape{M: 4 * c.Rows, N: 4 * c.Cols, K: 4096}
	p, err := e.Plan(s)
	if err != nil {
		b.Fatal(err)
	}
	play, err := p.Play(arch.Operands{A: randomDense(rng, s.M, s.K, c.A), B: randomDense(rng, s.K, s.N, c.B)})
	if err != nil {
		b.Fatal(err)
	}
	var cycles int64
	var best float64
	for b.Loop() {
		start := time.Now()
		t, err := r.Run([]drive.Play{play})
		if err != nil {
			b.Fatal(err)
		}
		cycles += t[0].Cycles
		best = max(best, float64(t[0].Cycles)/time.Since(start).Seconds())
	}
	rate := float64(cycles) / b.Elapsed().Seconds()
	b.ReportMetric(rate/1e3, "kcycles/s")
	b.ReportMetric(best/1e3, "best-kcycles/s")
	b.ReportMetric(rate*float64(c.Rows*c.Cols), "PE-cycles/s")
	b.ReportMetric(0, "ns/op")
}
