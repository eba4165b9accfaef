package pe

import (
	"fmt"
	"slices"

	"tpe/hw"
	"tpe/numeric"
)

// TableSpec is what the hardware of a table depends on beside the [Table].
type TableSpec struct {
	A     numeric.Int // format of the activations
	Round int         // bits of a rounded entry; 0: entries are exact
}

// EntryBits is the width of an entry.
func (s TableSpec) EntryBits(t Table) int {
	if s.Round > 0 {
		return s.Round
	}
	return t.EntryBits(s.A)
}

// ShiftBits is the width of the exponent by which entries are rounded: the greatest
// brings an exact entry to Round bits, and one more where it would round up
// past them.
func (s TableSpec) ShiftBits(t Table) int { return hw.Bits(max(t.EntryBits(s.A)-s.Round+1, 1)) }

// SumBits is the width of the sum of a group of activations, two's complement.
func (s TableSpec) SumBits(t Table) int {
	n := int64(t.Inputs)
	return signedBits(min(n*s.A.Min(), 0), n*s.A.Max())
}

// TableBuilder is the precompute unit of a lookup engine: it makes the entries of a
// [Table] from a group of activations, in two steps with registers behind each.
//
//	a_i[k] --> sums of the upper half of the activations --> hi_q[hi] --+
//	       --> sums of the lower half ---------------------> lo_q[lo] --+--> entry e = hi of e + lo of e --> [round] --> table_q[e]
//	                                                                    +--> sum of all --------------------------------> sum_q
//
// load_i comes one edge after the activations; the table holds until the next. Rounded
// entries are divided by 2^shift_i, to the nearest integer, halves to even; shift_i
// comes with load_i and has to be great enough ([numeric.TableArith]). sum_o exists for
// rounded tables; an exact one has it among its entries.
func TableBuilder(name string, t Table, s TableSpec) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Table of lookup units, style %s: %d entries from %d activations of %s.", t.Style, len(t.Entries), t.Inputs, s.A))
	k, e := b.Axis("k", t.Inputs), b.Axis("e", len(t.Entries))
	in, load := b.In("a_i", s.A.Bits, k), b.In("load_i", 1)
	width := max(t.EntryBits(s.A), s.SumBits(t))
	acts := make([]hw.ID, t.Inputs)
	for i := range acts {
		acts[i] = s.extend(b, width, b.Index(k, i, in))
	}
	cut := t.Inputs / 2
	parts := []half{t.half(b, "hi", e, cut, acts[cut:])}
	if cut > 0 {
		parts = append(parts, t.half(b, "lo", e, 0, acts[:cut]))
	}
	entry := parts[0].ofEntry(b)
	if cut > 0 {
		entry = b.Add(entry, parts[1].ofEntry(b))
	}
	if s.Round > 0 {
		shift := b.In("shift_i", s.ShiftBits(t))
		entry = b.Named("rounded", Fit(b, s.Round, roundEven(b, entry, shift)))
		all := parts[0].ofAll(b)
		if cut > 0 {
			all = b.Add(all, parts[1].ofAll(b))
		}
		sum := b.Reg("sum_q", s.SumBits(t), 0)
		b.NextIf(sum, load, Fit(b, s.SumBits(t), all))
		b.Out("sum_o", sum)
	}
	table := b.Reg("table_q", s.EntryBits(t), 0, e)
	b.NextIf(table, load, Fit(b, s.EntryBits(t), entry))
	b.Out("table_o", table)
	return b.Build()
}

// Fit is a two's complement word of another width: extended, or cut to the lowest bits.
func Fit(b *hw.Builder, w int, x hw.ID) hw.ID {
	if b.Width(x) > w {
		return b.Slice(x, 0, w)
	}
	return b.Sext(w, x)
}

// extend widens an activation to a two's complement word.
func (s TableSpec) extend(b *hw.Builder, w int, x hw.ID) hw.ID {
	if s.A.Signed {
		return b.Sext(w, x)
	}
	return b.Zext(w, x)
}

// half is one of the two parts of a group of activations.
type half struct {
	name string
	e    int     // axis of the entries
	axis int     // axis of the sums
	q    hw.ID   // register of the distinct sums that the entries have of this part
	sums [][]int // their coefficients
	at   []uint64
}

// half makes the registers of a part: the activations from, from+1, ... of the group.
func (t Table) half(b *hw.Builder, name string, e, from int, acts []hw.ID) half {
	p := half{name: name, e: e}
	for _, c := range t.Entries {
		c = c[from : from+len(acts)]
		i := slices.IndexFunc(p.sums, func(s []int) bool { return slices.Equal(s, c) })
		if i < 0 {
			i, p.sums = len(p.sums), append(p.sums, c)
		}
		p.at = append(p.at, uint64(i))
	}
	p.axis = b.Axis(name, len(p.sums))
	lane := b.Coord(p.axis, hw.Bits(len(p.sums)-1))
	var total hw.ID
	for i, a := range acts {
		var neg, some []uint64
		for _, s := range p.sums {
			neg, some = append(neg, flag(s[i] < 0)), append(some, flag(s[i] != 0))
		}
		term := a
		if slices.Contains(neg, 1) {
			term = b.Mux(b.Rom(fmt.Sprintf("%s_minus%d", name, i), 1, neg, lane), b.Neg(a), a)
		}
		if slices.Contains(some, 0) {
			term = b.Mux(b.Rom(fmt.Sprintf("%s_takes%d", name, i), 1, some, lane), term, b.Const(b.Width(a), 0))
		}
		if i == 0 {
			total = term
		} else {
			total = b.Add(total, term)
		}
	}
	p.q = b.Pipe(name+"_q", b.Named(name+"_sum", b.Bcast(total, p.axis)))
	return p
}

// ofEntry is the part's sum in each entry.
func (p half) ofEntry(b *hw.Builder) hw.ID {
	lane := b.Coord(p.e, hw.Bits(len(p.at)-1))
	return b.Select(p.axis, p.q, b.Rom(p.name+"_of_entry", hw.Bits(len(p.sums)-1), p.at, lane))
}

// ofAll is the sum of all activations of the part.
func (p half) ofAll(b *hw.Builder) hw.ID {
	for i, s := range p.sums {
		if !slices.ContainsFunc(s, func(c int) bool { return c != 1 }) {
			return b.Index(p.axis, i, p.q)
		}
	}
	return hw.None
}

func flag(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

// roundEven is s(x) / 2^shift, to the nearest integer, halves to even: half a unit
// less one and the bit that will be the lowest are added before the shift.
func roundEven(b *hw.Builder, x, shift hw.ID) hw.ID {
	w := b.Width(x) + 1
	x = b.Sext(w, x)
	unit := b.Shl(b.Const(w, 1), shift)
	half := b.Cat(b.Const(1, 0), b.Slice(unit, 1, w-1)) // 2^(shift-1); 0 for shift 0
	odd := b.Bit(b.Lshr(x, shift), 0)
	none := b.Eq(shift, b.Const(b.Width(shift), 0))
	bias := b.Sub(b.Add(half, b.Zext(w, b.And(odd, b.Not(none)))), b.Zext(w, b.Not(none)))
	return b.Ashr(b.Add(x, b.Named("round_bias", bias)), shift)
}
