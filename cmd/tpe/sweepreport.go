package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"tpe/arch"
	"tpe/internal/wholefile"
	"tpe/report/arrayview"
	"tpe/report/page"
	"tpe/sweep"
	"tpe/workloads"
)

type sweepReportCmd struct {
	sweepDir
	Out string `short:"o" required:"" placeholder:"FILE" help:"The page, an .html file."`
	X   string `placeholder:"M" help:"Metric of the x axis at first; that of the first objective if absent."`
	Y   string `placeholder:"M" help:"Metric of the y axis at first."`

	Array string `placeholder:"E" help:"Engine of the array viewer, as E:K=V:K=V; the first of the space, small, if absent; none for no viewer."`
}

// detailed is the number of points of the front of which a page has the layers.
const detailed = 300

// Run implements the command.
func (c *sweepReportCmd) Run(e *env) error {
	s, st, err := c.open()
	if err != nil {
		return err
	}
	defer st.Close()
	aims, err := c.aims(s)
	if err != nil {
		return err
	}
	d, err := c.data(e, s, st, aims)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Write(&b, d); err != nil {
		return err
	}
	if err := wholefile.Bytes(c.Out, b.Bytes()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s: %s of %s points, %d KB\n", c.Out, count(int64(len(d.Index))), count(int64(d.Total)), b.Len()/1024)
	return err
}

// aims are what the front is of: the axes of the cloud if both are given, else the objectives,
// else cycles against the peak.
func (c *sweepReportCmd) aims(s *sweep.Space) ([]sweep.Aim, error) {
	var aims []sweep.Aim
	if (c.X == "") != (c.Y == "") {
		return nil, fmt.Errorf("--x and --y: one is missing: %q, %q (expected both or none)", c.X, c.Y)
	}
	if c.X != "" {
		for _, m := range []string{c.X, c.Y} {
			a, err := sweep.ParseAim(m)
			if err != nil {
				return nil, err
			}
			aims = append(aims, a)
		}
		return aims, nil
	}
	for _, o := range s.Objectives {
		aims = append(aims, sweep.Aim{Metric: o.Metric, Maximise: o.Maximise})
	}
	for _, a := range []sweep.Aim{{Metric: "macs_per_cycle"}, {Metric: "cycles"}} {
		if len(aims) < 2 && !slices.ContainsFunc(aims, func(x sweep.Aim) bool { return x.Metric == a.Metric }) {
			aims = append(aims, a)
		}
	}
	return aims, nil
}

func (c *sweepReportCmd) data(e *env, s *sweep.Space, st *sweep.Store, aims []sweep.Aim) (*page.Data, error) {
	d := &page.Data{Title: s.Name, Command: commandLine("sweep report", []string{c.Dir, "-o", c.Out}), X: aims[0].Metric, Y: aims[1].Metric,
		Values: map[string][]float64{}, Settled: map[string][]string{}, Details: map[uint64][]page.Detail{}, Repeat: map[uint64][]string{}}
	var names []string
	for _, m := range s.Known() {
		names = append(names, m.Name)
		d.Metrics = append(d.Metrics, page.Metric{Name: m.Name, Unit: m.Unit, Maximise: m.Maximise})
	}
	for _, a := range s.Axes {
		d.Axes = append(d.Axes, a.Key)
	}
	all, err := st.Scores(names, "")
	if err != nil {
		return nil, err
	}
	d.Total = len(all)
	var aimed []sweep.Scored
	for i, x := range all {
		v := sweep.Scored{Index: uint64(i)}
		for _, a := range aims {
			v.Values = append(v.Values, x.Values[slices.Index(names, a.Metric)])
		}
		aimed = append(aimed, v)
	}
	front := map[int]bool{}
	for _, x := range sweep.Front(aims, aimed) {
		front[int(x.Index)] = true
	}
	step := (len(all) + page.Most/2 - 1) / (page.Most / 2)
	ev, err := s.NewEvaluator(nil)
	if s.Cost != nil { // layers need no prices
		ev, err = s.Unpriced().NewEvaluator(nil)
	}
	if err != nil {
		return nil, err
	}
	for i, x := range all {
		if !front[i] && len(all) > page.Most && i%step != 0 {
			continue
		}
		d.Index = append(d.Index, x.Index)
		p := s.At(x.Index)
		d.Engine = append(d.Engine, s.Engines[p.Engine].Name)
		d.Front = append(d.Front, front[i])
		for k, n := range names {
			d.Values[n] = append(d.Values[n], x.Values[k])
		}
		for k, v := range s.Values(p) {
			d.Settled[s.Axes[k].Key] = append(d.Settled[s.Axes[k].Key], v)
		}
		if front[i] && len(d.Repeat) < detailed {
			if err := detail(e, d, s, ev, p); err != nil {
				return nil, err
			}
		}
	}
	d.Notes = notes(s, aims)
	d.Array, err = c.array(s)
	return d, err
}

// array records a small array: of two tiles each way, and sixteen products deep.
func (c *sweepReportCmd) array(s *sweep.Space) (*arrayview.View, error) {
	if c.Array == "none" {
		return nil, nil
	}
	name, set := engineSpec(c.Array)
	if c.Array == "" {
		name = s.Engines[0].Name
		cfg, err := arch.Load(name, nil)
		if err != nil || !cfg.HasHardware() {
			return nil, err
		}
		set = cfg.SmallSizes()[0]
	}
	cfg, err := arch.Load(name, set)
	if err != nil {
		return nil, fmt.Errorf("--array: %w", err)
	}
	eng, err := arch.Build(cfg)
	if err != nil {
		return nil, fmt.Errorf("--array: %w", err)
	}
	data, err := workloads.ParseDataSet(s.Data)
	if err != nil {
		return nil, err
	}
	tile := eng.Extent()
	shape := arch.Shape{M: 2 * tile.M, N: 2 * tile.N, K: max(tile.K, 16)}
	play, err := sampleJob(eng, shape, data, s.Seed)
	if err != nil {
		return nil, fmt.Errorf("--array: %w", err)
	}
	v, err := arrayview.Record(eng.Flat, play, strings.Join(append([]string{name}, set...), " "), "gemm "+shape.String())
	return v, wrap("--array", err)
}

// detail adds the layers of a point and the commands that repeat it.
func detail(e *env, d *page.Data, s *sweep.Space, ev *sweep.Evaluator, p sweep.Point) error {
	list, err := ev.Layers(e.ctx, p)
	if err != nil {
		return err
	}
	cfg, err := s.Config(p)
	if err != nil {
		return err
	}
	kind := sweep.Exact
	if cfg.DataDriven() {
		kind = sweep.Expected
	}
	for w, layers := range list {
		if len(d.Workloads) <= w {
			x := page.Workload{Name: s.WorkloadNames()[w]}
			for _, l := range layers {
				x.Layers = append(x.Layers, page.Layer{Name: l.Name, M: l.M, N: l.N, K: l.K, Count: l.Count})
			}
			d.Workloads = append(d.Workloads, x)
		}
		one := page.Detail{Kind: kind}
		for _, l := range layers {
			one.Cycles, one.Utilization = append(one.Cycles, l.Cycles), append(one.Utilization, l.Utilization)
		}
		d.Details[p.Index] = append(d.Details[p.Index], one)
	}
	d.Repeat[p.Index] = repeatLines(s, p)
	return nil
}

// repeatLines are the commands that run a point alone.
func repeatLines(s *sweep.Space, p sweep.Point) []string {
	var list []string
	for _, w := range s.Workloads {
		args := []string{"--engine", s.Engines[p.Engine].Name}
		for _, kv := range s.Settings(p) {
			args = append(args, "--set", kv)
		}
		list = append(list, commandLine("run", append(args, "--workload", w, "--data", s.Data, "--seed", fmt.Sprint(s.Seed))))
	}
	return list
}

func notes(s *sweep.Space, aims []sweep.Aim) []string {
	var list []string
	text := "the front is of"
	for i, a := range aims {
		if i > 0 {
			text += ","
		}
		text += " " + a.String()
	}
	list = append(list, text+"; metrics are of all workloads together")
	list = append(list, fmt.Sprintf("operands %s, seed %d; cycles of engines that depend on operands are expected values, others exact", s.Data, s.Seed))
	if s.Cost != nil {
		list = append(list, fmt.Sprintf("area and energy by %s%s, recipe %s", s.Cost.Tech, s.Cost.Liberty, s.Cost.Recipe))
	}
	return list
}
