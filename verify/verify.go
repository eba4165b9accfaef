package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/workloads"
)

// Leg is one way to execute an engine.
type Leg struct {
	Name string
	// Open makes a runner that starts from power-on. It may take long (a build).
	Open func(ctx context.Context, e *arch.Engine) (r drive.Runner, close func() error, err error)
	// Version says with what tool; empty for the project's own code.
	Version string
	// Skipped is why the leg cannot run here; empty if it can.
	Skipped string
	// Cases bounds the cases of this leg, 0: all. Slow simulators run fewer.
	Cases int
}

// LegResult is what a leg showed.
type LegResult struct {
	Name            string `json:"name"`
	Version         string `json:"version"`
	Cases           int    `json:"cases"`
	BitMismatches   int64  `json:"bit_mismatches"`
	CycleMismatches int64  `json:"cycle_mismatches"`
	Skipped         string `json:"skipped"`
}

// Result is what all legs showed for one engine.
type Result struct {
	Engine          string      `json:"engine"`
	Dims            []int       `json:"dims"`
	Seed            uint64      `json:"seed"`
	Cases           int         `json:"cases"`
	MACs            int64       `json:"macs"`
	Legs            []LegResult `json:"legs"`
	BitMismatches   int64       `json:"bit_mismatches"`
	CycleMismatches int64       `json:"cycle_mismatches"`
	Failures        []Failure   `json:"failures,omitempty"`
}

// Array is the size of the array as reports print it.
func (res *Result) Array() string { return arch.DimsText(res.Dims) }

// Failure is the first disagreement of a leg, shrunk to the smallest shape that
// still shows it.
type Failure struct {
	Leg  string `json:"leg"`
	Case string `json:"case"`
	Diff string `json:"diff"`
}

// Options of a cross-check.
type Options struct {
	Cases int
	Seed  uint64
	Legs  []Leg
	// Data, if not nil, is what A and B of every case are made of, instead of a mix of random and extreme values.
	Data *workloads.DataSet
	// Progress, if not nil, is called when a leg is done.
	Progress func(leg LegResult)
}

// Run cross-checks one engine. The first leg must be the reference evaluator: the
// cycles of the others are compared with its.
func Run(ctx context.Context, e *arch.Engine, opt Options) (*Result, error) {
	m := newMaker(e, opt.Seed)
	m.given = opt.Data
	jobs, err := m.cases(opt.Cases)
	if err != nil {
		return nil, err
	}
	res := &Result{Engine: e.Name, Dims: e.Dims(), Seed: opt.Seed, Cases: len(jobs)}
	for _, j := range jobs {
		res.MACs += j.shape.MACs()
	}
	var ref []drive.Trace
	for i, leg := range opt.Legs {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		r := LegResult{Name: leg.Name, Version: leg.Version, Skipped: leg.Skipped}
		if leg.Skipped == "" {
			traces, err := runLeg(ctx, e, leg, jobs, &r)
			if err != nil {
				return res, fmt.Errorf("%s on leg %s: %w", e.Name, leg.Name, err)
			}
			if i == 0 {
				ref = traces
				res.add(formulaLeg(e, jobs, ref, res), opt)
			}
			compare(e, leg, jobs, traces, ref, &r, res)
			if len(res.Failures) > 0 && res.Failures[len(res.Failures)-1].Leg == leg.Name {
				shrink(ctx, e, m, opt.Legs[0], leg, jobs, &res.Failures[len(res.Failures)-1])
			}
		}
		res.add(r, opt)
	}
	if ref == nil {
		return res, errors.New("verify: no leg ran")
	}
	return res, nil
}

func (res *Result) add(r LegResult, opt Options) {
	res.Legs = append(res.Legs, r)
	res.BitMismatches += r.BitMismatches
	res.CycleMismatches += r.CycleMismatches
	if opt.Progress != nil {
		opt.Progress(r)
	}
}

// Failed reports whether anything disagreed.
func (res *Result) Failed() bool { return res.BitMismatches+res.CycleMismatches > 0 }

func runLeg(ctx context.Context, e *arch.Engine, leg Leg, jobs []*job, r *LegResult) ([]drive.Trace, error) {
	run, closeRun, err := leg.Open(ctx, e)
	if err != nil {
		return nil, err
	}
	defer closeRun()
	if leg.Cases > 0 && leg.Cases < len(jobs) {
		jobs = jobs[:leg.Cases]
	}
	plays := make([]drive.Play, len(jobs))
	for i, j := range jobs {
		plays[i] = j.play
	}
	traces, err := run.Run(plays)
	var hang *drive.HangError
	if errors.As(err, &hang) {
		// What hung shows as missing words; the cases after it did not run.
		traces = traces[:hang.Play+1]
		err = nil
	}
	r.Cases = len(traces)
	return traces, err
}

// formulaLeg compares the closed form with the reference where nothing stalls.
func formulaLeg(e *arch.Engine, jobs []*job, ref []drive.Trace, res *Result) LegResult {
	r := LegResult{Name: "formula"}
	for i := range ref {
		j := jobs[i]
		if j.stalled || j.cut > 0 {
			continue
		}
		r.Cases++
		if got, want := j.cycles, ref[i].Span(e.OperandStreams()...); got != want {
			r.CycleMismatches++
			res.fail("formula", j, fmt.Sprintf("formula %d cycles, stepped %d", got, want))
		}
	}
	return r
}

// fail keeps the first failure of a leg.
func (res *Result) fail(leg string, j *job, diff string) {
	for _, f := range res.Failures {
		if f.Leg == leg {
			return
		}
	}
	res.Failures = append(res.Failures, Failure{Leg: leg, Case: j.String(), Diff: diff})
}

// compare counts the words of a leg that differ from the software GEMM and the result
// beats whose cycle differs from the reference.
func compare(e *arch.Engine, leg Leg, jobs []*job, traces, ref []drive.Trace, r *LegResult, res *Result) {
	for i := range traces {
		bits, diff := wordsDiffer(jobs[i], &traces[i])
		if bits > 0 {
			r.BitMismatches += bits
			res.fail(leg.Name, jobs[i], "words, -software GEMM +"+leg.Name+":\n"+diff)
		}
		if n := timesDiffer(&traces[i], &ref[i]); n > 0 {
			r.CycleMismatches += n
			res.fail(leg.Name, jobs[i], "cycle of each result beat, -reference +"+leg.Name+":\n"+cmp.Diff(ref[i].At, traces[i].At))
		}
	}
	if len(traces) < len(jobs) && (leg.Cases == 0 || len(traces) < leg.Cases) {
		r.BitMismatches++ // the run hung
		res.fail(leg.Name, jobs[len(traces)-1], "the engine hung: result beats are missing")
	}
}

// wordsDiffer counts words that differ; words that never came and failed
// assertions count too. A job that was cut is compared as far as it came.
func wordsDiffer(j *job, t *drive.Trace) (int64, string) {
	n := int64(t.Failures)
	diff := ""
	if t.Failures > 0 {
		diff = fmt.Sprintf("%d assertion failures in the graph\n", t.Failures)
	}
	got, present, err := j.plan.CollectPart(t.Results)
	if err != nil {
		return n + 1, diff + err.Error()
	}
	var wantAt, gotAt []string
	for i, w := range j.want {
		switch {
		case !present[i] && j.cut > 0:
		case !present[i]:
			n++
			diff += fmt.Sprintf("word %d is missing\n", i)
		case got[i] != w:
			n++
			if len(wantAt) < 16 {
				wantAt = append(wantAt, fmt.Sprintf("C[%d][%d] = %d", i/j.shape.N, i%j.shape.N, w))
				gotAt = append(gotAt, fmt.Sprintf("C[%d][%d] = %d", i/j.shape.N, i%j.shape.N, got[i]))
			}
		}
	}
	if len(diff) > 2000 {
		diff = diff[:2000] + "...\n"
	}
	return n, diff + cmp.Diff(wantAt, gotAt)
}

func timesDiffer(t, ref *drive.Trace) int64 {
	n := int64(max(len(t.At), len(ref.At)) - min(len(t.At), len(ref.At)))
	for i := range min(len(t.At), len(ref.At)) {
		if t.At[i] != ref.At[i] {
			n++
		}
	}
	if !cmp.Equal(t.First, ref.First) || !cmp.Equal(t.Taken, ref.Taken) {
		n++
	}
	return n
}
