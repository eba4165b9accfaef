package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Encoder recodes the operands of a format into digits, in hardware. A digit is stored
// as a code of a few bits; where the digits share a sign, that is one more bit:
//
//	encoding    code of a digit                                   sign   int8 operand
//	booth       3 bits of the operand: x[2i+1], x[2i], x[2i-1]    -      12 bits
//	ent         (digit of the magnitude) mod 4, 2 bits            1      9 bits
//	csd         not zero, negative                                -      16 bits
//	bits        1 bit                                             -      8 bits
//	magnitude   1 bit                                             1      9 bits
//
// An unsigned format has no sign bit. EN-T's is the n+1-bit code of its paper (ICCD
// 2024, arXiv 2404.11887): encode once, carry one bit more. All methods are combinational;
// [numeric.Encoding] says what the digits are.
type Encoder struct {
	Encoding numeric.Encoding
	Format   numeric.Int // 2 to 16 bits
}

// Digits is the number of digits of an operand.
func (e Encoder) Digits() int { return e.Encoding.Digits(e.Format) }

// CodeBits is the width of the code of a digit.
func (e Encoder) CodeBits() int {
	switch e.Encoding {
	case numeric.Booth:
		return 3
	case numeric.ENT, numeric.CSD:
		return 2
	}
	return 1
}

// HasSign reports whether a sign is stored beside the codes.
func (e Encoder) HasSign() bool {
	return e.Format.Signed && (e.Encoding == numeric.ENT || e.Encoding == numeric.BitsM)
}

// Bits is the width of an encoded operand.
func (e Encoder) Bits() int {
	n := e.Digits() * e.CodeBits()
	if e.HasSign() {
		n++
	}
	return n
}

// Encoded are the parts of an encoded operand.
type Encoded struct {
	Codes []hw.ID // of each digit, lowest weight first
	Sign  hw.ID   // 1: negate all digits; None where the codes say it
}

// Encode recodes x, a word of the format.
func (e Encoder) Encode(b *hw.Builder, x hw.ID) Encoded {
	return e.digits(b, e.magnitude(b, x), e.sign(b, x))
}

// sign is the sign of x for an encoding with one, else None.
func (e Encoder) sign(b *hw.Builder, x hw.ID) hw.ID {
	if !e.HasSign() {
		return hw.None
	}
	return b.Bit(x, e.Format.Bits-1)
}

// digits recodes a magnitude and its sign (without a sign, the operand itself).
func (e Encoder) digits(b *hw.Builder, x, sign hw.ID) Encoded {
	out := Encoded{Sign: sign}
	switch e.Encoding {
	case numeric.Booth:
		out.Codes = e.booth(b, x)
	case numeric.ENT:
		out.Codes = e.ent(b, x)
	case numeric.CSD:
		out.Codes = e.csd(b, x)
	case numeric.BitsC, numeric.BitsM:
		for i := range e.Digits() {
			out.Codes = append(out.Codes, b.Bit(x, i))
		}
	}
	return out
}

// EncodeStages is the number of registers of an [EdgeEncoder].
const EncodeStages = 2

// EdgeEncoder is an encoder for the edge of an array: the magnitude in a register (without a
// sign, the operand), then the packed codes in another.
//
//	x_i -> [ |x| ] -> magnitude_q, sign_q -> [ digits ] -> code_q -> code_o
func EdgeEncoder(name string, e Encoder) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Encoder at the edge of an array: %s into %s digits, %d bits.", e.Format, e.Encoding, e.Bits()))
	x := b.In("x_i", e.Format.Bits)
	mag := b.Pipe("magnitude_q", e.magnitude(b, x))
	sign := e.sign(b, x)
	if e.HasSign() {
		sign = b.Pipe("sign_q", sign)
	}
	b.Out("code_o", b.Pipe("code_q", e.Word(b, e.digits(b, mag, sign))))
	return b.Build()
}

// Word packs an encoded operand: digit 0 in the lowest bits, the sign above all.
func (e Encoder) Word(b *hw.Builder, x Encoded) hw.ID {
	var list []hw.ID
	if e.HasSign() {
		list = append(list, x.Sign)
	}
	for i := len(x.Codes) - 1; i >= 0; i-- {
		list = append(list, x.Codes[i])
	}
	return b.Cat(list...)
}

// Split takes a packed operand apart.
func (e Encoder) Split(b *hw.Builder, word hw.ID) Encoded {
	out := Encoded{Sign: hw.None}
	w := e.CodeBits()
	for i := range e.Digits() {
		out.Codes = append(out.Codes, b.Slice(word, i*w, w))
	}
	if e.HasSign() {
		out.Sign = b.Bit(word, e.Digits()*w)
	}
	return out
}

// extend widens an operand to w bits.
func (e Encoder) extend(b *hw.Builder, w int, x hw.ID) hw.ID {
	if e.Format.Signed {
		return b.Sext(w, x)
	}
	return b.Zext(w, x)
}

// magnitude is |x| as an unsigned word of the same width (-2^(n-1) is its own), for an
// encoding with a sign; else x.
func (e Encoder) magnitude(b *hw.Builder, x hw.ID) hw.ID {
	if !e.HasSign() {
		return x
	}
	return b.Named("magnitude", b.Mux(b.Bit(x, e.Format.Bits-1), b.Neg(x), x))
}

// booth: one zero below the operand and, where the top digit needs them, extension bits
// above.
func (e Encoder) booth(b *hw.Builder, x hw.ID) []hw.ID {
	n := e.Digits()
	padded := b.Cat(e.extend(b, 2*n, x), b.Const(1, 0))
	codes := make([]hw.ID, n)
	for i := range codes {
		codes[i] = b.Named(fmt.Sprintf("digit%d", i), b.Slice(padded, 2*i, 3))
	}
	return codes
}

// ent: field i of the magnitude plus the carry of the field below, modulo 4; a carry
// leaves where that sum is 3 or 4, which the top field never is.
func (e Encoder) ent(b *hw.Builder, mag hw.ID) []hw.ID {
	n := e.Digits()
	mag = b.Zext(2*n, mag)
	codes := make([]hw.ID, n)
	carry := b.Const(1, 0)
	for i := range codes {
		lo, hi := b.Bit(mag, 2*i), b.Bit(mag, 2*i+1)
		codes[i] = b.Named(fmt.Sprintf("digit%d", i), b.Cat(b.Xor(hi, b.And(lo, carry)), b.Xor(lo, carry)))
		carry = b.Named(fmt.Sprintf("carry%d", i), b.And(hi, b.Or(lo, carry)))
	}
	return codes
}

// csd: bit i of x xor 3x is 1 where digit i-1 of the form is not zero, and there bit i of
// x is its sign.
func (e Encoder) csd(b *hw.Builder, x hw.ID) []hw.ID {
	n := e.Digits()
	x = e.extend(b, n+1, x)
	triple := b.Named("triple", b.Add(x, b.ShlConst(x, 1)))
	mark := b.Named("mark", b.Xor(x, triple))
	codes := make([]hw.ID, n)
	for i := range codes {
		some := b.Bit(mark, i+1)
		codes[i] = b.Named(fmt.Sprintf("digit%d", i), b.Cat(some, b.And(some, b.Bit(x, i+1))))
	}
	return codes
}

// Digit is a digit ready for multiplication. Sel is the digit modulo 4 with -2 in the
// place of 0:
//
//	00  -2      01  +1      10  +2      11  -1
//
// For an encoding in radix 2 its lower bit is always 1 and its upper bit is the sign.
// It says nothing where NonZero is 0.
type Digit struct{ NonZero, Sel hw.ID }

// Digit interprets the code of a digit. top is 1 for the digit of the highest weight;
// only [numeric.BitsC] of a signed format reads it, for the others it may be None.
func (e Encoder) Digit(b *hw.Builder, code, sign, top hw.ID) Digit {
	one := b.Const(1, 1)
	switch e.Encoding {
	case numeric.Booth:
		hi, mid, lo := b.Bit(code, 2), b.Bit(code, 1), b.Bit(code, 0)
		single := b.Xor(mid, lo)
		return Digit{b.Or(single, b.Xor(hi, lo)), b.Cat(b.Xor(b.Not(single), hi), single)}
	case numeric.ENT:
		if !e.HasSign() {
			return Digit{b.RedOr(code), code}
		}
		return Digit{b.RedOr(code), b.Cat(b.Xor(b.Bit(code, 1), sign), b.Bit(code, 0))}
	case numeric.CSD:
		return Digit{b.Bit(code, 1), b.Cat(b.Bit(code, 0), one)}
	}
	neg := b.Const(1, 0)
	switch {
	case e.HasSign():
		neg = sign
	case e.Format.Signed:
		neg = top
	}
	return Digit{code, b.Cat(neg, one)}
}

// At is digit i of an encoded operand.
func (e Encoder) At(b *hw.Builder, x Encoded, i int) Digit {
	top := b.Const(1, 0)
	if i == len(x.Codes)-1 {
		top = b.Const(1, 1)
	}
	return e.Digit(b, x.Codes[i], x.Sign, top)
}

// Multiple is digit times y in width bits, y signed; 0 where the digit is zero. It needs
// width >= width of y + 2, or + 1 in radix 2.
func (d Digit) Multiple(b *hw.Builder, width int, y hw.ID) hw.ID {
	return b.Mux(d.NonZero, d.multiple(b, width, y), b.Const(width, 0))
}

// multiple is Multiple of a digit that is not zero.
func (d Digit) multiple(b *hw.Builder, width int, y hw.ID) hw.ID {
	return b.Booth4(width, y, d.triple(b))
}

// triple is the Booth triple of a digit that is not zero: negative, at least one (or zero
// below), two.
func (d Digit) triple(b *hw.Builder) hw.ID {
	s1, s0 := b.Bit(d.Sel, 1), b.Bit(d.Sel, 0)
	return b.Cat(b.Not(b.Xor(s1, s0)), b.Or(s1, s0), b.And(s1, b.Not(s0)))
}

// Triple is the Booth triple of a digit, 0 if the digit is zero.
func (d Digit) Triple(b *hw.Builder) hw.ID {
	return b.Mux(d.NonZero, d.triple(b), b.Const(3, 0))
}

// Select is the digit of an encoded operand whose number is the value of which.
func (e Encoder) Select(b *hw.Builder, x Encoded, which hw.ID) Digit {
	w, last := b.Width(which), len(x.Codes)-1
	code := x.Codes[last]
	for i := last - 1; i >= 0; i-- {
		code = b.Mux(b.Eq(which, b.Const(w, uint64(i))), x.Codes[i], code)
	}
	return e.Digit(b, code, x.Sign, b.Eq(which, b.Const(w, uint64(last))))
}

// Rows are the partial products digit times y of an encoded operand, shifted to their
// weights within width bits, lowest first. y is of format of.
func (e Encoder) Rows(b *hw.Builder, width int, x Encoded, y hw.ID, of numeric.Int) []hw.ID {
	if !of.Signed {
		y = b.Zext(of.Bits+1, y)
	}
	rows := make([]hw.ID, len(x.Codes))
	for i := range rows {
		rows[i] = b.Named(fmt.Sprintf("pp%d", i), b.ShlConst(e.Partial(b, width, x, i, y), e.Encoding.Shift()*i))
	}
	return rows
}

// Partial is the partial product digit i of x times y, y signed, in width bits, not shifted.
func (e Encoder) Partial(b *hw.Builder, width int, x Encoded, i int, y hw.ID) hw.ID {
	switch e.Encoding {
	case numeric.Booth:
		return b.Booth4(width, y, x.Codes[i])
	case numeric.ENT:
		return b.Booth4(width, y, e.entTriple(b, x.Codes[i], x.Sign))
	}
	return e.At(b, x, i).Multiple(b, width, y)
}

// entTriple is the Booth triple of an EN-T digit: a half adder of the code's bits, and
// negation, which complements the triple.
//
//	code    00 = 0    01 = 1    10 = 2    11 = -1
//	triple  000       010       011       101
func (e Encoder) entTriple(b *hw.Builder, code, sign hw.ID) hw.ID {
	hi, lo := b.Bit(code, 1), b.Bit(code, 0)
	triple := b.Cat(b.And(hi, lo), b.Xor(hi, lo), hi)
	if !e.HasSign() {
		return triple
	}
	return b.Xor(triple, b.Sext(3, sign))
}
