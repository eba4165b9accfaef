// Package page writes the report of a design space as one HTML file that opens from disk and
// needs no network: a cloud of points with its Pareto front, filters, and for a point its
// configuration, its layers and the commands that repeat it. Drawing is done by Vega-Lite,
// whose scripts stand unmodified in assets, with their licences and hashes.
package page

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"

	"tpe/report/arrayview"
)

// Most is the number of points that a page carries at most; of more, the front and a sample.
const Most = 50_000

// Data is what a page shows. Columns of points stand side by side: each has as many values as
// there are points.
type Data struct {
	Title   string   `json:"title"`
	Command string   `json:"command"` // that made the results
	Notes   []string `json:"notes"`
	Total   int      `json:"total"` // points in the store, those that are not carried included
	X       string   `json:"x"`     // metrics that the cloud shows at first
	Y       string   `json:"y"`
	Metrics []Metric `json:"metrics"`
	Axes    []string `json:"axes"`

	Index   []uint64             `json:"index"`
	Engine  []string             `json:"engine"`
	Front   []bool               `json:"front"`
	Values  map[string][]float64 `json:"values"` // by metric
	Settled map[string][]string  `json:"axis"`   // by axis; empty where an engine has none

	Workloads []Workload          `json:"workloads"`
	Details   map[uint64][]Detail `json:"details"` // of the points of the front, one a workload
	Repeat    map[uint64][]string `json:"repeat"`  // their commands

	Array *arrayview.View `json:"array,omitempty"` // what the elements of a small array do
}

// Metric is a column of numbers.
type Metric struct {
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	Maximise bool   `json:"maximise"`
}

// Workload is what the points were evaluated on.
type Workload struct {
	Name   string  `json:"name"`
	Layers []Layer `json:"layers"` // equal shapes together
}

// Layer is a product and how often it is done.
type Layer struct {
	Name  string `json:"name"`
	M     int    `json:"m"`
	N     int    `json:"n"`
	K     int    `json:"k"`
	Count int64  `json:"count"`
}

// Detail are the cycles of a point on the layers of a workload.
type Detail struct {
	Kind        string    `json:"kind"` // exact or expected
	Cycles      []float64 `json:"cycles"`
	Utilization []float64 `json:"utilization"`
}

// Assets, unmodified; SHA256SUMS has their hashes, which a test compares.
var (
	//go:embed assets/vega.min.js
	vega string
	//go:embed assets/vega-lite.min.js
	vegaLite string
	//go:embed assets/vega-embed.min.js
	vegaEmbed string
	//go:embed assets/vega.LICENSE
	vegaLicence string
	//go:embed assets/vega-lite.LICENSE
	vegaLiteLicence string
	//go:embed assets/vega-embed.LICENSE
	vegaEmbedLicence string

	//go:embed page.css
	style string
	//go:embed page.js
	script string
	//go:embed page.html.tmpl
	formText string
)

var form = template.Must(template.New("page").Parse(formText))

// Write writes the page.
func Write(w io.Writer, d *Data) error {
	if len(d.Index) > Most {
		return fmt.Errorf("%d points (expected at most %d)", len(d.Index), Most)
	}
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	type asset struct {
		Licence template.HTML
		Script  template.JS
	}
	comment := func(licence string) template.HTML { return template.HTML("<!--\n" + licence + "-->") }
	return form.Execute(w, map[string]any{
		"Title": d.Title,
		"Style": template.CSS(style),
		"Data":  template.JS(b), // json escapes < and >
		"Assets": []asset{{comment(vegaLicence), template.JS(vega)}, {comment(vegaLiteLicence), template.JS(vegaLite)},
			{comment(vegaEmbedLicence), template.JS(vegaEmbed)}},
		"Script": template.JS(script),
	})
}
