// Package blast turns a module of the hardware graph into single bits: a graph of
// two-input AND and XOR nodes with complemented edges, in which constants are folded, equal
// nodes are one, and small redundancies are removed as they appear.
//
// It is what a fast cost model counts. A model on words cannot see constant bits,
// duplicate sign bits and unused outputs; here they vanish by themselves. Adders are
// Brent-Kung, as Yosys makes them of the printed Verilog, or ripple, which is what
// optimisation for area makes of those; multipliers are rows of full adders.
//
// Modules have no instances, memories or delays; package split gives such.
package blast
