package sim

import (
	"math"

	"tpe/arch"
)

// Report is the result of a run. Its JSON form is part of the command line's
// contract.
type Report struct {
	Engine   string  `json:"engine"`
	Workload string  `json:"workload"`
	Fidelity string  `json:"fidelity"`
	Executor string  `json:"executor"`
	Seed     uint64  `json:"seed"`
	Data     string  `json:"data"`
	Check    string  `json:"check"`
	FreqMHz  int     `json:"freq_mhz"`
	Peak     int     `json:"macs_per_cycle"`
	Bytes    float64 `json:"bandwidth_bytes_per_cycle,omitempty"`
	Layers   []Layer `json:"layers"`
	Fed      []Fed   `json:"fed,omitempty"` // what the operands were, if any were made
	Total    Total   `json:"total"`
}

// Layer is a row of a report: a layer with all its repetitions. Macs and cycles are
// for the whole row.
type Layer struct {
	Name           string  `json:"name"`
	Op             string  `json:"op"`
	M              int     `json:"m"`
	N              int     `json:"n"`
	K              int     `json:"k"`
	Batch          int     `json:"batch"`
	Groups         int     `json:"groups"`
	Count          int     `json:"count"`
	MACs           int64   `json:"macs"`
	Cycles         int64   `json:"cycles"`
	CyclesKind     string  `json:"cycles_kind"`               // exact, or sampled: one repetition, or a sample of its tiles, stands for all
	CyclesInterval int64   `json:"cycles_interval,omitempty"` // half width of the 95 % confidence interval, if repetition 0 is itself estimated
	ComputeCycles  int64   `json:"compute_cycles"`
	StallCycles    int64   `json:"stall_cycles"`
	Utilization    float64 `json:"utilization"` // macs / (cycles x peak), 0 to 1
	Bytes          int64   `json:"compulsory_bytes"`
	Bound          string  `json:"bound,omitempty"` // compute or memory, if a bandwidth was given
	Checked        int64   `json:"checked"`         // words produced by stepping the graph and compared with the software GEMM
	Mismatches     int64   `json:"mismatches"`
	CyclesChecked  int64   `json:"cycle_checks"` // jobs whose stepped cycles were compared with the formula
	CycleMismatch  int64   `json:"cycle_mismatches"`
	AssertFailures int64   `json:"assertion_failures"`
	// Error says, for an engine that is not exact, how far the words checked are from the exact product.
	Error *Error `json:"error,omitempty"`
	// Shifts is how often a PE that normalises approximately shifted its sum left by n places (index n), among the
	// products of the words checked.
	Shifts []int64 `json:"normalising_shifts,omitempty"`

	// Figures says where the time went, for engines that tell; of one repetition.
	Figures []arch.Figure `json:"figures,omitempty"`
}

// Kinds of cycle counts.
const (
	CyclesExact   = "exact"   // every repetition was counted, or the count does not depend on data
	CyclesSampled = "sampled" // it depends on data, and repetition 0 or a sample of its tiles stands for all
)

// Total sums the layers.
type Total struct {
	MACs           int64   `json:"macs"`
	Cycles         int64   `json:"cycles"`
	CyclesInterval int64   `json:"cycles_interval,omitempty"` // of independent samples of layers
	ComputeCycles  int64   `json:"compute_cycles"`
	StallCycles    int64   `json:"stall_cycles"`
	Utilization    float64 `json:"utilization"`
	Bytes          int64   `json:"compulsory_bytes"`
	Seconds        float64 `json:"seconds"` // cycles at freq_mhz
	Checked        int64   `json:"checked"`
	Mismatches     int64   `json:"mismatches"`
	CyclesChecked  int64   `json:"cycle_checks"`
	CycleMismatch  int64   `json:"cycle_mismatches"`
	AssertFailures int64   `json:"assertion_failures"`
}

// Failed reports whether anything that was checked did not agree.
func (t Total) Failed() bool { return t.Mismatches+t.CycleMismatch+t.AssertFailures > 0 }

func (r *Report) sum() {
	t, square := Total{}, 0.0
	for _, l := range r.Layers {
		square += float64(l.CyclesInterval) * float64(l.CyclesInterval)
		t.MACs += l.MACs
		t.Cycles += l.Cycles
		t.ComputeCycles += l.ComputeCycles
		t.StallCycles += l.StallCycles
		t.Bytes += l.Bytes
		t.Checked += l.Checked
		t.Mismatches += l.Mismatches
		t.CyclesChecked += l.CyclesChecked
		t.CycleMismatch += l.CycleMismatch
		t.AssertFailures += l.AssertFailures
	}
	t.CyclesInterval = int64(math.Ceil(math.Sqrt(square)))
	t.Utilization = utilization(t.MACs, t.Cycles, r.Peak)
	t.Seconds = float64(t.Cycles) / (float64(r.FreqMHz) * 1e6)
	r.Total = t
}

func utilization(macs, cycles int64, peak int) float64 {
	if cycles == 0 {
		return 0
	}
	return float64(macs) / (float64(cycles) * float64(peak))
}
