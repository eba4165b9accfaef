package arch

import "tpe/pe"

// Cycles is the closed form of a job's cycle count: clock edges from the one that
// takes the first operand or weight beat to the one that delivers the last
// result beat, both counted, when nothing outside stalls the engine. docs/cycles.md
// derives it. It does not check the shape (see CheckShape).
func (c *Config) Cycles(s Shape) int64 {
	if c.Dataflow == OS {
		return c.osCycles(s)
	}
	if c.Dataflow == IS {
		s = s.transposed()
	}
	return c.wsCycles(s)
}

// osCycles: with F tiles of K beats, last beats at least D apart, and L edges from
// a tile's last beat to its last row,
//
//	none          the sum over tiles of K + L
//	drain, full   (F-1) max(K, D) + K + L of the last tile
//
// L = 2R + C, less 2 for each row past the edge of C if rows leave upwards, because
// then those would have been the last.
func (c *Config) osCycles(s Shape) int64 {
	mt, nt := int64(cdiv(s.M, c.Rows)), int64(cdiv(s.N, c.Cols))
	k, latency := int64(s.K), int64(osLatency(c.Rows, c.Cols))
	edge := latency
	if c.Drain == pe.DrainUp {
		edge -= 2 * (mt*int64(c.Rows) - int64(s.M))
	}
	if c.Overlap == OverlapNone {
		return nt * ((mt-1)*(k+latency) + k + edge)
	}
	return (mt*nt-1)*max(k, int64(drainPeriod(c.Drain, c.Rows))) + k + edge
}

// wsState is the recurrence over jobs of a weight-stationary array: when the last
// weight and the last row of the latest job were taken, and the last row of the one before.
type wsState struct{ w, a, before int64 }

// relative is the state without its absolute position: two equal ones behave
// alike from then on.
func (s wsState) relative() [2]int64 { return [2]int64{s.a - s.w, s.a - s.before} }

func (s wsState) shift(by int64) wsState { return wsState{s.w + by, s.a + by, s.before + by} }

// wsStep adds a job of the given rows:
//
//	w' = max(w+1, before+R+C, a+1 if drain, a+L+1 if none) + R - 1
//	a' = max(w'+1, a+1, a+L+1 if load) + rows - 1          L = R + C + 1
func (c *Config) wsStep(s wsState, rows int64, firstJob, secondJob bool) wsState {
	r, latency := int64(c.Rows), int64(wsLatency(c.Rows, c.Cols))
	w := s.w + 1
	if !firstJob && !secondJob {
		w = max(w, s.before+r+int64(c.Cols))
	}
	a := s.a + 1
	if !firstJob {
		switch c.Overlap {
		case OverlapNone:
			w = max(w, s.a+latency+1)
		case OverlapDrain:
			w = max(w, s.a+1)
		case OverlapLoad:
			a = max(a, s.a+latency+1)
		}
	}
	w += r - 1
	return wsState{w: w, a: max(w+1, a) + rows - 1, before: s.a}
}

// wsRun adds n equal jobs. The recurrence is max-plus linear with constant
// increments, so once its relative state repeats, every further job adds the same.
func (c *Config) wsRun(s wsState, n int, rows int64, done *int) wsState {
	for i := range n {
		next := c.wsStep(s, rows, *done == 0, *done == 1)
		*done++
		if *done > 2 && next.relative() == s.relative() {
			*done += n - 1 - i
			return next.shift(int64(n-1-i) * (next.a - s.a))
		}
		s = next
	}
	return s
}

// wsCycles: jobs go chunk innermost, then block, then tile; the time of the last
// row of the last job, plus the latency.
func (c *Config) wsCycles(s Shape) int64 {
	kt, mb, nt := cdiv(s.K, c.Rows), cdiv(s.M, c.AccRows), cdiv(s.N, c.Cols)
	edge := int64(s.M - (mb-1)*c.AccRows)
	state, done := wsState{}, 0
	for n := range nt {
		prev := state
		state = c.wsRun(state, kt*(mb-1), int64(c.AccRows), &done)
		state = c.wsRun(state, kt, edge, &done)
		if n > 1 && state.relative() == prev.relative() {
			state = state.shift(int64(nt-1-n) * (state.a - prev.a))
			break
		}
	}
	return state.a + int64(wsLatency(c.Rows, c.Cols))
}
