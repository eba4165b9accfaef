package numeric

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestFloatFacts compares the formats with the figures of their specifications.
func TestFloatFacts(t *testing.T) {
	pow := func(n int) Value { return Value{Class: Finite, Exp: n, Sig: 1} }
	num := func(m uint64, n int) Value { return Value{Class: Finite, Exp: n, Sig: m} }
	for _, tt := range []struct {
		f        Float
		width    int
		max      uint64 // code
		maxValue Value
		minNorm  int // exponents of two
		minSub   int
		inf, nan uint64
	}{
		{FP32, 32, 0x7f7fffff, num(1<<24-1, 104), -126, -149, 0x7f800000, 0x7fc00000},
		{TF32, 32, 0x7f7fe000, num(1<<11-1, 117), -126, -136, 0x7f800000, 0x7fc00000},
		{FP16, 16, 0x7bff, num(65504, 0), -14, -24, 0x7c00, 0x7e00},
		{BF16, 16, 0x7f7f, num(255, 120), -126, -133, 0x7f80, 0x7fc0},
		{E5M2, 8, 0x7b, num(57344, 0), -14, -16, 0x7c, 0x7e},
		{E4M3, 8, 0x7e, num(448, 0), -6, -9, 0x7f, 0x7f},
		{E4M3FNUZ, 8, 0x7f, num(240, 0), -7, -10, 0x80, 0x80},
		{E5M2FNUZ, 8, 0x7f, num(57344, 0), -15, -17, 0x80, 0x80},
		{E3M2, 6, 0x1f, num(28, 0), -2, -4, 0x1f, 0x1f},
		{E2M3, 6, 0x1f, num(15, -1), 0, -3, 0x1f, 0x1f},
		{E2M1, 4, 0x7, num(6, 0), 0, -1, 0x7, 0x7},
		{E8M0, 8, 0xfe, pow(127), -127, -127, 0xff, 0xff},
		{UE4M3, 7, 0x7e, num(448, 0), -6, -9, 0x7f, 0x7f},
	} {
		t.Run(tt.f.Name, func(t *testing.T) {
			f := tt.f
			if err := f.Validate(); err != nil {
				t.Fatal(err)
			}
			if f.Width() != tt.width || f.MaxFinite(false) != tt.max || f.MinExp() != tt.minNorm || f.Infinity(false) != tt.inf || f.NaN() != tt.nan {
				t.Errorf("width %d, max %x, min normal 2^%d, inf %x, nan %x; want %+v", f.Width(), f.MaxFinite(false), f.MinExp(), f.Infinity(false), f.NaN(), tt)
			}
			if got := f.Decode(tt.max); CompareMagnitude(got, tt.maxValue) != 0 {
				t.Errorf("largest number is %v, want %v", got, tt.maxValue)
			}
			if got := f.MaxExp(); got != tt.maxValue.Log2() {
				t.Errorf("greatest exponent %d, want %d", got, tt.maxValue.Log2())
			}
			least := uint64(1) << f.Pad
			if f.NormalOnly {
				least = 0
			}
			if got := f.Decode(least); CompareMagnitude(got, pow(tt.minSub)) != 0 {
				t.Errorf("least number is %v, want 2^%d", got, tt.minSub)
			}
		})
	}
	if _, err := ParseFloat("fp8"); err == nil {
		t.Error("fp8 is a format")
	}
}

// smallFormats are all formats of at most 16 bits.
func smallFormats() []Format {
	list := []Format{MXINT8}
	for _, f := range Floats() {
		if f.Width() <= 16 {
			list = append(list, f)
		}
	}
	for n := 1; n <= 16; n++ {
		list = append(list, Int{n, false}, OddInt{n})
		if n > 1 {
			list = append(list, Int{n, true})
		}
	}
	return list
}

// TestEveryCode decodes and encodes every code of every format to 16 bits: the code
// comes back in every mode (a NaN as the canonical one), and values grow with codes.
func TestEveryCode(t *testing.T) {
	codes := 0
	for _, f := range smallFormats() {
		for code := range uint64(1) << f.Width() {
			v := f.Decode(code)
			want := code
			if fl, ok := f.(Float); ok && v.Class == NaN {
				want = fl.NaN()
			}
			for r := NearEven; r <= Odd; r++ {
				got, flags := f.Encode(v, &Env{Rounding: r})
				if got != want || flags != 0 && !v.Signal {
					t.Fatalf("%s %s: %x is %v, which is %x (flags %x)", f, r, code, v, got, flags)
				}
			}
			codes++
		}
	}
	for _, f := range Floats() {
		checkMonotone(t, f)
	}
	t.Logf("%d codes", codes)
}

// checkMonotone compares neighbouring magnitudes, all of them up to 2^16 and a sample beyond.
func checkMonotone(t *testing.T, f Float) {
	step := uint32(1)
	if f.magnitudeBits() > 16 {
		step = 4099
	}
	for mag := uint32(1); mag <= f.maxMagnitude(); mag += step {
		lo, hi := f.Decode(f.join(false, mag-1)), f.Decode(f.join(false, mag))
		if CompareMagnitude(lo, hi) >= 0 {
			t.Errorf("%s: magnitude %x is %v, %x is %v", f, mag-1, lo, mag, hi)
		}
		if !f.Unsigned {
			if neg := f.Decode(f.join(true, mag)); !neg.Neg || CompareMagnitude(neg, hi) != 0 {
				t.Errorf("%s: magnitude %x is %v, its negative %v", f, mag, hi, neg)
			}
		}
	}
}

// TestOddIntRounding pins the odd integers that are nearest.
func TestOddIntRounding(t *testing.T) {
	f := OddInt{3} // -7, -5, .. 7
	for _, tt := range []struct {
		num   int64 // halves
		mode  Rounding
		want  int64
		flags Flags
	}{
		{0, NearEven, 1, Inexact}, {0, Down, -1, Inexact}, {-1, NearEven, -1, Inexact}, {1, Down, -1, Inexact}, {-1, Up, 1, Inexact},
		{4, NearEven, 1, Inexact}, {8, NearEven, 5, Inexact}, {4, NearAway, 3, Inexact}, {-4, NearAway, -3, Inexact},
		{-5, TowardZero, -1, Inexact}, {-5, Down, -3, Inexact}, {-5, Up, -1, Inexact}, {14, NearEven, 7, 0}, {15, NearEven, 7, Inexact},
		{100, NearEven, 7, Invalid}, {-100, NearEven, -7, Invalid}, {-6, NearEven, -3, 0},
	} {
		code, flags := f.Encode(FromInt(tt.num).Scale(-1), &Env{Rounding: tt.mode})
		if got := f.Decode(code); CompareMagnitude(got, FromInt(tt.want)) != 0 || got.Neg != (tt.want < 0) || flags != tt.flags {
			t.Errorf("%d/2 %s is %v with flags %x, want %d and %x", tt.num, tt.mode, got, flags, tt.want, tt.flags)
		}
	}
}

// TestIntEncode compares with Go's integers.
func TestIntEncode(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		f := Int{2 + rng.IntN(15), rng.IntN(2) == 0}
		v := int64(rng.Int32()) >> rng.IntN(32)
		if rng.IntN(2) == 0 {
			v = -v
		}
		code, flags := f.Encode(FromInt(v), &Env{})
		if got, want := f.Wrap(int64(code)), f.Wrap(v); got != want || (flags == 0) != (want == v) {
			t.Fatalf("%s of %d wraps to %d, want %d; flags %x", f, v, got, want, flags)
		}
		code, _ = f.Encode(FromInt(v), &Env{Saturate: true})
		if got, want := f.Wrap(int64(code)), min(max(v, f.Min()), f.Max()); got != want {
			t.Fatalf("%s of %d clamps to %d, want %d", f, v, got, want)
		}
	}
}

// TestStochastic measures how often a quarter is rounded up, and that a seed repeats.
func TestStochastic(t *testing.T) {
	const n = 100000
	quarter := Value{Class: Finite, Sig: 1<<6 + 1, Exp: -2} // 16.25, between 16 and 17 in an integer format
	run := func(seed uint64) (ups int, trace string) {
		env := NewStochastic(seed)
		for i := range n {
			code, _ := Int{8, false}.Encode(quarter, env)
			ups += int(code - 16)
			if i < 64 {
				trace += fmt.Sprint(code)
			}
		}
		return ups, trace
	}
	ups, a := run(1)
	if ups < n/4-600 || ups > n/4+600 { // 4.4 standard deviations
		t.Errorf("%d of %d went up, want about a quarter", ups, n)
	}
	if _, b := run(1); a != b {
		t.Error("the same seed gave another sequence")
	}
	if _, b := run(2); a == b {
		t.Error("another seed gave the same sequence")
	}
	exact := NewStochastic(3)
	for range 1000 {
		if c, _ := FP16.Encode(FromInt(3), exact); c != 0x4200 {
			t.Fatalf("3 became %x", c)
		}
	}
}

// TestSaturation pins the borders of overflow that the specifications name.
func TestSaturation(t *testing.T) {
	for _, tt := range []struct {
		f             Float
		halves        int64 // the value, in halves
		wrap, clamped uint64
	}{
		{E4M3, 928, 0x7e, 0x7e}, {E4M3, 929, 0x7f, 0x7e}, {E5M2, 122879, 0x7b, 0x7b}, {E5M2, 122880, 0x7c, 0x7b},
		{FP16, 131039, 0x7bff, 0x7bff}, {FP16, 131040, 0x7c00, 0x7bff}, {E2M1, 1000, 7, 7}, {E4M3FNUZ, 1000, 0x80, 0x7f},
	} {
		v := FromInt(tt.halves).Scale(-1)
		if got, _ := tt.f.Encode(v, &Env{}); got != tt.wrap {
			t.Errorf("%s of %d/2 is %x, want %x", tt.f, tt.halves, got, tt.wrap)
		}
		if got, _ := tt.f.Encode(v, &Env{Saturate: true}); got != tt.clamped {
			t.Errorf("%s of %d/2 saturates to %x, want %x", tt.f, tt.halves, got, tt.clamped)
		}
	}
	if got, _ := E5M2.Encode(Value{Class: Inf, Neg: true}, &Env{Saturate: true}); got != 0xfb {
		t.Errorf("-inf saturates to %x", got)
	}
	if got, _ := E4M3.Encode(Value{Class: NaN}, &Env{Saturate: true}); got != 0x7f {
		t.Errorf("NaN saturates to %x", got)
	}
}
