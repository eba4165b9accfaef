package pe

import (
	"fmt"

	"tpe/hw"
)

// UnitSpec is what the hardware of a lookup unit depends on beside its [Table].
type UnitSpec struct {
	EntryBits int // of the table; for ternary and adder, of an activation as a signed word; for xnor, of the count of valid bits
	AccBits   int
	Planes    int  // number of weights 2^p of a term
	Minus     bool // minus_i subtracts the term
	Regs      int  // registers from the table to the accumulator, that of the accumulator included: 1 or 2
}

// LookupUnit is the cell of a lookup engine: it chooses a term by a weight word,
// adds it in the weight of its plane to the running sum, and keeps the sum of the
// last group apart until it is read.
//
//	table_i[e] --> [select by w_i] --> [sign] --> [<< plane_i] --> (term_q) --> [ + ] --> acc_q --> shadow_q --> sum_o
//	w_i, plane_i, minus_i come with the table                         0 or acc ---^  first_i, valid_i   capture_i
//
// first_i and valid_i come Regs-1 edges after the word, capture_i Regs edges after the
// last word. Sums are modulo 2^AccBits.
//
// Instead of a table the styles ternary, adder and xnor take the activations themselves: a_i,
// a_i[k], and the word a_i with mask_i and the number count_i of its valid bits.
//
// Source: "LUT Tensor Core: A Software-Hardware Co-Design for LUT-Based Low-Bit LLM
// Inference", ISCA 2025, arXiv 2408.06003, sections 3.2 and 3.3 (half tables, offline
// remap); the bit-serial adder is its ADD baseline. xnor: "Efficient Arbitrary Precision
// Acceleration for Large Language Models on GPU Tensor Cores", arXiv 2409.17870
// (bipolar integers).
func LookupUnit(name string, t Table, s UnitSpec) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Lookup unit, style %s, groups of %d, into %d bits.", t.Style, t.Inputs, s.AccBits))
	term := t.term(b, s)
	if s.Minus {
		term = b.Mux(b.In("minus_i", 1), b.Neg(term), term)
	}
	term = b.Named("term", term)
	term = Fit(b, s.AccBits, term)
	if s.Planes > 1 {
		term = b.Named("weighted", b.Shl(term, b.In("plane_i", hw.Bits(s.Planes-1))))
	}
	if s.Regs > 1 {
		term = b.Pipe("term_q", term)
	}
	first, valid, capture := b.In("first_i", 1), b.In("valid_i", 1), b.In("capture_i", 1)
	acc, shadow := b.Reg("acc_q", s.AccBits, 0), b.Reg("shadow_q", s.AccBits, 0)
	b.NextIf(acc, valid, b.Named("new", b.Add(b.Mux(first, b.Const(s.AccBits, 0), acc), term)))
	b.NextIf(shadow, capture, acc)
	b.Out("sum_o", shadow)
	return b.Build()
}

// term is the term of a plane, two's complement and wide enough for its negative.
func (t Table) term(b *hw.Builder, s UnitSpec) hw.ID {
	w := b.In("w_i", t.WordBits())
	width := s.EntryBits + 1
	switch t.Style {
	case StyleXNOR:
		// equal - unequal = valid - 2 unequal
		unequal := b.Popcount(b.And(b.Xor(b.In("a_i", t.Inputs), w), b.In("mask_i", t.Inputs)))
		return b.Sub(b.Zext(width, b.In("count_i", s.EntryBits)), b.Cat(b.Named("unequal", b.Zext(width-1, unequal)), b.Const(1, 0)))
	case StyleAdder:
		k := b.Axis("k", t.Inputs)
		width = s.EntryBits + hw.Bits(t.Inputs)
		bit := b.Slice(b.Lshr(w, b.Coord(k, hw.Bits(max(t.Inputs-1, 1)))), 0, 1)
		a := b.Sext(width, b.In("a_i", s.EntryBits, k))
		return b.Reduce(k, hw.OpAdd, b.Mux(bit, a, b.Const(width, 0)))
	}
	if t.Style == StyleTernary {
		a := b.Sext(width, b.Mux(b.Bit(w, 0), b.In("a_i", s.EntryBits), b.Const(s.EntryBits, 0)))
		return b.Mux(b.Bit(w, 1), b.Neg(a), a)
	}
	e := b.Axis("e", len(t.Entries))
	x, neg := t.read(b, e, b.In("table_i", s.EntryBits, e), w)
	if x = b.Sext(width, x); neg == hw.None {
		return x
	}
	return b.Mux(neg, b.Neg(x), x)
}

// read is the entry that a weight word chooses, and whether it is negated; None where no entry is.
func (t Table) read(b *hw.Builder, e int, table, w hw.ID) (entry, neg hw.ID) {
	n := t.indexBits()
	idx := b.Const(1, 0)
	if n > 0 {
		idx = b.Slice(w, 0, n)
	}
	if !t.Negate {
		return b.Select(e, table, idx), hw.None
	}
	neg = b.Bit(w, n)
	if t.Raw { // the highest bit is 1 where a[g-1] is added
		neg = b.Not(neg)
		if n > 0 {
			idx = b.Mux(neg, b.Not(idx), idx)
		}
	}
	return b.Named("entry", b.Select(e, table, b.Named("index", idx))), neg
}
