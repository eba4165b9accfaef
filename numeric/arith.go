package numeric

import "math/bits"

// Mul returns x*y, exact if the significands together have at most 62 bits.
func Mul(x, y Value) (Value, Flags) {
	neg := x.Neg != y.Neg
	switch {
	case x.Class == NaN || y.Class == NaN:
		return quiet(x, y)
	case x.Class == Inf || y.Class == Inf:
		if x.Class == Zero || y.Class == Zero {
			return Value{Class: NaN}, Invalid
		}
		return Value{Class: Inf, Neg: neg}, 0
	case x.Class == Zero || y.Class == Zero:
		return Value{Neg: neg}, 0
	}
	hi, lo := bits.Mul64(x.Sig, y.Sig)
	v := Value{Class: Finite, Neg: neg, Exp: x.Exp + y.Exp, Sig: lo}
	if n := bits.Len64(hi); n > 0 || lo>>62 != 0 {
		n += 2 // leaves 62 bits
		v.Sig = hi<<(64-n) | jam(lo, n)
		v.Exp += n
	}
	return v, 0
}

// Add returns x+y. A sum of numbers that is exactly zero is +0, or -0 when rounding down; a
// sum of zeros of one sign keeps it.
func Add(x, y Value, r Rounding) (Value, Flags) {
	switch {
	case x.Class == NaN || y.Class == NaN:
		return quiet(x, y)
	case x.Class == Inf && y.Class == Inf && x.Neg != y.Neg:
		return Value{Class: NaN}, Invalid
	case x.Class == Inf:
		return x, 0
	case y.Class == Inf:
		return y, 0
	case x.Class == Zero && y.Class == Zero:
		return Value{Neg: x.Neg && y.Neg || (x.Neg || y.Neg) && r == Down}, 0
	case x.Class == Zero:
		return y, 0
	case y.Class == Zero:
		return x, 0
	}
	x, y = x.normalised(), y.normalised()
	if y.Exp > x.Exp || y.Exp == x.Exp && y.Sig > x.Sig {
		x, y = y, x
	}
	low := jam(y.Sig, x.Exp-y.Exp)
	if x.Neg == y.Neg {
		x.Sig += low
		return x, 0
	}
	if x.Sig == low {
		return Value{Neg: r == Down}, 0
	}
	x.Sig -= low
	return x, 0
}

// FMA returns x*y + z, which is then to be rounded once. The product must be exact (see
// [Mul]). Infinity times zero is invalid even if z is a NaN.
func FMA(x, y, z Value, r Rounding) (Value, Flags) {
	p, flags := Mul(x, y)
	if p.Class == NaN {
		p.Signal = false // already counted
	}
	s, more := Add(p, z, r)
	return s, flags | more
}

// Div returns x/y, to 61 bits at least and the rest jammed. y is not zero.
func Div(x, y Value) (Value, Flags) {
	neg := x.Neg != y.Neg
	switch {
	case x.Class == NaN || y.Class == NaN:
		return quiet(x, y)
	case x.Class == Inf && y.Class == Inf || x.Class == Zero && y.Class == Zero:
		return Value{Class: NaN}, Invalid
	case x.Class == Inf:
		return Value{Class: Inf, Neg: neg}, 0
	case x.Class == Zero || y.Class == Inf:
		return Value{Neg: neg}, 0
	case y.Class == Zero:
		panic("numeric: division by zero")
	}
	x, y = x.normalised(), y.normalised()
	// x/y is in (1/2, 2): the quotient of x * 2^61 has 61 or 62 bits.
	q, rest := bits.Div64(x.Sig>>3, x.Sig<<61, y.Sig)
	if rest != 0 {
		q |= 1
	}
	return Value{Class: Finite, Neg: neg, Exp: x.Exp - y.Exp - topBit, Sig: q}, 0
}

// quiet is the result of an operation on NaNs.
func quiet(x, y Value) (Value, Flags) {
	var flags Flags
	if x.Signal || y.Signal {
		flags = Invalid
	}
	return Value{Class: NaN}, flags
}
