// Package aig reads and-inverter graphs, simulates them, and proves two of them,
// or one and a Go function, equal over every input pattern.
//
// It is the prover of last resort for arithmetic: a Booth multiplier and "*" of 8
// by 8 bits with an addend of 16 are out of reach of SAT solvers in minutes, and
// 2^32 patterns are seconds to minutes of work, 64 patterns a word, where what
// depends only on slow inputs is computed once for all patterns of the fast ones. It
// needs no external tool but the one that writes the graph (in Yosys: aigmap; write_aiger -symbols).
//
// Bits are matched by their symbols: bit 3 of port x is "x[3]", a port of one bit
// has no index. Orders of inputs and outputs in a file do not matter.
package aig
