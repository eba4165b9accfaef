package cost

import (
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"tpe/cost/synth"
	"tpe/hw"
	"tpe/internal/tool/tooltest"
)

// ranks gives each value its place in the order of values.
func ranks(x []float64) []float64 {
	order := slices.Clone(x)
	slices.Sort(order)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(slices.Index(order, v))
	}
	return out
}

// TestRanks holds that the fast model puts PEs of one format and one product a cycle in the
// order in which synthesis puts them, by area and by energy.
func TestRanks(t *testing.T) {
	tooltest.Deep(t, "synthesis of PEs that do the same")
	f := osuFlow(t)
	tech, err := LoadTechnology("osu018")
	if err != nil {
		t.Fatal(err)
	}
	fast, err := NewFastFlow(t.Context(), tech, synth.Balanced, "lop")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range [][]string{nil, {"a=int4", "b=int4"}} {
		var modules []*hw.Module
		for _, name := range []string{"systolic-os", "systolic-ws", "systolic-os-opt1", "systolic-ws-opt1", "systolic-os-ent", "systolic-ws-ent", "matrix2d", "matrix2d-opt1", "matrix2d-ent"} {
			modules = append(modules, peModule(t, name, format...))
		}
		gates, err1 := f.blocks(t.Context(), modules)
		nodes, err2 := fast.blocks(t.Context(), modules)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		var area, energy [2][]float64
		for i := range modules {
			for k, b := range []*block{gates[i], nodes[i]} {
				flow := []*Flow{f, fast}[k]
				e, _ := energies(t, flow, b, distributions[2].draw, 300, 1)
				area[k] = append(area[k], b.gates+b.flops)
				energy[k] = append(energy[k], e)
			}
			t.Logf("%s: area %.0f, fast %.0f; energy %.1f pJ, fast %.1f", modules[i].Name, area[0][i], area[1][i], energy[0][i]*1e-3, energy[1][i]*1e-3)
		}
		byArea := stat.Correlation(ranks(area[0]), ranks(area[1]), nil)
		byEnergy := stat.Correlation(ranks(energy[0]), ranks(energy[1]), nil)
		t.Logf("%v: rank correlation by area %.3f, by energy %.3f", format, byArea, byEnergy)
		if byArea < 0.95 || byEnergy < 0.85 {
			t.Errorf("%v: rank correlation by area %.3f, by energy %.3f", format, byArea, byEnergy)
		}
	}
}
