package numeric

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"tpe/internal/tool/tooltest"
)

// scaledUnits are units of the presets and of formats beside them.
func scaledUnits() map[string]*BlockScaled {
	mx := func(f Format, change func(*BlockScaled)) *BlockScaled {
		u := &BlockScaled{A: f, B: f, ScaleA: E8M0, ScaleB: E8M0, Block: 32, N: 32, C: FP32, Out: FP32, Frac: 25, Floor: -133,
			Rounding: TowardZero, NaN: FP32.AllOnes()}
		if change != nil {
			change(u)
		}
		return u
	}
	return map[string]*BlockScaled{
		"mx-e4m3":   mx(E4M3, nil),
		"mx-e5m2":   mx(E5M2, nil),
		"mx-e2m3":   mx(E2M3, func(u *BlockScaled) { u.B = E3M2; u.Rounding = NearEven }),
		"mx-e2m1":   mx(E2M1, func(u *BlockScaled) { u.N = 8; u.Exact = true; u.Frac = 35 }),
		"mx-int8":   mx(MXINT8, func(u *BlockScaled) { u.Exact = true; u.Frac = 30; u.Rounding = NearEven }),
		"int-terms": mx(MXINT8, func(u *BlockScaled) { u.A = Int{4, false}; u.N = 4 }),
		"exact":     mx(E4M3, func(u *BlockScaled) { u.Exact = true; u.Frac = 30 }),
		"nvfp4": mx(E2M1, func(u *BlockScaled) {
			u.ScaleA, u.ScaleB, u.Block, u.N, u.Exact, u.Frac, u.Floor = UE4M3, UE4M3, 16, 64, true, 35, NoFloor
		}),
		"figna": mx(FP16, func(u *BlockScaled) {
			u.B, u.ScaleA, u.ScaleB, u.Block, u.N, u.Exact, u.Align, u.Frac, u.Floor = Int{4, true}, Float{}, BF16, 32, 16, true, 14, 30, -133
		}),
		"figna-half": mx(BF16, func(u *BlockScaled) {
			u.B, u.ScaleA, u.ScaleB, u.Block, u.N, u.Exact, u.Align, u.AlignRounding = Int{4, false}, Float{}, Float{}, 8, 8, true, 9, NearEven
			u.C, u.Out, u.Rounding, u.Frac, u.Floor, u.NaN = FP16, FP16, NearEven, 20, -21, FP16.AllOnes()
		}),
	}
}

// scaledCode is an operand's element: of integers the value itself.
func scaledCode(rng *rand.Rand, f Format) int32 {
	if f, ok := f.(Float); ok {
		return int32(uint32(f.MixedCode(rng.Uint64())))
	}
	v := Int{f.Width(), true}
	if i, ok := f.(Int); ok {
		v = i
	}
	switch rng.IntN(8) {
	case 0:
		return int32(v.Min())
	case 1:
		return int32(v.Max())
	case 2:
		return 0
	}
	return int32(v.Wrap(rng.Int64()))
}

// refTerm is a term as a rational number, with the exponent of its alignment.
type refTerm struct {
	v  *big.Rat
	at int
}

// pow2 is 2^n.
func pow2(n int) *big.Rat {
	return ratio(Value{Class: Finite, Sig: 1, Exp: n})
}

// cut is x cut to a multiple of 2^n, toward zero, or rounded to nearest even.
func cut(x *big.Rat, n int, even bool) *big.Rat {
	y := new(big.Rat).Quo(x, pow2(n))
	q := new(big.Int).Quo(y.Num(), y.Denom())
	if even {
		rest := new(big.Rat).Sub(y, new(big.Rat).SetInt(q))
		if c := new(big.Rat).Abs(rest).Cmp(big.NewRat(1, 2)); c > 0 || c == 0 && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(int64(rest.Sign())))
		}
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(q), pow2(n))
}

// refLead is floor(log2) of a number, or the least that its format has for a leading place.
func refLead(f Format, v Value) int {
	switch f := f.(type) {
	case Float:
		return max(v.Log2(), f.MinExp())
	case Fixed:
		return f.Bits - 1 - f.Frac
	case Int:
		return f.Bits - 1
	}
	panic(f)
}

// refScaled describes what is wrong about code as one group: products a, b, with scales x, y for
// each part of them.
func refScaled(u *BlockScaled, a, b, x, y []Value, c, code uint64) string {
	vc := u.C.Decode(c)
	nan, pos, neg := vc.Class == NaN, vc.Class == Inf && !vc.Neg, vc.Class == Inf && vc.Neg
	var terms []refTerm
	if vc.Class == Finite {
		terms = append(terms, refTerm{ratio(vc), refLead(u.C, vc)})
	}
	step := min(u.N, u.Block)
	for p := 0; p*step < len(a); p++ {
		sa, sb := x[p], y[p]
		if sa.Class > Finite || sb.Class > Finite {
			nan = true
			continue
		}
		scale := new(big.Rat).Mul(ratio(sa), ratio(sb))
		at := 0
		if u.ScaleA.Exp > 0 && sa.Class == Finite {
			at += refLead(u.ScaleA, sa)
		}
		if u.ScaleB.Exp > 0 && sb.Class == Finite {
			at += refLead(u.ScaleB, sb)
		}
		sum, some, top := new(big.Rat), false, -1000
		lo, hi := p*step, min((p+1)*step, len(a))
		for i := lo; i < hi; i++ {
			if a[i].Class == Finite {
				top = max(top, refLead(u.A, a[i]))
			}
		}
		for i := lo; i < hi; i++ {
			va, vb := a[i], b[i]
			zero := va.Class == Zero || vb.Class == Zero || scale.Sign() == 0
			switch {
			case va.Class == NaN || vb.Class == NaN || zero && (va.Class == Inf || vb.Class == Inf):
				nan = true
			case va.Class == Inf || vb.Class == Inf:
				n := (va.Neg != vb.Neg) != (scale.Sign() < 0)
				pos, neg = pos || !n, neg || n
			case zero:
			case !u.Exact:
				terms = append(terms, refTerm{new(big.Rat).Mul(scale, new(big.Rat).Mul(ratio(va), ratio(vb))), at + refLead(u.A, va) + refLead(u.B, vb)})
			default:
				m := ratio(va)
				if u.Align > 0 {
					m = cut(m, top-u.Align+1, u.AlignRounding == NearEven)
				}
				sum.Add(sum, m.Mul(m, ratio(vb)))
				some = true
			}
		}
		if u.Align > 0 {
			at += top
		}
		if some {
			terms = append(terms, refTerm{sum.Mul(sum, scale), at})
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
	emax := u.Floor
	for _, t := range terms {
		emax = max(emax, t.at)
	}
	sum := new(big.Rat)
	for _, t := range terms {
		sum.Add(sum, cut(t.v, emax-u.Frac, false))
	}
	if sum.Sign() == 0 {
		if code != 0 {
			return "want +0"
		}
		return ""
	}
	sum.Mul(sum, pow2(refScale))
	if !sum.IsInt() {
		return "finer than the reference"
	}
	env := &Env{Rounding: u.Rounding}
	if code == u.C.Infinity(sum.Sign() < 0) {
		if refRound(u.Out, sum.Num(), env, code, Overflow|Inexact) == "" {
			return ""
		}
		return refRound(u.Out, sum.Num(), env, u.Out.MaxFinite(sum.Sign() < 0), Overflow|Inexact)
	}
	msg := ""
	for _, flags := range []Flags{0, Inexact, Inexact | Underflow} {
		if msg = refRound(u.Out, sum.Num(), env, code, flags); msg == "" {
			return ""
		}
	}
	return msg
}

// TestBlockScaled compares single groups, whole and cut short, with rational numbers.
func TestBlockScaled(t *testing.T) {
	per := 300
	if tooltest.IsDeep() {
		per = 20000
	}
	for name, u := range scaledUnits() {
		t.Run(name, func(t *testing.T) {
			if err := u.Validate(); err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(54, uint64(u.N)))
			special := 0
			for range per {
				k := u.N
				if rng.IntN(3) == 0 {
					k = 1 + rng.IntN(u.N)
				}
				parts := (k + u.Part() - 1) / u.Part()
				a, b := NewDense(1, k), NewDense(k, 1)
				tame := rng.IntN(4) > 0
				finite := func(f Format) int32 {
					v := scaledCode(rng, f)
					if tame && f.Decode(uint64(int64(v))).Class > Finite {
						return 0
					}
					return v
				}
				for i := range a.Data {
					a.Data[i], b.Data[i] = finite(u.A), finite(u.B)
					if _, ok := u.A.(Float); ok && i > 0 && rng.IntN(4) == 0 {
						a.Data[i], b.Data[i] = a.Data[i-1]^1<<(u.A.Width()-1), b.Data[i-1]
					}
				}
				scales := func(f Float, rows, cols int) (*Dense, []Value) {
					one := FromInt(1)
					list := make([]Value, parts)
					if f.Exp == 0 {
						for i := range list {
							list[i] = one
						}
						return nil, list
					}
					d := NewDense(rows, cols)
					for i := range d.Data {
						d.Data[i] = finite(f)
					}
					for i := range list {
						list[i] = f.Decode(uint64(uint32(d.Data[i*u.Part()/u.Block])))
					}
					return d, list
				}
				blocks := (k + u.Block - 1) / u.Block
				sa, x := scales(u.ScaleA, 1, blocks)
				sb, y := scales(u.ScaleB, blocks, 1)
				init := []int64{0}
				if rng.IntN(3) > 0 {
					init[0] = int64(uint32(finite(u.C)))
				}
				got, err := u.GEMM(a, b, sa, sb, init)
				if err != nil {
					t.Fatal(err)
				}
				if u.C.Decode(uint64(got[0])).Class > Finite {
					special++
				}
				if msg := refScaled(u, decodeAll(a, u.A), decodeAll(b, u.B), x, y, uint64(init[0]), uint64(got[0])); msg != "" {
					t.Fatalf("%v . %v, scales %v %v, + %x = %x: %s", a.Data, b.Data, x, y, init[0], got[0], msg)
				}
			}
			if special > per/2 {
				t.Errorf("%d of %d results are infinite or NaN", special, per)
			}
		})
	}
}

// TestBlockScaledChain pins that groups follow each other, and which scale belongs to which k.
func TestBlockScaledChain(t *testing.T) {
	u := scaledUnits()["mx-e2m1"] // groups of 8 in blocks of 32
	a, b := NewDense(1, 40), NewDense(40, 1)
	for i := range a.Data {
		a.Data[i], b.Data[i] = 2, 2 // 1.0
	}
	sa, sb := NewDense(1, 2), NewDense(2, 1)
	sa.Data = []int32{127, 130}
	sb.Data = []int32{128, 127}
	got, err := u.GEMM(a, b, sa, sb, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := FP32.Encode(FromInt(32*2+8*8), &Env{}); uint64(got[0]) != want {
		t.Errorf("sum is %x, want %x", got[0], want)
	}
	sb.Data[1] = 255
	if got, _ = u.GEMM(a, b, sa, sb, nil); uint64(got[0]) != u.NaN {
		t.Errorf("with a NaN scale the sum is %x, want %x", got[0], u.NaN)
	}
	if _, err := u.GEMM(a, b, nil, sb, nil); err == nil {
		t.Error("scales may be missing")
	}
}

// TestBlockScaledValidate holds units that are impossible.
func TestBlockScaledValidate(t *testing.T) {
	for i, change := range []func(*BlockScaled){
		func(u *BlockScaled) { u.N = 0 }, func(u *BlockScaled) { u.N = 65 }, func(u *BlockScaled) { u.Block = 12 }, func(u *BlockScaled) { u.Block = 0 },
		func(u *BlockScaled) { u.Block = 16 }, func(u *BlockScaled) { u.A = FP32 }, func(u *BlockScaled) { u.A = OddInt{2} }, func(u *BlockScaled) { u.B = Int{17, true} },
		func(u *BlockScaled) { u.ScaleA = UE4M3 }, func(u *BlockScaled) { u.ScaleB = FP32 }, func(u *BlockScaled) { u.Align = 8 },
		func(u *BlockScaled) { u.Exact = true; u.Align = 8; u.B = Int{4, true} }, func(u *BlockScaled) { u.A, u.B, u.Exact = E5M2, E5M2, true },
		func(u *BlockScaled) { u.Exact = true; u.Frac = 40 }, func(u *BlockScaled) { u.Rounding = Stochastic },
		func(u *BlockScaled) { u.ScaleA = Float{}; u.B = Int{4, true}; u.Exact = true; u.Align = 41 },
		func(u *BlockScaled) {
			u.ScaleA, u.B, u.Exact, u.Align, u.AlignRounding = Float{}, Int{4, true}, true, 8, Up
		},
	} {
		u := scaledUnits()["mx-e4m3"]
		if change(u); u.Validate() == nil {
			t.Errorf("case %d: %+v is valid", i, u)
		}
	}
}

// TestBlockScaledWidths pins the widths of exact sums: those of the specification's elements are 2^-18 to 448^2
// and five bits of growth for E4M3, 16 and 5 for integers, and 36 in quarters for E2M1.
func TestBlockScaledWidths(t *testing.T) {
	for name, want := range map[string]int{"exact": 41, "mx-int8": 20, "nvfp4": 12, "mx-e2m1": 11} {
		if got := scaledUnits()[name].SumBits(); got != want {
			t.Errorf("%s: %d bits, want %d", name, got, want)
		}
	}
}
