package arch

import (
	"fmt"

	"tpe/hw"
	"tpe/pe"
)

// Column array. A column computes a row of C: the digits of its operands of A go to all its PEs,
// one for each column of C.
//
//	a_* -> [skid] -> a_q -> [encoder] -> [code store] -> [digit queue] --digit--> pe(row,col) -> [edge] -> y_*
//	                                          ^              |  ^
//	cfg -> [seq] --step--> [column control]---+----- take ---+  |
//	b_* -> [skid] -> [group] -> [edge store] -- groups --> [window of the column] -- operand of B --^
//
// The stores of A and of B have two halves. Control, queue and window are one for each
// column; columns meet at the end of a step.

// columnBuilder holds what the parts of the top module share.
type columnBuilder struct {
	parts
	c    *Config
	row  int
	cols []int // the axis of the columns; with shared adders the axes of adders and of the columns of each
	lane []int // the axis of lanes, if there are several
	seq  hw.Ports
	in   columnStage // operands, an edge after they were taken
	next columnStage // and two edges after: what the stores write
}

// columnStage is what comes with a beat on its way into the stores.
type columnStage struct{ fire, fireB, pos, last, at, bAt hw.ID }

func (column) build(c *Config) (*hw.Module, error) {
	if c.Schedule == ScheduleReleased {
		return nil, fmt.Errorf("timing: a formula only, without hardware: %q (expected %s, or tpe run --fidelity formula --check none)", c.Schedule, ScheduleArray)
	}
	b := c.top()
	t := &columnBuilder{parts: parts{b: b}, c: c, row: b.Axis("row", c.Rows)}
	if n := c.simdLanes(); n < c.Cols {
		t.cols = []int{b.Axis("adder", n), b.Axis("member", c.Cols/n)}
	} else {
		t.cols = []int{b.Axis("col", c.Cols)}
	}
	if c.Lanes > 1 {
		t.lane = []int{b.Axis("lane", c.Lanes)}
	}
	b.Axis("pos", c.DigitGroup)
	if c.Empty == EmptySkip {
		b.Axis("plane", c.sparse().Digits())
	}
	b1 := func(name string) hw.ID { return b.Wire(name, 1) }
	idle, written, free, out := b1("idle"), b1("tile_written"), hw.None, t.exit(c)
	if c.BStore == StoreWindow {
		free = b1("window_free")
	}
	a, bb := t.front(idle, free, written, out.taken)
	word := t.inst("encoder", t.module(pe.OperandEncoder("encoder", c.sparse().Encoder, c.PE == peOPT3, c.Empty == EmptySkip)),
		hw.Ports{"x_i": a}, t.perLane(t.cols...)...)
	codeAt := b.Wire("code_at", b.Width(t.in.at), t.perLane(t.cols...)...)
	codes := t.inst("codes", t.module(codeStore(c, b.Width(word["word_o"]))), hw.Ports{
		"write_i": t.next.fire, "write_last_i": t.next.last, "write_at_i": t.next.at, "write_pos_i": t.next.pos,
		"data_i": word["word_o"], "read_at_i": codeAt}, t.perLane(t.cols...)...)["word_o"]

	lastAxes := t.perLane(t.cols...)
	if t.locked() {
		lastAxes = t.cols
	}
	last, drainOK := b.Wire("last_digit", 1, lastAxes...), b.Wire("drain_ok", 1, t.cols...)
	ctl := t.control(word["nonzero_o"], last, drainOK)
	b.Drive(codeAt, t.lanesOf(ctl["read_at_o"]))
	b.Drive(idle, t.allColumns(ctl["idle_o"]))
	if c.BStore == StoreWindow {
		b.Drive(free, t.allColumns(ctl["window_free_o"]))
	}
	sums := t.pes(ctl, codes, bb, last)
	ports := hw.Ports{
		"capture_i": b.Delay(ctl["last_o"], 3), "meta_i": b.Delay(ctl["meta_o"], 3), "pass_end_i": ctl["pass_end_o"],
		"sum_i": sums["sum_o"], "carry_i": sums["carry_o"], "tile_written_i": written,
		"read_row_i": t.seq["read_row_o"], "read_c_half_i": t.seq["read_c_half_o"]}
	module := columnEdge
	if len(t.cols) > 1 {
		module = sharedEdge
		ports["job_i"] = t.seq["job_o"]
	}
	edge := t.inst("edge", t.module(module(c)), ports, t.cols[0])
	b.Drive(drainOK, edge["drain_ok_o"])
	b.Drive(written, t.allColumns(edge["wrote_o"]))
	t.leave(c, out, t.seq["y_valid_o"], edge["data_o"], t.seq["busy_o"], pe.MAC{Spec: c.spec()})
	return t.parts.build()
}

// perLane are the axes of what lanes multiply.
func (t *columnBuilder) perLane(axes ...int) []int { return append(axes, t.lane...) }

// allColumns is the conjunction over the columns.
func (t *columnBuilder) allColumns(x hw.ID) hw.ID {
	for _, a := range t.cols {
		x = t.b.Reduce(a, hw.OpAnd, x)
	}
	return x
}

// lanesOf repeats over the lanes what locked lanes share.
func (t *columnBuilder) lanesOf(x hw.ID) hw.ID { return t.b.Bcast(x, t.lane...) }

// front makes the input streams, the sequencer and the operand registers.
func (t *columnBuilder) front(idle, free, written, ready hw.ID) (a, bb hw.ID) {
	b, c := t.b, t.c
	loading, takeA, takeB := b.Wire("loading", 1), b.Wire("take_a", 1), b.Wire("take_b", 1)
	in := hw.Ports{"idle_i": idle, "tile_written_i": written, "y_ready_i": ready}
	for _, n := range []string{"kt", "mt", "nt"} {
		in["cfg_"+n+"_i"] = b.In("cfg_"+n+"_i", countBits)
	}
	in["cfg_kl_i"], in["cfg_nv_i"] = b.In("cfg_kl_i", hw.Bits(c.Chunk/c.Lanes)), b.In("cfg_nv_i", hw.Bits(c.Rows))
	in["cfg_valid_i"] = b.In("cfg_valid_i", 1)
	aIn := t.stream("a", loading, takeA, t.over("data", c.A.Bits, t.perLane(t.cols...)...))
	bIn := t.stream("b", loading, takeB, t.over("data", c.B.Bits, t.perLane(t.row)...))
	in["a_avail_i"], in["b_avail_i"] = aIn["valid"], bIn["valid"]
	if c.BStore == StoreWindow {
		in["window_free_i"] = free
	}
	t.seq = t.inst("seq", t.module(columnSeq(c)), in)
	b.Drive(loading, t.seq["loading_o"])
	b.Drive(takeA, t.seq["take_a_o"])
	b.Drive(takeB, t.seq["take_b_o"])
	for _, n := range []string{"cfg_ready_o", "busy_o"} {
		b.Out(n, t.seq[n])
	}
	t.in = t.stage("in", columnStage{takeA, takeB, t.seq["load_pos_o"], t.seq["load_last_o"], t.seq["load_at_o"], t.seq["load_b_at_o"]})
	t.next = t.stage("store", t.in)
	return b.Pipe("a_q", aIn["data"]), b.Pipe("b_q", bIn["data"])
}

func (t *columnBuilder) stage(name string, s columnStage) columnStage {
	pipe := func(what string, x hw.ID) hw.ID { return t.b.Pipe(name+"_"+what+"_q", x) }
	return columnStage{pipe("fire", s.fire), pipe("fire_b", s.fireB), pipe("pos", s.pos), pipe("last", s.last), pipe("at", s.at), pipe("b_at", s.bAt)}
}

// columnDigits are the digits that a column sends to its PEs: valid and sel come with the
// operand of B out of the store (edge i+1 of a digit issued at edge i), and so does pos.
type columnDigits struct{ valid, sel, pos hw.ID }

// control makes the controls of the columns. last is a wire for what their queues say.
func (t *columnBuilder) control(nonzero, last, drainOK hw.ID) hw.Ports {
	c := t.c
	in := hw.Ports{"start_i": t.seq["start_o"], "last_i": last, "last_group_i": t.seq["last_group_o"], "drain_ok_i": drainOK,
		"k_first_i": t.seq["k_first_o"], "k_last_i": t.seq["k_last_o"], "tile_half_i": t.seq["tile_half_o"], "read_half_i": t.seq["read_half_o"]}
	if c.BStore == StoreWindow {
		in["write_b_i"] = t.seq["write_b_o"]
	} else {
		in["b_half_i"] = t.seq["b_half_o"]
	}
	if c.Empty == EmptySkip {
		in["code_write_i"], in["code_at_i"], in["code_nonzero_i"] = t.next.fire, t.next.at, nonzero
		in["code_first_i"] = t.b.Pipe("store_first_q", t.b.Pipe("in_first_q", t.seq["load_first_o"]))
	}
	return t.inst("ctl", t.module(columnCtl(c)), in, t.cols...)
}

// queues makes the digit queues of the columns and the registers of their digits.
func (t *columnBuilder) queues(ctl hw.Ports, codes, last hw.ID) columnDigits {
	b, c := t.b, t.c
	take := t.lanesOf(ctl["take_o"])
	q := t.inst("queue", t.module(pe.DigitQueue("digit_queue", c.sparse().Encoder, c.DigitGroup, false)), hw.Ports{
		"word_i": codes, "weight_i": ctl["weight_o"], "take_i": take, "next_i": t.lanesOf(ctl["next_o"])}, t.perLane(t.cols...)...)
	if t.locked() {
		b.Drive(last, b.Reduce(t.lane[0], hw.OpAnd, q["last_o"]))
	} else {
		b.Drive(last, q["last_o"])
	}
	pipe2 := func(name string, x hw.ID) hw.ID { return b.Pipe(name+"_code_q", b.Pipe(name+"_digit_q", x)) }
	return columnDigits{pipe2("valid", b.And(take, q["valid_o"])), pipe2("sel", q["sel_o"]), pipe2("pos", q["pos_o"])}
}

// pes makes the PEs, and with them or in front of them the digit queues.
func (t *columnBuilder) pes(ctl hw.Ports, codes, bb, last hw.ID) hw.Ports {
	b, c := t.b, t.c
	axes := append([]int{t.row}, t.cols...)
	readAt := t.lanesOf(ctl["b_at_o"])
	in := hw.Ports{"first_i": b.Delay(ctl["first_o"], 2)}
	if c.PE == peOPT3 {
		in["word_i"], in["weight_i"], in["take_i"], in["next_i"] = codes, ctl["weight_o"], ctl["take_o"], ctl["next_o"]
		in["b_i"] = t.bOfColumns(bb, readAt, hw.None)
		out := t.inst("pe", t.module(pe.OPT3("pe_"+c.PE, c.sparse())), in, axes...)
		b.Drive(last, b.Index(t.row, 0, out["last_o"]))
		return out
	}
	digits := t.queues(ctl, codes, last)
	in["valid_i"], in["sel_i"] = digits.valid, digits.sel
	in["b_i"] = t.bOfColumns(bb, readAt, digits.pos)
	return t.inst("pe", t.module(pe.OPT4C("pe_"+c.PE, c.sparse())), in, axes...)
}

// locked reports that the lanes of a PE share their control.
func (t *columnBuilder) locked() bool { return t.c.Lanes > 1 && t.c.LanePolicy == LanesLocked }

// bOfColumns makes the stores of B and returns the operands' words: of the digits an edge
// after they were issued.
func (t *columnBuilder) bOfColumns(bb, readAt, pos hw.ID) hw.ID {
	b, c := t.b, t.c
	word := t.inst("group_b", t.module(groupB(c)), hw.Ports{"valid_i": t.in.fireB, "pos_i": t.in.pos, "data_i": bb}, t.lane...)["word_o"]
	full := b.Eq(t.next.pos, b.Const(b.Width(t.next.pos), uint64(c.DigitGroup-1)))
	write := b.Named("write_group", b.And(t.next.fireB, b.Or(full, t.next.last)))
	at, places := t.next.bAt, c.halvesDepth()
	if c.BStore == StoreWindow {
		places = c.Window + 1
		word = t.inst("edge_b", t.module(edgeB(c)), hw.Ports{
			"write_i": write, "write_at_i": at, "word_i": word, "read_at_i": t.seq["write_b_at_o"]}, t.lane...)["word_o"]
		write, at = b.Pipe("window_write_q", t.seq["write_b_o"]), b.Pipe("window_at_q", ring(b, "window_slot_q", places, t.seq["write_b_o"]))
	}
	in := hw.Ports{"write_i": write, "write_at_i": at, "word_i": word, "at_i": readAt}
	if pos != hw.None {
		in["pos_i"] = pos
	}
	return t.inst("column_b", t.module(columnB(c, places)), in, t.perLane(t.cols...)...)["data_o"]
}
