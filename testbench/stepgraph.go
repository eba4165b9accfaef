package testbench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tpe/hw"
	"tpe/internal/tool"
	"tpe/rtlgen"
	"tpe/testbench/aig"
)

// CombinationalGraph makes the and-inverter graph of a module without state, for
// proofs over all inputs.
func CombinationalGraph(ctx context.Context, m *hw.Module) (*aig.Graph, error) {
	g, err := verilogGraph(ctx, m)
	if err == nil && len(g.Latches) > 0 {
		err = fmt.Errorf("testbench: module %s has %d flip-flops (expected none)", m.Name, len(g.Latches))
	}
	return g, err
}

// StepGraph makes the and-inverter graph of one step of a module without memories
// and instances: each register is an input port, its word before the clock edge, and
// an output port of the same name, its word after it. Registers on which no output
// depends are missing.
func StepGraph(ctx context.Context, m *hw.Module) (*aig.Graph, error) {
	if len(m.Insts)+len(m.Mems) > 0 {
		return nil, fmt.Errorf("testbench: module %s has %d instances and %d memories (expected none)", m.Name, len(m.Insts), len(m.Mems))
	}
	g, err := verilogGraph(ctx, m)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, r := range m.Regs {
		named[m.Nodes[r.Node].Name] = true
	}
	for i, l := range g.Latches { // Yosys lists all names of a latch in its symbol
		at := slices.IndexFunc(strings.Fields(l.Name), func(name string) bool {
			base, _, _ := strings.Cut(name, "[")
			return named[base]
		})
		if at < 0 {
			return nil, fmt.Errorf("testbench: module %s: flip-flop %s is of no register", m.Name, l.Name)
		}
		g.Latches[i].Name = strings.Fields(l.Name)[at]
	}
	return g.Cut(), nil
}

// verilogGraph makes the and-inverter graph of the Verilog that rtlgen prints of a
// module, with its flip-flops. The passes leave out opt_dff and opt_merge, which remove flip-flops
// that are constant, or equal to others, from reset on: a step may start from any
// state.
func verilogGraph(ctx context.Context, m *hw.Module) (*aig.Graph, error) {
	yosys, err := tool.Find(tool.Yosys)
	if err != nil {
		return nil, err
	}
	out, err := rtlgen.Emit(m, rtlgen.Options{})
	if err != nil {
		return nil, err
	}
	d := &design{top: out.Top, files: out.Files}
	script := (&prover{d: d}).goldScript() + "opt_expr\nopt_clean\ntechmap\nopt_expr\nopt_clean\ndffunmap\nsimplemap\nabc -g AND,XOR\nopt_clean\naigmap\nwrite_aiger -symbols ../" + aigName + "\n"
	e, err := build("aig", cacheKey(d.files, []byte(script), []byte(yosys.String())), func(dir string) error {
		work := filepath.Join(dir, "work")
		if err := writeFiles(work, append(slices.Clone(d.files), rtlgen.File{Name: "aig.ys", Text: []byte(script)})); err != nil {
			return err
		}
		if _, err := yosys.Run(ctx, work, "-q", "-s", "aig.ys"); err != nil {
			return err
		}
		return os.RemoveAll(work)
	})
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(e.dir, aigName))
	if err != nil {
		return nil, err
	}
	return aig.Read(text)
}
