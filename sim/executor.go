package sim

import (
	"fmt"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
	"tpe/hw/retime"
	"tpe/sim/lanes"
	"tpe/sim/llvm"
)

// Executors of the graph, by the names that --executor takes.
const (
	Auto  = "auto" // llvm if clang is there, else lanes
	Eval  = "eval" // the reference evaluator: slow
	Lanes = "lanes"
	LLVM  = "llvm"
)

// ExecutorNames lists the executors.
func ExecutorNames() []string { return []string{Auto, Lanes, LLVM, Eval} }

// ResolveExecutor turns auto into the executor that will run.
func ResolveExecutor(name string) (string, error) {
	switch name {
	case Auto, "":
		if llvm.Available() == nil {
			return LLVM, nil
		}
		return Lanes, nil
	case Eval, Lanes:
		return name, nil
	case LLVM:
		if err := llvm.Available(); err != nil {
			return "", fmt.Errorf("--executor llvm: %w", err)
		}
		return name, nil
	}
	return "", fmt.Errorf("--executor: unknown executor: %q (expected auto, lanes, llvm or eval)", name)
}

// NewRunner makes a runner of a flat module on the named executor (not auto). The fast
// executors run it in local time where [retime.LocalTime] can prove that right; eval always
// runs it as it is, and [NewPlainRunner] lets the others do so.
// close releases what it holds.
func NewRunner(executor string, flat *hw.Module) (r drive.Runner, close func() error, err error) {
	if executor != Eval {
		t, err := retime.LocalTime(flat)
		if err != nil {
			return nil, nil, err
		}
		flat = t.Module
	}
	return NewPlainRunner(executor, flat)
}

// NewPlainRunner is NewRunner without a rewrite.
func NewPlainRunner(executor string, flat *hw.Module) (r drive.Runner, close func() error, err error) {
	nothing := func() error { return nil }
	switch executor {
	case Eval:
		m, err := eval.New(flat)
		if err != nil {
			return nil, nil, err
		}
		r, err := drive.NewMachineRunner(flat, m)
		return r, nothing, err
	case Lanes:
		r, err := lanes.NewRunner(flat)
		return r, nothing, err
	case LLVM:
		r, err := llvm.NewRunner(flat)
		if err != nil {
			return nil, nil, err
		}
		return r, func() error { r.Close(); return nil }, nil
	}
	return nil, nil, fmt.Errorf("sim: unknown executor: %q", executor)
}
