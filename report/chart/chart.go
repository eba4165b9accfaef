// Package chart draws the pictures of reports with gonum/plot: bars, waterfalls and
// rooflines, as SVG or PNG. The same input gives the same bytes.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Formats of a picture.
const (
	SVG = "svg"
	PNG = "png"
)

// palette tells series apart, also for readers who do not see all colours
// (Okabe and Ito's set, without black and yellow).
var palette = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff},
	{0xcc, 0x79, 0xa7, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff},
}

// Color is that of series i; they repeat after six.
func Color(i int) color.RGBA { return palette[i%len(palette)] }

// Hex is Color as CSS writes it.
func Hex(i int) string { c := Color(i); return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// New begins a plot with a grid.
func New(title, x, y string) *plot.Plot {
	p := plot.New()
	for _, f := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		f.Variant = "Sans"
		f.Size = 10
	}
	p.Title.Text = title
	p.Title.TextStyle.Font.Size = 12
	p.Title.Padding = vg.Points(4)
	p.X.Label.Text, p.Y.Label.Text = x, y
	grid := plotter.NewGrid()
	light := color.Gray{0xdd}
	grid.Horizontal.Color, grid.Vertical.Color = light, light
	p.Add(grid)
	p.Legend.Top = true
	p.Legend.Padding = vg.Points(2)
	return p
}

// Render draws a plot of the given size in points.
func Render(p *plot.Plot, width, height float64, format string) ([]byte, error) {
	w, err := p.WriterTo(vg.Points(width), vg.Points(height), format)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = w.WriteTo(&b)
	// A reader of an SVG without that font shall not see serifs.
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,sans-serif;")), err
}

// Series is a named list of values.
type Series struct {
	Name   string
	Values []float64
}

// Bars are the values of several series in groups side by side.
func Bars(title, y string, groups []string, series []Series) (*plot.Plot, error) {
	p := New(title, "", y)
	width := vg.Points(math.Max(3, math.Min(18, 480/float64(max(1, len(groups)*(len(series)+1))))))
	for i, s := range series {
		b, err := plotter.NewBarChart(plotter.Values(s.Values), width)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		b.Color, b.LineStyle.Width = Color(i), 0
		b.Offset = width * vg.Length(float64(i)-float64(len(series)-1)/2)
		p.Add(b)
		p.Legend.Add(s.Name, b)
	}
	name(p, groups)
	return p, nil
}

// name labels the places on the x axis, aslant where names are long.
func name(p *plot.Plot, names []string) {
	p.NominalX(names...)
	chars := 0
	for _, n := range names {
		chars += len(n) + 2
	}
	if chars > 90 {
		p.X.Tick.Label.Rotation = math.Pi / 5
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
	}
}

// Waterfall goes from one total to another by steps, which must add up to the difference.
func Waterfall(title, y, from string, start float64, names []string, steps []float64, to string) (*plot.Plot, error) {
	p := New(title, "", y)
	labels := append(append([]string{from}, names...), to)
	at := start
	bar := func(i int, lo, hi float64, c color.Color) error {
		x, w := float64(i), 0.35
		poly, err := plotter.NewPolygon(plotter.XYs{{X: x - w, Y: lo}, {X: x + w, Y: lo}, {X: x + w, Y: hi}, {X: x - w, Y: hi}})
		if err != nil {
			return err
		}
		poly.Color, poly.LineStyle.Width = c, 0
		p.Add(poly)
		return nil
	}
	if err := bar(0, 0, start, Color(0)); err != nil {
		return nil, err
	}
	for i, d := range steps {
		c := Color(1) // more
		if d < 0 {
			c = Color(2)
		}
		if err := bar(i+1, at, at+d, c); err != nil {
			return nil, err
		}
		at += d
	}
	if err := bar(len(steps)+1, 0, at, Color(0)); err != nil {
		return nil, err
	}
	name(p, labels)
	return p, nil
}

// Roof is the bound of an engine: its peak, and the bandwidth of its memory (0: not known).
type Roof struct {
	Name      string
	Peak      float64 // MACs a cycle
	Bandwidth float64 // bytes a cycle
	Points    []Point
}

// Point is work done on an engine.
type Point struct {
	Intensity float64 // MACs a byte
	Rate      float64 // MACs a cycle
}

// Roofline draws the points of several engines under their roofs, both axes logarithmic.
func Roofline(title string, roofs []Roof) (*plot.Plot, error) {
	p := New(title, "MACs per compulsory byte", "MACs per cycle")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	lo, hi := math.Inf(1), 0.0
	for _, r := range roofs {
		for _, x := range r.Points {
			lo, hi = math.Min(lo, x.Intensity), math.Max(hi, x.Intensity)
		}
		if r.Bandwidth > 0 {
			lo, hi = math.Min(lo, r.Peak/r.Bandwidth/4), math.Max(hi, r.Peak/r.Bandwidth*4)
		}
	}
	if hi == 0 {
		return nil, fmt.Errorf("roofline without points")
	}
	lo, hi = math.Exp2(math.Floor(math.Log2(lo))), math.Exp2(math.Ceil(math.Log2(hi)))
	for i, r := range roofs {
		xys := plotter.XYs{{X: lo, Y: r.Peak}, {X: hi, Y: r.Peak}}
		if r.Bandwidth > 0 {
			xys = plotter.XYs{{X: lo, Y: math.Min(r.Peak, lo*r.Bandwidth)}}
			if knee := r.Peak / r.Bandwidth; knee > lo && knee < hi {
				xys = append(xys, plotter.XY{X: knee, Y: r.Peak})
			}
			xys = append(xys, plotter.XY{X: hi, Y: math.Min(r.Peak, hi*r.Bandwidth)})
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = Color(i), vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(r.Name, line)
		var pts plotter.XYs
		for _, x := range r.Points {
			if x.Intensity > 0 && x.Rate > 0 {
				pts = append(pts, plotter.XY{X: x.Intensity, Y: x.Rate})
			}
		}
		if len(pts) == 0 {
			continue
		}
		sc, err := plotter.NewScatter(pts)
		if err != nil {
			return nil, err
		}
		sc.GlyphStyle = draw.GlyphStyle{Color: Color(i), Radius: vg.Points(3), Shape: shapes[i%len(shapes)]}
		p.Add(sc)
	}
	p.Legend.Left = true
	return p, nil
}

var shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.TriangleGlyph{}, draw.SquareGlyph{}, draw.PlusGlyph{}, draw.CrossGlyph{}, draw.RingGlyph{}}
