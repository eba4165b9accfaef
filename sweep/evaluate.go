package sweep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/sim"
	"tpe/testbench"
	"tpe/workloads"
	"tpe/workloads/importer"
)

// work is a workload with equal layers merged.
type work struct {
	name   string
	spec   string
	layers []workloads.GEMM
	shapes []shape
	macs   int64
}

// shape is a product and how often it is done.
type shape struct {
	arch.Shape
	repeats int64
	layers  []int // of work.layers
}

// open finds a workload: a model or a product by name, or a file.
func open(spec string) (workloads.Workload, error) {
	if _, err := os.Stat(spec); err == nil {
		w, _, err := importer.Load(spec, importer.Options{})
		return w, err
	}
	return workloads.Lookup(spec)
}

func (s *Space) loadWorkloads(where func(string) string) []error {
	var errs []error
	data, err := workloads.ParseDataSet(s.Data)
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: data: %w", where("data"), err))
	}
	s.data = data
	for i, spec := range s.Workloads {
		at := where(fmt.Sprintf("workloads.%d", i))
		w, err := open(s.file(spec))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
			continue
		}
		x := work{name: w.Name, spec: spec, layers: w.Layers, macs: w.TotalMACs()}
		index := map[arch.Shape]int{}
		for j, g := range w.Layers {
			sh := arch.Shape{M: g.M, N: g.N, K: g.K}
			k, ok := index[sh]
			if !ok {
				k = len(x.shapes)
				index[sh] = k
				x.shapes = append(x.shapes, shape{Shape: sh})
			}
			x.shapes[k].repeats += g.Repeats()
			x.shapes[k].layers = append(x.shapes[k].layers, j)
		}
		for _, o := range s.works {
			if o.name == x.name {
				errs = append(errs, fmt.Errorf("%s: two workloads of one name: %q (expected different names)", at, x.name))
			}
		}
		s.works = append(s.works, x)
	}
	return errs
}

// Evaluator finds the results of points. One serves one goroutine at a time.
type Evaluator struct {
	space *Space
	price Pricer // nil: no cost
	memo  map[expectedKey]*plane
}

// Pricer finds what an engine costs; it must be safe for several goroutines and may remember.
type Pricer interface {
	Price(ctx context.Context, c arch.Config) (Price, error)
}

// Price is what an engine costs.
type Price struct {
	AreaUM2    float64
	FmaxMHz    float64
	PJPerMAC   float64 // NaN if energy was not asked for
	PJPerCycle float64
	PJPerByte  float64 // of DRAM
}

// NewEvaluator makes an evaluator. price may be nil if the space has no cost.
func (s *Space) NewEvaluator(price Pricer) (*Evaluator, error) {
	if (s.Cost != nil) != (price != nil) {
		return nil, errors.New("sweep: a space with a cost needs a pricer, and no other does")
	}
	return &Evaluator{space: s, price: price, memo: map[expectedKey]*plane{}}, nil
}

// Evaluate is the result of a point on each workload. The error is errExcluded, says what is
// wrong with the point, or is the context's.
func (ev *Evaluator) Evaluate(ctx context.Context, p Point) ([]Result, error) {
	cfg, err := ev.space.Config(p)
	if err != nil {
		return nil, err
	}
	return ev.config(ctx, cfg, p.Engine, ev.space.Fidelity)
}

// config is the result of an engine at a fidelity.
func (ev *Evaluator) config(ctx context.Context, cfg arch.Config, engine int, fidelity string) ([]Result, error) {
	base := Result{Peak: cfg.MACsPerCycle(), FreqMHz: float64(cfg.FreqMHz), AreaUM2: math.NaN(), FmaxMHz: math.NaN(), EnergyJ: math.NaN()}
	var price Price
	if ev.price != nil {
		var err error
		if price, err = ev.price.Price(ctx, cfg); err != nil {
			return nil, err
		}
		base.AreaUM2, base.FmaxMHz = price.AreaUM2, price.FmaxMHz
		if ev.space.Cost.Freq == "max" {
			base.FreqMHz = price.FmaxMHz
		}
	}
	var list []Result
	for i := range ev.space.works {
		r := base
		w := &ev.space.works[i]
		r.MACs = w.macs
		var err error
		if fidelity == sim.Formula {
			err = ev.formula(ctx, &cfg, engine, w, &r)
		} else {
			err = ev.stepped(ctx, cfg, w, fidelity, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if ev.price != nil && ev.space.Cost.Energy {
			r.EnergyJ = 1e-12 * (float64(r.MACs)*price.PJPerMAC + r.Cycles*price.PJPerCycle + float64(r.Bytes)*price.PJPerByte)
		}
		list = append(list, r)
	}
	return list, nil
}

// formula adds up the closed form over the shapes of a workload.
func (ev *Evaluator) formula(ctx context.Context, c *arch.Config, engine int, w *work, r *Result) error {
	r.Kind = Exact
	config := ""
	if c.DataDriven() {
		r.Kind, config = Expected, configText(c)
	}
	a, b, result := c.Formats()
	var bound int64
	for _, s := range w.shapes {
		cycles, err := ev.product(ctx, c, config, s.Shape)
		if err != nil {
			return err
		}
		r.Cycles += cycles * float64(s.repeats)
		for _, i := range s.layers {
			bytes := w.layers[i].CompulsoryBytes(a.Width(), b.Width(), result.Width())
			r.Bytes += bytes
			if ev.space.Bandwidth > 0 && float64(bytes) > ev.space.Bandwidth*cycles*float64(w.layers[i].Repeats()) {
				bound += w.layers[i].MACs()
			}
		}
	}
	r.MemoryBound = float64(bound) / float64(w.macs)
	return nil
}

// product is the cycle count of one product; config is [configText] if it depends on operands.
func (ev *Evaluator) product(ctx context.Context, c *arch.Config, config string, s arch.Shape) (float64, error) {
	if err := c.CheckShape(s); err != nil {
		return 0, fmt.Errorf("%s: %w", s, err)
	}
	if config == "" {
		return float64(c.Cycles(s, nil)), nil
	}
	p, err := ev.expected(ctx, c, config, s)
	if err != nil {
		return 0, err
	}
	return p.cycles(s), nil
}

// LayerResult is a product of a workload on a point, with all its repetitions.
type LayerResult struct {
	Name        string // of the first layer of that shape
	M, N, K     int
	Count       int64
	Cycles      float64
	Utilization float64
}

// Layers are the results of a point layer by layer, at fidelity formula: a list for each
// workload, layers of equal shape together.
func (ev *Evaluator) Layers(ctx context.Context, p Point) ([][]LayerResult, error) {
	c, err := ev.space.Config(p)
	if err != nil {
		return nil, err
	}
	config := ""
	if c.DataDriven() {
		config = configText(&c)
	}
	var list [][]LayerResult
	for _, w := range ev.space.works {
		var rows []LayerResult
		for _, s := range w.shapes {
			cycles, err := ev.product(ctx, &c, config, s.Shape)
			if err != nil {
				return nil, err
			}
			rows = append(rows, LayerResult{w.layers[s.layers[0]].Name, s.M, s.N, s.K, s.repeats, cycles * float64(s.repeats),
				float64(s.M) * float64(s.N) * float64(s.K) / (cycles * float64(c.MACsPerCycle()))})
		}
		list = append(list, rows)
	}
	return list, nil
}

// stepped runs the hardware graph, or the emitted Verilog, on a workload. One repetition of
// each layer stands for all, and its words are compared with the software GEMM.
func (ev *Evaluator) stepped(ctx context.Context, cfg arch.Config, w *work, fidelity string, r *Result) error {
	eng, err := arch.Build(cfg)
	if err != nil {
		return err
	}
	opt := sim.Options{Fidelity: fidelity, Check: sim.CheckSample, Data: ev.space.data, Seed: ev.space.Seed, Bandwidth: ev.space.Bandwidth}
	if fidelity == sim.RTL {
		opt.NewRunner = func(ctx context.Context, e *arch.Engine) (drive.Runner, error) {
			return testbench.NewVerilator(ctx, e.Top, testbench.VerilatorOptions{})
		}
	} else if opt.Executor, err = sim.ResolveExecutor("auto"); err != nil {
		return err
	}
	rep, err := sim.Run(ctx, eng, workloads.Workload{Name: w.name, Layers: w.layers}, opt)
	if err != nil {
		return err
	}
	r.Kind = Exact
	var bound int64
	for _, l := range rep.Layers {
		if l.CyclesKind != sim.CyclesExact {
			r.Kind = Sampled
		}
		if l.Bound == "memory" {
			bound += l.MACs
		}
	}
	t := rep.Total
	r.Cycles, r.Bytes, r.Checked, r.Mismatches = float64(t.Cycles), t.Bytes, t.Checked, t.Mismatches
	r.MemoryBound = float64(bound) / float64(w.macs)
	if t.Failed() {
		return fmt.Errorf("%d of %d words, %d cycle counts differ, %d assertions failed", t.Mismatches, t.Checked, t.CycleMismatch, t.AssertFailures)
	}
	return nil
}
