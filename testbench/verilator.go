package testbench

import (
	"bytes"
	"context"
	_ "embed" // the harness
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/rtlgen"
)

//go:embed templates/harness.cpp
var harnessCPP []byte

//go:embed templates/harness.h
var harnessH []byte

// VerilatorOptions choose how the simulator is built. The zero value is the
// fastest simulator: -O3 -march=native, no waveform, one thread.
type VerilatorOptions struct {
	// Quick compiles the C++ with -O1. The build takes a fraction of the time,
	// which is worth it below about a million cycles.
	Quick bool
	// Trace builds a simulator that can write waveforms; see [Verilator.RunVCD].
	Trace bool
	// Jobs is the number of compilers that run at a time; 0 is 2.
	Jobs int
}

// Verilator runs a design compiled by Verilator. It may be used by several
// goroutines at once: each run is a process.
type Verilator struct {
	// BuildTime is the wall time that Verilator and the C++ compiler took, when
	// the simulator was built.
	BuildTime time.Duration
	// Cached says that it was there already.
	Cached bool
	// Version is that of Verilator.
	Version string

	d   *design
	opt VerilatorOptions
	exe string
}

// NewVerilator prints a module as Verilog and compiles it, or takes the simulator
// from the cache if the same was built before by the same tools. ctx bounds the
// build. A missing tool is a *[tool.Missing].
func NewVerilator(ctx context.Context, top *hw.Module, opt VerilatorOptions) (*Verilator, error) {
	d, err := newDesign(top)
	if err != nil {
		return nil, err
	}
	return buildVerilator(ctx, d, opt)
}

// exeName is the simulator, and the prefix of the C++ that Verilator writes.
const exeName = "Vtpe"

func buildVerilator(ctx context.Context, d *design, opt VerilatorOptions) (*Verilator, error) {
	var found []tool.Tool
	for _, name := range []string{tool.Verilator, tool.GXX, tool.Make} {
		t, err := tool.Find(name)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	flags := verilatorFlags(opt)
	header := d.portsHeader()
	key := cacheKey(d.files, []byte(fmt.Sprint(found[0], found[1], flags, d.top)), header, harnessCPP, harnessH, targetCPU(ctx, found[1], opt))
	e, err := build("verilator", key, func(dir string) error {
		return compile(ctx, found[0], dir, d, opt, flags, header)
	})
	if err != nil {
		return nil, err
	}
	return &Verilator{BuildTime: e.took, Cached: e.hit, Version: found[0].Version, d: d, opt: opt, exe: filepath.Join(e.dir, exeName)}, nil
}

// targetCPU describes what the compiler makes of -march=native, for a build that
// uses it.
func targetCPU(ctx context.Context, gxx tool.Tool, opt VerilatorOptions) []byte {
	if opt.Quick {
		return []byte(runtime.GOARCH)
	}
	out, err := gxx.Run(ctx, "", nativeFlag(), "-Q", "--help=target")
	if err != nil { // another compiler by that name; one machine has one CPU
		name, _ := os.Hostname()
		return []byte(runtime.GOARCH + " " + name)
	}
	return out
}

func nativeFlag() string {
	if runtime.GOARCH == "arm64" {
		return "-mcpu=native"
	}
	return "-march=native"
}

// verilatorFlags are the flags that determine the simulator. Verilator's makefile
// puts OPT_FAST (-Os unless set) after -CFLAGS, so -O3 in -CFLAGS alone would
// have no effect.
func verilatorFlags(opt VerilatorOptions) []string {
	flags := []string{"--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast", "-Wno-fatal", "--prefix", exeName}
	cflags, level := "-include ../harness.h", "-O3"
	if opt.Quick {
		level = "-O1"
	} else {
		cflags += " " + nativeFlag()
	}
	if opt.Trace {
		flags = append(flags, "--trace")
	}
	return append(flags, "-CFLAGS", cflags+" "+level, "-MAKEFLAGS", "OPT_FAST="+level+" OPT_GLOBAL="+level+" OPT_SLOW=-O1")
}

// compile builds the simulator in dir and leaves nothing else there.
func compile(ctx context.Context, verilator tool.Tool, dir string, d *design, opt VerilatorOptions, flags []string, header []byte) error {
	jobs := opt.Jobs
	if jobs == 0 {
		jobs = 2
	}
	work := filepath.Join(dir, "work")
	files := append(slices.Clone(d.files), rtlgen.File{Name: "harness.cpp", Text: harnessCPP},
		rtlgen.File{Name: "harness.h", Text: harnessH}, rtlgen.File{Name: "tpe_ports.h", Text: header})
	if err := writeFiles(work, files); err != nil {
		return err
	}
	args := append(slices.Clone(flags), "--top-module", d.top, "-Mdir", "obj", "-CFLAGS", "-I..", "-j", strconv.Itoa(jobs), "harness.cpp")
	if _, err := verilator.Run(ctx, work, append(args, d.fileNames()...)...); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(work, "obj", exeName), filepath.Join(dir, exeName)); err != nil {
		return err
	}
	return os.RemoveAll(work)
}

// portsHeader is the C++ table of the ports.
func (d *design) portsHeader() []byte {
	var b bytes.Buffer
	clocked := 0
	if d.clocked {
		clocked = 1
	}
	fmt.Fprintf(&b, "#define TPE_CLOCKED %d\n", clocked)
	b.WriteString("static void bind(Vtpe& top, std::vector<Stream>& in, Stream& out, std::vector<Field>& idle) {\n")
	fmt.Fprintf(&b, "  in.resize(%d);\n", len(d.in))
	one := func(name string, s stream) {
		fmt.Fprintf(&b, "  %s.valid = &top.%s;\n  %s.ready = &top.%s;\n", name, cppName(s.valid), name, cppName(s.ready))
		for _, f := range s.fields {
			fmt.Fprintf(&b, "  %s.fields.push_back(TPE_FIELD(top.%s, %d, %d, %d));\n", name, cppName(f.port), f.width, f.lanes, f.bytes)
		}
	}
	for i, s := range d.in {
		one(fmt.Sprintf("in[%d]", i), s)
	}
	one("out", d.out)
	for _, p := range d.idle {
		fmt.Fprintf(&b, "  idle.push_back(TPE_FIELD(top.%s, %d, %d, %d));\n", cppName(p.Name), p.Width, p.Lanes, drive.WordBytes(p.Width))
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// cppName is Verilator's name for a port: two underscores in a row are its own.
func cppName(port string) string { return strings.ReplaceAll(port, "__", "___05F") }

// Run implements [drive.Runner], from power-on each time.
func (v *Verilator) Run(plays []drive.Play) ([]drive.Trace, error) {
	return v.RunContext(context.Background(), plays)
}

// RunContext is Run that ends the simulator when ctx ends.
func (v *Verilator) RunContext(ctx context.Context, plays []drive.Play) ([]drive.Trace, error) {
	return v.run(ctx, plays, "")
}

// RunVCD is RunContext that writes a waveform of the whole run, with a clock of 10
// time units. The simulator must have been built with Trace.
func (v *Verilator) RunVCD(ctx context.Context, plays []drive.Play, file string) ([]drive.Trace, error) {
	if !v.opt.Trace {
		return nil, errors.New("testbench: the simulator was built without waveforms (expected VerilatorOptions.Trace)")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	return v.run(ctx, plays, path)
}

func (v *Verilator) run(ctx context.Context, plays []drive.Play, vcd string) ([]drive.Trace, error) {
	dir, err := v.stage(plays)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	argv := []string{v.exe, playsName, tracesName}
	if vcd != "" {
		argv = append(argv, vcd)
	}
	if _, err := tool.Run(ctx, dir, argv...); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, tracesName))
	if err != nil {
		return nil, err
	}
	traces, _, err := v.d.decodeTraces(text, plays)
	return traces, err
}

const (
	playsName  = "plays.bin"
	tracesName = "traces.bin"
)

// stage writes plays to a new folder.
func (v *Verilator) stage(plays []drive.Play) (string, error) {
	if err := v.d.check(plays); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "tpe-verilator-*")
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, playsName), v.d.encodePlays(plays), 0o644)
}

// Speed is the result of [Verilator.Bench].
type Speed struct {
	Cycles int64         // simulated
	CPU    time.Duration // that the loop of the harness took, the reading of stimulus left out
}

// CyclesPerSecond is the number of simulated cycles per CPU second.
func (s Speed) CyclesPerSecond() float64 { return float64(s.Cycles) / s.CPU.Seconds() }

// Bench plays all plays over and over, in one process without resets but their
// own, until that many cycles have passed.
func (v *Verilator) Bench(ctx context.Context, plays []drive.Play, cycles int64) (Speed, error) {
	dir, err := v.stage(plays)
	if err != nil {
		return Speed{}, err
	}
	defer os.RemoveAll(dir)
	out, err := tool.Run(ctx, dir, v.exe, playsName, "-bench", strconv.FormatInt(cycles, 10))
	if err != nil {
		return Speed{}, err
	}
	var s Speed
	var ns int64
	if _, err := fmt.Sscan(string(out), &s.Cycles, &ns); err != nil {
		return Speed{}, fmt.Errorf("testbench: the simulator printed %q (expected cycles and nanoseconds): %w", out, err)
	}
	s.CPU = time.Duration(ns)
	return s, nil
}
