package numeric

import "fmt"

// Encoding is a way to write an integer as a sum of signed digits: the value is the
// sum over i of digit i times 2^(Shift*i).
type Encoding int

// The encodings. For an integer of n bits, the fields and bits below are those of its
// two's complement, or where it says so of its magnitude.
const (
	// Booth is modified Booth in radix 4, digits -2..2: digit i is
	// -2 x[2i+1] + x[2i] + x[2i-1], with x[-1] = 0. Each digit depends on three bits only.
	Booth Encoding = iota + 1
	// ENT is the encoding of EN-T (ICCD 2024, arXiv 2404.11887) in radix 4, digits -2..2:
	// the magnitude's two-bit fields, lowest first, each plus the carry of the one below;
	// 3 becomes -1 and 4 becomes 0, both with a carry; a negative integer negates all
	// digits. Positive integers have the digits -1, 0, 1, 2 only, so that two bits
	// hold a digit and one more bit the sign of all.
	ENT
	// CSD is the canonical signed digit form in radix 2, also called non-adjacent form:
	// digits -1, 0, 1, no two neighbours of which are non-zero. No form in radix 2
	// has fewer non-zero digits.
	CSD
	// BitsC are the bits of the two's complement; the top digit of a signed integer is 0
	// or -1.
	BitsC
	// BitsM are the bits of the magnitude, each with the integer's sign.
	BitsM
)

// encodings are the names that configurations use.
var encodings = [...]string{Booth: "booth", ENT: "ent", CSD: "csd", BitsC: "bits", BitsM: "magnitude"}

// Encodings lists all encodings.
func Encodings() []Encoding { return []Encoding{Booth, ENT, CSD, BitsC, BitsM} }

// String returns the encoding's name.
func (e Encoding) String() string {
	if e < 1 || int(e) >= len(encodings) {
		return fmt.Sprintf("Encoding(%d)", int(e))
	}
	return encodings[e]
}

// ParseEncoding returns the encoding of that name.
func ParseEncoding(s string) (Encoding, error) {
	for _, e := range Encodings() {
		if e.String() == s {
			return e, nil
		}
	}
	return 0, fmt.Errorf("unknown encoding: %q (expected booth, ent, csd, bits or magnitude)", s)
}

// Shift is the base-2 logarithm of the radix: 2 for Booth and ENT, else 1.
func (e Encoding) Shift() int {
	if e == Booth || e == ENT {
		return 2
	}
	return 1
}

// Digits is the number of digits that every value of format f fits in:
//
//	           signed, n bits     unsigned, n bits
//	radix 4    ceil(n/2)          floor(n/2) + 1
//	csd        n                  n + 1
//	bits       n                  n
//
// A signed magnitude needs all n bits, since that of the least value is 2^(n-1).
func (e Encoding) Digits(f Int) int {
	switch {
	case e.Shift() == 2 && f.Signed:
		return (f.Bits + 1) / 2
	case e.Shift() == 2:
		return f.Bits/2 + 1
	case e == CSD && !f.Signed:
		return f.Bits + 1
	}
	return f.Bits
}

// Encode sets dst to the digits of x, lowest weight first. x is a value of format f, at
// most 32 bits wide, and dst has the length e.Digits(f).
func (e Encoding) Encode(dst []int8, x int64, f Int) {
	sign, mag := int8(1), x
	if x < 0 {
		sign, mag = -1, -x
	}
	switch e {
	case Booth:
		x <<= 1
		for i := range dst {
			t := x >> (2 * i)
			dst[i] = int8(-2*(t>>2&1) + t>>1&1 + t&1)
		}
	case ENT:
		carry := int64(0)
		for i := range dst {
			t := mag>>(2*i)&3 + carry
			carry = 0
			if t > 2 {
				t, carry = t-4, 1
			}
			dst[i] = sign * int8(t)
		}
	case CSD:
		for i := range dst {
			d := int64(0)
			if x&1 == 1 {
				d = 2 - x&3 // what makes the rest divisible by 4
			}
			dst[i] = int8(d)
			x = (x - d) >> 1
		}
	case BitsC:
		for i := range dst {
			dst[i] = int8(x >> i & 1)
		}
		if f.Signed {
			dst[len(dst)-1] = -dst[len(dst)-1]
		}
	case BitsM:
		for i := range dst {
			dst[i] = sign * int8(mag>>i&1)
		}
	}
}

// Value is the integer that digits, lowest weight first, stand for.
func (e Encoding) Value(digits []int8) int64 {
	v := int64(0)
	for i, d := range digits {
		v += int64(d) << (e.Shift() * i)
	}
	return v
}

// NonZero counts the digits that are not zero.
func NonZero(digits []int8) int {
	n := 0
	for _, d := range digits {
		if d != 0 {
			n++
		}
	}
	return n
}
