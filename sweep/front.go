package sweep

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/gonum/stat"

	"tpe/sweep/search"
)

// Aim is a metric and its direction.
type Aim struct {
	Metric   string
	Maximise bool
}

// ParseAim reads METRIC, min:METRIC or max:METRIC; alone a metric has the direction that its users
// want.
func ParseAim(text string) (Aim, error) {
	dir, name, ok := strings.Cut(text, ":")
	if !ok {
		dir, name = "", text
	}
	m, known := metricOf(name)
	switch {
	case !known:
		return Aim{}, fmt.Errorf("unknown metric: %q (expected %s)", name, orList(MetricNames()))
	case dir == "" || dir == "min" || dir == "max":
		return Aim{name, dir == "max" || dir == "" && m.Maximise}, nil
	}
	return Aim{}, fmt.Errorf("unknown direction: %q (expected min:%s or max:%s)", dir, name, name)
}

// String is the direction and the metric.
func (a Aim) String() string {
	if a.Maximise {
		return "max:" + a.Metric
	}
	return "min:" + a.Metric
}

// Pareto are the points that no other is better than in all aims, in the order of the first
// aim.
func (st *Store) Pareto(aims []Aim, where string) ([]Scored, error) {
	var names []string
	for _, a := range aims {
		names = append(names, a.Metric)
	}
	all, err := st.Scores(names, where)
	if err != nil {
		return nil, err
	}
	return Front(aims, all), nil
}

// Front are the scored points that no other is better than in all aims; their first values are
// those of the aims.
func Front(aims []Aim, all []Scored) []Scored {
	points := make([][]float64, len(all))
	for i, s := range all {
		points[i] = make([]float64, len(aims))
		for k, a := range aims {
			points[i][k] = signed(a, s.Values[k])
		}
	}
	var list []Scored
	for _, i := range search.Front(points) {
		list = append(list, all[i])
	}
	sort.SliceStable(list, func(i, j int) bool { return signed(aims[0], list[i].Values[0]) < signed(aims[0], list[j].Values[0]) })
	return list
}

func signed(a Aim, v float64) float64 {
	if a.Maximise {
		return -v
	}
	return v
}

// BestOf are the first points by an aim.
func (st *Store) BestOf(a Aim, where string, top int) ([]Scored, error) {
	all, err := st.Scores([]string{a.Metric}, where)
	if err != nil {
		return nil, err
	}
	sort.SliceStable(all, func(i, j int) bool { return signed(a, all[i].Values[0]) < signed(a, all[j].Values[0]) })
	return all[:min(top, len(all))], nil
}

// Effect says how much of a metric's variance one axis explains.
type Effect struct {
	Axis string // or engine
	// Share is the correlation ratio eta squared of the metric's logarithm: the variance of the means
	// of the axis' values by the variance of all points that have the axis.
	Share float64
	// Best is the value of the best mean, and Span the geometric mean of the worst value by that of
	// the best.
	Best string
	Span float64
}

// Sensitivity lists the axes by how much of a metric they explain, over the points that a
// condition allows.
func (st *Store) Sensitivity(a Aim, where string) ([]Effect, error) {
	all, err := st.Scores([]string{a.Metric}, where)
	if err != nil {
		return nil, err
	}
	var list []Effect
	for i := -1; i < len(st.space.Axes); i++ {
		name := "engine"
		if i >= 0 {
			name = st.space.Axes[i].Key
		}
		groups := map[string][]float64{}
		var logs []float64
		for _, s := range all {
			p := st.space.At(s.Index)
			v := st.space.Engines[p.Engine].Name
			if i >= 0 {
				v = st.space.Values(p)[i]
			}
			if v == "" || !(s.Values[0] > 0) {
				continue
			}
			l := math.Log(s.Values[0])
			groups[v], logs = append(groups[v], l), append(logs, l)
		}
		if len(groups) > 1 {
			list = append(list, effect(name, a, groups, logs))
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Share > list[j].Share })
	return list, nil
}

func effect(name string, a Aim, groups map[string][]float64, logs []float64) Effect {
	mean := stat.Mean(logs, nil)
	between, total := 0.0, 0.0
	for _, l := range logs {
		total += (l - mean) * (l - mean)
	}
	e := Effect{Axis: name}
	lo, hi := math.Inf(1), math.Inf(-1)
	var names []string
	for v := range groups {
		names = append(names, v)
	}
	sort.Strings(names)
	for _, v := range names {
		m := stat.Mean(groups[v], nil)
		between += float64(len(groups[v])) * (m - mean) * (m - mean)
		if s := signed(a, m); s < lo {
			lo, e.Best = s, v
		}
		hi = math.Max(hi, signed(a, m))
	}
	e.Span = math.Exp(hi - lo)
	if total > 0 {
		e.Share = between / total
	}
	return e
}
