package verify

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/sim"
	"tpe/testbench"
	"tpe/workloads"
)

// benchPlay is one job of tiles tiles of K = 256 on the output-stationary array.
func benchPlay(b testing.TB, e *arch.Engine, tiles int) (drive.Play, int64) {
	b.Helper()
	x := e.Extent()
	j := &job{shape: arch.Shape{M: x.M * tiles, N: x.N, K: 256}, data: workloads.Data{Kind: workloads.DataFull}, first: true}
	if err := newMaker(e, 1).fill(j); err != nil {
		b.Fatal(err)
	}
	j.play.Reset, j.play.Limit = 1, 0
	return j.play, j.cycles
}

// rounds is how often the measurements of BenchmarkPeer alternate: load moves all alike.
const rounds = 7

// BenchmarkPeer measures simulated cycles per processor second for the 32x32 int8
// output-stationary array with all its control, beside Verilator (-O3 -march=native, no trace,
// one thread, the fixed loop of package testbench) in the same run: the measurements take turns
// and the median of each counts. Verilator's build time is reported apart.
func BenchmarkPeer(b *testing.B) {
	e := benchEngine(b, 32)
	play, cycles := benchPlay(b, e, 16)
	if _, err := tool.Find(tool.Verilator); err != nil {
		b.Skip(err)
	}
	v, err := testbench.NewVerilator(context.Background(), e.Top, testbench.VerilatorOptions{})
	if err != nil {
		b.Fatal(err)
	}
	type racer struct {
		name string
		rate func() float64
		all  []float64
	}
	race := []racer{{name: "verilator", rate: func() float64 {
		s, err := v.Bench(context.Background(), []drive.Play{play}, 50000)
		if err != nil {
			b.Fatal(err)
		}
		return s.CyclesPerSecond()
	}}}
	for _, x := range []string{sim.Lanes, sim.LLVM} {
		if _, err := sim.ResolveExecutor(x); err != nil {
			b.Log(err)
			continue
		}
		for _, plain := range []bool{false, true} {
			name, open := x, sim.NewRunner
			if plain {
				name, open = x+"-plain", sim.NewPlainRunner
			}
			r, stop, err := open(x, e.Flat)
			if err != nil {
				b.Fatal(err)
			}
			defer stop()
			race = append(race, racer{name: name, rate: func() float64 { return executorRate(b, r, play, cycles, 0.2) }})
		}
	}
	for b.Loop() {
		for range rounds {
			for i := range race {
				race[i].all = append(race[i].all, race[i].rate())
			}
		}
	}
	peer := median(race[0].all)
	b.ReportMetric(v.BuildTime.Seconds(), "verilator-build-s")
	for _, x := range race {
		rate := median(x.all)
		b.Logf("%-12s %9.1f kcycles/s  %6.1f x Verilator  (%.1f to %.1f)", x.name, rate/1e3, rate/peer, slices.Min(x.all)/1e3, slices.Max(x.all)/1e3)
		b.ReportMetric(rate/1e3, x.name+"-kcycles/s")
		b.ReportMetric(rate/peer, x.name+"-x-verilator")
	}
	b.ReportMetric(0, "ns/op")
}

// TestNoAllocation wants a play of twice as many cycles to allocate hardly more often: the
// trace is made once a play, and the compiled loop is called once in 4096 cycles, which allocates
// twice.
func TestNoAllocation(t *testing.T) {
	for _, c := range []struct {
		executor, engine string
		tiles            int
		set              []string
	}{
		{sim.Lanes, "systolic-os", 40, []string{"rows=8", "cols=8"}},
		{sim.LLVM, "systolic-os", 40, []string{"rows=8", "cols=8"}},
		{sim.Lanes, "systolic-ws-ent", 40, []string{"rows=4", "cols=4"}},
		{sim.Lanes, "opt4c", 4, []string{"rows=4", "cols=4"}},
		{sim.Lanes, "lut-w2a8", 40, nil},
	} {
		t.Run(c.executor+" "+c.engine, func(t *testing.T) {
			if c.executor == sim.LLVM {
				tooltest.Need(t, tool.Clang)
			}
			e, err := arch.Build(mustLoad(t, c.engine, c.set...))
			if err != nil {
				t.Fatal(err)
			}
			r, stop, err := sim.NewRunner(c.executor, e.Flat)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			var cycles int64
			allocs := func(tiles int) float64 {
				var play drive.Play
				play, cycles = benchPlay(t, e, tiles)
				return testing.AllocsPerRun(5, func() {
					if _, err := r.Run([]drive.Play{play}); err != nil {
						t.Fatal(err)
					}
				})
			}
			short, long := allocs(c.tiles), allocs(2*c.tiles)
			if more := long - short; more*1000 > float64(cycles/2) {
				t.Errorf("%v allocations in half of %d cycles, %v in all", short, cycles, long)
			}
		})
	}
}

func mustLoad(t testing.TB, name string, set ...string) arch.Config {
	t.Helper()
	c, err := arch.Load(name, set)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

func benchEngine(b *testing.B, size int) *arch.Engine {
	b.Helper()
	e, err := arch.Build(mustLoad(b, "systolic-os", fmt.Sprintf("rows=%d", size), fmt.Sprintf("cols=%d", size)))
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// executorRate plays until that many processor seconds have passed and returns cycles per
// second.
func executorRate(b *testing.B, r drive.Runner, play drive.Play, cycles int64, seconds float64) float64 {
	n, start := int64(0), cpuSeconds(b)
	for {
		if _, err := r.Run([]drive.Play{play}); err != nil {
			b.Fatal(err)
		}
		n += cycles
		if t := cpuSeconds(b) - start; t >= seconds {
			return float64(n) / t
		}
	}
}

// BenchmarkArray measures simulated cycles and PE-cycles per processor second at several
// sizes, alternating like BenchmarkPeer.
func BenchmarkArray(b *testing.B) {
	for _, x := range []string{sim.Lanes, sim.LLVM} {
		if _, err := sim.ResolveExecutor(x); err != nil {
			b.Log(err)
			continue
		}
		b.Run(x, func(b *testing.B) {
			sizes := []int{8, 32, 128}
			all := make([][]float64, len(sizes))
			var rate []func() float64
			for _, size := range sizes {
				e := benchEngine(b, size)
				play, cycles := benchPlay(b, e, 16)
				r, stop, err := sim.NewRunner(x, e.Flat)
				if err != nil {
					b.Fatal(err)
				}
				defer stop()
				rate = append(rate, func() float64 { return executorRate(b, r, play, cycles, 0.2) })
			}
			for b.Loop() {
				for range rounds {
					for i := range rate {
						all[i] = append(all[i], rate[i]())
					}
				}
			}
			for i, size := range sizes {
				b.ReportMetric(median(all[i])/1e3, fmt.Sprintf("kcycles/s-%d", size))
				b.ReportMetric(median(all[i])*float64(size*size)/1e6, fmt.Sprintf("MPE-cycles/s-%d", size))
			}
			b.ReportMetric(median(all[2])*128*128/(median(all[1])*32*32), "PE-rate-128-to-32")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cpuSeconds is the processor time of this process, the measure in which
// Verilator's loop is timed too: a busy machine moves it less than wall time.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
