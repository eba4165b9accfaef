package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"tpe/arch"
	"tpe/cost"
	"tpe/cost/memory"
	"tpe/cost/synth"
	"tpe/internal/wholefile"
	"tpe/report/compare"
	"tpe/sim"
	"tpe/workloads"
)

// priceFlags choose how engines of a comparison are priced, if at all.
type priceFlags struct {
	Tech    string `placeholder:"T" help:"Also area and energy, by the fast model of this technology (osu018, ... or a file of tpe calibrate)."`
	Liberty string `placeholder:"FILE" help:"Also area and energy, by synthesis with this cell library."`
	Recipe  string `default:"balanced" help:"area, balanced or speed: what synthesis aims at."`
	DRAM    string `name:"dram" default:"lpddr4" help:"Class of DRAM for the compulsory traffic."`
}

type compareCmd struct {
	Engine    []string `required:"" sep:"none" placeholder:"E" help:"A preset or a .yaml file, with keys changed as E:K=V:K=V; repeat for each engine. The first is the baseline."`
	Workload  []string `required:"" sep:"none" placeholder:"W" help:"A model, gemm:MxNxK, or a file; may be repeated."`
	Baseline  string   `placeholder:"E" help:"Name of the engine that the others are set against."`
	By        string   `default:"op" help:"op, shape, layer or phase: how layers are gathered."`
	Iso       string   `placeholder:"X" help:"area, power or macs: scale engines to what the baseline has."`
	Data      string   `default:"full" help:"Operands, as for tpe run; they matter where cycles depend on data, and for energy."`
	Seed      uint64   `default:"1" help:"First seed."`
	Seeds     int      `default:"3" help:"Seeds of engines whose cycles depend on operands."`
	Freq      string   `placeholder:"MHZ" help:"Clock of all engines in MHz, or max: each at its least period (with --tech or --liberty)."`
	Bandwidth float64  `placeholder:"B" help:"Bytes per cycle between engine and memory: says what bounds each group."`
	FailIf    []string `name:"fail-if" sep:"none" placeholder:"COND" help:"Exit with 1 if a total is beyond it, such as 'cycles>+2%'; metrics cycles, time, energy, bytes, utilization."`
	Markdown  toFile   `name:"markdown" help:"Print Markdown; --markdown=FILE writes it to a file."`
	HTML      string   `name:"html" placeholder:"FILE" help:"Write a page with tables and plots."`
	importFlags
	priceFlags
	outputFlags
}

// Run implements the command.
func (c *compareCmd) Run(e *env) error {
	limits, err1 := parseLimits(c.FailIf)
	engines, err2 := c.engines(e)
	works, err3 := loadWorkloads(e, c.Workload, c.importFlags)
	opt, err4 := c.options(engines)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	errs := []error{compare.CheckNames(engines, works)}
	for _, l := range limits {
		errs = append(errs, l.Check(engines))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	opt.Progress = func(done, total int) { e.progress("%d of %d runs", done, total) }
	r, err := compare.Run(e.ctx, engines, works, opt)
	e.progressDone()
	if err != nil {
		return err
	}
	var tables []compare.Table
	for _, s := range r.Workloads {
		tables = append(tables, compare.Table{Rows: compareTable(r, s)})
	}
	if c.HTML != "" {
		var b bytes.Buffer
		if err := r.WriteHTML(&b, commandLine("compare", c.args()), tables); err != nil {
			return err
		}
		if err := wholefile.Bytes(c.HTML, b.Bytes()); err != nil {
			return err
		}
	}
	md := func(w io.Writer) error { return compareMarkdown(w, r, tables) }
	if err := c.emitText(e, c.Markdown, r, func() [][]string { return compareRows(r) }, func(w io.Writer) error { return compareText(w, r, tables) }, md); err != nil {
		return err
	}
	return failures(e, r, limits)
}

// failures prints what is beyond the limits.
func failures(e *env, r *compare.Report, limits []compare.Limit) error {
	failed := false
	for _, l := range limits {
		for _, s := range l.Exceeded(r) {
			fmt.Fprintf(e.err, "tpe: %s\n", s)
			failed = true
		}
	}
	if failed {
		return errCheck
	}
	return nil
}

func parseLimits(list []string) ([]compare.Limit, error) {
	var limits []compare.Limit
	var errs []error
	for _, s := range list {
		l, err := compare.ParseLimit(s)
		limits, errs = append(limits, l), append(errs, wrap("--fail-if", err))
	}
	return limits, errors.Join(errs...)
}

// emitText is [outputFlags.emit] with Markdown beside JSON, CSV and the table.
func (f *outputFlags) emitText(e *env, markdown toFile, v any, rows func() [][]string, table, md func(io.Writer) error) error {
	if !markdown.given {
		return f.emit(e, v, rows, table)
	}
	var b bytes.Buffer
	if err := md(&b); err != nil {
		return err
	}
	if err := put(e, markdown.path, b.Bytes()); err != nil || markdown.path == "" && !f.JSON.given && !f.CSV.given {
		return err
	}
	return f.emit(e, v, rows, table)
}

// engineSpec parts E:K=V:K=V into an engine and its settings.
func engineSpec(s string) (string, []string) {
	parts := strings.Split(s, ":")
	n := 1
	for n < len(parts) && !strings.Contains(parts[n], "=") { // a colon of a path
		n++
	}
	return strings.Join(parts[:n], ":"), parts[n:]
}

func (c *compareCmd) engines(e *env) ([]compare.Engine, error) {
	mhz := 0
	if c.Freq != "" && c.Freq != "max" {
		n, err := strconv.Atoi(c.Freq)
		if err != nil || n < 1 || n > 100000 {
			return nil, fmt.Errorf("--freq: not a clock: %q (expected 1..100000 MHz or max)", c.Freq)
		}
		mhz = n
	}
	if c.Freq == "max" && c.Tech == "" && c.Liberty == "" {
		return nil, errors.New("--freq: the least period is not known: \"max\" (expected --tech or --liberty)")
	}
	var list []compare.Engine
	var errs []error
	for _, spec := range c.Engine {
		name, set := engineSpec(spec)
		cfg, err := arch.Load(name, set)
		if err != nil {
			errs = append(errs, fmt.Errorf("--engine %s: %w", spec, err))
			continue
		}
		if len(set) > 0 {
			cfg.Name = spec
		}
		if mhz > 0 {
			cfg.FreqMHz = mhz
		}
		eng := &arch.Engine{Config: cfg}
		if cfg.HasHardware() && c.priced() {
			if eng, err = arch.Build(cfg); err != nil {
				errs = append(errs, fmt.Errorf("--engine %s: %w", spec, err))
				continue
			}
		}
		list = append(list, compare.Engine{Engine: eng})
	}
	if err := errors.Join(errs...); err != nil || !c.priced() {
		return list, err
	}
	return list, c.price(e, list, c.Data, c.Freq == "max")
}

func (c *priceFlags) priced() bool { return c.Tech != "" || c.Liberty != "" }

// price finds area and energy of engines on operands of the given kind.
func (c *priceFlags) price(e *env, list []compare.Engine, spec string, fmax bool) error {
	how := costFlags{Tech: c.Tech, Liberty: c.Liberty, Recipe: c.Recipe, Seeds: 1, Device: "lop"}
	dram, err1 := memory.LookupDRAM(c.DRAM)
	data, err2 := workloads.ParseDataSet(spec)
	err3 := synth.Recipe(c.Recipe).Check()
	if err := errors.Join(wrap("--dram", err1), wrap("--data", err2), err3); err != nil {
		return err
	}
	flow, err := how.flow(e)
	if err != nil {
		return err
	}
	for i := range list {
		eng := list[i].Engine
		if eng.Top == nil {
			return fmt.Errorf("--engine: %s has no hardware to be priced (expected no --tech or --liberty)", eng.Name)
		}
		e.progress("cost of %s", eng.Name)
		k, err := priceOf(e, flow, eng, data)
		e.progressDone()
		if err != nil {
			return fmt.Errorf("cost of %s: %w", eng.Name, err)
		}
		k.DRAMPJPerBit = dram.PJPerBit
		list[i].Cost = k
		if fmax {
			eng.FreqMHz = int(math.Floor(k.FreqMHz))
		}
	}
	return nil
}

// priceOf synthesises an engine, or estimates it, and samples the energy of a job of two
// tiles each way.
func priceOf(e *env, flow *cost.Flow, eng *arch.Engine, data workloads.DataSet) (*compare.Cost, error) {
	design, err := flow.Engine(e.ctx, eng.Top)
	if err != nil {
		return nil, err
	}
	r, err := design.Report(eng.Name, eng.MACsPerCycle())
	if err != nil {
		return nil, err
	}
	const large = 1 << 16
	s := sampleShape(eng, &sim.Report{Layers: []sim.Layer{{M: large, N: large, K: large}}})
	play, err := sampleJob(eng, s, data, 1)
	if err != nil {
		return nil, err
	}
	en, err := design.Energy(e.ctx, play, s.MACs(), r.Timing.Period)
	if err != nil {
		return nil, err
	}
	perMAC, perCycle := en.Rates()
	return &compare.Cost{Method: r.Method, AreaUM2: r.AreaUM2, FreqMHz: r.FreqMHz, PJPerMAC: perMAC, PJPerCycle: perCycle}, nil
}

func loadWorkloads(e *env, specs []string, flags importFlags) ([]workloads.Workload, error) {
	var list []workloads.Workload
	var errs []error
	for _, spec := range specs {
		w, err := loadWorkload(spec, flags.options())
		for _, warning := range w.Warnings {
			fmt.Fprintf(e.err, "tpe: warning: %s: %s\n", spec, warning)
		}
		list, errs = append(list, w), append(errs, err)
	}
	return list, errors.Join(errs...)
}

func (c *compareCmd) options(engines []compare.Engine) (compare.Options, error) {
	opt := compare.Options{By: c.By, Iso: c.Iso, Seed: c.Seed, Seeds: c.Seeds, Bandwidth: c.Bandwidth}
	data, err := workloads.ParseDataSet(c.Data)
	opt.Data = data
	errs := []error{wrap("--data", err)}
	if !(c.Bandwidth >= 0) || math.IsInf(c.Bandwidth, 1) {
		errs = append(errs, fmt.Errorf("--bandwidth: out of range: %v (expected finite bytes per cycle, 0 for no bound)", c.Bandwidth))
	}
	if c.Baseline != "" {
		opt.Baseline = -1
		var names []string
		for i, e := range engines {
			names = append(names, e.Name)
			if e.Name == c.Baseline {
				opt.Baseline = i
			}
		}
		if opt.Baseline < 0 {
			errs = append(errs, fmt.Errorf("--baseline: not among the engines: %q (expected %s)", c.Baseline, strings.Join(names, " or ")))
		}
	}
	return opt, errors.Join(errs...)
}

// args are the flags that repeat the comparison.
func (c *compareCmd) args() []string {
	var a []string
	add := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				a = append(a, "--"+flag, v)
			}
		}
	}
	add("engine", c.Engine...)
	add("workload", c.Workload...)
	add("baseline", c.Baseline)
	add("by", c.By)
	add("iso", c.Iso)
	add("data", c.Data)
	add("seed", strconv.FormatUint(c.Seed, 10))
	add("seeds", strconv.Itoa(c.Seeds))
	add("freq", c.Freq)
	if c.Bandwidth != 0 {
		add("bandwidth", strconv.FormatFloat(c.Bandwidth, 'g', -1, 64))
	}
	if c.priced() {
		add("tech", c.Tech)
		add("liberty", c.Liberty)
		add("recipe", c.Recipe)
		add("dram", c.DRAM)
	}
	return a
}

// commandLine is a command that a shell takes.
func commandLine(command string, args []string) string {
	line := "tpe " + command
	for _, a := range args {
		if strings.ContainsAny(a, " \t\"'$&|;<>()*?[]{}~#!\\`") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		line += " " + a
	}
	return line
}
