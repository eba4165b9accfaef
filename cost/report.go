package cost

import (
	"fmt"

	"tpe/cost/memory"
)

// Report is what an engine costs. Its JSON form is part of the command line's contract.
type Report struct {
	Engine     string `json:"engine"`
	Technology string `json:"technology"` // the library, or the technology data of the fast model
	Recipe     string `json:"recipe"`
	Method     string `json:"method"` // how area and delay were found, with tools
	Error      string `json:"error"`  // what is known of how far the figures are off
	Seeds      int    `json:"seeds,omitempty"`
	Node       int    `json:"memory_node_nm"`
	Device     string `json:"memory_device"`

	Area      []Row   `json:"area"`
	ByPart    []Part  `json:"by_part"`
	AreaUM2   float64 `json:"area_um2"` // the sum of Area
	GE        float64 `json:"gate_equivalents"`
	FlipFlops int     `json:"flip_flops"`

	Timing  *Timing `json:"timing"`
	FreqMHz float64 `json:"freq_mhz"` // at the least period

	PeakMACs  int     `json:"macs_per_cycle"`
	TOPS      float64 `json:"peak_tops"` // two operations a MAC
	TOPSPerMM float64 `json:"peak_tops_per_mm2"`

	Energy   *Energy   `json:"energy,omitempty"`
	Workload *Workload `json:"workload,omitempty"`

	Figures []Figure `json:"figures"` // the headline: what tpe cost, run and gen all print

	flow *Flow
}

// Part is the area of one kind of part.
type Part struct {
	Part    string  `json:"part"`
	Gates   float64 `json:"gates_um2"`
	Flops   float64 `json:"flip_flops_um2"`
	Macro   float64 `json:"macro_um2"`
	AreaUM2 float64 `json:"area_um2"`
}

// Workload is the energy of a workload, estimated from one job: clock and leakage by its
// cycles, the rest by its MACs.
type Workload struct {
	Name      string  `json:"name"`
	Job       string  `json:"sampled_job"`
	Data      string  `json:"data"`
	MACs      int64   `json:"macs"`
	Cycles    int64   `json:"cycles"`
	Bytes     int64   `json:"compulsory_bytes"`
	Seconds   float64 `json:"seconds"` // at the least period
	Rows      []Share `json:"energy"`
	Engine    float64 `json:"engine_j"`   // the sum of Rows without DRAM
	Total     float64 `json:"total_j"`    // the sum of Rows
	PJPerMAC  float64 `json:"pj_per_mac"` // without DRAM
	TOPSPerW  float64 `json:"tops_per_w"` // without DRAM
	TOPS      float64 `json:"tops"`
	TOPSPerMM float64 `json:"tops_per_mm2"`
}

// Share is one part of a workload's energy.
type Share struct {
	Name   string  `json:"part"`
	J      float64 `json:"energy_j"`
	Method string  `json:"method"`
	Error  string  `json:"error"` // what is known of it
}

// Report sums a design up.
func (d *Design) Report(engine string, peak int) (*Report, error) {
	f := d.flow
	t, err := d.Timing()
	if err != nil {
		return nil, err
	}
	r := &Report{
		Engine: engine, Technology: f.Library.Name, Recipe: string(f.Recipe), Seeds: f.Seeds, Node: f.Node, Device: f.Device,
		Area: d.Rows, ByPart: byPart(d.Rows), AreaUM2: d.Area(), Timing: t, FreqMHz: t.MHz(), PeakMACs: peak, flow: f,
	}
	r.Method, r.Error = f.describe()
	r.GE = d.GateEquivalents(r.AreaUM2)
	for _, x := range d.Rows {
		r.FlipFlops += x.FFs * x.Count
	}
	r.TOPS = 2 * float64(peak) * r.FreqMHz * 1e-6
	r.TOPSPerMM = r.TOPS / (r.AreaUM2 * 1e-6)
	r.Figures = r.figures()
	return r, nil
}

// describe says in words how figures are found, and what is known of their errors.
func (f *Flow) describe() (method, errors string) {
	const missing = "no wires, placement or clock tree; memory macros from tables, optimistic by 1.3 to 4 times in energy"
	if t := f.tech; t != nil {
		r := t.Recipes[string(f.Recipe)]
		return "fast model, " + t.Source, fmt.Sprintf("against synthesis of PE families left out of the fit: area %s; delay %s; energy %s; %s", r.AreaError, r.DelayError, t.Energy.Error, missing)
	}
	return fmt.Sprintf("synthesised piece by piece (%s), median area and least delay over %d orders of statements; own static timing", f.Version(), f.Seeds),
		"timing within 0.1 % of OpenSTA on the same netlist; " + missing
}

func byPart(rows []Row) []Part {
	var list []Part
	for _, kind := range []string{PartPE, PartEdge, PartDelay, PartControl, PartMemory} {
		p := Part{Part: kind}
		for _, r := range rows {
			if r.Part == kind {
				n := float64(r.Count)
				p.Gates += r.Gates * n
				p.Flops += r.Flops * n
				p.Macro += r.Macro * n
				p.AreaUM2 += r.Area
			}
		}
		list = append(list, p)
	}
	return list
}

// Rates are what a MAC and a cycle of the engine take, in pJ, without DRAM: what [Report.AddWorkload]
// scales by MACs and by cycles, for those who scale many workloads.
func (e *Energy) Rates() (perMAC, perCycle float64) {
	s := e.Sum()
	return (s.Data() + s.Glitch + s.SRAM) * float64(e.Cycles) / float64(e.MACs), s.Clock + s.Leakage
}

// AddWorkload estimates a workload from the energy of one job: what the clock and leakage
// take goes with the cycles, everything else with the MACs.
func (r *Report) AddWorkload(e *Energy, name, job, data string, macs, cycles, bytes int64, dram memory.DRAM) {
	s := e.Sum()
	perMAC := float64(e.Cycles) / float64(e.MACs) * float64(macs) * 1e-12
	perCycle := float64(cycles) * 1e-12
	edges, glitches, charge := r.flow.energyMethods()
	w := &Workload{Name: name, Job: job, Data: data, MACs: macs, Cycles: cycles, Bytes: bytes, Seconds: float64(cycles) * r.Timing.Period * 1e-12, Rows: []Share{
		{"multiply", s.Multiply * perMAC, edges, charge},
		{"accumulate", s.Accumulate * perMAC, edges, charge},
		{"registers", s.Registers * perMAC, edges, charge},
		{"control", s.Control * perMAC, edges, charge},
		{"glitch", s.Glitch * perMAC, glitches, charge},
		{"clock", s.Clock * perCycle, "clock pins, every cycle", charge},
		{"SRAM", s.SRAM * perMAC, "table by access", memory.EnergyError},
		{"leakage", s.Leakage * perCycle, "cells and macros, all the time", charge},
		{"DRAM", float64(bytes) * 8 * dram.PJPerBit * 1e-12, "compulsory bytes, " + dram.Class, dram.Tag},
	}}
	for _, x := range w.Rows {
		w.Total += x.J
		if x.Name != "DRAM" {
			w.Engine += x.J
		}
	}
	w.PJPerMAC = w.Engine / float64(macs) * 1e12
	w.TOPSPerW = 2 * float64(macs) / w.Engine * 1e-12
	w.TOPS = 2 * float64(macs) / w.Seconds * 1e-12
	w.TOPSPerMM = w.TOPS / (r.AreaUM2 * 1e-6)
	r.Energy, r.Workload = e, w
	r.Figures = r.figures()
}

// energyMethods says how the energy of edges and of glitches is found, and what is known of
// the error of an edge's energy.
func (f *Flow) energyMethods() (edges, glitches, charge string) {
	if f.tech != nil {
		return "nodes without delays", "event-driven, level delays", f.tech.Energy.Error.Short()
	}
	return "gates without delays", "event-driven, library delays", "0.1 % of OpenSTA, same netlist"
}

// Figure is a headline number with how it was found.
type Figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Method string  `json:"method"`
	Error  string  `json:"error"`
}

// figures lists the headline numbers.
func (r *Report) figures() []Figure {
	area, period := MethodSynthesis, "own timing of synthesised gates"
	areaError, delayError := r.flow.spreadText(r.areaSpread()), r.flow.spreadText(r.Timing.Spread)+"; 0.1 % of OpenSTA"
	if t := r.flow.tech; t != nil {
		fit := t.Recipes[r.Recipe]
		area, period, areaError, delayError = MethodModel, MethodModel, fit.AreaError.Short(), fit.DelayError.Short()
	}
	macro := 0.0
	for _, p := range r.ByPart {
		macro += p.Macro
	}
	list := []Figure{{"area of cells", r.AreaUM2 - macro, "um^2", area, areaError}}
	if macro > 0 {
		list = append(list, Figure{"area of memory macros", macro, "um^2", MethodTable, memory.AreaError})
	}
	list = append(list,
		Figure{"least period", r.Timing.Period, "ps", period, delayError},
		Figure{"peak", r.TOPS, "TOPS", "2 x MACs a cycle / period", "of the period"},
		Figure{"peak density", r.TOPSPerMM, "TOPS/mm^2", "peak / area", "of both"})
	if w := r.Workload; w != nil {
		edges, _, charge := r.flow.energyMethods()
		list = append(list,
			Figure{"energy of a MAC", w.PJPerMAC, "pJ", edges + ", with glitches", charge},
			Figure{"efficiency", w.TOPSPerW, "TOPS/W", "2 / energy of a MAC", charge},
			Figure{"throughput", w.TOPS, "TOPS", "2 x MACs / (cycles x period)", "of the period"},
			Figure{"density", w.TOPSPerMM, "TOPS/mm^2", "throughput / area", "of both"},
			Figure{"energy with DRAM", w.Total * 1e3, "mJ", "sum of the parts", "of the parts"})
	}
	return list
}

// spreadText says how far orders of statements are apart.
func (f *Flow) spreadText(relative float64) string {
	if f.Seeds == 1 {
		return "one order of statements"
	}
	return fmt.Sprintf("spread %.1f %%", 100*relative)
}

// areaSpread is the mean spread of the rows, weighted by their areas.
func (r *Report) areaSpread() float64 {
	sum, area := 0.0, 0.0
	for _, x := range r.Area {
		sum += x.Spread * (x.Gates + x.Flops) * float64(x.Count)
		area += (x.Gates + x.Flops) * float64(x.Count)
	}
	return ratio(sum, area)
}
