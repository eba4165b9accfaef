package verify

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
)

// evalLeg runs a graph, made from the engine's by change, on the reference evaluator.
func evalLeg(name string, change func(*hw.Module)) Leg {
	return Leg{Name: name, Open: func(_ context.Context, e *arch.Engine) (drive.Runner, func() error, error) {
		flat := *e.Flat
		flat.Nodes = slices.Clone(e.Flat.Nodes)
		if change != nil {
			change(&flat)
		}
		m, err := eval.New(&flat)
		if err != nil {
			return nil, nil, err
		}
		r, err := drive.NewMachineRunner(&flat, m)
		return r, func() error { return nil }, err
	}}
}

func build(t *testing.T, engine string, set ...string) *arch.Engine {
	t.Helper()
	c, err := arch.Load(engine, set)
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func nodeOf(m *hw.Module, op hw.Op, name string) *hw.Node {
	for i := range m.Nodes {
		if m.Nodes[i].Op == op && strings.Contains(m.Nodes[i].Name, name) {
			return &m.Nodes[i]
		}
	}
	panic("verify: no node " + name)
}

// TestBrokenHardwareIsCaught breaks a PE, the drain, the control and the formula, each
// once, and expects the cross-check to say so.
func TestBrokenHardwareIsCaught(t *testing.T) {
	tests := []struct {
		name   string
		change func(*hw.Module)
		bits   bool // words must differ
		cycles bool // cycles must differ
	}{
		{"nothing", nil, false, false},
		{"pe: unsigned product", func(m *hw.Module) { nodeOf(m, hw.OpMulS, "product").Op = hw.OpMulU }, true, false},
		{"drain: rows enter one edge late", func(m *hw.Module) { nodeOf(m, hw.OpDelay, "row_data").K++ }, true, false},
		{"drain: valid one edge late", func(m *hw.Module) { nodeOf(m, hw.OpDelay, "row_valid").K++ }, true, true},
		{"skew: rows not delayed", func(m *hw.Module) {
			n := nodeOf(m, hw.OpDelay, "west")
			n.Coef = slices.Clone(n.Coef)
			for i := range n.Coef {
				n.Coef[i] *= 2
			}
		}, true, false},
	}
	e := build(t, "systolic-os", "rows=3", "cols=5")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, err := Run(context.Background(), e, Options{Cases: 40, Seed: 1, Legs: []Leg{evalLeg("eval", nil), evalLeg("broken", tt.change)}})
			if err != nil {
				t.Fatal(err)
			}
			broken := res.Legs[len(res.Legs)-1]
			if (broken.BitMismatches > 0) != tt.bits || (broken.CycleMismatches > 0) != tt.cycles {
				t.Errorf("%d words and %d cycles differ, want words %v cycles %v", broken.BitMismatches, broken.CycleMismatches, tt.bits, tt.cycles)
			}
			if tt.bits != (len(res.Failures) == 1) {
				t.Errorf("failures: %+v", res.Failures)
			}
			if tt.bits && !strings.Contains(res.Failures[0].Case, "gemm") {
				t.Errorf("failure does not name its case: %+v", res.Failures[0])
			}
		})
	}
	t.Run("formula", func(t *testing.T) {
		wrong := *e
		wrong.Drain = "up" // the graph still drains downwards
		wrong.Config.Overlap = arch.OverlapNone
		res, err := Run(context.Background(), &wrong, Options{Cases: 40, Seed: 1, Legs: []Leg{evalLeg("eval", nil)}})
		if err != nil {
			t.Fatal(err)
		}
		if res.Legs[0].Name != "formula" || res.Legs[0].CycleMismatches == 0 {
			t.Errorf("wrong formula was not caught: %+v", res.Legs)
		}
	})
}

func TestVerifyPresetsOnEval(t *testing.T) {
	for _, preset := range arch.Representatives() {
		p := preset.Name
		e := build(t, p, append(preset.Config.SmallSizes()[1], "init_c=true")...)
		res, err := Run(context.Background(), e, Options{Cases: 48, Seed: 2, Legs: []Leg{evalLeg("eval", nil)}})
		if err != nil {
			t.Fatal(err)
		}
		if res.Failed() {
			t.Errorf("%s: %+v", p, res.Failures)
		}
		if res.Legs[0].Cases < 20 {
			t.Errorf("%s: only %d cases compared with the formula", p, res.Legs[0].Cases)
		}
	}
}
