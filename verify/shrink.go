package verify

import (
	"context"

	"tpe/arch"
	"tpe/hw/drive"
)

// shrink looks for the smallest shape at which a leg still disagrees when the case runs
// alone, and describes that instead. A failure that needs its predecessors stays as
// it was found.
func shrink(ctx context.Context, e *arch.Engine, m *maker, ref, leg Leg, jobs []*job, f *Failure) {
	var bad *job
	for _, j := range jobs {
		if j.String() == f.Case {
			bad = j
		}
	}
	if bad == nil || leg.Name == "formula" {
		return
	}
	try := func(s arch.Shape) (*job, string) {
		j := &job{index: bad.index, shape: s, data: bad.data, first: true}
		if m.fill(j) != nil {
			return nil, ""
		}
		if diff := alone(ctx, e, ref, leg, j); diff != "" {
			return j, diff
		}
		return nil, ""
	}
	best, diff := try(bad.shape)
	if best == nil {
		return
	}
	for again := true; again; {
		again = false
		s := best.shape
		for _, smaller := range []arch.Shape{{M: s.M / 2, N: s.N, K: s.K}, {M: s.M, N: s.N / 2, K: s.K}, {M: s.M, N: s.N, K: s.K / 2},
			{M: s.M - 1, N: s.N, K: s.K}, {M: s.M, N: s.N - 1, K: s.K}, {M: s.M, N: s.N, K: s.K - 1}} {
			if smaller.M < 1 || smaller.N < 1 || smaller.K < 1 || ctx.Err() != nil {
				continue
			}
			if j, d := try(smaller); j != nil {
				best, diff, again = j, d, true
				break
			}
		}
	}
	f.Case, f.Diff = best.String(), diff
}

// alone runs one case on both legs and describes how they disagree.
func alone(ctx context.Context, e *arch.Engine, ref, leg Leg, j *job) string {
	var traces [2]drive.Trace
	for i, l := range []Leg{ref, leg} {
		var r LegResult
		t, err := runLeg(ctx, e, l, []*job{j}, &r)
		if err != nil || len(t) == 0 {
			return ""
		}
		traces[i] = t[0]
	}
	res := &Result{}
	compare(e, leg, []*job{j}, traces[1:], traces[:1], &LegResult{}, res)
	if len(res.Failures) == 0 {
		return ""
	}
	return res.Failures[0].Diff
}
