package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tpe/arch"
	"tpe/cost"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/rtlgen"
	"tpe/sim"
	"tpe/testbench"
	"tpe/workloads"
)

type genCmd struct {
	engineFlags
	Out  string `required:"" placeholder:"DIR" help:"Folder to write; it must not exist, or be empty, or hold an earlier output."`
	Seed uint64 `default:"1" help:"Seed of the testbench's operands."`
	alsoCost
}

// manifestName marks a folder as written by tpe gen.
const manifestName = "manifest.json"

// manifest says what an output folder holds.
type manifest struct {
	Tool   string            `json:"tool"`
	Engine string            `json:"engine"`
	Top    string            `json:"top"`
	Config map[string]string `json:"config"`
	Gemm   string            `json:"testbench_gemm"`
	Seed   uint64            `json:"testbench_seed"`
	Cycles int64             `json:"testbench_cycles"`
	SHA256 map[string]string `json:"sha256"`
}

// Run implements the command.
func (c *genCmd) Run(e *env) error {
	cfg, err := c.load()
	if err := errors.Join(err, c.alsoCost.check()); err != nil {
		return err
	}
	eng, err := arch.Build(cfg)
	if err != nil {
		return err
	}
	one := cfg.Extent()
	s := arch.Shape{M: one.M + 1, N: one.N + 1, K: 2*one.K + 1}
	play, trace, err := benchJob(eng, s, c.Seed)
	if err != nil {
		return err
	}
	rtl, err := rtlgen.Emit(eng.Top, rtlgen.Options{})
	if err != nil {
		return err
	}
	files, err := testbench.SelfChecking(eng.Top, play, trace)
	if err != nil {
		return err
	}
	list := strings.Join(rtl.FileNames(), "\n") + "\n"
	files = append(append(rtl.Files, files...), rtlgen.File{Name: "files.f", Text: []byte(list)})
	m := manifest{Tool: "tpe " + version, Engine: cfg.Name, Top: eng.Top.Name, Config: map[string]string{}, Gemm: s.String(),
		Seed: c.Seed, Cycles: trace.Span(eng.OperandStreams()...), SHA256: map[string]string{}}
	for _, f := range cfg.Fields() {
		m.Config[f.Name] = f.Get(&cfg)
	}
	files = append(files, rtlgen.File{Name: "engine.yaml", Text: cfg.YAML()})
	var costs *cost.Report
	if c.Cost {
		if costs, err = c.report(e, eng, nil); err != nil {
			return err
		}
		text, err := json.MarshalIndent(costs, "", "  ")
		if err != nil {
			return err
		}
		files = append(files, rtlgen.File{Name: "cost.json", Text: append(text, '\n')})
	}
	for _, f := range files {
		sum := sha256.Sum256(f.Text)
		m.SHA256[f.Name] = hex.EncodeToString(sum[:])
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	files = append(files, rtlgen.File{Name: manifestName, Text: append(text, '\n')})
	if err := writeFolder(c.Out, files); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s: %d files in %s; its testbench runs gemm %s in %d cycles (make -C %s sim)\n", eng.Top.Name, len(files), c.Out, s, m.Cycles, c.Out)
	if err != nil || costs == nil {
		return err
	}
	return costHeadline(e.out, costs)
}

// benchJob makes a job with random operands and runs it on the graph; the results
// are those of the software GEMM or there is an error.
func benchJob(eng *arch.Engine, s arch.Shape, seed uint64) (drive.Play, drive.Trace, error) {
	fail := func(err error) (drive.Play, drive.Trace, error) { return drive.Play{}, drive.Trace{}, err }
	plan, err := eng.Plan(s)
	if err != nil {
		return fail(err)
	}
	var o arch.Operands
	for _, want := range eng.Matrices(s) {
		d, err := operand(want, want.Usual(), seed)
		if err != nil {
			return fail(err)
		}
		o.Put(want, d)
	}
	play, err := plan.Play(o)
	if err != nil {
		return fail(err)
	}
	play.Reset, play.Limit = 2, int(4*eng.Cycles(s, o))+100
	run, stop, err := sim.NewRunner(sim.Lanes, eng.Flat)
	if err != nil {
		return fail(err)
	}
	defer stop()
	traces, err := run.Run([]drive.Play{play})
	if err != nil {
		return fail(err)
	}
	got, err := plan.Collect(traces[0].Results)
	if err != nil {
		return fail(err)
	}
	want, err := eng.Reference(o)
	if err != nil {
		return fail(err)
	}
	for i := range want {
		if got[i] != want[i] {
			return fail(fmt.Errorf("word %d of the testbench's job is %d on the graph and %d in the software GEMM", i, got[i], want[i]))
		}
	}
	return play, traces[0], nil
}

// operand makes one matrix of a job.
func operand(want arch.Matrix, data workloads.Data, seed uint64) (*numeric.Dense, error) {
	g, err := workloads.NewGenerator(data, want.Format, seed)
	if err != nil {
		return nil, err
	}
	d := numeric.NewDense(want.Rows, want.Cols)
	buf := make([]int64, len(d.Data))
	op := workloads.Operand{Matrix: want.Name, Rows: want.Rows, Cols: want.Cols}
	if err := g.Prepare(op); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	g.FillRow(buf, op, 0)
	for i, v := range buf {
		d.Data[i] = int32(v)
	}
	return d, nil
}

// writeFolder writes files below dir whole or not at all: into a new folder beside it
// that then takes its place. It replaces only an empty folder or one of its own.
func writeFolder(dir string, files []rtlgen.File) error {
	old, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--out: %w", err)
	}
	if _, merr := os.Stat(filepath.Join(dir, manifestName)); len(old) > 0 && merr != nil {
		return fmt.Errorf("--out: folder is in use: %q (expected a new or empty one, or an earlier output)", dir)
	}
	dir = filepath.Clean(dir)
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(tmp, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Text, 0o644); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}
