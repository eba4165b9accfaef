package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tpe/arch"
	"tpe/verify"
)

type verifyCmd struct {
	Engine string   `placeholder:"E" help:"A preset (tpe list engines) or a .yaml file."`
	All    bool     `help:"Every preset; at 4x4, 3x5 and 8x8 unless rows or cols are set."`
	Set    []string `placeholder:"K=V" sep:"none" help:"Change a key of the engine; may be repeated."`
	Cases  int      `default:"100" help:"Cases of each engine."`
	Seed   uint64   `default:"1" help:"Seed of shapes, operands and stalls."`
	Legs   string   `placeholder:"L,.." help:"Only these legs: eval,lanes,llvm,verilator,icarus,netlist."`
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
		res, err := verify.Run(e.ctx, eng, verify.Options{Cases: c.Cases, Seed: c.Seed, Legs: legs,
			Progress: func(l verify.LegResult) { e.progress("%s: %s done", name, l.Name) }})
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

// sizes are the small arrays of a preset, or none of them if --set gives a size.
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
	return small
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
