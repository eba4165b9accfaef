// Package timing is the static timing analysis of one netlist: the latest arrival at
// every net, by table look-up of delay and transition over input transition and load.
//
// The clock is ideal: it arrives everywhere at 0 with a transition of 0. Loads are the
// pins that a net reaches and, at an output of the module, what the options say;
// wires have none, as nothing is placed. At a net that several arcs reach, each edge
// keeps the latest arrival and, apart from it, the longest transition. All arcs count,
// whatever their condition: a path that no operand can take is not recognised.
package timing
