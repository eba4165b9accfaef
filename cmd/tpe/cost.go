package main

import (
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
	"tpe/sim"
	"tpe/workloads"
)

type costCmd struct {
	engineFlags
	Liberty  string `placeholder:"FILE" help:"Cell library to synthesise with (Liberty, plain or gzip); OSU018 if it is installed."`
	Tech     string `placeholder:"T" help:"The fast model instead of synthesis, without tools: an embedded technology (osu018, horowitz45, unit) or a file of tpe calibrate."`
	Recipe   string `default:"balanced" help:"area, balanced or speed: what synthesis aims at."`
	Seeds    int    `default:"5" help:"Orders of statements that are synthesised; the median area and least delay count."`
	Node     int    `placeholder:"NM" help:"Feature size for memories; known for OSU, sky130 and SG13G2 libraries."`
	Device   string `default:"lop" help:"Device class of memory cells: hp, lop or lstp."`
	Workload string `placeholder:"W" help:"Also the energy of a workload: a model, gemm:MxNxK, or a CSV file."`
	Data     string `placeholder:"D" help:"Operands of the sampled job, as for tpe run; normal with a fifth of full scale if absent."`
	Seed     uint64 `default:"1" help:"Seed of the operands."`
	DRAM     string `name:"dram" default:"lpddr4" help:"Class of DRAM for the workload's compulsory traffic."`
	Path     bool   `help:"Print the critical path point by point."`
	outputFlags
}

// Run implements the command.
func (c *costCmd) Run(e *env) error {
	cfg, err1 := c.load()
	err2 := synth.Recipe(c.Recipe).Check()
	dram, err3 := memory.LookupDRAM(c.DRAM)
	if err := errors.Join(err1, err2, wrap("--dram", err3)); err != nil {
		return err
	}
	flow, err := c.flow(e)
	if err != nil {
		return err
	}
	eng, err := arch.Build(cfg)
	if err != nil {
		return err
	}
	e.progress("synthesising %s", cfg.Name)
	design, err := flow.Engine(e.ctx, eng.Top)
	e.progressDone()
	if err != nil {
		return err
	}
	r, err := design.Report(cfg.Name, cfg.MACsPerCycle())
	if err != nil {
		return err
	}
	if c.Workload != "" {
		if err := c.energy(e, eng, design, r, dram); err != nil {
			return err
		}
	}
	return c.emit(e, r, func() [][]string { return costRows(r) }, func(w io.Writer) error { return c.table(w, r) })
}

// wrap puts what an error is about before it.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// flow is the fast model with --tech, else synthesis.
func (c *costCmd) flow(e *env) (*cost.Flow, error) {
	if c.Tech != "" {
		if c.Liberty != "" {
			return nil, errors.New("--tech: given together with --liberty (expected one of them)")
		}
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
func (c *costCmd) energy(e *env, eng *arch.Engine, design *cost.Design, r *cost.Report, dram memory.DRAM) error {
	w, err := loadWorkload(c.Workload, false)
	if err != nil {
		return err
	}
	spec := c.Data
	if spec == "" {
		spec = fmt.Sprintf("a=normal:%g,b=normal:%g", fifth(eng.A.Bits), fifth(eng.B.Bits))
	}
	data, err := workloads.ParseDataSet(spec)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	run, err := sim.Run(e.ctx, eng, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckNone, Data: data, Seed: c.Seed})
	if err != nil {
		return err
	}
	s := sampleShape(eng, run)
	play, err := sampleJob(eng, s, data, c.Seed)
	if err != nil {
		return err
	}
	e.progress("simulating the gates on gemm %s", s)
	r.Energy, err = design.Energy(e.ctx, play, s.MACs(), r.Timing.Period)
	e.progressDone()
	if err != nil {
		return err
	}
	r.Workload = r.Of(r.Energy, w.Name, s.String(), data.String(), run.Total.MACs, run.Total.Cycles, run.Total.Bytes, dram)
	return nil
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
	var o arch.Operands
	for _, want := range eng.Matrices(s) {
		of := workloads.Data{Kind: workloads.DataFull}
		switch want.Name {
		case 'A':
			of = data.A
		case 'B':
			of = data.B
		}
		d, err := operand(want, of, seed)
		if err != nil {
			return drive.Play{}, err
		}
		o.Put(want, d)
	}
	play, err := plan.Play(o)
	play.Reset, play.Limit = 2, int(4*eng.Cycles(s, o))+1000
	return play, err
}

// costRows is the report as CSV: the rows of the area.
func costRows(r *cost.Report) [][]string {
	out := [][]string{{"part", "module", "piece", "count", "gates_um2", "flip_flops_um2", "macro_um2", "area_um2", "flip_flops", "area_spread", "method"}}
	f := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	for _, x := range r.Area {
		out = append(out, []string{x.Part, x.Module, x.Piece, strconv.Itoa(x.Count), f(x.Gates), f(x.Flops), f(x.Macro), f(x.Area), strconv.Itoa(x.FFs), f(x.Spread), x.Method})
	}
	return out
}
