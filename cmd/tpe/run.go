package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"tpe/arch"
	"tpe/cost"
	"tpe/hw/drive"
	"tpe/internal/wholefile"
	"tpe/report/vcd"
	"tpe/sim"
	"tpe/testbench"
	"tpe/workloads"
	"tpe/workloads/importer"
)

type runCmd struct {
	Engine         string   `placeholder:"E" help:"A preset (tpe list engines) or a .yaml file."`
	Set            []string `placeholder:"K=V" sep:"none" help:"Change a key of the engine; may be repeated."`
	Workload       string   `placeholder:"W" help:"A model (tpe list workloads), gemm:MxNxK, or a file (docs/import.md)."`
	Fidelity       string   `placeholder:"F" help:"formula, cycle or rtl. Alone: formula without a check; absent: formula with a sample checked."`
	Check          string   `placeholder:"C" help:"all, sample or none: how much is compared with the software GEMM."`
	Data           string   `default:"full" help:"Operands: full, normal:SD, laplace:B, relu:SD, outlier:SD, student:NU:SCALE, uniform:A, outlier-columns:P:FACTOR:SD, const:V, zeros:P, corners (integers), mixed:P (floats), alternate, min, max or file:PATH#TENSOR, with @QUANTISER (docs/tensors.md); a=..,b=..,c=.. for each."`
	Seed           uint64   `default:"1" help:"Seed of operands and sample positions."`
	Executor       string   `default:"auto" help:"auto, lanes, llvm or eval."`
	Freq           int      `placeholder:"MHZ" help:"Clock in MHz for times; the engine's own otherwise."`
	Bandwidth      float64  `placeholder:"B" help:"Bytes per cycle between engine and memory: says what bounds each layer."`
	VCD            string   `name:"vcd" placeholder:"FILE" help:"Also record a waveform of what is stepped; for small runs."`
	Compat         string   `placeholder:"scalesim" help:"scalesim: SCALE-Sim v3's stall-free figures in place of the project's own."`
	SCALESimConfig string   `name:"scalesim-config" placeholder:"CFG" help:"A SCALE-Sim configuration instead of --engine; implies --compat scalesim."`
	Topology       string   `placeholder:"CSV" help:"A SCALE-Sim topology instead of --workload."`
	Out            string   `placeholder:"DIR" help:"With --compat scalesim: also write SCALE-Sim's report files there."`
	Accuracy       bool     `help:"Run a network on engines (several, joined by commas, each NAME[:KEY=VALUE..][@QUANT]) and compare with float32; --workload is then a task (docs/accuracy.md)."`
	Quant          string   `default:"plain" placeholder:"Q" help:"With --accuracy: how operands are coded, where an engine has no @QUANT: plain, group:K, ternary, onebit, outliers:X, lqer:R, svdquant:R, gptq, sparse:N:M, prune:P, linear, joined by +."`
	alsoCost
	importFlags
	outputFlags
}

// runReport is the report of a run, with its cost if that is wanted.
type runReport struct {
	*sim.Report
	Cost *cost.Report `json:"cost,omitempty"`
}

// loadWorkload finds a workload by name, or reads it from a file.
func loadWorkload(spec string, opt importer.Options) (workloads.Workload, error) {
	if isWorkloadFile(spec) {
		w, _, err := importer.Load(spec, opt)
		return w, err
	}
	w, err := workloads.Lookup(spec)
	if err != nil {
		return w, fmt.Errorf("--workload: %w", err)
	}
	return w, nil
}

func oneOf(flag, v string, list ...string) error {
	for _, x := range list {
		if v == x {
			return nil
		}
	}
	return fmt.Errorf("--%s: unknown value: %q (expected %s or %s)", flag, v, strings.Join(list[:len(list)-1], ", "), list[len(list)-1])
}

// Run implements the command.
func (c *runCmd) Run(e *env) error {
	if err := c.required(); err != nil {
		return err
	}
	if c.Compat != "" {
		return c.runSCALESim(e)
	}
	if c.Accuracy {
		return c.runAccuracy(e)
	}
	cfg, err1 := arch.Load(c.Engine, c.Set)
	w, err2 := loadWorkload(c.Workload, c.importFlags.options())
	data, err3 := workloads.ParseDataSet(c.Data)
	opt, err4 := c.options(data)
	if err3 != nil {
		err3 = fmt.Errorf("--data: %w", err3)
	}
	if err := errors.Join(err1, err2, err3, err4, c.alsoCost.check()); err != nil {
		return err
	}
	for _, warning := range w.Warnings {
		fmt.Fprintf(e.err, "tpe: warning: %s\n", warning)
	}
	if c.Freq > 0 {
		cfg.FreqMHz = c.Freq
	}
	eng, err := c.build(cfg, &opt)
	if err != nil {
		return err
	}
	dump, err := c.record(&opt, eng)
	if err != nil {
		return err
	}
	opt.Progress = func(done, total int) { e.progress("%d of %d layers", done, total) }
	r, err := sim.Run(e.ctx, eng, w, opt)
	e.progressDone()
	if cerr := dump(); cerr != nil {
		return errors.Join(err, cerr)
	}
	if r == nil {
		return err
	}
	both := runReport{Report: r}
	if c.Cost && err == nil {
		if both.Cost, err = c.report(e, eng, &costJob{r, data, c.Seed}); err != nil {
			return err
		}
	}
	table := func(out io.Writer) error {
		if err := runTable(out, r); err != nil || both.Cost == nil {
			return err
		}
		return costHeadline(out, both.Cost)
	}
	if perr := c.emit(e, both, func() [][]string { return runRows(r) }, table); perr != nil {
		return perr
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted after %d of %d layers: %w", len(r.Layers), len(w.Layers), err)
	case err != nil:
		return err
	case r.Total.Failed():
		fmt.Fprintf(e.err, "tpe: %d of %d words and %d of %d cycle counts differ, %d assertions failed\n",
			r.Total.Mismatches, r.Total.Checked, r.Total.CycleMismatch, r.Total.CyclesChecked, r.Total.AssertFailures)
		return errCheck
	}
	return nil
}

// required checks which flags must go together.
func (c *runCmd) required() error {
	if c.SCALESimConfig != "" {
		c.Compat = "scalesim"
	}
	var errs []error
	if c.Compat != "" && c.Compat != "scalesim" {
		errs = append(errs, fmt.Errorf("--compat: unknown value: %q (expected scalesim)", c.Compat))
	}
	if c.Engine == "" && c.SCALESimConfig == "" {
		errs = append(errs, errors.New("--engine: missing (expected a preset, see tpe list engines, or a .yaml file)"))
	}
	if c.Engine != "" && c.SCALESimConfig != "" {
		errs = append(errs, errors.New("--scalesim-config: given together with --engine (expected one of them)"))
	}
	if c.Compat == "" && c.Topology != "" {
		if c.Workload != "" {
			errs = append(errs, errors.New("--topology: given together with --workload (expected one of them)"))
		}
		c.Workload = c.Topology
	}
	if c.Compat == "" && c.Workload == "" {
		errs = append(errs, errors.New("--workload: missing (expected a model, see tpe list workloads, gemm:MxNxK or a file)"))
	}
	if c.Compat == "" && c.Out != "" {
		errs = append(errs, errors.New("--out: means nothing without --compat scalesim"))
	}
	switch {
	case c.Compat != "":
		errs = append(errs, c.compatOnly()...)
	case c.Accuracy:
		errs = append(errs, c.without("--accuracy", []idleFlag{{"fidelity", c.Fidelity, ""}, {"data", c.Data, "full"}, {"vcd", c.VCD, ""}})...)
	}
	if c.Quant != "plain" && !c.Accuracy {
		errs = append(errs, fmt.Errorf("--quant: means nothing without --accuracy: %q", c.Quant))
	}
	return errors.Join(errs...)
}

// compatOnly refuses the flags about values and hardware, of which SCALE-Sim's figures have none.
func (c *runCmd) compatOnly() []error {
	errs := c.without("--compat scalesim", []idleFlag{
		{"fidelity", c.Fidelity, sim.Formula}, {"check", c.Check, sim.CheckNone}, {"data", c.Data, "full"}, {"executor", c.Executor, "auto"}, {"vcd", c.VCD, ""},
	})
	if c.Accuracy {
		errs = append(errs, errors.New("--accuracy: means nothing with --compat scalesim"))
	}
	return errs
}

// idleFlag is a flag that another one makes meaningless, and the one value that agrees with it.
type idleFlag struct{ flag, value, expected string }

// without refuses flags, and bandwidths.
func (c *runCmd) without(other string, flags []idleFlag) []error {
	var errs []error
	for _, f := range flags {
		switch {
		case f.value == "" || f.value == f.expected:
		case f.expected == "":
			errs = append(errs, fmt.Errorf("--%s: means nothing with %s: %q", f.flag, other, f.value))
		default:
			errs = append(errs, fmt.Errorf("--%s: means nothing with %s: %q (expected %s)", f.flag, other, f.value, f.expected))
		}
	}
	if c.Bandwidth != 0 {
		errs = append(errs, fmt.Errorf("--bandwidth: means nothing with %s: %v", other, c.Bandwidth))
	}
	return errs
}

// options checks the flags that choose how to run.
func (c *runCmd) options(data workloads.DataSet) (sim.Options, error) {
	opt := sim.Options{Fidelity: c.Fidelity, Check: c.Check, Data: data, Seed: c.Seed, Bandwidth: c.Bandwidth}
	if opt.Check == "" {
		opt.Check = map[string]string{"": sim.CheckSample, sim.Formula: sim.CheckNone}[c.Fidelity]
		if opt.Check == "" {
			opt.Check = sim.CheckAll
		}
	}
	if opt.Fidelity == "" {
		opt.Fidelity = sim.Formula
	}
	var errs []error
	errs = append(errs, oneOf("fidelity", opt.Fidelity, sim.Formula, sim.Cycle, sim.RTL), oneOf("check", opt.Check, sim.CheckAll, sim.CheckSample, sim.CheckNone))
	if !(c.Bandwidth >= 0) || math.IsInf(c.Bandwidth, 1) {
		errs = append(errs, fmt.Errorf("--bandwidth: out of range: %v (expected finite bytes per cycle, 0 for no bound)", c.Bandwidth))
	}
	if c.Freq < 0 {
		errs = append(errs, fmt.Errorf("--freq: out of range: %d (expected MHz, 0 for the engine's own)", c.Freq))
	}
	x, err := sim.ResolveExecutor(c.Executor)
	opt.Executor = x
	if opt.Fidelity == sim.RTL {
		opt.NewRunner = func(ctx context.Context, e *arch.Engine) (drive.Runner, error) {
			return testbench.NewVerilator(ctx, e.Top, testbench.VerilatorOptions{})
		}
	}
	if c.VCD != "" && opt.Fidelity == sim.RTL {
		errs = append(errs, errors.New("--vcd: means nothing with --fidelity rtl (expected formula or cycle)"))
	}
	return opt, errors.Join(append(errs, err)...)
}

// build makes the engine. One that has a formula only can be run at that fidelity and not
// be checked.
func (c *runCmd) build(cfg arch.Config, opt *sim.Options) (*arch.Engine, error) {
	if cfg.HasHardware() {
		return arch.Build(cfg)
	}
	switch {
	case opt.Fidelity != sim.Formula:
		return nil, fmt.Errorf("--fidelity: %s has no hardware to step: %q (expected formula)", cfg.Name, opt.Fidelity)
	case c.Check != "" && c.Check != sim.CheckNone:
		return nil, fmt.Errorf("--check: %s has no hardware to check: %q (expected none)", cfg.Name, c.Check)
	case c.VCD != "":
		return nil, fmt.Errorf("--vcd: %s has no hardware to record: %q (expected another engine)", cfg.Name, c.VCD)
	case c.Cost:
		return nil, fmt.Errorf("--cost: %s has no hardware that costs anything (expected another engine)", cfg.Name)
	}
	opt.Check = sim.CheckNone
	return &arch.Engine{Config: cfg}, nil
}

// record arranges for a waveform if one is wanted. The result writes the file.
func (c *runCmd) record(opt *sim.Options, eng *arch.Engine) (func() error, error) {
	if c.VCD == "" {
		return func() error { return nil }, nil
	}
	var buf bytes.Buffer
	rec, err := vcd.New(&buf, eng.Top, eng.Flat)
	if err != nil {
		return nil, fmt.Errorf("--vcd: %w", err)
	}
	runner, err := drive.NewMachineRunner(eng.Flat, rec)
	if err != nil {
		return nil, err
	}
	opt.Executor = sim.Eval
	opt.NewRunner = func(context.Context, *arch.Engine) (drive.Runner, error) { return runner, nil }
	return func() error {
		if err := rec.Close(); err != nil {
			return err
		}
		return wholefile.Bytes(c.VCD, buf.Bytes())
	}, nil
}

func runRows(r *sim.Report) [][]string {
	rows := [][]string{{"name", "op", "m", "n", "k", "batch", "groups", "count", "macs", "cycles", "compute_cycles", "stall_cycles",
		"utilization", "compulsory_bytes", "bound", "checked", "mismatches", "cycle_checks", "cycle_mismatches", "assertion_failures"}}
	for _, l := range r.Layers {
		row := []string{l.Name, l.Op}
		for _, v := range []int64{int64(l.M), int64(l.N), int64(l.K), int64(l.Batch), int64(l.Groups), int64(l.Count), l.MACs, l.Cycles, l.ComputeCycles, l.StallCycles} {
			row = append(row, strconv.FormatInt(v, 10))
		}
		row = append(row, strconv.FormatFloat(l.Utilization, 'f', 6, 64), strconv.FormatInt(l.Bytes, 10), l.Bound,
			strconv.FormatInt(l.Checked, 10), strconv.FormatInt(l.Mismatches, 10),
			strconv.FormatInt(l.CyclesChecked, 10), strconv.FormatInt(l.CycleMismatch, 10), strconv.FormatInt(l.AssertFailures, 10))
		rows = append(rows, row)
	}
	return rows
}

func runTable(w io.Writer, r *sim.Report) error {
	var t table
	head := []string{"layer", "op", ">M", ">N", ">K", ">count", ">MACs", ">cycles", ">util", ">bytes"}
	if r.Bytes > 0 {
		head = append(head, "bound")
	}
	t.add(append(head, ">checked", ">differ")...)
	for _, l := range r.Layers {
		row := []string{l.Name, l.Op, fmt.Sprint(l.M), fmt.Sprint(l.N), fmt.Sprint(l.K), fmt.Sprint(l.Batch * l.Groups * l.Count),
			count(l.MACs), count(l.Cycles), percent(l.Utilization), count(l.Bytes)}
		if r.Bytes > 0 {
			row = append(row, l.Bound)
		}
		t.add(append(row, count(l.Checked), count(l.Mismatches))...)
	}
	row := []string{"total", "", "", "", "", "", count(r.Total.MACs), count(r.Total.Cycles), percent(r.Total.Utilization), count(r.Total.Bytes)}
	if r.Bytes > 0 {
		row = append(row, "")
	}
	t.add(append(row, count(r.Total.Checked), count(r.Total.Mismatches))...)
	fmt.Fprintf(w, "%s on %s: fidelity %s, check %s, executor %s, data %s, seed %d\n", r.Workload, r.Engine, r.Fidelity, r.Check, r.Executor, r.Data, r.Seed)
	if err := t.write(w); err != nil {
		return err
	}
	if r.Total.CyclesInterval > 0 {
		fmt.Fprintf(w, "cycles are estimated from a sample of tiles: total ± %s (95 %% confidence)\n", count(r.Total.CyclesInterval))
	}
	_, err := fmt.Fprintf(w, "%s cycles = %.6g ms at %d MHz; %s words of the stepped graph compared with the software GEMM, %s differ; %s cycle counts compared with the formula, %s differ\n",
		count(r.Total.Cycles), r.Total.Seconds*1e3, r.FreqMHz, count(r.Total.Checked), count(r.Total.Mismatches), count(r.Total.CyclesChecked), count(r.Total.CycleMismatch))
	if err != nil {
		return err
	}
	if err := errorTable(w, r); err != nil {
		return err
	}
	if err := shiftTable(w, r); err != nil {
		return err
	}
	return fedTable(w, r)
}
