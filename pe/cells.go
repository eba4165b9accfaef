package pe

import (
	"fmt"

	"tpe/hw"
)

// Drain directions of an output-stationary array.
const (
	DrainDown2 = "down2" // towards the last row, two registers a hop
	DrainUp    = "up"    // towards the first row, one register a hop
)

// OutputStationary is the cell of an output-stationary array: operands pass
// through, the sum stays until the flag last, and then leaves along the column.
//
//	              y_i            d_i (from the cell above, or below for up)
//	               |              |
//	x_i,first_i -> [ MAC ]        |            per hop, down2: d1 <= d_i, d0 <= last_q ? acc : d1
//	last_i    +--> acc <--+       v            per hop, up:                d0 <= last_q ? acc : d_i
//	          |    |      |   [ drain ]
//	          v    +------+--->   |
//	        x_o,first_o,last_o,  y_o          d_o
//
// A beat enters with its operands; first starts a new sum, last marks the beat
// that completes it. A bubble is a beat of zero operands without flags: it adds
// nothing, so the cell needs no enable. The edge after the sum is complete copies
// it into the drain chain, while the accumulator may already start the next.
func OutputStationary(name string, arith Arith, accBits int, drain string) (*hw.Module, error) {
	o := arith.Operands()
	b := hw.New(name, fmt.Sprintf("Output-stationary processing element, %s into %d bits, drain %s.", o, accBits, drain))
	x, y := b.In("x_i", o.X), b.In("y_i", o.Y)
	first, last := b.In("first_i", 1), b.In("last_i", 1)
	lastQ := b.Pipe("last_q", last)
	b.Out("x_o", b.Pipe("x_q", x))
	b.Out("y_o", b.Pipe("y_q", y))
	b.Out("first_o", b.Pipe("first_q", first))
	b.Out("last_o", lastQ)

	acc := accumulate(b, arith.Words(), accBits, first, arithOf(b, arith, x, y))
	for i, n := range arith.Words() {
		in := b.In("d_"+n+"_i", accBits)
		if drain == DrainDown2 {
			in = b.Pipe("d1_"+n+"_q", in)
		}
		b.Out("d_"+n+"_o", b.Pipe("d0_"+n+"_q", b.Mux(lastQ, acc[i], in)))
	}
	return b.Build()
}

// arithOf is what adds x*y to a running sum.
func arithOf(b *hw.Builder, arith Arith, x, y hw.ID) func([]hw.ID) []hw.ID {
	return func(sum []hw.ID) []hw.ID { return arith.MAC(b, sum, x, y) }
}

// accumulate makes the accumulator of a sum that stays in its cell: every cycle it becomes
// what add makes of it, or of zero when first is 1.
func accumulate(b *hw.Builder, names []string, accBits int, first hw.ID, add func(sum []hw.ID) []hw.ID) []hw.ID {
	var acc, gated []hw.ID
	for _, n := range names {
		r := b.Reg("acc_"+n+"_q", accBits, 0)
		acc = append(acc, r)
		gated = append(gated, b.Named("old_"+n, b.Mux(first, b.Const(accBits, 0), r)))
	}
	for i, v := range add(gated) {
		b.Next(acc[i], b.Named("new_"+names[i], v))
	}
	return acc
}

// Broadcast is the cell of an array whose operands reach all cells of a row or column
// in the same cycle. The sum stays in the cell; when it is complete, all cells copy theirs at
// once into a chain that moves up the column, one row an edge.
//
//	x_i (of its row)    y_i (of its column)
//	      |                  |
//	      +----> [ MAC ] <---+
//	first_i ---> acc <--+
//	              |
//	capture_i -> mux --> d_q --> d_o (to the cell above)
//	              ^
//	             d_i (from the cell below)
//
// capture_i comes with the cycle after the last beat of a sum. A bubble is a beat of zero
// operands without flags.
func Broadcast(name string, arith Arith, accBits int) (*hw.Module, error) {
	o := arith.Operands()
	b := hw.New(name, fmt.Sprintf("Processing element of a broadcast array, %s into %d bits.", o, accBits))
	x, y := b.In("x_i", o.X), b.In("y_i", o.Y)
	first, capture := b.In("first_i", 1), b.In("capture_i", 1)
	upChain(b, arith.Words(), accumulate(b, arith.Words(), accBits, first, arithOf(b, arith, x, y)), capture)
	return b.Build()
}

// upChain makes a cell's place in the chain of captured sums.
func upChain(b *hw.Builder, names []string, acc []hw.ID, capture hw.ID) {
	for i, n := range names {
		b.Out("d_"+n+"_o", b.Pipe("d_"+n+"_q", b.Mux(capture, acc[i], b.In("d_"+n+"_i", b.Width(acc[i])))))
	}
}

// CubeCell is the cell of a three-dimensional systolic array: both operands pass through,
// each along an axis of its own, and the sum along the third.
//
//	x_i --+--> x_q --> x_o (along z)        y_i --+--> y_q --> y_o (along x)
//	      +-----> [ MAC ] <----------------------+
//	s_i ------------^  +--> s_q --> s_o (along y)
func CubeCell(name string, arith Arith, sumBits int) (*hw.Module, error) {
	o := arith.Operands()
	b := hw.New(name, fmt.Sprintf("Cube processing element, %s into %d bits.", o, sumBits))
	x, y := b.In("x_i", o.X), b.In("y_i", o.Y)
	b.Out("x_o", b.Pipe("x_q", x))
	b.Out("y_o", b.Pipe("y_q", y))
	passSum(b, arith, sumBits, x, y)
	return b.Build()
}

// passSum adds x*y to the sum that comes in and registers it on its way out.
func passSum(b *hw.Builder, arith Arith, sumBits int, x, y hw.ID) {
	names := arith.Words()
	var in []hw.ID
	for _, n := range names {
		in = append(in, b.In("s_"+n+"_i", sumBits))
	}
	for i, v := range arith.MAC(b, in, x, y) {
		b.Out("s_"+names[i]+"_o", b.Pipe("s_"+names[i]+"_q", v))
	}
}

// WeightStationary is the cell of a weight-stationary array: it holds two
// weights, one in use and one being loaded, and adds x times the one in use to
// the sum that passes down the column.
//
//	              w_i     s_i
//	               |       |
//	      load_i   v       |
//	      lsel_i> w0,w1    |
//	               |       v
//	x_i -----+--> mux --> [ MAC ] --> s_q --> s_o
//	wsel_i --|-----^
//	         +--> x_q --> x_o, wsel_o      w_o: the weight of the half being loaded
//
// While load_i is 1 the half lsel_i shifts down by one row. wsel travels with x.
func WeightStationary(name string, arith Arith, sumBits int) (*hw.Module, error) {
	o := arith.Operands()
	b := hw.New(name, fmt.Sprintf("Weight-stationary processing element, %s into %d bits.", o, sumBits))
	x, wsel := b.In("x_i", o.X), b.In("wsel_i", 1)
	w, load, lsel := b.In("w_i", o.Y), b.In("load_i", 1), b.In("lsel_i", 1)
	b.Out("x_o", b.Pipe("x_q", x))
	b.Out("wsel_o", b.Pipe("wsel_q", wsel))

	w0, w1 := b.Reg("w0_q", o.Y, 0), b.Reg("w1_q", o.Y, 0)
	b.NextIf(w0, b.Named("load0", b.And(load, b.Not(lsel))), w)
	b.NextIf(w1, b.Named("load1", b.And(load, lsel)), w)
	b.Out("w_o", b.Named("w_next", b.Mux(lsel, w1, w0)))

	passSum(b, arith, sumBits, x, b.Named("w", b.Mux(wsel, w1, w0)))
	return b.Build()
}
