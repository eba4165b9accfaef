// Package vectors compares the arithmetic of package numeric with recorded results: lines
// of Berkeley TestFloat, and dot products of tensor cores in the text format
// "tensorcore-vectors 1" (docs/formats.md, docs/tensor-core.md).
package vectors

import "tpe/numeric"

// keep is how many mismatches a comparison describes in full.
const keep = 10

// Result is what a comparison found. Mismatches counts all, First describes the first ten.
type Result struct {
	Vectors    int64      `json:"vectors"`
	Mismatches int64      `json:"mismatches"`
	First      []Mismatch `json:"first,omitempty"`
}

// Mismatch is a recorded result that differs; codes are hexadecimal.
type Mismatch struct {
	Line      int64    `json:"line"`
	Operands  []string `json:"operands"`
	Want      string   `json:"want"` // as recorded
	Got       string   `json:"got"`
	WantFlags string   `json:"want_flags,omitempty"`
	GotFlags  string   `json:"got_flags,omitempty"`
}

func (r *Result) miss(m func() Mismatch) {
	r.Mismatches++
	if len(r.First) < keep {
		r.First = append(r.First, m())
	}
}

// same reports whether two codes of a format are equal, or both NaN.
func same(f numeric.Float, x, y uint64) bool {
	return x == y || f.Decode(x).Class == numeric.NaN && f.Decode(y).Class == numeric.NaN
}
