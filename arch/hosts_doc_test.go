package arch_test

import (
	"fmt"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
	"tpe/internal/golden"
	"tpe/numeric"
)

// TestHostPages makes the tables of the pages of the arrays that host multiply-accumulate PEs: what
// small engines take, by stepping them, and the streams and registers of their graphs.
func TestHostPages(t *testing.T) {
	pages := []struct {
		kind    string
		presets []string // of the table of ports, at the small size
		small   []string
		shapes  []arch.Shape
	}{
		{"matrix2d", []string{"matrix2d", "matrix2d-opt1"}, []string{"rows=4", "cols=3"},
			[]arch.Shape{{4, 3, 1}, {4, 3, 4}, {4, 3, 9}, {8, 3, 1}, {8, 3, 9}, {6, 3, 1}, {1, 6, 4}}},
		{"tree", []string{"tree", "tree-opt1"}, []string{"lanes=4", "cells=3", "acc_rows=8"},
			[]arch.Shape{{1, 3, 4}, {8, 3, 4}, {8, 3, 9}, {8, 6, 9}, {20, 3, 9}, {1, 1, 1}}},
		{"cube", []string{"cube", "cube-opt1"}, []string{"x=4", "y=4", "z=4"},
			[]arch.Shape{{4, 4, 4}, {4, 4, 16}, {8, 4, 4}, {8, 4, 16}, {8, 8, 64}, {1, 4, 64}, {5, 5, 5}}},
	}
	for _, p := range pages {
		t.Run(p.kind, func(t *testing.T) {
			blocks := map[string]string{
				"ports":     hostPorts(t, p.presets[0], p.small),
				"cycles":    hostCycles(t, p.presets, p.small, p.shapes),
				"registers": hostRegisters(t, p.presets),
			}
			golden.Blocks(t, "../docs/engines/"+p.kind+".md", blocks)
		})
	}
}

func presetWith(t *testing.T, name string, set ...string) *arch.Engine {
	t.Helper()
	c, err := arch.Load(name, set)
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// hostCycles steps jobs on the reference evaluator and wants the closed form's count.
func hostCycles(t *testing.T, presets, small []string, shapes []arch.Shape) string {
	head, line := "| preset |", "|---|"
	for _, s := range shapes {
		head += fmt.Sprintf(" %s |", s)
		line += "---:|"
	}
	out := head + "\n" + line + "\n"
	for _, name := range presets {
		e := presetWith(t, name, small...)
		m, err := eval.New(e.Flat)
		if err != nil {
			t.Fatal(err)
		}
		r, err := drive.NewMachineRunner(e.Flat, m)
		if err != nil {
			t.Fatal(err)
		}
		out += fmt.Sprintf("| `%s` |", name)
		for _, s := range shapes {
			o := arch.Operands{A: numeric.NewDense(s.M, s.K), B: numeric.NewDense(s.K, s.N)}
			plan, err := e.Plan(s)
			if err != nil {
				t.Fatal(err)
			}
			play, err := plan.Play(o)
			if err != nil {
				t.Fatal(err)
			}
			play.Limit = 100000
			traces, err := r.Run([]drive.Play{play})
			if err != nil {
				t.Fatal(err)
			}
			got, want := traces[0].Span(e.OperandStreams()...), e.Cycles(s, o)
			if got != want {
				t.Errorf("%s gemm %s: stepped %d, closed form %d", name, s, got, want)
			}
			out += fmt.Sprintf(" %d |", got)
		}
		out += "\n"
	}
	return out + "\nArray of `" + strings.Join(small, "`, `") + "`; columns are M x N x K.\n"
}

// hostPorts lists the streams of an engine with an initial C.
func hostPorts(t *testing.T, preset string, small []string) string {
	e := presetWith(t, preset, append([]string{"init_c=true"}, small...)...)
	out := "| stream | direction | fields |\n|---|---|---|\n"
	for i, s := range append(e.Ports.In, e.Ports.Out) {
		dir := "in"
		if i == len(e.Ports.In) {
			dir = "out"
		}
		var fields []string
		for _, f := range s.Fields {
			fields = append(fields, fieldText(f))
		}
		out += fmt.Sprintf("| `%s` | %s | %s |\n", s.Name, dir, strings.Join(fields, ", "))
	}
	return out + "\n`" + strings.Join(small, "`, `") + "`; a field is *name lanes x bits* or *name bits*.\n"
}

func fieldText(f drive.Field) string {
	if f.Lanes == 1 {
		return fmt.Sprintf("%s %d", f.Name, f.Width)
	}
	return fmt.Sprintf("%s %d x %d", f.Name, f.Lanes, f.Width)
}

// hostRegisters counts the register bits of each module of the presets.
func hostRegisters(t *testing.T, presets []string) string {
	out := "| preset | one PE or cell | all registers of the engine |\n|---|---:|---:|\n"
	for _, name := range presets {
		e := presetWith(t, name)
		out += fmt.Sprintf("| `%s` | %d | %d |\n", name, registerBits(peModule(t, e)), registerBits(e.Flat))
	}
	return out + "\nBits; delay lines (skew, deskew) included in the right column, memories not.\n"
}

// registerBits counts the bits of registers and delays of one module.
func registerBits(m *hw.Module) int {
	bits := 0
	for _, r := range m.Regs {
		n := &m.Nodes[r.Node]
		bits += n.Width * m.Lanes(n.Shape)
	}
	for id := range m.Nodes {
		if n := &m.Nodes[id]; n.Op == hw.OpDelay {
			for _, d := range m.Delays(hw.ID(id)) {
				bits += n.Width * d
			}
		}
	}
	return bits
}
