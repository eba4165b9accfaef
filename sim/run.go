package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/workloads"
)

// Fidelities.
const (
	Formula = "formula"
	Cycle   = "cycle"
	RTL     = "rtl"
)

// How much is compared with the software GEMM.
const (
	CheckAll    = "all"    // every word of every repetition
	CheckSample = "sample" // per distinct shape: formula, tiles inside and at the edge; cycle and rtl, the repetition that is stepped
	CheckNone   = "none"
)

// Options of a run.
type Options struct {
	Fidelity  string
	Check     string
	Data      workloads.DataSet
	Seed      uint64
	Executor  string  // as ResolveExecutor returns it; unused at fidelity formula with check none
	Bandwidth float64 // bytes a cycle between engine and memory; 0: not given
	// NewRunner makes the runner in place of the executor: of the emitted Verilog for
	// fidelity rtl, or one that records. Only one worker runs then.
	NewRunner func(ctx context.Context, e *arch.Engine) (drive.Runner, error)
	// Progress, if not nil, is called when a layer is done.
	Progress func(done, total int)
}

// Run runs a workload. When the context ends early it returns the report of the
// layers that were done with the context's error.
func Run(ctx context.Context, e *arch.Engine, w workloads.Workload, opt Options) (*Report, error) {
	r := &Report{
		Engine: e.Name, Workload: w.Name, Fidelity: opt.Fidelity, Seed: opt.Seed, Data: opt.Data.String(),
		Check: opt.Check, FreqMHz: e.FreqMHz, Peak: e.MACsPerCycle(), Bytes: opt.Bandwidth, Executor: opt.Executor,
	}
	switch {
	case opt.Fidelity == RTL:
		r.Executor = "verilator"
	case opt.Fidelity == Formula && opt.Check == CheckNone:
		r.Executor = Formula
	}
	var errs []error
	for i, l := range w.Layers {
		if err := e.CheckShape(arch.Shape{M: l.M, N: l.N, K: l.K}); err != nil {
			errs = append(errs, fmt.Errorf("layer %d (%s): %w", i, l.Name, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	layers := make([]Layer, len(w.Layers))
	fed := fedCounts{}
	done, err := runLayers(ctx, e, w, opt, layers, fed)
	for i, ok := range done {
		if ok {
			r.Layers = append(r.Layers, layers[i])
		}
	}
	r.Fed = fed.report()
	r.sum()
	return r, err
}

// runLayers runs all layers, several at a time, and reports which are done and what was fed.
func runLayers(ctx context.Context, e *arch.Engine, w workloads.Workload, opt Options, out []Layer, fed fedCounts) ([]bool, error) {
	first := map[arch.Shape]int{} // the layer that stands for its shape in samples
	for i := len(w.Layers) - 1; i >= 0; i-- {
		first[shapeOf(w.Layers[i])] = i
	}
	steps := !(opt.Fidelity == Formula && opt.Check == CheckNone)
	workers := 1
	if steps && opt.NewRunner == nil {
		workers = min(runtime.GOMAXPROCS(0), max(len(w.Layers), 1))
	}
	var (
		mu       sync.Mutex
		next     int
		finished int
		firstErr error
		wg       sync.WaitGroup
		done     = make([]bool, len(w.Layers))
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(w.Layers) || firstErr != nil || ctx.Err() != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	put := func(i int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			firstErr = errors.Join(firstErr, err)
			return
		}
		done[i] = true
		finished++
		if opt.Progress != nil {
			opt.Progress(finished, len(w.Layers))
		}
	}
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			j := &jobs{ctx: ctx, e: e, opt: opt}
			defer func() {
				j.close()
				mu.Lock()
				defer mu.Unlock()
				fed.merge(j.fed)
			}()
			for i, ok := take(); ok; i, ok = take() {
				err := j.layer(&out[i], w.Layers[i], i, first[shapeOf(w.Layers[i])] == i)
				if err != nil {
					err = fmt.Errorf("layer %d (%s): %w", i, w.Layers[i].Name, err)
				}
				put(i, err)
			}
		}()
	}
	wg.Wait()
	if firstErr == nil {
		firstErr = ctx.Err()
	}
	return done, firstErr
}

func shapeOf(g workloads.GEMM) arch.Shape { return arch.Shape{M: g.M, N: g.N, K: g.K} }
