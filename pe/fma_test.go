package pe_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/pe"
)

// floatPE is a PE of floats whose sum is a word.
type floatPE interface {
	pe.Arith
	SumBits() int
}

// floatCase is a PE of floats and what the software says of a step.
type floatCase struct {
	name string
	pe   floatPE
	want numeric.Chain
}

func fmaCase(a, b, acc numeric.Float, env numeric.Env) floatCase {
	return floatCase{
		name: fmt.Sprintf("%sx%s+%s/saturate=%v,flush=%v,positive=%v", a, b, acc, env.Saturate, env.Flush, env.PositiveZero),
		pe:   pe.FMA{FloatSpec: floatSpec(a, b, acc, env), Acc: acc},
		want: numeric.Chain{A: a, B: b, Acc: acc, Env: env},
	}
}

func floatSpec(a, b, result numeric.Float, env numeric.Env) pe.FloatSpec {
	return pe.FloatSpec{Mul: pe.Exact{A: a, B: b, Flush: env.Flush}, A: a, B: b, Result: result, Env: env, Stages: 1}
}

// addMulCase is the same with a product by addition, of one format into another.
func addMulCase(kind numeric.AddMulKind, f, acc numeric.Float, specials bool) floatCase {
	m := numeric.AddMul{Float: f, Kind: kind, Specials: specials}
	return floatCase{
		name: fmt.Sprintf("%s/%s+%s/specials=%v", kind, f, acc, specials),
		pe:   pe.FMA{FloatSpec: pe.FloatSpec{Mul: &pe.AddMul{AddMul: m}, A: f, B: f, Result: acc, Stages: 1}, Acc: acc},
		want: numeric.Chain{A: f, B: f, Acc: acc, Mul: &m},
	}
}

// stepper evaluates a PE's step on n lanes at once: there, x, y and sum to the new sum.
func stepper(t *testing.T, f floatPE, n int) func(there, x, y, sum []uint64) []uint64 {
	t.Helper()
	b := hw.New("step", "")
	lane := b.Axis("lane", n)
	o := f.Operands()
	x := b.Cat(b.In("there_i", 1, lane), b.In("x_i", o.X-1, lane))
	b.Out("sum_o", f.MAC(b, []hw.ID{b.In("sum_i", f.SumBits(), lane)}, x, b.In("y_i", o.Y, lane))[0])
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if m, err = hw.Flatten(m); err != nil {
		t.Fatal(err)
	}
	e, err := eval.New(m)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, p := range m.Inputs {
		at[p.Name] = i
	}
	return func(there, x, y, sum []uint64) []uint64 {
		for name, v := range map[string][]uint64{"there_i": there, "x_i": x, "y_i": y, "sum_i": sum} {
			e.Set(at[name], v)
		}
		e.Settle()
		out := make([]uint64, n)
		e.Get(0, out)
		return out
	}
}

// TestFMAEveryPair runs all pairs of 8-bit operands against single steps of the software, with sums that are
// corners, random, or near the negative of the product.
func TestFMAEveryPair(t *testing.T) {
	const n = 1 << 16
	rounds := 1
	if tooltest.IsDeep() {
		rounds = 8
	}
	rng := rand.New(rand.NewPCG(8, 8))
	x, y, there, sum := make([]uint64, n), make([]uint64, n), make([]uint64, n), make([]uint64, n)
	for i := range n {
		x[i], y[i] = uint64(i&255), uint64(i>>8)
	}
	for _, c := range []floatCase{
		fmaCase(numeric.E4M3, numeric.E4M3, numeric.FP32, numeric.Env{}),
		fmaCase(numeric.E5M2, numeric.E4M3, numeric.FP16, numeric.Env{}),
		fmaCase(numeric.E5M2, numeric.E5M2, numeric.FP16, numeric.Env{Saturate: true, Flush: true}),
		fmaCase(numeric.E4M3FNUZ, numeric.E5M2FNUZ, numeric.BF16, numeric.Env{PositiveZero: true}),
		addMulCase(numeric.LMul, numeric.E4M3, numeric.FP32, false),
		addMulCase(numeric.LMulEq, numeric.E5M2, numeric.FP16, true),
	} {
		t.Run(c.name, func(t *testing.T) {
			step := stepper(t, c.pe, n)
			for round := range rounds {
				for i := range n {
					there[i] = 1
					sum[i] = c.want.Acc.MixedCode(rng.Uint64())
					switch kind := rng.IntN(4); {
					case kind == 0 || round == 1:
						sum[i] = 0
					case kind == 1: // what cancels the product, or nearly
						sum[i] = c.want.Step(0, x[i], y[i]) ^ 1<<(c.want.Acc.Width()-1) ^ rng.Uint64()&3
					case c.want.Env.Flush || c.want.Env.PositiveZero || c.want.Env.Saturate:
						sum[i] = c.want.Step(sum[i], 0, 0) // a sum that such a unit can have
					}
				}
				for i, got := range step(there, x, y, sum) {
					if want := c.want.Step(sum[i], x[i], y[i]); got != want {
						t.Fatalf("%x * %x + %x = %x, want %x", x[i], y[i], sum[i], got, want)
					}
				}
			}
		})
	}
}

// TestFMAWide runs wider operands, mixed and cancelling; one in sixteen is absent and leaves the sum
// as it is.
func TestFMAWide(t *testing.T) {
	const n = 1 << 12
	rng := rand.New(rand.NewPCG(16, 16))
	x, y, there, sum := make([]uint64, n), make([]uint64, n), make([]uint64, n), make([]uint64, n)
	for _, c := range []floatCase{
		fmaCase(numeric.BF16, numeric.BF16, numeric.FP32, numeric.Env{}),
		fmaCase(numeric.FP16, numeric.FP16, numeric.FP32, numeric.Env{}),
		fmaCase(numeric.FP16, numeric.FP16, numeric.FP16, numeric.Env{}),
		fmaCase(numeric.BF16, numeric.FP16, numeric.BF16, numeric.Env{Flush: true}),
		fmaCase(numeric.TF32, numeric.TF32, numeric.FP32, numeric.Env{Saturate: true}),
		fmaCase(numeric.BF16, numeric.E4M3, numeric.FP16, numeric.Env{PositiveZero: true}),
		addMulCase(numeric.PAM, numeric.BF16, numeric.FP32, true),
		addMulCase(numeric.LMul, numeric.BF16, numeric.FP32, false),
		addMulCase(numeric.LMulEq, numeric.BF16, numeric.FP32, false),
		addMulCase(numeric.LMulEq, numeric.FP16, numeric.BF16, true),
	} {
		t.Run(c.name, func(t *testing.T) {
			step := stepper(t, c.pe, n)
			for i := range n {
				x[i], y[i] = c.want.A.MixedCode(rng.Uint64()), c.want.B.MixedCode(rng.Uint64())
				there[i] = min(rng.Uint64N(16), 1)
				sum[i] = c.want.Step(c.want.Acc.MixedCode(rng.Uint64()), 0, 0)
				if i%2 == 0 {
					near := c.want.Step(0, x[i], y[i]) ^ 1<<(c.want.Acc.Width()-1) ^ rng.Uint64()&1<<rng.IntN(20)
					sum[i] = c.want.Step(near&(1<<c.want.Acc.Width()-1), 0, 0)
				}
			}
			for i, got := range step(there, x, y, sum) {
				want := sum[i]
				if there[i] == 1 {
					want = c.want.Step(sum[i], x[i], y[i])
				}
				if got != want {
					t.Fatalf("there %d: %x * %x + %x = %x, want %x", there[i], x[i], y[i], sum[i], got, want)
				}
			}
		})
	}
}
