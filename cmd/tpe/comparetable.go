package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"tpe/report/compare"
)

// compareTable is a workload: a row a group, the total last.
func compareTable(r *compare.Report, s compare.Section) [][]string {
	head := []string{r.By, ">calls", ">MACs", ">share"}
	for _, e := range r.Engines {
		head = append(head, ">"+e.Name+": cycles", ">util", ">share", ">bytes")
		if r.Bandwidth > 0 {
			head = append(head, "bound")
		}
		if e.Method != "" {
			head = append(head, ">energy J")
		}
		if e.Name != r.Baseline {
			head = append(head, ">time ratio")
		}
	}
	rows := [][]string{head}
	for _, g := range append(append([]compare.Group{}, s.Groups...), s.Total) {
		row := []string{g.Key, count(g.Calls), count(g.MACs), percent(g.Share)}
		for i, e := range r.Engines {
			c := g.Cells[i]
			row = append(row, count(int64(math.Round(c.Cycles))), percent(c.Utilization), percent(c.Share), count(c.Bytes))
			if r.Bandwidth > 0 {
				row = append(row, c.Bound)
			}
			if e.Method != "" {
				row = append(row, fmt.Sprintf("%.4g", c.EnergyJ))
			}
			if e.Name != r.Baseline {
				row = append(row, ratio(c))
			}
		}
		rows = append(rows, row)
	}
	if s.Geomean != nil {
		row := []string{"geomean", "", "", ""}
		for i, e := range r.Engines {
			row = append(row, "", "", "", "")
			if r.Bandwidth > 0 {
				row = append(row, "")
			}
			if e.Method != "" {
				row = append(row, "")
			}
			if e.Name != r.Baseline {
				row = append(row, fmt.Sprintf("%.3f", s.Geomean[i]))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// ratio prints a time ratio, its interval if it has one, and ~ if it may be 1.
func ratio(c compare.Cell) string {
	text := fmt.Sprintf("%.3f", c.Ratio)
	if c.High > 0 {
		text += fmt.Sprintf(" (%.3f..%.3f)", c.Low, c.High)
	}
	if c.Uncertain {
		text = "~ " + text
	}
	return text
}

// compareText prints the tables with what is to be said of them.
func compareText(w io.Writer, r *compare.Report, tables []compare.Table) error {
	p := &printer{w: w}
	for i, s := range r.Workloads {
		p.printf("%s, %s MACs\n", s.Workload, count(s.MACs))
		p.table(tables[i].Rows)
		for _, l := range r.Lines(s) {
			p.printf("%s\n", l)
		}
		for e, x := range r.Engines {
			if x.Name != r.Baseline {
				p.printf("%s against %s: %s\n", x.Name, r.Baseline, steps(r.Waterfall(s, e, 5), 1e3, "ms"))
			}
		}
		p.printf("\n")
	}
	if r.Geomean != nil {
		p.printf("geometric mean of total time over %d workloads:", len(r.Workloads))
		for i, e := range r.Engines {
			p.printf(" %s %.3f", e.Name, r.Geomean[i])
		}
		p.printf("\n")
	}
	for _, n := range r.Notes() {
		p.printf("%s\n", n)
	}
	return p.err
}

// steps prints contributions, which add up.
func steps(list []compare.Step, scale float64, unit string) string {
	sum := 0.0
	var parts []string
	for _, s := range list {
		sum += s.Delta
		parts = append(parts, fmt.Sprintf("%s %+.4g", s.Name, s.Delta*scale))
	}
	if len(parts) == 0 {
		return "no difference"
	}
	return fmt.Sprintf("%+.4g %s = %s", sum*scale, unit, strings.Join(parts, ", "))
}

func compareMarkdown(w io.Writer, r *compare.Report, tables []compare.Table) error {
	p := &printer{w: w}
	p.printf("# Comparison against %s\n", r.Baseline)
	for i, s := range r.Workloads {
		p.printf("\n## %s\n\n", s.Workload)
		p.markdown(tables[i].Rows)
		p.printf("\n")
		for _, l := range r.Lines(s) {
			p.printf("- %s\n", l)
		}
	}
	p.printf("\n")
	for _, n := range r.Notes() {
		p.printf("- %s\n", n)
	}
	return p.err
}

// markdown prints a table as Markdown.
func (p *printer) markdown(rows [][]string) {
	for i, row := range rows {
		var cells, rule []string
		for _, c := range row {
			text, number := c, false
			if i == 0 {
				text, number = strings.CutPrefix(c, ">")
			}
			cells = append(cells, strings.NewReplacer("|", `\|`, "~", `\~`).Replace(text))
			if number {
				rule = append(rule, "---:")
			} else {
				rule = append(rule, "---")
			}
		}
		p.printf("| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			p.printf("| %s |\n", strings.Join(rule, " | "))
		}
	}
}

// compareRows is the report as CSV: a row for each workload, group and engine.
func compareRows(r *compare.Report) [][]string {
	rows := [][]string{{"workload", "group", "engine", "calls", "macs", "cycles", "cycles_kind", "seconds", "time_share", "utilization",
		"compulsory_bytes", "bound", "energy_j", "time_ratio", "time_ratio_low", "time_ratio_high", "uncertain"}}
	f := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, s := range r.Workloads {
		for _, g := range append(append([]compare.Group{}, s.Groups...), s.Total) {
			for i, e := range r.Engines {
				c := g.Cells[i]
				rows = append(rows, []string{s.Workload, g.Key, e.Name, strconv.FormatInt(g.Calls, 10), strconv.FormatInt(g.MACs, 10), f(c.Cycles), c.Kind,
					f(c.Seconds), f(c.Share), f(c.Utilization), strconv.FormatInt(c.Bytes, 10), c.Bound, f(c.EnergyJ), f(c.Ratio), f(c.Low), f(c.High), strconv.FormatBool(c.Uncertain)})
			}
		}
	}
	return rows
}
