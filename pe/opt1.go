package pe

import "tpe/hw"

// OPT1 is the compressed-accumulation PE: the running sum is a (sum, carry)
// pair, the Booth rows of the product are compressed into it, and no carry
// propagates until the sum leaves the array.
//
//	x --> [radix-4 Booth digits] --+
//	                               v
//	y --> [0, +-y, +-2y per digit] --> rows --+--> [ (n+2):2 compressor ] --> sum, carry
//	                                          |                ^   ^
//	                 sum, carry (or 0, 0) ----+----------------+---+
//
// The tree takes sum, carry, then the rows in ascending weight, in the order that
// hw.Builder.Compress fixes; sum + carry is exact modulo 2^W. Saturation is
// impossible in this form, because overflow is not visible before the carry
// has propagated.
//
// Source: "Exploring the Performance Improvement of Tensor Processing Engines
// through Transformation in the Bit-weight Dimension of MACs", HPCA 2025,
// arXiv 2503.06342, OPT1.
type OPT1 struct{ Spec }

// Words implements [Arith].
func (OPT1) Words() []string { return pair }

// MAC implements [Arith].
func (o OPT1) MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID {
	rows := o.rows(b, b.Width(sum[0]), x, y)
	s, c := b.Compress(append([]hw.ID{sum[0], sum[1]}, rows...)...)
	return []hw.ID{s, c}
}

// Product implements [Arith].
func (o OPT1) Product(b *hw.Builder, width int, x, y hw.ID) []hw.ID {
	s, c := b.Compress(o.rows(b, width, x, y)...)
	return []hw.ID{s, c}
}

// Merge implements [Arith].
func (OPT1) Merge(b *hw.Builder, x, y []hw.ID) []hw.ID {
	s, c := b.Compress(x[0], x[1], y[0], y[1])
	return []hw.ID{s, c}
}

// Resolve implements [Arith].
func (o OPT1) Resolve(b *hw.Builder, sum []hw.ID) hw.ID { return o.plus(b, sum[0], sum[1]) }

// Add implements [Arith].
func (o OPT1) Add(b *hw.Builder, x, y hw.ID) hw.ID { return o.add(b, x, y) }
