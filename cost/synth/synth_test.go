package synth_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/synth"
	"tpe/hw"
	"tpe/hw/eval"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/rtlgen"
)

func osu018(t testing.TB) *synth.Synthesizer {
	t.Helper()
	tools := tooltest.Need(t, tool.Yosys, tool.OSU018)
	lib, err := liberty.Load(tools[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := synth.New(lib)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pe returns the PE of a preset.
func pe(t testing.TB, engine string, set ...string) *hw.Module {
	t.Helper()
	c, err := arch.Load(engine, set)
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range e.Top.Modules() {
		if strings.HasPrefix(m.Name, "pe_") {
			return m
		}
	}
	t.Fatalf("%s has no PE", engine)
	return nil
}

// TestRecipes holds that the recipes are ordered by area, and that results are the same
// bytes again.
func TestRecipes(t *testing.T) {
	s := osu018(t)
	m := pe(t, "systolic-os")
	var areas []float64
	for _, r := range synth.Recipes() {
		n, err := s.Module(t.Context(), m, r, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n.FlipFlops() != 8+8+1+1+3*32 {
			t.Errorf("%s: %d flip-flops, want 114", r, n.FlipFlops())
		}
		areas = append(areas, n.Area())
	}
	if !slices.IsSorted(areas) {
		t.Errorf("areas of area, balanced, speed: %v, want them rising", areas)
	}
	first, err1 := s.Module(t.Context(), m, synth.Area, 0)
	t.Setenv("TPE_CACHE", t.TempDir()) // again, without the cache
	again, err2 := osu018(t).Module(t.Context(), m, synth.Area, 0)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if diff := cmp.Diff(first.Histogram(), again.Histogram()); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	if _, err := s.Module(t.Context(), m, "fast", 0); err == nil || !strings.Contains(err.Error(), `unknown: "fast"`) {
		t.Errorf("recipe fast: %v", err)
	}
}

// TestShuffle holds that a shuffled module does the same, and that the order of its
// statements reaches Yosys.
func TestShuffle(t *testing.T) {
	m := pe(t, "systolic-ws-opt1", "a=int4", "acc_bits=20")
	for seed := uint64(1); seed <= 5; seed++ {
		other, err := synth.Shuffle(m, seed)
		if err != nil {
			t.Fatal(err)
		}
		a, err1 := eval.New(m)
		b, err2 := eval.New(other)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		x := uint64(seed)
		for cycle := range 50 {
			for i, p := range m.Inputs {
				x = x*6364136223846793005 + 1442695040888963407
				v := []uint64{x >> 20 & hw.Mask(m.Nodes[p.Node].Width)}
				a.Set(i, v)
				b.Set(i, v)
			}
			a.Settle()
			b.Settle()
			got, want := []uint64{0}, []uint64{0}
			for i, p := range m.Outputs {
				a.Get(i, want)
				b.Get(i, got)
				if got[0] != want[0] {
					t.Fatalf("seed %d, cycle %d, %s = %d, want %d", seed, cycle, p.Name, got[0], want[0])
				}
			}
			a.Step(false)
			b.Step(false)
		}
		r1, err1 := rtlgen.Emit(m, rtlgen.Options{})
		r2, err2 := rtlgen.Emit(other, rtlgen.Options{})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if string(r1.Files[0].Text) == string(r2.Files[0].Text) {
			t.Errorf("seed %d: the text is the same", seed)
		}
	}
}

// TestProductWidth holds that products are written at their own width: the same MAC with
// its product in an expression of 32 bits costs far more.
func TestProductWidth(t *testing.T) {
	s := osu018(t)
	const head = "module mac (input clk_i, input signed [7:0] a, input signed [7:0] b, output reg signed [31:0] y);\n"
	own := head + "wire signed [15:0] p = a * b;\nalways @(posedge clk_i) y <= y + {{16{p[15]}}, p};\nendmodule\n"
	wide := head + "always @(posedge clk_i) y <= a * b + y;\nendmodule\n"
	area := func(text string) float64 {
		n, err := s.Verilog(t.Context(), []rtlgen.File{{Name: "mac.v", Text: []byte(text)}}, "mac", synth.Area)
		if err != nil {
			t.Fatal(err)
		}
		return n.Area()
	}
	narrow, wider := area(own), area(wide)
	t.Logf("MAC int8: product at its own width %.0f um^2, in 32 bits %.0f", narrow, wider)
	if wider < 1.2*narrow {
		t.Errorf("32-bit form %.0f um^2, own width %.0f: the trap that this test is about is gone", wider, narrow)
	}
	m := pe(t, "systolic-os")
	rtl, err := rtlgen.Emit(m, rtlgen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(rtl.Files[0].Text); !strings.Contains(text, "wire [15:0] product = $signed(x_i) * $signed(y_i);") {
		t.Errorf("the product is not at its own width:\n%s", text)
	}
}

// TestBlocks holds that modules below stay blocks, with their parameters.
func TestBlocks(t *testing.T) {
	s := osu018(t)
	b := hw.New("outer", "")
	x := b.In("x_i", 4)
	b.Out("y_o", b.Delay(b.Not(x), 3))
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Module(t.Context(), m, synth.Area, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range n.Blocks {
		got = append(got, b.Module)
		if want := map[string]int{"WIDTH": 4, "DEPTH": 3}; !cmp.Equal(b.Parameters, want) {
			t.Errorf("parameters %v, want %v", b.Parameters, want)
		}
	}
	if diff := cmp.Diff([]string{"tpe_delay"}, got); diff != "" || len(n.Cells) != 4 {
		t.Errorf("blocks and %d cells (-want +got):\n%s", len(n.Cells), diff)
	}
	if want := []netlist.Count{{Cell: "INVX1", Count: 4, Area: 64}}; !cmp.Equal(n.Histogram(), want) {
		t.Errorf("histogram %v, want %v", n.Histogram(), want)
	}
}
