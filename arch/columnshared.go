package arch

import (
	"fmt"

	"tpe/hw"
)

// sharedEdge is the edge of several columns ("members") that share one adder. A shadow
// with pairs asks for it; the adder goes round among those that ask, after the one that it
// served last, and serves one for D edges, a row an edge:
//
//	pairs --> [shadow of the member] --asks--> [round robin] --> row j --> [pair] --> [sum + carry] << weight --> [+ C or 0] --> [C store]
//
// The first row is taken at the edge of the grant g. The member's next pass may end from edge
// g + max(1, D - 5): its pairs reach the shadow four edges later, when the last row
// is taken or has been.
func sharedEdge(c *Config) (*hw.Module, error) {
	b := hw.New("shared_edge", "Edge of columns that share an adder: shadows of the pairs, arbiter, adder, stores of C.")
	d, members := c.drainTime(), c.Cols/c.simdLanes()
	row, member := b.Axis("row", c.Rows), b.Axis("member", members)
	w, acc, mw, jw := c.sparse().PairBits, c.accBits(), hw.Bits(members-1), hw.Bits(d-1)
	me := b.Coord(member, mw)
	capture, metaIn := b.In("capture_i", 1, member), b.In("meta_i", c.metaBits(), member)

	// Requests and the grant.
	asks := b.Reg("asks_q", 1, 0, member)
	served := b.Reg("served_q", mw, uint64(members-1))
	requests := b.Named("requests", b.Pack(member, asks))
	after := b.Named("after", b.And(requests, b.Shl(b.Const(members, hw.Mask(members)), b.Add(b.Zext(mw+1, served), b.Const(mw+1, 1)))))
	next := b.Named("next", b.Ffs(b.Mux(isZero(b, after), requests, after)))
	serving, j := b.Reg("serving_q", 1, 0), b.Reg("entry_q", jw, 0)
	any := b.RedOr(requests)
	grant := b.Named("grant", b.And(any, b.Not(serving)))
	who := b.Named("who", b.Mux(serving, served, b.Slice(b.Zext(max(mw, b.Width(next)), next), 0, mw)))
	take := b.Named("take", b.Or(serving, any))
	granted := b.Named("granted", b.And(grant, b.Eq(who, me)))
	jLast := b.Eq(j, b.Const(jw, uint64(d-1)))
	job := b.In("job_i", 1) // a job begins: it does not depend on the one before
	b.Next(served, b.Mux(job, b.Const(mw, uint64(members-1)), b.Mux(grant, who, served)))
	b.Next(asks, b.Or(capture, b.And(asks, b.Not(granted))))
	more := b.And(take, b.Not(jLast))
	b.Next(serving, more)
	b.Next(j, b.Mux(more, b.Add(j, b.Const(jw, 1)), b.Const(jw, 0)))
	b.Assert("shadow_is_free", b.Or(b.Not(capture), b.And(b.Not(asks), b.Any(b.Not(serving), b.Ne(served, me), jLast))))

	// A member owes the adder a pass from its last digit until it may send another.
	owes := b.Reg("owes_q", 1, 0, member)
	b.Next(owes, b.Or(b.In("pass_end_i", 1, member), b.And(owes, b.Not(b.Delay(granted, max(0, d-6))))))
	b.Out("drain_ok_o", b.Not(owes))

	shadow := func(name string) hw.ID {
		q := b.Reg("shadow_"+name+"_q", w, 0, row, member)
		b.NextIf(q, capture, b.In(name+"_i", w, row, member))
		return b.Pipe("pair_"+name+"_q", b.Select(row, b.Select(member, q, who), j))
	}
	meta := b.Reg("shadow_meta_q", c.metaBits(), 0, member)
	b.NextIf(meta, capture, metaIn)
	served2 := b.Pipe("member_q", who)
	lane := simdIn{valid: b.Pipe("valid_q", take), entry: b.Pipe("taken_q", j), sum: shadow("sum"), carry: shadow("carry"),
		meta: c.columnMeta(b, b.Pipe("meta_q", b.Select(member, meta, who)))}

	readRow, readHalf := b.In("read_row_i", hw.Bits(c.Rows)), b.In("read_c_half_i", 1)
	var halves [2]hw.ID
	for h := range halves {
		halves[h] = b.Mem(fmt.Sprintf("c%d", h), acc, d, false, member)
	}
	old := b.Select(member, b.Mux(lane.meta.half, halves[1], halves[0]), served2)
	value := b.Named("sum", c.simdLane(b, lane, old))
	mine, half := b.Eq(served2, me), c.columnMeta(b, meta).half
	for h, q := range halves {
		in := func(x hw.ID) hw.ID { return b.Eq(x, b.Const(1, uint64(h))) }
		b.SetMem(q, hw.MemPorts{
			WEn: b.All(lane.valid, mine, in(lane.meta.half)), WAddr: lane.entry, WData: value,
			RAddr: b.Mux(b.All(take, b.Eq(who, me), in(half)), j, b.Slice(readRow, 0, jw)),
		})
	}
	// Members finish tiles at different times, two tiles at most.
	finishing := b.All(lane.valid, mine, lane.meta.last, b.Eq(lane.entry, b.Const(jw, uint64(d-1))))
	tiles := b.Reg("tiles_q", 2, 0, member)
	b.Next(tiles, b.Sub(b.Add(tiles, b.Zext(2, finishing)), b.Zext(2, b.In("tile_written_i", 1))))
	b.Out("wrote_o", b.Or(finishing, b.Not(isZero(b, tiles))))
	b.Out("data_o", b.Mux(b.Pipe("read_half_q", readHalf), halves[1], halves[0]))
	return b.Build()
}
