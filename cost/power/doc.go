// Package power is the energy of a netlist at work: its gates are simulated with the
// operands that the module meets in a workload, edges are counted on every net, and
// each edge costs what the library says.
//
// [Zero] simulates without delays, 256 independent streams at once: every net changes
// at most once a cycle. [Event] simulates one stream with the delays of the library, so
// it also counts glitches, the edges that come and go before a net settles. A deep
// circuit has as many of them as others: energy without glitches is too low by a factor of
// 1.2 to 2.7, and by different factors for different designs. So each figure names
// the mode that it comes from.
//
// [Model] is the energy of each edge: internal energy of the driving cell and of the
// pins that see it, by tables at the net's load and transition, and 1/2 C V^2 for the
// load. Where a table depends on a condition or on the causing input, the mean over
// them is taken. The clock is apart: both edges at every flip-flop in every cycle. Wires
// have no capacitance here.
package power
