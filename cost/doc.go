// Package cost says what an engine costs: its area, its clock frequency and the energy
// of a job, each by part, read off the hardware graph.
//
// [Flow.Engine] takes the engine apart (package split), synthesises each piece once
// (package synth) and multiplies by how often it stands in the engine; memories come
// from tables (package memory), or are flip-flops when small. [Design.Timing] puts the
// timing of the pieces together to the critical path of the whole. [Design.Energy] runs
// a job on the graph, gives each piece's netlist the operands that it met there, and
// adds up (package power).
//
// Every total is the sum of the rows beside it. What is not there: wires and their
// load, placement, the clock tree, buffers for signals that reach every lane.
package cost
