package numeric

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Errors measures how far results are from exact ones. The zero value is ready; [Errors.Add] may be called
// for part after part. Pairs of which one is infinite or NaN are counted and otherwise left out.
type Errors struct {
	Words     int64 // pairs compared
	NotFinite int64 // pairs left out

	sum, sumAbs, maxAbs float64 // of result - exact
	sumULPs, maxULPs    float64
	errors, exact, got  float64 // sums of squares
	product             float64 // sum of result * exact
	diff, left, wanted  []float64
}

// Add compares results with exact values; f is the format of the results, whose last place is the unit of ulps.
func (e *Errors) Add(got, exact []float64, f Format) {
	e.left, e.wanted, e.diff = e.left[:0], e.wanted[:0], e.diff[:0]
	for i, x := range got {
		d := x - exact[i]
		if math.IsNaN(d) || math.IsInf(d, 0) {
			e.NotFinite++
			continue
		}
		e.left, e.wanted, e.diff = append(e.left, x), append(e.wanted, exact[i]), append(e.diff, d)
		d = math.Abs(d)
		ulps := d / LastPlace(f, exact[i])
		e.sumAbs, e.sumULPs, e.maxULPs = e.sumAbs+d, e.sumULPs+ulps, max(e.maxULPs, ulps)
	}
	if len(e.diff) == 0 {
		return
	}
	e.Words += int64(len(e.diff))
	e.sum += floats.Sum(e.diff)
	e.maxAbs = max(e.maxAbs, floats.Norm(e.diff, math.Inf(1)))
	e.errors += floats.Dot(e.diff, e.diff)
	e.exact += floats.Dot(e.wanted, e.wanted)
	e.got += floats.Dot(e.left, e.left)
	e.product += floats.Dot(e.left, e.wanted)
}

// per is a sum over the words, or 0 without any.
func (e *Errors) per(sum float64) float64 { return sum / float64(max(e.Words, 1)) }

// Mean is the mean of result - exact: the bias.
func (e *Errors) Mean() float64 { return e.per(e.sum) }

// MeanAbs is the mean of |result - exact|.
func (e *Errors) MeanAbs() float64 { return e.per(e.sumAbs) }

// MaxAbs is the greatest |result - exact|.
func (e *Errors) MaxAbs() float64 { return e.maxAbs }

// RelativeRMS is the root of the squared errors over that of the squared exact values; 0 if there is no
// error, infinite if there is one and all exact values are 0.
func (e *Errors) RelativeRMS() float64 {
	if e.errors == 0 {
		return 0
	}
	return math.Sqrt(e.errors / e.exact)
}

// SQNR is the ratio of the exact values' squares to those of the errors, in decibels; +Inf without error.
func (e *Errors) SQNR() float64 { return -20 * math.Log10(e.RelativeRMS()) }

// MeanULPs and MaxULPs are |result - exact| in units of the last place that the exact value has in the format
// of the results.
func (e *Errors) MeanULPs() float64 { return e.per(e.sumULPs) }

// MaxULPs is described at [Errors.MeanULPs].
func (e *Errors) MaxULPs() float64 { return e.maxULPs }

// Cosine is that of the angle between results and exact values, read as two vectors; 1 if both are 0, and 0 if
// one is.
func (e *Errors) Cosine() float64 {
	switch {
	case e.got == 0 && e.exact == 0:
		return 1
	case e.got == 0 || e.exact == 0:
		return 0
	}
	return e.product / math.Sqrt(e.got*e.exact)
}

// LastPlace is the weight of the lowest bit that a number near x has in a format: of floats that of x's binade,
// never below the subnormal numbers' or above the largest number's; of integers 1.
func LastPlace(f Format, x float64) float64 {
	switch f := f.(type) {
	case Float:
		if x == 0 {
			return math.Ldexp(1, f.MinExp()-f.Man)
		}
		_, e := math.Frexp(x) // |x| is in [2^(e-1), 2^e)
		return math.Ldexp(1, min(max(e-1, f.MinExp()), f.MaxExp())-f.Man)
	case Fixed:
		return math.Ldexp(1, -f.Frac)
	case OddInt:
		return 2
	}
	return 1
}
