package arch

// This file feeds and times the weight-stationary array of ws.go, through it the
// input-stationary one, and the tree of tree.go.

// ws, s.K in beats: weights of a chunk last row first, then the rows of a block.
func (l *layout) ws(s Shape) {
	c := &l.e.Config
	// moving(i, k) and staying(k, j): input-stationary computes the transpose.
	moving := func(i, k int) int64 { return l.moving(l.A, i, k) }
	staying := func(k, j int) int64 { return elem(l.B, k, j) }
	t := s
	if c.Dataflow == IS {
		t = s.transposed()
		moving = func(i, k int) int64 { return l.moving(l.B, k, i) }
		staying = func(k, j int) int64 { return elem(l.A, j, k) }
	}
	moving, staying = c.fuse(moving, staying)
	kt, mb, nt := cdiv(t.K, c.Rows), cdiv(t.M, c.AccRows), cdiv(t.N, c.Cols)
	block := min(c.AccRows, t.M)
	l.config(map[string]int{"kt": kt, "mb": mb, "nt": nt, "rows": block, "edge": t.M - (mb-1)*c.AccRows})
	ww, aw := l.stream("w", kt*mb*nt*c.Rows), l.stream("a", t.M*kt*nt)
	if l.err != nil {
		return
	}
	for n0 := 0; n0 < t.N; n0 += c.Cols {
		for m0 := 0; m0 < t.M; m0 += c.AccRows {
			for k0 := 0; k0 < t.K; k0 += c.Rows {
				for b := range c.Rows {
					ww.beat(func(j int) int64 { return staying(k0+c.Rows-1-b, n0+j) })
				}
				for i := m0; i < min(m0+c.AccRows, t.M); i++ {
					aw.beat(func(r int) int64 { return moving(i, k0+r) })
				}
			}
		}
	}
	l.initial(s)
}

// wsResults: all rows of a column tile, first row first.
func wsResults(c *Config, s Shape, f func(at func(j int) int)) {
	t := c.streamed(s)
	for n0 := 0; n0 < t.N; n0 += c.Cols {
		for i := range t.M {
			f(func(j int) int {
				if c.Dataflow == IS { // word j of the row is C[n0+j][i]
					return inside(n0+j, i, s.N, n0+j < s.M)
				}
				return inside(i, n0+j, s.N, n0+j < s.N)
			})
		}
	}
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
//	w' = max(w+1, before+H+1, a+1 if drain, a+L+1 if none) + R - 1
//	a' = max(w'+1, a+1, a+L+1 if load) + rows - 1
//
// H and L are the hold and the latency of the array (see [stationary]).
func (c *Config) wsStep(t stationary, s wsState, rows int64, firstJob, secondJob bool) wsState {
	r, latency := int64(c.Rows), int64(t.latency())
	w := s.w + 1
	if !firstJob && !secondJob {
		w = max(w, s.before+int64(t.hold)+1)
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
func (c *Config) wsRun(t stationary, s wsState, n int, rows int64, done *int) wsState {
	for i := range n {
		next := c.wsStep(t, s, rows, *done == 0, *done == 1)
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
func (c *Config) wsCycles(t stationary, s Shape) int64 {
	kt, mb, nt := cdiv(s.K, c.Rows), cdiv(s.M, c.AccRows), cdiv(s.N, c.Cols)
	edge := int64(s.M - (mb-1)*c.AccRows)
	state, done := wsState{}, 0
	for n := range nt {
		prev := state
		state = c.wsRun(t, state, kt*(mb-1), int64(c.AccRows), &done)
		state = c.wsRun(t, state, kt, edge, &done)
		if n > 1 && state.relative() == prev.relative() {
			state = state.shift(int64(nt-1-n) * (state.a - prev.a))
			break
		}
	}
	return state.a + int64(t.latency())
}
