package numeric

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Format is a set of numbers with a code for each: [Float], [Int], [Fixed], [OddInt].
type Format interface {
	fmt.Stringer
	// Width is the number of bits of a code.
	Width() int
	// Decode returns the value of a code; bits above Width are ignored.
	Decode(code uint64) Value
	// Encode rounds a value into the format, directly and once.
	Encode(v Value, env *Env) (code uint64, flags Flags)
}

// ParseFormat finds a format by its name: a float of [Floats], f16 or f32 (TestFloat's names),
// int<n>, uint<n>, oddint<n> or mxint8.
func ParseFormat(s string) (Format, error) {
	if f, err := ParseFloat(s); err == nil {
		return f, nil
	}
	if s == MXINT8.String() {
		return MXINT8, nil
	}
	if digits, ok := strings.CutPrefix(s, "oddint"); ok {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || n > 16 || digits != strconv.Itoa(n) {
			return nil, fmt.Errorf("bad width of odd-integer format: %q (expected oddint1..oddint16)", s)
		}
		return OddInt{n}, nil
	}
	if strings.HasPrefix(s, "int") || strings.HasPrefix(s, "uint") {
		return ParseInt(s)
	}
	return nil, fmt.Errorf("unknown format: %q (expected %s, int2..int64, uint1..uint64, oddint1..oddint16 or mxint8)", s, floatNames())
}

// ParseFloat finds a float format by its name.
func ParseFloat(s string) (Float, error) {
	switch s {
	case "f16":
		return FP16, nil
	case "f32":
		return FP32, nil
	}
	for _, f := range Floats() {
		if f.Name == s {
			return f, nil
		}
	}
	return Float{}, fmt.Errorf("unknown float format: %q (expected %s)", s, floatNames())
}

func floatNames() string {
	var names []string
	for _, f := range Floats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// Width implements [Format].
func (f Int) Width() int { return f.Bits }

// Decode implements [Format].
func (f Int) Decode(code uint64) Value {
	w := f.Wrap(int64(code))
	if !f.Signed && w < 0 { // uint64
		return Value{Class: Finite, Sig: uint64(w)}
	}
	return FromInt(w)
}

// Encode implements [Format]. A result out of range is clamped with env.Saturate and
// otherwise wraps modulo 2^Bits; both raise Invalid. Infinities are clamped, NaN is 0.
func (f Int) Encode(v Value, env *Env) (uint64, Flags) {
	mask := ^uint64(0) >> (64 - f.Bits)
	limit := func(neg bool) uint64 {
		switch {
		case !f.Signed && neg:
			return 0
		case !f.Signed:
			return mask
		case neg:
			return 1 << (f.Bits - 1)
		}
		return mask >> 1
	}
	switch v.Class {
	case NaN:
		return 0, Invalid
	case Inf:
		return limit(v.Neg), Invalid
	case Zero:
		return 0, 0
	}
	var draw uint32
	if env.Rounding == Stochastic {
		draw = uint32(env.Random.Uint64() >> 32)
	}
	if v.Exp+bits.Len64(v.Sig) > 64 {
		if env.Saturate || v.Exp >= 64 {
			return limit(v.Neg) * b2u(env.Saturate), Invalid
		}
		m := v.Sig << v.Exp // modulo 2^64
		return negateIf(v.Neg, m) & mask, Invalid
	}
	m, inexact := roundShift(v.Sig, -v.Exp, v.Neg, env.Rounding, draw)
	var flags Flags
	if inexact {
		flags = Inexact
	}
	top := limit(v.Neg)
	if m > top {
		if env.Saturate {
			return top, Invalid
		}
		return negateIf(v.Neg, m) & mask, Invalid
	}
	return negateIf(v.Neg, m) & mask, flags
}

func negateIf(neg bool, m uint64) uint64 {
	if neg {
		return -m
	}
	return m
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Fixed is a fixed-point format: an integer times 2^-Frac.
type Fixed struct {
	Int
	Frac int
}

// MXINT8 is the element of MXINT8 blocks: two's complement with the binary point below the
// second bit (OCP Microscaling Formats, version 1.0).
var MXINT8 = Fixed{Int{8, true}, 6}

// String implements [Format].
func (f Fixed) String() string {
	if f == MXINT8 {
		return "mxint8"
	}
	return fmt.Sprintf("%s/2^%d", f.Int, f.Frac)
}

// Decode implements [Format].
func (f Fixed) Decode(code uint64) Value { return f.Int.Decode(code).Scale(-f.Frac) }

// Encode implements [Format]; see [Int.Encode].
func (f Fixed) Encode(v Value, env *Env) (uint64, Flags) { return f.Int.Encode(v.Scale(f.Frac), env) }

// OddInt is the odd-integer ("bipolar") format: code q of Bits bits is 2q - (2^Bits - 1), so bit i
// stands for +2^i or -2^i. There is no zero.
type OddInt struct{ Bits int }

// String implements [Format].
func (f OddInt) String() string { return fmt.Sprintf("oddint%d", f.Bits) }

// Width implements [Format].
func (f OddInt) Width() int { return f.Bits }

// Decode implements [Format].
func (f OddInt) Decode(code uint64) Value {
	q := int64(code & (1<<f.Bits - 1))
	return FromInt(2*q - (1<<f.Bits - 1))
}

// Encode implements [Format]. Odd magnitudes 2j+1 are rounded by j, so that a tie goes to
// even j; magnitudes below 1 become 1 with the sign that the mode asks for (nearest and truncation:
// the value's own; zero counts as positive). Results out of range are clamped and raise
// Invalid; NaN becomes 1.
func (f OddInt) Encode(v Value, env *Env) (uint64, Flags) {
	half := uint64(1) << (f.Bits - 1) // code of +1; -1 is one less
	code := func(neg bool, j uint64) uint64 {
		if neg {
			return half - 1 - j
		}
		return half + j
	}
	one := Value{Class: Finite, Sig: 1}
	switch {
	case v.Class == NaN:
		return half, Invalid
	case v.Class == Inf:
		return code(v.Neg, half-1), Invalid
	case CompareMagnitude(v, one) < 0:
		neg := v.Neg && v.Class != Zero
		if env.Rounding == Down || env.Rounding == Up {
			neg = env.Rounding == Down
		}
		return code(neg, 0), Inexact
	}
	m := v
	m.Neg = false
	rest, _ := Add(m, one.Negate(), NearEven)
	rest.Neg = v.Neg
	sub := *env
	sub.Saturate = true
	j, flags := Int{Bits: f.Bits + 1, Signed: true}.Encode(rest.Scale(-1), &sub)
	if v.Neg {
		j = -j & (2<<f.Bits - 1)
	}
	if j >= half {
		return code(v.Neg, half-1), Invalid
	}
	return code(v.Neg, j), flags
}
