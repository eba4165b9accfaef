package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tpe/arch"
	"tpe/internal/wholefile"
	"tpe/verify"
	"tpe/workloads"
)

type verifyCmd struct {
	Engine string   `placeholder:"E" help:"A preset (tpe list engines) or a .yaml file."`
	All    bool     `help:"Every preset; at 4x4, 3x5 and 8x8 unless rows or cols are set."`
	Set    []string `placeholder:"K=V" sep:"none" help:"Change a key of the engine; may be repeated."`
	Cases  int      `default:"100" help:"Cases of each engine."`
	Seed   uint64   `default:"1" help:"Seed of shapes, operands and stalls."`
	Legs   string   `placeholder:"L,.." help:"Only these legs: eval,lanes,llvm,verilator,icarus,netlist."`
	Data   string   `placeholder:"D" help:"Make A and B of every case of this (as --data of tpe run), instead of a mix of random and extreme values."`
	Sizes  int      `default:"3" placeholder:"N" help:"With --all: the N smallest of the three sizes of each preset."`
	Keep   string   `placeholder:"DIR" help:"Keep each engine's result in a file of this folder; what is there is not run again."`
	outputFlags
}

// verifyReport is the JSON of tpe verify --all.
type verifyReport struct {
	Engines         []*verify.Result `json:"engines"`
	Cases           int              `json:"cases"`
	MACs            int64            `json:"macs"`
	BitMismatches   int64            `json:"bit_mismatches"`
	CycleMismatches int64            `json:"cycle_mismatches"`
	LeftOut         []string         `json:"left_out,omitempty"` // engines with a formula only (kind model)
}

// Run implements the command.
func (c *verifyCmd) Run(e *env) error {
	configs, err1 := c.configs()
	var err2 error
	if c.Cases < 1 {
		err2 = fmt.Errorf("--cases: out of range: %d (expected at least 1)", c.Cases)
	}
	legs, err3 := verify.SelectLegs(c.Legs)
	var data *workloads.DataSet
	if c.Data != "" {
		d, err := workloads.ParseDataSet(c.Data)
		err3 = errors.Join(err3, wrap("--data", err))
		data = &d
	}
	if c.Sizes < 1 {
		err2 = errors.Join(err2, fmt.Errorf("--sizes: out of range: %d (expected at least 1)", c.Sizes))
	}
	if c.Keep != "" {
		if err := os.MkdirAll(c.Keep, 0o755); err != nil {
			err3 = errors.Join(err3, fmt.Errorf("--keep: %w", err))
		}
	}
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	report := &verifyReport{}
	if c.All {
		for _, m := range arch.Models() {
			report.LeftOut = append(report.LeftOut, m.Name)
		}
	}
	var runErr error
	done := 0
	for _, cfg := range configs {
		eng, err := arch.Build(cfg)
		if err != nil {
			return err
		}
		name := cfg.Name + " " + arch.DimsText(cfg.Dims())
		res, err := c.keep(&cfg, legs, func() (*verify.Result, error) {
			return verify.Run(e.ctx, eng, verify.Options{Cases: c.Cases, Seed: c.Seed, Legs: legs, Data: data,
				Progress: func(l verify.LegResult) { e.progress("%s: %s done", name, l.Name) }})
		})
		if res != nil {
			report.Engines = append(report.Engines, res)
			report.Cases += res.Cases
			report.MACs += res.MACs
			report.BitMismatches += res.BitMismatches
			report.CycleMismatches += res.CycleMismatches
		}
		if err != nil {
			runErr = err
			break
		}
		done++
	}
	e.progressDone()
	var v any = report
	if !c.All && len(report.Engines) == 1 {
		v = report.Engines[0]
	}
	if err := c.emit(e, v, report.rows, func(w io.Writer) error { return report.table(w) }); err != nil {
		return err
	}
	switch {
	case errors.Is(runErr, context.Canceled):
		return fmt.Errorf("interrupted after %d of %d engines: %w", done, len(configs), runErr)
	case runErr != nil:
		return runErr
	case report.BitMismatches+report.CycleMismatches > 0:
		return errCheck
	}
	return nil
}

func (c *verifyCmd) configs() ([]arch.Config, error) {
	if c.All == (c.Engine != "") {
		return nil, errors.New("--engine: expected either an engine or --all")
	}
	if c.Engine != "" {
		cfg, err := arch.Load(c.Engine, c.Set)
		return []arch.Config{cfg}, err
	}
	var list []arch.Config
	var errs []error
	for _, p := range arch.Presets() {
		for _, size := range c.sizes(&p.Config) {
			cfg, err := arch.Load(p.Name, append(append([]string(nil), size...), c.Set...))
			list, errs = append(list, cfg), append(errs, err)
		}
	}
	return list, errors.Join(errs...)
}

// keep returns the result that a run before has left in the folder, or runs and leaves it there
// when it is whole. A file stands for the engine's whole configuration, cases, seed, data and legs, not
// for a version of the program: a folder is for one.
func (c *verifyCmd) keep(cfg *arch.Config, legs []verify.Leg, run func() (*verify.Result, error)) (*verify.Result, error) {
	if c.Keep == "" {
		return run()
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\n%d %d %s\n", cfg.YAML(), c.Cases, c.Seed, c.Data)
	for _, l := range legs {
		fmt.Fprintf(h, "%s %s %s\n", l.Name, l.Version, l.Skipped)
	}
	path := filepath.Join(c.Keep, fmt.Sprintf("%s-%s-%016x.json", cfg.Name, arch.DimsText(cfg.Dims()), h.Sum64()))
	old, err := os.ReadFile(path)
	if err == nil {
		res := &verify.Result{}
		if err := json.Unmarshal(old, res); err != nil {
			return nil, fmt.Errorf("%s: not a result of tpe verify: %w", path, err)
		}
		return res, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--keep: %w", err)
	}
	res, err := run()
	if err != nil {
		return res, err
	}
	text, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return res, err
	}
	return res, wholefile.Bytes(path, append(text, '\n'))
}

// sizes are the small arrays of a preset, the smallest first, or none of them if --set gives a size.
func (c *verifyCmd) sizes(p *arch.Config) [][]string {
	small := p.SmallSizes()
	for _, s := range c.Set {
		key, _, _ := strings.Cut(s, "=")
		for _, given := range small[0] {
			if strings.HasPrefix(given, key+"=") {
				return [][]string{nil}
			}
		}
	}
	peak := func(size []string) int {
		cfg, err := arch.Load(p.Name, size)
		if err != nil {
			return 0 // configs will report it
		}
		return cfg.MACsPerCycle()
	}
	slices.SortStableFunc(small, func(a, b []string) int { return cmp.Compare(peak(a), peak(b)) })
	return small[:min(c.Sizes, len(small))]
}

func (r *verifyReport) rows() [][]string {
	rows := [][]string{{"engine", "dims", "leg", "version", "cases", "bit_mismatches", "cycle_mismatches", "skipped"}}
	for _, e := range r.Engines {
		for _, l := range e.Legs {
			rows = append(rows, []string{e.Engine, e.Array(), l.Name, l.Version, fmt.Sprint(l.Cases),
				fmt.Sprint(l.BitMismatches), fmt.Sprint(l.CycleMismatches), l.Skipped})
		}
	}
	return rows
}

func (r *verifyReport) table(w io.Writer) error {
	var t table
	t.add("engine", "array", "leg", ">cases", ">bits differ", ">cycles differ", "tool")
	for _, e := range r.Engines {
		for _, l := range e.Legs {
			note := l.Version
			switch {
			case l.Skipped != "":
				note = "skipped: " + l.Skipped
			case l.Name != "formula" && l.Cases < e.Cases:
				note += fmt.Sprintf(", slow: the first %d of %d cases", l.Cases, e.Cases)
			}
			t.add(e.Engine, e.Array(), l.Name, count(int64(l.Cases)), count(l.BitMismatches), count(l.CycleMismatches), note)
		}
	}
	if err := t.write(w); err != nil {
		return err
	}
	for _, e := range r.Engines {
		for _, f := range e.Failures {
			fmt.Fprintf(w, "\n%s %s, %s, %s\n%s\n", e.Engine, e.Array(), f.Leg, f.Case, f.Diff)
		}
	}
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(w, "left out, with a formula only (kind model): %d engines, %s\n", len(r.LeftOut), strings.Join(r.LeftOut, ", "))
	}
	_, err := fmt.Fprintf(w, "%s cases, %s MACs: %s words and %s cycle counts differ\n", count(int64(r.Cases)), count(r.MACs), count(r.BitMismatches), count(r.CycleMismatches))
	return err
}
