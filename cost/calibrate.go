package cost

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"tpe/arch"
	"tpe/cost/blast"
	"tpe/cost/liberty"
	"tpe/cost/power"
	"tpe/cost/split"
	"tpe/cost/synth"
	"tpe/cost/timing"
	"tpe/hw"
)

// Sample is a piece of a PE that a technology is fitted on.
type Sample struct {
	Name   string // engine, settings and piece
	Family string // the arithmetic: what is left out together
	Module *hw.Module
	size   blast.Size
}

// Limits of the size of a sample, in AND and XOR nodes: below, a cell more or less is many
// percent; above, synthesis takes long.
const (
	minNodes = 60
	maxNodes = 4000
)

// widths are the settings with which samples are made of each preset; what a preset does not
// take is left out.
var widths = [][]string{nil, {"a=int4", "b=int4"}, {"a=int12", "b=int12"}, {"a=uint8", "b=uint8"}}

// Samples lists pieces of the PEs of all representative presets in several widths, those that differ in
// size.
func Samples() ([]Sample, error) {
	var list []Sample
	seen := map[string]bool{}
	for _, p := range arch.Representatives() {
		for _, w := range widths {
			more, err := samplesOf(p.Name, w)
			if err != nil {
				return nil, err
			}
			for _, s := range more {
				key := fmt.Sprintf("%s %v", s.Family, s.size)
				if n := s.size.Nodes(); n >= minNodes && n <= maxNodes && !seen[key] {
					seen[key] = true
					list = append(list, s)
				}
			}
		}
	}
	return list, nil
}

func samplesOf(preset string, set []string) ([]Sample, error) {
	c, err := arch.Load(preset, set)
	if err != nil {
		return nil, nil // this preset does not take these widths
	}
	if small := c.SmallSizes(); len(small) > 0 {
		if s, err := arch.Load(preset, append(slices.Clone(set), small[0]...)); err == nil {
			c = s
		}
	}
	e, err := arch.Build(c)
	if err != nil {
		return nil, err
	}
	parts, err := split.Engine(e.Top)
	if err != nil {
		return nil, err
	}
	var list []Sample
	for i, is := range peParts(parts) {
		if !is {
			continue
		}
		for _, x := range parts[i].Pieces {
			d, err := blast.Module(x.Module, adderOf(synth.Balanced))
			if err != nil {
				return nil, err
			}
			name := strings.Join(append([]string{preset}, set...), " ") + " " + x.Module.Name
			list = append(list, Sample{name, familyOf(c, x.Module.Name), x.Module, d.Size()})
		}
	}
	return list, nil
}

// familyOf names the arithmetic of a PE: the same in whatever host it stands.
func familyOf(c arch.Config, module string) string {
	switch {
	case c.Kind == "blockfma":
		return c.Kind
	case strings.Contains(module, "opt2"):
		return "opt2"
	case strings.Contains(module, "opt1"):
		return "opt1"
	case strings.Contains(module, "_ent"):
		return "ent"
	case strings.Contains(module, "_mac"):
		return "mac"
	}
	return c.Name
}

// Calibrate fits a technology to a library: every sample is synthesised in every recipe and
// simulated at random inputs, with glitches.
func Calibrate(ctx context.Context, lib *liberty.Library, node int, samples []Sample, progress func(string)) (*Technology, error) {
	t := &Technology{Name: lib.Name, NodeNM: node, NandUM2: lib.GateArea(), Recipes: map[string]RecipeFit{}}
	for _, recipe := range synth.Recipes() {
		f, err := NewFlow(ctx, lib, recipe, 1, node, "lop")
		if err != nil {
			return nil, err
		}
		progress(fmt.Sprintf("%d samples, recipe %s", len(samples), recipe))
		modules := make([]*hw.Module, len(samples))
		for i := range samples {
			modules[i] = samples[i].Module
		}
		blocks, err := f.blocks(ctx, modules)
		if err != nil {
			return nil, err
		}
		if t.Recipes[string(recipe)], err = fitRecipe(f, samples, blocks); err != nil {
			return nil, err
		}
		if recipe == synth.Balanced {
			t.Source = fmt.Sprintf("fitted to %d pieces of PEs in library %s at %g V, %g C, synthesised by %s", len(samples), lib.Name, lib.Voltage, lib.Temperature, f.Version())
			progress("simulating")
			if t.Energy, err = fitEnergy(ctx, f, t, samples, blocks); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// ratios are the delays that a doubling of readers may have, in levels.
var ratios = []float64{0, 0.5, 1, 1.5, 2, 3, 4}

// fitRecipe fits area and delay. A flip-flop is known: the smallest of the library.
func fitRecipe(f *Flow, samples []Sample, blocks []*block) (RecipeFit, error) {
	ff := math.Inf(1)
	for _, c := range f.Library.FlipFlops() {
		ff = min(ff, c.Area)
	}
	area, waits := &problem{}, make([]*problem, len(ratios))
	for k := range waits {
		waits[k] = &problem{}
	}
	for i, s := range samples {
		b := blocks[i]
		d, err := blast.Module(s.Module, adderOf(f.Recipe))
		if err != nil {
			return RecipeFit{}, err
		}
		z := d.Size()
		area.add(s, []float64{float64(z.Ands), float64(z.Xors), float64(z.Muxes), float64(z.Majs), float64(z.Resets)}, ff*float64(z.Flops), b.gates+b.flops)
		for k, r := range ratios {
			levels, err := levelsOf(s.Module, f.Recipe, r)
			if err != nil {
				return RecipeFit{}, err
			}
			waits[k].add(s, []float64{1, levels}, 0, delay(b.timing))
		}
	}
	a := area.solve(nil)
	k, d := best(waits, nil)
	return RecipeFit{AndUM2: digits(a[0]), XorUM2: digits(a[1]), MuxUM2: digits(a[2]), MajUM2: digits(a[3]), ResetUM2: digits(a[4]), FlipFlopUM2: ff,
		FixedPS: digits(d[0]), LevelPS: digits(d[1]), FanoutPS: digits(d[1] * ratios[k]),
		AreaError: leftOut([]*problem{area}), DelayError: leftOut(waits)}, nil
}

// levelsOf is the longest path of a module's nodes where a level is one unit of time and a
// doubling of the readers another part of it.
func levelsOf(m *hw.Module, recipe synth.Recipe, ratio float64) (float64, error) {
	unit := RecipeFit{LevelPS: 1, FanoutPS: ratio}
	lib, err := unit.library("levels", EnergyFit{})
	if err != nil {
		return 0, err
	}
	n, err := (&fast{lib}).Module(context.Background(), m, recipe, 0)
	if err != nil {
		return 0, err
	}
	t, err := timing.Analyze(n, timing.Options{OutputLoad: 1})
	if err != nil {
		return 0, err
	}
	return delay(t), nil
}

// energyCycles is the length of the random streams that energies are fitted on.
const energyCycles = 200

// fitEnergy fits the energy of an edge at a node to that of the synthesised gates, both
// counted with glitches.
func fitEnergy(ctx context.Context, f *Flow, t *Technology, samples []Sample, blocks []*block) (EnergyFit, error) {
	lib, err := t.fastLibrary(synth.Balanced)
	if err != nil {
		return EnergyFit{}, err
	}
	mapper := &fast{lib}
	p := &problem{}
	var clock, flops, leak, area float64
	for i, s := range samples {
		n, err := mapper.Module(ctx, s.Module, synth.Balanced, 0)
		if err != nil {
			return EnergyFit{}, err
		}
		model, err := (&Flow{Library: lib, opt: timing.Options{OutputLoad: 1}}).judge(s.Module, nets(n))
		if err != nil {
			return EnergyFit{}, err
		}
		nodes, err := random(model, 1)
		if err != nil {
			return EnergyFit{}, err
		}
		gates, err := random(blocks[i], f.opt.OutputLoad)
		if err != nil {
			return EnergyFit{}, err
		}
		m := power.NewModel(blocks[i].net, blocks[i].timing, power.Load{Assumed: f.opt.OutputLoad})
		e := m.Of(gates)
		p.add(s, edges(n, nodes), 0, (e.Internal+e.Switching)/energyCycles)
		clock += m.Clock
		flops += float64(blocks[i].net.FlipFlops())
		leak += m.Leakage
		area += blocks[i].gates + blocks[i].flops
	}
	c := p.solve(nil)
	return EnergyFit{AndFJ: digits(c[0]), XorFJ: digits(c[1]), FlipFlopFJ: digits(c[2]), MuxFJ: digits(c[3]), MajFJ: digits(c[4]), ClockFJ: digits(clock / flops),
		LeakageNWPerUM2: digits(leak / area), Error: leftOut([]*problem{p})}, nil
}

// random simulates a block with delays at random inputs, out of reset.
func random(b *block, outputLoad float64) (*power.Activity, error) {
	e, err := power.NewEvent(b.net, b.timing, outputLoad)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var values []bool
	for cycle := range energyCycles + 1 {
		values = values[:0]
		for _, p := range b.net.Inputs {
			for range p.Nets {
				if p.Name != "clk_i" {
					values = append(values, p.Name == "rst_ni" && cycle > 0 || p.Name != "rst_ni" && rng.Uint64()&1 == 1)
				}
			}
		}
		if err := e.Cycle(values); err != nil {
			return nil, err
		}
	}
	return e.Activity(), nil
}

// digits rounds to four significant digits.
func digits(x float64) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	p := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*p) / p
}

// problem is a linear fit of positive coefficients in relative error.
type problem struct {
	samples []Sample
	x       [][]float64
	known   []float64
	y       []float64
}

func (p *problem) add(s Sample, x []float64, known, y float64) {
	p.samples, p.x, p.known, p.y = append(p.samples, s), append(p.x, x), append(p.known, known), append(p.y, y)
}

// solve minimises the squared relative errors over the samples that keep admits (nil: all).
// A coefficient that would be negative is 0, and the others are fitted again.
func (p *problem) solve(keep func(Sample) bool) []float64 {
	width := len(p.x[0])
	out := make([]float64, width)
	var on []int
	for k := range width {
		on = append(on, k)
	}
	for len(on) > 0 {
		var a, b []float64
		for i, s := range p.samples {
			if keep != nil && !keep(s) {
				continue
			}
			for _, k := range on {
				a = append(a, p.x[i][k]/p.y[i])
			}
			b = append(b, 1-p.known[i]/p.y[i])
		}
		var c mat.VecDense
		if len(b) < len(on) || c.SolveVec(mat.NewDense(len(b), len(on), a), mat.NewVecDense(len(b), b)) != nil {
			return out
		}
		worst := 0
		for i := range on {
			if c.AtVec(i) < c.AtVec(worst) {
				worst = i
			}
		}
		if c.AtVec(worst) >= 0 {
			for i, k := range on {
				out[k] = c.AtVec(i)
			}
			return out
		}
		on = slices.Delete(on, worst, worst+1)
	}
	return out
}

// error of a solution: the sum of the squared relative errors over the samples that keep
// admits.
func (p *problem) error(c []float64, keep func(Sample) bool) float64 {
	sum := 0.0
	for i, s := range p.samples {
		if keep == nil || keep(s) {
			e := p.at(c, i)/p.y[i] - 1
			sum += e * e
		}
	}
	return sum
}

// at is what a solution says of sample i.
func (p *problem) at(c []float64, i int) float64 {
	v := p.known[i]
	for k, x := range p.x[i] {
		v += c[k] * x
	}
	return v
}

// best solves several problems of the same samples and takes the one with the least error.
func best(list []*problem, keep func(Sample) bool) (int, []float64) {
	at, c := 0, list[0].solve(keep)
	least := list[0].error(c, keep)
	for k, p := range list[1:] {
		x := p.solve(keep)
		if e := p.error(x, keep); e < least {
			at, c, least = k+1, x, e
		}
	}
	return at, c
}

// leftOut fits the best of several problems without each family in turn, and measures the
// errors on it.
func leftOut(list []*problem) Error {
	samples := list[0].samples
	var families []string
	for _, s := range samples {
		if !slices.Contains(families, s.Family) {
			families = append(families, s.Family)
		}
	}
	var all misses
	for _, f := range families {
		k, c := best(list, func(s Sample) bool { return s.Family != f })
		for i, s := range samples {
			if s.Family == f {
				all.add(list[k].at(c, i)/list[k].y[i]-1, s.Name)
			}
		}
	}
	return all.error()
}

// misses are relative errors with what they are of.
type misses []miss

type miss struct {
	error float64 // absolute
	name  string
}

func (m *misses) add(relative float64, name string) { *m = append(*m, miss{math.Abs(relative), name}) }

// error sums them up.
func (m misses) error() Error {
	all := slices.Clone(m)
	slices.SortStableFunc(all, func(a, b miss) int { return cmp.Compare(a.error, b.error) })
	sum := 0.0
	for _, m := range all {
		sum += m.error
	}
	last := all[len(all)-1]
	return Error{Mean: digits(sum / float64(len(all))), P90: digits(all[(len(all)*9)/10].error), Worst: digits(last.error), Which: last.name, Count: len(all)}
}
