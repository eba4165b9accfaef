// Package breakdown draws where the area of an engine and the energy of its workload go.
package breakdown

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"tpe/cost"
	"tpe/report/chart"
)

// bar is one part of a whole.
type bar struct {
	name  string
	value float64
}

// Sizes on paper.
const (
	panelWidth = 9 * vg.Centimeter
	barHeight  = 0.65 * vg.Centimeter
	frame      = 2.6 * vg.Centimeter // title, axis and its label
)

// Draw writes an SVG picture: a bar for each kind of part of the area in mm^2 and, beside
// it, if the report has a workload, one for each part of its energy in mJ, all with their
// shares. The bytes depend on the report alone.
func Draw(w io.Writer, r *cost.Report) error {
	var area []bar
	for _, p := range r.ByPart {
		area = append(area, bar{p.Part, p.AreaUM2 * 1e-6})
	}
	panel, err := panel(fmt.Sprintf("Area of %s, %s, %s", r.Engine, r.Technology, r.Recipe), "mm²", area)
	if err != nil {
		return err
	}
	panels, rows := []*plot.Plot{panel}, len(area)
	if r.Workload != nil {
		var energy []bar
		for _, s := range r.Workload.Rows {
			energy = append(energy, bar{s.Name, s.J * 1e3})
		}
		panel, err := energyPanel(r, energy)
		if err != nil {
			return err
		}
		panels, rows = append(panels, panel), max(rows, len(energy))
	}
	c := vgsvg.New(panelWidth*vg.Length(len(panels)), barHeight*vg.Length(rows)+frame)
	tiles := draw.Tiles{Rows: 1, Cols: len(panels), PadX: 4 * vg.Millimeter, PadTop: vg.Millimeter, PadLeft: vg.Millimeter, PadRight: 4 * vg.Millimeter}
	page := draw.New(c)
	for i, p := range panels {
		p.Draw(tiles.At(page, i, 0))
	}
	_, err = c.WriteTo(w)
	return err
}

func energyPanel(r *cost.Report, bars []bar) (*plot.Plot, error) {
	return panel(fmt.Sprintf("Energy of %s", r.Workload.Name), "mJ", bars)
}

// panel draws bars from the top down, each with its share of the sum.
func panel(title, unit string, bars []bar) (*plot.Plot, error) {
	total := 0.0
	for _, b := range bars {
		total += b.value
	}
	if total <= 0 {
		return nil, errors.New("breakdown: nothing to draw: the sum is 0")
	}
	bars = slices.Clone(bars)
	slices.Reverse(bars)
	p := chart.New(title, unit, "")
	p.X.Min = 0
	var values plotter.Values
	names := make([]string, len(bars))
	shares := plotter.XYLabels{XYs: make(plotter.XYs, len(bars)), Labels: make([]string, len(bars))}
	for i, b := range bars {
		values, names[i] = append(values, b.value), b.name
		shares.XYs[i] = plotter.XY{X: b.value, Y: float64(i)}
		shares.Labels[i] = fmt.Sprintf(" %.1f %%", 100*b.value/total)
		p.X.Max = max(p.X.Max, 1.25*b.value) // room for the share
	}
	row, err := plotter.NewBarChart(values, barHeight*0.7)
	if err != nil {
		return nil, err
	}
	row.Horizontal, row.LineStyle.Width = true, 0
	row.Color = chart.Color(0)
	labels, err := plotter.NewLabels(shares)
	if err != nil {
		return nil, err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].YAlign = draw.YCenter
	}
	most := p.X.Max
	p.Add(row, labels)
	p.X.Max = most
	p.NominalY(names...)
	return p, nil
}
