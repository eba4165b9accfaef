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

// TestBlocksPage makes the tables of errors of block formats and of aligned elements.
func TestBlocksPage(t *testing.T) {
	golden.Blocks(t, "../docs/engines/blocks.md", map[string]string{"formats": blockErrors(), "alignment": alignErrors(t)})
}

// blockErrors quantises normal data of two widths of spread.
func blockErrors() string {
	out := "| format | bits an element | normal | normal times 2^-6 to 2^6 in turn |\n|---|---:|---:|---:|\n"
	row := func(name string, size int, bits float64, quantise func([]Value) []Value) {
		out += fmt.Sprintf("| %s | %.2f |", name, bits)
		for _, spread := range []int{0, 6} {
			rng := rand.New(rand.NewPCG(72, 1))
			signal, noise := 0.0, 0.0
			for range 8192 / size {
				block := make([]Value, size)
				for i := range block {
					v, _ := FP32.Encode(FromInt(int64(rng.NormFloat64()*(1<<40))).Scale(-40+i%(2*spread+1)-spread), &Env{})
					block[i] = FP32.Decode(v)
				}
				for i, q := range quantise(block) {
					x, y := block[i].Float64(), q.Float64()
					signal, noise = signal+x*x, noise+(x-y)*(x-y)
				}
			}
			out += fmt.Sprintf(" %.1f |", 10*math.Log10(signal/noise))
		}
		out += "\n"
	}
	for _, e := range []struct {
		name string
		f    Format
	}{{"MXFP8 E4M3", E4M3}, {"MXFP8 E5M2", E5M2}, {"MXFP6 E2M3", E2M3}, {"MXFP6 E3M2", E3M2}, {"MXFP4", E2M1}, {"MXINT8", MXINT8}} {
		m := MX{Elem: e.f, Block: 32}
		row(e.name, 32, float64(e.f.Width())+8./32, func(block []Value) []Value {
			scale, codes := m.Quantize(block, &Env{})
			var list []Value
			for _, c := range codes {
				list = append(list, m.Decode(scale, c))
			}
			return list
		})
	}
	var q NVFP4
	row("NVFP4", 16, 4.5, func(block []Value) []Value {
		scale, codes := q.Quantize(block, FromInt(1))
		var list []Value
		for _, c := range codes {
			list = append(list, q.Decode(scale, c))
		}
		return list
	})
	return out
}

// alignErrors compares widths of aligned elements with a chain of multiply-adds.
func alignErrors(t *testing.T) string {
	rng := rand.New(rand.NewPCG(73, 1))
	a, b, floats := NewDense(8, 256), NewDense(256, 8), NewDense(256, 8)
	for i := range a.Data {
		c, _ := FP16.Encode(FromInt(int64(rng.NormFloat64()*(1<<40))).Scale(-40), &Env{})
		a.Data[i] = int32(c)
		v := int64(rng.IntN(16) - 8)
		c, _ = FP16.Encode(FromInt(v), &Env{})
		b.Data[i], floats.Data[i] = int32(v), int32(c)
	}
	exact := &ExactDot{A: FP16, B: FP16, Acc: FP32}
	want, err := exact.Float64s(a, floats, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := "| arithmetic | dB |\n|---|---:|\n"
	row := func(name string, result Float, words []int64, err error) {
		if err != nil {
			t.Fatal(err)
		}
		signal, noise := 0.0, 0.0
		for i, w := range words {
			d := result.Decode(uint64(w)).Float64() - want[i]
			signal, noise = signal+want[i]*want[i], noise+d*d
		}
		out += fmt.Sprintf("| %s | %.1f |\n", name, 10*math.Log10(signal/noise))
	}
	for _, acc := range []Float{FP16, FP32} {
		c := &Chain{A: FP16, B: FP16, Acc: acc}
		words, err := c.GEMM(a, floats, nil)
		row("FP16 FMA chain, "+acc.Name+" sum", acc, words, err)
	}
	for _, bits := range []int{8, 11, 12, 14, 16, 20, 24} {
		for _, r := range []Rounding{TowardZero, NearEven} {
			u := &BlockScaled{A: FP16, B: Int{4, true}, Block: 32, N: 32, Exact: true, Align: bits, AlignRounding: r,
				C: FP32, Out: FP32, Frac: 30, Floor: -133, Rounding: NearEven, NaN: FP32.AllOnes()}
			words, err := u.GEMM(a, b, nil, nil, nil)
			row(fmt.Sprintf("aligned to %d bits, `%s`", bits, r), FP32, words, err)
		}
	}
	return out
}
