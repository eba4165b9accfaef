package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tpe/sweep"
)

// sweepDir is a folder of results.
type sweepDir struct {
	Dir string `arg:"" help:"Folder of the results."`
}

// open opens the results for reading.
func (d *sweepDir) open() (*sweep.Space, *sweep.Store, error) {
	s, _, err := sweep.LoadDir(d.Dir)
	if err != nil {
		return nil, nil, err
	}
	st, err := sweep.OpenStore(d.Dir, s)
	return s, st, err
}

type sweepWorkerCmd struct {
	sweepDir
	Shard   string `placeholder:"K/S" help:"Which of how many; or K alone, or from the environment of a scheduler, with --shards."`
	Shards  uint64 `placeholder:"S" help:"How many there are."`
	Workers int    `placeholder:"N" help:"Points at a time; one a core if absent."`
}

// Run implements the command.
func (c *sweepWorkerCmd) Run(e *env) error {
	s, _, err := sweep.LoadDir(c.Dir)
	if err != nil {
		return err
	}
	h, err := sweep.ShardOf(c.Shard, c.Shards)
	if err != nil {
		return fmt.Errorf("--shard: %w", err)
	}
	price, err := newSweepPricer(e, s)
	if err != nil {
		return err
	}
	plan, err := sweep.CheckPlan(c.Dir, s.NewPlan(version, costOf(s)))
	if err != nil {
		return err
	}
	opt := sweep.RunOptions{Workers: c.Workers, Progress: e.sweepProgress()}
	if price != nil {
		opt.Pricer = price
	}
	state, err := sweep.Work(e.ctx, c.Dir, s, plan, h, opt)
	e.progressDone()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "shard %s: %s points, %s rows in %.1f s\n", h, count(int64(state.Done)), count(int64(state.Rows)), state.Elapsed.Seconds())
	return err
}

type sweepMergeCmd struct{ sweepDir }

// Run implements the command.
func (c *sweepMergeCmd) Run(e *env) error {
	s, plan, err := sweep.LoadDir(c.Dir)
	if err != nil {
		return err
	}
	st, err := sweep.Create(c.Dir, s, plan)
	if err != nil {
		return err
	}
	defer st.Close()
	parts, rows, err := sweep.Merge(c.Dir, st, s, plan)
	if err != nil {
		return err
	}
	done, err := st.Done()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%d parts with %s rows taken up; %s points are there\n", parts, count(int64(rows)), count(int64(done.Len())))
	return err
}

type sweepQueryCmd struct {
	sweepDir
	SQL string `arg:"" name:"sql" help:"A statement that reads, such as 'SELECT engine, min(cycles) FROM totals GROUP BY engine'."`
	outputFlags
}

// Run implements the command.
func (c *sweepQueryCmd) Run(e *env) error {
	_, st, err := c.open()
	if err != nil {
		return err
	}
	defer st.Close()
	var rows [][]string
	if err := st.Query(c.SQL, func(r []string) error { rows = append(rows, append([]string(nil), r...)); return nil }); err != nil {
		return err
	}
	return c.emitRows(e, rows)
}

// emitRows prints rows of which the first is the heading; JSON has an object for each.
func (f *outputFlags) emitRows(e *env, rows [][]string) error {
	objects := []map[string]any{}
	for _, r := range rows[1:] {
		o := map[string]any{}
		for i, name := range rows[0] {
			o[strings.TrimPrefix(name, ">")] = jsonValue(r[i])
		}
		objects = append(objects, o)
	}
	plain := func() [][]string {
		head := make([]string, len(rows[0]))
		for i, n := range rows[0] {
			head[i] = strings.TrimPrefix(n, ">")
		}
		return append([][]string{head}, rows[1:]...)
	}
	return f.emit(e, objects, plain, func(w io.Writer) error { return (&table{rows}).write(w) })
}

// jsonValue is a number where a text is one; null where it is empty.
func jsonValue(s string) any {
	if s == "" {
		return nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "nNiI") {
		return f
	}
	return s
}

type sweepParetoCmd struct {
	sweepDir
	X     string   `required:"" placeholder:"M" help:"A metric, with min: or max: before it if the direction is not the usual one."`
	Y     string   `required:"" placeholder:"M" help:"Another."`
	Also  []string `placeholder:"M" help:"Further ones."`
	Where string   `placeholder:"SQL" help:"Only points that this condition on the view totals allows, such as \"engine = 'cube'\"."`
	outputFlags
}

// Run implements the command.
func (c *sweepParetoCmd) Run(e *env) error {
	s, st, err := c.open()
	if err != nil {
		return err
	}
	defer st.Close()
	var aims []sweep.Aim
	var errs []error
	for _, m := range append([]string{c.X, c.Y}, c.Also...) {
		a, err := sweep.ParseAim(m)
		aims, errs = append(aims, a), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	list, err := st.Pareto(aims, c.Where)
	if err != nil {
		return err
	}
	return c.emitRows(e, scoredRows(s, aims, list))
}

// scoredRows are points with their axes and metrics.
func scoredRows(s *sweep.Space, aims []sweep.Aim, list []sweep.Scored) [][]string {
	head := []string{">point", "engine"}
	for _, a := range s.Axes {
		head = append(head, ">"+a.Key)
	}
	for _, a := range aims {
		head = append(head, ">"+a.Metric)
	}
	rows := [][]string{head}
	for _, x := range list {
		p := s.At(x.Index)
		row := append([]string{strconv.FormatUint(x.Index, 10), s.Engines[p.Engine].Name}, s.Values(p)...)
		for _, v := range x.Values {
			row = append(row, strconv.FormatFloat(v, 'g', 8, 64))
		}
		rows = append(rows, row)
	}
	return rows
}

type sweepBestCmd struct {
	sweepDir
	By    string `required:"" placeholder:"M" help:"A metric, with min: or max: before it if the direction is not the usual one."`
	Where string `placeholder:"SQL" help:"Only points that this condition on the view totals allows."`
	Top   int    `default:"10" help:"How many."`
	outputFlags
}

// Run implements the command.
func (c *sweepBestCmd) Run(e *env) error {
	if c.Top < 1 {
		return fmt.Errorf("--top: out of range: %d (expected at least 1)", c.Top)
	}
	s, st, err := c.open()
	if err != nil {
		return err
	}
	defer st.Close()
	a, err := sweep.ParseAim(c.By)
	if err != nil {
		return err
	}
	list, err := st.BestOf(a, c.Where, c.Top)
	if err != nil {
		return err
	}
	return c.emitRows(e, scoredRows(s, []sweep.Aim{a}, list))
}

type sweepSensitivityCmd struct {
	sweepDir
	By    string `required:"" placeholder:"M" help:"A metric."`
	Where string `placeholder:"SQL" help:"Only points that this condition on the view totals allows."`
	outputFlags
}

// Run implements the command.
func (c *sweepSensitivityCmd) Run(e *env) error {
	_, st, err := c.open()
	if err != nil {
		return err
	}
	defer st.Close()
	a, err := sweep.ParseAim(c.By)
	if err != nil {
		return err
	}
	list, err := st.Sensitivity(a, c.Where)
	if err != nil {
		return err
	}
	rows := [][]string{{"axis", ">variance explained", ">best value", ">worst mean by best"}}
	for _, x := range list {
		rows = append(rows, []string{x.Axis, strconv.FormatFloat(x.Share, 'f', 4, 64), x.Best, strconv.FormatFloat(x.Span, 'f', 3, 64)})
	}
	return c.emitRows(e, rows)
}

type sweepExportCmd struct {
	sweepDir
	CSV     string `name:"csv" placeholder:"FILE" help:"Write CSV."`
	Parquet string `placeholder:"FILE" help:"Write Parquet."`
}

// Run implements the command.
func (c *sweepExportCmd) Run(e *env) error {
	if c.CSV == "" && c.Parquet == "" {
		return errors.New("nothing to write (expected --csv FILE or --parquet FILE)")
	}
	_, st, err := c.open()
	if err != nil {
		return err
	}
	defer st.Close()
	if c.CSV != "" {
		if err := st.ExportCSV(c.CSV); err != nil {
			return err
		}
	}
	if c.Parquet != "" {
		return st.ExportParquet(c.Parquet)
	}
	return nil
}

type sweepExplainCmd struct {
	sweepDir
	Point uint64 `arg:"" help:"Number of the point."`
}

// Run implements the command.
func (c *sweepExplainCmd) Run(e *env) error {
	s, st, err := c.open()
	if err != nil {
		return err
	}
	defer st.Close()
	if c.Point >= s.Size() {
		return fmt.Errorf("no such point: %d (expected below %d)", c.Point, s.Size())
	}
	p := s.At(c.Point)
	cfg, cerr := s.Config(p)
	pr := &printer{w: e.out}
	pr.printf("point %d of %s\n\n", c.Point, s.Name)
	for _, f := range cfg.Fields() {
		pr.printf("%s: %s\n", f.Name, f.Get(&cfg))
	}
	if cerr != nil {
		pr.printf("\nnot evaluated: %v\n", cerr)
		return pr.err
	}
	var rows [][]string
	if err := st.Query(fmt.Sprintf("SELECT * FROM rows WHERE id = %d ORDER BY workload", c.Point), func(r []string) error { rows = append(rows, append([]string(nil), r...)); return nil }); err != nil {
		return err
	}
	if len(rows) == 1 {
		pr.printf("\nnot evaluated yet\n")
	}
	for _, r := range rows[1:] {
		pr.printf("\n")
		for i, v := range r {
			if v != "" {
				pr.printf("%-18s %s\n", rows[0][i], v)
			}
		}
	}
	pr.printf("\nrepeat with\n")
	for _, line := range repeatLines(s, p) {
		pr.printf("  %s\n", line)
	}
	return pr.err
}
