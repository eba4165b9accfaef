package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// Styles of the units of a lookup engine: how the term of a group of activations and a
// weight word is found. One plane of weights is one bit of each weight, or a
// ternary digit.
//
//	style     the term of one plane                 entries    word            planes
//	half      +-a[0] +- ... +- a[g-1]               2^(g-1)    g, offline or hardware remap   bits of the odd integer
//	full      the same                              2^g        g               bits of the odd integer
//	bits      the sum of the a[k] whose bit is 1    2^g        g               bits, the highest subtracts if signed
//	adder     the same, without a table             g          g               likewise
//	ternary   -a, 0 or a                            2 (g = 1)  2               one
//	tl1       w0 a[0] + w1 a[1], w = -1, 0, 1       9 (g = 2)  4               one
//	tl2       w0 a[0] + w1 a[1] + w2 a[2]           14 (g = 3) 5               one
//	xnor      the number of equal bits less that of the unequal ones           planes of both operands
//
// half stores the sums in which a[g-1] is added and negates them where its bit is
// 0, so an entry needs no more bits than the greatest of these sums. tl1 and tl2 take
// their names and their indices, 3 w0 + w1 + 4 and |9 w0 + 3 w1 + w2|, from bitnet.cpp.
const (
	StyleHalf    = "half"
	StyleFull    = "full"
	StyleBits    = "bits"
	StyleAdder   = "adder"
	StyleTernary = "ternary"
	StyleTL1     = "tl1"
	StyleTL2     = "tl2"
	StyleXNOR    = "xnor"
)

// Table is what a lookup unit reads: entry i is the sum of Entries[i][k] a[k], with
// coefficients -1, 0 and 1.
type Table struct {
	Style   string
	Inputs  int // activations a group; for xnor, bits of a word
	Entries [][]int
	Negate  bool // the highest bit of a word negates the entry
	Raw     bool // half: words hold the bits of the weights, and the unit remaps them
}

// NewTable makes the table of a style for groups of inputs activations, 1 to 6 (xnor
// 1 to 64); ternary, tl1 and tl2 fix it. raw is the hardware remap of half, ignored elsewhere.
func NewTable(style string, inputs int, raw bool) Table {
	t := Table{Style: style, Inputs: inputs, Raw: raw && style == StyleHalf}
	add := func(coef func(k int) int) {
		e := make([]int, t.Inputs)
		for k := range e {
			e[k] = coef(k)
		}
		t.Entries = append(t.Entries, e)
	}
	sign := func(i int) func(k int) int { return func(k int) int { return 2*(i>>k&1) - 1 } }
	switch style {
	case StyleHalf:
		t.Negate = true
		for i := range 1 << (inputs - 1) {
			add(sign(i | 1<<(inputs-1)))
		}
	case StyleFull:
		for i := range 1 << inputs {
			add(sign(i))
		}
	case StyleBits:
		for i := range 1 << inputs {
			add(func(k int) int { return i >> k & 1 })
		}
	case StyleAdder:
		for i := range inputs {
			add(func(k int) int {
				if k == i {
					return 1
				}
				return 0
			})
		}
	case StyleTernary:
		t.Inputs, t.Negate = 1, true
		add(func(int) int { return 0 })
		add(func(int) int { return 1 })
	case StyleTL1:
		t.Inputs = 2
		for i := range 9 {
			add(func(k int) int { return [2]int{i/3 - 1, i%3 - 1}[k] })
		}
	case StyleTL2:
		t.Inputs, t.Negate = 3, true
		for v := range 14 {
			u := v + 13
			add(func(k int) int { return [3]int{u / 9, u / 3 % 3, u % 3}[k] - 1 })
		}
	}
	return t
}

// Ternary reports whether the weights are -1, 0 and 1, in one plane.
func (t Table) Ternary() bool {
	return t.Style == StyleTernary || t.Style == StyleTL1 || t.Style == StyleTL2
}

// Odd reports whether the terms are those of odd-integer weights, in which every bit is
// -1 or 1.
func (t Table) Odd() bool {
	return t.Style == StyleHalf || t.Style == StyleFull || t.Style == StyleXNOR
}

// WordBits is the width of a weight word.
func (t Table) WordBits() int {
	switch {
	case t.Style == StyleXNOR || t.Style == StyleAdder:
		return t.Inputs
	case t.Negate:
		return t.indexBits() + 1
	}
	return t.indexBits()
}

// indexBits is the width of the index of an entry; 0 if there is one entry.
func (t Table) indexBits() int {
	if len(t.Entries) < 2 {
		return 0
	}
	return hw.Bits(len(t.Entries) - 1)
}

// Word is the weight word for a plane of digits, one an activation: -1 or 1 of half
// and full, 0 or 1 of bits, adder and xnor, -1, 0 or 1 of the ternary styles.
func (t Table) Word(digits []int) (uint64, error) {
	bits := uint64(0)
	for k, d := range digits {
		if d > 0 {
			bits |= 1 << k
		}
	}
	if t.Style == StyleXNOR || t.Style == StyleAdder || t.Raw {
		return bits, nil
	}
	for i, e := range t.Entries {
		same, opposite := true, t.Negate
		for k, c := range e {
			same, opposite = same && c == digits[k], opposite && c == -digits[k]
		}
		switch {
		case same:
			return uint64(i), nil
		case opposite:
			return uint64(i) | 1<<t.indexBits(), nil
		}
	}
	return 0, fmt.Errorf("pe: no entry of a %s table for digits %v", t.Style, digits)
}

// EntryRange is the least and the greatest value of an entry for activations of
// format a.
func (t Table) EntryRange(a numeric.Int) (least, greatest int64) {
	for _, e := range t.Entries {
		var lo, hi int64
		for _, c := range e {
			x, y := int64(c)*a.Min(), int64(c)*a.Max()
			lo, hi = lo+min(x, y), hi+max(x, y)
		}
		least, greatest = min(least, lo), max(greatest, hi)
	}
	return least, greatest
}

// signedBits is the width of a two's complement word for lo <= 0 to hi >= 0.
func signedBits(lo, hi int64) int {
	w := 1
	for -1<<(w-1) > lo || 1<<(w-1)-1 < hi {
		w++
	}
	return w
}

// EntryBits is the width of an exact entry, two's complement.
func (t Table) EntryBits(a numeric.Int) int { return signedBits(t.EntryRange(a)) }

// SumEntry is the index of the entry that is the sum of all activations of the
// group; -1 if there is none.
func (t Table) SumEntry() int {
	for i, e := range t.Entries {
		all := true
		for _, c := range e {
			all = all && c == 1
		}
		if all && t.Style != StyleAdder {
			return i
		}
	}
	return -1
}
