package compare

import (
	"fmt"
	"regexp"
	"strconv"
)

// Limit is a condition under which a comparison fails: METRIC>+P% or METRIC<-P%, of totals
// against the baseline's, such as cycles>+2%. METRIC is cycles, time, energy, bytes or
// utilization.
type Limit struct {
	text, metric, op string
	percent          float64
}

var limitForm = regexp.MustCompile(`^\s*(\w+)\s*([<>])\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*%\s*$`)

// metrics of a cell, by name.
var metrics = map[string]func(Cell) float64{
	"cycles":      func(c Cell) float64 { return c.Cycles },
	"time":        func(c Cell) float64 { return c.Seconds },
	"energy":      func(c Cell) float64 { return c.EnergyJ },
	"bytes":       func(c Cell) float64 { return float64(c.Bytes) },
	"utilization": func(c Cell) float64 { return c.Utilization },
}

// ParseLimit reads a condition.
func ParseLimit(s string) (Limit, error) {
	m := limitForm.FindStringSubmatch(s)
	if m == nil {
		return Limit{}, fmt.Errorf("not a condition: %q (expected METRIC>+P%% or METRIC<-P%%, such as cycles>+2%%)", s)
	}
	if metrics[m[1]] == nil {
		return Limit{}, fmt.Errorf("unknown metric: %q (expected cycles, time, energy, bytes or utilization)", m[1])
	}
	p, err := strconv.ParseFloat(m[3], 64)
	if err != nil {
		return Limit{}, fmt.Errorf("not a percentage: %q", m[3])
	}
	return Limit{text: s, metric: m[1], op: m[2], percent: p}, nil
}

// Check reports an engine of which the metric is not known.
func (l Limit) Check(engines []Engine) error {
	for _, e := range engines {
		if l.metric == "energy" && e.Cost == nil {
			return fmt.Errorf("--fail-if: the energy of %s is not known: %q (expected --tech or --liberty)", e.Name, l.text)
		}
	}
	return nil
}

// Exceeded are sentences about the totals that meet the condition, one for each workload
// and engine.
func (l Limit) Exceeded(r *Report) []string {
	of := metrics[l.metric]
	var list []string
	for _, s := range r.Workloads {
		for i, e := range r.Engines {
			if i == r.base {
				continue
			}
			change := 100 * (of(s.Total.Cells[i])/of(s.Total.Cells[r.base]) - 1)
			if l.op == ">" && change > l.percent || l.op == "<" && change < l.percent {
				list = append(list, fmt.Sprintf("%s of %s on %s: %+.2f%% against %s (%s)", l.metric, e.Name, s.Workload, change, r.Baseline, l.text))
			}
		}
	}
	return list
}
