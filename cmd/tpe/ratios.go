package main

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tpe/arch"
	"tpe/cost"
	"tpe/cost/liberty"
	"tpe/cost/memory"
	"tpe/cost/synth"
	"tpe/internal/tool"
	"tpe/workloads"
)

//go:embed published.csv
var publishedCSV []byte

type ratiosCmd struct {
	Only    []string `placeholder:"ID" help:"Only these rows, by the beginning of their id; may be repeated."`
	Liberty []string `sep:"none" placeholder:"FILE" help:"Cell library to synthesise with; may be repeated. OSU018 if it is installed."`
	Tech    []string `placeholder:"T" help:"The fast model with this technology; may be repeated."`
	Recipe  []string `default:"area,balanced,speed" help:"Recipes of synthesis."`
	Seeds   int      `default:"1" help:"Orders of statements that are synthesised."`
	outputFlags
}

// published is a row of published.csv.
type published struct {
	ID        string  `json:"id"`
	Quantity  string  `json:"quantity"`
	Kind      string  `json:"kind"`
	New       string  `json:"new"`
	Base      string  `json:"base"`
	Value     float64 `json:"published"`
	Tolerance float64 `json:"tolerance"`
	Source    string  `json:"source"`
	// Ours are the ratios here, by library and recipe.
	Ours []ours `json:"here"`
}

type ours struct {
	Technology string  `json:"technology"`
	Recipe     string  `json:"recipe"`
	Ratio      float64 `json:"ratio"`
}

// spread is the least and the greatest of ours.
func (p *published) spread() (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, o := range p.Ours {
		least, most = min(least, o.Ratio), max(most, o.Ratio)
	}
	return least, most
}

// verdict says how many of ours are near the published value.
func (p *published) verdict() string {
	in := 0
	for _, o := range p.Ours {
		if math.Abs(o.Ratio-p.Value) <= p.Tolerance {
			in++
		}
	}
	return fmt.Sprintf("%d of %d within %.2g", in, len(p.Ours), p.Tolerance)
}

// loadPublished reads the table.
func loadPublished(only []string) ([]published, error) {
	r := csv.NewReader(bytes.NewReader(publishedCSV))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var list []published
	for _, row := range rows[1:] {
		if len(only) > 0 && !slices.ContainsFunc(only, func(s string) bool { return strings.HasPrefix(row[0], s) }) {
			continue
		}
		value, err1 := strconv.ParseFloat(row[5], 64)
		tolerance, err2 := strconv.ParseFloat(row[6], 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		list = append(list, published{ID: row[0], Quantity: row[1], Kind: row[2], New: row[3], Base: row[4], Value: value, Tolerance: tolerance, Source: row[7]})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("--only: no such row: %q (expected the beginning of an id that tpe ratios prints)", only)
	}
	return list, nil
}

// Run implements the command.
func (c *ratiosCmd) Run(e *env) error {
	list, err := loadPublished(c.Only)
	if err != nil {
		return err
	}
	flows, err := c.flows(e)
	if err != nil {
		return err
	}
	for _, f := range flows {
		m := meter{e: e, flow: f, known: map[string]*measured{}}
		for i := range list {
			r, err := m.ratio(&list[i])
			if err != nil {
				return fmt.Errorf("%s in %s, recipe %s: %w", list[i].ID, f.Library.Name, f.Recipe, err)
			}
			list[i].Ours = append(list[i].Ours, ours{f.Library.Name, string(f.Recipe), r})
		}
	}
	return c.emit(e, list, func() [][]string { return ratioRows(list) }, func(w io.Writer) error { return (&table{ratioTable(list, flows)}).write(w) })
}

// flows are all libraries and technologies in all recipes.
func (c *ratiosCmd) flows(e *env) ([]*cost.Flow, error) {
	var flows []*cost.Flow
	var errs []error
	add := func(f *cost.Flow, err error) { flows, errs = append(flows, f), append(errs, err) }
	files := c.Liberty
	if len(files) == 0 && len(c.Tech) == 0 {
		osu, err := tool.Find(tool.OSU018)
		if err != nil {
			return nil, fmt.Errorf("neither --liberty nor --tech is given, and %w", err)
		}
		files = []string{osu.Path}
	}
	for _, file := range files {
		lib, err := liberty.Load(file)
		if err != nil {
			return nil, err
		}
		node, err := nodeOf(0, lib)
		if err != nil {
			return nil, err
		}
		for _, r := range c.Recipe {
			add(cost.NewFlow(e.ctx, lib, synth.Recipe(r), c.Seeds, node, memory.LOP))
		}
	}
	for _, name := range c.Tech {
		t, err := cost.LoadTechnology(name)
		if err != nil {
			return nil, wrap("--tech", err)
		}
		for _, r := range c.Recipe {
			add(cost.NewFastFlow(e.ctx, t, synth.Recipe(r), memory.LOP))
		}
	}
	return flows, errors.Join(errs...)
}

// meter measures engines in one flow, each once.
type meter struct {
	e     *env
	flow  *cost.Flow
	known map[string]*measured
}

// measured is what an engine costs, without memories and control.
type measured struct {
	area, peArea, peGates float64 // um^2; of a PE: of all of them
	peCount               float64 // MACs a cycle at peak
	period                float64 // ps
	perMAC                float64 // pJ, of the array
	pePower               float64 // pJ a cycle, of the PEs
	rate                  float64 // MACs a cycle on a long job

	energy func() error // finds perMAC and pePower, for ratios that need them
}

// ratio is the mean over the row's engines.
func (m *meter) ratio(p *published) (float64, error) {
	news, bases := strings.Fields(p.New), strings.Fields(p.Base)
	sum := 0.0
	for i := range news {
		a, err := m.measure(news[i])
		if err != nil {
			return 0, err
		}
		b, err := m.measure(bases[i])
		if err != nil {
			return 0, err
		}
		if needsEnergy(p.Kind) {
			if err := errors.Join(a.energy(), b.energy()); err != nil {
				return 0, err
			}
		}
		r, err := ratioOf(p.Kind, a, b)
		if err != nil {
			return 0, err
		}
		sum += r
	}
	return sum / float64(len(news)), nil
}

// needsEnergy tells whether a kind of ratio looks at energy, which takes long to find.
func needsEnergy(kind string) bool {
	return strings.Contains(kind, "energy") || strings.Contains(kind, "power")
}

func ratioOf(kind string, a, b *measured) (float64, error) {
	density := func(m *measured) float64 { return m.rate / (m.period * m.area) }
	pe := func(m *measured, x float64) float64 { return x / m.peCount }
	switch kind {
	case "pe-area":
		return pe(a, a.peArea) / pe(b, b.peArea), nil
	case "pe-comb-area":
		return pe(a, a.peGates) / pe(b, b.peGates), nil
	case "area":
		return a.area / b.area, nil
	case "delay":
		return b.period / a.period, nil
	case "area-efficiency":
		return density(a) / density(b), nil
	case "energy-efficiency":
		return b.perMAC / a.perMAC, nil
	case "power":
		return a.pePower / b.pePower, nil
	case "pe-area-power":
		return pe(b, b.peArea) * pe(b, b.pePower) / (pe(a, a.peArea) * pe(a, a.pePower)), nil
	}
	return 0, fmt.Errorf("unknown kind of ratio: %q", kind)
}

// longK is the depth of the job whose rate counts.
const longK = 1024

func (m *meter) measure(spec string) (*measured, error) {
	if x := m.known[spec]; x != nil {
		return x, nil
	}
	name, set := engineSpec(spec)
	cfg, err := arch.Load(name, set)
	if err != nil {
		return nil, err
	}
	eng, err := arch.Build(cfg)
	if err != nil {
		return nil, err
	}
	m.e.progress("%s in %s, recipe %s", spec, m.flow.Library.Name, m.flow.Recipe)
	defer m.e.progressDone()
	design, err := m.flow.Engine(m.e.ctx, eng.Top)
	if err != nil {
		return nil, err
	}
	r, err := design.Report(spec, eng.MACsPerCycle())
	if err != nil {
		return nil, err
	}
	x := &measured{period: r.Timing.Period, peCount: float64(r.PeakMACs)}
	for _, p := range r.ByPart {
		switch p.Part {
		case cost.PartPE:
			x.peArea, x.peGates = p.AreaUM2, p.Gates
			x.area += p.AreaUM2
		case cost.PartEdge, cost.PartDelay:
			x.area += p.AreaUM2
		}
	}
	data, err := workloads.ParseDataSet(fmt.Sprintf("a=normal:%g,b=normal:%g", fifth(eng.A.Bits), fifth(eng.B.Bits)))
	if err != nil {
		return nil, err
	}
	tile := eng.Extent()
	long := arch.Shape{M: 4 * tile.M, N: 4 * tile.N, K: longK}
	o, err := sampleOperands(eng, long, data, 1)
	if err != nil {
		return nil, err
	}
	x.rate = float64(long.MACs()) / float64(eng.Cycles(long, o))
	x.energy = sync.OnceValue(func() error { return m.energy(eng, design, data, x) })
	m.known[spec] = x
	return x, nil
}

// energy samples a job of one tile.
func (m *meter) energy(eng *arch.Engine, design *cost.Design, data workloads.DataSet, x *measured) error {
	m.e.progress("gates of %s in %s, recipe %s", eng.Name, m.flow.Library.Name, m.flow.Recipe)
	defer m.e.progressDone()
	tile := eng.Extent()
	s := arch.Shape{M: tile.M, N: tile.N, K: max(tile.K, 64)}
	play, err := sampleJob(eng, s, data, 1)
	if err != nil {
		return err
	}
	en, err := design.Energy(m.e.ctx, play, s.MACs(), x.period)
	if err != nil {
		return err
	}
	perCycle := 0.0
	for _, row := range en.Rows {
		switch row.Part {
		case cost.PartPE:
			x.pePower += row.Total()
			perCycle += row.Total()
		case cost.PartEdge, cost.PartDelay:
			perCycle += row.Total()
		}
	}
	x.perMAC = perCycle * float64(en.Cycles) / float64(en.MACs)
	return nil
}

func ratioRows(list []published) [][]string {
	out := [][]string{{"id", "quantity", "kind", "new", "base", "published", "tolerance", "source", "technology", "recipe", "here"}}
	for _, p := range list {
		for _, o := range p.Ours {
			out = append(out, []string{p.ID, p.Quantity, p.Kind, p.New, p.Base, fmt.Sprint(p.Value), fmt.Sprint(p.Tolerance), p.Source, o.Technology, o.Recipe, fmt.Sprintf("%.4f", o.Ratio)})
		}
	}
	return out
}

func ratioTable(list []published, flows []*cost.Flow) [][]string {
	head := []string{"id", "quantity", ">published"}
	for _, f := range flows {
		head = append(head, fmt.Sprintf(">%s %s", f.Library.Name, f.Recipe))
	}
	out := [][]string{append(head, ">spread", "verdict", "source")}
	for i := range list {
		p := &list[i]
		row := []string{p.ID, p.Quantity, fmt.Sprintf("%.3g", p.Value)}
		for _, o := range p.Ours {
			row = append(row, fmt.Sprintf("%.2f", o.Ratio))
		}
		least, most := p.spread()
		out = append(out, append(row, fmt.Sprintf("%.2f..%.2f", least, most), p.verdict(), p.Source))
	}
	return out
}
