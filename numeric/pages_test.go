package numeric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"tpe/internal/golden"
)

//go:generate go test -run Page$ . -update

// TestFormatsPage makes the table of formats.
func TestFormatsPage(t *testing.T) {
	out := "| format | bits | s/e/m | bias | largest | least normal | least | special codes |\n|---|---|---|---|---|---|---|---|\n"
	specials := map[Specials]string{IEEE: "IEEE", NaNOnly: "NaN only", NegativeZeroNaN: "NaN at -0", FiniteOnly: "none"}
	for _, f := range Floats() {
		sign, least := 1, f.Decode(1<<f.Pad)
		if f.Unsigned {
			sign, least = 0, f.Decode(0)
		}
		out += fmt.Sprintf("| `%s` | %d | %d/%d/%d | %d | %v = `%x` | 2^%d | 2^%d | %s |\n", f, f.Width(), sign, f.Exp, f.Man, f.Bias,
			f.Decode(f.MaxFinite(false)), f.MaxFinite(false), f.MinExp(), least.Log2(), specials[f.Specials])
	}
	golden.Blocks(t, "../docs/formats.md", map[string]string{"formats": out})
}

// TestTensorCorePage makes the table of presets.
func TestTensorCorePage(t *testing.T) {
	out := "| preset | N | F | result | rounding | least E | K of an instruction |\n|---|---|---|---|---|---|---|\n"
	for _, c := range TensorCores() {
		u := &c.Unit
		floor := fmt.Sprint(u.Floor)
		if u.Floor == NoFloor {
			floor = "none"
		}
		k := fmt.Sprint(u.K())
		if u.AddC {
			k += ", c last"
		}
		out += fmt.Sprintf("| `%s` | %d | %d | %s | %s | %s | %s |\n", c.Name, u.N, u.Frac, u.Out, u.Rounding, floor, k)
	}
	golden.Blocks(t, "../docs/tensor-core.md", map[string]string{"presets": out})
}

// TestApproximatePage makes the table of errors.
func TestApproximatePage(t *testing.T) {
	out := "| m | kind | mean | mean absolute | least | greatest | mean square |\n|---|---|---|---|---|---|---|\n"
	for _, m := range []int{2, 3, 4, 7} {
		for _, kind := range []AddMulKind{PAM, LMul, LMulEq, AddCarry} {
			mul := &AddMul{Float: errorFormats[m], Kind: kind}
			if mul.Validate() != nil {
				continue
			}
			mean, abs, least, most, square := productErrors(mul)
			out += fmt.Sprintf("| %d | `%s` | %+.2f %% | %.2f %% | %+.2f %% | %+.2f %% | %.2e |\n", m, kind, mean, abs, least, most, square)
		}
	}
	golden.Blocks(t, "../docs/approximate.md", map[string]string{"product errors": out})
}

// TestBlockAccuracyPage makes the table of errors of tensor cores, beside a chain of multiply-adds.
func TestBlockAccuracyPage(t *testing.T) {
	depths := []int{16, 256, 4096, 16384}
	out, line := "| arithmetic |", "|---|"
	for _, k := range depths {
		out += fmt.Sprintf(" K = %d |", k)
		line += "---:|"
	}
	out += "\n" + line + "\n"
	row := func(name string, in, result Float, g Arithmetic) {
		out += "| " + name + " |"
		for _, k := range depths {
			if r := sqnr(t, in, result, g, k); math.IsInf(r, 1) {
				out += " exact |"
			} else {
				out += fmt.Sprintf(" %.1f |", r)
			}
		}
		out += "\n"
	}
	row("bf16 FMA chain, fp32 sum", BF16, FP32, &Chain{A: BF16, B: BF16, Acc: FP32})
	row("fp16 FMA chain, fp16 sum", FP16, FP16, &Chain{A: FP16, B: FP16, Acc: FP16})
	for _, name := range []string{"tc-v100-fp16-f32", "tc-a100-bf16-f32", "tc-a100-tf32-f32", "tc-h100-fp16-f32", "tc-h100-fp16-f16", "tc-ada-e5m2-f32", "tc-h100-e4m3-f32", "tc-b200-e4m3-f32"} {
		core, err := FindTensorCore(name)
		if err != nil {
			t.Fatal(err)
		}
		row("`"+name+"`", core.Unit.A, core.Unit.C, &core.Unit)
	}
	golden.Blocks(t, "../docs/engines/blockfma.md", map[string]string{"accuracy": out})
}

// sqnr is the ratio of signal to error in dB of 64 dot products of normal data in the given format,
// against the exact sums.
func sqnr(t *testing.T, in, result Float, g Arithmetic, k int) float64 {
	t.Helper()
	rng := rand.New(rand.NewPCG(71, uint64(k)))
	draw := func(rows, cols int) *Dense {
		d := NewDense(rows, cols)
		for i := range d.Data {
			c, _ := in.Encode(FromInt(int64(rng.NormFloat64()*(1<<40))).Scale(-40), &Env{})
			d.Data[i] = int32(uint32(c))
		}
		return d
	}
	a, b := draw(8, k), draw(k, 8)
	got, err := g.GEMM(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	signal, noise := 0.0, 0.0
	sum := NewKulisch(in, in, result, k)
	for i, c := range got {
		sum.Reset()
		for n := range k {
			p, _ := Mul(in.Decode(code(a.At(i/8, n), in)), in.Decode(code(b.At(n, i%8), in)))
			sum.Add(p)
		}
		exact := sum.Value()
		sum.Add(result.Decode(uint64(c)).Negate())
		x, e := exact.Float64(), sum.Value().Float64()
		signal, noise = signal+x*x, noise+e*e
	}
	return 10 * math.Log10(signal/noise)
}
