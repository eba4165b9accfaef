package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Forms of the shift-and-add product of an activation and a narrow weight.
const (
	FormCombinational = "combinational" // the rows of all bits at once; the highest subtracts if the weight is signed
	FormSerial        = "serial"        // one bit of the weight a cycle, lowest first
	FormSignMagnitude = "signmag"       // the weight is sent as sign and magnitude: one row less, without the least value
)

// ShiftAdd is the product of a MixPE: shifted copies of the activation, one for each bit
// of the weight that is 1, are added or subtracted; there is no multiplier.
//
//	combinational      [w0] a + [w1] a<<1 + [w2] a<<2 - [w3] a<<3     (+ for the highest row of an unsigned weight)
//	serial, cycle p    [wp] a<<p, the highest bit of a signed weight subtracted
//	signmag            +-([w0] a + [w1] a<<1 + [w2] a<<2)
//
// Source: "MixPE: Quantization and Hardware Co-design for Efficient LLM Inference",
// arXiv 2411.16158 (multiplication by shift and add); the circuits are this project's, because the
// paper's abstract does not give them.
type ShiftAdd struct {
	A, B numeric.Int // activation and weight
	Form string
}

// Planes is the number of cycles of a product.
func (s ShiftAdd) Planes() int {
	if s.Form == FormSerial {
		return s.B.Bits
	}
	return 1
}

// String names the product in comments.
func (s ShiftAdd) String() string { return fmt.Sprintf("%s x %s (%s)", s.A, s.B, s.Form) }

// XBits is the width of an activation.
func (s ShiftAdd) XBits() int { return s.A.Bits }

// Add is the sum with a product, or its part of a plane.
func (s ShiftAdd) Add(b *hw.Builder, sum, x, w, plane hw.ID) hw.ID {
	width := b.Width(sum)
	product := b.Named("product", Fit(b, width, s.Product(b, min(width, s.A.Bits+s.B.Bits+1), x, w, plane)))
	return b.Add(sum, product)
}

// WordBits is the width of a weight as it is sent, Word the weight w in that form.
func (s ShiftAdd) WordBits() int { return s.B.Bits }

// Word is the weight w as it is sent: two's complement or, for signmag, magnitude with the
// sign as the highest bit.
func (s ShiftAdd) Word(w int64) uint64 {
	if s.Form == FormSignMagnitude && w < 0 {
		return uint64(-w) | 1<<(s.B.Bits-1)
	}
	return uint64(w) & hw.Mask(s.B.Bits)
}

// Product is the product of a and the word w, or its part of a plane, as a two's
// complement word of the given width, which must hold it.
func (s ShiftAdd) Product(b *hw.Builder, width int, a, w, plane hw.ID) hw.ID {
	if s.A.Signed {
		a = b.Sext(width, a)
	} else {
		a = b.Zext(width, a)
	}
	n, zero := s.B.Bits, b.Const(width, 0)
	row := func(i int) hw.ID {
		return b.Named(fmt.Sprintf("row%d", i), b.Mux(b.Bit(w, i), b.ShlConst(a, i), zero))
	}
	switch {
	case s.Planes() > 1:
		bit := b.Bit(b.Lshr(w, plane), 0)
		term := b.Named("row", b.Mux(bit, b.Shl(a, plane), zero))
		if !s.B.Signed {
			return term
		}
		top := b.Eq(plane, b.Const(b.Width(plane), uint64(n-1)))
		return b.Mux(top, b.Neg(term), term)
	case s.Form == FormSignMagnitude:
		sum := row(0)
		for i := 1; i < n-1; i++ {
			sum = b.Add(sum, row(i))
		}
		sum = b.Named("magnitude", sum)
		return b.Mux(b.Bit(w, n-1), b.Neg(sum), sum)
	}
	sum := row(0)
	for i := 1; i < n-1; i++ {
		sum = b.Add(sum, row(i))
	}
	if n == 1 {
		return sum
	}
	if s.B.Signed {
		return b.Sub(sum, row(n-1))
	}
	return b.Add(sum, row(n-1))
}

// GroupProduct is what a [GroupCell] adds to its sum: [ShiftAdd] or [FloatShiftAdd].
type GroupProduct interface {
	fmt.Stringer
	XBits() int
	WordBits() int
	Planes() int
	Add(b *hw.Builder, sum, x, w, plane hw.ID) hw.ID
}

// GroupCell is the cell of an output-stationary array that accumulates a group of k
// at a time and keeps its sum apart until it is read.
//
//	x_i, first_i, last_i, plane_i -> [ShiftAdd] -> + -> acc_q -> shadow_q -> d_o
//	y_i ----------------------------^             0 or acc        ^
//	shift_i: the sum of the cell below ---------------------------+
//
// A bubble is a beat of zero operands without flags. first starts a group, last marks its
// last beat; an edge after that beat's sum is complete it stands in the shadow. shift_i, which
// travels along the row too, moves the shadows of a column up by one cell. The accumulator has
// sumBits bits and must hold a group.
func GroupCell(name string, s GroupProduct, sumBits int) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Shift-and-add processing element, %s into %d bits.", s, sumBits))
	x, y := b.In("x_i", s.XBits()), b.In("y_i", s.WordBits())
	first, last := b.In("first_i", 1), b.In("last_i", 1)
	plane := hw.None
	if s.Planes() > 1 {
		plane = b.In("plane_i", hw.Bits(s.Planes()-1))
		b.Out("plane_o", b.Pipe("plane_q", plane))
	}
	lastQ := b.Pipe("last_q", last)
	b.Out("x_o", b.Pipe("x_q", x))
	b.Out("y_o", b.Pipe("y_q", y))
	b.Out("first_o", b.Pipe("first_q", first))
	b.Out("last_o", lastQ)
	acc := b.Reg("acc_q", sumBits, 0)
	b.Next(acc, b.Named("new", s.Add(b, b.Mux(first, b.Const(sumBits, 0), acc), x, y, plane)))
	shift, below := b.In("shift_i", 1), b.In("d_i", sumBits)
	b.Out("shift_o", b.Pipe("shift_q", shift))
	shadow := b.Reg("shadow_q", sumBits, 0)
	b.Next(shadow, b.Mux(lastQ, acc, b.Mux(shift, below, shadow)))
	b.Out("d_o", shadow)
	return b.Build()
}
