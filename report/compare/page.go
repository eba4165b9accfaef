package compare

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"gonum.org/v1/plot"

	"tpe/report/chart"
)

//go:embed page.html.tmpl
var pageText string

var pageForm = template.Must(template.New("page").Parse(pageText))

// Table is a table of a page: the first row is the heading, columns whose heading begins
// with '>' hold numbers.
type Table struct {
	Title string
	Rows  [][]string
}

// page is what the template takes.
type page struct {
	Title    string
	Notes    []string
	Sections []pageSection
	Command  string
}

type pageSection struct {
	Title  string
	Tables []pageTable
	Plots  []template.HTML
	Lines  []string
}

type pageTable struct {
	Title string
	Head  []pageCell
	Body  [][]pageCell
}

type pageCell struct {
	Text   string
	Number bool
}

func (t Table) cells() pageTable {
	out := pageTable{Title: t.Title}
	for i, row := range t.Rows {
		var cells []pageCell
		for j, text := range row {
			_, number := strings.CutPrefix(t.Rows[0][j], ">")
			cells = append(cells, pageCell{strings.TrimPrefix(text, ">"), number})
		}
		if i == 0 {
			out.Head = cells
		} else {
			out.Body = append(out.Body, cells)
		}
	}
	return out
}

// svg draws a plot for a page.
func svg(p *plot.Plot, err error) (template.HTML, error) {
	if err != nil {
		return "", err
	}
	b, err := chart.Render(p, 620, 320, chart.SVG)
	if err != nil {
		return "", err
	}
	_, body, _ := strings.Cut(string(b), "<svg") // without the XML prologue
	return template.HTML("<svg" + body), nil
}

// WriteHTML writes a page of one file that needs no network: tables (one for each
// workload), time by group, roofline, and a waterfall for each engine against the baseline.
func (r *Report) WriteHTML(w io.Writer, command string, tables []Table) error {
	p := page{Title: "Comparison against " + r.Baseline, Notes: r.Notes(), Command: command}
	for i, s := range r.Workloads {
		sec := pageSection{Title: s.Workload, Tables: []pageTable{tables[i].cells()}, Lines: r.Lines(s)}
		draws := []func() (*plot.Plot, error){func() (*plot.Plot, error) { return r.bars(s) }, func() (*plot.Plot, error) { return r.roofline(s) }}
		for e := range r.Engines {
			if e != r.base {
				draws = append(draws, func() (*plot.Plot, error) { return r.waterfall(s, e) })
			}
		}
		for _, draw := range draws {
			pic, err := svg(draw())
			if err != nil {
				return err
			}
			sec.Plots = append(sec.Plots, pic)
		}
		p.Sections = append(p.Sections, sec)
	}
	return pageForm.Execute(w, p)
}

// most is the number of groups that a picture shows.
const most = 24

// bars are the times of the groups that take longest.
func (r *Report) bars(s Section) (*plot.Plot, error) {
	groups := s.Groups
	title := "time by " + r.By
	if len(groups) > most {
		groups = groups[:most]
		title = fmt.Sprintf("time by %s, the first %d of %d", r.By, most, len(s.Groups))
	}
	var names []string
	series := make([]chart.Series, len(r.Engines))
	for _, g := range groups {
		names = append(names, g.Key)
		for i, c := range g.Cells {
			series[i].Name = r.Engines[i].Name
			series[i].Values = append(series[i].Values, c.Seconds*1e3)
		}
	}
	return chart.Bars(title, "ms", names, series)
}

func (r *Report) roofline(s Section) (*plot.Plot, error) {
	var roofs []chart.Roof
	for i, e := range r.Engines {
		roof := chart.Roof{Name: e.Name, Peak: float64(e.Peak), Bandwidth: r.Bandwidth}
		for _, g := range s.Groups {
			c := g.Cells[i]
			roof.Points = append(roof.Points, chart.Point{Intensity: float64(g.MACs) / float64(c.Bytes), Rate: float64(g.MACs) / c.Cycles})
		}
		roofs = append(roofs, roof)
	}
	return chart.Roofline("roofline", roofs)
}

func (r *Report) waterfall(s Section, engine int) (*plot.Plot, error) {
	var names []string
	var steps []float64
	for _, x := range r.Waterfall(s, engine, 10) {
		names = append(names, x.Name)
		steps = append(steps, x.Delta*1e3)
	}
	start := s.Total.Cells[r.base].Seconds * 1e3
	name := r.Engines[engine].Name
	return chart.Waterfall("from "+r.Baseline+" to "+name, "ms", r.Baseline, start, names, steps, name)
}

// Lines are what is said below the table of a workload.
func (r *Report) Lines(s Section) []string {
	var list []string
	for i, a := range s.Amdahl {
		text := fmt.Sprintf("%s: %s takes %.1f %% of the time", a.Engine, a.Group, 100*a.Share)
		if a.Speedup > 0 {
			text += fmt.Sprintf("; were it free, at most %.2f times as fast", a.Speedup)
		}
		if s.Copies != nil {
			text += fmt.Sprintf("; %.3f copies", s.Copies[i])
		}
		list = append(list, text)
	}
	return list
}

// WriteHTML writes a page of one file: the table and the waterfall.
func (d *Difference) WriteHTML(w io.Writer, command string, tables []Table) error {
	var names []string
	var steps []float64
	for _, x := range d.Waterfall(12) {
		names = append(names, x.Name)
		steps = append(steps, x.Delta)
	}
	pic, err := svg(chart.Waterfall("cycles", "cycles", d.Before, float64(d.Totals[0].Cycles), names, steps, d.After))
	if err != nil {
		return err
	}
	sec := pageSection{Title: "on " + d.Engine, Plots: []template.HTML{pic}, Lines: d.Lines()}
	for _, t := range tables {
		sec.Tables = append(sec.Tables, t.cells())
	}
	return pageForm.Execute(w, page{Title: "From " + d.Before + " to " + d.After, Sections: []pageSection{sec}, Command: command})
}

// Lines are what is said below the table.
func (d *Difference) Lines() []string {
	return []string{
		fmt.Sprintf("difference %+d cycles: %+.0f by work that came or went, at the cycles a MAC of %s; %+.0f by other cycles a MAC", d.Delta, d.Work, d.Before, d.Efficiency),
	}
}
