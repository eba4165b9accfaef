package chart_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/plot"

	"tpe/report/chart"
)

// pictures are one of each kind.
func pictures(t *testing.T) map[string]func() (*plot.Plot, error) {
	t.Helper()
	return map[string]func() (*plot.Plot, error){
		"bars": func() (*plot.Plot, error) {
			return chart.Bars("time by op", "ms", []string{"qkv", "scores", "context"}, []chart.Series{{Name: "one", Values: []float64{3, 1, 2}}, {Name: "two", Values: []float64{2, 2, 1}}})
		},
		"waterfall": func() (*plot.Plot, error) {
			return chart.Waterfall("from one to two", "ms", "one", 6, []string{"qkv", "context", "scores"}, []float64{-1, -1, 1}, "two")
		},
		"curves": func() (*plot.Plot, error) {
			return chart.Curves("error", "K", "dB", []chart.Curve{{Name: "one", Points: map[int]float64{16: 80, 64: 70, 32: 75}}, {Name: "two", Points: map[int]float64{16: 20}}})
		},
		"roofline": func() (*plot.Plot, error) {
			return chart.Roofline("roofline", []chart.Roof{
				{Name: "one", Peak: 1024, Bandwidth: 32, Points: []chart.Point{{Intensity: 1, Rate: 30}, {Intensity: 200, Rate: 900}}},
				{Name: "two", Peak: 256, Points: []chart.Point{{Intensity: 20, Rate: 250}}}})
		},
	}
}

// Every kind draws in both formats, the same bytes each time.
func TestRender(t *testing.T) {
	for name, draw := range pictures(t) {
		for format, prefix := range map[string]string{chart.SVG: "<?xml", chart.PNG: "\x89PNG"} {
			var got [2][]byte
			for i := range got {
				p, err := draw()
				if err != nil {
					t.Fatal(err)
				}
				if got[i], err = chart.Render(p, 620, 320, format); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got[0], got[1]) || !strings.HasPrefix(string(got[0]), prefix) {
				t.Errorf("%s as %s: %d and %d bytes, begins with %q", name, format, len(got[0]), len(got[1]), got[0][:8])
			}
			if dir := os.Getenv("TPE_PICTURES"); dir != "" {
				if err := os.WriteFile(dir+"/"+name+"."+format, got[0], 0o644); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// A waterfall ends where its steps lead, and rising steps rise.
func TestWaterfallRange(t *testing.T) {
	p, err := chart.Waterfall("", "", "a", 5, []string{"x", "y"}, []float64{4, -2}, "b")
	if err != nil {
		t.Fatal(err)
	}
	if p.Y.Min != 0 || p.Y.Max != 9 {
		t.Errorf("y from %v to %v, want 0 to 9", p.Y.Min, p.Y.Max)
	}
}

// A roofline of nothing is an error, not a picture.
func TestRooflineEmpty(t *testing.T) {
	if _, err := chart.Roofline("", []chart.Roof{{Name: "x", Peak: 1}}); err == nil {
		t.Error("drawn without points")
	}
}
