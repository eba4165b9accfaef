package sim

import (
	"slices"

	"tpe/numeric"
	"tpe/numeric/quant"
)

// Fed says what the values of an operand were that the run worked on: those of the jobs that were stepped, and the rows that a closed form
// which depends on data read (a row each time that it was read).
type Fed struct {
	Matrix string `json:"matrix"` // A, B, or S and Z
	Format string `json:"format"`
	quant.Summary
	// Digits are the mean numbers of non-zero digits of integers, by encoding.
	Digits map[string]float64 `json:"digits,omitempty"`
	Bins   []quant.Bin        `json:"histogram"`
}

// fedCounts are histograms by matrix.
type fedCounts map[byte]*quant.Histogram

// count adds values of a matrix of the engine.
func (j *jobs) count(matrix byte, values []int32) {
	h := j.fed[matrix]
	if h == nil {
		f := j.gen[matrix].Format()
		h = quant.NewHistogram(f.Number())
		if j.fed == nil {
			j.fed = fedCounts{}
		}
		j.fed[matrix] = h
	}
	h.Add(values)
}

// merge adds the counts of another worker.
func (c fedCounts) merge(o fedCounts) {
	for m, h := range o {
		if c[m] == nil {
			c[m] = quant.NewHistogram(h.Format)
		}
		c[m].Merge(h)
	}
}

// report lists what was fed, in order of the matrices' names.
func (c fedCounts) report() []Fed {
	var list []Fed
	for m, h := range c {
		f := Fed{Matrix: string(m), Format: h.Format.String(), Summary: h.Summary(), Bins: h.Bins()}
		if _, ok := h.Format.(numeric.Int); ok {
			f.Digits = map[string]float64{}
			for _, e := range numeric.Encodings() {
				f.Digits[e.String()] = h.Digits(e)
			}
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Fed) int { return int(a.Matrix[0]) - int(b.Matrix[0]) })
	return list
}
