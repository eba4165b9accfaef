package numeric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// digitsOf encodes one value.
func digitsOf(e Encoding, x int64, f Int) []int8 {
	d := make([]int8, e.Digits(f))
	e.Encode(d, x, f)
	return d
}

// TestDigitsOfEveryCode encodes all values of all formats of 2 to 10 bits: the digits
// give the value back, are in the encoding's set, and CSD has no two non-zero neighbours.
func TestDigitsOfEveryCode(t *testing.T) {
	for bits := 2; bits <= 10; bits++ {
		for _, f := range []Int{{bits, true}, {bits, false}} {
			for _, e := range Encodings() {
				for x := f.Min(); x <= f.Max(); x++ {
					d := digitsOf(e, x, f)
					if got := e.Value(d); got != x {
						t.Errorf("%s %s: digits %v of %d have the value %d", e, f, d, x, got)
					}
					for i, v := range d {
						if int(v) > e.Shift() || int(v) < -e.Shift() {
							t.Errorf("%s %s: digit %d of %d is %d", e, f, i, x, v)
						}
						if e == CSD && i > 0 && v != 0 && d[i-1] != 0 {
							t.Errorf("%s %s: neighbours of %d are not zero: %v", e, f, x, d)
						}
					}
				}
			}
		}
	}
}

// TestDigitHistograms counts the non-zero digits of all 256 codes of int8. Counts:
// enumeration; the shares of Booth up to 3 digits (175 of 256, 68.4 %) and the two worked
// examples are those of the bit-weight paper (HPCA 2025, arXiv 2503.06342).
func TestDigitHistograms(t *testing.T) {
	int8s := Int{8, true}
	want := map[Encoding][]int{
		Booth: {1, 12, 54, 108, 81},
		ENT:   {1, 15, 60, 108, 72},
		CSD:   {1, 15, 72, 120, 48},
		BitsC: {1, 8, 28, 56, 70, 56, 28, 8, 1},
		BitsM: {1, 15, 42, 70, 70, 42, 14, 2},
	}
	mean := map[Encoding]string{Booth: "3.0000", ENT: "2.9180", CSD: "2.7773", BitsC: "4.0000", BitsM: "3.5039"}
	for _, e := range Encodings() {
		got := make([]int, len(want[e]))
		sum := 0
		for x := int8s.Min(); x <= int8s.Max(); x++ {
			n := NonZero(digitsOf(e, x, int8s))
			got[n]++
			sum += n
		}
		if d := cmp.Diff(want[e], got); d != "" {
			t.Errorf("%s: values by number of non-zero digits, -want +got:\n%s", e, d)
		}
		if m := fmt.Sprintf("%.4f", float64(sum)/256); m != mean[e] {
			t.Errorf("%s: mean %s, want %s", e, m, mean[e])
		}
	}
	for _, e := range []Encoding{Booth, ENT} {
		if d := cmp.Diff([]int8{-1, -1, 2, 1}, digitsOf(e, 91, int8s)); d != "" {
			t.Errorf("%s digits of 91, -want +got:\n%s", e, d)
		}
		if d := cmp.Diff([]int8{0, -1, 0, 2}, digitsOf(e, 124, int8s)); d != "" {
			t.Errorf("%s digits of 124, -want +got:\n%s", e, d)
		}
	}
}

// meanDigits is the exact mean number of non-zero digits of rounded normal values of the
// given standard deviation, those outside int8 drawn again.
func meanDigits(e Encoding, sigma float64) float64 {
	cdf := func(v float64) float64 { return math.Erfc(-v/math.Sqrt2) / 2 }
	sum, all := 0.0, 0.0
	for x := -128; x <= 127; x++ {
		p := cdf((float64(x)+0.5)/sigma) - cdf((float64(x)-0.5)/sigma)
		all += p
		sum += p * float64(NonZero(digitsOf(e, int64(x), Int{8, true})))
	}
	return sum / all
}

// TestMeanDigitsOfNormalMatrix is the definition behind the bit-weight paper's means of
// 2.41 (Booth) and 2.22 (EN-T): a normal 1024 x 1024 matrix, scaled such that its
// greatest magnitude is 127, rounded. They depend on that greatest magnitude, which
// differs from draw to draw: the published ones belong to 5.2 standard deviations, and
// a draw whose greatest is 4.97, the median, has 2.44 and 2.25.
func TestMeanDigitsOfNormalMatrix(t *testing.T) {
	for _, tt := range []struct {
		e               Encoding
		published, most float64
	}{{Booth, 2.41, 2.44}, {ENT, 2.22, 2.25}} {
		if got := meanDigits(tt.e, 127/5.19); math.Abs(got-tt.published) > 0.01 {
			t.Errorf("%s: mean %.4f, published %.2f", tt.e, got, tt.published)
		}
		if got := meanDigits(tt.e, 127/4.97); math.Abs(got-tt.most) > 0.005 {
			t.Errorf("%s: mean %.4f of the median draw, want %.2f", tt.e, got, tt.most)
		}
	}
	rng := rand.New(rand.NewPCG(7, 8))
	x := make([]float64, 1<<20)
	top := 0.0
	for i := range x {
		x[i] = rng.NormFloat64()
		top = max(top, math.Abs(x[i]))
	}
	for _, e := range Encodings() {
		d := make([]int8, e.Digits(Int{8, true}))
		sum, squares := 0.0, 0.0
		for _, v := range x {
			e.Encode(d, int64(math.RoundToEven(v*127/top)), Int{8, true})
			n := float64(NonZero(d))
			sum += n
			squares += n * n
		}
		n := float64(len(x))
		got, want := sum/n, meanDigits(e, 127/top)
		if limit := 4 * math.Sqrt((squares/n-got*got)/n); math.Abs(got-want) > limit {
			t.Errorf("%s: mean %.4f, expected %.4f for a greatest of %.2f (within %.4f)", e, got, want, top, limit)
		}
	}
}

// TestMeanDigitsOfClippedNormal: the operands of the testbench of the bit-weight paper's
// repository.
func TestMeanDigitsOfClippedNormal(t *testing.T) {
	tests := []struct {
		sigma float64
		want  string // booth, ent, csd, bits, magnitude
	}{
		{10, "1.925 1.762 1.731 3.931 1.890"}, {20, "2.294 2.115 2.063 3.976 2.344"}, {26, "2.451 2.257 2.190 3.984 2.521"},
		{30, "2.530 2.335 2.259 3.988 2.619"}, {40, "2.673 2.490 2.397 3.993 2.815"}, {50, "2.769 2.604 2.500 3.996 2.968"},
	}
	for _, tt := range tests {
		got := ""
		for _, e := range Encodings() {
			got += fmt.Sprintf(" %.3f", meanDigits(e, tt.sigma))
		}
		if got[1:] != tt.want {
			t.Errorf("sigma %v: means %s, want %s", tt.sigma, got[1:], tt.want)
		}
	}
}
