// Package hw is the hardware graph: the one description from which everything
// else in this project is read. A simulator, a Verilog emitter and a cost model
// are readers of it, and none of them adds a fact of its own.
//
// # Words
//
// A value is a word of 1 to 64 bits, held in the low bits of a uint64. Words
// have no sign: the operator has it (lt versus slt). Nothing is extended,
// truncated or converted implicitly, there is no X or Z, and every operator is
// total. [Ops] is the table of operators; docs/hw-semantics.md is printed from
// it and [tpe/hw/eval] is the executable definition.
//
// # Shapes
//
// A module names its axes, for example row of size 4 and col of size 8. A node
// has a shape, the set of axes over which it repeats, so one node stands for one
// word (no axis), a row of words (col) or a grid (row, col). Lane l of a shaped
// node is numbered row-major in the order in which the module declares its axes.
// Operators work lane by lane; an operand that lacks an axis of the result is
// broadcast over it. Wires between lanes are operators too: shift, rotate,
// index, select, reduce, stride, pack, coord.
//
// # State
//
// Registers are (current, next, reset) triples; memories are synchronous with
// one read and one write port; delays are affine in the axes. There is one
// clock and one synchronous reset. A module is therefore one pure function
// (inputs, state) -> (outputs, next state).
//
// # Modules
//
// An instance places a module over some axes of its parent. Axes are identified
// by name: an axis of the inner module that the parent also has is the same
// axis, any other becomes private to the instance. [Flatten] rewrites a
// hierarchy into one module without instances, in which each operator still
// stands once and only its shape has grown.
package hw
