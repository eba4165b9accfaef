package numeric

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// plain is the yardstick: C += A B on float32, i-k-j, rows hoisted.
func plain(c, a, b []float32, n int) {
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

// BenchmarkGEMM sets the software GEMMs beside the plain loop on the same matrices: products of 128 x 128,
// normal data. The two run in turns; ns/MAC and the ratio are of the turns with the least processor time, which
// is what a busy machine changes least.
func BenchmarkGEMM(b *testing.B) {
	const n = 128
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]Value, 2*n*n)
	f32 := make([]float32, 2*n*n)
	for i := range values {
		f32[i] = float32(rng.NormFloat64())
		values[i] = FromInt(int64(f32[i] * (1 << 20))).Scale(-20)
	}
	matrix := func(f Float, from int) *Dense {
		d := NewDense(n, n)
		for i := range d.Data {
			c, _ := f.Encode(values[from+i], &Env{})
			d.Data[i] = int32(uint32(c))
		}
		return d
	}
	c := make([]float32, n*n)
	run := func(name string, in Float, g Arithmetic) {
		x, y := matrix(in, 0), matrix(in, n*n)
		b.Run(name, func(b *testing.B) {
			best, bestPlain := time.Duration(1<<62), time.Duration(1<<62)
			for b.Loop() {
				start := cpuTime(b)
				plain(c, f32[:n*n], f32[n*n:], n)
				middle := cpuTime(b)
				if _, err := g.GEMM(x, y, nil); err != nil {
					b.Fatal(err)
				}
				best, bestPlain = min(best, cpuTime(b)-middle), min(bestPlain, middle-start)
			}
			b.ReportMetric(float64(best.Nanoseconds())/(n*n*n), "ns/MAC")
			b.ReportMetric(float64(best)/float64(bestPlain), "x-plain")
			b.ReportMetric(0, "ns/op")
		})
	}
	run("fma-bf16-fp32", BF16, &Chain{A: BF16, B: BF16, Acc: FP32})
	run("fma-fp16-fp16", FP16, &Chain{A: FP16, B: FP16, Acc: FP16})
	for _, name := range []string{"tc-v100-fp16-f32", "tc-a100-bf16-f32", "tc-h100-fp16-f16", "tc-h100-tf32-f32", "tc-h100-e4m3-f32", "tc-h100-e4m3-f16-mma"} {
		core, err := FindTensorCore(name)
		if err != nil {
			b.Fatal(err)
		}
		run(name, core.Unit.A, &core.Unit)
	}
	slow := []struct {
		name string
		g    Arithmetic
	}{
		{"lmul-bf16", &Chain{A: BF16, B: BF16, Acc: FP32, Mul: &AddMul{Float: BF16, Kind: LMul}}},
		{"an-1-2", &ANFMA{A: BF16, B: BF16, Out: FP32, Bits: 16, Norm: Norm{K: 1, Lambda: 2}, Rows: 32}},
		{"exact", &ExactDot{A: BF16, B: BF16, Acc: FP32}},
	}
	for _, s := range slow {
		run(s.name, BF16, s.g)
	}
}

// cpuTime is the processor time of this process so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
