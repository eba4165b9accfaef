package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"tpe/arch"
	"tpe/cost"
	"tpe/cost/liberty"
	"tpe/cost/memory"
	"tpe/cost/synth"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/internal/wholefile"
	"tpe/report/breakdown"
	"tpe/sim"
	"tpe/workloads"
)

// costFlags choose how cost is found.
type costFlags struct {
	Liberty string `placeholder:"FILE" help:"Cell library to synthesise with (Liberty, plain or gzip); OSU018 if it is installed."`
	Tech    string `placeholder:"T" help:"The fast model instead of synthesis, without tools: an embedded technology (tpe list technologies) or a file of tpe calibrate."`
	Recipe  string `default:"balanced" help:"area, balanced or speed: what synthesis aims at."`
	Seeds   int    `default:"5" help:"Orders of statements that are synthesised; the median area and least delay count."`
	Node    int    `placeholder:"NM" help:"Feature size for memories; known for OSU, sky130 and SG13G2 libraries."`
	Device  string `default:"lop" help:"Device class of memory cells: hp, lop or lstp."`
	DRAM    string `name:"dram" default:"lpddr4" help:"Class of DRAM for the workload's compulsory traffic."`
}

// alsoCost adds cost to another command.
type alsoCost struct {
	Cost bool `help:"Also area, clock and energy, as tpe cost finds them with the same flags."`
	costFlags
}

type costCmd struct {
	engineFlags
	costFlags
	Workload string `placeholder:"W" help:"Also the energy of a workload: a model, gemm:MxNxK, or a file."`
	Data     string `placeholder:"D" help:"Operands of the sampled job, as for tpe run; normal with a fifth of full scale, of floats with deviation 1, if absent."`
	Seed     uint64 `default:"1" help:"Seed of the operands."`
	Path     bool   `help:"Print the critical path point by point."`
	SVG      string `name:"svg" placeholder:"FILE" help:"Also draw where area and energy go."`
	outputFlags
	importFlags
}

// Run implements the command.
func (c *costCmd) Run(e *env) error {
	cfg, err := c.load()
	if err := errors.Join(err, c.check()); err != nil {
		return err
	}
	eng, err := arch.Build(cfg)
	if err != nil {
		return err
	}
	job, err := c.job(e, eng)
	if err != nil {
		return err
	}
	r, err := c.report(e, eng, job)
	if err != nil {
		return err
	}
	if c.SVG != "" {
		var b bytes.Buffer
		if err := breakdown.Draw(&b, r); err != nil {
			return err
		}
		if err := wholefile.Bytes(c.SVG, b.Bytes()); err != nil {
			return err
		}
	}
	return c.emit(e, r, func() [][]string { return costRows(r) }, func(w io.Writer) error { return c.table(w, r) })
}

// costJob is a workload whose energy is wanted.
type costJob struct {
	run  *sim.Report
	data workloads.DataSet
	seed uint64
}

// job runs the workload at the formula's fidelity; nil without a workload.
func (c *costCmd) job(e *env, eng *arch.Engine) (*costJob, error) {
	if c.Workload == "" {
		return nil, nil
	}
	w, err := loadWorkload(c.Workload, c.importFlags.options())
	if err != nil {
		return nil, err
	}
	spec := c.Data
	if spec == "" {
		spec = normalOperands(eng)
	}
	data, err := workloads.ParseDataSet(spec)
	if err != nil {
		return nil, wrap("--data", err)
	}
	run, err := sim.Run(e.ctx, eng, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckNone, Data: data, Seed: c.Seed})
	return &costJob{run, data, c.Seed}, err
}

// check reports what is wrong with the flags, before anything long begins.
func (c *costFlags) check() error {
	_, err := memory.LookupDRAM(c.DRAM)
	both := error(nil)
	if c.Tech != "" && c.Liberty != "" {
		both = errors.New("--tech: given together with --liberty (expected one of them)")
	}
	return errors.Join(synth.Recipe(c.Recipe).Check(), wrap("--dram", err), both)
}

// report costs an engine and, with a job, its energy.
func (c *costFlags) report(e *env, eng *arch.Engine, job *costJob) (*cost.Report, error) {
	flow, err := c.flow(e)
	if err != nil {
		return nil, err
	}
	e.progress("synthesising %s", eng.Name)
	design, err := flow.Engine(e.ctx, eng.Top)
	e.progressDone()
	if err != nil {
		return nil, err
	}
	r, err := design.Report(eng.Name, eng.MACsPerCycle())
	if err != nil || job == nil {
		return r, err
	}
	return r, c.energy(e, eng, design, r, job)
}

// wrap puts what an error is about before it.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// flow is the fast model with --tech, else synthesis.
func (c *costFlags) flow(e *env) (*cost.Flow, error) {
	if c.Tech != "" {
		t, err := cost.LoadTechnology(c.Tech)
		if err != nil {
			return nil, wrap("--tech", err)
		}
		if c.Node > 0 {
			t.NodeNM = c.Node
		}
		return cost.NewFastFlow(e.ctx, t, synth.Recipe(c.Recipe), c.Device)
	}
	path := c.Liberty
	if path == "" {
		osu, err := tool.Find(tool.OSU018)
		if err != nil {
			return nil, fmt.Errorf("neither --liberty nor --tech is given, and %w", err)
		}
		path = osu.Path
	}
	lib, err := liberty.Load(path)
	if err != nil {
		return nil, err
	}
	node, err := nodeOf(c.Node, lib)
	if err != nil {
		return nil, err
	}
	return cost.NewFlow(e.ctx, lib, synth.Recipe(c.Recipe), c.Seeds, node, c.Device)
}

// nodeOf is the feature size: as given, or that of a library that is known by its name.
func nodeOf(given int, lib *liberty.Library) (int, error) {
	if given > 0 {
		return given, nil
	}
	for _, k := range []struct {
		name string
		node int
	}{{"osu018", 180}, {"osu035", 350}, {"osu05", 500}, {"sky130", 130}, {"sg13g2", 130}, {"nangate", 45}} {
		if strings.Contains(strings.ToLower(lib.Name), k.name) {
			return k.node, nil
		}
	}
	return 0, fmt.Errorf("--node is not given, and the feature size of library %s is not known", lib.Name)
}

// energy samples one job of the workload and scales it to the whole.
func (c *costFlags) energy(e *env, eng *arch.Engine, design *cost.Design, r *cost.Report, job *costJob) error {
	dram, err := memory.LookupDRAM(c.DRAM)
	if err != nil {
		return wrap("--dram", err)
	}
	s := sampleShape(eng, job.run)
	play, err := sampleJob(eng, s, job.data, job.seed)
	if err != nil {
		return err
	}
	e.progress("simulating the gates on gemm %s", s)
	energy, err := design.Energy(e.ctx, play, s.MACs(), r.Timing.Period)
	e.progressDone()
	if err != nil {
		return err
	}
	total := job.run.Total
	r.AddWorkload(energy, job.run.Workload, s.String(), job.data.String(), total.MACs, total.Cycles, total.Bytes, dram)
	return nil
}

// normalOperands are normal data for an engine: of a fifth of full scale, of floats of deviation 1.
func normalOperands(eng *arch.Engine) string {
	if a, _, _ := eng.Formats(); workloads.FormatOf(a).Float.Exp > 0 {
		return "normal:1"
	}
	return fmt.Sprintf("a=normal:%g,b=normal:%g", fifth(eng.A.Bits), fifth(eng.B.Bits))
}

// fifth is a fifth of the largest value of a format.
func fifth(bits int) float64 { return math.Max(1, math.Round(math.Exp2(float64(bits-1))/5)) }

// sampleShape is a job like the workload's largest layer, but of two tiles each way and
// at least 64 products deep.
func sampleShape(eng *arch.Engine, run *sim.Report) arch.Shape {
	best := run.Layers[0]
	for _, l := range run.Layers {
		if l.MACs > best.MACs {
			best = l
		}
	}
	tile := eng.Extent()
	return arch.Shape{M: min(best.M, 2*tile.M), N: min(best.N, 2*tile.N), K: min(best.K, max(2*tile.K, 64))}
}

// sampleJob lays out a job with operands of the given distribution.
func sampleJob(eng *arch.Engine, s arch.Shape, data workloads.DataSet, seed uint64) (drive.Play, error) {
	plan, err := eng.Plan(s)
	if err != nil {
		return drive.Play{}, err
	}
	o, err := sampleOperands(eng, s, data, seed)
	if err != nil {
		return drive.Play{}, err
	}
	play, err := plan.Play(o)
	play.Reset, play.Limit = 2, int(4*eng.Cycles(s, o))+1000
	return play, err
}

// sampleOperands makes the matrices of a job.
func sampleOperands(eng *arch.Engine, s arch.Shape, data workloads.DataSet, seed uint64) (arch.Operands, error) {
	var o arch.Operands
	for _, want := range eng.Matrices(s) {
		of := want.Usual()
		switch want.Name {
		case 'A':
			of = data.A
		case 'B':
			of = data.B
		}
		d, err := operand(want, of, seed)
		if err != nil {
			return o, err
		}
		o.Put(want, d)
	}
	return o, nil
}

// costRows is the report as CSV: the rows of the area.
func costRows(r *cost.Report) [][]string {
	out := [][]string{{"part", "module", "piece", "count", "gates_um2", "flip_flops_um2", "macro_um2", "area_um2", "flip_flops", "leakage_nw", "area_spread", "method", "error"}}
	f := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	for _, x := range r.Area {
		out = append(out, []string{x.Part, x.Module, x.Piece, strconv.Itoa(x.Count), f(x.Gates), f(x.Flops), f(x.Macro), f(x.Area), strconv.Itoa(x.FFs), f(x.Leak), f(x.Spread), x.Method, x.Error})
	}
	return out
}
