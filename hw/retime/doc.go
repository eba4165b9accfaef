// Package retime rewrites a skewed array into one that computes in local time.
//
// # The idea
//
// In a systolic array the cell in row i and column j does at edge t what the cell in the
// corner did at t-i-j: operands enter skewed, pass from cell to cell, and results leave
// skewed and are aligned again. An executor gains nothing from this order. If node v of lane
// c is computed lag(c) edges ahead of its time, with lag = i + j for everything in the
// array, then all lanes use the same beat: what traveled becomes a broadcast of
// a row's or a column's word, the registers that passed it on and the delays that skewed it are
// gone, a chain of two registers a cell becomes one of one, and where a result
// leaves, its lag and the delay that aligned it add up to one delay for all lanes.
//
// The rewritten module has the same ports. It gives the same bits in every cycle and counts the
// same failures of assertions, under any stimulus and resets, so it is not another kind
// of execution: any executor runs it like the old one.
//
// # When it is right
//
// This is retiming (Leiserson and Saxe, "Retiming synchronous circuitry", Algorithmica 6, 1991), by
// lane. Between a node v in lane c and an operand u in lane d stand w edges of delay: 1
// in a register, the depth of a delay, else 0. In local time there are
//
//	w + lag(u, d) - lag(v, c)
//
// and the rewrite is made only if
//
//   - that is never negative. Lags are 0 for ports, memories and assertions; they are
//     the frame plus a whole number for nodes of the region, which is the largest set for
//     which this holds ([newRegion] takes out nodes until it does);
//   - no combinational cycle is left: a sum that passes every cell of a column at one edge stays
//     as it is;
//   - the reset state is a state of rest: with all inputs 0, every register of the region
//     and whatever is taken away or added to delay words keeps its value. Then what a
//     node would have computed before the first edge after a reset is that value too, and a
//     delay that is made can begin with it. The reference evaluator computes the state, so
//     this is checked for every lane.
//
// Frames are found, not declared: they are the slopes of the delays with which words arrive at
// large shapes, through delays, registers and links that only pass words on ([copies]). Nothing else of the
// module is looked at, least of all its names.
//
// A rewrite that would not make the module smaller, in operations on lanes, is not made.
// So a weight-stationary array stays as it is: weights enter all its columns at one edge, which
// no column may see ahead of another, and partial sums take one register a cell.
package retime
