package arch

import (
	"tpe/hw"
	"tpe/pe"
)

// This file holds the modules that several arrays share.

// declare gives a module the axes of its lanes.
func declare(b *hw.Builder, lanes []hw.Axis) []int {
	var ids []int
	for _, a := range lanes {
		ids = append(ids, b.Axis(a.Name, a.Size))
	}
	return ids
}

// field is one data field of a stream: a word in each of its lanes.
type field struct {
	name  string
	width int
	lanes []hw.Axis
}

// skid is a one-beat elastic buffer in front of a consumer that decides late
// whether it takes a beat. Its ready depends on registers only, and an empty
// buffer passes a beat through in the cycle in which it arrives.
//
//	s_valid_i, s_data_i -+-----------------> mux --> valid_o, data_o
//	                     +--> [buffer] ------^       take_i: the beat is consumed
//
// Nothing is accepted while en_i is 0. A beat has one or more fields.
func skid(name string, fields ...field) (*hw.Module, error) {
	b := hw.New(name, "One-beat elastic buffer: ready from registers, no latency when empty.")
	axes := map[string]int{}
	valid := b.In("s_valid_i", 1)
	in := make([]hw.ID, len(fields))
	for i, f := range fields {
		var over []int
		for _, l := range f.lanes {
			if _, ok := axes[l.Name]; !ok {
				axes[l.Name] = b.Axis(l.Name, l.Size)
			}
			over = append(over, axes[l.Name])
		}
		in[i] = b.In("s_"+f.name+"_i", f.width, over...)
	}
	en, take := b.In("en_i", 1), b.In("take_i", 1)
	full := b.Reg("full_q", 1, 0)
	ready := b.Named("ready", b.And(b.Not(full), en))
	avail := b.Named("avail", b.Or(full, b.And(valid, ready)))
	b.Next(full, b.Named("full_d", b.And(avail, b.Not(take))))
	b.Out("s_ready_o", ready)
	b.Out("valid_o", avail)
	for i, f := range fields {
		buf := b.Reg(f.name+"_q", f.width, 0, b.ShapeOf(in[i]).Axes()...)
		b.NextIf(buf, ready, in[i])
		b.Out(f.name+"_o", b.Named(f.name, b.Mux(full, buf, in[i])))
	}
	b.Assert("take_only_what_is_there", b.Or(b.Not(take), avail))
	return b.Build()
}

// resultFIFO stores result rows that leave an array which cannot be stopped. A
// row that arrives while the store is empty is offered in the same cycle.
//
//	in_valid_i, in_data_i -+---------------------------> mux --> out_valid_o, out_data_o
//	                       +--> [memory, depth rows] ----^
//
// The memory reads the row at the head ahead of time: its read address is the
// head's address after this cycle, and it forwards a row written at that edge.
func resultFIFO(name string, width, depth int, lanes ...hw.Axis) (*hw.Module, error) {
	b := hw.New(name, "Result store of an array that cannot be stopped; empty, it passes a row through at once.")
	ax := declare(b, lanes)
	inV, inD := b.In("in_valid_i", 1), b.In("in_data_i", width, ax...)
	ready := b.In("out_ready_i", 1)
	aw, cw := hw.Bits(depth-1), hw.Bits(depth)
	head, tail := b.Reg("head_q", aw, 0), b.Reg("tail_q", aw, 0)
	count := b.Reg("count_q", cw, 0)
	some := b.Named("some", b.Ne(count, b.Const(cw, 0)))
	valid := b.Named("valid", b.Or(some, inV))
	pop := b.Named("pop", b.And(valid, ready))
	read := b.Named("read", b.And(pop, some))
	push := b.Named("push", b.And(inV, b.Or(some, b.Not(ready))))
	step := func(p, by hw.ID) hw.ID {
		wrap := b.Eq(p, b.Const(aw, uint64(depth-1)))
		next := b.Mux(wrap, b.Const(aw, 0), b.Add(p, b.Const(aw, 1)))
		return b.Mux(by, next, p)
	}
	headD := b.Named("head_d", step(head, read))
	b.Next(head, headD)
	b.Next(tail, b.Named("tail_d", step(tail, push)))
	b.Next(count, b.Named("count_d", b.Sub(b.Add(count, b.Zext(cw, push)), b.Zext(cw, read))))
	q := b.Mem("store", width, depth, true, ax...)
	b.SetMem(q, hw.MemPorts{WEn: push, WAddr: tail, WData: inD, RAddr: headD})
	b.Out("out_valid_o", valid)
	b.Out("out_data_o", b.Named("data", b.Mux(some, q, inD)))
	b.Out("pop_o", pop)
	b.Assert("store_has_room", b.Or(b.Not(push), b.Ne(count, b.Const(cw, uint64(depth)))))
	return b.Build()
}

// addC adds a row of the initial C to each result row. c_* is the stream of
// initial rows, already behind a skid buffer.
func addC(name string, width int, arith pe.Arith, lanes ...hw.Axis) (*hw.Module, error) {
	b := hw.New(name, "Adds the initial C to the result rows.")
	ax := declare(b, lanes)
	inV, inD := b.In("in_valid_i", 1), b.In("in_data_i", width, ax...)
	cV, cD := b.In("c_valid_i", 1), b.In("c_data_i", width, ax...)
	ready := b.In("out_ready_i", 1)
	b.Out("out_valid_o", b.Named("valid", b.And(inV, cV)))
	b.Out("out_data_o", b.Named("data", arith.Add(b, inD, cD)))
	b.Out("in_ready_o", b.Named("in_ready", b.And(ready, cV)))
	b.Out("take_o", b.Named("take", b.All(inV, cV, ready)))
	return b.Build()
}

// level is one loop of a nest of counters.
type level struct {
	Count hw.ID // the counter
	Last  hw.ID // it is in its last round
	Next  hw.ID // the counter after this cycle
}

// nest makes counters for nested loops, innermost first, that advance by one
// round of the innermost loop when step is 1. max[i] is the last value of level i. The
// second result is 1 in the last round of all loops.
func nest(b *hw.Builder, names []string, step hw.ID, max []hw.ID) ([]level, hw.ID) {
	out := make([]level, len(names))
	carry := step
	var all []hw.ID
	for i, name := range names {
		w := b.Width(max[i])
		q := b.Reg(name+"_q", w, 0)
		last := b.Named(name+"_last", b.Eq(q, max[i]))
		next := b.Mux(last, b.Const(w, 0), b.Add(q, b.Const(w, 1)))
		after := b.Named(name+"_d", b.Mux(carry, next, q))
		b.Next(q, after)
		out[i] = level{q, last, after}
		carry = b.And(carry, last)
		all = append(all, last)
	}
	return out, b.All(all...)
}

// lessOne loads a register with x-1 when load is 1.
func lessOne(b *hw.Builder, name string, load, x hw.ID) hw.ID {
	w := b.Width(x)
	r := b.Reg(name, w, 0)
	b.NextIf(r, load, b.Sub(x, b.Const(w, 1)))
	return r
}

// countdown is a timer: it takes the value from when set is 1 and then falls to
// zero by one an edge. The result is 1 when it is zero: set at edge e, it lets pass
// what is decided at edge e+from+1 and later.
func countdown(b *hw.Builder, name string, from int, set hw.ID) hw.ID {
	if from <= 0 {
		return b.Const(1, 1)
	}
	return countdownFrom(b, name, b.Const(hw.Bits(from), uint64(from)), set)
}

// countdownFrom is a countdown from a value that is known when set is 1.
func countdownFrom(b *hw.Builder, name string, from, set hw.ID) hw.ID {
	w := b.Width(from)
	q := b.Reg(name, w, 0)
	zero := b.Eq(q, b.Const(w, 0))
	b.Next(q, b.Mux(set, from, b.Mux(zero, q, b.Sub(q, b.Const(w, 1)))))
	return zero
}

// credits counts free places of a result store of the given depth: take (with
// rows) reserves, give frees one.
func credits(b *hw.Builder, depth int, take, rows, give hw.ID) hw.ID {
	w := hw.Bits(depth)
	q := b.Reg("free_q", w, uint64(depth))
	taken := b.Mux(take, b.Zext(w, rows), b.Const(w, 0))
	b.Next(q, b.Named("free_d", b.Add(b.Sub(q, taken), b.Zext(w, give))))
	return q
}

// storeDepth is the number of beats that a result store needs so that credits never
// delay a tile while results are taken at once. A tile reserves all its beats at its
// end; they are delivered gap edges apart, the last at latency edges after the end; ends are
// at least period edges apart. To the beats of a tile come those that earlier tiles at
// the closest spacing still owe when its end comes.
func storeDepth(beats, gap, latency, period int) int {
	depth := beats
	for age := period; age <= latency; age += period {
		for i := range beats { // the beat i before the last is delivered at latency - gap*i
			if latency-gap*i >= age {
				depth++
			}
		}
	}
	return depth
}

// tap passes x down an axis with one register between neighbours: lane i is x,
// i edges ago.
func tap(b *hw.Builder, name string, axis int, x hw.ID) hw.ID { return tapEvery(b, name, axis, 1, x) }

// tapEvery is tap with that many registers between neighbours.
func tapEvery(b *hw.Builder, name string, axis, every int, x hw.ID) hw.ID {
	w := b.Wire(name, b.Width(x), append(b.ShapeOf(x).Axes(), axis)...)
	q := b.Pipe(name+"_q", w)
	if every > 1 {
		q = b.Delay(q, every-1)
	}
	b.Drive(w, b.Shift(axis, +1, q, x))
	return w
}

// accumulator adds the sums of successive chunks in a memory of depth rows and
// lets out those of the last chunk. addr_i comes with the row, next_addr_i is the address of
// the row that comes an edge later.
func accumulator(acc, sumBits, depth int, signed bool, arith pe.Arith, lanes ...hw.Axis) (*hw.Module, error) {
	b := hw.New("accumulator", "Accumulates the partial sums of successive chunks of K.")
	ax := declare(b, lanes)
	rw := hw.Bits(depth)
	next, addr := b.In("next_addr_i", rw), b.In("addr_i", rw)
	valid, first, last := b.In("valid_i", 1), b.In("first_i", 1), b.In("last_i", 1)
	in := b.In("data_i", sumBits, ax...)
	if signed {
		in = b.Sext(acc, in)
	} else {
		in = b.Zext(acc, in)
	}
	q := b.Mem("partial", acc, depth, true, ax...)
	sum := b.Named("sum", b.Mux(first, in, arith.Add(b, q, in)))
	b.SetMem(q, hw.MemPorts{WEn: b.And(valid, b.Not(last)), WAddr: addr, WData: sum, RAddr: next})
	b.Out("valid_o", b.Pipe("valid_q", b.And(valid, last)))
	b.Out("data_o", b.Pipe("data_q", sum))
	return b.Build()
}
