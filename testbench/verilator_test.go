package testbench_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/testbench"
)

// agree plays the same stimulus on the evaluator and on a simulator and compares
// the traces, then a play that hangs. asserts says whether the simulator counts
// failures.
func agree(t *testing.T, top *hw.Module, r drive.Runner, plays []drive.Play, asserts bool) {
	t.Helper()
	want, err := machine(t, top).Run(plays)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Run(plays)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, want, asserts)
	results := 0
	for _, tr := range want {
		results += len(tr.At)
	}
	if results == 0 {
		t.Error("no results at all")
	}

	hang := hanging(plays)
	want, wantErr := machine(t, top).Run(hang)
	got, gotErr := r.Run(hang)
	if diff := cmp.Diff(gotErr, wantErr); diff != "" {
		t.Errorf("error of a hang, got - want +\n%s", diff)
	}
	var h *drive.HangError
	if !errors.As(gotErr, &h) {
		t.Errorf("a hang gives %v", gotErr)
	}
	compare(t, got, want, asserts)
}

func compare(t *testing.T, got, want []drive.Trace, asserts bool) {
	t.Helper()
	for i := range want { // see the package comment: only whether there were any
		got[i].Failures, want[i].Failures = min(got[i].Failures, 1), min(want[i].Failures, 1)
		if !asserts {
			want[i].Failures = 0
		}
	}
	for i := range want {
		if diff := cmp.Diff(got[i], want[i]); diff != "" {
			t.Fatalf("play %d, got - want +\n%s", i, diff)
		}
	}
}

func TestVerilator(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Make)
	for _, make := range []func(testing.TB) *hw.Module{fifo, accumulator, wires, tokens} {
		top := make(t)
		t.Run(top.Name, func(t *testing.T) {
			v, err := testbench.NewVerilator(t.Context(), top, testbench.VerilatorOptions{Quick: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("built in %v, cached %v", v.BuildTime, v.Cached)
			agree(t, top, v, randomPlays(t, top, 300, 1), true)
		})
	}
}

func TestVerilatorCountsFailures(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Make)
	top := fifo(t)
	v, err := testbench.NewVerilator(t.Context(), top, testbench.VerilatorOptions{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	traces, err := v.Run(randomPlays(t, top, 100, 3))
	if err != nil {
		t.Fatal(err)
	}
	var n uint64
	for _, tr := range traces {
		n += tr.Failures
	}
	if n == 0 {
		t.Error("no failure of the assertion in 100 plays of random data")
	}
}

func TestVerilatorRefusesBadPlays(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Make)
	v, err := testbench.NewVerilator(t.Context(), wires(t), testbench.VerilatorOptions{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Run([]drive.Play{{}, {Beats: [][]byte{make([]byte, 11)}, Cut: -1}})
	const want = `testbench: play 0 has beats for 0 streams (expected 1)
testbench: play 1, stream s: 11 bytes (expected whole beats of 10)
testbench: play 1: reset 0, results 0, cut -1, limit 0 (expected none below 0)`
	if err == nil || err.Error() != want {
		t.Errorf("Run = %v, want %s", err, want)
	}
}

func TestVerilatorVCD(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Make)
	top := accumulator(t)
	v, err := testbench.NewVerilator(t.Context(), top, testbench.VerilatorOptions{Quick: true, Trace: true})
	if err != nil {
		t.Fatal(err)
	}
	plays := randomPlays(t, top, 3, 5)
	want, err := machine(t, top).Run(plays)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "wave.vcd")
	got, err := v.RunVCD(t.Context(), plays, file)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, want, true)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("$enddefinitions")) || !bytes.Contains(text, []byte("left_q")) || !bytes.Contains(text, []byte("\n#100\n")) {
		t.Errorf("waveform of %d bytes lacks definitions, a register or times", len(text))
	}
}

func TestVerilatorBench(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Make)
	top := accumulator(t)
	v, err := testbench.NewVerilator(t.Context(), top, testbench.VerilatorOptions{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	plays := randomPlays(t, top, 50, 7)
	s, err := v.Bench(t.Context(), plays, 200000)
	if err != nil {
		t.Fatal(err)
	}
	if s.Cycles < 200000 || s.CPU <= 0 {
		t.Errorf("Bench = %+v, want at least 200000 cycles and some time", s)
	}
	t.Logf("%d cycles, %.0f cycles/s", s.Cycles, s.CyclesPerSecond())
	if _, err := v.Bench(t.Context(), []drive.Play{{Beats: make([][]byte, 2)}}, 1); err == nil {
		t.Error("Bench of plays without cycles succeeded")
	}
}

func TestVerilatorCanceled(t *testing.T) {
	tooltest.Need(t, tool.Verilator, tool.GXX, tool.Make)
	top := wires(t)
	v, err := testbench.NewVerilator(t.Context(), top, testbench.VerilatorOptions{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.RunContext(ctx, randomPlays(t, top, 2, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("RunContext = %v, want %v", err, context.Canceled)
	}
}
