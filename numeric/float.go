package numeric

import (
	"fmt"
	"math/bits"
)

// Specials says which codes of a float format are not finite numbers.
type Specials uint8

// The kinds of special codes.
const (
	// IEEE: the greatest exponent holds infinity (fraction 0) and NaNs; those whose top fraction
	// bit is 0 signal.
	IEEE Specials = iota
	// NaNOnly: the code of all ones is NaN, there is no infinity ("fn").
	NaNOnly
	// NegativeZeroNaN: the code of -0 is NaN, there is neither -0 nor infinity ("fnuz").
	NegativeZeroNaN
	// FiniteOnly: every code is a number.
	FiniteOnly
)

// Float is a binary floating-point format of at most 32 bits: from the top a sign, an
// exponent field of Exp bits, a fraction of Man bits, and Pad bits that are
// ignored when read and 0 when written. With exponent field E and fraction M the value is
//
//	2^(E-Bias) * (1 + M/2^Man)   if E > 0
//	2^(1-Bias) * M/2^Man         if E = 0
//
// except for the codes that Specials names. Unsigned formats have no sign bit, and with
// NormalOnly the first line holds for E = 0 too, so that there is no zero.
type Float struct {
	Name       string
	Exp, Man   int
	Bias       int
	Specials   Specials
	Unsigned   bool
	NormalOnly bool
	Pad        int
}

// The formats. Sources: IEEE 754-2019 (FP16, FP32); OCP 8-bit Floating Point
// Specification, revision 1.0 (E4M3, E5M2); OCP Microscaling Formats Specification, version 1.0
// (E3M2, E2M3, E2M1, E8M0); "8-bit Numerical Formats for Deep Neural Networks",
// arXiv 2206.02915 (FNUZ); TF32 is binary32 with 13 bits less of fraction.
var (
	FP32     = Float{Name: "fp32", Exp: 8, Man: 23, Bias: 127}
	TF32     = Float{Name: "tf32", Exp: 8, Man: 10, Bias: 127, Pad: 13}
	FP16     = Float{Name: "fp16", Exp: 5, Man: 10, Bias: 15}
	BF16     = Float{Name: "bf16", Exp: 8, Man: 7, Bias: 127}
	E4M3     = Float{Name: "e4m3", Exp: 4, Man: 3, Bias: 7, Specials: NaNOnly}
	E5M2     = Float{Name: "e5m2", Exp: 5, Man: 2, Bias: 15}
	E4M3FNUZ = Float{Name: "e4m3fnuz", Exp: 4, Man: 3, Bias: 8, Specials: NegativeZeroNaN}
	E5M2FNUZ = Float{Name: "e5m2fnuz", Exp: 5, Man: 2, Bias: 16, Specials: NegativeZeroNaN}
	E3M2     = Float{Name: "e3m2", Exp: 3, Man: 2, Bias: 3, Specials: FiniteOnly}
	E2M3     = Float{Name: "e2m3", Exp: 2, Man: 3, Bias: 1, Specials: FiniteOnly}
	E2M1     = Float{Name: "e2m1", Exp: 2, Man: 1, Bias: 1, Specials: FiniteOnly}
	E8M0     = Float{Name: "e8m0", Exp: 8, Man: 0, Bias: 127, Specials: NaNOnly, Unsigned: true, NormalOnly: true}
	UE4M3    = Float{Name: "ue4m3", Exp: 4, Man: 3, Bias: 7, Specials: NaNOnly, Unsigned: true} // scales of NVFP4: E4M3 without its sign
)

// Floats lists the named float formats.
func Floats() []Float {
	return []Float{FP32, TF32, FP16, BF16, E4M3, E5M2, E4M3FNUZ, E5M2FNUZ, E3M2, E2M3, E2M1, E8M0, UE4M3, E8M13}
}

// String implements [Format].
func (f Float) String() string { return f.Name }

// Width implements [Format].
func (f Float) Width() int {
	if f.Unsigned {
		return f.Exp + f.Man + f.Pad
	}
	return 1 + f.Exp + f.Man + f.Pad
}

// Validate reports what is impossible about a format.
func (f Float) Validate() error {
	switch {
	case f.Exp < 1 || f.Man < 0 || f.Pad < 0 || f.Width() > 32:
		return fmt.Errorf("float format of 1+%d+%d+%d bits (expected an exponent and at most 32 bits)", f.Exp, f.Man, f.Pad)
	case f.Specials == IEEE && (f.Man < 1 || f.Exp < 2):
		return fmt.Errorf("format with infinity has %d exponent and %d fraction bits (expected at least 2 and 1)", f.Exp, f.Man)
	case f.Unsigned && f.Specials == NegativeZeroNaN:
		return fmt.Errorf("unsigned format has its NaN at -0")
	}
	return nil
}

// magnitudeBits is the width of exponent and fraction.
func (f Float) magnitudeBits() int { return f.Exp + f.Man }

// maxMagnitude is the largest code of a finite number without sign and padding.
func (f Float) maxMagnitude() uint32 {
	ones := uint32(1)<<f.magnitudeBits() - 1
	switch f.Specials {
	case IEEE:
		return ones - 1<<f.Man
	case NaNOnly:
		return ones - 1
	}
	return ones
}

// join is the code of a sign and a magnitude.
func (f Float) join(neg bool, mag uint32) uint64 {
	if neg && !f.Unsigned {
		mag |= 1 << f.magnitudeBits()
	}
	return uint64(mag) << f.Pad
}

// split is the sign and the magnitude of a code.
func (f Float) split(code uint64) (neg bool, mag uint32) {
	c := uint32(code >> f.Pad)
	return !f.Unsigned && c>>f.magnitudeBits()&1 == 1, c & (1<<f.magnitudeBits() - 1)
}

// MinExp is the exponent of the least normal number, a power of two.
func (f Float) MinExp() int {
	if f.NormalOnly {
		return -f.Bias
	}
	return 1 - f.Bias
}

// MaxFinite returns the code of the largest number with the given sign.
func (f Float) MaxFinite(neg bool) uint64 { return f.join(neg, f.maxMagnitude()) }

// MaxExp is floor(log2) of the largest number.
func (f Float) MaxExp() int { return int(f.maxMagnitude()>>f.Man) - f.Bias }

// NaN returns the code of the positive quiet NaN with the least payload. A format
// without NaN returns its largest number, as the conversions to such formats
// of current GPUs do.
func (f Float) NaN() uint64 {
	switch f.Specials {
	case IEEE:
		return f.join(false, f.maxMagnitude()+1+1<<(f.Man-1))
	case NaNOnly:
		return f.join(false, 1<<f.magnitudeBits()-1)
	case NegativeZeroNaN:
		return f.join(true, 0)
	}
	return f.MaxFinite(false)
}

// AllOnes returns the code of all ones without sign: the NaN that tensor cores return.
func (f Float) AllOnes() uint64 { return f.join(false, 1<<f.magnitudeBits()-1) }

// Infinity returns the code of infinity; a format without it has NaN instead, and one
// without NaN its largest number.
func (f Float) Infinity(neg bool) uint64 {
	switch f.Specials {
	case IEEE:
		return f.join(neg, f.maxMagnitude()+1)
	case FiniteOnly:
		return f.MaxFinite(neg)
	}
	return f.NaN()
}

// Decode implements [Format].
func (f Float) Decode(code uint64) Value {
	neg, mag := f.split(code)
	if mag > f.maxMagnitude() || f.Specials == NegativeZeroNaN && neg && mag == 0 {
		inf := f.maxMagnitude() + 1
		if f.Specials == IEEE && mag == inf {
			return Value{Class: Inf, Neg: neg}
		}
		return Value{Class: NaN, Neg: neg, Signal: f.Specials == IEEE && mag>>(f.Man-1)&1 == 0}
	}
	e, m := int(mag>>f.Man), uint64(mag)&(1<<f.Man-1)
	switch {
	case e > 0 || f.NormalOnly:
		m |= 1 << f.Man
	case m == 0:
		return Value{Neg: neg}
	default:
		e = 1
	}
	return Value{Class: Finite, Neg: neg, Exp: e - f.Bias - f.Man, Sig: m}
}

// DecodeIn decodes a code as an operand: with env.Flush a subnormal one is zero.
func (f Float) DecodeIn(code uint64, env *Env) Value {
	v := f.Decode(code)
	if env.Flush && v.Class == Finite && v.Log2() < f.MinExp() {
		return Value{Neg: v.Neg}
	}
	return v
}

// Encode implements [Format]. Overflow is judged after rounding. A negative number has no place
// in an unsigned format and becomes NaN; where there is no zero it becomes the least number.
func (f Float) Encode(v Value, env *Env) (uint64, Flags) {
	if f.Unsigned && v.Neg && v.Class != Zero && v.Class != NaN {
		return f.NaN(), Invalid
	}
	switch v.Class {
	case NaN:
		if v.Signal || f.Specials == FiniteOnly {
			return f.NaN(), Invalid
		}
		return f.NaN(), 0
	case Inf:
		if env.Saturate {
			return f.MaxFinite(v.Neg), Overflow | Inexact
		}
		if f.Specials != IEEE {
			return f.Infinity(v.Neg), Overflow | Inexact
		}
		return f.Infinity(v.Neg), 0
	case Zero:
		if f.NormalOnly {
			return 0, Underflow | Inexact
		}
		return f.zero(v.Neg, env), 0
	}
	return f.encodeFinite(v, env)
}

func (f Float) zero(neg bool, env *Env) uint64 {
	return f.join(neg && !env.PositiveZero && f.Specials != NegativeZeroNaN, 0)
}

func (f Float) encodeFinite(v Value, env *Env) (uint64, Flags) {
	var draw uint32
	if env.Rounding == Stochastic {
		draw = uint32(env.Random.Uint64() >> 32)
	}
	e := v.Exp + bits.Len64(v.Sig) - 1
	tiny := e < f.MinExp() && !f.roundsToNormal(v, e, env, draw)
	switch {
	case tiny && f.NormalOnly:
		return 0, Underflow | Inexact
	case tiny && env.Flush:
		return f.zero(v.Neg, env), Underflow | Inexact
	}
	lsb := max(e, f.MinExp()) - f.Man // weight of the lowest bit of the result
	m, inexact := roundShift(v.Sig, lsb-v.Exp, v.Neg, env.Rounding, draw)
	// A carry out of the fraction goes into the exponent, which is right.
	first := lsb + f.Man - f.MinExp() // binades above the least
	mag := uint64(first)<<f.Man + m
	if f.NormalOnly {
		mag -= 1 << f.Man
	}
	var flags Flags
	if inexact {
		flags = Inexact
		if tiny {
			flags |= Underflow
		}
	}
	if first > int(f.maxMagnitude()>>f.Man) || mag > uint64(f.maxMagnitude()) {
		if env.Saturate || !env.Rounding.toInfinity(v.Neg) {
			return f.MaxFinite(v.Neg), Overflow | Inexact
		}
		return f.Infinity(v.Neg), Overflow | Inexact
	}
	if mag == 0 && !f.NormalOnly {
		return f.zero(v.Neg, env), flags
	}
	return f.join(v.Neg, uint32(mag)), flags
}

// roundsToNormal reports whether a value below the normal range, with leading bit 2^e,
// would be the least normal number if exponents had no bound.
func (f Float) roundsToNormal(v Value, e int, env *Env, draw uint32) bool {
	if e != f.MinExp()-1 {
		return false
	}
	m, _ := roundShift(v.Sig, e-f.Man-v.Exp, v.Neg, env.Rounding, draw)
	return m == 2<<f.Man
}
