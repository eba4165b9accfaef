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
	Seconds   float64 `json:"seconds"`
	DataJ     float64 `json:"data_j"` // all of these in J
	Glitch    float64 `json:"glitch_j"`
	Clock     float64 `json:"clock_j"`
	Access    float64 `json:"memory_access_j"`
	Leakage   float64 `json:"leakage_j"`
	DRAM      float64 `json:"dram_j"`
	DRAMClass string  `json:"dram_class"`
	DRAMTag   string  `json:"dram_tag"`
	Total     float64 `json:"total_j"`
	PJPerMAC  float64 `json:"pj_per_mac"` // without DRAM
	TOPSPerW  float64 `json:"tops_per_w"` // without DRAM
	TOPS      float64 `json:"tops"`
	TOPSPerMM float64 `json:"tops_per_mm2"`
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
		Area: d.Rows, ByPart: byPart(d.Rows), AreaUM2: d.Area(), Timing: t, FreqMHz: t.MHz(), PeakMACs: peak,
	}
	r.Method, r.Error = f.describe()
	r.GE = d.GateEquivalents(r.AreaUM2)
	for _, x := range d.Rows {
		r.FlipFlops += x.FFs * x.Count
	}
	r.TOPS = 2 * float64(peak) * r.FreqMHz * 1e-6
	r.TOPSPerMM = r.TOPS / (r.AreaUM2 * 1e-6)
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

// Of estimates a workload from the energy of one job: what the clock and leakage take
// goes with the cycles, everything else with the MACs.
func (r *Report) Of(e *Energy, name, job, data string, macs, cycles, bytes int64, dram memory.DRAM) *Workload {
	s := e.Sum()
	perMAC := float64(e.Cycles) / float64(e.MACs) * float64(macs) * 1e-12
	perCycle := float64(cycles) * 1e-12
	w := &Workload{Name: name, Job: job, Data: data, MACs: macs, Cycles: cycles, Bytes: bytes, DRAMClass: dram.Class, DRAMTag: dram.Tag,
		Seconds: float64(cycles) * r.Timing.Period * 1e-12,
		DataJ:   s.Data * perMAC, Glitch: s.Glitch * perMAC, Access: s.Access * perMAC,
		Clock: s.Clock * perCycle, Leakage: s.Leakage * perCycle,
		DRAM: float64(bytes) * 8 * dram.PJPerBit * 1e-12,
	}
	engine := w.DataJ + w.Glitch + w.Clock + w.Access + w.Leakage
	w.Total = engine + w.DRAM
	w.PJPerMAC = engine / float64(macs) * 1e12
	w.TOPSPerW = 2 * float64(macs) / engine * 1e-12
	w.TOPS = 2 * float64(macs) / w.Seconds * 1e-12
	w.TOPSPerMM = w.TOPS / (r.AreaUM2 * 1e-6)
	return w
}
