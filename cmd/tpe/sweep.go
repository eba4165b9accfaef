package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"tpe/sweep"
	"tpe/sweep/slurm"
)

type sweepCmd struct {
	Run         sweepRunCmd         `cmd:"" help:"Evaluate a space; go on where it was left."`
	Plan        sweepPlanCmd        `cmd:"" help:"Say how large a space is, how long it takes, and show three of its points."`
	Worker      sweepWorkerCmd      `cmd:"" help:"Evaluate one shard into a part file."`
	Merge       sweepMergeCmd       `cmd:"" help:"Take part files into the store."`
	Query       sweepQueryCmd       `cmd:"" help:"Read results by SQL: views rows and totals."`
	Pareto      sweepParetoCmd      `cmd:"" help:"Points that no other is better than."`
	Best        sweepBestCmd        `cmd:"" help:"The first points by a metric."`
	Sensitivity sweepSensitivityCmd `cmd:"" help:"How much of a metric each axis explains."`
	Explain     sweepExplainCmd     `cmd:"" help:"One point: its engine, its layers, the commands that repeat it."`
	Report      sweepReportCmd      `cmd:"" help:"Write a page that shows the points, their front, and any of them."`
	Export      sweepExportCmd      `cmd:"" help:"Write all rows as CSV or Parquet."`
}

type sweepRunCmd struct {
	Space   string        `arg:"" help:"The space, a .yaml file (docs/sweep.md)."`
	Out     string        `required:"" placeholder:"DIR" help:"Folder of the results; made if it is not there, gone on with if it is."`
	Workers int           `placeholder:"N" help:"Points at a time; one a core if absent."`
	Timeout time.Duration `placeholder:"T" help:"Give a point up after this time, such as 30s."`
	Retry   bool          `help:"Evaluate points that failed or took too long again."`
	On      string        `default:"local" help:"local, or slurm: job arrays of shards through sbatch."`
	Shards  uint64        `placeholder:"S" help:"With --on slurm: shards; by --target if absent."`
	Target  time.Duration `default:"10m" help:"With --on slurm: what a shard should take."`
	Rounds  int           `default:"3" help:"With --on slurm: how often missing shards are submitted at most."`
	Poll    time.Duration `default:"10s" help:"With --on slurm: time between two looks at the queue."`
	Sbatch  string        `placeholder:"OPTIONS" help:"With --on slurm: further options of sbatch, such as '--partition=main --time=60'."`
	Refine  []string      `placeholder:"F" help:"cycle, rtl: also run the Pareto points of the objectives at these fidelities."`
}

// folder opens the results of a space for writing.
func (c *sweepRunCmd) folder(s *sweep.Space) (*sweep.Store, *sweep.Plan, error) {
	plan := s.NewPlan(version, costOf(s))
	st, err := sweep.Create(c.Out, s, plan)
	return st, plan, err
}

// Run implements the command.
func (c *sweepRunCmd) Run(e *env) error {
	for _, f := range c.Refine {
		if err := oneOf("refine", f, "cycle", "rtl"); err != nil {
			return err
		}
	}
	if err := oneOf("on", c.On, "local", "slurm"); err != nil {
		return err
	}
	if c.Target <= 0 || c.Poll <= 0 || c.Rounds < 1 {
		return fmt.Errorf("--target, --poll, --rounds: out of range: %v, %v, %d (expected more than 0)", c.Target, c.Poll, c.Rounds)
	}
	if c.Workers < 0 || c.Timeout < 0 {
		return fmt.Errorf("--workers, --timeout: out of range: %d, %v (expected at least 0)", c.Workers, c.Timeout)
	}
	s, err := sweep.Load(c.Space)
	if err != nil {
		return err
	}
	price, err := newSweepPricer(e, s)
	if err != nil {
		return err
	}
	st, plan, err := c.folder(s)
	if err != nil {
		return err
	}
	defer st.Close()
	if c.Retry {
		if _, err := st.Forget(); err != nil {
			return err
		}
	}
	show := e.sweepProgress()
	opt := sweep.RunOptions{Workers: c.Workers, Timeout: c.Timeout, Progress: show}
	if price != nil {
		opt.Pricer = price
	}
	run := sweep.Run
	if c.On == "slurm" {
		run = func(ctx context.Context, st *sweep.Store, s *sweep.Space, opt sweep.RunOptions) (sweep.State, error) {
			return c.cluster(ctx, e, st, s, plan, opt)
		}
	}
	state, err := run(e.ctx, st, s, opt)
	e.progressDone()
	if errors.Is(err, slurm.ErrPartial) {
		fmt.Fprintf(e.err, "tpe: %v\n", err)
		return errPartial
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after %s points, all kept; go on by: %s: %w", count(int64(state.Done)), commandLine("sweep run", []string{c.Space, "--out", c.Out}), err)
	}
	if err != nil {
		return err
	}
	if err := c.summary(e, st, s, state); err != nil {
		return err
	}
	return c.refine(e, st, s, opt)
}

// cluster evaluates the shards on a cluster.
func (c *sweepRunCmd) cluster(ctx context.Context, e *env, st *sweep.Store, s *sweep.Space, plan *sweep.Plan, opt sweep.RunOptions) (sweep.State, error) {
	self, err := os.Executable()
	if err != nil {
		return sweep.State{}, err
	}
	start := time.Now()
	err = slurm.Run(ctx, c.Out, st, s, plan, slurm.Options{
		Program: self, Extra: strings.Fields(c.Sbatch), Shards: c.Shards, Target: c.Target, MaxRounds: c.Rounds, Poll: c.Poll, Grace: c.Poll, Price: opt.Pricer,
		Notice: func(format string, args ...any) { fmt.Fprintf(e.err, "tpe: "+format+"\n", args...) },
	})
	if err != nil {
		return sweep.State{}, err
	}
	done, err := st.Done()
	if err != nil {
		return sweep.State{}, err
	}
	n := uint64(done.Len())
	return sweep.State{Done: n, Total: s.Size(), Rows: n, Elapsed: time.Since(start)}, nil
}

func (c *sweepRunCmd) summary(e *env, st *sweep.Store, s *sweep.Space, state sweep.State) error {
	counts, err := st.Counts()
	if err != nil {
		return err
	}
	p := &printer{w: e.out}
	p.printf("%s: %s points of %s, %s excluded; this run %s in %.1f s, %.0f a second\n", s.Name, count(int64(state.Done)), count(int64(s.Size())), count(int64(state.Excluded)),
		count(int64(state.Rows)), state.Elapsed.Seconds(), state.Rate())
	for _, k := range []string{sweep.StatusOK, sweep.StatusInvalid, sweep.StatusError, sweep.StatusTimeout, sweep.StatusPanic} {
		if counts[k] > 0 {
			p.printf("%s: %s\n", k, count(counts[k]))
		}
	}
	for _, o := range s.Objectives {
		list, err := st.BestOf(sweep.Aim{Metric: o.Metric, Maximise: o.Maximise}, "", 1)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			p.printf("best %s: %s at point %d (tpe sweep explain %s %d)\n", o.Metric, metricText(list[0].Values[0]), list[0].Index, c.Out, list[0].Index)
		}
	}
	return p.err
}

// refine runs points of the front, or what halving keeps, at higher fidelities.
func (c *sweepRunCmd) refine(e *env, st *sweep.Store, s *sweep.Space, opt sweep.RunOptions) error {
	fidelities := c.Refine
	if s.Method.Kind == sweep.Halving {
		fidelities = append(s.Method.Fidelities[min(1, len(s.Method.Fidelities)):], fidelities...)
	}
	keep := 0
	if s.Method.Kind == sweep.Halving {
		counts, err := st.Counts()
		if err != nil {
			return err
		}
		keep = int(counts[sweep.StatusOK])
	}
	failed := 0
	for _, f := range fidelities {
		if keep > 0 {
			keep = s.Method.Kept(keep)
		}
		points, err := st.Front(keep)
		if err != nil {
			return err
		}
		t := [][]string{{"point", ">cycles, swept", ">cycles, " + f, ">words checked", "outcome"}}
		err = sweep.Refine(e.ctx, st, s, points, f, opt, func(r sweep.Refined) {
			outcome := "equal"
			switch {
			case r.Error != "":
				outcome = r.Error
				failed++
			case r.Formula != r.Cycles:
				outcome = fmt.Sprintf("%+.2f %%", 100*(r.Cycles/r.Formula-1))
			}
			e.progress("%s: %d of %d points", f, len(t), len(points))
			t = append(t, []string{strconv.FormatUint(r.Index, 10), metricText(r.Formula), metricText(r.Cycles), count(r.Checked), outcome})
		})
		e.progressDone()
		if err != nil {
			return err
		}
		p := &printer{w: e.out}
		p.printf("\n%d points at fidelity %s:\n", len(points), f)
		p.table(t)
		if p.err != nil {
			return p.err
		}
	}
	if failed > 0 {
		return errCheck
	}
	return nil
}

// sweepProgress shows rate, time left and the best so far: a live line on a terminal, elsewhere
// a plain line every ten seconds.
func (e *env) sweepProgress() func(sweep.State) {
	last := time.Now()
	live := isTerminal(e.err)
	return func(s sweep.State) {
		if !live && time.Since(last) < 10*time.Second || live && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		var b strings.Builder
		fmt.Fprintf(&b, "%s of %s points, %.0f a second", count(int64(s.Done)), count(int64(s.Total)), s.Rate())
		if r := s.Rate(); r > 0 && s.Total > s.Done {
			fmt.Fprintf(&b, ", %v left", (time.Duration(float64(s.Total-s.Done)/r) * time.Second).Round(time.Second))
		}
		if s.Failed > 0 {
			fmt.Fprintf(&b, ", %s failed", count(int64(s.Failed)))
		}
		for _, x := range s.Best {
			if x.Metric != "" {
				fmt.Fprintf(&b, ", %s %s", x.Metric, metricText(x.Value))
			}
		}
		if live {
			e.progress("%s", b.String())
		} else {
			fmt.Fprintf(e.err, "tpe: %s\n", b.String())
		}
	}
}

// metricText prints a number of any size.
func metricText(v float64) string {
	if v == float64(int64(v)) && v < 1e15 && v > -1e15 {
		return count(int64(v))
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}

type sweepPlanCmd struct {
	Space string `arg:"" help:"The space, a .yaml file."`
	Out   string `placeholder:"DIR" help:"Also prepare the folder, for workers."`
	outputFlags
}

// sweepPlan is the JSON of a plan.
type sweepPlan struct {
	Name          string        `json:"name"`
	Hash          string        `json:"plan"`
	Points        uint64        `json:"points"`
	Workloads     []string      `json:"workloads"`
	Method        string        `json:"method"`
	Sampled       int           `json:"sampled"`
	Included      float64       `json:"included_share"`  // of the sampled points, those that conditions allow
	PerPoint      float64       `json:"seconds_a_point"` // of one worker
	EstimateHours float64       `json:"core_hours"`
	Samples       []sweepSample `json:"samples"`
}

type sweepSample struct {
	Index  uint64            `json:"point"`
	Engine string            `json:"engine"`
	Values map[string]string `json:"axes"`
	Status string            `json:"status"`
}

// Run implements the command.
func (c *sweepPlanCmd) Run(e *env) error {
	s, err := sweep.Load(c.Space)
	if err != nil {
		return err
	}
	price, err := newSweepPricer(e, s)
	if err != nil {
		return err
	}
	var pricer sweep.Pricer
	if price != nil {
		pricer = price
	}
	plan := s.NewPlan(version, costOf(s))
	cal, err := s.Calibrate(e.ctx, pricer)
	if err != nil {
		return err
	}
	r := sweepPlan{Name: s.Name, Hash: plan.Hash(), Points: s.Size(), Workloads: s.WorkloadNames(), Method: s.Method.Kind,
		Sampled: cal.Sampled, Included: cal.Included, PerPoint: cal.Seconds}
	n := float64(s.Size())
	if s.Method.Kind != sweep.Exhaustive && s.Method.Kind != sweep.Halving {
		n = min(n, float64(s.Method.Points))
	}
	r.EstimateHours = n * cal.Seconds / 3600
	for _, i := range []uint64{0, s.Size() / 2, s.Size() - 1} {
		p := s.At(i)
		x := sweepSample{Index: i, Engine: s.Engines[p.Engine].Name, Values: map[string]string{}, Status: "included"}
		for j, v := range s.Values(p) {
			if v != "" {
				x.Values[s.Axes[j].Key] = v
			}
		}
		if _, err := s.Config(p); err != nil {
			x.Status = err.Error()
		}
		r.Samples = append(r.Samples, x)
	}
	if c.Out != "" {
		st, err := sweep.Create(c.Out, s, plan)
		if err != nil {
			return err
		}
		if err := st.Close(); err != nil {
			return err
		}
	}
	return c.emit(e, r, func() [][]string { return r.rows(s) }, func(w io.Writer) error { return r.print(w, s) })
}

func (r *sweepPlan) rows(s *sweep.Space) [][]string {
	rows := [][]string{{"point", "engine"}}
	for _, a := range s.Axes {
		rows[0] = append(rows[0], a.Key)
	}
	rows[0] = append(rows[0], "status")
	for _, x := range r.Samples {
		row := []string{strconv.FormatUint(x.Index, 10), x.Engine}
		for _, a := range s.Axes {
			row = append(row, x.Values[a.Key])
		}
		rows = append(rows, append(row, x.Status))
	}
	return rows
}

func (r *sweepPlan) print(w io.Writer, s *sweep.Space) error {
	p := &printer{w: w}
	p.printf("%s: %s points on %d workloads (%s), method %s, plan %s\n", r.Name, count(int64(r.Points)), len(r.Workloads), strings.Join(r.Workloads, ", "), r.Method, r.Hash)
	p.printf("of %d sampled points %s belong to the space; %.3g ms a point, %.3g core hours in all\n\n", r.Sampled, percent(r.Included), 1e3*r.PerPoint, r.EstimateHours)
	p.table(r.rows(s))
	return p.err
}
