package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/sim"
	"tpe/sim/llvm"
	"tpe/testbench"
)

// Cases that the slow simulators take part in at most. What they leave out, the
// fast legs run all the same.
const (
	icarusCases  = 100
	netlistCases = 200
)

// LegNames lists the legs in the order in which they run; formula comes with eval.
func LegNames() []string {
	return []string{"eval", "lanes", "llvm", "verilator", "icarus", "netlist"}
}

// SelectLegs returns the named legs (comma-separated; empty: all), the reference
// evaluator always first. A leg whose tool is missing says so in Skipped.
func SelectLegs(names string) ([]Leg, error) {
	want := LegNames()
	if names != "" {
		want = strings.Split(names, ",")
		for _, n := range want {
			if !slices.Contains(LegNames(), n) {
				return nil, fmt.Errorf("--legs: unknown leg: %q (expected %s)", n, strings.Join(LegNames(), ", "))
			}
		}
	}
	var legs []Leg
	for _, n := range LegNames() {
		if n == "eval" || slices.Contains(want, n) {
			legs = append(legs, newLeg(n))
		}
	}
	return legs, nil
}

func newLeg(name string) Leg {
	switch name {
	case "eval", "lanes":
		return executorLeg(name)
	case "llvm":
		l := executorLeg(name)
		if err := llvm.Available(); err != nil {
			l.Skipped = err.Error()
		} else {
			l.use(tool.Clang)
		}
		return l
	case "verilator":
		l := Leg{Name: name, Open: func(ctx context.Context, e *arch.Engine) (drive.Runner, func() error, error) {
			v, err := testbench.NewVerilator(ctx, e.Top, testbench.VerilatorOptions{Quick: true})
			return v, nothing, err
		}}
		l.use(tool.Verilator, tool.GXX)
		return l
	case "icarus":
		l := Leg{Name: name, Cases: icarusCases, Open: func(ctx context.Context, e *arch.Engine) (drive.Runner, func() error, error) {
			v, err := testbench.NewIcarus(ctx, e.Top, testbench.IcarusOptions{})
			return v, nothing, err
		}}
		l.use(tool.Icarus)
		return l
	default:
		l := Leg{Name: name, Cases: netlistCases, Open: func(ctx context.Context, e *arch.Engine) (drive.Runner, func() error, error) {
			v, err := testbench.NewNetlist(ctx, e.Top, "", testbench.NetlistOptions{})
			return v, nothing, err
		}}
		l.use(tool.Yosys, tool.Verilator, tool.GXX, tool.OSU018)
		return l
	}
}

func nothing() error { return nil }

func executorLeg(name string) Leg {
	return Leg{Name: name, Open: func(_ context.Context, e *arch.Engine) (drive.Runner, func() error, error) {
		return sim.NewRunner(name, e.Flat)
	}}
}

// use notes the versions of the tools that a leg needs, or which is missing.
func (l *Leg) use(names ...string) {
	for _, n := range names {
		t, err := tool.Find(n)
		if err != nil {
			l.Skipped = err.Error()
			return
		}
		if n == names[0] {
			l.Version = n + " " + t.Version
		}
	}
}
