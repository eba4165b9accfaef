package lanes

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
)

// arrayJob is an output-stationary array and a job on it of at least the given
// number of cycles.
func arrayJob(tb testing.TB, change func(*arch.Config), cycles int) (*arch.Engine, drive.Play) {
	tb.Helper()
	c := arch.Default()
	c.Dataflow = arch.OS
	change(&c)
	e, err := arch.Build(c)
	if err != nil {
		tb.Fatal(err)
	}
	k := 4 * c.Rows
	s := arch.Shape{M: c.Rows * max(1, cycles/k), N: c.Cols, K: k}
	rng := rand.New(rand.NewPCG(1, 2))
	plan, err := e.Plan(s)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := plan.Play(arch.Operands{A: randomDense(rng, s.M, s.K, e.A), B: randomDense(rng, s.K, s.N, e.B)})
	if err != nil {
		tb.Fatal(err)
	}
	return e, p
}

// cpuSeconds is the time that this process has spent on processors, which other
// load on the machine disturbs less than it does the clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Sec) + float64(u.Utime.Usec)/1e6 + float64(u.Stime.Sec) + float64(u.Stime.Usec)/1e6
}

func benchmarkArray(b *testing.B, n int, opt options, change func(*arch.Config)) {
	e, play := arrayJob(b, func(c *arch.Config) {
		c.Rows, c.Cols = n, n
		change(c)
	}, 4000)
	r, err := newRunner(e.Flat, opt)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var cycles int64
	cpu := cpuSeconds()
	for b.Loop() {
		t, err := r.Run([]drive.Play{play})
		if err != nil {
			b.Fatal(err)
		}
		cycles += t[0].Cycles
	}
	seconds := cpuSeconds() - cpu
	b.ReportMetric(float64(cycles)/seconds/1e3, "kcycles/cpu-s")
	b.ReportMetric(float64(cycles)*float64(n*n)/seconds/1e6, "MPE-cycles/cpu-s")
	b.ReportMetric(float64(cycles)/float64(b.N), "cycles/op")
}

// BenchmarkLanes measures the output-stationary int8 array with its control.
func BenchmarkLanes(b *testing.B) {
	for _, n := range []int{8, 32, 128} {
		b.Run(fmt.Sprintf("%dx%d", n, n), func(b *testing.B) { benchmarkArray(b, n, options{}, func(*arch.Config) {}) })
	}
}

// BenchmarkPlans measures what each part of the executor contributes at 32x32.
func BenchmarkPlans(b *testing.B) {
	for _, p := range []struct {
		name string
		opt  options
	}{{"go", options{plainGo: true, noFuse: true}}, {"go+fuse", options{plainGo: true}}, {"asm", options{noFuse: true}}, {"asm+fuse", options{}}} {
		b.Run(p.name, func(b *testing.B) { benchmarkArray(b, 32, p.opt, func(*arch.Config) {}) })
	}
}

// BenchmarkOpt1 measures an array of carry-save elements.
func BenchmarkOpt1(b *testing.B) {
	for _, n := range []int{16, 32} {
		b.Run(fmt.Sprintf("%dx%d", n, n), func(b *testing.B) {
			benchmarkArray(b, n, options{}, func(c *arch.Config) { c.PE = "opt1" })
		})
	}
}

// BenchmarkBlocks measures what blocks are worth on an array whose registers
// do not fit the first-level cache.
func BenchmarkBlocks(b *testing.B) {
	for _, block := range []int{256, 1024, 4096, 1 << 14} {
		b.Run(fmt.Sprint(block), func(b *testing.B) { benchmarkArray(b, 128, options{block: block}, func(*arch.Config) {}) })
	}
}
