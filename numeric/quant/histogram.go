package quant

import (
	"math"

	"tpe/numeric"
)

// Histogram counts codes. Formats of more than 16 bits are counted by their upper 16.
type Histogram struct {
	Format numeric.Format
	Words  int64
	counts []int64
	drop   int // low bits that are not told apart
}

// NewHistogram counts codes of an integer, odd-integer or float format of at most 32 bits.
func NewHistogram(f numeric.Format) *Histogram {
	w := f.Width()
	return &Histogram{Format: f, drop: max(w-16, 0), counts: make([]int64, 1<<min(w, 16))}
}

// Add counts codes; integers by their value, which must be of the format.
func (h *Histogram) Add(codes []int32) {
	mask := uint32(len(h.counts) - 1)
	for _, q := range codes {
		h.counts[uint32(q)>>h.drop&mask]++
	}
	h.Words += int64(len(codes))
}

// Merge adds what another histogram of the same format counted.
func (h *Histogram) Merge(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.Words += o.Words
}

// each calls do for every code that was met, with its value; NaN and infinities of float formats have such values.
func (h *Histogram) each(do func(value float64, n int64)) {
	for i, n := range h.counts {
		if n > 0 {
			do(h.value(i), n)
		}
	}
}

func (h *Histogram) value(i int) float64 {
	if f, ok := h.Format.(numeric.Int); ok {
		return float64(f.Wrap(int64(i) << h.drop))
	}
	return h.Format.Decode(uint64(i) << h.drop).Float64()
}

// Summary are figures of a histogram.
type Summary struct {
	Words    int64   `json:"words"`
	Zeros    float64 `json:"zeros"` // share
	Mean     float64 `json:"mean"`
	SD       float64 `json:"sd"`
	Min      float64 `json:"min"`
	Max      float64 `json:"max"`
	Kurtosis float64 `json:"kurtosis"`             // 3 for a normal distribution
	NotFin   int64   `json:"not_finite,omitempty"` // infinities and NaNs, which count in words only
}

// Summary returns the figures of what was counted.
func (h *Histogram) Summary() Summary {
	s := Summary{Words: h.Words}
	if h.Words == 0 {
		return s
	}
	s.Min, s.Max = math.Inf(1), math.Inf(-1)
	n := 0.0
	h.each(func(v float64, count int64) {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			s.NotFin += count
			return
		case v == 0:
			s.Zeros += float64(count) / float64(h.Words)
		}
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		s.Mean += float64(count) * v
		n += float64(count)
	})
	if n == 0 {
		s.Min, s.Max = 0, 0
		return s
	}
	s.Mean /= n
	second, fourth := 0.0, 0.0
	h.each(func(v float64, count int64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		d := (v - s.Mean) * (v - s.Mean)
		second += float64(count) * d
		fourth += float64(count) * d * d
	})
	s.SD = math.Sqrt(second / n)
	if second > 0 {
		s.Kurtosis = fourth / n / (second / n * second / n)
	}
	return s
}

// Digits is the mean number of non-zero digits of the integers in an encoding. It is 0 for other formats.
func (h *Histogram) Digits(e numeric.Encoding) float64 {
	f, ok := h.Format.(numeric.Int)
	if !ok || h.Words == 0 || h.drop > 0 {
		return 0
	}
	digits := make([]int8, e.Digits(f))
	sum := 0.0
	for i, n := range h.counts {
		if n > 0 {
			e.Encode(digits, f.Wrap(int64(i)), f)
			sum += float64(n) * float64(numeric.NonZero(digits))
		}
	}
	return sum / float64(h.Words)
}

// Bin is a range of values and how many words were in it. Ranges of integers include both ends; those of floats are the
// magnitudes From <= |x| < To, zero apart.
type Bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Count int64   `json:"count"`
}

// maxBins is the number of bins of an integer histogram.
const maxBins = 16

// Bins returns the histogram: of integers all values up to 4 bits, else 16 ranges of equal width over the format; of floats
// the powers of two that were met. Infinities and NaNs are left out.
func (h *Histogram) Bins() []Bin {
	f, ok := h.Format.(numeric.Int)
	if !ok {
		return h.floatBins()
	}
	width := max(float64(f.Max()-f.Min()+1)/maxBins, 1)
	bins := make([]Bin, int(float64(f.Max()-f.Min()+1)/width))
	for i := range bins {
		bins[i].From = float64(f.Min()) + float64(i)*width
		bins[i].To = bins[i].From + width - 1
	}
	h.each(func(v float64, n int64) { bins[int((v-float64(f.Min()))/width)].Count += n })
	return bins
}

func (h *Histogram) floatBins() []Bin {
	counts := map[int]int64{}
	zeros, least, most := int64(0), math.MaxInt, math.MinInt
	h.each(func(v float64, n int64) {
		switch {
		case v == 0:
			zeros += n
		case !math.IsNaN(v) && !math.IsInf(v, 0):
			_, e := math.Frexp(v)
			counts[e-1] += n
			least, most = min(least, e-1), max(most, e-1)
		}
	})
	var bins []Bin
	if zeros > 0 {
		bins = append(bins, Bin{0, 0, zeros})
	}
	for e := least; e <= most; e++ {
		bins = append(bins, Bin{math.Ldexp(1, e), math.Ldexp(1, e+1), counts[e]})
	}
	return bins
}
