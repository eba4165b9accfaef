package numeric

import (
	"fmt"
	"testing"

	"tpe/internal/tool/tooltest"
)

// productErrors are the relative errors of a multiplication over the grid of all pairs of
// fractions at exponents in the middle of the range, against the unrounded product, in percent,
// and the mean square.
func productErrors(m *AddMul) (mean, meanAbs, least, most, square float64) {
	n := uint64(1) << m.Man
	base := uint64(m.Bias) << m.Man
	for x := range n {
		for y := range n {
			got := m.Mul(base|x, base|y)
			exact := float64((n + x) * (n + y))
			e := float64(got.Sig)/exact - 1
			for s := got.Exp + 2*m.Man; s != 0; { // got.Sig * 2^s is to be compared
				if s > 0 {
					e, s = 2*(e+1)-1, s-1
				} else {
					e, s = (e+1)/2-1, s+1
				}
			}
			mean, meanAbs, square = mean+e, meanAbs+max(e, -e), square+e*e
			least, most = min(least, e), max(most, e)
			if x == 0 && y == 0 {
				least, most = e, e
			}
		}
	}
	n *= n
	return 100 * mean / float64(n), 100 * meanAbs / float64(n), 100 * least, 100 * most, square / float64(n)
}

// errorFormats are formats of 2, 3, 4 and 7 fraction bits.
var errorFormats = map[int]Float{2: E5M2, 3: E4M3, 4: {Name: "e5m4", Exp: 5, Man: 4, Bias: 15}, 7: BF16}

// TestProductErrors pins the error tables, which are pure functions of the definitions; they were
// recomputed from the equations.
func TestProductErrors(t *testing.T) {
	for _, tt := range []struct {
		m    int
		kind AddMulKind
		want string // mean, mean absolute, least, greatest in percent; mean square
	}{
		{2, PAM, "-3.57 3.57 -11.1 0.0 2.66e-03"}, {2, LMul, "14.67 14.67 6.7 25.0 2.35e-02"}, {2, LMulEq, "8.64 11.11 -10.2 25.0 1.74e-02"},
		{3, PAM, "-3.78 3.78 -11.1 0.0 2.43e-03"}, {3, LMul, "4.93 5.24 -3.0 12.5 3.63e-03"}, {3, LMulEq, "-0.97 6.89 -18.2 12.5 6.63e-03"},
		{4, LMul, "4.87 5.14 -3.2 12.5 3.45e-03"}, {4, LMulEq, "-2.18 6.94 -20.1 12.5 6.96e-03"},
		{7, PAM, "-3.85 3.85 -11.1 0.0 2.34e-03"}, {7, LMul, "0.41 2.66 -7.3 6.2 9.59e-04"}, {7, LMulEq, "-6.28 7.51 -23.2 6.2 9.08e-03"},
	} {
		m := &AddMul{Float: errorFormats[tt.m], Kind: tt.kind}
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		mean, abs, least, most, square := productErrors(m)
		if got := fmt.Sprintf("%.2f %.2f %.1f %.1f %.2e", mean, abs, least, most, square); got != tt.want {
			t.Errorf("%s with %d fraction bits: %s, want %s", tt.kind, tt.m, got, tt.want)
		}
	}
}

// TestOffsets pins the constants that are subtracted.
func TestOffsets(t *testing.T) {
	for _, tt := range []struct {
		f    Float
		want uint32
	}{{E4M3, 0x37}, {E5M2, 0x3b}, {FP16, 0x3bc0}, {BF16, 0x3f78}, {FP32, 0x3f780000}} {
		if got := (&AddMul{Float: tt.f, Kind: LMul}).Offset(); got != tt.want {
			t.Errorf("%s: %x, want %x", tt.f, got, tt.want)
		}
	}
}

// TestCarryIn pins the table of fractions whose product carries.
func TestCarryIn(t *testing.T) {
	for _, tt := range []struct {
		f    Float
		want []uint64 // for each fraction of x, a bit for each of y
	}{
		{E2M1, []uint64{0, 0}}, {E5M2, []uint64{0, 1 << 2, 1 << 1, 0}},
		{E4M3, []uint64{0, 0b1110000, 0b1111000, 0b1111100, 0b111110, 0b111110, 0b1110, 0}},
	} {
		for x, want := range tt.want {
			got := uint64(0)
			for y := range tt.want {
				got |= b2u(tt.f.CarryIn(uint32(x), uint32(y))) << y
			}
			if got != want {
				t.Errorf("%s, fraction %d: %b, want %b", tt.f, x, got, want)
			}
		}
	}
}

// TestExactByAddition compares the carry-in product of every pair of codes with the correctly rounded one:
// nearest even, saturating, subnormal operands and results zero.
func TestExactByAddition(t *testing.T) {
	env := &Env{Saturate: true, Flush: true}
	for _, f := range []Float{E4M3, E5M2, E4M3FNUZ, E5M2FNUZ, E3M2, E2M3, E2M1} {
		m := &AddMul{Float: f, Kind: AddCarry, Specials: true}
		n := uint64(1) << f.Width()
		for x := range n {
			for y := range n {
				p, _ := Mul(f.DecodeIn(x, env), f.DecodeIn(y, env))
				want, _ := f.Encode(p, env)
				if p.Class == Inf { // of an operand: only finite products saturate
					want = f.Infinity(p.Neg)
				}
				if got := m.Product(x, y); got != want {
					t.Fatalf("%s: %x * %x = %x, want %x", f, x, y, got, want)
				}
			}
		}
	}
}

// TestProductContract compares every pair of 8-bit codes, and a sample of BF16 (all pairs in a deep run), with the
// field definition written out once more.
func TestProductContract(t *testing.T) {
	field := func(f Float, kind AddMulKind, x, y uint64) uint64 {
		half := uint64(1) << (f.Width() - 1)
		sign, fx, fy := (x^y)&half, int64(x&(half-1)), int64(y&(half-1))
		least := int64(1) << f.Man
		offset := map[string]int64{"pam e4m3": 0x38, "pam e5m2": 0x3c, "pam bf16": 0x3f80, "lmul e4m3": 0x37, "lmul e5m2": 0x3b, "lmul bf16": 0x3f78}[kind.String()+" "+f.Name]
		largest := map[string]int64{"e4m3": 0x7e, "e5m2": 0x7b, "bf16": 0x7f7f}[f.Name]
		z := fx + fy - offset
		if fx < least || fy < least || z < least {
			z = 0
		}
		return sign | uint64(min(z, largest))
	}
	for _, f := range []Float{E4M3, E5M2, BF16} {
		step := uint64(1)
		if f.Width() == 16 && !tooltest.IsDeep() {
			step = 97
		}
		for _, kind := range []AddMulKind{PAM, LMul} {
			m := &AddMul{Float: f, Kind: kind}
			for x := uint64(0); x < 1<<f.Width(); x += step {
				for y := x % step; y < 1<<f.Width(); y += step {
					if got, want := m.Product(x, y), field(f, kind, x, y); got != want {
						t.Fatalf("%s %s: %x * %x = %x, want %x", kind, f, x, y, got, want)
					}
				}
			}
		}
	}
}
