package testbench_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/rtlgen"
	"tpe/testbench"
)

// writeAll writes the Verilog and the self-checking testbench of a module.
func writeAll(t *testing.T, top *hw.Module, change func(name string, text []byte) []byte) string {
	t.Helper()
	var play drive.Play
	var traces []drive.Trace
	for seed := uint64(1); ; seed++ { // until one has patterns and no failing assertion
		play = randomPlays(t, top, 1, seed)[0]
		play.Reset, play.Cut = 2, 0
		var err error
		if traces, err = machine(t, top).Run([]drive.Play{play}); err != nil {
			t.Fatal(err)
		}
		if traces[0].Failures == 0 && len(play.Valid) > 0 && len(play.Valid[0]) > 1 {
			break
		}
	}
	files, err := testbench.SelfChecking(top, play, traces[0])
	if err != nil {
		t.Fatal(err)
	}
	out, err := rtlgen.Emit(top, rtlgen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range append(files, out.Files...) {
		text := f.Text
		if change != nil {
			text = change(f.Name, text)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSelfChecking(t *testing.T) {
	tools := tooltest.Need(t, tool.Make, tool.Icarus, tool.VVP, tool.Yosys, tool.OSU018, tool.Verilator)
	mk, liberty := tools[0], tools[4].Path
	for _, make := range []func(testing.TB) *hw.Module{accumulator, fifo, wires, tokens} {
		top := make(t)
		t.Run(top.Name, func(t *testing.T) {
			dir := writeAll(t, top, nil)
			targets := [][]string{{"sim"}, {"wave"}, {"lint"}}
			if top.Name == "accumulator" {
				targets = append(targets, []string{"synth"}, []string{"synth", "LIBERTY=" + liberty})
			}
			for _, target := range targets {
				if text, err := mk.Run(t.Context(), dir, target...); err != nil {
					t.Errorf("make %s: %v\n%s", strings.Join(target, " "), err, text)
				}
			}
		})
	}
}

func TestSelfCheckingVerilator(t *testing.T) {
	mk := tooltest.Need(t, tool.Make, tool.Verilator, tool.GXX)[0]
	dir := writeAll(t, accumulator(t), nil)
	for _, target := range []string{"sim", "wave"} {
		if text, err := mk.Run(t.Context(), dir, target, "SIM=verilator"); err != nil {
			t.Errorf("make %s: %v\n%s", target, err, text)
		}
	}
}

// TestSelfCheckingFails changes an expected word, and then the hardware.
func TestSelfCheckingFails(t *testing.T) {
	mk := tooltest.Need(t, tool.Make, tool.Icarus, tool.VVP)[0]
	for _, tt := range []struct{ file, old, changed, want string }{
		{"tb_expected.hex", "\n", "0\n", "FAIL: "},
		{"accumulator.v", "== 8'd1", "== 8'd2", "FAIL: "},
	} {
		changed := false
		dir := writeAll(t, accumulator(t), func(name string, text []byte) []byte {
			if name != tt.file {
				return text
			}
			out := bytes.Replace(text, []byte(tt.old), []byte(tt.changed), 1)
			changed = !bytes.Equal(out, text)
			return out
		})
		text, err := mk.Run(t.Context(), dir, "sim")
		if !changed || err == nil || !strings.Contains(string(text), tt.want) {
			t.Errorf("%s changed (%v): make sim gives %v and prints\n%s", tt.file, changed, err, text)
		}
	}
}

func TestSelfCheckingIsDeterministic(t *testing.T) {
	top := fifo(t)
	play := randomPlays(t, top, 1, 1)[0]
	traces, err := machine(t, top).Run([]drive.Play{play})
	if err != nil {
		t.Fatal(err)
	}
	first, err := testbench.SelfChecking(top, play, traces[0])
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		again, _ := testbench.SelfChecking(top, play, traces[0])
		for i := range first {
			if again[i].Name != first[i].Name || !bytes.Equal(again[i].Text, first[i].Text) {
				t.Fatalf("%s differs from run to run", first[i].Name)
			}
		}
	}
	if _, err := testbench.SelfChecking(wires(t), play, traces[0]); err == nil {
		t.Error("SelfChecking accepts the play of another module")
	}
}
