package numeric

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"tpe/internal/tool/tooltest"
)

// refPlace is the exponent at which a finite operand takes part, and whether it does.
func refPlace(f Float, code uint64, zeros bool) (int, bool) {
	v, class, _ := refNumber(f, code)
	if class == Zero {
		return f.MinExp(), zeros
	}
	return max(new(big.Int).Abs(v).BitLen()-1-refScale, f.MinExp()), true
}

// refGroup describes what is wrong about code as one group of the unit, computed on unbounded integers
// from the definition, or returns "".
func refGroup(u *BlockFMA, a, b []uint64, c, code uint64) string {
	emax, any := u.Floor, u.Floor != NoFloor
	see := func(e int, ok bool) {
		if ok && (!any || e > emax) {
			emax, any = e, true
		}
	}
	var terms []*big.Int // at scale refScale
	pos, neg := false, false
	vc, cc, nc := refNumber(u.C, c)
	nan := cc == NaN
	if cc == Inf {
		pos, neg = !nc, nc
	} else if !nan {
		see(refPlace(u.C, c, u.ZeroProductExponent))
		terms = append(terms, vc)
	}
	for i := range a {
		va, ca, na := refNumber(u.A, a[i])
		vb, cb, nb := refNumber(u.B, b[i])
		switch {
		case ca == NaN || cb == NaN || ca == Inf && cb == Zero || ca == Zero && cb == Inf:
			nan = true
		case ca == Inf || cb == Inf:
			pos, neg = pos || na == nb, neg || na != nb
		default:
			ea, oka := refPlace(u.A, a[i], u.ZeroProductExponent)
			eb, okb := refPlace(u.B, b[i], u.ZeroProductExponent)
			see(ea+eb, oka && okb)
			terms = append(terms, new(big.Int).Rsh(new(big.Int).Mul(va, vb), refScale))
		}
	}
	switch {
	case nan || pos && neg:
		if code != u.NaN {
			return "want NaN"
		}
		return ""
	case pos || neg:
		if code != u.C.Infinity(neg) {
			return "want an infinity"
		}
		return ""
	}
	sum := new(big.Int)
	for _, t := range terms {
		// Quo truncates the quotient toward zero.
		unit := new(big.Int).Lsh(big.NewInt(1), uint(max(emax-u.Frac+refScale, 0)))
		sum.Add(sum, new(big.Int).Mul(new(big.Int).Quo(t, unit), unit))
	}
	if sum.Sign() == 0 {
		if code != 0 {
			return "want +0"
		}
		return ""
	}
	env := &Env{Rounding: u.Rounding}
	if code == u.C.Infinity(sum.Sign() < 0) { // of an overflow; the reference rounds as the mode says
		if msg := refRound(u.Out, sum, env, code, Overflow|Inexact); msg == "" {
			return ""
		}
		return refRound(u.Out, sum, env, u.Out.MaxFinite(sum.Sign() < 0), Overflow|Inexact)
	}
	msg := ""
	for _, flags := range []Flags{0, Inexact, Inexact | Underflow} { // the unit raises none
		if msg = refRound(u.Out, sum, env, code, flags); msg == "" {
			return ""
		}
	}
	return msg
}

// TestBlockFMA compares single groups of every preset, and of every rounding and option, with
// the second opinion; operands hold specials, zeros, subnormals and cancellation.
func TestBlockFMA(t *testing.T) {
	per := 400
	if tooltest.IsDeep() {
		per = 50000
	}
	seen := map[string]bool{}
	for i, core := range TensorCores() {
		if seen[core.Name] {
			t.Errorf("%s stands twice", core.Name)
		}
		seen[core.Name] = true
		if err := core.Unit.Validate(); err != nil {
			t.Errorf("%s: %v", core.Name, err)
		}
		t.Run(core.Name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(9, uint64(i)))
			for range per {
				u := core.Unit
				u.Order, u.AddC = nil, false
				u.ZeroProductExponent = rng.IntN(2) == 0
				if rng.IntN(4) == 0 {
					u.Rounding = Rounding(rng.IntN(6))
				}
				a, b := make([]uint64, 1+rng.IntN(u.N)), []uint64(nil)
				for i := range a {
					a[i] = operand(rng, u.A)
					b = append(b, operand(rng, u.B))
					if i > 0 && rng.IntN(4) == 0 { // cancel the one before
						a[i], b[i] = a[i-1]^1<<(u.A.Width()-1), b[i-1]^uint64(rng.IntN(2))<<u.B.Pad
					}
				}
				c := operand(rng, u.C)
				code := u.Dot(a, b, c)
				if msg := refGroup(&u, a, b, c, code); msg != "" {
					t.Fatalf("%+v: %x . %x + %x = %x: %s", u, a, b, c, code, msg)
				}
			}
		})
	}
	if len(seen) != 2+2*4+2*8+2*10+10 {
		t.Errorf("%d presets", len(seen))
	}
}

// TestBlockFMAChain pins how groups, instructions and the late addition of c follow each other.
func TestBlockFMAChain(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 1))
	core, err := FindTensorCore("tc-h100-e4m3-f16-mma")
	if err != nil {
		t.Fatal(err)
	}
	u := core.Unit
	if fmt.Sprint(u.Order) != "[0 1 4 5 8 9 12 13 16 17 20 21 24 25 28 29 2 3 6 7 10 11 14 15 18 19 22 23 26 27 30 31]" {
		t.Errorf("order %v", u.Order)
	}
	group := u
	group.Order, group.AddC = nil, false
	for range 2000 {
		a, b := make([]uint64, 64), make([]uint64, 64)
		for i := range a {
			a[i], b[i] = operand(rng, u.A), operand(rng, u.B)
		}
		c := operand(rng, u.C)
		want := c
		for k0 := 0; k0 < 64; k0 += 32 {
			acc := uint64(0)
			for half := range 2 {
				var x, y []uint64
				for i := range 32 {
					if i%4/2 == half {
						x, y = append(x, a[k0+i]), append(y, b[k0+i])
					}
				}
				acc = group.Dot(x, y, acc)
			}
			s, _ := Add(u.C.Decode(acc), u.C.Decode(want), NearEven)
			if want, _ = u.C.Encode(s, &Env{}); s.Class == NaN {
				want = u.NaN
			}
		}
		if got := u.Dot(a, b, c); got != want {
			t.Fatalf("%x . %x + %x = %x, want %x", a, b, c, got, want)
		}
	}
}

// TestZeroProduct pins the vector that tells the two public models apart: does 0 * 2^127 push
// 2^-30 out of the sum?
func TestZeroProduct(t *testing.T) {
	core, err := FindTensorCore("tc-h100-bf16-f32")
	if err != nil {
		t.Fatal(err)
	}
	u := core.Unit
	a, b := []uint64{0, 0x3080}, []uint64{0x7f00, 0x3f80}
	if got := u.Dot(a, b, 0); got != 0x30800000 {
		t.Errorf("zeros absent: %x, want 2^-30", got)
	}
	u.ZeroProductExponent = true
	if got := u.Dot(a, b, 0); got != 0 {
		t.Errorf("zeros present: %x, want 0", got)
	}
	if got := core.Unit.Dot([]uint64{0x7f7f}, []uint64{0x7f7f}, 0); got != 0x7f800000 {
		t.Errorf("overflow under truncation: %x, want infinity", got)
	}
}

// TestBlockFMAValidate holds units that are impossible.
func TestBlockFMAValidate(t *testing.T) {
	good := func() *BlockFMA {
		return &BlockFMA{A: BF16, B: BF16, C: FP32, Out: FP32, N: 4, Frac: 24, Rounding: TowardZero}
	}
	if err := good().Validate(); err != nil {
		t.Error(err)
	}
	for i, change := range []func(*BlockFMA){
		func(u *BlockFMA) { u.N = 0 }, func(u *BlockFMA) { u.N = 65 }, func(u *BlockFMA) { u.Frac = 41 }, func(u *BlockFMA) { u.A = FP32 },
		func(u *BlockFMA) { u.Out = FP16 }, func(u *BlockFMA) { u.C = E4M3 }, func(u *BlockFMA) { u.Rounding = Stochastic },
		func(u *BlockFMA) { u.Order = []int{0, 1, 2} }, func(u *BlockFMA) { u.Order = []int{0, 1, 2, 2} },
	} {
		u := good()
		if change(u); u.Validate() == nil {
			t.Errorf("case %d: %+v is valid", i, u)
		}
	}
}
