package cost

import (
	"math"
	"math/rand/v2"
	"testing"

	"tpe/cost/netlist"
	"tpe/cost/power"
	"tpe/hw"
	"tpe/internal/tool/tooltest"
)

// distributions are kinds of operands of n bits, signed, on which the energy of a PE is
// asked for.
var distributions = []struct {
	name string
	draw func(r *rand.Rand, half float64) float64
}{
	{"uniform", func(r *rand.Rand, half float64) float64 { return (2*r.Float64() - 1) * half }},
	{"normal, half of full scale", func(r *rand.Rand, half float64) float64 { return r.NormFloat64() * half / 2 }},
	{"normal, fifth", func(r *rand.Rand, half float64) float64 { return r.NormFloat64() * half / 5 }},
	{"normal, sixteenth", func(r *rand.Rand, half float64) float64 { return r.NormFloat64() * half / 16 }},
	{"half zeros", func(r *rand.Rand, half float64) float64 {
		return float64(r.IntN(2)) * r.NormFloat64() * half / 5
	}},
	{"nine tenths zeros", func(r *rand.Rand, half float64) float64 {
		if r.IntN(10) > 0 {
			return 0
		}
		return r.NormFloat64() * half / 5
	}},
	{"ReLU", func(r *rand.Rand, half float64) float64 { return max(0, r.NormFloat64()*half/5) }},
	{"Laplace", func(r *rand.Rand, half float64) float64 {
		return r.ExpFloat64() * half / 8 * float64(2*r.IntN(2)-1)
	}},
	{"few large", func(r *rand.Rand, half float64) float64 {
		if r.IntN(50) == 0 {
			return (2*r.Float64() - 1) * half
		}
		return r.NormFloat64() * half / 20
	}},
}

// energies simulates gates with delays for some cycles, at operands of a distribution, and
// returns the energy of data of a cycle (fJ) with glitches and without. Inputs of one bit are
// flags that are seldom set.
func energies(t *testing.T, f *Flow, b *block, draw func(r *rand.Rand, half float64) float64, cycles int, seed uint64) (all, calm float64) {
	t.Helper()
	e, err := power.NewEvent(b.net, b.timing, f.opt.OutputLoad)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, seed))
	for cycle := range cycles + 1 {
		var values []bool
		for _, p := range b.net.Inputs {
			values = append(values, inputBits(p, b.net, cycle, rng, draw)...)
		}
		if err := e.Cycle(values); err != nil {
			t.Fatal(err)
		}
		if cycle == 0 {
			e.Forget()
		}
	}
	m := power.NewModel(b.net, b.timing, power.Load{Assumed: f.opt.OutputLoad})
	a, c := m.Of(e.Activity()), m.Of(e.Calm())
	n := float64(cycles)
	return (a.Internal + a.Switching) / n, (c.Internal + c.Switching) / n
}

func inputBits(p netlist.Port, n *netlist.Netlist, cycle int, rng *rand.Rand, draw func(r *rand.Rand, half float64) float64) []bool {
	var out []bool
	switch {
	case p.Nets[0] == n.Clock:
		return nil
	case p.Name == "rst_ni":
		return []bool{cycle > 0}
	case len(p.Nets) == 1:
		return []bool{rng.IntN(16) == 0}
	}
	half := math.Exp2(float64(len(p.Nets) - 1))
	v := int64(math.Max(-half, math.Min(half-1, math.Round(draw(rng, half)))))
	for i := range p.Nets {
		out = append(out, v>>i&1 == 1)
	}
	return out
}

// TestDistributions measures how far the energy of a PE is off that is predicted from its
// edges without delays and a glitch factor, against the event-driven figure of 600 cycles on
// nine kinds of operands: with a factor that was found once, on uniform operands, and with
// one of other 200 cycles of the same kind of operands, which is what tpe cost does.
func TestDistributions(t *testing.T) {
	tooltest.Deep(t, "event-driven simulation of eight PEs on nine kinds of operands")
	f := osuFlow(t)
	var modules []*hw.Module
	var names []string
	for _, p := range []struct {
		name, engine string
		set          []string
	}{
		{"os", "systolic-os", nil}, {"ws", "systolic-ws", nil}, {"matrix", "matrix2d", nil}, {"os int4", "systolic-os", []string{"a=int4", "b=int4"}},
		{"os int12", "systolic-os", []string{"a=int12", "b=int12"}}, {"opt1", "matrix2d-opt1", nil}, {"kogge-stone", "matrix2d", []string{"adder=kogge-stone"}},
		{"booth", "matrix2d", []string{"multiplier=booth4", "adder=kogge-stone"}},
	} {
		modules, names = append(modules, peModule(t, p.engine, p.set...)), append(names, p.name)
	}
	blocks, err := f.blocks(t.Context(), modules)
	if err != nil {
		t.Fatal(err)
	}
	const long, short = 600, 200
	var once, same misses
	for i, b := range blocks {
		all, calm := energies(t, f, b, distributions[0].draw, short, 1)
		uniform := all / calm
		for _, d := range distributions {
			shortAll, shortCalm := energies(t, f, b, d.draw, short, 2)
			all, calm := energies(t, f, b, d.draw, long, 3)
			byUniform, bySame := calm*uniform/all-1, calm*shortAll/shortCalm/all-1
			name := names[i] + ", " + d.name
			once.add(byUniform, name)
			same.add(bySame, name)
			t.Logf("%s: %.1f pJ, glitch factor %.2f; predicted %+.1f %%, by operands of its kind %+.1f %%", name, all*1e-3, all/calm, 100*byUniform, 100*bySame)
		}
	}
	t.Logf("a factor of uniform operands: %v", once.error())
	t.Logf("a factor of operands of the same kind: %v", same.error())
	if e := same.error(); e.Mean > 0.05 || e.P90 > 0.12 {
		t.Errorf("a factor of operands of the same kind: %v", e)
	}
}
