package sweep

import "math"

// needs says what a metric needs to be known.
type needs int

const (
	needsNothing needs = iota
	needsArea
	needsEnergy
)

// Metric is a column of results.
type Metric struct {
	Name     string
	Unit     string
	Doc      string
	Maximise bool // more is better
	needs    needs
	of       func(*Result) float64
}

// Result is a point on a workload, or on all of them together.
type Result struct {
	MACs        int64
	Cycles      float64
	Kind        string // exact, expected or sampled
	Peak        int    // MACs a cycle
	Bytes       int64
	MemoryBound float64 // share of MACs in layers bound by memory, if a bandwidth was given
	FreqMHz     float64
	AreaUM2     float64 // NaN: not known, here and below
	FmaxMHz     float64
	EnergyJ     float64
	Checked     int64 // words compared with the software GEMM, at fidelities above formula
	Mismatches  int64
}

// Seconds is the time at the clock.
func (r *Result) Seconds() float64 { return r.Cycles / (r.FreqMHz * 1e6) }

// metrics lists the columns in the order of tables.
var metrics = []Metric{
	{"macs_per_cycle", "", "peak of the array", true, needsNothing, func(r *Result) float64 { return float64(r.Peak) }},
	{"macs", "", "of the workload", true, needsNothing, func(r *Result) float64 { return float64(r.MACs) }},
	{"cycles", "", "of the workload", false, needsNothing, func(r *Result) float64 { return r.Cycles }},
	{"utilization", "", "macs / (cycles x peak)", true, needsNothing, func(r *Result) float64 { return float64(r.MACs) / (r.Cycles * float64(r.Peak)) }},
	{"compulsory_bytes", "B", "operands and results, each moved once", false, needsNothing, func(r *Result) float64 { return float64(r.Bytes) }},
	{"seconds", "s", "cycles at the clock", false, needsNothing, (*Result).Seconds},
	{"tops", "TOPS", "two operations a MAC, by seconds", true, needsNothing, (*Result).tops},
	{"area_um2", "um^2", "of the engine", false, needsArea, func(r *Result) float64 { return r.AreaUM2 }},
	{"fmax_mhz", "MHz", "at the least period", true, needsArea, func(r *Result) float64 { return r.FmaxMHz }},
	{"tops_per_mm2", "TOPS/mm^2", "tops by area", true, needsArea, func(r *Result) float64 { return r.tops() / (r.AreaUM2 * 1e-6) }},
	{"energy_j", "J", "of engine and DRAM", false, needsEnergy, func(r *Result) float64 { return r.EnergyJ }},
	{"edp", "J s", "energy x seconds", false, needsEnergy, func(r *Result) float64 { return r.EnergyJ * r.Seconds() }},
	{"power_w", "W", "energy by seconds", false, needsEnergy, func(r *Result) float64 { return r.EnergyJ / r.Seconds() }},
	{"tops_per_w", "TOPS/W", "two operations a MAC, by energy", true, needsEnergy, func(r *Result) float64 { return 2 * float64(r.MACs) / r.EnergyJ * 1e-12 }},
	{"pj_per_mac", "pJ", "energy by MACs", false, needsEnergy, func(r *Result) float64 { return r.EnergyJ / float64(r.MACs) * 1e12 }},
}

func (r *Result) tops() float64 { return 2 * float64(r.MACs) / r.Seconds() * 1e-12 }

// MetricNames are the names in the order of tables.
func MetricNames() []string {
	var list []string
	for _, m := range metrics {
		list = append(list, m.Name)
	}
	return list
}

// Metrics lists the metrics.
func Metrics() []Metric { return metrics }

func metricOf(name string) (Metric, bool) {
	for _, m := range metrics {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}

// Value is a metric of a result; NaN if not known.
func (m Metric) Value(r *Result) float64 { return m.of(r) }

// Known are the metrics that a space has.
func (s *Space) Known() []Metric {
	var list []Metric
	for _, m := range metrics {
		if m.needs == needsNothing || s.Cost != nil && (m.needs == needsArea || s.Cost.Energy) {
			list = append(list, m)
		}
	}
	return list
}

// together sums results of one point over workloads.
func together(list []Result) Result {
	t := list[0]
	t.MemoryBound *= float64(t.MACs)
	for _, r := range list[1:] {
		t.MACs += r.MACs
		t.Cycles += r.Cycles
		t.Bytes += r.Bytes
		t.EnergyJ += r.EnergyJ
		t.MemoryBound += r.MemoryBound * float64(r.MACs)
		t.Checked += r.Checked
		t.Mismatches += r.Mismatches
		if rank(r.Kind) > rank(t.Kind) {
			t.Kind = r.Kind
		}
	}
	t.MemoryBound /= math.Max(1, float64(t.MACs))
	return t
}

// Kinds of cycle counts, the least certain last.
const (
	Exact    = "exact"
	Sampled  = "sampled"
	Expected = "expected"
)

func rank(kind string) int {
	switch kind {
	case Exact:
		return 0
	case Sampled:
		return 1
	}
	return 2
}
