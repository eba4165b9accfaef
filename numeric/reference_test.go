package numeric

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"tpe/internal/tool/tooltest"
)

// The second opinion on rounding: numbers are whole multiples of 2^-refScale on unbounded
// integers, the value of a code is computed from the definition of its format, and a result is
// judged by its two neighbours. Nothing here shares code with Encode.

// refScale covers the product of the least two numbers of any format.
const refScale = 320

// refValue is the number that a magnitude of a format would be if no code were special.
func refValue(f Float, mag uint32) *big.Int {
	e, m := int64(mag>>f.Man), int64(mag)&(1<<f.Man-1)
	if e > 0 {
		m += 1 << f.Man
	} else {
		e = 1
	}
	shift := e - int64(f.Bias) - int64(f.Man) + refScale
	return new(big.Int).Lsh(big.NewInt(m), uint(shift))
}

// refNumber is the number of a code, or the class of special that it is.
func refNumber(f Float, code uint64) (*big.Int, Class, bool) {
	neg, mag := f.split(code)
	top := uint32(1)<<f.Exp - 1
	frac := mag & (1<<f.Man - 1)
	switch {
	case f.Specials == IEEE && mag>>f.Man == top && frac == 0:
		return nil, Inf, neg
	case f.Specials == IEEE && mag>>f.Man == top, f.Specials == NaNOnly && mag == 1<<(f.Exp+f.Man)-1, f.Specials == NegativeZeroNaN && neg && mag == 0:
		return nil, NaN, neg
	}
	v := refValue(f, mag)
	class := Finite
	if v.Sign() == 0 {
		class = Zero
	}
	if neg {
		v.Neg(v)
	}
	return v, class, neg
}

// refRound describes what is wrong about a code as the rounding of the exact number x != 0,
// or returns "".
func refRound(f Float, x *big.Int, env *Env, code uint64, flags Flags) string {
	neg := x.Sign() < 0
	ax := new(big.Int).Abs(x)
	last := f.maxMagnitude()
	gotNeg, mag := f.split(code)
	tiny := refTiny(f, ax, neg, env.Rounding)
	if tiny && env.Flush {
		zero := f.join(neg && f.Specials != NegativeZeroNaN && !env.PositiveZero, 0)
		if code != zero || flags != Underflow|Inexact {
			return "want a flushed zero"
		}
		return ""
	}
	low := mag // the magnitude at or below |x|
	if mag > last || f.Specials == NegativeZeroNaN && mag == 0 && gotNeg {
		low = last
	}
	if refValue(f, low).Cmp(ax) > 0 {
		low--
	}
	vl, vh := refValue(f, low), refValue(f, low+1)
	if vl.Cmp(ax) > 0 || low < last && vh.Cmp(ax) <= 0 {
		return fmt.Sprintf("not a neighbour: between %x and %x", low, low+1)
	}
	beyond := vh.Cmp(ax) <= 0 // past the number that would follow the largest
	exact := vl.Cmp(ax) == 0
	want, wantFlags := low, Flags(0)
	if !exact {
		wantFlags = Inexact
		middle := new(big.Int).Add(vl, vh)
		c := new(big.Int).Lsh(ax, 1).Cmp(middle)
		up := false
		switch env.Rounding {
		case NearEven:
			up = c > 0 || c == 0 && low%2 == 1
		case NearAway:
			up = c >= 0
		case Down:
			up = neg
		case Up:
			up = !neg
		case Odd:
			up = low%2 == 0
		}
		if up || beyond {
			want++
		}
	}
	if tiny && !exact {
		wantFlags |= Underflow
	}
	wantCode := f.join(neg, want)
	switch {
	case want > last:
		wantFlags = Overflow | Inexact
		inf := env.Rounding == NearEven || env.Rounding == NearAway || env.Rounding == Up && !neg || env.Rounding == Down && neg
		if wantCode = f.MaxFinite(neg); inf && !env.Saturate {
			wantCode = f.Infinity(neg)
		}
	case want == 0 && (f.Specials == NegativeZeroNaN || env.PositiveZero):
		wantCode = 0
	}
	if code != wantCode || flags != wantFlags {
		return fmt.Sprintf("want %x with flags %02x", wantCode, wantFlags)
	}
	return ""
}

// refTiny reports whether |x|, rounded to the format's precision without a bound on
// exponents, is below the least normal number.
func refTiny(f Float, ax *big.Int, neg bool, r Rounding) bool {
	least := new(big.Int).Lsh(big.NewInt(1), uint(f.MinExp()+refScale))
	if ax.Cmp(least) >= 0 {
		return false
	}
	gap := new(big.Int).Sub(least, ax)
	ulp := new(big.Int).Lsh(big.NewInt(1), uint(f.MinExp()-f.Man-1+refScale)) // of the binade below
	switch r {
	case NearEven, NearAway:
		return gap.Cmp(ulp.Rsh(ulp, 1)) > 0
	case Up, Down:
		return (r == Up) == neg || gap.Cmp(ulp) >= 0
	}
	return true
}

// refFMA describes what is wrong about code as x*y + z, or returns "".
func refFMA(fx, fy, fz, out Float, x, y, z uint64, env *Env, code uint64, flags Flags) string {
	vx, cx, nx := refNumber(fx, x)
	vy, cy, ny := refNumber(fy, y)
	vz, cz, nz := refNumber(fz, z)
	np := nx != ny
	isNaN := cx == NaN || cy == NaN || cz == NaN
	clash := (cx == Inf && cy == Zero || cx == Zero && cy == Inf) ||
		!isNaN && (cx == Inf || cy == Inf) && cz == Inf && np != nz
	got := out.Decode(code)
	switch {
	case isNaN || clash:
		if code != out.NaN() || clash && flags != Invalid {
			return "want NaN"
		}
		return ""
	case cx == Inf || cy == Inf || cz == Inf:
		neg := np
		if cz == Inf {
			neg = nz
		}
		if want, _ := out.Encode(Value{Class: Inf, Neg: neg}, env); code != want {
			return "want an infinity"
		}
		return ""
	}
	sum := new(big.Int).Rsh(new(big.Int).Mul(vx, vy), refScale)
	sum.Add(sum, vz)
	if sum.Sign() == 0 {
		neg := env.Rounding == Down
		if cz == Zero && (cx == Zero || cy == Zero) && np == nz {
			neg = np
		}
		neg = neg && out.Specials != NegativeZeroNaN && !env.PositiveZero
		if got.Class != Zero || got.Neg != neg || flags != 0 {
			return fmt.Sprintf("want zero, negative %v", neg)
		}
		return ""
	}
	return refRound(out, sum, env, code, flags)
}

// TestExhaustive8 compares sums and products of all pairs of every signed float format of at most 8 bits
// with the second opinion, in every mode, and FMAs of all pairs with some third operands.
func TestExhaustive8(t *testing.T) {
	for _, f := range Floats() {
		if f.Width() > 8 || f.Unsigned {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(8, uint64(f.Bias)))
			n := uint64(1) << f.Width()
			one, _ := f.Encode(FromInt(1), &Env{})
			for pair := range n * n {
				x, y := pair%n, pair/n
				env := &Env{Rounding: Rounding(pair % 6)}
				if tooltest.IsDeep() {
					for env.Rounding = range Odd + 1 {
						check8(t, f, x, y, one, rng.Uint64()%n, env)
					}
					continue
				}
				check8(t, f, x, y, one, rng.Uint64()%n, env)
				check8(t, f, x, y, one, rng.Uint64()%n, &Env{Rounding: Rounding(rng.IntN(6)), Flush: false, Saturate: true, PositiveZero: true})
			}
		})
	}
}

// check8 checks x*y, x+y (as x*1 + y) and x*y + z.
func check8(t *testing.T, f Float, x, y, one, z uint64, env *Env) {
	vx, vy, vz := f.Decode(x), f.Decode(y), f.Decode(z)
	p, flags := Mul(vx, vy)
	code, more := f.Encode(p, env)
	// A product is a sum with a zero of its own sign.
	var zero uint64
	if p.Neg && p.Class != NaN && f.Specials != NegativeZeroNaN {
		zero = f.join(true, 0)
	}
	if msg := refFMA(f, f, f, f, x, y, zero, env, code, flags|more); msg != "" && !(p.Class == NaN) {
		t.Fatalf("%s %+v: %x * %x = %x with flags %02x: %s", f, *env, x, y, code, flags|more, msg)
	}
	s, flags := Add(vx, vy, env.Rounding)
	code, more = f.Encode(s, env)
	if msg := refFMA(f, f, f, f, x, one, y, env, code, flags|more); msg != "" {
		t.Fatalf("%s %+v: %x + %x = %x with flags %02x: %s", f, *env, x, y, code, flags|more, msg)
	}
	s, flags = FMA(vx, vy, vz, env.Rounding)
	code, more = f.Encode(s, env)
	if msg := refFMA(f, f, f, f, x, y, z, env, code, flags|more); msg != "" {
		t.Fatalf("%s %+v: %x * %x + %x = %x with flags %02x: %s", f, *env, x, y, z, code, flags|more, msg)
	}
}

// operand draws a code: see MixedCode.
func operand(rng *rand.Rand, f Float) uint64 { return f.MixedCode(rng.Uint64()) }

// TestWideFMA compares FMAs (with a factor or a term of one or zero now and then: products
// and sums) of the wider formats and of mixed ones with the second opinion; 10 million in a deep run.
func TestWideFMA(t *testing.T) {
	type mix struct{ x, y, z, out Float }
	mixes := []mix{{FP32, FP32, FP32, FP32}, {FP16, FP16, FP16, FP16}, {BF16, BF16, BF16, BF16}, {TF32, TF32, TF32, TF32},
		{BF16, BF16, FP32, FP32}, {FP16, FP16, FP32, FP32}, {E4M3, E5M2, FP16, FP16}, {E5M2, E5M2, FP32, BF16}, {TF32, TF32, FP32, FP32}, {FP32, FP32, FP32, FP16}}
	per := 25000
	if tooltest.IsDeep() {
		per = 1_000_000
	}
	for i, m := range mixes {
		t.Run(fmt.Sprintf("%s*%s+%s=%s", m.x, m.y, m.z, m.out), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(77, uint64(i)))
			for range per {
				x, y, z := operand(rng, m.x), operand(rng, m.y), operand(rng, m.z)
				switch rng.IntN(6) {
				case 0: // cancellation: z is about -x*y
					p, _ := Mul(m.x.Decode(x), m.y.Decode(y))
					z, _ = m.z.Encode(p.Negate(), &Env{Rounding: Rounding(rng.IntN(6))})
					z ^= uint64(rng.IntN(3)) << m.z.Pad
				case 1:
					y, _ = m.y.Encode(FromInt(1), &Env{})
				case 2:
					z = 0
				}
				env := &Env{Rounding: Rounding(rng.IntN(6)), Saturate: rng.IntN(4) == 0, PositiveZero: rng.IntN(4) == 0, Flush: rng.IntN(4) == 0}
				if env.Flush { // operands are judged as they are
					for _, o := range []struct {
						f Float
						c *uint64
					}{{m.x, &x}, {m.y, &y}, {m.z, &z}} {
						if v := o.f.DecodeIn(*o.c, env); v.Class == Zero {
							*o.c = o.f.join(v.Neg, 0)
						}
					}
				}
				s, flags := FMA(m.x.Decode(x), m.y.Decode(y), m.z.Decode(z), env.Rounding)
				code, more := m.out.Encode(s, env)
				if msg := refFMA(m.x, m.y, m.z, m.out, x, y, z, env, code, flags|more); msg != "" {
					t.Fatalf("%+v: %x * %x + %x = %x with flags %02x: %s", *env, x, y, z, code, flags|more, msg)
				}
			}
		})
	}
}
