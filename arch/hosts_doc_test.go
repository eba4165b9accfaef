package arch_test

import (
	"fmt"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/internal/golden"
	"tpe/numeric"
	"tpe/pe"
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
		{"matrix2d", []string{"matrix2d", "matrix2d-opt1", "matrix2d-opt2"}, []string{"rows=4", "cols=3"},
			[]arch.Shape{{4, 3, 1}, {4, 3, 4}, {4, 3, 9}, {8, 3, 1}, {8, 3, 9}, {6, 3, 1}, {1, 6, 4}}},
		{"tree", []string{"tree", "tree-opt1", "tree-opt2"}, []string{"lanes=4", "cells=3", "acc_rows=8"},
			[]arch.Shape{{1, 3, 4}, {8, 3, 4}, {8, 3, 9}, {8, 6, 9}, {20, 3, 9}, {1, 1, 1}}},
		{"cube", []string{"cube", "cube-opt1"}, []string{"x=4", "y=4", "z=4"},
			[]arch.Shape{{4, 4, 4}, {4, 4, 16}, {8, 4, 4}, {8, 4, 16}, {8, 8, 64}, {1, 4, 64}, {5, 5, 5}}},
		{"fma", []string{"fma-bf16", "fma-skew-bf16", "anfma-bf16"}, []string{"rows=4", "cols=3", "acc_rows=8"},
			[]arch.Shape{{1, 3, 4}, {8, 3, 4}, {8, 3, 9}, {8, 6, 9}, {20, 3, 9}, {1, 1, 1}}},
		{"addmul", []string{"lmul-bf16", "lmul-e4m3", "lmul-eq-bf16", "pam-bf16", "fp8add-e4m3"}, []string{"rows=4", "cols=3", "acc_rows=8"},
			[]arch.Shape{{1, 3, 4}, {8, 3, 4}, {8, 3, 9}, {8, 6, 9}, {20, 3, 9}, {1, 1, 1}}},
		{"blockfma", []string{"tc-a100-bf16-f32", "tc-h100-e4m3-f32"}, []string{"rows=2", "cols=2", "products=4", "slots_m=1", "slots_n=2"},
			[]arch.Shape{{1, 1, 1}, {2, 4, 4}, {2, 4, 8}, {2, 4, 64}, {4, 4, 8}, {8, 16, 64}, {3, 5, 9}}},
		{"blocks", []string{"nvfp4", "mx-e4m3", "figna"}, []string{"rows=2", "cols=2", "products=4", "block=4", "slots_m=1", "slots_n=2"},
			[]arch.Shape{{1, 1, 1}, {2, 4, 4}, {2, 4, 8}, {2, 4, 64}, {8, 16, 64}, {3, 5, 9}}},
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

// TestHoistPage makes the tables of the page on encoders at the edge: every preset beside the
// plain one, at a small size.
func TestHoistPage(t *testing.T) {
	s := arch.Shape{M: 8, N: 4, K: 8}
	cycles := fmt.Sprintf("| plain | hoisted | cycles, gemm %s | of the hoisted | one PE or cell, register bits | of the hoisted | encoders |\n|---|---|---:|---:|---:|---:|---:|\n", s)
	for _, p := range []struct{ plain, hoisted, small string }{
		{"systolic-os", "systolic-os-ent", "rows=4 cols=4"},
		{"systolic-ws", "systolic-ws-ent", "rows=4 cols=4"},
		{"matrix2d", "matrix2d-ent", "rows=4 cols=4"},
		{"tree", "tree-ent", "lanes=4 cells=4"},
		{"cube", "cube-ent", "x=4 y=4 z=4"},
	} {
		var count [2]int64
		var bits [2]int
		var encoders int
		for i, name := range []string{p.plain, p.hoisted} {
			e := presetWith(t, name, strings.Fields(p.small)...)
			count[i] = steppedCycles(t, e, s)
			bits[i] = peModule(t, e).RegisterBits()
			for _, inst := range e.Top.Insts {
				if inst.Name == "encoder" {
					encoders = e.Top.Lanes(inst.Over)
				}
			}
		}
		if count[1] != count[0]+2 {
			t.Errorf("%s: %d cycles, plain %d, want 2 more", p.hoisted, count[1], count[0])
		}
		cycles += fmt.Sprintf("| `%s` | `%s` | %d | %d | %d | %d | %d |\n", p.plain, p.hoisted, count[0], count[1], bits[0], bits[1], encoders)
	}
	codes := "| encoding | digits of int8 | bits of a code | sign | bits that travel |\n|---|---:|---:|---:|---:|\n"
	for _, enc := range numeric.Encodings() {
		e := pe.Encoder{Encoding: enc, Format: numeric.Int{Bits: 8, Signed: true}}
		sign := 0
		if e.HasSign() {
			sign = 1
		}
		codes += fmt.Sprintf("| `%s` | %d | %d | %d | %d |\n", enc, e.Digits(), e.CodeBits(), sign, e.Bits())
	}
	golden.Blocks(t, "../docs/engines/hoisted-encoders.md", map[string]string{"presets": cycles, "codes": codes})
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
		out += fmt.Sprintf("| `%s` |", name)
		for _, s := range shapes {
			out += fmt.Sprintf(" %d |", steppedCycles(t, e, s))
		}
		out += "\n"
	}
	return out + "\nArray of `" + strings.Join(small, "`, `") + "`; columns are M x N x K.\n"
}

// steppedCycles is the count of a job of zeros on the reference evaluator, which the closed form
// must equal.
func steppedCycles(t *testing.T, e *arch.Engine, s arch.Shape) int64 {
	t.Helper()
	r := arch.EvalRunner(t, e)
	var o arch.Operands
	for _, m := range e.Matrices(s) {
		o.Put(m, numeric.NewDense(m.Rows, m.Cols))
	}
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
		t.Errorf("%s gemm %s: stepped %d, closed form %d", e.Name, s, got, want)
	}
	return got
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
		out += fmt.Sprintf("| `%s` | %d | %d |\n", name, peModule(t, e).RegisterBits(), e.Flat.RegisterBits())
	}
	return out + "\nBits; delay lines (skew, deskew) included in the right column, memories not.\n"
}
