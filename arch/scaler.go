package arch

import (
	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// correction is what turns a sum of products with the digits of an engine into one with
// the numbers that B stands for: d = (scale sum - c asum) / 2^halve, where asum is the sum of
// the activations and c the constant, plus twice or once the zero point.
type correction struct {
	double bool  // the sum is doubled
	sum    int64 // c without the zero point
	zero   int   // 2^zero times the zero point is added to c; -1: there are no zero points
	halve  bool  // rounded down
}

// needsSum reports whether the sum of the activations is needed.
func (c correction) needsSum() bool { return c.sum != 0 || c.zero >= 0 }

// apply is d in the width of sum. asum is narrower or equal, two's complement; zero has
// the zero points.
func (c correction) apply(b *hw.Builder, sum, asum, zero hw.ID) hw.ID {
	w := b.Width(sum)
	if c.double {
		sum = b.ShlConst(sum, 1)
	}
	if c.needsSum() {
		sum = b.Sub(sum, b.Named("zero_part", c.product(b, w, asum, zero)))
	}
	if c.halve {
		sum = b.Sext(w, b.Slice(sum, 1, w-1))
	}
	return sum
}

// product is c asum.
func (c correction) product(b *hw.Builder, w int, asum, zero hw.ID) hw.ID {
	if c.zero < 0 {
		switch c.sum {
		case 1:
			return pe.Fit(b, w, asum)
		case -1:
			return b.Neg(pe.Fit(b, w, asum))
		}
		k := hw.Bits(int(max(c.sum, -c.sum))) + 1
		factor := b.Const(k, uint64(c.sum)&hw.Mask(k))
		return b.Sext(w, b.MulS(min(w, k+b.Width(asum)), factor, asum))
	}
	k := b.Width(zero) + c.zero + 2
	z := b.ShlConst(b.Zext(k, zero), c.zero)
	if c.sum != 0 {
		z = b.Add(z, b.Const(k, uint64(c.sum)&hw.Mask(k)))
	}
	return b.Sext(w, b.MulS(min(w, k+b.Width(asum)), z, asum))
}

// scalerStages is the number of edges from the one before which a sum stands at the
// scaler to the one after which its group has been added.
const scalerStages = 3

// scaleNames are the fields of the stream of scales and zero points.
func (c *Config) scaleNames() []string {
	var list []string
	if c.scaleWidth() > 0 {
		list = append(list, "scale")
	}
	if c.ZeroPoints {
		list = append(list, "zero")
	}
	return list
}

// scaleStream makes the stream s, if the engine has one, and tells the sequencer of it. A beat
// is taken with the end of a group.
func (p *parts) scaleStream(c *Config, col int, issue, end hw.ID, cfg hw.Ports) map[string]hw.ID {
	widths := map[string]int{"scale": c.scaleWidth(), "zero": c.B.Bits}
	var fields []field
	for _, n := range c.scaleNames() {
		fields = append(fields, p.over(n, widths[n], col))
	}
	if len(fields) == 0 {
		return map[string]hw.ID{}
	}
	s := p.stream("s", issue, end, fields...)
	cfg["s_avail_i"] = s["valid"]
	return s
}

// groupScaler applies scales and zero points to the sums of a group and adds up the
// groups, a beat of several columns of one row of C at a time.
//
//	sum_i, asum_i, zero_i --> [correction] --> d_q --> [* scale_q, round] --> p_q --> [accumulator memory] --> y
//
// addr_i is the number of the beat within a tile; first_i and last_i mark the groups of a
// tile. Products are exact; the rounding is that of [numeric.Groups]; y is modulo 2^acc. Floats are
// those of [numeric.FloatGroups].
func groupScaler(c *Config, corr correction, sumBits, asumBits, depth int, lanes ...hw.Axis) (*hw.Module, error) {
	b := hw.New("group_scaler", "Applies scales and zero points of a group and adds up the groups of a tile.")
	p := parts{b: b}
	ax := declare(b, lanes)
	aw := hw.Bits(depth)
	valid, first, last, addr := b.In("valid_i", 1), b.In("first_i", 1), b.In("last_i", 1), b.In("addr_i", aw)
	sum := b.In("sum_i", sumBits, ax...)
	var asum, zero hw.ID
	if corr.needsSum() {
		asum = b.In("asum_i", asumBits)
	}
	if corr.zero >= 0 {
		zero = b.In("zero_i", c.B.Bits, ax...)
	}
	d := b.Pipe("d_q", corr.apply(b, sum, asum, zero))
	product, width, arith := d, c.accBits(), pe.Arith(pe.MAC{})
	if n := c.scaleWidth(); n > 0 {
		scale := b.Pipe("scale_q", b.In("scale_i", n, ax...))
		if c.floatActivations() {
			product = pe.MulFloats(b, c.FloatC, c.Blockwise.ScaleB, d, scale)
		} else {
			product = b.MulSU(min(sumBits+n, hw.MaxWidth), d, scale)
		}
	}
	if c.floatActivations() {
		width, arith = c.weightedBits(), c.resultArith()
	}
	if c.ScaleShift > 0 {
		w := max(b.Width(product), c.ScaleShift) + 1
		half := b.Const(w, 1<<(c.ScaleShift-1))
		product = b.Ashr(b.Add(b.Sext(w, product), half), b.Const(5, uint64(c.ScaleShift)))
	}
	product = b.Pipe("p_q", b.Named("scaled", pe.Fit(b, min(b.Width(product), width), product)))
	two := func(name string, x hw.ID) hw.ID { return b.Pipe(name+"_here_q", b.Pipe(name+"_q", x)) }
	addr1 := b.Pipe("addr_q", addr)
	acc := p.inst("acc", p.module(accumulator(width, b.Width(product), depth, true, arith, lanes...)), hw.Ports{
		"next_addr_i": addr1, "addr_i": b.Pipe("addr_here_q", addr1),
		"valid_i": two("valid", valid), "first_i": two("first", first), "last_i": two("last", last), "data_i": product})
	b.Out("valid_o", acc["valid_o"])
	b.Out("data_o", acc["data_o"])
	return p.build()
}

// groupBits is the width, two's complement, of a sum of n products of the values of A and
// numbers between -2^bits and 2^bits.
func (c *Config) groupBits(bits, n int) int {
	a := c.A
	if !a.Signed {
		a = numeric.Int{Bits: a.Bits + 1, Signed: true}
	}
	return numeric.AccBits(a, numeric.Int{Bits: bits + 1, Signed: true}, n)
}
