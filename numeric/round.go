package numeric

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Rounding says which neighbour an inexact result becomes.
type Rounding uint8

// The rounding modes; their names are those of TestFloat.
const (
	NearEven   Rounding = iota // the nearest; of two, the even code
	NearAway                   // the nearest; of two, the one farther from zero
	TowardZero                 // the one nearer to zero: truncation
	Down                       // the lower one
	Up                         // the higher one
	Odd                        // truncation, then the lowest bit is 1 if anything was lost
	Stochastic                 // up in magnitude with the probability of the lost fraction
)

var roundingNames = [...]string{"near_even", "near_maxMag", "minMag", "min", "max", "odd", "stochastic"}

// String returns the mode's name.
func (r Rounding) String() string { return roundingNames[r] }

// ParseRounding finds a mode by its name.
func ParseRounding(s string) (Rounding, error) {
	for i, n := range roundingNames {
		if n == s {
			return Rounding(i), nil
		}
	}
	return 0, fmt.Errorf("unknown rounding: %q (expected %s)", s, strings.Join(roundingNames[:], ", "))
}

// Flags are the exceptions of an operation, with TestFloat's bits. No operation here
// divides, so none raises division by zero (0x08).
type Flags uint8

// The exceptions.
const (
	Inexact   Flags = 0x01
	Underflow Flags = 0x02 // inexact and below the normal range, both after rounding
	Overflow  Flags = 0x04
	Invalid   Flags = 0x10
)

// Env is what an operation depends on beside its operands.
type Env struct {
	Rounding Rounding
	// Saturate makes overflow and infinity the largest finite number of their sign.
	Saturate bool
	// Flush reads subnormal operands as zero and makes a result whose magnitude
	// is below the normal range, rounded as if exponents had no bound, zero.
	Flush bool
	// PositiveZero makes every zero result +0.
	PositiveZero bool
	// Random is the source of Stochastic, one draw for each rounding of a finite value:
	// the magnitude goes up if the lost fraction, cut to 32 bits, plus the upper half of the
	// draw carries.
	Random *rand.PCG
}

// NewStochastic returns the environment of stochastic rounding from a seed.
func NewStochastic(seed uint64) *Env {
	return &Env{Rounding: Stochastic, Random: rand.NewPCG(seed, 0)}
}

// roundShift is sig / 2^n (n may be negative) rounded to a whole number, and whether it
// is inexact. The result must fit 63 bits. draw is the random word of Stochastic.
func roundShift(sig uint64, n int, neg bool, r Rounding, draw uint32) (uint64, bool) {
	if n <= 0 {
		return sig << -n, false
	}
	var m, rest, half uint64 // rest and half in units of 2^(n-64), or of 2^-n
	switch {
	case n <= 63:
		m, rest, half = sig>>n, sig<<(64-n), 1<<63
	case n == 64:
		m, rest, half = 0, sig, 1<<63
	default: // less than a half
		m, rest, half = 0, jam(sig, n-64), 1<<63
	}
	if rest == 0 {
		return m, false
	}
	up := false
	switch r {
	case NearEven:
		up = rest > half || rest == half && m&1 == 1
	case NearAway:
		up = rest >= half
	case Down:
		up = neg
	case Up:
		up = !neg
	case Odd:
		up = m&1 == 0
	case Stochastic:
		up = rest>>32+uint64(draw) >= 1<<32
	}
	if up {
		m++
	}
	return m, true
}

// toInfinity reports whether an overflow of the given sign becomes infinity.
func (r Rounding) toInfinity(neg bool) bool {
	switch r {
	case TowardZero, Odd:
		return false
	case Down:
		return neg
	case Up:
		return !neg
	}
	return true
}
