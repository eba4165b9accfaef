// Package errorplot draws how far approximate engines are from the exact product, from the reports of runs.
package errorplot

import (
	"errors"

	"gonum.org/v1/plot"

	"tpe/report/chart"
	"tpe/sim"
)

// Plot draws the signal-to-error ratio of each report's layers, in decibels, against their K: a curve a report. Of layers
// of one K the least counts; layers without error, or of which no words were compared, have no point. It is an error if no
// point is left.
func Plot(title string, reports []*sim.Report) (*plot.Plot, error) {
	var curves []chart.Curve
	for _, r := range reports {
		least := map[int]float64{}
		for _, l := range r.Layers {
			if l.Error == nil || l.Error.SQNR == nil {
				continue
			}
			if old, ok := least[l.K]; !ok || *l.Error.SQNR < old {
				least[l.K] = *l.Error.SQNR
			}
		}
		if len(least) > 0 {
			curves = append(curves, chart.Curve{Name: r.Engine, Points: least})
		}
	}
	if len(curves) == 0 {
		return nil, errors.New("errorplot: no layer of the reports has an error (expected runs of approximate engines that check words)")
	}
	return chart.Curves(title, "K, products of a sum", "SQNR, dB", curves)
}
