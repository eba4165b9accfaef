package workloads

import (
	"math"
	"testing"

	"tpe/numeric"
)

// floatRow draws n codes.
func floatRow(t *testing.T, spec string, f numeric.Float, n int) []int64 {
	t.Helper()
	d, err := ParseData(spec)
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGenerator(d, FormatOf(f), 7)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]int64, n)
	g.FillRow(row, Operand{Matrix: 'A'}, 0)
	if again := g.Element(Operand{Matrix: 'A'}, int64(n-1)); again != row[n-1] {
		t.Errorf("%s: element %d alone is %x, in a row %x", spec, n-1, again, row[n-1])
	}
	return row
}

// TestFloatData draws codes of each kind and looks at their values.
func TestFloatData(t *testing.T) {
	const n = 40000
	for _, f := range []numeric.Float{numeric.BF16, numeric.E4M3, numeric.TF32} {
		for _, sd := range []float64{1, 0.01} {
			sum, square := 0.0, 0.0
			for _, c := range floatRow(t, Data{Kind: DataNormal, Param: sd}.String(), f, n) {
				x := f.Decode(uint64(c)).Float64()
				sum, square = sum+x, square+x*x
			}
			if mean, dev := sum/n, math.Sqrt(square/n); math.Abs(mean) > 0.03*sd || math.Abs(dev/sd-1) > 0.03 {
				t.Errorf("%s: normal:%v has mean %v and standard deviation %v", f, sd, mean, dev)
			}
		}
		specials, zeros := map[string]int{}, 0
		for _, spec := range []string{"full", "mixed:0", "mixed:1", "zeros:0.5"} {
			for _, c := range floatRow(t, spec, f, n) {
				if f.Decode(uint64(c)).Class > numeric.Finite {
					specials[spec]++
				}
				if spec == "zeros:0.5" && c == 0 {
					zeros++
				}
			}
		}
		if specials["full"]+specials["mixed:0"]+specials["zeros:0.5"] > 0 || specials["mixed:1"] < n/100 || zeros < n*48/100 || zeros > n*53/100 {
			t.Errorf("%s: %v infinities and NaNs, %d zeros of %d", f, specials, zeros, n)
		}
	}
	row := floatRow(t, "alternate", numeric.FP16, 2)
	if row[0] != 0x7bff || row[1] != 0xfbff {
		t.Errorf("alternate: %x", row)
	}
	if row := floatRow(t, "const:3", numeric.FP16, 1); row[0] != 0x4200 {
		t.Errorf("const:3 is %x", row[0])
	}
	for spec, f := range map[string]Format{"const:2049": FormatOf(numeric.FP16), "mixed:0": {Bits: 8}, "const:0": {Bits: 8, Float: numeric.E8M0}} {
		d, err := ParseData(spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewGenerator(d, f, 1); err == nil {
			t.Errorf("%s for %v is accepted", spec, f)
		}
	}
	for _, spec := range []string{"mixed", "mixed:2", "mixed:x"} {
		if d, err := ParseData(spec); err == nil {
			t.Errorf("%s is %v", spec, d)
		}
	}
}
