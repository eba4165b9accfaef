package numeric

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func anUnit(norm string, bits int) *ANFMA {
	n, err := ParseNorm(norm)
	if err != nil {
		panic(err)
	}
	return &ANFMA{A: BF16, B: BF16, Out: FP32, Bits: bits, Norm: n, Env: Env{Flush: true}, Rows: 64}
}

// TestNorm pins the table of shifts.
func TestNorm(t *testing.T) {
	for _, tt := range []struct {
		norm string
		sig  uint64 // of 8 bits
		want int
	}{
		{"an-1-1", 0x80, 0}, {"an-1-1", 0x40, 1}, {"an-1-1", 0x20, 2}, {"an-1-1", 0x01, 2}, {"an-1-1", 0, 2},
		{"an-1-2", 0x40, 1}, {"an-1-2", 0x20, 1}, {"an-1-2", 0x10, 3}, {"an-2-2", 0x40, 0}, {"an-2-2", 0x20, 2}, {"an-2-2", 0x10, 2}, {"an-2-2", 0x08, 4},
		{"exact", 0x01, 7}, {"exact", 0x80, 0}, {"exact", 0, 0}, {"none", 0x01, 0},
	} {
		n, err := ParseNorm(tt.norm)
		if err != nil || n.String() != tt.norm {
			t.Fatalf("%s: %v, %v", tt.norm, n, err)
		}
		if got := n.Shift(tt.sig, 8); got != tt.want {
			t.Errorf("%s of %08b shifts by %d, want %d", tt.norm, tt.sig, got, tt.want)
		}
	}
	for _, s := range []string{"an", "an-0-1", "an-1-0", "an-9-1", "an-1-2x", "Exact"} {
		if n, err := ParseNorm(s); err == nil {
			t.Errorf("%q is %v", s, n)
		}
	}
}

// refStep is one unit on unbounded integers, written from the specification: numbers in units
// of 2^-refScale, the grid of the partial sum given by its exponent.
type refPartial struct {
	value *big.Int
	exp   int
}

func refStep(u *ANFMA, s refPartial, a, b uint64) refPartial {
	x, cx, _ := refNumber(u.A, a)
	y, cy, _ := refNumber(u.B, b)
	least := func(f Float, v *big.Int) bool { return new(big.Int).Abs(v).BitLen()-1-refScale < f.MinExp() }
	if u.Env.Flush {
		if cx == Finite && least(u.A, x) {
			x, cx = new(big.Int), Zero
		}
		if cy == Finite && least(u.B, y) {
			y, cy = new(big.Int), Zero
		}
	}
	p := new(big.Int).Rsh(new(big.Int).Mul(x, y), refScale)
	pe := u.LeastExp()
	if cx == Finite && cy == Finite {
		ex := max(new(big.Int).Abs(x).BitLen()-1-refScale, u.A.MinExp())
		ey := max(new(big.Int).Abs(y).BitLen()-1-refScale, u.B.MinExp())
		pe = ex + ey + 1
	}
	e := max(s.exp, pe)
	cut := func(v *big.Int, e int) *big.Int { // to multiples of 2^(e-P+1), toward zero or jammed
		unit := new(big.Int).Lsh(big.NewInt(1), uint(max(e-u.Bits+1+refScale, 0)))
		q, r := new(big.Int).QuoRem(v, unit, new(big.Int))
		if u.Sticky && r.Sign() != 0 && q.Bit(0) == 0 {
			q.Add(q, big.NewInt(int64(v.Sign())))
		}
		return q.Mul(q, unit)
	}
	sum := new(big.Int).Add(cut(s.value, e), cut(p, e))
	lead := new(big.Int).Abs(sum).BitLen() - 1 - refScale // floor(log2)
	if sum.Sign() != 0 && lead > e {
		e++
		sum = cut(sum, e)
	}
	zeros := u.Bits // above the first one
	if sum.Sign() != 0 {
		zeros = e - (new(big.Int).Abs(sum).BitLen() - 1 - refScale)
	}
	shift := 0
	switch k, l := u.Norm.K, u.Norm.Lambda; {
	case u.Norm.Exact && sum.Sign() != 0:
		shift = zeros
	case !u.Norm.Exact && k > 0 && zeros >= k+l:
		shift = k + l
	case !u.Norm.Exact && k > 0 && zeros >= k:
		shift = k
	}
	e -= shift
	if sum.Sign() == 0 && !u.StaleZero || e < u.LeastExp() {
		e = u.LeastExp()
	}
	return refPartial{sum, e}
}

// TestANFMAStep compares columns step by step with the specification: cancellation, zeros inside the
// column, extreme exponents, every option.
func TestANFMAStep(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 1))
	norms := []string{"exact", "an-1-1", "an-1-2", "an-2-2", "none", "an-3-1"}
	formats := []Float{BF16, FP16, E4M3, E5M2}
	for n := range 3000 {
		u := anUnit(norms[rng.IntN(len(norms))], 16)
		u.A, u.B = formats[rng.IntN(4)], formats[rng.IntN(4)]
		u.Bits = u.A.Man + u.B.Man + 2 + rng.IntN(12)
		u.Sticky, u.StaleZero, u.Env.Flush = rng.IntN(3) == 0, rng.IntN(3) == 0, rng.IntN(2) == 0
		if err := u.Validate(); err != nil {
			t.Fatal(err)
		}
		s, ref := u.Start(), refPartial{new(big.Int), u.LeastExp()}
		var a, b uint64
		for k := range 1 + rng.IntN(40) {
			if k > 0 && rng.IntN(3) == 0 {
				a ^= 1 << (u.A.Width() - 1) // take the product before away again, or nearly
				b ^= uint64(rng.IntN(2))
			} else {
				a, b = operand(rng, u.A), operand(rng, u.B)
			}
			if u.A.Decode(a).Class > Finite || u.B.Decode(b).Class > Finite {
				a, b = 0, 0
			}
			s, ref = u.Step(s, a, b), refStep(u, ref, a, b)
			got := new(big.Int).Lsh(new(big.Int).SetUint64(s.Sig), uint(max(s.Exp-u.Bits+1+refScale, 0)))
			if s.Neg {
				got.Neg(got)
			}
			if s.Sig != 0 && got.Cmp(ref.value) != 0 || (s.Sig == 0) != (ref.value.Sign() == 0) || s.Exp != ref.exp {
				t.Fatalf("case %d, step %d, %+v: %x * %x gives %+v, want exponent %d", n, k, u, a, b, s, ref.exp)
			}
		}
	}
}

// TestANFMASpecials pins infinities, NaN and the foot.
func TestANFMASpecials(t *testing.T) {
	u := anUnit("an-1-2", 24)
	const one, inf, negInf, nan = 0x3f80, 0x7f80, 0xff80, 0x7fc0
	for _, tt := range []struct {
		a, b []uint64
		want uint64
	}{
		{[]uint64{one, one}, []uint64{one, 0xbf80}, 0},
		{[]uint64{inf, one}, []uint64{one, one}, 0x7f800000},
		{[]uint64{negInf, one}, []uint64{one, one}, 0xff800000},
		{[]uint64{inf, negInf}, []uint64{one, one}, 0x7fc00000},
		{[]uint64{inf}, []uint64{0}, 0x7fc00000},
		{[]uint64{inf}, []uint64{1}, 0x7fc00000}, // a subnormal operand is zero
		{[]uint64{nan}, []uint64{one}, 0x7fc00000},
		{[]uint64{0x7f7f, 0x7f7f}, []uint64{0x7f7f, 0x7f7f}, 0x7f800000},
		{[]uint64{0x7f7f, 0xff7f, one}, []uint64{0x7f7f, 0x7f7f, one}, 0x3f800000}, // beyond FP32, and back
	} {
		s := u.Start()
		for i := range tt.a {
			s = u.Step(s, tt.a[i], tt.b[i])
		}
		if got := u.Foot(s); got != tt.want {
			t.Errorf("%x . %x = %x, want %x", tt.a, tt.b, got, tt.want)
		}
	}
	if err := (&ANFMA{A: E2M1, B: E2M1, Out: FP32, Bits: 8, Rows: 64}).Validate(); err == nil {
		t.Error("an exponent of 4 bits holds 64 products of e2m1")
	}
}

// gaussianErrors runs columns of K products of normal BF16 data and returns the mean |error| against the
// exact sum, relative to the RMS norm of the products, and the shares of shifts.
func gaussianErrors(t *testing.T, u *ANFMA, k, columns int) (mean float64, share []float64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(42, uint64(k)))
	draw := func(rows, cols int) *Dense {
		d := NewDense(rows, cols)
		for i := range d.Data {
			c, _ := BF16.Encode(FromInt(int64(rng.NormFloat64()*(1<<40))).Scale(-40), &Env{})
			d.Data[i] = int32(c)
		}
		return d
	}
	u.Rows = k
	a, b := draw(columns, k), draw(k, 1)
	got, shifts, err := u.GEMMShifts(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	value := func(c int32, f Float) float64 { return f.Decode(code(c, f)).Float64() }
	for i := range columns {
		sum, square := 0.0, 0.0
		for j := range k {
			p := value(a.At(i, j), BF16) * value(b.At(j, 0), BF16) // exact: 16 bits
			sum, square = sum+p, square+p*p
		}
		mean += math.Abs(value(int32(uint32(got[i])), FP32)-sum) / math.Sqrt(square) / float64(columns)
	}
	total := int64(0)
	for _, n := range shifts {
		total += n
	}
	for _, n := range shifts {
		share = append(share, float64(n)/float64(total))
	}
	return mean, share
}

// TestANFMAGaussian compares error and shifts on normal data with the figures that the contract was
// published with: the least aggressive configurations are as good as exact normalisation.
func TestANFMAGaussian(t *testing.T) {
	errs := map[string]float64{}
	for _, norm := range []string{"exact", "an-1-1", "an-1-2", "an-2-2", "none"} {
		mean, share := gaussianErrors(t, anUnit(norm, 16), 64, 3000)
		errs[norm] = mean
		t.Logf("K=64 P=16 %-7s mean error %.3g", norm, mean)
		if norm == "exact" {
			upTo2 := share[0] + share[1] + share[2]
			t.Logf("shifts of 0, 1, 2, 3 places: %.3f %.3f %.4f %.4f", share[0], share[1], share[2], share[3])
			if upTo2 < 0.955 || upTo2 > 0.985 {
				t.Errorf("%.3f of the shifts are by at most 2 places, want 0.97 +- 0.015", upTo2)
			}
		}
	}
	for norm, limits := range map[string][2]float64{"exact": {1, 1}, "an-1-1": {0.97, 1.03}, "an-1-2": {0.97, 1.03}, "an-2-2": {1.02, 1.25}, "none": {1.2, 1.6}} {
		if r := errs[norm] / errs["exact"]; r < limits[0] || r > limits[1] {
			t.Errorf("%s: %.3f times the error of exact normalisation, want %v", norm, r, limits)
		}
	}
}
