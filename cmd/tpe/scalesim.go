package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"tpe/arch"
	"tpe/internal/wholefile"
	"tpe/scalesim"
	"tpe/workloads"
)

// scalesimReport is the JSON of a run in SCALE-Sim's conventions.
type scalesimReport struct {
	Engine   string          `json:"engine"`
	Workload string          `json:"workload"`
	Fidelity string          `json:"fidelity"` // scalesim
	Executor string          `json:"executor"` // formula
	Seed     uint64          `json:"seed"`
	Rows     int             `json:"array_height"`
	Cols     int             `json:"array_width"`
	Dataflow string          `json:"dataflow"`
	Layers   []scalesimLayer `json:"layers"`
	Total    struct {
		MACs          int64 `json:"macs"`
		Cycles        int64 `json:"cycles"`
		ComputeCycles int64 `json:"compute_cycles"`
		StallCycles   int64 `json:"stall_cycles"`
		Checked       int64 `json:"checked"`
		Mismatches    int64 `json:"mismatches"`
	} `json:"total"`
}

// scalesimLayer is a row: cycles for the whole row, the rest for one repetition.
type scalesimLayer struct {
	Name              string  `json:"name"`
	Op                string  `json:"op"`
	M                 int     `json:"m"`
	N                 int     `json:"n"`
	K                 int     `json:"k"`
	Batch             int     `json:"batch"`
	Count             int     `json:"count"`
	MACs              int64   `json:"macs"`
	Cycles            int64   `json:"cycles"`
	ComputeCycles     int64   `json:"compute_cycles"`
	StallCycles       int64   `json:"stall_cycles"`
	Utilization       float64 `json:"utilization"`
	OverallUtil       float64 `json:"overall_util_pct"`
	MappingEfficiency float64 `json:"mapping_efficiency_pct"`
	ComputeUtil       float64 `json:"compute_util_pct"`
	IfmapReads        int64   `json:"sram_ifmap_reads"`
	FilterReads       int64   `json:"sram_filter_reads"`
	OfmapWrites       int64   `json:"sram_ofmap_writes"`
	Checked           int64   `json:"checked"`
	Mismatches        int64   `json:"mismatches"`
}

// runSCALESim prints SCALE-Sim's stall-free figures.
func (c *runCmd) runSCALESim(e *env) error {
	cfg, name, err1 := c.scalesimConfig()
	spec := c.Topology
	if spec == "" {
		spec = c.Workload
	}
	if spec == "" {
		spec = cfg.TopologyPath
	}
	if spec == "" {
		return errors.Join(err1, errors.New("--topology: missing (expected a SCALE-Sim topology file, or --workload)"))
	}
	w, err2 := loadWorkload(spec, c.importFlags.options())
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for _, warning := range append(cfg.Warnings, w.Warnings...) {
		fmt.Fprintf(e.err, "tpe: warning: %s\n", warning)
	}
	layers, err := scalesim.Run(cfg, w)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeSCALESimReports(c.Out, layers); err != nil {
			return err
		}
	}
	r := newSCALESimReport(name, w, cfg, layers)
	r.Seed = c.Seed
	return c.emit(e, r, func() [][]string { return r.rows(false) }, func(out io.Writer) error {
		fmt.Fprintf(out, "%s on %s in SCALE-Sim's conventions (stall-free): %d x %d, %s\n", r.Workload, r.Engine, r.Rows, r.Cols, r.Dataflow)
		return (&table{r.rows(true)}).write(out)
	})
}

func (c *runCmd) scalesimConfig() (scalesim.Config, string, error) {
	if c.SCALESimConfig != "" {
		f, err := os.Open(c.SCALESimConfig)
		if err != nil {
			return scalesim.Config{}, "", fmt.Errorf("--scalesim-config: %w", err)
		}
		defer f.Close()
		cfg, err := scalesim.ReadConfig(f, c.SCALESimConfig)
		return cfg, cfg.RunName, err
	}
	eng, err := arch.Load(c.Engine, c.Set)
	if err != nil {
		return scalesim.Config{}, "", err
	}
	cfg := scalesim.DefaultConfig()
	cfg.ArrayHeight, cfg.ArrayWidth = eng.Rows, eng.Cols
	cfg.Dataflow, err = scalesim.ParseDataflow(eng.Dataflow)
	return cfg, eng.Name, err
}

func newSCALESimReport(name string, w workloads.Workload, cfg scalesim.Config, layers []scalesim.Layer) *scalesimReport {
	r := &scalesimReport{Engine: name, Workload: w.Name, Fidelity: "scalesim", Executor: "formula",
		Rows: cfg.ArrayHeight, Cols: cfg.ArrayWidth, Dataflow: cfg.Dataflow.String()}
	for i, l := range layers {
		g := w.Layers[i]
		row := scalesimLayer{
			Name: l.Name, Op: g.Op, M: l.M, N: l.N, K: l.K, Batch: g.Batch, Count: g.Count * g.Groups, MACs: g.MACs(),
			Cycles: l.TotalCycles * l.Repeats, ComputeCycles: l.TotalCycles * l.Repeats, Utilization: l.OverallUtil / 100,
			OverallUtil: l.OverallUtil, MappingEfficiency: l.MappingEfficiency, ComputeUtil: l.ComputeUtil,
			IfmapReads: l.Ifmap.Words, FilterReads: l.Filter.Words, OfmapWrites: l.Ofmap.Words,
		}
		r.Layers = append(r.Layers, row)
		r.Total.MACs += row.MACs
		r.Total.Cycles += row.Cycles
		r.Total.ComputeCycles += row.Cycles
	}
	return r
}

func (r *scalesimReport) rows(human bool) [][]string {
	mark, num := "", func(n int64) string { return strconv.FormatInt(n, 10) }
	if human {
		mark, num = ">", count
	}
	rows := [][]string{{"layer", mark + "M", mark + "N", mark + "K", mark + "count", mark + "cycles", mark + "overall util %", mark + "mapping eff %",
		mark + "compute util %", mark + "ifmap reads", mark + "filter reads", mark + "ofmap writes"}}
	pct := func(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }
	for _, l := range r.Layers {
		rows = append(rows, []string{l.Name, fmt.Sprint(l.M), fmt.Sprint(l.N), fmt.Sprint(l.K), fmt.Sprint(l.Batch * l.Count), num(l.Cycles), pct(l.OverallUtil),
			pct(l.MappingEfficiency), pct(l.ComputeUtil), num(l.IfmapReads), num(l.FilterReads), num(l.OfmapWrites)})
	}
	if human {
		rows = append(rows, []string{"total", "", "", "", "", num(r.Total.Cycles), "", "", "", "", "", ""})
	}
	return rows
}

func writeSCALESimReports(dir string, layers []scalesim.Layer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer, []scalesim.Layer) error
	}{
		{"COMPUTE_REPORT.csv", scalesim.WriteComputeReport},
		{"BANDWIDTH_REPORT.csv", scalesim.WriteBandwidthReport},
		{"DETAILED_ACCESS_REPORT.csv", scalesim.WriteDetailedAccessReport},
	} {
		var b bytes.Buffer
		if err := f.write(&b, layers); err != nil {
			return err
		}
		if err := wholefile.Bytes(filepath.Join(dir, f.name), b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
