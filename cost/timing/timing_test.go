package timing_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/synth"
	"tpe/cost/timing"
	"tpe/hw"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
)

// TestAgainstOpenSTA compares the least period and the latest output of modules of the
// presets in all recipes with OpenSTA.
func TestAgainstOpenSTA(t *testing.T) {
	tools := tooltest.Need(t, tool.Yosys, tool.STA, tool.OSU018)
	compare(t, tools[1], tools[2].Path)
}

func TestDataAgainstOpenSTA(t *testing.T) {
	sta := tooltest.Need(t, tool.Yosys, tool.STA)[1]
	for _, name := range []string{"liberty/sky130hd_tt.lib.gz", "liberty/sg13g2_stdcell_typ_1p20V_25C.lib.gz"} {
		t.Run(name, func(t *testing.T) {
			compare(t, sta, tooltest.Data(t, name))
		})
	}
}

// leaves are modules of the systolic presets that place no others, have no memories and no
// delays; those of floats, which take long to synthesise, in a deep run.
func leaves(t *testing.T) []*hw.Module {
	t.Helper()
	var list []*hw.Module
	seen := map[string]bool{}
	for _, p := range arch.Representatives() {
		a, _, _ := p.Config.Formats()
		if _, integer := a.(numeric.Int); p.Config.Kind != arch.Default().Kind || !integer && !tooltest.IsDeep() {
			continue
		}
		e, err := arch.Build(p.Config)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range e.Top.Modules() {
			delays := false
			for i := range m.Nodes {
				delays = delays || m.Nodes[i].Op == hw.OpDelay
			}
			if len(m.Regs) > 0 && len(m.Insts) == 0 && len(m.Mems) == 0 && !delays && !seen[m.Name] && !strings.HasPrefix(m.Name, "skid") {
				seen[m.Name] = true
				list = append(list, m)
			}
		}
	}
	return list
}

func compare(t *testing.T, sta tool.Tool, path string) {
	lib, err := liberty.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := synth.New(lib)
	if err != nil {
		t.Fatal(err)
	}
	staPath := withoutWires(t, path)
	worst, count := 0.0, 0
	for _, m := range leaves(t) {
		for _, recipe := range synth.Recipes() {
			n, err := s.Module(t.Context(), m, recipe, 0)
			if err != nil {
				t.Fatal(err)
			}
			got, err := timing.Analyze(n, timing.Options{})
			if err != nil {
				t.Fatal(err)
			}
			wantSetup, wantOut := runSTA(t, sta, n, staPath)
			for _, c := range []struct{ got, want float64 }{{got.Setup, wantSetup}, {got.Outputs, wantOut}} {
				if e := math.Abs(c.got/c.want - 1); !(e < 0.001) {
					t.Errorf("%s %s: %.2f ps, OpenSTA has %.2f", m.Name, recipe, c.got, c.want)
				} else {
					worst = max(worst, e)
				}
			}
			count++
		}
	}
	t.Logf("%s: %d netlists, worst difference %.4f %%", lib.Name, count, 100*worst)
	if count < 20 {
		t.Errorf("%d netlists, want at least 20", count)
	}
}

// withoutWires writes a library without default wire loads, which OpenSTA would use.
func withoutWires(t *testing.T, path string) string {
	text, err := liberty.Text(path)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`default_wire_load[a-z_]* *: *[^;]*;`).ReplaceAll(text, nil)
	out := filepath.Join(t.TempDir(), "cells.lib")
	if err := os.WriteFile(out, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	slackRE = regexp.MustCompile(`(-?[0-9.]+)\s+slack`)
	noneRE  = regexp.MustCompile(`No paths found`)
)

// runSTA returns the least period and the latest output in ps.
func runSTA(t *testing.T, sta tool.Tool, n *netlist.Netlist, lib string) (setup, out float64) {
	t.Helper()
	const period = 1000 // ns
	dir := t.TempDir()
	script := fmt.Sprintf(`read_liberty %s
read_verilog n.v
link_design %s
create_clock -name clk -period %d [get_ports {clk_i*}]
set_input_delay 0 -clock clk [all_inputs]
set_output_delay 0 -clock clk [all_outputs]
report_checks -path_delay max -digits 6 -to [all_registers -data_pins]
report_checks -path_delay max -digits 6 -to [all_outputs]
`, lib, n.Name, period)
	for name, text := range map[string][]byte{"n.v": n.Verilog(), "s.tcl": []byte(script)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := sta.Run(t.Context(), dir, "-exit", "s.tcl")
	if err != nil {
		t.Fatal(err)
	}
	slacks := slackRE.FindAllSubmatch(text, -1)
	if len(slacks) != 2 || noneRE.Match(text) {
		t.Fatalf("%s: OpenSTA printed %d slacks:\n%s", n.Name, len(slacks), text)
	}
	var v [2]float64
	for i := range v {
		if v[i], err = strconv.ParseFloat(string(slacks[i][1]), 64); err != nil {
			t.Fatal(err)
		}
	}
	return (period - v[0]) * 1000, (period - v[1]) * 1000
}
