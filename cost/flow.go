package cost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/synth"
	"tpe/cost/timing"
	"tpe/hw"
)

// Flow is a way to make gates: a library, a recipe, how many orders of statements are
// tried.
type Flow struct {
	Library *liberty.Library
	Recipe  synth.Recipe
	Seeds   int
	// Node is the feature size in nm, and Device the class of memory cells, that memories
	// are looked up with.
	Node   int
	Device string

	mapper mapper
	tech   *Technology // of the fast model; else nil
	opt    timing.Options
	cell   *block // one flip-flop with reset: a bit of a delay line
}

// DefaultSeeds is the number of orders of statements that are synthesised.
const DefaultSeeds = 5

// NewFlow prepares a flow. A missing Yosys is a *[tpe/internal/tool.Missing].
func NewFlow(ctx context.Context, lib *liberty.Library, recipe synth.Recipe, seeds, node int, device string) (*Flow, error) {
	if err := recipe.Check(); err != nil {
		return nil, err
	}
	if seeds < 1 || seeds > 100 {
		return nil, fmt.Errorf("%d seeds (expected 1 to 100)", seeds)
	}
	s, err := synth.New(lib)
	if err != nil {
		return nil, err
	}
	f := &Flow{Library: lib, Recipe: recipe, Seeds: seeds, Node: node, Device: device, mapper: s}
	f.opt = timing.Options{OutputLoad: 4 * lib.InverterLoad()}
	return f, f.open(ctx)
}

// NewFastFlow prepares the fast model, which needs no tools.
func NewFastFlow(ctx context.Context, t *Technology, recipe synth.Recipe, device string) (*Flow, error) {
	if err := recipe.Check(); err != nil {
		return nil, err
	}
	lib, err := t.fastLibrary(recipe)
	if err != nil {
		return nil, err
	}
	f := &Flow{Library: lib, Recipe: recipe, Seeds: 1, Node: t.NodeNM, Device: device, mapper: &fast{lib}, tech: t}
	f.opt = timing.Options{OutputLoad: 1} // one reader
	return f, f.open(ctx)
}

// open makes the flip-flop of delay lines.
func (f *Flow) open(ctx context.Context) error {
	b := hw.New("delay_bit", "One bit of a delay line.")
	b.Out("q_o", b.Pipe("q", b.In("d_i", 1)))
	m, err := b.Build()
	if err != nil {
		return err
	}
	blocks, err := f.blocks(ctx, []*hw.Module{m})
	if err != nil {
		return err
	}
	f.cell = blocks[0]
	// Inputs come from flip-flops like this one.
	port := f.cell.net.Outputs[0]
	rise, fall := f.cell.timing.Slew(port.Nets[0])
	f.opt.InputSlew = max(rise, fall)
	return nil
}

// Version names the tools.
func (f *Flow) Version() string { return f.mapper.Version() }

// method is how areas are found.
func (f *Flow) method() string {
	if f.tech != nil {
		return MethodModel
	}
	return MethodSynthesis
}

// gateArea is a gate equivalent, um^2.
func (f *Flow) gateArea() float64 {
	if f.tech != nil {
		return f.tech.NandUM2
	}
	return f.Library.GateArea()
}

// clockToQ is the delay from the clock edge to a flip-flop's output, ps.
func (f *Flow) clockToQ() float64 { return f.cell.timing.Outputs }

// setup is the setup time of a flip-flop behind its reset gate, ps.
func (f *Flow) setup() float64 { return f.cell.timing.Setup }

// block is a synthesised module.
type block struct {
	module *hw.Module
	net    *netlist.Netlist // of the order with the shortest delay
	timing *timing.Result   // of that one, all inputs at 0

	gates, flops float64 // area: the median over the orders
	areaSpread   float64 // (greatest - least) / median
	delaySpread  float64
}

// delay is what an order of statements is judged by: the longest path.
func delay(t *timing.Result) float64 { return max(t.Setup, t.Outputs) }

// blocks synthesises modules in all orders, several at a time.
func (f *Flow) blocks(ctx context.Context, modules []*hw.Module) ([]*block, error) {
	type job struct{ module, seed int }
	type result struct {
		net *netlist.Netlist
		err error
	}
	results := make([][]result, len(modules))
	jobs := make(chan job)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range jobs {
				r := &results[j.module][j.seed]
				if r.err = ctx.Err(); r.err == nil {
					r.net, r.err = f.mapper.Module(ctx, modules[j.module], f.Recipe, uint64(j.seed))
				}
			}
		})
	}
	for i := range modules {
		results[i] = make([]result, f.Seeds)
	}
	for i := range modules {
		for s := range f.Seeds {
			jobs <- job{i, s}
		}
	}
	close(jobs)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	out := make([]*block, len(modules))
	var errs []error
	for i, m := range modules {
		nets := make([]*netlist.Netlist, 0, f.Seeds)
		for _, r := range results[i] {
			if r.err != nil {
				errs = append(errs, r.err)
				break
			}
			nets = append(nets, r.net)
		}
		if len(nets) < f.Seeds {
			continue
		}
		b, err := f.judge(m, nets)
		errs = append(errs, err)
		out[i] = b
	}
	return out, errors.Join(errs...)
}

// judge takes the median area and the shortest delay of several netlists of a module.
func (f *Flow) judge(m *hw.Module, nets []*netlist.Netlist) (*block, error) {
	type one struct {
		net  *netlist.Netlist
		t    *timing.Result
		area float64
	}
	var list []one
	least, most := math.Inf(1), math.Inf(-1)
	for _, n := range nets {
		t, err := timing.Analyze(n, f.opt)
		if err != nil {
			return nil, err
		}
		list = append(list, one{n, t, n.Area()})
		least, most = min(least, delay(t)), max(most, delay(t))
	}
	slices.SortStableFunc(list, func(a, b one) int { return cmp.Compare(a.area, b.area) })
	mid := list[len(list)/2]
	b := &block{module: m, areaSpread: spread(list[0].area, list[len(list)-1].area, mid.area), delaySpread: spread(least, most, least)}
	b.gates, b.flops = mid.net.Areas()
	best := slices.MinFunc(list, func(a, b one) int { return cmp.Compare(delay(a.t), delay(b.t)) })
	b.net, b.timing = best.net, best.t
	return b, nil
}

func spread(least, most, of float64) float64 {
	if of == 0 || math.IsInf(of, 0) {
		return 0
	}
	return (most - least) / of
}
