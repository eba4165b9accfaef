package verify

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/sim"
	"tpe/testbench"
	"tpe/workloads"
)

// benchPlay is one job of tiles tiles of K = 256 on the output-stationary array.
func benchPlay(b *testing.B, e *arch.Engine, tiles int) (drive.Play, int64) {
	b.Helper()
	j := &job{shape: arch.Shape{M: e.Rows * tiles, N: e.Cols, K: 256}, data: workloads.Data{Kind: workloads.DataFull}, first: true}
	if err := newMaker(e, 1).fill(j); err != nil {
		b.Fatal(err)
	}
	j.play.Reset, j.play.Limit = 1, 0
	return j.play, j.cycles
}

// BenchmarkArray measures simulated cycles per processor second for the int8
// output-stationary array with all its control, and at 32x32 the ratio to Verilator
// (-O3 -march=native, no trace, one thread) in the same run. Verilator's build time
// is reported apart.
func BenchmarkArray(b *testing.B) {
	for _, size := range []int{8, 32, 128} {
		c, err := arch.Load("systolic-os", []string{fmt.Sprintf("rows=%d", size), fmt.Sprintf("cols=%d", size)})
		if err != nil {
			b.Fatal(err)
		}
		e, err := arch.Build(c)
		if err != nil {
			b.Fatal(err)
		}
		play, cycles := benchPlay(b, e, 16)
		peer := 0.0
		if size == 32 {
			b.Run("32x32/verilator", func(b *testing.B) { peer = benchVerilator(b, e, play) })
		}
		for _, x := range []string{sim.Lanes, sim.LLVM} {
			b.Run(fmt.Sprintf("%dx%d/%s", size, size, x), func(b *testing.B) { benchExecutor(b, x, e, play, cycles, peer) })
		}
	}
}

func benchVerilator(b *testing.B, e *arch.Engine, play drive.Play) float64 {
	if _, err := tool.Find(tool.Verilator); err != nil {
		b.Skip(err)
	}
	v, err := testbench.NewVerilator(context.Background(), e.Top, testbench.VerilatorOptions{})
	if err != nil {
		b.Fatal(err)
	}
	speed := testbench.Speed{}
	for b.Loop() {
		if speed, err = v.Bench(context.Background(), []drive.Play{play}, 200000); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(speed.CyclesPerSecond()/1e3, "kcycles/s")
	b.ReportMetric(v.BuildTime.Seconds(), "build-s")
	b.ReportMetric(0, "ns/op")
	return speed.CyclesPerSecond()
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

func benchExecutor(b *testing.B, name string, e *arch.Engine, play drive.Play, cycles int64, peer float64) {
	if _, err := sim.ResolveExecutor(name); err != nil {
		b.Skip(err)
	}
	r, stop, err := sim.NewRunner(name, e.Flat)
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	plays := []drive.Play{play}
	if _, err := r.Run(plays); err != nil { // compile, warm up
		b.Fatal(err)
	}
	b.ReportAllocs()
	n, start := int64(0), cpuSeconds(b)
	for b.Loop() {
		if _, err := r.Run(plays); err != nil {
			b.Fatal(err)
		}
		n += cycles
	}
	rate := float64(n) / (cpuSeconds(b) - start)
	b.ReportMetric(rate/1e3, "kcycles/s")
	b.ReportMetric(rate*float64(e.MACsPerCycle())/1e6, "MPE-cycles/s")
	if peer > 0 {
		b.ReportMetric(rate/peer, "x-verilator")
	}
	b.ReportMetric(0, "ns/op")
}
