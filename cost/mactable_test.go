package cost

import (
	"strings"
	"testing"

	"tpe/arch"
	"tpe/cost/liberty"
	"tpe/cost/split"
	"tpe/cost/synth"
	"tpe/hw"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

// osuFlow is a quick flow on OSU018, recipe balanced.
func osuFlow(t *testing.T) *Flow {
	t.Helper()
	tools := tooltest.Need(t, tool.Yosys, tool.OSU018)
	lib, err := liberty.Load(tools[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFlow(t.Context(), lib, synth.Balanced, 1, 180, "lop")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// peModule is the main piece of an engine's PE.
func peModule(t *testing.T, name string, set ...string) *hw.Module {
	t.Helper()
	c, err := arch.Load(name, append([]string{"rows=2", "cols=2"}, set...))
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := split.Engine(e.Top)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if strings.HasPrefix(p.Module.Name, "pe_") {
			return p.Pieces[0].Module
		}
	}
	t.Fatalf("%s has no PE", name)
	return nil
}

// macPEs are the PEs of the table of OPT1 against MAC: int8 into 32 bits, operands
// broadcast, with the place of the drain chain.
var macPEs = []struct {
	name, engine string
	set          []string
}{
	{"MAC", "matrix2d", nil},
	{"MAC, ripple", "matrix2d", []string{"adder=ripple"}},
	{"MAC, Kogge-Stone", "matrix2d", []string{"adder=kogge-stone"}},
	{"Booth MAC, Kogge-Stone", "matrix2d", []string{"multiplier=booth4", "adder=kogge-stone"}},
	{"OPT1", "matrix2d-opt1", nil},
}

// macTable synthesises the PEs in a library and all recipes, and logs area, delay from
// register to register, and what OPT1 has of it; it returns the ratio of the delays by recipe.
func macTable(t *testing.T, lib *liberty.Library, node int) map[synth.Recipe]float64 {
	t.Helper()
	ratio := map[synth.Recipe]float64{}
	for _, recipe := range synth.Recipes() {
		f, err := NewFlow(t.Context(), lib, recipe, 1, node, "lop")
		if err != nil {
			t.Fatal(err)
		}
		modules := make([]*hw.Module, len(macPEs))
		for i, p := range macPEs {
			modules[i] = peModule(t, p.engine, p.set...)
		}
		blocks, err := f.blocks(t.Context(), modules)
		if err != nil {
			t.Fatal(err)
		}
		opt1 := blocks[len(blocks)-1]
		ratio[recipe] = delay(blocks[0].timing) / delay(opt1.timing)
		for i, b := range blocks {
			t.Logf("| %s, %s | %s | %.0f + %.0f | %.0f | %.2f |", lib.Name, recipe, macPEs[i].name, b.gates, b.flops, delay(b.timing), delay(b.timing)/delay(opt1.timing))
		}
	}
	return ratio
}

// TestMACTable holds the table of docs/cost.md in OSU018: OPT1 has the shorter path in every
// recipe, by what the page says.
func TestMACTable(t *testing.T) {
	tooltest.Deep(t, "synthesis of five PEs in three recipes")
	for recipe, r := range macTable(t, osuFlow(t).Library, 180) {
		if r < 1.3 || r > 4 {
			t.Errorf("recipe %s: the path of MAC is %.2f times that of OPT1", recipe, r)
		}
	}
}

// TestDataMACTable is the same in libraries of the user's.
func TestDataMACTable(t *testing.T) {
	for _, name := range []string{"liberty/sky130hd_tt.lib.gz", "liberty/sg13g2_stdcell_typ_1p20V_25C.lib.gz"} {
		t.Run(name, func(t *testing.T) {
			lib, err := liberty.Load(tooltest.Data(t, name))
			if err != nil {
				t.Fatal(err)
			}
			tooltest.Need(t, tool.Yosys)
			for recipe, r := range macTable(t, lib, 130) {
				if r < 1.3 || r > 5 {
					t.Errorf("recipe %s: the path of MAC is %.2f times that of OPT1", recipe, r)
				}
			}
		})
	}
}
