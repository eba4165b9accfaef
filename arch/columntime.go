package arch

import (
	"math"
	"slices"
)

// This file times the column array from the digits of A. For step t, its columns c and
// weights p, with edges as in docs/cycles.md,
//
//	LA(t)  = max(LA(t-1) + 1, F(t-2) + 2) + beats - 1                  its last beat of A
//	e0(t)  = max(LA(t) + 3, F(t-1) + 1, RD(tile-2) + 1 at a tile's first step)
//	l(c,p) = max(l(c,p-1), e0(t) if p = 0) + T(c,p), but at least D after the last digit of the pass before
//	F(t)   = max over c of l(c, last)
//	RD     = max(F(t) + D + 7, RD(tile-1) + 1) + beats of C - 1         a tile's last step
//
// T(c,p) is the sum over the groups of max(1, digits that are not zero). With windows, a
// group waits for its B: see stepWindow.

// never is an edge before all others.
const never = math.MinInt64 / 4

// columnTime is the state of that recurrence after a step.
type columnTime struct {
	c          *Config
	d          int64   // D
	la, f1, f2 int64   // LA and F of the step before, F of the one before that
	rd1, rd2   int64   // RD of the tile before, and of the one before that
	last       []int64 // of each column: last digit of its pass before
	end        []int64 // window: of each column and lane, last digit of its group before
	written    int64   // window: group of B before
	ends       []int64 // window: latest end over columns and lanes of the last window+1 groups, a ring
	at         int     // its position
	shared     []sharedLane
	tile       int       // shared: the tile's number mod 2
	wrote      [2]int64  // shared: when the reader may begin with the tile, as far as its grants are known
	owed       int64     // shared: result beats of that tile, 0: there is none
	share      columnSum // what the steps did so far
}

// columnSum adds up cycles of columns.
type columnSum struct {
	issue, sync, simd int64 // cycles with a group in work, waiting for the other columns, and for the edge
	digits            int64 // that are not zero
}

func (s *columnSum) add(o columnSum, times int64) {
	s.issue += times * o.issue
	s.sync += times * o.sync
	s.simd += times * o.simd
	s.digits += times * o.digits
}

func newColumnTime(c *Config) *columnTime {
	t := &columnTime{c: c, d: int64(c.drainTime()), f1: never, f2: never, rd1: never, rd2: never, la: never, written: never, wrote: [2]int64{never, never}}
	t.last, t.end, t.ends = nevers(c.Cols), nevers(c.Cols*c.units()), nevers(c.Window+1)
	t.shared = newSharedLanes(c)
	return t
}

func nevers(n int) []int64 { return slices.Repeat([]int64{never}, n) }

// units is the number of lanes of a column that run alone.
func (c *Config) units() int {
	if c.LanePolicy == LanesLocked {
		return 1
	}
	return c.Lanes
}

// columnStep is the work of a step.
type columnStep struct {
	beats, groups int
	first, last   bool    // of its tile
	counts        []uint8 // window: cycles of group g of weight p in column and lane u, at [(p groups + g) units + u]
	times         []int64 // copy: T of weight p in column c, at [p cols + c]
	busy          []int64 // the sum of T of each column
	digits        int64
}

// step adds a step; beatsOfC are the result beats of its tile.
func (t *columnTime) step(s *columnStep, beatsOfC int64) {
	la := int64(s.beats)
	if t.la != never {
		la = max(t.la+1, t.f2+2) + int64(s.beats) - 1
	}
	e0 := max(la+3, t.f1+1)
	if s.first {
		e0 = max(e0, t.room()+1)
	}
	t.la = la
	switch {
	case t.shared != nil:
		t.stepShared(s, e0)
		t.closeTile() // the tile before: each column needed its last grant to go on
	case t.c.BStore == StoreWindow:
		t.stepWindow(s, e0)
	default:
		t.stepCopy(s, e0)
	}
	f := slices.Max(t.last)
	for c, l := range t.last {
		t.share.sync += f - l
		t.share.issue += s.busy[c]
	}
	t.share.digits += s.digits
	t.f1, t.f2 = f, t.f1
	switch {
	case s.last && t.shared != nil:
		t.owed, t.tile = beatsOfC, 1-t.tile
	case s.last:
		t.deliver(f+t.d+7, beatsOfC)
	}
}

// room is the end of the tile before the one before: its half of the store of C is free.
func (t *columnTime) room() int64 {
	if t.shared != nil {
		return t.rd1 // that of the tile before is not known yet
	}
	return t.rd2
}

// deliver reads a tile, from edge at on if the reader is free.
func (t *columnTime) deliver(at, beats int64) {
	t.rd1, t.rd2 = max(at, t.rd1+1)+beats-1, t.rd1
}

// stepCopy: all of B is at hand.
func (t *columnTime) stepCopy(s *columnStep, e0 int64) {
	cols := len(t.last)
	for c, l := range t.last {
		at := e0
		for p := c; p < len(s.times); p += cols {
			free := at + s.times[p]
			at = max(free, l+t.d)
			t.share.simd += at - free
			l = at
		}
		t.last[c] = at
	}
}

// stepWindow: group x, numbered through all weights and steps, is sent to the windows at edge
//
//	w(x) = max(w(x-1) + 1, LA + 3, max over columns of end(x - 1 - window) + 1)
//
// and a column starts it at max(end of its group before, w(x) + 1). Lanes that run alone
// do so each for itself, until the end of a pass.
func (t *columnTime) stepWindow(s *columnStep, e0 int64) {
	units := len(t.end) / len(t.last)
	for x := 0; x*len(t.end) < len(s.counts); x++ {
		t.written = max(t.written+1, t.la+3, t.ends[t.at]+1)
		from := t.written + 1
		if x == 0 {
			from = max(from, e0)
		}
		latest := int64(never)
		for u, n := range s.counts[x*len(t.end) : (x+1)*len(t.end)] {
			e := max(t.end[u], from) + int64(n)
			t.end[u] = e
			latest = max(latest, e)
		}
		if (x+1)%s.groups == 0 {
			latest = t.endPass(units)
		}
		t.ends[t.at] = latest
		if t.at++; t.at == len(t.ends) {
			t.at = 0
		}
	}
}

// endPass joins the lanes of each column and waits for the edge.
func (t *columnTime) endPass(units int) int64 {
	latest := int64(never)
	for c, l := range t.last {
		lanes := t.end[c*units : (c+1)*units]
		free := slices.Max(lanes)
		at := max(free, l+t.d)
		t.share.simd += at - free
		for u := range lanes {
			lanes[u] = at
		}
		t.last[c] = at
		latest = max(latest, at)
	}
	return latest
}

// relative is the state without its absolute position.
func (t *columnTime) relative() []int64 {
	list := append([]int64{t.la, t.f2, t.rd1, t.rd2, t.written, t.wrote[t.tile], t.wrote[1-t.tile]}, t.last...)
	for _, lane := range t.shared {
		list = append(append(append(list, lane.free), lane.asks...), lane.granted...)
	}
	list = append(list, t.end...)
	list = append(list, t.ends[t.at:]...)
	list = append(list, t.ends[:t.at]...)
	for i, v := range list {
		if v > never/2 {
			list[i] = v - t.f1
		}
	}
	for _, lane := range t.shared {
		list = append(list, int64(lane.served))
	}
	return list
}

// shift moves the state by a number of edges.
func (t *columnTime) shift(by int64) {
	move := func(list ...*int64) {
		for _, p := range list {
			if *p != never {
				*p += by
			}
		}
	}
	lists := [][]int64{t.last, t.end, t.ends}
	for i := range t.shared {
		lists = append(lists, t.shared[i].asks, t.shared[i].granted)
		move(&t.shared[i].free)
	}
	for _, list := range lists {
		for i := range list {
			move(&list[i])
		}
	}
	move(&t.la, &t.f1, &t.f2, &t.rd1, &t.rd2, &t.written, &t.wrote[0], &t.wrote[1])
}

// timing: every column tile of C does the same steps, so that once the state at its end
// is that of the one before, shifted, all further ones but the last add the same. The last
// may have fewer result beats.
func (column) timing(c *Config, s Shape, d Data) Timing {
	if c.Schedule == ScheduleReleased {
		return c.releasedTiming(s, d)
	}
	w := newColumnWork(c, s, d)
	nt := cdiv(s.N, c.Rows)
	t := newColumnTime(c)
	var total columnSum
	var before []int64
	for n := 0; n < nt && !stopped(d); n++ {
		beats, f := int64(c.Rows), t.f1
		if n == nt-1 {
			beats = int64(s.N - n*c.Rows)
		}
		t.share = columnSum{}
		w.tiles(func(st *columnStep) { t.step(st, beats) })
		total.add(t.share, 1)
		if n == nt-1 {
			break
		}
		now := t.relative()
		if skip := nt - 2 - n; skip > 0 && slices.Equal(now, before) {
			total.add(t.share, int64(skip))
			t.shift(int64(skip) * (t.f1 - f))
			n += skip
		}
		before = now
	}
	t.flush()
	return Timing{Cycles: t.rd1, Figures: c.columnFigures(s, w, t.rd1, total)}
}

// columnFigures says where the time of a job went, as shares of the cycles of all columns.
func (c *Config) columnFigures(s Shape, w *columnWork, cycles int64, sum columnSum) []Figure {
	all := float64(cycles) * float64(c.Cols)
	nt := float64(cdiv(s.N, c.Rows))
	least, most := slices.Min(w.busy), slices.Max(w.busy)
	return []Figure{
		{Name: "digit mean", Value: float64(w.digits) / (float64(s.M) * float64(s.K)), Unit: "digits/operand"},
		{Name: "bubble share", Value: (float64(sum.issue) - float64(sum.digits)/float64(c.Lanes)) / all},
		{Name: "sync share", Value: float64(sum.sync) / all},
		{Name: "simd stall share", Value: float64(sum.simd) / all},
		{Name: "busy min", Value: float64(least) * nt / float64(cycles)},
		{Name: "busy mean", Value: float64(sum.issue) / all},
		{Name: "busy max", Value: float64(most) * nt / float64(cycles)},
	}
}
