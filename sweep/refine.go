package sweep

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"tpe/sweep/search"
)

// Refined says how a point did at a higher fidelity.
type Refined struct {
	Index    uint64
	Fidelity string
	Formula  float64 // cycles on all workloads, as swept
	Cycles   float64
	Checked  int64 // words that came out of the stepped hardware and were compared
	Error    string
}

// Front are the points of the store that are best in the objectives of the space: those of the
// first fronts, until there are n; the first front alone if n is 0.
func (st *Store) Front(n int) ([]uint64, error) {
	s := st.space
	var names []string
	for _, o := range s.Objectives {
		names = append(names, o.Metric)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("the space has no objectives (expected such as objectives: [{min: cycles}])")
	}
	all, err := st.Scores(names, "")
	if err != nil {
		return nil, err
	}
	var points [][]float64
	var index []uint64
	for _, x := range all {
		ok := true
		p := make([]float64, len(names))
		for k, o := range s.Objectives {
			v := x.Values[k]
			ok = ok && (o.AtLeast == nil || v >= *o.AtLeast) && (o.AtMost == nil || v <= *o.AtMost)
			p[k] = signed(Aim{Maximise: o.Maximise}, v)
		}
		if ok {
			points, index = append(points, p), append(index, x.Index)
		}
	}
	var list []uint64
	for len(points) > 0 && (n == 0 || len(list) < n) {
		front := search.Front(points)
		for _, i := range front {
			list = append(list, index[i])
		}
		if n == 0 {
			break
		}
		for _, i := range slices.Backward(front) {
			points, index = slices.Delete(points, i, i+1), slices.Delete(index, i, i+1)
		}
	}
	if n > 0 && len(list) > n {
		list = list[:n]
	}
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	return list, nil
}

// Refine evaluates points again at a higher fidelity: cycle steps the hardware graph, rtl the
// emitted Verilog; both compare words with the software GEMM. What is in the store is not done
// again. each is called for every point.
func Refine(ctx context.Context, st *Store, s *Space, points []uint64, fidelity string, opt RunOptions, each func(Refined)) error {
	ev, err := s.NewEvaluator(opt.Pricer)
	if err != nil {
		return err
	}
	for _, index := range points {
		old, err := st.row(index)
		if err != nil {
			return err
		}
		r, have, err := st.refined(index, fidelity)
		if err != nil {
			return err
		}
		if !have {
			if r, err = ev.refine(ctx, st, old, fidelity); err != nil {
				return err
			}
		}
		each(r)
	}
	return nil
}

// refine evaluates a point and keeps the outcome.
func (ev *Evaluator) refine(ctx context.Context, st *Store, old *Row, fidelity string) (Refined, error) {
	r := Refined{Index: old.Index, Fidelity: fidelity}
	for _, x := range old.Results {
		r.Formula += x.Cycles
	}
	p := ev.space.At(old.Index)
	cfg, err := ev.space.Config(p)
	var list []Result
	if err == nil {
		list, err = ev.config(ctx, cfg, p.Engine, fidelity)
	}
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil {
		r.Error = err.Error()
		list = make([]Result, len(ev.space.works))
	}
	tx, err := st.db.Begin()
	if err != nil {
		return r, err
	}
	defer tx.Rollback() // does nothing after a commit
	for i, x := range list {
		r.Cycles += x.Cycles
		r.Checked += x.Checked
		formula := 0.0
		if i < len(old.Results) {
			formula = old.Results[i].Cycles
		}
		if _, err := tx.Exec("INSERT OR IGNORE INTO refined VALUES (?, ?, ?, ?, ?, ?, ?, ?)", int64(old.Index), ev.space.works[i].name, fidelity, formula, x.Cycles, x.Checked, x.Mismatches, r.Error); err != nil {
			return r, err
		}
	}
	return r, tx.Commit()
}

// refined reads what is kept.
func (st *Store) refined(index uint64, fidelity string) (Refined, bool, error) {
	r := Refined{Index: index, Fidelity: fidelity}
	var n int
	err := st.db.QueryRow("SELECT count(*), coalesce(sum(formula_cycles), 0), coalesce(sum(cycles), 0), coalesce(sum(checked), 0), coalesce(max(error), '') FROM refined WHERE point = ? AND fidelity = ?",
		int64(index), fidelity).Scan(&n, &r.Formula, &r.Cycles, &r.Checked, &r.Error)
	return r, n > 0, err
}

// Kept is the number of points that halving takes to the next fidelity.
func (m Method) Kept(n int) int { return max(1, int(math.Ceil(m.Keep*float64(n)))) }
