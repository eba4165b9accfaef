package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"

	"tpe/arch"
	"tpe/cost"
	"tpe/numeric"
	"tpe/sim"
	"tpe/workloads"
)

type listCmd struct {
	What  string `arg:"" enum:"engines,pes,formats,workloads,technologies" help:"engines, pes, formats, workloads or technologies (of tpe cost --tech)."`
	Table bool   `help:"Of engines: rates, cycles on normal data, registers, accuracy."`
	outputFlags
}

// engineRow is a row of tpe list engines --json.
type engineRow struct {
	Name         string   `json:"name"`
	Kind         string   `json:"kind"`
	Formats      []string `json:"formats"`
	Dims         []int    `json:"dims"`
	MACsPerCycle int      `json:"macs_per_cycle"`
	Exact        bool     `json:"exact"`
	Fidelities   []string `json:"fidelities"`
	Doc          string   `json:"doc"`
}

// namedRow is a row of the other lists.
type namedRow struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// Run implements the command.
func (c *listCmd) Run(e *env) error {
	switch {
	case c.Table && c.What != "engines":
		return fmt.Errorf("--table: there is none of %s (expected tpe list engines --table)", c.What)
	case c.Table:
		return c.engineTable(e)
	case c.What == "engines":
		return c.engines(e)
	}
	var list []namedRow
	switch c.What {
	case "pes":
		list = []namedRow{
			{"mac", "multiply and accumulate in one binary word; multiplier star (left to synthesis) or booth4"},
			{"opt1", "compressed accumulation of Booth rows into a (sum, carry) pair; the carry propagates at the edge of the array"},
			{"bitfusion", "16 multipliers of 2 x 2 bits, fused to 1 product of 8 x 8 bits, 4 of 4 x 4, 16 of 2 x 2 or what lies between"},
			{"fma", "fused multiply-add of floats, the sum rounded each time or, with acc: kulisch, exact in fixed point; keys stages and skewed pipeline it"},
			{"anfma", "multiply-add of floats that normalises its sum approximately; a column's foot normalises exactly and rounds"},
			{"lmul", "as fma, with products by L-Mul: the sum of the fields of exponent and fraction and a constant; one float format"},
			{"lmul-eq", "as lmul, with the products of L-Mul's equation, which keep a carry of the fractions in its place"},
			{"pam", "as lmul without the constant: piecewise affine products"},
			{"fp8add", "as pam with a carry from a table of the fractions: products rounded correctly; at most 3 fraction bits"},
			{"blockfma", "dot-product unit of a tensor core, kind blockfma: products aligned to the greatest exponent, cut, summed, rounded once"},
			{"blocks", "the same on block formats (MX, NVFP4) or pre-aligned elements (FIGNA): exact sums of blocks, times their scales"},
			{"opt3", "as opt4c, with an encoder and a queue of its own"},
			{"opt4c", "one digit of A times an operand of B a cycle into a (sum, carry) pair; a column shares the encoder and the queue of digits"},
			{"opt4e", "as opt4c, with several digits and operands of B a cycle into one pair"},
		}
	case "technologies":
		for _, name := range cost.TechnologyNames() {
			t, err := cost.LoadTechnology(name)
			if err != nil {
				return err
			}
			list = append(list, namedRow{name, fmt.Sprintf("%d nm; %s", t.NodeNM, t.Source)})
		}
	case "formats":
		list = []namedRow{{"int2..int16", "two's complement operands"}, {"uint2..uint16", "unsigned operands"},
			{"2..64 bits", "accumulator, signed if either operand is; wraps or saturates"}}
		for _, f := range numeric.Floats() {
			list = append(list, namedRow{f.Name, fmt.Sprintf("float of %d bits, %d of exponent, %d of fraction (docs/formats.md)", f.Width(), f.Exp, f.Man)})
		}
	case "workloads":
		for _, w := range workloads.Names() {
			list = append(list, namedRow{w.Name, w.Description})
		}
		list = append(list, namedRow{"gemm:MxNxK", "one matrix multiplication"}, namedRow{"FILE.csv", "SCALE-Sim topology or the project's own table"})
	}
	rows := func() [][]string {
		out := [][]string{{"name", "description"}}
		for _, r := range list {
			out = append(out, []string{r.Name, r.Doc})
		}
		return out
	}
	return c.emit(e, list, rows, func(w io.Writer) error { return (&table{rows()}).write(w) })
}

func (c *listCmd) engines(e *env) error {
	var list []engineRow
	for _, p := range append(arch.Presets(), arch.Models()...) {
		cfg := p.Config
		fidelities := []string{sim.Formula, sim.Cycle, sim.RTL}
		if !cfg.HasHardware() {
			fidelities = []string{sim.Formula}
		}
		a, b, result := cfg.Formats()
		list = append(list, engineRow{
			Name: p.Name, Kind: cfg.Kind, Formats: []string{a.String(), b.String(), result.String()},
			Dims: cfg.Dims(), MACsPerCycle: cfg.MACsPerCycle(), Exact: cfg.Exact(),
			Fidelities: fidelities, Doc: p.Doc,
		})
	}
	rows := func() [][]string {
		out := [][]string{{"name", "kind", "formats", "dims", ">macs_per_cycle", "description"}}
		for _, r := range list {
			out = append(out, []string{r.Name, r.Kind, fmt.Sprintf("%s x %s into %s", r.Formats[0], r.Formats[1], r.Formats[2]),
				arch.DimsText(r.Dims), strconv.Itoa(r.MACsPerCycle), r.Doc})
		}
		return out
	}
	return c.emit(e, list, rows, func(w io.Writer) error { return (&table{rows()}).write(w) })
}

type showCmd struct {
	Engine string   `arg:"" help:"A preset or a .yaml file."`
	Set    []string `placeholder:"K=V" sep:"none" help:"Change a key of the engine; may be repeated."`
}

// Run implements the command.
func (c *showCmd) Run(e *env) error {
	cfg, err := arch.Load(c.Engine, c.Set)
	if err != nil {
		return err
	}
	_, err = e.out.Write(cfg.YAML())
	return err
}

// version is the project's version.
const version = "0.1.0"

type versionCmd struct{}

// Run implements the command.
func (c *versionCmd) Run(e *env) error {
	fmt.Fprintf(e.out, "tpe %s, engine schema %d, %s %s/%s\n", version, arch.SchemaVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, t := range foundTools() {
		fmt.Fprintf(e.out, "%-10s %s\n", t[0], t[1])
	}
	return nil
}
