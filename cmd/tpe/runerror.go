package main

import (
	"fmt"
	"io"

	"tpe/sim"
)

// errorTable prints how far an approximate engine's words are from the exact product, a line for each layer of
// which words were compared.
func errorTable(w io.Writer, r *sim.Report) error {
	var t table
	t.add("layer", ">K", ">words", ">mean error", ">mean absolute", ">max error", ">relative", ">SQNR dB", ">mean ulps", ">max ulps", ">cosine")
	some := false
	for _, l := range r.Layers {
		e := l.Error
		if e == nil {
			continue
		}
		some = true
		t.add(l.Name, fmt.Sprint(l.K), count(e.Words), fmt.Sprintf("%.3g", e.Mean), fmt.Sprintf("%.3g", e.MeanAbs), fmt.Sprintf("%.3g", e.MaxAbs),
			orDash("%.3g", e.Relative), orDash("%.2f", e.SQNR), fmt.Sprintf("%.3g", e.MeanULPs), fmt.Sprintf("%.3g", e.MaxULPs), fmt.Sprintf("%.6f", e.Cosine))
	}
	if !some {
		return nil
	}
	fmt.Fprintln(w, "the engine is approximate; the words compared differ from the exact product (relative: root of the mean squares) by")
	return t.write(w)
}

func orDash(format string, x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf(format, *x)
}

// shiftTable prints by how many places the PEs of approximate normalisation shifted their sums.
func shiftTable(w io.Writer, r *sim.Report) error {
	var t table
	t.add("layer", ">K", ">no shift", ">1", ">2", ">3", ">4 or more")
	some := false
	for _, l := range r.Layers {
		var all int64
		var times [5]int64
		for n, k := range l.Shifts {
			all += k
			times[min(n, 4)] += k
		}
		if all == 0 {
			continue
		}
		some = true
		row := []string{l.Name, fmt.Sprint(l.K)}
		for _, k := range times {
			row = append(row, percent(float64(k)/float64(all)))
		}
		t.add(row...)
	}
	if !some {
		return nil
	}
	fmt.Fprintln(w, "sums were shifted left, to normalise them, by so many places")
	return t.write(w)
}
