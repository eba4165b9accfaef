package numeric

import (
	"errors"
	"fmt"
)

// NoFloor is the [BlockFMA.Floor] of a unit whose alignment has no least exponent.
const NoFloor = -1 << 20

// BlockFMA is the arithmetic of a tensor core: groups of N exact products and the
// accumulator are aligned to the greatest exponent among them, cut there to Frac fraction bits, summed as
// integers and rounded once.
//
//	a_i, b_i -> significands multiplied, exponents added; not normalised --+
//	c        -> significand, exponent (subnormal: that of the least normal)-+--> E = max(exponents, Floor)
//	                                                                        |
//	      each magnitude cut below 2^(E-Frac) -> integer sum -> normalised, rounded to Out -> c of the next group
//
// Zeros take no part in E, unless ZeroProductExponent is set: then a zero operand has the exponent
// of the format's least normal number, as a subnormal one has. NaN, infinity times zero and
// infinities of both signs give NaN; otherwise an infinity gives itself. A sum of zero is +0; one that
// only its rounding makes zero keeps its sign.
//
// The parameters of the presets follow the models of Khattak and Mikaitis, "Accurate Models
// of NVIDIA Tensor Cores", arXiv 2512.07004, and of "MMA-Sim", arXiv 2511.10909; the algorithm was first inferred by
// Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of NVIDIA tensor cores", PeerJ CS 330,
// 2021.
type BlockFMA struct {
	A, B     Float // operands: at most 11 significant bits each
	C        Float // format of the accumulator operand and container of results
	Out      Float // what a group's result is rounded to; has C's width and exponent
	N        int   // products in a group, 1..64
	Frac     int   // fraction bits kept below 2^E, 4..40
	Floor    int   // least E; NoFloor if there is none
	Rounding Rounding
	// ZeroProductExponent lets zeros take part in E (see above). Public models disagree on it.
	ZeroProductExponent bool
	// Order is the sequence in which the k of one instruction enter the groups: len(Order) terms an
	// instruction, a multiple of N. Nil: ascending, N terms an instruction.
	Order []int
	// AddC leaves c out of the first group and adds it to the last result of the instruction,
	// with a rounding to nearest even.
	AddC bool
	// NaN is the code of every NaN result.
	NaN uint64
}

// Validate reports all that is impossible about a unit.
func (u *BlockFMA) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, f := range []Float{u.A, u.B} {
		if f.Validate() != nil || f.Unsigned || f.Man > 10 {
			bad("operand format: %s (expected a signed float of at most 10 fraction bits)", f)
		}
	}
	if u.C.Validate() != nil || u.Out.Validate() != nil || u.C.Specials != IEEE || u.Out.Specials != IEEE ||
		u.C.Exp != u.Out.Exp || u.C.Bias != u.Out.Bias || u.C.Width() != u.Out.Width() || u.Out.Man > u.C.Man {
		bad("result format: %s in %s (expected the accumulator's format or one that cuts its fraction)", u.Out, u.C)
	}
	if u.N < 1 || u.N > 64 {
		bad("products a group: %d (expected 1..64)", u.N)
	}
	if u.Frac < 4 || u.Frac > 40 {
		bad("fraction bits: %d (expected 4..40)", u.Frac)
	}
	if u.Rounding == Stochastic {
		bad("rounding: %s (expected a mode without random numbers)", u.Rounding)
	}
	if u.Order != nil {
		seen := make([]bool, len(u.Order))
		for _, k := range u.Order {
			if k < 0 || k >= len(u.Order) || seen[k] {
				bad("order of k: %d (expected each of 0..%d once)", k, len(u.Order)-1)
				break
			}
			seen[k] = true
		}
		if u.N > 0 && len(u.Order)%u.N != 0 {
			bad("order of k: %d terms (expected a multiple of the %d products of a group)", len(u.Order), u.N)
		}
	}
	return errors.Join(errs...)
}

// K is the number of products of one instruction.
func (u *BlockFMA) K() int {
	if u.Order == nil {
		return u.N
	}
	return len(u.Order)
}

// order is the k of the instruction's i-th product.
func (u *BlockFMA) order(i int) int {
	if u.Order == nil {
		return i
	}
	return u.Order[i]
}

// Dot returns a[0]*b[0] + ... + c as the unit computes it: instructions of K products in
// ascending k, each with the result of the one before as c. Products past the end of a are absent.
func (u *BlockFMA) Dot(a, b []uint64, c uint64) uint64 {
	per := u.K()
	var group []Value // a and b in turn
	for k0 := 0; k0 < len(a); k0 += per {
		acc := c
		if u.AddC {
			acc = 0
		}
		for g := 0; g < per; g += u.N {
			group = group[:0]
			for i := range u.N {
				if k := k0 + u.order(g+i); k < len(a) {
					group = append(group, u.A.Decode(a[k]), u.B.Decode(b[k]))
				}
			}
			acc = u.group(group, u.C.Decode(acc))
		}
		if u.AddC {
			acc = u.add(acc, c)
		}
		c = acc
	}
	return c
}

// add is x + y rounded to nearest even in the accumulator's format.
func (u *BlockFMA) add(x, y uint64) uint64 {
	s, _ := Add(u.C.Decode(x), u.C.Decode(y), NearEven)
	if s.Class == NaN {
		return u.NaN
	}
	code, _ := u.C.Encode(s, &Env{})
	return code
}

// place is the significand of an operand and the weight of its leading place, which a
// subnormal number shares with the least normal one.
func place(f Float, v Value, zeroExponent bool) (sig uint64, exp int) {
	if v.Class == Zero {
		if zeroExponent {
			return 0, f.MinExp()
		}
		return 0, absent
	}
	return v.Sig, v.Exp + f.Man
}

// blockTerm is a term of the alignment, (-1)^neg * sig * 2^exp; place is the exponent with which it takes
// part, absent if it does not.
type blockTerm struct {
	neg        bool
	sig        uint64
	exp, place int
}

// group is one step of the unit: ab holds a and b in turn.
func (u *BlockFMA) group(ab []Value, c Value) uint64 {
	var s specials
	for i := 0; i < len(ab); i += 2 {
		p, _ := Mul(ab[i], ab[i+1])
		s.see(p)
	}
	if code, ok := u.special(s, c); ok {
		return code
	}
	terms := make([]blockTerm, 0, 64)
	for i := 0; i < len(ab); i += 2 {
		x, y := ab[i], ab[i+1]
		_, ea := place(u.A, x, u.ZeroProductExponent)
		_, eb := place(u.B, y, u.ZeroProductExponent)
		terms = append(terms, blockTerm{x.Neg != y.Neg, x.Sig * y.Sig, x.Exp + y.Exp, ea + eb})
	}
	return u.sum(terms, c)
}

// sum adds terms to c: aligned, cut, added, rounded.
func (u *BlockFMA) sum(terms []blockTerm, c Value) uint64 {
	emax := u.Floor
	for _, t := range terms {
		emax = max(emax, t.place)
	}
	sig, at := place(u.C, c, u.ZeroProductExponent)
	emax = max(emax, at)
	var sum int64
	for _, t := range append(terms, blockTerm{c.Neg, sig, c.Exp, at}) {
		if t.sig == 0 {
			continue
		}
		v := int64(align(t.sig, emax-u.Frac-t.exp))
		if t.neg {
			v = -v
		}
		sum += v
	}
	if sum == 0 {
		return 0
	}
	code, flags := u.Out.Encode(FromInt(sum).Scale(emax-u.Frac), &Env{Rounding: u.Rounding})
	if flags&Overflow != 0 { // whatever the rounding
		return u.C.Infinity(sum < 0)
	}
	return code
}

// align is sig / 2^n rounded down; n may be negative.
func align(sig uint64, n int) uint64 {
	if n < 0 {
		return sig << -n
	}
	return sig >> min(n, 63)
}

// specials are what is not finite among the terms of a group.
type specials struct{ nan, pos, neg bool }

func (s *specials) see(v Value) {
	s.nan = s.nan || v.Class == NaN
	if v.Class == Inf {
		s.pos, s.neg = s.pos || !v.Neg, s.neg || v.Neg
	}
}

// special decides a group in which some number is not finite.
func (u *BlockFMA) special(s specials, c Value) (uint64, bool) {
	s.see(c)
	switch {
	case s.nan || s.pos && s.neg:
		return u.NaN, true
	case s.pos || s.neg:
		return u.C.Infinity(s.neg), true
	}
	return 0, false
}
