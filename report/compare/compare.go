package compare

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tpe/arch"
	"tpe/sim"
	"tpe/workloads"
)

// How layers are gathered into groups.
const (
	ByOp    = "op"
	ByShape = "shape"
	ByLayer = "layer"
	ByPhase = "phase"
)

// What scaled engines have in common with the baseline.
const (
	IsoNone  = ""
	IsoMACs  = "macs"  // peak MACs a cycle
	IsoArea  = "area"  // of the whole engine
	IsoPower = "power" // mean over the workload
)

// Engine is one side of a comparison.
type Engine struct {
	*arch.Engine
	Cost *Cost // nil: unknown
}

// Cost is what a comparison needs to know of an engine's cost on one kind of data.
type Cost struct {
	Method       string  // how it was found
	AreaUM2      float64 // of the engine, without DRAM
	FreqMHz      float64 // at the least period
	PJPerMAC     float64 // of data, glitches and memories
	PJPerCycle   float64 // of the clock and leakage
	DRAMPJPerBit float64
}

// Options of a comparison.
type Options struct {
	By        string
	Baseline  int    // index of the engine that others are set against
	Iso       string // IsoNone or what engines are scaled to
	Data      workloads.DataSet
	Seed      uint64
	Seeds     int     // of engines whose cycles depend on data: Seed, Seed+1, ...
	Bandwidth float64 // bytes a cycle; 0: not given
	Progress  func(done, total int)
}

// Check reports what is wrong with the options.
func (o *Options) Check(engines []Engine) error {
	var errs []error
	if !slices.Contains([]string{ByOp, ByShape, ByLayer, ByPhase}, o.By) {
		errs = append(errs, fmt.Errorf("--by: unknown value: %q (expected op, shape, layer or phase)", o.By))
	}
	if !slices.Contains([]string{IsoNone, IsoMACs, IsoArea, IsoPower}, o.Iso) {
		errs = append(errs, fmt.Errorf("--iso: unknown value: %q (expected area, power or macs)", o.Iso))
	}
	if o.Seeds < 1 || o.Seeds > 1000 {
		errs = append(errs, fmt.Errorf("--seeds: out of range: %d (expected 1..1000)", o.Seeds))
	}
	if o.Iso == IsoArea || o.Iso == IsoPower {
		for _, e := range engines {
			if e.Cost == nil {
				errs = append(errs, fmt.Errorf("--iso: the %s of %s is not known (expected --tech or --liberty)", o.Iso, e.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// Report is a comparison. Its JSON form is part of the command line's contract.
type Report struct {
	By        string      `json:"by"`
	Baseline  string      `json:"baseline"`
	Iso       string      `json:"iso,omitempty"`
	Data      string      `json:"data"`
	Seed      uint64      `json:"seed"`
	Seeds     int         `json:"seeds"`
	Bandwidth float64     `json:"bandwidth_bytes_per_cycle,omitempty"`
	Engines   []EngineRow `json:"engines"`
	Workloads []Section   `json:"workloads"`
	// Geomean is, for each engine, the geometric mean over workloads of total time against
	// the baseline; absent if there is one workload.
	Geomean []float64 `json:"geomean_time_ratio,omitempty"`

	base int // index of the baseline
}

// EngineRow says what is compared.
type EngineRow struct {
	Name    string  `json:"engine"`
	Peak    int     `json:"macs_per_cycle"`
	FreqMHz float64 `json:"freq_mhz"`
	Seeds   int     `json:"seeds"` // 1 where cycles do not depend on data
	AreaUM2 float64 `json:"area_um2,omitempty"`
	Method  string  `json:"cost_method,omitempty"`
}

// Section is a workload on all engines.
type Section struct {
	Workload string    `json:"workload"`
	MACs     int64     `json:"macs"`
	Calls    int64     `json:"calls"`            // layers, each as often as it occurs
	Copies   []float64 `json:"copies,omitempty"` // of each engine, so that all have the same --iso; the work divides ideally among them
	Groups   []Group   `json:"groups"`           // in the order of first occurrence
	Total    Group     `json:"total"`
	// Geomean is, for each engine, the geometric mean over groups of time against the
	// baseline; absent if there is one group.
	Geomean []float64 `json:"geomean_time_ratio,omitempty"`
	Amdahl  []Amdahl  `json:"amdahl"`
}

// Group is a set of layers on all engines.
type Group struct {
	Key   string  `json:"group"`
	Calls int64   `json:"calls"`
	MACs  int64   `json:"macs"`
	Share float64 `json:"mac_share"` // of the workload
	Cells []Cell  `json:"engines"`
}

// Cell is a group on one engine: the mean over seeds.
type Cell struct {
	Cycles      float64 `json:"cycles"`
	Kind        string  `json:"cycles_kind"` // exact or sampled
	Seconds     float64 `json:"seconds"`     // of all copies together
	Share       float64 `json:"time_share"`  // of the engine's time on the workload
	Utilization float64 `json:"utilization"`
	Bytes       int64   `json:"compulsory_bytes"`
	Bound       string  `json:"bound,omitempty"` // compute, memory or both (some layers each), if a bandwidth was given
	EnergyJ     float64 `json:"energy_j,omitempty"`
	Ratio       float64 `json:"time_ratio"`                // seconds against the baseline's
	Low         float64 `json:"time_ratio_low,omitempty"`  // 95 % confidence interval, where cycles
	High        float64 `json:"time_ratio_high,omitempty"` // are estimates
	Uncertain   bool    `json:"uncertain"`                 // the interval covers 1
}

// Amdahl is what an engine could gain at most by one group.
type Amdahl struct {
	Engine  string  `json:"engine"`
	Group   string  `json:"group"` // that takes most of the time
	Share   float64 `json:"time_share"`
	Speedup float64 `json:"speedup_if_free"` // 1 / (1 - share); 0 if the group is all
}

// Run compares engines on workloads.
func Run(ctx context.Context, engines []Engine, works []workloads.Workload, opt Options) (*Report, error) {
	if err := opt.Check(engines); err != nil {
		return nil, err
	}
	r := &Report{By: opt.By, Baseline: engines[opt.Baseline].Name, Iso: opt.Iso, Data: opt.Data.String(), Seed: opt.Seed, Seeds: opt.Seeds, Bandwidth: opt.Bandwidth, base: opt.Baseline}
	for _, e := range engines {
		row := EngineRow{Name: e.Name, Peak: e.MACsPerCycle(), FreqMHz: float64(e.FreqMHz), Seeds: opt.seedsOf(e)}
		if e.Cost != nil {
			row.AreaUM2, row.Method = e.Cost.AreaUM2, e.Cost.Method
		}
		r.Engines = append(r.Engines, row)
	}
	total, done := 0, 0
	for _, e := range engines {
		total += opt.seedsOf(e) * len(works)
	}
	for _, w := range works {
		runs := make([][]*sim.Report, len(engines))
		for i, e := range engines {
			for s := range opt.seedsOf(e) {
				rep, err := opt.run(ctx, e, w, opt.Seed+uint64(s))
				if err != nil {
					return nil, fmt.Errorf("%s on %s: %w", w.Name, e.Name, err)
				}
				runs[i] = append(runs[i], rep)
				if done++; opt.Progress != nil {
					opt.Progress(done, total)
				}
			}
		}
		r.Workloads = append(r.Workloads, section(engines, w, runs, opt))
	}
	if len(works) > 1 {
		r.Geomean = geomeans(len(engines), r.totals())
	}
	return r, nil
}

// seedsOf is the number of seeds that an engine runs with.
func (o *Options) seedsOf(e Engine) int {
	if e.DataDriven() {
		return o.Seeds
	}
	return 1
}

func (o *Options) run(ctx context.Context, e Engine, w workloads.Workload, seed uint64) (*sim.Report, error) {
	return sim.Run(ctx, e.Engine, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckNone, Data: o.Data, Seed: seed, Bandwidth: o.Bandwidth})
}

func (r *Report) totals() []Group {
	var list []Group
	for _, s := range r.Workloads {
		list = append(list, s.Total)
	}
	return list
}

// keyOf names the group of a layer.
func keyOf(by string, g workloads.GEMM) string {
	switch by {
	case ByShape:
		return fmt.Sprintf("%dx%dx%d", g.M, g.N, g.K)
	case ByLayer:
		return g.Name
	case ByPhase:
		if g.Phase == "" {
			return "none"
		}
		return g.Phase
	}
	return g.Op
}

// section gathers the layers of a workload.
func section(engines []Engine, w workloads.Workload, runs [][]*sim.Report, opt Options) Section {
	s := Section{Workload: w.Name, MACs: w.TotalMACs()}
	members := map[string][]int{}
	var order []string
	all := make([]int, len(w.Layers))
	for i, g := range w.Layers {
		key := keyOf(opt.By, g)
		if members[key] == nil {
			order = append(order, key)
		}
		members[key] = append(members[key], i)
		all[i] = i
	}
	fill := func(key string, list []int) Group {
		g := Group{Key: key}
		for _, i := range list {
			g.Calls += int64(w.Layers[i].Count)
			g.MACs += w.Layers[i].MACs()
		}
		g.Share = float64(g.MACs) / float64(s.MACs)
		for i, e := range engines {
			g.Cells = append(g.Cells, cell(e, runs[i], list))
		}
		return g
	}
	s.Total = fill("total", all)
	s.Calls = s.Total.Calls
	s.Copies = copies(engines, s.Total, opt)
	for _, key := range order {
		s.Groups = append(s.Groups, fill(key, members[key]))
	}
	s.relate(runs, members, all, opt)
	for i := range engines {
		s.Amdahl = append(s.Amdahl, s.amdahl(i, engines[i].Name))
	}
	if len(s.Groups) > 1 {
		s.Geomean = geomeans(len(engines), s.Groups)
	}
	return s
}

// cell sums layers on an engine, over its seeds.
func cell(e Engine, runs []*sim.Report, list []int) Cell {
	c := Cell{Kind: sim.CyclesExact}
	var macs int64
	bounds := map[string]bool{}
	for _, i := range list {
		for _, r := range runs {
			c.Cycles += float64(r.Layers[i].Cycles)
		}
		l := runs[0].Layers[i]
		macs += l.MACs
		c.Bytes += l.Bytes
		if l.CyclesKind != sim.CyclesExact {
			c.Kind = l.CyclesKind
		}
		if l.Bound != "" {
			bounds[l.Bound] = true
		}
	}
	switch c.Cycles /= float64(len(runs)); {
	case len(bounds) > 1:
		c.Bound = "both"
	default:
		for b := range bounds {
			c.Bound = b
		}
	}
	c.Seconds = c.Cycles / (float64(e.FreqMHz) * 1e6)
	if c.Cycles > 0 {
		c.Utilization = float64(macs) / (c.Cycles * float64(e.MACsPerCycle()))
	}
	if k := e.Cost; k != nil {
		c.EnergyJ = 1e-12 * (float64(macs)*k.PJPerMAC + c.Cycles*k.PJPerCycle + 8*float64(c.Bytes)*k.DRAMPJPerBit)
	}
	return c
}

// copies is how many of each engine cost as much as the baseline, or nil.
func copies(engines []Engine, total Group, opt Options) []float64 {
	if opt.Iso == IsoNone {
		return nil
	}
	amount := func(i int) float64 {
		switch opt.Iso {
		case IsoArea:
			return engines[i].Cost.AreaUM2
		case IsoPower:
			return total.Cells[i].EnergyJ / total.Cells[i].Seconds
		}
		return float64(engines[i].MACsPerCycle())
	}
	list := make([]float64, len(engines))
	for i := range engines {
		list[i] = amount(opt.Baseline) / amount(i)
	}
	return list
}

// relate sets shares and ratios, once all cells have their cycles.
func (s *Section) relate(runs [][]*sim.Report, members map[string][]int, all []int, opt Options) {
	one := func(g *Group, list []int) {
		for i := range g.Cells {
			c := &g.Cells[i]
			c.Share = c.Cycles / s.Total.Cells[i].Cycles
			if s.Copies != nil {
				c.Seconds /= s.Copies[i]
			}
		}
		base := g.Cells[opt.Baseline]
		for i := range g.Cells {
			c := &g.Cells[i]
			if i == opt.Baseline {
				c.Ratio = 1
				continue
			}
			c.Ratio = c.Seconds / base.Seconds
			if spread := uncertainty(runs[i], runs[opt.Baseline], list); spread > 0 {
				c.Low, c.High = c.Ratio*math.Exp(-spread), c.Ratio*math.Exp(spread)
				c.Uncertain = c.Low <= 1 && c.High >= 1
			}
		}
	}
	for i := range s.Groups {
		one(&s.Groups[i], members[s.Groups[i].Key])
	}
	one(&s.Total, all)
}

func (s *Section) amdahl(engine int, name string) Amdahl {
	best := Amdahl{Engine: name}
	for _, g := range s.Groups {
		if c := g.Cells[engine]; c.Share > best.Share {
			best.Group, best.Share = g.Key, c.Share
		}
	}
	if best.Share < 1 {
		best.Speedup = 1 / (1 - best.Share)
	}
	return best
}

// EngineNames are the names in order.
func (r *Report) EngineNames() []string {
	var list []string
	for _, e := range r.Engines {
		list = append(list, e.Name)
	}
	return list
}

// Notes are sentences that a reader of the table needs.
func (r *Report) Notes() []string {
	list := []string{fmt.Sprintf("time ratios are against %s: below 1 is faster", r.Baseline)}
	for _, e := range r.Engines {
		if e.Seeds > 1 {
			list = append(list, fmt.Sprintf("cycles of %s depend on operands (%s): mean of %d seeds from %d; ~ marks a ratio whose 95 %% interval covers 1", e.Name, r.Data, e.Seeds, r.Seed))
		}
	}
	if r.Iso != IsoNone {
		list = append(list, fmt.Sprintf("engines are scaled to the %s of %s by a fraction of copies, among which the work divides ideally", r.Iso, r.Baseline))
	}
	methods := map[string]bool{}
	for _, e := range r.Engines {
		if e.Method != "" && !methods[e.Method] {
			methods[e.Method] = true
			list = append(list, "cost: "+e.Method)
		}
	}
	return list
}

// Names of workloads must differ, so that tables are keyed by them.
func uniqueNames(kind string, names []string) error {
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			return fmt.Errorf("%s: given twice: %q (expected different names)", kind, n)
		}
		seen[n] = true
	}
	return nil
}

// CheckNames reports engines or workloads of equal names.
func CheckNames(engines []Engine, works []workloads.Workload) error {
	var e, w []string
	for _, x := range engines {
		e = append(e, x.Name)
	}
	for _, x := range works {
		w = append(w, x.Name)
	}
	return errors.Join(uniqueNames("--engine", e), uniqueNames("--workload", w))
}
