package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Fusion is the PE of Bit Fusion: 16 multipliers of 2 x 2 bits ("bricks") that are fused, at
// run time, into one product of 8 x 8 bits, 4 of 4 x 4, 16 of 2 x 2 or what lies between,
// all of which are added to the sum. A unit of 2w x 2w bits is four of w x w:
//
//	x ---+--------+--------+--------+        u(i,j) gets half or operand i, j
//	y ---|--+-----|--+-----|--+-----|--+
//	     v  v     v  v     v  v     v  v     shifted by w for i = 1 where x is fused here,
//	    u(0,0)   u(1,0)   u(0,1)   u(1,1)    by w for j = 1 where y is
//	      |       <<        <<       <<
//	      +--------+--- + ---+--------+ --> out
//
// Operands come as words of 35 bits: 32 bits of data, which [FusionWord] lays out, and a
// tag: fused to 4 bits, fused to 8 bits, signed. The tag goes where its word goes, so
// nothing is broadcast and precision may change from beat to beat.
//
// Widths: a brick multiplies 3 x 3 bits signed (two bits and, where its operand is signed
// and the bits are the top ones, their sign) into 5; a unit of 4 bits gives 9, of 8 bits
// 17: its greatest sum is 255 * 255.
//
// Source: Bit Fusion (ISCA 2018, arXiv 1712.01507), spatial fusion.
type Fusion struct{}

// FusionBits is the width of a word of operands, FusionSum that of the sum of a beat's
// products.
const (
	FusionBits = 35
	FusionSum  = 17
	fusionData = 32
)

// FusionFactor is the number of products a beat for operands of a and b bits, 8 at most:
// floor(8/a) * floor(8/b).
func FusionFactor(a, b int) int { return (8 / a) * (8 / b) }

// fusedBits is the precision at which operands of n bits are computed: 2, 4 or 8.
func fusedBits(n int) int { return 8 / (8 / n) }

// FusionWord lays out the operands of one matrix for a beat: product i of the beat has
// values[i], of format f; other is the format of the other matrix, y says that it is the
// second. len(values) is the [FusionFactor] of the two.
func FusionWord(values []int64, f, other numeric.Int, y bool) uint64 {
	mine, its := fusedBits(f.Bits), fusedBits(other.Bits)
	word := fusionPart(values, 8, mine, its, y)
	tag := uint64(0)
	if mine >= 4 {
		tag |= 1
	}
	if mine >= 8 {
		tag |= 2
	}
	if f.Signed {
		tag |= 4
	}
	return tag<<fusionData | word
}

// fusionPart is the data of a unit of w bits: a quarter for each of its units, or where
// two of them share an operand, in the first two quarters.
func fusionPart(values []int64, w, mine, its int, y bool) uint64 {
	if w == 2 {
		return uint64(values[0]) & 3
	}
	fused, otherFused := mine >= w, its >= w
	half := w / 2
	quarter := uint(half * half / 2)
	word := uint64(0)
	each := len(values)
	if !fused {
		each /= 2
	}
	if !otherFused {
		each /= 2
	}
	for own := range 2 { // the half of a fused operand, or which operand
		for cross := range 2 { // which operand of the other matrix, if they are several
			if otherFused && cross == 1 {
				continue
			}
			// Groups of products are counted with x's index inner.
			group := 0
			switch {
			case !fused && !otherFused && y:
				group = 2*own + cross
			case !fused && !otherFused:
				group = 2*cross + own
			case !fused:
				group = own
			case !otherFused:
				group = cross
			}
			part := make([]int64, each)
			for i := range part {
				part[i] = values[group*each+i]
				if fused && own == 0 {
					part[i] &= 1<<half - 1
				} else if fused {
					part[i] >>= half
				}
			}
			word |= fusionPart(part, half, min(mine, half), min(its, half), y) << (uint(2*cross+own) * quarter)
		}
	}
	return word
}

// fusionUnit is a unit of w x w bits, w = 2, 4 or 8.
func fusionUnit(w int) (*hw.Module, error) {
	b := hw.New(fmt.Sprintf("fusion_%d", w), fmt.Sprintf("Fusible multiplier of %d x %d bits or more products of fewer.", w, w))
	data := w * w / 2
	x, y := b.In("x_i", data), b.In("y_i", data)
	xs, ys := b.In("xs_i", 1), b.In("ys_i", 1)
	if w == 2 {
		top := func(v, signed hw.ID) hw.ID { return b.Cat(b.And(signed, b.Bit(v, 1)), v) }
		b.Out("sum_o", b.MulS(5, top(x, xs), top(y, ys)))
		return b.Build()
	}
	half := w / 2
	inner, err := fusionUnit(half)
	if err != nil {
		return nil, err
	}
	levels := 1 // of fusing in this unit
	if w == 8 {
		levels = 2
	}
	xf, yf := b.In("xf_i", levels), b.In("yf_i", levels)
	fx, fy := b.Bit(xf, levels-1), b.Bit(yf, levels-1)
	width := 2*w + 1
	quarter := func(v hw.ID, i int) hw.ID { return b.Slice(v, i*data/4, data/4) }
	// part is the operand of unit (own, cross): own quarter, or a shared one if the other
	// matrix is fused.
	part := func(v, otherFused hw.ID, own, cross int) hw.ID {
		if cross == 0 {
			return quarter(v, own)
		}
		return b.Mux(otherFused, quarter(v, own), quarter(v, 2+own))
	}
	// The low half of a fused operand has no sign.
	sign := func(signed, fused hw.ID, own int) hw.ID {
		if own == 1 {
			return signed
		}
		return b.And(signed, b.Not(fused))
	}
	var terms []hw.ID
	for j := range 2 {
		for i := range 2 {
			in := hw.Ports{"x_i": part(x, fy, i, j), "y_i": part(y, fx, j, i), "xs_i": sign(xs, fx, i), "ys_i": sign(ys, fy, j)}
			if half > 2 {
				in["xf_i"], in["yf_i"] = b.Slice(xf, 0, levels-1), b.Slice(yf, 0, levels-1)
			}
			t := b.Sext(width, b.Inst(fmt.Sprintf("u%d%d", i, j), inner, in)["sum_o"])
			if i == 1 {
				t = b.Mux(fx, b.ShlConst(t, half), t)
			}
			if j == 1 {
				t = b.Mux(fy, b.ShlConst(t, half), t)
			}
			terms = append(terms, t)
		}
	}
	b.Out("sum_o", b.Add(b.Add(terms[0], terms[1]), b.Add(terms[2], terms[3])))
	return b.Build()
}

// Operands implements [Arith].
func (Fusion) Operands() Operands {
	word := numeric.Int{Bits: FusionBits}
	return Operands{word, word, FusionBits, FusionBits}
}

// Words implements [Arith].
func (Fusion) Words() []string { return binary }

// Pipeline implements [Arith].
func (Fusion) Pipeline() (ahead, inside int) { return 0, 0 }

// Product implements [Arith]: the sum of the beat's products.
func (Fusion) Product(b *hw.Builder, width int, x, y hw.ID) []hw.ID {
	unit, err := fusionUnit(8)
	if err != nil {
		panic("pe: fusion unit: " + err.Error())
	}
	sum := b.Inst("fusion", unit, hw.Ports{
		"x_i": b.Slice(x, 0, fusionData), "xf_i": b.Slice(x, fusionData, 2), "xs_i": b.Bit(x, fusionData+2),
		"y_i": b.Slice(y, 0, fusionData), "yf_i": b.Slice(y, fusionData, 2), "ys_i": b.Bit(y, fusionData+2)})["sum_o"]
	return []hw.ID{fit(b, width, sum)}
}

// MAC implements [Arith].
func (f Fusion) MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID {
	return []hw.ID{b.Add(sum[0], f.Product(b, b.Width(sum[0]), x, y)[0])}
}

// Merge implements [Arith].
func (Fusion) Merge(b *hw.Builder, x, y []hw.ID) []hw.ID { return []hw.ID{b.Add(x[0], y[0])} }

// Resolve implements [Arith].
func (Fusion) Resolve(_ *hw.Builder, sum []hw.ID) hw.ID { return sum[0] }

// Add implements [Arith].
func (Fusion) Add(b *hw.Builder, x, y hw.ID) hw.ID { return b.Add(x, y) }
