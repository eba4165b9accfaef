package numeric

import (
	"fmt"
	"math"
	"math/bits"
)

// Class says what a [Value] is.
type Class uint8

// The classes of value.
const (
	Zero Class = iota
	Finite
	Inf
	NaN
)

// Value is a number outside of any format: (-1)^Neg * Sig * 2^Exp if finite, or zero,
// infinity or NaN. Sig is not zero if finite, and need not be normalised.
//
// The arithmetic on values is exact as long as the significand fits: 62 bits. Beyond that
// the lowest bit of Sig becomes the OR of everything below it (round to odd), so
// that a later rounding to at most 58 bits is that of the exact result.
type Value struct {
	Class  Class
	Neg    bool
	Signal bool // a NaN that raises the invalid flag when it is used
	Exp    int
	Sig    uint64
}

// topBit is where Add and Mul put the leading bit of a significand: a sum can carry out of
// it, and 64-bit words still hold it.
const topBit = 61

// FromInt returns the value of v.
func FromInt(v int64) Value {
	if v == 0 {
		return Value{}
	}
	x := Value{Class: Finite, Neg: v < 0, Sig: uint64(v)}
	if v < 0 {
		x.Sig = -x.Sig
	}
	return x
}

// FromFloat64 returns the value of x, exactly.
func FromFloat64(x float64) Value {
	switch {
	case math.IsNaN(x):
		return Value{Class: NaN}
	case math.IsInf(x, 0):
		return Value{Class: Inf, Neg: x < 0}
	case x == 0:
		return Value{Neg: math.Signbit(x)}
	}
	frac, exp := math.Frexp(math.Abs(x))
	return Value{Class: Finite, Neg: x < 0, Exp: exp - 53, Sig: uint64(math.Ldexp(frac, 53))}
}

// Scale returns v * 2^n.
func (v Value) Scale(n int) Value {
	if v.Class == Finite {
		v.Exp += n
	}
	return v
}

// Negate returns -v.
func (v Value) Negate() Value {
	v.Neg = !v.Neg
	return v
}

// Log2 is floor(log2 |v|) of a finite value.
func (v Value) Log2() int { return v.Exp + bits.Len64(v.Sig) - 1 }

// normalised returns v with the leading bit of Sig at topBit; a significand that is
// longer is jammed.
func (v Value) normalised() Value {
	n := topBit + 1 - bits.Len64(v.Sig)
	v.Exp -= n
	if n >= 0 {
		v.Sig <<= n
	} else {
		v.Sig = jam(v.Sig, -n)
	}
	return v
}

// jam is x / 2^n with everything below the result ORed into its lowest bit.
func jam(x uint64, n int) uint64 {
	if n <= 0 {
		return x
	}
	if n > 63 {
		if x != 0 {
			return 1
		}
		return 0
	}
	y := x >> n
	if y<<n != x {
		y |= 1
	}
	return y
}

// CompareMagnitude compares |x| and |y|, both finite or zero, as cmp.Compare does.
func CompareMagnitude(x, y Value) int {
	switch {
	case x.Class == Zero && y.Class == Zero:
		return 0
	case x.Class == Zero:
		return -1
	case y.Class == Zero:
		return 1
	}
	x, y = x.normalised(), y.normalised()
	switch {
	case x.Exp != y.Exp:
		if x.Exp < y.Exp {
			return -1
		}
		return 1
	case x.Sig < y.Sig:
		return -1
	case x.Sig > y.Sig:
		return 1
	}
	return 0
}

// Float64 is a value as a float64, for statistics: rounded if the significand is longer than 53 bits.
func (v Value) Float64() float64 {
	x := math.Ldexp(float64(v.Sig), v.Exp)
	switch v.Class {
	case Zero:
		x = 0
	case Inf:
		x = math.Inf(1)
	case NaN:
		return math.NaN()
	}
	if v.Neg {
		return -x
	}
	return x
}

// String prints a value exactly, as sign, significand and power of two.
func (v Value) String() string {
	sign := ""
	if v.Neg {
		sign = "-"
	}
	switch v.Class {
	case Zero:
		return sign + "0"
	case Inf:
		return sign + "inf"
	case NaN:
		return "nan"
	}
	z := bits.TrailingZeros64(v.Sig)
	return fmt.Sprintf("%s%d*2^%d", sign, v.Sig>>z, v.Exp+z)
}
