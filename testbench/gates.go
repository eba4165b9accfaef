package testbench

import (
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
	"tpe/testbench/aig"
)

// gates executes an and-inverter graph as a [hw.Machine] with the ports of a
// module.
type gates struct {
	sim     *aig.Simulator
	in, out [][]int // per port: the inputs or outputs of its bits, lane 0 first, low bits first
	width   []int   // of a lane of each output
	resetN  int     // the input; -1 if there is none
}

// newGates matches the ports of a module with the symbols of a graph.
func newGates(top *hw.Module, d *design, g *aig.Graph) (*gates, error) {
	in, err := g.InputPorts()
	if err != nil {
		return nil, err
	}
	out, err := g.OutputPorts()
	if err != nil {
		return nil, err
	}
	m := &gates{sim: aig.NewSimulator(g), resetN: -1}
	find := func(list []aig.Port, name string, bits int) ([]int, error) {
		i := slices.IndexFunc(list, func(p aig.Port) bool { return p.Name == name })
		if i < 0 || len(list[i].Bits) != bits {
			return nil, fmt.Errorf("testbench: the netlist has no port %s of %d bits", name, bits)
		}
		return list[i].Bits, nil
	}
	var errs []error
	for i, p := range top.Inputs {
		n := &top.Nodes[p.Node]
		b, err := find(in, d.inputs[i], n.Width*top.Lanes(n.Shape))
		m.in, errs = append(m.in, b), append(errs, err)
	}
	for i, p := range top.Outputs {
		n := &top.Nodes[p.Node]
		b, err := find(out, d.outputs[i], n.Width*top.Lanes(n.Shape))
		m.out, m.width, errs = append(m.out, b), append(m.width, n.Width), append(errs, err)
	}
	if d.clocked {
		b, err := find(in, "rst_ni", 1)
		if err == nil {
			m.resetN = b[0]
		}
		errs = append(errs, err)
	}
	return m, errors.Join(errs...)
}

// Set implements [hw.Machine].
func (m *gates) Set(p int, lanes []uint64) {
	width := len(m.in[p]) / len(lanes)
	for k, bit := range m.in[p] {
		m.sim.Set(bit, lanes[k/width]>>(k%width)&1)
	}
}

// Settle implements [hw.Machine].
func (m *gates) Settle() {
	m.reset(false)
	m.sim.Settle()
}

func (m *gates) reset(on bool) {
	if m.resetN < 0 {
		return
	}
	level := uint64(1)
	if on {
		level = 0
	}
	m.sim.Set(m.resetN, level)
}

// Get implements [hw.Machine].
func (m *gates) Get(p int, dst []uint64) {
	width := m.width[p]
	for l := range dst {
		dst[l] = 0
		for k, bit := range m.out[p][l*width : (l+1)*width] {
			dst[l] |= m.sim.Get(bit) & 1 << k
		}
	}
}

// Step implements [hw.Machine].
func (m *gates) Step(reset bool) {
	if reset {
		m.reset(true)
		m.sim.Settle()
	}
	m.sim.Step()
}

// Failures implements [hw.Machine]: a netlist has no assertions.
func (m *gates) Failures() []uint64 { return nil }

// runGates plays stimulus on a fresh copy of the gates.
func runGates(ctx context.Context, top *hw.Module, d *design, g *aig.Graph, plays []drive.Play) ([]drive.Trace, error) {
	m, err := newGates(top, d, g)
	if err != nil {
		return nil, err
	}
	r, err := drive.NewMachineRunner(top, m)
	if err != nil {
		return nil, err
	}
	traces := make([]drive.Trace, len(plays))
	for i := range plays {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("testbench: after %d plays: %w", i, context.Cause(ctx))
		}
		one, err := r.Run(plays[i : i+1])
		traces[i] = one[0]
		if hang := (*drive.HangError)(nil); errors.As(err, &hang) {
			hang.Play = i
		}
		if err != nil {
			return traces, err
		}
	}
	return traces, nil
}

// graph turns a netlist and the models of its cells into an and-inverter graph.
func graph(ctx context.Context, yosys tool.Tool, top string, files []rtlgen.File) (*aig.Graph, time.Duration, error) {
	script := fmt.Sprintf(`read_verilog %s %s
hierarchy -check -top %s
proc
dffunmap
simplemap
aigmap
flatten
write_aiger -symbols ../%s
`, netlistName, cellsName, top, aigName)
	e, err := build("netlist-aig", cacheKey(files, []byte(script), []byte(yosys.String())), func(dir string) error {
		work := filepath.Join(dir, "work")
		if err := writeFiles(work, append(slices.Clone(files), rtlgen.File{Name: "aig.ys", Text: []byte(script)})); err != nil {
			return err
		}
		if _, err := yosys.Run(ctx, work, "-q", "-s", "aig.ys"); err != nil {
			return err
		}
		return os.RemoveAll(work)
	})
	if err != nil {
		return nil, 0, err
	}
	text, err := os.ReadFile(filepath.Join(e.dir, aigName))
	if err != nil {
		return nil, 0, err
	}
	g, err := aig.Read(text)
	return g, e.took, err
}

const aigName = "netlist.aig"
