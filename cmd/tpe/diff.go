package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"tpe/arch"
	"tpe/internal/wholefile"
	"tpe/report/compare"
	"tpe/workloads"
)

type diffCmd struct {
	Before   string `arg:"" help:"A workload: a model, gemm:MxNxK, or a file."`
	After    string `arg:"" help:"The one that it became."`
	Data     string `default:"full" help:"Operands, as for tpe run; they matter where cycles depend on data."`
	Seed     uint64 `default:"1" help:"Seed of the operands."`
	Top      int    `default:"20" help:"Rows of the table; 0 for all."`
	Markdown toFile `name:"markdown" help:"Print Markdown; --markdown=FILE writes it to a file."`
	HTML     string `name:"html" placeholder:"FILE" help:"Write a page with the table and a waterfall."`
	engineFlags
	importFlags
	outputFlags
}

// Run implements the command.
func (c *diffCmd) Run(e *env) error {
	cfg, err1 := c.load()
	works, err2 := loadWorkloads(e, []string{c.Before, c.After}, c.importFlags)
	data, err3 := workloads.ParseDataSet(c.Data)
	var err4 error
	if c.Top < 0 {
		err4 = fmt.Errorf("--top: out of range: %d (expected a number of rows, 0 for all)", c.Top)
	}
	if err := errors.Join(err1, err2, wrap("--data", err3), err4); err != nil {
		return err
	}
	d, err := compare.Diff(e.ctx, compare.Engine{Engine: &arch.Engine{Config: cfg}}, works[0], works[1], compare.Options{Data: data, Seed: c.Seed})
	if err != nil {
		return err
	}
	tables := []compare.Table{{Rows: diffTotals(d)}, {Title: "what changed", Rows: c.changes(d)}}
	if c.HTML != "" {
		args := []string{c.Before, c.After, "--engine", c.Engine}
		for _, s := range c.Set {
			args = append(args, "--set", s)
		}
		args = append(args, "--data", c.Data, "--seed", strconv.FormatUint(c.Seed, 10))
		var b bytes.Buffer
		if err := d.WriteHTML(&b, commandLine("diff", args), tables); err != nil {
			return err
		}
		if err := wholefile.Bytes(c.HTML, b.Bytes()); err != nil {
			return err
		}
	}
	text := func(w io.Writer, md bool) error {
		p := &printer{w: w}
		show := p.table
		if md {
			show = p.markdown
		}
		p.printf("%s to %s on %s\n\n", d.Before, d.After, d.Engine)
		show(tables[0].Rows)
		p.printf("\n")
		show(tables[1].Rows)
		p.printf("\n")
		for _, l := range d.Lines() {
			p.printf("%s\n", l)
		}
		p.printf("cycles: %s\n", steps(d.Waterfall(8), 1, ""))
		return p.err
	}
	return c.emitText(e, c.Markdown, d, func() [][]string { return diffRows(d) },
		func(w io.Writer) error { return text(w, false) }, func(w io.Writer) error { return text(w, true) })
}

// diffTotals sums the workloads and the states.
func diffTotals(d *compare.Difference) [][]string {
	rows := [][]string{{"", ">calls", ">shapes", ">MACs", ">cycles"}}
	for i, name := range []string{d.Before, d.After} {
		t := d.Totals[i]
		rows = append(rows, []string{name, count(t.Calls), count(int64(t.Shapes)), count(t.MACs), count(t.Cycles)})
	}
	for _, s := range d.States {
		rows = append(rows, []string{fmt.Sprintf("%s: %d", s.State, s.Rows), "", "", fmt.Sprintf("%+d", s.MACs), fmt.Sprintf("%+d", s.Delta)})
	}
	return rows
}

func (c *diffCmd) changes(d *compare.Difference) [][]string {
	rows := [][]string{{"state", "op", "name", "before", "after", ">calls before", ">after", ">cycles before", ">after", ">change"}}
	for i, x := range d.Rows {
		if c.Top > 0 && i == c.Top {
			rest := int64(0)
			for _, y := range d.Rows[i:] {
				rest += y.Delta
			}
			rows = append(rows, []string{fmt.Sprintf("%d more", len(d.Rows)-i), "", "", "", "", "", "", "", "", fmt.Sprintf("%+d", rest)})
			break
		}
		row := []string{x.State, x.Op, x.Name}
		var calls, cycles [2]string
		for j, p := range []*compare.Part{x.Before, x.After} {
			shape := ""
			if p != nil {
				shape, calls[j], cycles[j] = p.String(), count(p.Calls), count(p.Cycles)
			}
			row = append(row, shape)
		}
		rows = append(rows, append(row, calls[0], calls[1], cycles[0], cycles[1], fmt.Sprintf("%+d", x.Delta)))
	}
	return rows
}

// diffRows is the difference as CSV.
func diffRows(d *compare.Difference) [][]string {
	rows := [][]string{{"state", "op", "name", "before_m", "before_n", "before_k", "before_batch", "before_calls", "before_macs", "before_cycles",
		"after_m", "after_n", "after_k", "after_batch", "after_calls", "after_macs", "after_cycles", "cycles_delta"}}
	for _, x := range d.Rows {
		row := []string{x.State, x.Op, x.Name}
		for _, p := range []*compare.Part{x.Before, x.After} {
			if p == nil {
				row = append(row, "", "", "", "", "", "", "")
				continue
			}
			for _, v := range []int64{int64(p.M), int64(p.N), int64(p.K), int64(p.Batch), p.Calls, p.MACs, p.Cycles} {
				row = append(row, strconv.FormatInt(v, 10))
			}
		}
		rows = append(rows, append(row, strconv.FormatInt(x.Delta, 10)))
	}
	return rows
}
