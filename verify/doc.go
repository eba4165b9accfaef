// Package verify is the cross-check: the same jobs run through every leg (the
// reference evaluator, the executors, the emitted Verilog under two simulators, the
// synthesised netlist), and every word, the cycle of every result beat and the closed
// form must agree. Equal means equal; there is no tolerance.
//
// The software GEMM of package numeric is the witness for words; the reference
// evaluator is the witness for cycles, with the closed form beside it where
// nothing stalls the engine.
package verify
