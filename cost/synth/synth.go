package synth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/hw"
	"tpe/internal/tool"
	"tpe/rtlgen"
)

// Synthesizer maps modules to the cells of one library.
type Synthesizer struct {
	Library *liberty.Library

	yosys        tool.Tool
	gates, flops string // files of the cache
	hash         []byte // of their contents
	constraints  []byte
}

// New prepares a library for mapping. A missing Yosys is a *[tool.Missing].
func New(lib *liberty.Library) (*Synthesizer, error) {
	yosys, err := tool.Find(tool.Yosys)
	if err != nil {
		return nil, err
	}
	driver := lib.Driver()
	if driver == nil || len(lib.FlipFlops()) == 0 || lib.InverterLoad() == 0 {
		return nil, fmt.Errorf("library %s lacks a usable buffer, inverter or flip-flop", lib.Name)
	}
	s := &Synthesizer{Library: lib, yosys: yosys}
	gates, flops := lib.Mapping()
	key := append(append([]byte("mapping\n"), gates...), flops...)
	dir, _, err := tool.Cache("liberty", key, func(dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "gates.lib"), gates, 0o644); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "flops.lib"), flops, 0o644)
	})
	if err != nil {
		return nil, err
	}
	s.gates, s.flops = filepath.Join(dir, "gates.lib"), filepath.Join(dir, "flops.lib")
	sum := sha256.Sum256(key)
	s.hash = sum[:]
	// An output drives four inverters, an input is driven by a buffer.
	s.constraints = fmt.Appendf(nil, "set_driving_cell %s\nset_load %.6g\n", driver.Name, 4*lib.InverterLoad())
	return s, nil
}

// Version names the tools.
func (s *Synthesizer) Version() string { return s.yosys.String() }

// netlistName is the file of a cache entry.
const netlistName = "netlist.json"

// Module maps the logic of a module; modules below it, delays and memories are blocks.
// The seed chooses the order of statements, see [Shuffle].
func (s *Synthesizer) Module(ctx context.Context, m *hw.Module, recipe Recipe, seed uint64) (*netlist.Netlist, error) {
	if err := recipe.Check(); err != nil {
		return nil, err
	}
	m, err := Shuffle(m, seed)
	if err != nil {
		return nil, err
	}
	rtl, err := rtlgen.Emit(m, rtlgen.Options{})
	if err != nil {
		return nil, err
	}
	return s.Verilog(ctx, rtl.Files, rtl.Top, recipe)
}

// Verilog maps module top of the given files; the other modules are blocks.
func (s *Synthesizer) Verilog(ctx context.Context, files []rtlgen.File, top string, recipe Recipe) (*netlist.Netlist, error) {
	if err := recipe.Check(); err != nil {
		return nil, err
	}
	script := s.script(files, top)
	var key bytes.Buffer
	for _, part := range [][]byte{[]byte(s.yosys.String()), s.hash, s.constraints, []byte(recipe.script()), script} {
		fmt.Fprintf(&key, "%d\n%s", len(part), part)
	}
	for _, f := range files {
		fmt.Fprintf(&key, "%s %d\n%s", f.Name, len(f.Text), f.Text)
	}
	dir, _, err := tool.Cache("synth", key.Bytes(), func(dir string) error { return s.run(ctx, dir, files, script, recipe) })
	if err != nil {
		return nil, fmt.Errorf("synthesis of %s: %w", top, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, netlistName))
	if err != nil {
		return nil, err
	}
	return netlist.Read(text, top, s.Library)
}

func (s *Synthesizer) script(files []rtlgen.File, top string) []byte {
	var b bytes.Buffer
	for _, f := range files {
		mode := " -lib" // ports only
		if f.Name == top+".v" {
			mode = ""
		}
		fmt.Fprintf(&b, "read_verilog%s %s\n", mode, f.Name)
	}
	fmt.Fprintf(&b, `hierarchy -check -top %[1]s
synth -flatten -noabc -top %[1]s
opt_clean -purge
dfflibmap -liberty flops.lib
abc -liberty gates.lib -constr constraints -script script.abc
opt_clean -purge
write_json ../%[2]s
`, top, netlistName)
	return b.Bytes()
}

func (s *Synthesizer) run(ctx context.Context, dir string, files []rtlgen.File, script []byte, recipe Recipe) error {
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	all := append([]rtlgen.File{
		{Name: "synth.ys", Text: script}, {Name: "constraints", Text: s.constraints}, {Name: "script.abc", Text: []byte(recipe.script() + "\n")},
	}, files...)
	for _, f := range all {
		if err := os.WriteFile(filepath.Join(work, f.Name), f.Text, 0o644); err != nil {
			return err
		}
	}
	for name, path := range map[string]string{"gates.lib": s.gates, "flops.lib": s.flops} {
		if err := os.Symlink(path, filepath.Join(work, name)); err != nil {
			return err
		}
	}
	_, err := s.yosys.Run(ctx, work, "-q", "-s", "synth.ys")
	return err
}
