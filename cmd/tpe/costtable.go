package main

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"tpe/cost"
)

// table prints a cost report: area, path, energy, each with its total.
func (c *costCmd) table(w io.Writer, r *cost.Report) error {
	p := &printer{w: w}
	p.printf("%s in %s, recipe %s: %s\n", r.Engine, r.Technology, r.Recipe, r.Method)
	p.printf("not in the figures, and known errors: %s\n", r.Error)
	p.printf("memories: %d nm, device class %s\n\n", r.Node, r.Device)
	p.table(areaTable(r))
	p.printf("\n")
	p.table(partTable(r))
	p.printf("\n%s gate equivalents, %s flip-flops\n", count(int64(math.Round(r.GE))), count(int64(r.FlipFlops)))
	p.printf("least period %.0f ps (%.0f MHz), spread over the orders of statements %s; peak %.4g TOPS, %.4g TOPS/mm^2\n",
		r.Timing.Period, r.FreqMHz, percent(r.Timing.Spread), r.TOPS, r.TOPSPerMM)
	if c.Path {
		p.printf("\n")
		p.table(pathTable(r.Timing))
	} else if n := len(r.Timing.Path); n > 0 {
		p.printf("critical path: %d points from %s to %s (--path prints it)\n", n, r.Timing.Path[0].Where, r.Timing.Path[n-1].Where)
	}
	if r.Energy != nil {
		p.printf("\nenergy of a cycle, gemm %s, %s, %s cycles:\n", r.Workload.Job, r.Workload.Data, count(r.Energy.Cycles))
		p.table(energyTable(r.Energy))
		p.printf("data: gate level without delays; glitch: event-driven with the library's delays, %.2f times the data energy of the PEs\n\n", r.Energy.GlitchPE)
		p.table(workloadTable(r.Workload))
	}
	return p.err
}

// printer remembers the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) table(rows [][]string) {
	if p.err == nil {
		p.err = (&table{rows}).write(p.w)
	}
}

func area(x float64) string { return count(int64(math.Round(x))) }

func areaTable(r *cost.Report) [][]string {
	out := [][]string{{"part", "module", "piece", ">count", ">gates um^2", ">flip-flops", ">macro", ">area um^2", ">spread", "method"}}
	for _, x := range r.Area {
		out = append(out, []string{x.Part, x.Module, x.Piece, count(int64(x.Count)), area(x.Gates), area(x.Flops), area(x.Macro), area(x.Area), percent(x.Spread), x.Method})
	}
	return append(out, []string{"total", "", "", "", "", "", "", area(r.AreaUM2), "", ""})
}

func partTable(r *cost.Report) [][]string {
	out := [][]string{{"part", ">gates um^2", ">flip-flops", ">macro", ">area um^2", ">share"}}
	sum := cost.Part{}
	for _, x := range r.ByPart {
		out = append(out, []string{x.Part, area(x.Gates), area(x.Flops), area(x.Macro), area(x.AreaUM2), percent(x.AreaUM2 / r.AreaUM2)})
		sum.Gates += x.Gates
		sum.Flops += x.Flops
		sum.Macro += x.Macro
	}
	return append(out, []string{"total", area(sum.Gates), area(sum.Flops), area(sum.Macro), area(r.AreaUM2), percent(1)})
}

func pathTable(t *cost.Timing) [][]string {
	out := [][]string{{"where", "cell", "net", "edge", ">delay ps", ">at ps"}}
	for _, s := range t.Path {
		out = append(out, []string{s.Where, s.Cell, s.Net, s.Edge, fmt.Sprintf("%.1f", s.Delay), fmt.Sprintf("%.1f", s.At)})
	}
	return out
}

func energyTable(e *cost.Energy) [][]string {
	out := [][]string{{"part", "module", "piece", ">count", ">data pJ", ">glitch", ">clock", ">access", ">leakage", ">total pJ"}}
	f := func(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }
	line := func(head []string, x cost.EnergyRow) []string {
		return append(head, f(x.Data), f(x.Glitch), f(x.Clock), f(x.Access), f(x.Leakage), f(x.Total()))
	}
	for _, x := range e.Rows {
		out = append(out, line([]string{x.Part, x.Module, x.Piece, count(int64(x.Count))}, x))
	}
	return append(out, line([]string{"total", "", "", ""}, e.Sum()))
}

func workloadTable(w *cost.Workload) [][]string {
	engine := w.Total - w.DRAM
	f := func(x float64) string { return fmt.Sprintf("%.4g", x*1e3) }
	row := func(name string, x float64) []string { return []string{name, f(x), percent(x / w.Total)} }
	out := [][]string{{w.Name, ">mJ", ">share"}, row("data", w.DataJ), row("glitch", w.Glitch), row("clock", w.Clock), row("memory access", w.Access), row("leakage", w.Leakage),
		row(fmt.Sprintf("DRAM (%s, %s, compulsory bytes)", w.DRAMClass, w.DRAMTag), w.DRAM), row("total", w.Total),
		{fmt.Sprintf("%s MACs in %s cycles, %.4g ms: engine alone %.4g pJ/MAC, %.4g TOPS, %.4g TOPS/W, %.4g TOPS/mm^2",
			count(w.MACs), count(w.Cycles), w.Seconds*1e3, engine/float64(w.MACs)*1e12, w.TOPS, w.TOPSPerW, w.TOPSPerMM), "", ""}}
	return out
}
