package testbench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/rtlgen"
)

// NetlistOptions choose how a netlist is made and simulated.
type NetlistOptions struct {
	// Flatten synthesises the design as one module. Otherwise each module is
	// synthesised once, however often it is placed, which takes far less time.
	Flatten bool
	// Simulator runs the gates.
	Simulator GateSimulator
	// Verilator are the options of that simulator.
	Verilator VerilatorOptions
}

// GateSimulator says what runs a netlist.
type GateSimulator int

const (
	// GatesInGo evaluates the and-inverter graph of the netlist, cells replaced
	// by their functions: ready in seconds, some ten thousand cycles of a 4x4
	// array a second.
	GatesInGo GateSimulator = iota
	// GatesInVerilator compiles the gates, which takes minutes for a 4x4 array.
	GatesInVerilator
	// GatesInIcarus interprets them, at some fifty cycles a second.
	GatesInIcarus
)

// Netlist runs the gates that Yosys makes of a design. Memories become flip-flops:
// some hundred words are fine, and a few thousand (the 512 rows of partial sums of a
// weight-stationary array by default) take minutes of synthesis.
//
// Flip-flops have no initial value: they start at 0, and a register whose reset
// value is not 0 would start wrong. So the harness begins with one clock edge
// under reset that no trace shows. A memory that would be written at that edge, out
// of the state of all zeros, would differ from the graph; none of ours is.
type Netlist struct {
	// BuildTime is the wall time that synthesis and the making of the simulator
	// took, when they were done.
	BuildTime time.Duration
	// Version names the tools.
	Version string

	run func(ctx context.Context, plays []drive.Play) ([]drive.Trace, error)
	d   *design
}

// NewNetlist synthesises a module with the cells of a Liberty file, or of OSU018
// if liberty is empty, and prepares its simulation. A missing tool is a
// *[tool.Missing].
func NewNetlist(ctx context.Context, top *hw.Module, liberty string, opt NetlistOptions) (*Netlist, error) {
	d, err := newDesign(top)
	if err != nil {
		return nil, err
	}
	yosys, err := tool.Find(tool.Yosys)
	if err != nil {
		return nil, err
	}
	if liberty == "" {
		lib, err := tool.Find(tool.OSU018)
		if err != nil {
			return nil, err
		}
		liberty = lib.Path
	}
	gates, took, err := synthesize(ctx, yosys, d, liberty, opt.Flatten)
	if err != nil {
		return nil, err
	}
	n := &Netlist{Version: yosys.String(), d: d}
	gate := *d
	gate.files = gates
	n.BuildTime = took
	switch opt.Simulator {
	case GatesInIcarus:
		icarus, err := newIcarus(&gate)
		if err != nil {
			return nil, err
		}
		n.run = icarus.RunContext
		n.Version += ", " + icarus.iverilog.String()
	case GatesInVerilator:
		sim, err := buildVerilator(ctx, &gate, opt.Verilator)
		if err != nil {
			return nil, err
		}
		n.run = sim.RunContext
		n.BuildTime += sim.BuildTime
		n.Version += ", verilator " + sim.Version
	default:
		g, took, err := graph(ctx, yosys, d.top, gates)
		if err != nil {
			return nil, err
		}
		if _, err := newGates(top, d, g); err != nil {
			return nil, err
		}
		n.run = func(ctx context.Context, plays []drive.Play) ([]drive.Trace, error) {
			return runGates(ctx, top, d, g, plays)
		}
		n.BuildTime += took
	}
	return n, nil
}

// synthesize returns the netlist and functional models of the cells, and the wall
// time that they took.
func synthesize(ctx context.Context, yosys tool.Tool, d *design, liberty string, flatten bool) ([]rtlgen.File, time.Duration, error) {
	text, err := os.ReadFile(liberty)
	if err != nil {
		return nil, 0, fmt.Errorf("testbench: liberty file: %w", err)
	}
	script := synthesisScript(d, flatten)
	key := cacheKey(d.files, script, text, []byte(yosys.String()))
	e, err := build("netlist", key, func(dir string) error {
		work := filepath.Join(dir, "work")
		files := append(slices.Clone(d.files), rtlgen.File{Name: libertyName, Text: text}, rtlgen.File{Name: "synth.ys", Text: script})
		if err := writeFiles(work, files); err != nil {
			return err
		}
		if _, err := yosys.Run(ctx, work, "-q", "-s", "synth.ys"); err != nil {
			return err
		}
		return os.RemoveAll(work)
	})
	if err != nil {
		return nil, 0, err
	}
	var files []rtlgen.File
	for _, name := range []string{netlistName, cellsName} {
		text, err := os.ReadFile(filepath.Join(e.dir, name))
		if err != nil {
			return nil, 0, err
		}
		files = append(files, rtlgen.File{Name: name, Text: text})
	}
	return files, e.took, nil
}

const (
	libertyName = "cells.lib"
	netlistName = "netlist.v"
	cellsName   = "cells.v"
)

func synthesisScript(d *design, flatten bool) []byte {
	var b bytes.Buffer
	for _, name := range d.fileNames() {
		fmt.Fprintf(&b, "read_verilog %s\n", name)
	}
	mode := ""
	if flatten {
		mode = " -flatten"
	}
	fmt.Fprintf(&b, `hierarchy -check -top %[1]s
synth%[2]s -top %[1]s
dfflibmap -liberty %[3]s
abc -liberty %[3]s
opt_clean -purge
read_liberty -lib -ignore_miss_func %[3]s
check -assert
write_verilog -noattr ../%[4]s
design -reset
read_liberty -ignore_miss_func %[3]s
proc
write_verilog -noattr ../%[5]s
`, d.top, mode, libertyName, netlistName, cellsName)
	return b.Bytes()
}

// Run implements [drive.Runner], from power-on each time.
func (n *Netlist) Run(plays []drive.Play) ([]drive.Trace, error) {
	return n.RunContext(context.Background(), plays)
}

// RunContext is Run that ends the simulator when ctx ends.
func (n *Netlist) RunContext(ctx context.Context, plays []drive.Play) ([]drive.Trace, error) {
	if err := n.d.check(plays); err != nil {
		return nil, err
	}
	powerOn := drive.Play{Reset: 1, Beats: make([][]byte, len(n.d.in))}
	traces, err := n.run(ctx, append([]drive.Play{powerOn}, plays...))
	if len(traces) > 0 {
		traces = traces[1:]
	}
	if hang := (*drive.HangError)(nil); errors.As(err, &hang) {
		hang.Play--
	}
	return traces, err
}
