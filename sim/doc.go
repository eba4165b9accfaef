// Package sim runs an engine on a workload and reports cycles, utilisation and
// whether the words that the hardware produced equal those of the software GEMM.
//
// Three fidelities give one answer: formula (the closed form of package arch),
// cycle (the graph, stepped by an executor) and rtl (the emitted Verilog, through a
// [drive.Runner] that the caller supplies).
package sim
