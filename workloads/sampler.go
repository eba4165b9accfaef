package workloads

import (
	"fmt"
	"math"
)

// minScale bounds the parameter of a distribution: below it all values are 0.
const minScale = 0.01

// maxTable bounds the values that a sampler tells apart.
const maxTable = 1 << 20

// sampler draws integers from a table of cumulative probabilities.
//
// All of its arithmetic is products, sums and quotients that are rounded one by
// one (a conversion to float64 around each product keeps the compiler from fusing
// it with a sum) and no library function that differs between platforms, so the
// table is the same everywhere.
type sampler struct {
	first int64    // value of entry 0
	upTo  []uint64 // of 2^53, the probability of the values up to each entry
	guide []uint32 // entry to start from, by the top guideBits of 53
}

const guideBits = 12

// newSampler makes the table of a rounded normal or Laplace distribution, cut to
// the values from least to most and to a distance at which the rest has a
// probability below 2^-53.
func newSampler(d Data, least, most int64) (*sampler, error) {
	reach := 10.0
	if d.Kind == DataLaplace {
		reach = 40
	}
	if !(d.Param >= minScale && d.Param <= maxTable) {
		return nil, fmt.Errorf("scale of the distribution is out of range: %v (expected %g to %d)", d, minScale, maxTable)
	}
	far := int64(math.Ceil(d.Param * reach))
	least, most = max(least, -far), min(most, far)
	n := most - least + 1
	if n > maxTable {
		return nil, fmt.Errorf("distribution is too wide: %v spans %d values (expected at most %d)", d, n, maxTable)
	}
	weight := normalWeight
	if d.Kind == DataLaplace {
		weight = laplaceWeight
	}
	cumulative := make([]float64, n)
	sum := 0.0
	for i := range cumulative {
		sum += weight(math.Abs(float64(least+int64(i))), d.Param)
		cumulative[i] = sum
	}
	s := &sampler{first: least, upTo: make([]uint64, n), guide: make([]uint32, 1<<guideBits)}
	for i, c := range cumulative {
		s.upTo[i] = uint64(c / sum * (1 << 53))
	}
	s.upTo[n-1] = 1 << 53
	entry := uint32(0)
	for i := range s.guide {
		for s.upTo[entry] <= uint64(i)<<(53-guideBits) {
			entry++
		}
		s.guide[i] = entry
	}
	return s, nil
}

// at returns the value for 53 random bits.
func (s *sampler) at(u uint64) int64 {
	i := s.guide[u>>(53-guideBits)]
	for s.upTo[i] <= u {
		i++
	}
	return s.first + int64(i)
}

// laplaceWeight is proportional to the probability that a Laplace variable of
// scale b rounds to v or, by symmetry, to -v.
func laplaceWeight(v, b float64) float64 {
	if v == 0 {
		return 2 * (1 - expNeg(0.5/b))
	}
	return expNeg((v-0.5)/b) - expNeg((v+0.5)/b)
}

// normalWeight is proportional to the probability that a normal variable rounds
// to v: the integral of exp(-t*t/(2*sd*sd)) from v-0.5 to v+0.5, by five-point
// Gauss-Legendre quadrature (Abramowitz and Stegun, table 25.4) over panels of at
// most sd/2, with an error near 1e-12 of it.
func normalWeight(v, sd float64) float64 {
	points := [5]float64{-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640}
	weights := [5]float64{0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891}
	panels := int(math.Ceil(2 / sd))
	half := 0.5 / float64(panels)
	sum := 0.0
	for p := range panels {
		centre := v - 0.5 + float64(half*float64(2*p+1))
		for i := range points {
			z := (centre + float64(half*points[i])) / sd
			sum += float64(weights[i] * expNeg(float64(z*z)/2))
		}
	}
	return float64(sum * half)
}

// expNeg returns exp(-x) for x >= 0: 2^-n times the Taylor series of the rest of
// at most log 2.
func expNeg(x float64) float64 {
	if x > 700 {
		return 0
	}
	// log 2 in two parts, the first with trailing zeros so that n*ln2Hi is exact.
	const ln2Hi, ln2Lo = 0x1.62e42feep-01, 0x1.a39ef35793c76p-33
	n := math.Floor(x / math.Ln2)
	r := (x - float64(n*ln2Hi)) - float64(n*ln2Lo)
	sum, term := 1.0, 1.0
	for i := 1; i <= 20; i++ {
		term = float64(term*-r) / float64(i)
		sum += term
	}
	return math.Ldexp(sum, -int(n))
}
