package chart

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is a named value for each of some positive numbers.
type Curve struct {
	Name   string
	Points map[int]float64
}

// Curves draws curves over a logarithmic axis with marks at the powers of two. The y axis has room above the curves
// for their names.
func Curves(title, x, y string, curves []Curve) (*plot.Plot, error) {
	p := New(title, x, y)
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powersOfTwo{}
	for i, c := range curves {
		var points plotter.XYs
		for _, at := range slices.Sorted(maps.Keys(c.Points)) {
			points = append(points, plotter.XY{X: float64(at), Y: c.Points[at]})
		}
		line, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		line.Color, line.Width = Color(i), vg.Points(1.5)
		marks.GlyphStyle = draw.GlyphStyle{Color: Color(i), Radius: vg.Points(3), Shape: shapes[i%len(shapes)]}
		p.Add(line, marks)
		p.Legend.Add(c.Name+" ", line, marks)
	}
	if p.X.Min <= 0 || p.X.Max < p.X.Min {
		return nil, fmt.Errorf("curves from %v to %v (expected positive numbers)", p.X.Min, p.X.Max)
	}
	p.X.Max *= 1.1
	p.Y.Min, p.Y.Max = 5*math.Floor(p.Y.Min/5), 5*math.Ceil(p.Y.Max/5)
	p.Y.Max += (p.Y.Max - p.Y.Min) * 0.06 * float64(len(curves)+1)
	return p, nil
}

// powersOfTwo marks an axis at powers of two, where there are many every other one with its number.
type powersOfTwo struct{}

// Ticks implements [plot.Ticker].
func (powersOfTwo) Ticks(least, most float64) []plot.Tick {
	var ticks []plot.Tick
	for e := int(math.Floor(math.Log2(least))); e <= int(math.Ceil(math.Log2(most))); e++ {
		t := plot.Tick{Value: math.Ldexp(1, e)}
		if e%2 == 0 || most/least < 64 {
			t.Label = strconv.FormatFloat(t.Value, 'f', -1, 64)
		}
		ticks = append(ticks, t)
	}
	return ticks
}
