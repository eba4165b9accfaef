package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Arith is the arithmetic of a processing element: the running sum may be one
// binary word, a redundant form of several, or a number of floating point. Two rules that the cells
// rely on: words that are all zero mean the sum 0, and x = y = 0 leaves the value of a sum as it is
// (its words may change).
type Arith interface {
	// Operands are the words in which operands reach the cell.
	Operands() Operands
	// Words names the words that hold a running sum.
	Words() []string
	// Pipeline is the number of registers in MAC, beside that of the cell: ahead of where the sum joins, so many
	// edges after the operands, and inside, between the sum and what it becomes. 0, 0: MAC is
	// combinational.
	Pipeline() (ahead, inside int)
	// MAC returns sum + x*y as words of the same width.
	MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID
	// Product returns x*y as words of width bits. A single word may be extended by the
	// sign of [Spec]; a pair of words holds modulo 2^width only.
	Product(b *hw.Builder, width int, x, y hw.ID) []hw.ID
	// Merge returns the sum of two running sums of one width, modulo 2^width: where it is
	// used nothing may saturate.
	Merge(b *hw.Builder, x, y []hw.ID) []hw.ID
	// Resolve returns the value of a running sum: a binary word, or a code of the result's format.
	Resolve(b *hw.Builder, sum []hw.ID) hw.ID
	// Add returns x + y, two words as Resolve makes them, by the overflow rule.
	Add(b *hw.Builder, x, y hw.ID) hw.ID
}

// Operands are the words in which operands reach a cell, and the formats that they hold.
type Operands struct {
	A, B numeric.Format // of x and y
	X, Y int            // widths
}

// String returns the formats as comments of modules have them.
func (o Operands) String() string { return fmt.Sprintf("%s x %s", o.A, o.B) }

// The names of the words of running sums: of a binary one, and of a pair.
var (
	binary = []string{"sum"}
	pair   = []string{"sum", "carry"}
)

// Spec are the formats that every integer PE has.
type Spec struct {
	A, B     numeric.Int // operand formats, 2 to 16 bits
	Signed   bool        // the running sum is signed: if either operand is
	Saturate bool        // clamp after every addition instead of wrapping
	// Hoisted says that x comes encoded, by an [EdgeEncoder] of this encoding; 0: as
	// it is.
	Hoisted numeric.Encoding
	Adder   string // of all carry-propagate additions, see [Adders]; empty is AdderAuto
}

// Operands implements [Arith].
func (s Spec) Operands() Operands { return Operands{s.A, s.B, s.XBits(), s.B.Bits} }

// Pipeline implements [Arith].
func (Spec) Pipeline() (ahead, inside int) { return 0, 0 }

// encoder is the encoder of x.
func (s Spec) encoder() Encoder {
	if s.Hoisted != 0 {
		return Encoder{Encoding: s.Hoisted, Format: s.A}
	}
	return Encoder{Encoding: numeric.Booth, Format: s.A}
}

// XBits is the width in which x comes.
func (s Spec) XBits() int {
	if s.Hoisted != 0 {
		return s.encoder().Bits()
	}
	return s.A.Bits
}

// Multipliers that Mul may name.
const (
	MulStar   = "star"   // the multiplication operator, left to synthesis
	MulBooth4 = "booth4" // radix-4 Booth rows and a compressor tree
)

// product is x*y in width bits, extended from the exact product.
func (s Spec) product(b *hw.Builder, width int, x, y hw.ID) hw.ID {
	full := s.A.Bits + s.B.Bits
	w := min(full, width)
	var p hw.ID
	switch {
	case s.A.Signed && s.B.Signed:
		p = b.MulS(w, x, y)
	case s.A.Signed:
		p = b.MulSU(w, x, y)
	case s.B.Signed:
		p = b.MulSU(w, y, x)
	default:
		p = b.MulU(w, x, y)
	}
	b.Named("product", p)
	if s.Signed {
		return b.Sext(width, p)
	}
	return b.Zext(width, p)
}

// rows recodes x by modified Booth, unless it comes encoded, and returns the rows
// digit_i * y * 4^i, sign-extended to width bits, lowest weight first. A signed x of n bits
// gives ceil(n/2) rows, an unsigned one floor(n/2)+1.
func (s Spec) rows(b *hw.Builder, width int, x, y hw.ID) []hw.ID {
	e := s.encoder()
	if s.Hoisted != 0 {
		return e.Rows(b, width, e.Split(b, x), y, s.B)
	}
	return e.Rows(b, width, e.Encode(b, x), y, s.B)
}

// add is x + y by the overflow rule.
func (s Spec) add(b *hw.Builder, x, y hw.ID) hw.ID {
	sum := s.plus(b, x, y)
	if !s.Saturate {
		return sum
	}
	w := b.Width(x)
	if !s.Signed {
		return b.Mux(b.ULt(sum, x), b.Const(w, hw.Mask(w)), sum)
	}
	// Overflow: the operands agree in sign and the sum does not.
	sx, sy, ss := b.Bit(x, w-1), b.Bit(y, w-1), b.Bit(sum, w-1)
	over := b.And(b.Not(b.Xor(sx, sy)), b.Xor(sx, ss))
	limit := b.Mux(sx, b.Const(w, 1<<(w-1)), b.Const(w, hw.Mask(w-1)))
	return b.Mux(over, limit, sum)
}
