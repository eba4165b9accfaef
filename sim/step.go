package sim

import (
	"tpe/arch"
	"tpe/hw/drive"
)

// Job is what stepping one multiplication gave.
type Job struct {
	Words    []int64     // M x N, row-major
	Span     int64       // clock edges, as [arch.Config.Cycles] counts them
	Want     arch.Timing // of the closed form
	Failures uint64      // of assertions
}

// StepJob steps one multiplication on a runner of the engine's flat module, from reset, without stalls.
func StepJob(e *arch.Engine, r drive.Runner, s arch.Shape, o arch.Operands) (*Job, error) {
	plan, err := e.Plan(s)
	if err != nil {
		return nil, err
	}
	play, err := plan.Play(o)
	if err != nil {
		return nil, err
	}
	j := &Job{Want: e.Timing(s, o)}
	play.Reset = 1
	play.Limit = int(2*j.Want.Cycles + 1000)
	traces, err := r.Run([]drive.Play{play})
	if err != nil {
		return nil, err
	}
	t := &traces[0]
	j.Span, j.Failures = t.Span(e.OperandStreams()...), t.Failures
	j.Words, err = plan.Collect(t.Results)
	return j, err
}
