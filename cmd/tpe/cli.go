package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"tpe/arch"
	"tpe/internal/wholefile"
)

const description = `Tensor processing engines, described once as hardware: cycles, output bits and
Verilog from one graph, and the proof that they agree.`

// cli is the command line.
type cli struct {
	Run       runCmd       `cmd:"" help:"Run a workload on an engine."`
	Gen       genCmd       `cmd:"" help:"Write an engine's Verilog, testbench and scripts."`
	Compare   compareCmd   `cmd:"" help:"Set engines beside each other on the same workloads."`
	Diff      diffCmd      `cmd:"" help:"What changed from one workload to another, and what it costs on an engine."`
	Cost      costCmd      `cmd:"" help:"Area, critical path and energy of an engine."`
	Calibrate calibrateCmd `cmd:"" help:"Fit the fast model of tpe cost to a cell library."`
	Sweep     sweepCmd     `cmd:"" help:"Explore a space of engines."`
	Ratios    ratiosCmd    `cmd:"" help:"Published ratios of area, delay and energy beside those here."`
	Verify    verifyCmd    `cmd:"" help:"Cross-check an engine on every leg."`
	Tensors   tensorsCmd   `cmd:"" help:"List the tensors of a file, or the statistics of their bits."`
	Train     trainCmd     `cmd:"" help:"Train a small network on Fashion-MNIST, for tpe run --accuracy."`
	Numeric   numericCmd   `cmd:"" help:"Compare the arithmetic with vectors of yours."`
	Import    importCmd    `cmd:"" help:"Turn a model, trace, log or table into one table of matrix products."`
	List      listCmd      `cmd:"" help:"List engines, pes, formats, workloads or technologies."`
	Show      showCmd      `cmd:"" help:"Print an engine's YAML."`
	Version   versionCmd   `cmd:"" help:"Print the version, and the versions of the tools found."`
}

// env is what a command may touch.
type env struct {
	ctx context.Context
	out io.Writer
	err io.Writer
}

// engineFlags choose an engine.
type engineFlags struct {
	Engine string   `required:"" placeholder:"E" help:"A preset (tpe list engines) or a .yaml file."`
	Set    []string `placeholder:"K=V" sep:"none" help:"Change a key of the engine; may be repeated."`
}

func (f *engineFlags) load() (arch.Config, error) { return arch.Load(f.Engine, f.Set) }

// toFile is a flag that may stand alone (standard output) or name a file.
type toFile struct {
	given bool
	path  string
}

// Decode implements kong's value interface.
func (f *toFile) Decode(ctx *kong.DecodeContext) error {
	f.given = true
	if t := ctx.Scan.Peek(); t.Type == kong.FlagValueToken {
		ctx.Scan.Pop()
		f.path = fmt.Sprint(t.Value)
	}
	return nil
}

// IsBool tells kong that the value may be absent.
func (f *toFile) IsBool() bool { return true }

// outputFlags choose the form of a report.
type outputFlags struct {
	JSON toFile `name:"json" help:"Print JSON; --json=FILE writes it to a file."`
	CSV  toFile `name:"csv" help:"Print CSV; --csv=FILE writes it to a file."`
}

// emit prints a report in the chosen form: JSON of v, or rows as CSV, or the table.
func (f *outputFlags) emit(e *env, v any, rows func() [][]string, table func(io.Writer) error) error {
	wrote := false
	if f.JSON.given {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return err
		}
		if err := put(e, f.JSON.path, b.Bytes()); err != nil {
			return err
		}
		wrote = wrote || f.JSON.path == ""
	}
	if f.CSV.given {
		b, err := csvOf(rows())
		if err != nil {
			return err
		}
		if err := put(e, f.CSV.path, b); err != nil {
			return err
		}
		wrote = wrote || f.CSV.path == ""
	}
	if wrote {
		return nil
	}
	return table(e.out)
}

func put(e *env, path string, b []byte) error {
	if path == "" {
		_, err := e.out.Write(b)
		return err
	}
	return wholefile.Bytes(path, b)
}
