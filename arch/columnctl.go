package arch

import (
	"tpe/hw"
)

// columnCtl is the control of one column: it walks the weights of a step, and the groups
// of each, and says when a digit is taken. One pass is the groups of one weight.
//
//	group in the queue, edge e     its first digit is issued (registers for i) at e+1 or later
//	last digit of a group          the next group is read at the same edge: no bubble between groups or passes
//	last digit of a pass           waits for drain_ok_i; its (sum, carry) pairs go to the edge
//
// With several lanes that run alone, each walks the groups by itself; a pass ends when all are at
// its last digit or past it.
func columnCtl(c *Config) (*hw.Module, error) {
	b := hw.New("column_ctl", "Control of a column: weights, groups and digits of a step.")
	s := &columnCtlBuilder{b: b, c: c, gw: hw.Bits(c.chunkGroups() - 1), top: c.sparse().Digits() - 1}
	if c.Lanes > 1 && c.LanePolicy == LanesIndependent {
		s.lanes = []int{b.Axis("lane", c.Lanes)}
	}
	s.build()
	return b.Build()
}

type columnCtlBuilder struct {
	b     *hw.Builder
	c     *Config
	lanes []int // the axis of lanes that run alone, if any
	gw    int   // width of a group's index
	top   int   // the last weight

	plane    int      // empty: skip has an axis of weights,
	groupsOf [2]hw.ID // the groups with digits in the halves of the code store
	readHalf hw.ID
}

// all is the conjunction over the lanes.
func (s *columnCtlBuilder) all(x hw.ID) hw.ID {
	if len(s.lanes) == 0 {
		return x
	}
	return s.b.Reduce(s.lanes[0], hw.OpAnd, x)
}

func (s *columnCtlBuilder) build() {
	b := s.b
	start, lastDigit, lastGroup := b.In("start_i", 1), b.In("last_i", 1, s.lanes...), b.In("last_group_i", s.gw)
	drainOK := b.In("drain_ok_i", 1)
	one, zeroG := b.Const(1, 1), b.Const(s.gw, 0)
	active, past := b.Reg("active_q", 1, 0), hw.None
	weight := b.Reg("weight_q", hw.Bits(s.top), 0)
	group := b.Reg("group_q", s.gw, 0, s.lanes...)
	next := b.Wire("next", 1, s.lanes...)
	here := s.window(next)

	// atEnd: a lane's digit is the last of the pass; the pass ends with it if the other
	// lanes are as far.
	after := b.Add(group, b.Const(s.gw, 1))
	isLast := b.Eq(group, lastGroup)
	if s.c.Empty == EmptySkip {
		s.occupancy()
		after, isLast = s.skip(weight, group)
	}
	atEnd := b.Named("at_end", b.All(lastDigit, here, isLast))
	done := atEnd
	run := b.And(active, here)
	if len(s.lanes) > 0 {
		past = b.Reg("past_q", 1, 0, s.lanes...)
		done = b.Or(past, atEnd)
		run = b.And(run, b.Not(past))
	}
	ends := b.Named("ends", b.And(active, s.all(done)))
	passEnd := b.Named("pass_end", b.And(ends, drainOK))
	take := b.Named("take", b.And(run, b.Or(b.Not(ends), drainOK)))
	b.Drive(next, b.And(take, lastDigit))
	if len(s.lanes) > 0 {
		b.Next(past, b.And(b.Or(past, b.And(take, atEnd)), b.Not(passEnd)))
	}
	topWeight := b.Named("top_weight", b.Eq(weight, b.Const(b.Width(weight), uint64(s.top))))
	stepEnd := b.And(passEnd, topWeight)
	weightAfter := b.Mux(topWeight, b.Const(b.Width(weight), 0), b.Add(weight, b.Const(b.Width(weight), 1)))
	b.Next(active, b.Or(start, b.And(active, b.Not(stepEnd))))
	b.Next(weight, b.Mux(passEnd, weightAfter, weight))
	first, begin := zeroG, passEnd
	if s.c.Empty == EmptySkip {
		first, begin = s.firstGroup(start, weightAfter), b.Or(passEnd, start)
	} else {
		s.readHalf = b.In("read_half_i", 1)
	}
	groupD := b.Named("group_d", b.Mux(begin, first, b.Mux(next, after, group)))
	b.Next(group, groupD)

	// Issue registers, edge i.
	fresh := b.Reg("fresh_q", 1, 1) // the next digit is the first of a pass
	any := take
	if len(s.lanes) > 0 {
		any = b.Reduce(s.lanes[0], hw.OpOr, take)
	}
	b.Next(fresh, b.Mux(passEnd, one, b.And(fresh, b.Not(any))))
	b.Out("first_o", b.Pipe("first_q", fresh))
	b.Out("last_o", b.Pipe("last_q", passEnd))
	// What the edge needs to know of a pass: its weight, whether its sums are the first of the
	// tile, whether they are the last, and the half of the C store.
	meta := b.Cat(weight, b.And(b.In("k_first_i", 1), isZero(b, weight)), b.And(b.In("k_last_i", 1), topWeight), b.In("tile_half_i", 1))
	b.Out("meta_o", b.Pipe("meta_q", meta))
	b.Out("b_at_o", b.Pipe("b_at_q", s.place(group, next)))

	b.Out("take_o", take)
	b.Out("next_o", next)
	b.Out("weight_o", weight)
	b.Out("read_at_o", b.Cat(s.readHalf, groupD))
	b.Out("idle_o", b.Not(active))
	b.Out("pass_end_o", passEnd)
}

// window counts the groups of B that the column has and not yet passed, and says when
// the one of the group in the queue is among them. A group that is written at an edge
// counts at the next for the column and at once for the writer. Without window all of B is there.
func (s *columnCtlBuilder) window(next hw.ID) hw.ID {
	b, c := s.b, s.c
	if c.BStore != StoreWindow {
		return b.Const(1, 1)
	}
	wrote := b.In("write_b_i", 1)
	w := hw.Bits(c.Window + 1)
	held := b.Reg("held_q", w, 0, s.lanes...)
	b.Next(held, b.Named("held_d", b.Sub(b.Add(held, b.Zext(w, wrote)), b.Zext(w, next))))
	b.Out("window_free_o", s.all(b.Ne(held, b.Const(w, uint64(c.Window+1)))))
	return b.Named("here", b.Ne(held, b.Zext(w, b.Pipe("wrote_q", wrote))))
}

// place is where the B store has the group in the queue.
func (s *columnCtlBuilder) place(group, next hw.ID) hw.ID {
	b, c := s.b, s.c
	if c.BStore != StoreWindow {
		return b.Cat(b.In("b_half_i", 1), group)
	}
	return ring(b, "slot_q", c.Window+1, next, s.lanes...)
}

// ring is a counter from 0 to n-1 that steps when step is 1.
func ring(b *hw.Builder, name string, n int, step hw.ID, axes ...int) hw.ID {
	w := hw.Bits(n - 1)
	q := b.Reg(name, w, 0, axes...)
	b.NextIf(q, step, b.Mux(b.Eq(q, b.Const(w, uint64(n-1))), b.Const(w, 0), b.Add(q, b.Const(w, 1))))
	return q
}
