// Package testbench runs the Verilog that rtlgen prints under the simulators that
// a hardware engineer would use, with the same stimulus and the same harness as
// the executors of this project.
//
//   - [Verilator] compiles it to a program with a fixed C++ loop;
//   - [Icarus] interprets it with a generic Verilog testbench;
//   - [Netlist] synthesises it with Yosys to the cells of a Liberty file and runs
//     the gates, in Go or under either simulator.
//
// Each implements [drive.Runner] and does, cycle by cycle, what
// [drive.MachineRunner] does, so its traces are equal to those of the evaluator:
// results, the cycle of each, first and taken beats, cycles. Each call of Run is a
// new process that starts at power-on; state is kept from play to play within a
// call.
//
// # Assertions
//
// Trace.Failures counts the lines that begin with "tpe assertion failed: ". The
// Verilog prints one a cycle for an assertion that fails in some lane of an
// instance of its module, and the evaluator counts lanes. So compare whether there
// were failures, not how many. A netlist has no assertions.
// A netlist has no assertions.
//
// # Without this program
//
// [SelfChecking] writes a testbench, stimulus, expected results, a Makefile and a
// Yosys script for users of the Verilog who do not have tpe.
//
// # Proofs
//
// [ProveNetlist] proves the gates of a module equal to its Verilog.
// [CombinationalGraph] makes an and-inverter graph of a module without state, which
// package tpe/testbench/aig compares with another, or with a Go function, over every
// input pattern.
package testbench
