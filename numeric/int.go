package numeric

import (
	"fmt"
	"strconv"
	"strings"
)

// Int is an integer format of 1 to 64 bits, two's complement if signed.
type Int struct {
	Bits   int
	Signed bool
}

// ParseInt reads int<bits> or uint<bits>, for example int8.
func ParseInt(s string) (Int, error) {
	f := Int{Signed: true}
	digits, ok := strings.CutPrefix(s, "int")
	if !ok {
		f.Signed = false
		if digits, ok = strings.CutPrefix(s, "uint"); !ok {
			return Int{}, fmt.Errorf("unknown integer format: %q (expected int2..int64 or uint1..uint64)", s)
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 64 || digits[0] == '0' || digits[0] == '+' || (f.Signed && n < 2) {
		return Int{}, fmt.Errorf("bad width of integer format: %q (expected int2..int64 or uint1..uint64)", s)
	}
	f.Bits = n
	return f, nil
}

// String returns the format's name, such as int8 or uint4.
func (f Int) String() string {
	if f.Signed {
		return fmt.Sprintf("int%d", f.Bits)
	}
	return fmt.Sprintf("uint%d", f.Bits)
}

// Min is the least value. It is 0 for unsigned formats.
func (f Int) Min() int64 {
	if !f.Signed {
		return 0
	}
	return -1 << (f.Bits - 1)
}

// Max is the greatest value. For uint64, whose values do not fit an int64, it is
// that of int64.
func (f Int) Max() int64 {
	if f.Signed {
		return 1<<(f.Bits-1) - 1
	}
	if f.Bits >= 63 {
		return 1<<63 - 1
	}
	return 1<<f.Bits - 1
}

// Wrap reduces v to the format modulo 2^Bits. A uint64 value is returned as the
// int64 of the same bits.
func (f Int) Wrap(v int64) int64 {
	s := uint(64 - f.Bits)
	if f.Signed {
		return v << s >> s
	}
	return int64(uint64(v) << s >> s)
}
