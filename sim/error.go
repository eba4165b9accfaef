package sim

import (
	"math"

	"tpe/numeric"
)

// Error is how far words are from the exact product; [numeric.Errors] defines the measures. Absolute ones are in
// units of the numbers that the words stand for.
type Error struct {
	Words     int64    `json:"words"`
	NotFinite int64    `json:"not_finite"` // words left out: they or the exact product are infinite or NaN
	Mean      float64  `json:"mean"`       // of result - exact
	MeanAbs   float64  `json:"mean_absolute"`
	MaxAbs    float64  `json:"max_absolute"`
	Relative  *float64 `json:"relative_rms"` // null where only the errors are not zero
	SQNR      *float64 `json:"sqnr_db"`      // null where there is no error, or nothing else
	MeanULPs  float64  `json:"mean_ulps"`    // in last places of the exact value in the result's format
	MaxULPs   float64  `json:"max_ulps"`
	Cosine    float64  `json:"cosine"`
}

func errorOf(e *numeric.Errors) *Error {
	finite := func(x float64) *float64 {
		if math.IsInf(x, 0) {
			return nil
		}
		return &x
	}
	return &Error{
		Words: e.Words, NotFinite: e.NotFinite, Mean: e.Mean(), MeanAbs: e.MeanAbs(), MaxAbs: e.MaxAbs(),
		Relative: finite(e.RelativeRMS()), SQNR: finite(e.SQNR()), MeanULPs: e.MeanULPs(), MaxULPs: e.MaxULPs(), Cosine: e.Cosine(),
	}
}
