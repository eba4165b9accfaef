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
	p.printf("\n%s gate equivalents, %s flip-flops, %.0f MHz\n", count(int64(math.Round(r.GE))), count(int64(r.FlipFlops)), r.FreqMHz)
	if c.Path {
		p.printf("\n")
		p.table(pathTable(r.Timing))
	} else if n := len(r.Timing.Path); n > 0 {
		p.printf("critical path: %d points from %s to %s (--path prints it)\n", n, r.Timing.Path[0].Where, r.Timing.Path[n-1].Where)
	}
	if r.Energy != nil {
		p.printf("\nenergy of a cycle, gemm %s, %s, %s cycles:\n", r.Workload.Job, r.Workload.Data, count(r.Energy.Cycles))
		p.table(energyTable(r.Energy))
		p.printf("glitches: %.2f times the data energy of the PEs without them\n\n", r.Energy.GlitchPE)
		p.table(workloadTable(r.Workload))
	}
	p.printf("\n")
	p.table(figureTable(r))
	return p.err
}

// costHeadline prints the headline alone, after another report.
func costHeadline(w io.Writer, r *cost.Report) error {
	p := &printer{w: w}
	p.printf("\n%s in %s, recipe %s: %s\n", r.Engine, r.Technology, r.Recipe, r.Method)
	if r.Workload != nil {
		p.table(workloadTable(r.Workload))
		p.printf("\n")
	}
	p.table(figureTable(r))
	return p.err
}

// figureTable is the headline: the same in tpe cost, run and gen.
func figureTable(r *cost.Report) [][]string {
	out := [][]string{{"figure", ">value", "unit", "method", "error"}}
	for _, f := range r.Figures {
		v := fmt.Sprintf("%.4g", f.Value)
		if f.Value >= 1000 {
			v = count(int64(math.Round(f.Value)))
		}
		out = append(out, []string{f.Name, v, f.Unit, f.Method, f.Error})
	}
	return out
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
	out := [][]string{{"part", "module", "piece", ">count", ">gates um^2", ">flip-flops", ">macro", ">area um^2", "method", "error"}}
	for _, x := range r.Area {
		out = append(out, []string{x.Part, x.Module, x.Piece, count(int64(x.Count)), area(x.Gates), area(x.Flops), area(x.Macro), area(x.Area), x.Method, x.Error})
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
	out := [][]string{{"part", "module", "piece", ">count", ">multiply pJ", ">accumulate", ">registers", ">control", ">glitch", ">clock", ">SRAM", ">leakage", ">total pJ"}}
	line := func(head []string, x cost.EnergyParts) []string {
		for _, v := range []float64{x.Multiply, x.Accumulate, x.Registers, x.Control, x.Glitch, x.Clock, x.SRAM, x.Leakage, x.Total()} {
			head = append(head, strconv.FormatFloat(v, 'f', 3, 64))
		}
		return head
	}
	for _, x := range e.Rows {
		out = append(out, line([]string{x.Part, x.Module, x.Piece, count(int64(x.Count))}, x.EnergyParts))
	}
	return append(out, line([]string{"total", "", "", ""}, e.Sum()))
}

func workloadTable(w *cost.Workload) [][]string {
	out := [][]string{{w.Name, ">mJ", ">share", "method", "error"}}
	for _, x := range w.Rows {
		out = append(out, []string{x.Name, fmt.Sprintf("%.4g", x.J*1e3), percent(x.J / w.Total), x.Method, x.Error})
	}
	return append(out, []string{"total", fmt.Sprintf("%.4g", w.Total*1e3), percent(1), fmt.Sprintf("%s MACs, %s cycles, %.4g ms", count(w.MACs), count(w.Cycles), w.Seconds*1e3), ""})
}
