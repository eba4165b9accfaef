package liberty_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/cost/liberty"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

// small is a library in unusual units: 10 ps, 2 fF, 0.5 V, pW.
const small = `/* a library
   for tests */
library (small) {
  time_unit : "10ps"; voltage_unit : "500mV";
  leakage_power_unit : 1pW
  capacitive_load_unit (2, ff);
  nom_voltage : 2; nom_temperature : 85 ;
  lu_table_template (slew_load) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("1, 3"); index_2 ("10, 20, 40"); }
  power_lut_template (load) { variable_1 : total_output_net_capacitance; index_1 ("1, 2"); }
  lu_table_template (odd) { variable_1 : normalized_voltage; index_1 ("1, 2"); }
  cell (NAND) { // the only gate
    area : 2.5;
    leakage_power () { value : 3; when : "A & !B"; }
    leakage_power () { value : 5; }
    pin (A, B) { direction : input; capacitance : 1.5; rise_capacitance : 1.25;
      internal_power () { rise_power (scalar) { values ("-0.5"); } } }
    pin (Y) { direction : output; function : "(A B)'"; max_capacitance : 100;
      timing () { related_pin : "A B"; timing_sense : negative_unate;
        cell_rise (slew_load) { values ("1, 2, 4", \
            "3, 4, 6"); }
        cell_fall (odd) { values ("1, 2"); }
      }
      internal_power () { related_pin : "A"; when : "B"; rise_power (load) { values ("1 -3"); } } } }
  cell (FF) { area : 7; ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin (D) { direction : input; } pin (CK) { direction : input; }
    pin (Q) { direction : output; function : "IQ"; } }
  cell (CLKBUF) { pin (A) { direction : input; } pin (Y) { direction : output; function : "A"; } }
}
`

func TestRead(t *testing.T) {
	l, err := liberty.Read("small.lib", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if l.Name != "small" || l.Voltage != 1 || l.Temperature != 85 || len(l.Cells) != 3 {
		t.Errorf("library = %q, %g V, %g C, %d cells, want small, 1, 85, 3", l.Name, l.Voltage, l.Temperature, len(l.Cells))
	}
	c := l.Cell("NAND")
	if !c.Nand2() || !c.Usable() || c.Area != 2.5 || !near(c.Leakage, 0.004) || l.GateArea() != 2.5 {
		t.Errorf("NAND = nand2 %v, usable %v, area %g, leakage %g nW, want true, true, 2.5, 0.004", c.Nand2(), c.Usable(), c.Area, c.Leakage)
	}
	if a := c.Pin("B"); a.Cap != 3 || a.RiseCap != 2.5 || a.FallCap != 3 || a.Powers[0].Fall != nil {
		t.Errorf("pin B = %+v, want 3, 2.5 and 3 fF", a)
	}
	y := c.Pin("Y")
	if len(y.Arcs) != 2 || y.Arcs[1].Related != "B" || y.Arcs[0].Sense != liberty.NegativeUnate || y.Arcs[0].CellFall != nil || y.MaxLoad != 200 {
		t.Errorf("pin Y = %+v, want arcs of A and B, a fall without a table, 200 fF", y)
	}
	// Energy unit: 2 fF * (0.5 V)^2 = 0.5 fJ.
	if got := c.Pin("A").Powers[0].Rise.Lookup(liberty.At{}); !near(got, -0.25) {
		t.Errorf("energy of A's rise = %g fJ, want -0.25", got)
	}
	if got := y.Powers[0].Rise.Lookup(liberty.At{liberty.VarLoad: 5}); !near(got, -2.5) {
		t.Errorf("energy of Y's rise at 5 fF = %g fJ, want -2.5", got)
	}
	for _, tt := range []struct{ slew, load, want float64 }{
		{10, 20, 10}, {20, 40, 30}, {30, 60, 50}, {0, 20, 0}, {10, 100, 50}, {50, 20, 50},
	} { // delay = slew/10*10 + load/20*10 - 10 ps on the grid's plane
		if got := y.Arcs[0].CellRise.Lookup(liberty.At{liberty.VarSlew: tt.slew, liberty.VarLoad: tt.load}); !near(got, tt.want) {
			t.Errorf("delay at %g ps, %g fF = %g ps, want %g", tt.slew, tt.load, got, tt.want)
		}
	}
	if f := l.Cell("FF"); !f.Usable() || !f.Pin("CK").Clock || f.Pin("D").Clock || len(l.FlipFlops()) != 1 {
		t.Errorf("FF: usable %v (%s), want a flip-flop of clock CK", f.Usable(), f.Reason)
	}
	if l.Cell("CLKBUF").Usable() || l.Driver() != nil {
		t.Error("CLKBUF is usable")
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

func TestReadErrors(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{`"10ps"`, `"10parsec"`, `small.lib:4: time_unit: not a unit: "10parsec"`},
		{`capacitive_load_unit (2, ff);`, ``, `small.lib:3: library small: no capacitive_load_unit`},
		{`leakage_power_unit : 1pW`, ``, `small.lib:3: library small has no leakage_power_unit`},
		{`area : 2.5`, `area : big`, `small.lib:13: area: not a number: "big"`},
		{`nom_voltage : 2`, `nom_voltage : NaN`, `not a number: "NaN"`},
		{`"1, 2, 4"`, `"1, 2"`, `small.lib:20: cell_rise: 5 values (expected 6, one a point)`},
		{`index_1 ("1, 3")`, `index_1 ("3, 1")`, `axis 1 does not rise at point 2`},
		{`(A B)'`, `(A B`, `small.lib:18: function: function "(A B": column 5`},
		{`(slew_load) { values`, `(slow) { values`, `small.lib:20: cell_rise: unknown template "slow"`},
		{`direction : output; function : "A"`, `function : "A"`, `pin Y: direction ""`},
		{`cell (FF)`, `cell (NAND)`, `small.lib:25: cell NAND stands twice`},
		{`// the only gate`, `/* the only gate`, `small.lib:12: comment without an end`},
		{"\n}\n", "\n", `small.lib:3: group library without an end`},
		{`area : 7;`, `area`, `small.lib:25: area is followed by "ff"`},
		{`library (small)`, `cell (small)`, `1 outermost groups (expected one, library)`},
	}
	for _, tt := range tests {
		text := strings.Replace(small, tt.old, tt.new, 1)
		_, err := liberty.Read("small.lib", []byte(text))
		if _, ok := errors.AsType[*liberty.Error](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s -> %s: error %v, want %s", tt.old, tt.new, err, tt.want)
		}
	}
}

func TestFunction(t *testing.T) {
	tests := []struct {
		text string
		vars string
		want uint64
	}{
		{"A", "A", 0b10}, {"!A", "A", 0b01}, {"A'", "A", 0b01}, {"A B", "A B", 0b1000}, {"A*B+C", "A B C", 0b11111000},
		{"A^B&C", "A B C", 0b01100000}, {"(A+B)'", "A B", 0b0001}, {"!(A B)' ", "A B", 0b1000}, {"A|!B", "A B", 0b1011},
		{"1", "A", 0b11}, {"0", "A", 0}, {"(!S&A) | (S & B)", "A B S", 0b11001010}, {"A B C", "A B C", 0b10000000}, {"A''", "A", 0b10},
	}
	for _, tt := range tests {
		f, err := liberty.ParseFunction(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		vars := strings.Fields(tt.vars)
		got, err := f.Truth(vars)
		if mask := uint64(1)<<(1<<len(vars)) - 1; err != nil || got&mask != tt.want {
			t.Errorf("%q = %b, %v, want %b", tt.text, got&mask, err, tt.want)
		}
	}
	for _, bad := range []string{"", "A+", "(A", "A)", "A B)", "&A", "A ? B", strings.Repeat("!", 100) + "A"} {
		if _, err := liberty.ParseFunction(bad); err == nil {
			t.Errorf("%q is a function", bad)
		}
	}
}

// facts are what a library of the makers holds: cells, usable ones, areas of a NAND and
// a flip-flop.
type facts struct {
	Cells, Usable     int
	Nand, FF, Voltage float64
	Driver            string
}

func checkLibrary(t *testing.T, path string, want facts) {
	t.Helper()
	l, err := liberty.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	got := facts{Cells: len(l.Cells), Nand: l.GateArea(), Voltage: l.Voltage, Driver: l.Driver().Name, FF: math.Inf(1)}
	for _, c := range l.Cells {
		if c.Usable() {
			got.Usable++
		}
	}
	for _, c := range l.FlipFlops() {
		got.FF = min(got.FF, c.Area)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", l.Name, diff)
	}
	gates, flops := l.Mapping()
	again, err := liberty.Read("gates", gates)
	if err != nil || len(again.Cells)+len(usableFF(l)) != got.Usable {
		t.Errorf("%s: mapping library has %v cells, %v", l.Name, len(again.Cells), err)
	}
	if ff, err := liberty.Read("flops", flops); err != nil || len(ff.Cells) != len(l.FlipFlops()) {
		t.Errorf("%s: flip-flop library: %v", l.Name, err)
	}
}

func TestOSU018(t *testing.T) {
	osu := tooltest.Need(t, tool.OSU018)[0]
	checkLibrary(t, osu.Path, facts{32, 22, 24, 96, 1.8, "BUFX2"})
}

func TestDataLibraries(t *testing.T) {
	for _, tt := range []struct {
		name string
		want facts
	}{
		{"liberty/osu035_stdcells.lib", facts{39, 22, 96, 384, 3.3, "BUFX2"}},
		{"liberty/osu05_stdcells.lib", facts{39, 22, 216, 864, 5, "BUFX2"}},
		{"liberty/sky130hd_tt.lib.gz", facts{428, 273, 3.7536, 20.0192, 1.8, "sky130_fd_sc_hd__buf_2"}},
		{"liberty/sg13g2_stdcell_typ_1p20V_25C.lib.gz", facts{84, 49, 7.2576, 48.9888, 1.2, "sg13g2_buf_2"}},
	} {
		t.Run(tt.name, func(t *testing.T) { checkLibrary(t, tooltest.Data(t, tt.name), tt.want) })
	}
}

func usableFF(l *liberty.Library) (list []*liberty.Cell) {
	for _, c := range l.FlipFlops() {
		if c.Usable() {
			list = append(list, c)
		}
	}
	return list
}

// FuzzRead holds that any text is a library or an error with a line, and that what
// Mapping writes of it is a library again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`library(x){time_unit:"1ns";voltage_unit:"1V";capacitive_load_unit(1,pf);nom_voltage:1;cell(A){pin(Y){direction:output;function:"1";timing(){}}}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := liberty.Read("fuzz", src)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz:") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		for _, c := range l.Cells {
			_ = fmt.Sprint(c.Usable(), c.Buffer(), c.Nand2(), l.FlipFlops())
		}
	})
}

func TestLoadMissing(t *testing.T) {
	if _, err := liberty.Load("/nonexistent/x.lib"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load = %v, want not exist", err)
	}
}
