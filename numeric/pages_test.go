package numeric

import (
	"fmt"
	"testing"

	"tpe/internal/golden"
)

//go:generate go test -run Page$ . -update

// TestFormatsPage makes the table of formats.
func TestFormatsPage(t *testing.T) {
	out := "| format | bits | s/e/m | bias | largest | least normal | least | special codes |\n|---|---|---|---|---|---|---|---|\n"
	specials := map[Specials]string{IEEE: "IEEE", NaNOnly: "NaN only", NegativeZeroNaN: "NaN at -0", FiniteOnly: "none"}
	for _, f := range append(Floats(), E8M13) {
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
