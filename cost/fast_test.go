package cost_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/cost"
	"tpe/cost/liberty"
	"tpe/cost/memory"
	"tpe/cost/synth"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

// TestFastEngines makes every preset of the fast model's cells, without tools, and runs a
// job on it: the bits of every piece compute what the graph computes, or Energy fails.
func TestFastEngines(t *testing.T) {
	tech, err := cost.LoadTechnology("unit")
	if err != nil {
		t.Fatal(err)
	}
	f, err := cost.NewFastFlow(t.Context(), tech, synth.Balanced, memory.LOP)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range arch.Presets() {
		t.Run(p.Name, func(t *testing.T) { checkEngine(t, f, p.Name) })
	}
}

// TestFastMonotone holds that more PEs, wider operands and bigger buffers never take less area
// or leakage: random walks through configurations, each step making one setting larger.
func TestFastMonotone(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range cost.TechnologyNames() {
		if name == "unit" {
			continue // its memories are um^2, its gates are not
		}
		tech, err := cost.LoadTechnology(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := cost.NewFastFlow(t.Context(), tech, synth.Area, memory.LOP)
		if err != nil {
			t.Fatal(err)
		}
		for _, preset := range []string{"systolic-ws", "matrix2d-opt1"} {
			at := map[string]int{"rows": 2, "cols": 2, "a": 2, "b": 2, "acc_rows": 16}
			area, leakage, last := 0.0, 0.0, []string(nil)
			for range 10 {
				set := []string{fmt.Sprintf("rows=%d", at["rows"]), fmt.Sprintf("cols=%d", at["cols"]), fmt.Sprintf("a=int%d", at["a"]), fmt.Sprintf("b=int%d", at["b"])}
				if preset == "systolic-ws" {
					set = append(set, fmt.Sprintf("acc_rows=%d", at["acc_rows"]))
				}
				d, err := f.Engine(t.Context(), engine(t, preset, set...).Top)
				if err != nil {
					t.Fatal(err)
				}
				if a, l := d.Area(), d.Leakage(); a < area || l < leakage || a == 0 {
					t.Errorf("%s, %s %v: %g um^2 and %g nW, %v had %g and %g", name, preset, set, a, l, last, area, leakage)
				} else {
					area, leakage, last = a, l, set
				}
				switch key := []string{"rows", "cols", "a", "b", "acc_rows"}[rng.IntN(5)]; key {
				case "a", "b":
					at[key] = min(16, at[key]+1+rng.IntN(3))
				default:
					at[key] += 1 + rng.IntN(at[key])
				}
			}
		}
	}
}

// TestTechnologies holds that every embedded technology is one, and says where it comes from.
func TestTechnologies(t *testing.T) {
	names := cost.TechnologyNames()
	for _, want := range []string{"osu018", "sky130hd", "sg13g2", "unit", "horowitz45"} {
		if !strings.Contains(strings.Join(names, " ")+" ", want+" ") {
			t.Errorf("no technology %s in %v", want, names)
		}
	}
	for _, name := range names {
		tech, err := cost.LoadTechnology(name)
		if err != nil {
			t.Fatal(err)
		}
		if tech.Name != name || tech.Source == "" || len(tech.Recipes) != 3 {
			t.Errorf("%s: name %q, source %q, %d recipes", name, tech.Name, tech.Source, len(tech.Recipes))
		}
		text, err := tech.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := cost.ParseTechnology("again", text)
		if diff := cmp.Diff(tech, again); err != nil || diff != "" {
			t.Errorf("%s: %v, written and read again:\n%s", name, err, diff)
		}
	}
	for text, want := range map[string]string{
		"name: x": "expected all of them", "name: [": "bad.yaml", "colour: red": "field colour not found",
		"{name: x, node_nm: 45, recipes: {tiny: {and_um2: 1}}}":  `recipe: unknown: "tiny"`,
		"{name: x, node_nm: 45, recipes: {area: {and_um2: -1}}}": "recipes.area.and_um2: out of range: -1",
	} {
		if _, err := cost.ParseTechnology("bad.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}

// FuzzTechnology holds that any text is a technology or an error.
func FuzzTechnology(f *testing.F) {
	f.Add([]byte("{name: x, node_nm: 45, recipes: {area: {and_um2: 1}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if _, err := cost.ParseTechnology("fuzz", src); err != nil && !strings.HasPrefix(err.Error(), "fuzz: ") {
			t.Errorf("error without the file: %v", err)
		}
	})
}

// TestCalibrate fits a technology to some samples: its figures are near those of the
// embedded one, which was fitted to all of them and whose published errors are held here.
func TestCalibrate(t *testing.T) {
	tools := tooltest.Need(t, tool.Yosys, tool.OSU018)
	lib, err := liberty.Load(tools[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := cost.Samples()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Errorf("%d samples, want at least 100", len(all))
	}
	var some []cost.Sample
	for i := 0; i < len(all); i += len(all)/8 + 1 {
		some = append(some, all[i])
	}
	got, err := cost.Calibrate(t.Context(), lib, 180, some, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	want, err := cost.LoadTechnology("osu018")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range got.Recipes {
		w := want.Recipes[name]
		one, both := r.AndUM2+r.XorUM2, w.AndUM2+w.XorUM2
		if one < both/2 || one > 2*both || r.FlipFlopUM2 != w.FlipFlopUM2 || r.AreaError.Count != len(some) {
			t.Errorf("recipe %s of %d samples: %+v, embedded %+v", name, len(some), r, w)
		}
		if w.AreaError.Mean > 0.10 || w.AreaError.P90 > 0.20 || w.AreaError.Count < 100 {
			t.Errorf("recipe %s: embedded area error %v", name, w.AreaError)
		}
	}
	if e := want.Energy.Error; e.Mean > 0.15 || e.Count < 100 {
		t.Errorf("embedded energy error %v", e)
	}
}
