package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// FloatUnitSpec is what the hardware of a lookup unit on floats depends on beside its [Table], which is one
// of style half.
type FloatUnitSpec struct {
	A, Acc    numeric.Float // of entries, and of the sum
	Planes    int           // number of weights 2^p of a term
	Regs      int           // registers from the table to the sum, that of the sum included: 1 or 2
	Published bool          // see [numeric.FloatTable]
}

// FloatLookupUnit is the cell of a lookup engine on floats: an entry chosen by a weight word, its sign flipped, the plane added
// to its exponent, and a floating-point addition. Ports and times are those of [LookupUnit].
//
//	table_i[e] --> [select by w_i] --> [sign] --> (term_q) --> [exponent + plane_i] --> [ + ] --> acc_q --> shadow_q --> sum_o
func FloatLookupUnit(name string, t Table, s FloatUnitSpec) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Lookup unit on floats, groups of %d, %s into %s.", t.Inputs, s.A, s.Acc))
	e := b.Axis("e", len(t.Entries))
	entry, neg := t.read(b, e, b.In("table_i", s.A.Width(), e), b.In("w_i", t.WordBits()))
	top := b.Const(s.A.Width()-1, 0)
	code := b.Named("term", b.Xor(entry, b.Cat(neg, top)))
	plane := hw.ID(hw.None)
	if s.Planes > 1 {
		plane = b.In("plane_i", hw.Bits(s.Planes-1))
	}
	if s.Regs > 1 {
		code = b.Pipe("term_q", code)
		if s.Planes > 1 {
			plane = b.Pipe("plane_q", plane)
		}
	}
	first, valid, capture := b.In("first_i", 1), b.In("valid_i", 1), b.In("capture_i", 1)
	acc, shadow := b.Reg("acc_q", s.Acc.Width(), 0), b.Reg("shadow_q", s.Acc.Width(), 0)
	old := floatTerm(b, s.Acc, b.Named("old", b.Mux(first, b.Const(s.Acc.Width(), 0), acc)), s.Published)
	b.NextIf(acc, valid, b.Named("new", s.add(b, code, plane, old)))
	b.NextIf(shadow, capture, acc)
	b.Out("sum_o", shadow)
	return b.Build()
}

// add is the sum of old and a term times 2^plane.
func (s FloatUnitSpec) add(b *hw.Builder, code, plane hw.ID, old Term) hw.ID {
	adder := &floatAdder{pipeline{b, nil}, s.Acc, numeric.Env{Flush: s.Published}}
	if !s.Published {
		x := floatTerm(b, s.A, code, false)
		if plane != hw.None {
			x.High += s.Planes - 1
			w := hw.Bits(x.High - x.Low)
			x.Exp = b.Named("scaled_exp", b.Add(b.Zext(w, x.Exp), b.Zext(w, plane)))
		}
		return adder.add(x, old)
	}
	if plane != hw.None {
		w := s.A.Exp
		field := b.Add(b.Slice(code, s.A.Man, w), Fit(b, w, b.Zext(max(w, b.Width(plane)), plane)))
		code = b.Named("scaled", b.Cat(b.Bit(code, s.A.Exp+s.A.Man), field, b.Slice(code, 0, s.A.Man)))
	}
	x := floatTerm(b, s.A, code, true)
	for _, t := range []*Term{&x, &old} {
		t.Inf, t.NaN = b.Or(t.Inf, t.NaN), b.Const(1, 0)
	}
	sum := adder.add(x, old)
	f := s.Acc
	return b.Mux(b.Eq(sum, b.Const(f.Width(), f.NaN())), b.Const(f.Width(), f.Infinity(false)), sum)
}
