package numeric

import (
	"math"
	"testing"
)

// TestErrors checks the measures on vectors whose errors can be told by hand: exact (3, 4), results (3, 5).
func TestErrors(t *testing.T) {
	var e Errors
	f := Int{Bits: 8, Signed: true}
	e.Add([]float64{3}, []float64{3}, f)
	e.Add([]float64{5, math.NaN(), math.Inf(1), 1}, []float64{4, 1, math.Inf(1), math.Inf(-1)}, f)
	for _, tt := range []struct {
		name      string
		got, want float64
	}{
		{"words", float64(e.Words), 2}, {"not finite", float64(e.NotFinite), 3},
		{"mean", e.Mean(), 0.5}, {"mean absolute", e.MeanAbs(), 0.5}, {"max", e.MaxAbs(), 1},
		{"relative", e.RelativeRMS(), 0.2}, {"SQNR", e.SQNR(), 20 * math.Log10(5)},
		{"mean ulps", e.MeanULPs(), 0.5}, {"max ulps", e.MaxULPs(), 1},
		{"cosine", e.Cosine(), 29 / (5 * math.Sqrt(34))},
	} {
		if math.Abs(tt.got-tt.want) > 1e-14*math.Abs(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

// TestErrorsOfNothing checks the measures without words, without errors, and of errors where zero is exact.
func TestErrorsOfNothing(t *testing.T) {
	var none, same, zero Errors
	same.Add([]float64{-2, 0}, []float64{-2, 0}, FP32)
	zero.Add([]float64{1}, []float64{0}, FP32)
	for _, tt := range []struct {
		name                      string
		e                         *Errors
		mean, relative, sqnr, cos float64
	}{
		{"none", &none, 0, 0, math.Inf(1), 1}, {"same", &same, 0, 0, math.Inf(1), 1}, {"zero", &zero, 1, math.Inf(1), math.Inf(-1), 0},
	} {
		if e := tt.e; e.Mean() != tt.mean || e.MaxAbs() != tt.mean || e.RelativeRMS() != tt.relative || e.SQNR() != tt.sqnr || e.Cosine() != tt.cos {
			t.Errorf("%s: %v %v %v %v %v", tt.name, e.Mean(), e.MaxAbs(), e.RelativeRMS(), e.SQNR(), e.Cosine())
		}
	}
}

// TestLastPlace checks the unit of ulps at the ends of the ranges.
func TestLastPlace(t *testing.T) {
	for _, tt := range []struct {
		f       Format
		x, want float64
	}{
		{FP32, 1, 0x1p-23}, {FP32, -1.5, 0x1p-23}, {FP32, math.Nextafter(1, 0), 0x1p-24}, {FP32, 0, 0x1p-149}, {FP32, 0x1p-140, 0x1p-149}, {FP32, 1e300, 0x1p104},
		{BF16, 256, 2}, {E4M3, 1e9, 32}, {Int{8, true}, 100, 1}, {MXINT8, 1, 0x1p-6}, {OddInt{4}, 3, 2},
	} {
		if got := LastPlace(tt.f, tt.x); got != tt.want {
			t.Errorf("%s at %v: %v, want %v", tt.f, tt.x, got, tt.want)
		}
	}
}
