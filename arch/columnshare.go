package arch

// This file times adders that columns share (simd_lanes below cols; sharedEdge). A pass that
// ends at edge l asks from edge l + 4 on; among those that ask, the adder grants in turn after
// the one that it granted last, D edges apart. With the grant at edge g, the column's next pass
// may end from g + max(1, D - 5), and its words are written at g + D.

// sharedLane is the state of one adder and its columns.
type sharedLane struct {
	free    int64   // the earliest edge of the next grant
	served  int     // member that was granted last
	asks    []int64 // of each member: the earliest edge of its grant; never: it does not ask
	granted []int64 // of each member: its last grant
	final   []bool  // what a member asks for is the last of its tile,
	tile    []int   // and this is the tile's number mod 2
}

// grant gives the next grant, and returns to whom and when; it is false when nobody asks.
func (s *sharedLane) grant(d int64) (member int, at int64, ok bool) {
	first := int64(never)
	for _, a := range s.asks {
		if a != never && (first == never || a < first) {
			first = a
		}
	}
	if first == never {
		return 0, 0, false
	}
	at = max(first, s.free)
	for i := 1; i <= len(s.asks); i++ {
		m := (s.served + i) % len(s.asks)
		if a := s.asks[m]; a != never && a <= at {
			s.served, s.free, s.asks[m], s.granted[m] = m, at+d, never, at
			return m, at, true
		}
	}
	panic("arch: a grant to nobody")
}

func newSharedLanes(c *Config) []sharedLane {
	n := c.simdLanes()
	if n >= c.Cols {
		return nil
	}
	lanes := make([]sharedLane, n)
	for i := range lanes {
		m := c.Cols / n
		lanes[i] = sharedLane{free: never, served: m - 1, asks: nevers(m), granted: nevers(m), final: make([]bool, m), tile: make([]int, m)}
	}
	return lanes
}

// stepShared is stepCopy with shared adders: grants are given in the order of time, until the
// end of every column's step is known.
func (t *columnTime) stepShared(s *columnStep, e0 int64) {
	for i := range t.shared {
		t.shareLane(&t.shared[i], s, i*len(t.shared[i].asks), e0)
	}
}

// shareLane runs the columns of one adder, which begin at column c0, through a step.
func (t *columnTime) shareLane(lane *sharedLane, s *columnStep, c0 int, e0 int64) {
	cols := len(t.last)
	passes := len(s.times) / cols
	done := make([]int, len(lane.asks)) // passes of each member whose end is known
	left := len(done)
	advance := func(m int) {
		c, p := c0+m, done[m]
		from := e0
		if p > 0 {
			from = t.last[c]
		}
		free := from + s.times[p*cols+c]
		at := max(free, lane.granted[m]+max(1, t.d-5))
		t.share.simd += at - free
		t.last[c] = at
		lane.asks[m] = at + 5
		done[m]++
		lane.final[m], lane.tile[m] = s.last && done[m] == passes, t.tile
		if done[m] == passes {
			left--
		}
	}
	for m := range done {
		if lane.asks[m] == never {
			advance(m)
		}
	}
	for left > 0 {
		m, _, ok := t.grantOf(lane)
		if !ok {
			panic("arch: a column waits for no grant")
		}
		if done[m] < passes {
			advance(m)
		}
	}
}

// grantOf gives a grant and notes when the words of a tile are written.
func (t *columnTime) grantOf(lane *sharedLane) (int, int64, bool) {
	m, at, ok := lane.grant(t.d)
	if ok && lane.final[m] {
		t.wrote[lane.tile[m]] = max(t.wrote[lane.tile[m]], at+t.d+2)
		lane.final[m] = false
	}
	return m, at, ok
}

// flush gives the grants that are still due.
func (t *columnTime) flush() {
	for i := range t.shared {
		for ok := true; ok; {
			_, _, ok = t.grantOf(&t.shared[i])
		}
	}
	t.closeTile()
}

// closeTile delivers the tile before, whose last grants have been given.
func (t *columnTime) closeTile() {
	if t.owed > 0 {
		before := 1 - t.tile
		t.deliver(t.wrote[before], t.owed)
		t.owed, t.wrote[before] = 0, never
	}
}
