package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"tpe/arch"
	"tpe/infer"
	"tpe/sim"
)

// accuracyRow is one engine with one way to code operands.
type accuracyRow struct {
	Engine  string  `json:"engine"` // with its settings
	Formats string  `json:"formats"`
	Quant   string  `json:"quant"`
	Value   float64 `json:"value"`
	Delta   float64 `json:"delta"` // value less that of the reference
	infer.Stats
	Seconds float64 `json:"seconds"` // cycles at the engine's clock
}

// accuracyReport is the JSON of tpe run --accuracy.
type accuracyReport struct {
	Task      string        `json:"task"`
	Metric    string        `json:"metric"`
	Note      string        `json:"note"`
	Reference float64       `json:"reference"` // the metric in float32
	Rows      []accuracyRow `json:"engines"`
}

// accuracyEngine is an engine as --accuracy takes several: as [engineSpec], with @QUANT behind it.
type accuracyEngine struct {
	text   string
	cfg    arch.Config
	recipe infer.Recipe
}

func parseAccuracyEngine(text string, set []string, quant string) (accuracyEngine, error) {
	s := accuracyEngine{text: text}
	name, recipe, ok := strings.Cut(text, "@")
	if !ok {
		recipe = quant
	}
	engine, own := engineSpec(name)
	cfg, err1 := arch.Load(engine, append(append([]string(nil), set...), own...))
	r, err2 := infer.ParseRecipe(recipe)
	if err2 != nil {
		err2 = fmt.Errorf("--engine %s: %w", text, err2)
	}
	s.cfg, s.recipe = cfg, r
	return s, errors.Join(err1, err2)
}

// runAccuracy runs a network on each engine and compares its figure of merit with that in float32.
func (c *runCmd) runAccuracy(e *env) error {
	var specs []accuracyEngine
	var errs []error
	for _, text := range strings.Split(c.Engine, ",") {
		s, err := parseAccuracyEngine(strings.TrimSpace(text), c.Set, c.Quant)
		specs, errs = append(specs, s), append(errs, err)
	}
	if c.Check != "" {
		errs = append(errs, oneOf("check", c.Check, sim.CheckSample, sim.CheckNone))
	}
	executor := ""
	if c.Check != sim.CheckNone {
		x, err := sim.ResolveExecutor(c.Executor)
		executor, errs = x, append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	task, err := infer.OpenTask(c.Workload)
	if err != nil {
		return fmt.Errorf("--workload: %w", err)
	}
	r := &accuracyReport{Task: task.Name, Metric: task.Metric, Note: task.Note}
	if r.Reference, err = task.Run(infer.Exact{}); err != nil {
		return err
	}
	differ := int64(0)
	for i, s := range specs {
		e.progress("%s: %d of %d engines", s.text, i, len(specs))
		row, err := accuracyOf(task, s, executor)
		if err == nil {
			err = e.ctx.Err()
		}
		if err != nil {
			e.progressDone()
			return fmt.Errorf("%s: %w", s.text, err)
		}
		row.Delta = row.Value - r.Reference
		r.Rows = append(r.Rows, row)
		differ += row.Differ
	}
	e.progressDone()
	if err := c.emit(e, r, r.csv, func(w io.Writer) error { return r.table(w) }); err != nil {
		return err
	}
	if differ > 0 {
		fmt.Fprintf(e.err, "tpe: %d words of the stepped graphs differ\n", differ)
		return errCheck
	}
	return nil
}

func accuracyOf(task *infer.Task, s accuracyEngine, executor string) (accuracyRow, error) {
	eng, err := infer.NewEngine(s.cfg, s.recipe, executor)
	if err != nil {
		return accuracyRow{}, err
	}
	defer eng.Close()
	if err := eng.Calibrate(task.Run); err != nil {
		return accuracyRow{}, err
	}
	v, err := task.Run(eng)
	a, b, result := s.cfg.Formats()
	name, _, _ := strings.Cut(s.text, "@")
	row := accuracyRow{Engine: name, Formats: fmt.Sprintf("%s x %s into %s", a, b, result), Quant: s.recipe.String(), Value: v, Stats: eng.Stats()}
	row.Seconds = float64(row.Cycles) / (float64(s.cfg.FreqMHz) * 1e6)
	return row, err
}

func (r *accuracyReport) csv() [][]string {
	rows := [][]string{{"engine", "formats", "quant", r.Metric, "delta", "products", "macs", "cycles", "seconds", "checked", "mismatches"}}
	rows = append(rows, []string{"float32", "", "", fmt.Sprint(r.Reference), "0", "", "", "", "", "", ""})
	for _, x := range r.Rows {
		rows = append(rows, []string{x.Engine, x.Formats, x.Quant, fmt.Sprint(x.Value), fmt.Sprint(x.Delta), fmt.Sprint(x.Products),
			fmt.Sprint(x.MACs), fmt.Sprint(x.Cycles), fmt.Sprint(x.Seconds), fmt.Sprint(x.Checked), fmt.Sprint(x.Differ)})
	}
	return rows
}

func (r *accuracyReport) table(w io.Writer) error {
	fmt.Fprintf(w, "%s: %s; %s\n", r.Task, r.Metric, r.Note)
	var t table
	t.add("engine", "formats", "quantisation", ">"+r.Metric, ">to float32", ">products", ">MACs", ">cycles", ">checked", ">differ")
	t.add("float32", "", "", fmt.Sprintf("%.6g", r.Reference), "", "", "", "", "", "")
	for _, x := range r.Rows {
		t.add(x.Engine, x.Formats, x.Quant, fmt.Sprintf("%.6g", x.Value), fmt.Sprintf("%+.4g", x.Delta), count(x.Products), count(x.MACs), count(x.Cycles), count(x.Checked), count(x.Differ))
	}
	return t.write(w)
}
