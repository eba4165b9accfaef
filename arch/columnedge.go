package arch

import (
	"fmt"

	"tpe/hw"
)

// columnMeta takes apart what column_ctl says of a pass.
type columnMeta struct{ weight, first, last, half hw.ID }

func (c *Config) columnMeta(b *hw.Builder, x hw.ID) columnMeta {
	return columnMeta{weight: b.Slice(x, 3, b.Width(x)-3), first: b.Bit(x, 2), last: b.Bit(x, 1), half: b.Bit(x, 0)}
}

// metaBits is their width.
func (c *Config) metaBits() int { return hw.Bits(c.sparse().Digits()-1) + 3 }

// columnEdge is the edge of one column with adders of its own: it holds the pairs of a
// finished pass while the PEs go on, and adds them, at their weight, to the words of C, LC
// a cycle. Entry j of LC words:
//
//	pairs --> [shadow, i+4] --> entry j --> [pair, i+5+j] --> [sum + carry] << weight --> [+ C or 0] --> [C store, i+6+j]
//
// for a pass whose last digit was issued at edge i. C has two halves, of the tile in work
// and of the one that is read.
func columnEdge(c *Config) (*hw.Module, error) {
	b := hw.New("column_edge", "Edge of a column: shadow of the pairs, adders, store of C.")
	d, each := c.drainTime(), c.simdLanes()/c.Cols
	row, beat, simd := b.Axis("row", c.Rows), b.Axis("beat", d), b.Axis("simd", each)
	w, acc := c.sparse().PairBits, c.accBits()
	capture, metaIn := b.In("capture_i", 1), b.In("meta_i", c.metaBits())
	b.Out("drain_ok_o", countdown(b, "hold_q", d-1, b.In("pass_end_i", 1)))

	shadow := func(name string) hw.ID {
		in := b.In(name+"_i", w, row)
		q := b.Reg("shadow_"+name+"_q", w, 0, row)
		b.NextIf(q, capture, in)
		return b.Split(row, beat, simd, q, b.Const(w, 0))
	}
	sum, carry := shadow("sum"), shadow("carry")
	meta := b.Reg("shadow_meta_q", c.metaBits(), 0)
	b.NextIf(meta, capture, metaIn)
	full := b.Reg("full_q", 1, 0)
	jw := hw.Bits(d - 1)
	j := b.Reg("entry_q", jw, 0)
	jLast := b.Eq(j, b.Const(jw, uint64(d-1)))
	b.Next(full, b.Or(capture, b.And(full, b.Not(jLast))))
	b.Next(j, b.Mux(b.And(full, b.Not(jLast)), b.Add(j, b.Const(jw, 1)), b.Const(jw, 0)))
	b.Assert("shadow_is_free", b.Or(b.Not(b.And(capture, full)), jLast))

	lane := simdIn{
		valid: b.Pipe("valid_q", full), entry: b.Pipe("taken_q", j), meta: c.columnMeta(b, b.Pipe("meta_q", meta)),
		sum: b.Pipe("pair_sum_q", b.Select(beat, sum, j)), carry: b.Pipe("pair_carry_q", b.Select(beat, carry, j)),
	}
	readRow, readHalf := b.In("read_row_i", hw.Bits(c.Rows)), b.In("read_c_half_i", 1)
	lo := clog2(each)
	readBeat := b.Slice(b.Zext(max(b.Width(readRow), lo+jw), readRow), lo, jw)
	var halves [2]hw.ID
	for h := range halves {
		halves[h] = b.Mem(fmt.Sprintf("c%d", h), acc, d, d == 1, simd)
	}
	value := b.Named("sum", c.simdLane(b, lane, b.Mux(lane.meta.half, halves[1], halves[0])))
	shadowHalf := c.columnMeta(b, meta).half
	for h, q := range halves {
		mine := func(half hw.ID) hw.ID { return b.Eq(half, b.Const(1, uint64(h))) }
		b.SetMem(q, hw.MemPorts{
			WEn: b.And(lane.valid, mine(lane.meta.half)), WAddr: lane.entry, WData: value,
			RAddr: b.Mux(b.And(full, mine(shadowHalf)), j, readBeat),
		})
	}
	finishing := b.All(lane.valid, lane.meta.last, b.Eq(lane.entry, b.Const(jw, uint64(d-1))))
	c.columnResult(b, simd, halves, finishing, readRow, readHalf)
	return b.Build()
}

// simdIn is an entry on its way into the C store.
type simdIn struct {
	valid, entry, sum, carry hw.ID
	meta                     columnMeta
}

// simdLane is the new word of C.
func (c *Config) simdLane(b *hw.Builder, in simdIn, old hw.ID) hw.ID {
	acc, e := c.accBits(), c.sparse()
	v := b.Named("binary", b.Add(in.sum, in.carry))
	if w := b.Width(v); w > acc {
		v = b.Slice(v, 0, acc)
	} else {
		v = b.Sext(acc, v)
	}
	shift := in.meta.weight
	if e.Encoding.Shift() == 2 {
		shift = b.Cat(shift, b.Const(1, 0))
	}
	return b.Add(b.Shl(v, shift), b.Mux(in.meta.first, b.Const(acc, 0), old))
}

// columnResult says when the tile is written, and gives the word that the reader asks for.
func (c *Config) columnResult(b *hw.Builder, simd int, halves [2]hw.ID, finishing, readRow, readHalf hw.ID) {
	wrote := b.Reg("wrote_q", 1, 0)
	now := b.Named("wrote", b.Or(wrote, finishing))
	b.Next(wrote, b.And(now, b.Not(b.In("tile_written_i", 1))))
	b.Out("wrote_o", now)
	y := b.Mux(b.Pipe("read_half_q", readHalf), halves[1], halves[0])
	if n := c.simdLanes() / c.Cols; n > 1 {
		y = b.Select(simd, y, b.Pipe("read_lane_q", b.Slice(readRow, 0, clog2(n))))
	} else {
		y = b.Index(simd, 0, y)
	}
	b.Out("data_o", y)
}
