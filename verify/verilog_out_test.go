package verify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/rtlgen"
)

//go:generate go test -run ^TestVerilogOut$ . -update

// TestVerilogOut compares verilog_out with what the presets emit now.
func TestVerilogOut(t *testing.T) {
	for _, preset := range arch.Representatives() {
		p := preset.Name
		out, err := rtlgen.Emit(build(t, p).Top, rtlgen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range out.Files {
			files[f.Name] = f.Text
		}
		golden.CheckDir(t, filepath.Join("..", "verilog_out", p), files)
	}
}

// verilogOut lists the folders of verilog_out with their top module and files.
func verilogOut(t *testing.T) map[string][]string {
	t.Helper()
	sets := map[string][]string{}
	for _, preset := range arch.Representatives() {
		p := preset.Name
		files, err := filepath.Glob(filepath.Join("..", "verilog_out", p, "*.v"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no Verilog of %s: %v", p, err)
		}
		for i := range files {
			if files[i], err = filepath.Abs(files[i]); err != nil {
				t.Fatal(err)
			}
		}
		sets[p] = files
	}
	return sets
}

func topOf(t *testing.T, preset string) string { return build(t, preset).Top.Name }

// lintedFloats stand for the arrays of floats, which take long to read, outside deep runs.
var lintedFloats = []string{"fma-e4m3", "lmul-e4m3", "tc-h100-e4m3-f32"}

// floats reports whether a preset multiplies floats.
func floats(t *testing.T, preset string) bool {
	t.Helper()
	c, err := arch.Load(preset, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _, _ := c.Formats()
	_, integer := a.(numeric.Int)
	return !integer
}

// TestVerilogOutLint wants no warning from any tool on any file of verilog_out.
func TestVerilogOutLint(t *testing.T) {
	tools := tooltest.Need(t, tool.Verilator, tool.Icarus, tool.Yosys)
	verilator, icarus, yosys := tools[0], tools[1], tools[2]
	dir := t.TempDir()
	for p, files := range verilogOut(t) {
		t.Run(p, func(t *testing.T) {
			t.Parallel()
			if floats(t, p) && !slices.Contains(lintedFloats, p) {
				tooltest.Deep(t, "lint of arrays of floats but "+strings.Join(lintedFloats, ", "))
			}
			top := topOf(t, p)
			if out, err := verilator.Run(context.Background(), dir, append([]string{"--lint-only", "-Wall", "--top-module", top}, files...)...); err != nil || len(out) > 0 {
				t.Errorf("verilator: %v\n%s", err, out)
			}
			if out, err := icarus.Run(context.Background(), dir, append([]string{"-g2005", "-Wall", "-s", top, "-o", os.DevNull}, files...)...); err != nil || len(out) > 0 {
				t.Errorf("icarus: %v\n%s", err, out)
			}
			script := fmt.Sprintf("read_verilog -DSYNTHESIS %s; hierarchy -check -top %s; proc; opt_clean; check -assert", strings.Join(files, " "), top)
			if out, err := yosys.Run(context.Background(), dir, "-q", "-p", script); err != nil || strings.Contains(string(out), "Warning") {
				t.Errorf("yosys: %v\n%s", err, out)
			}
		})
	}
}
