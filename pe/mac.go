package pe

import "tpe/hw"

// MAC is the plain multiply-accumulate PE: one binary accumulator and, every
// cycle, a carry-propagate addition of the exact product.
//
//	x --+
//	    +--> [ x * y ] --> [ + ] --> sum
//	y --+                    ^
//	   sum (or 0) -----------+
//
// With Mul = booth4 and wrapping arithmetic the accumulator joins the
// compressor tree of the Booth rows, so only one carry-propagate adder is left.
//
// Widths: the product of an a-bit and a b-bit operand has a+b bits, in every mix
// of signs; it is extended to the width of the sum before the addition.
type MAC struct {
	Spec
	Mul string // MulStar or MulBooth4
}

// star reports whether the multiplication is left to synthesis: not where x comes as digits.
func (m MAC) star() bool { return m.Mul != MulBooth4 && m.Hoisted == 0 }

// Words implements [Arith].
func (MAC) Words() []string { return binary }

// MAC implements [Arith].
func (m MAC) MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID {
	w := b.Width(sum[0])
	if m.star() {
		return []hw.ID{m.add(b, sum[0], m.product(b, w, x, y))}
	}
	if m.Saturate {
		return []hw.ID{m.add(b, sum[0], m.Product(b, w, x, y)[0])}
	}
	s, c := b.Compress(append([]hw.ID{sum[0]}, m.rows(b, w, x, y)...)...)
	return []hw.ID{m.plus(b, s, c)}
}

// Product implements [Arith].
func (m MAC) Product(b *hw.Builder, width int, x, y hw.ID) []hw.ID {
	if m.star() {
		return []hw.ID{m.product(b, width, x, y)}
	}
	s, c := b.Compress(m.rows(b, width, x, y)...)
	return []hw.ID{b.Named("product", m.plus(b, s, c))}
}

// Merge implements [Arith].
func (m MAC) Merge(b *hw.Builder, x, y []hw.ID) []hw.ID { return []hw.ID{m.plus(b, x[0], y[0])} }

// Resolve implements [Arith].
func (MAC) Resolve(_ *hw.Builder, sum []hw.ID) hw.ID { return sum[0] }

// Add implements [Arith].
func (m MAC) Add(b *hw.Builder, x, y hw.ID) hw.ID { return m.add(b, x, y) }
