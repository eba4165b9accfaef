// Package scalesim gives the figures that SCALE-Sim v3 reports for a systolic
// array, where they do not depend on its memory model: total cycles without
// stalls, SRAM access counts, the cycles of the first and last SRAM access,
// mapping efficiency, utilisation and average SRAM bandwidth. It reads
// SCALE-Sim's configuration and writes its three report files.
//
// # The model
//
// A GEMM of M x N x K on R rows and C columns is cut into F folds of f cycles:
//
//	dataflow  rows Sr  columns Sc  stream T  F                        f
//	os        M        N           K         ceil(M/R) * ceil(N/C)    T +  R + C - 2
//	ws        K        N           M         ceil(K/R) * ceil(N/C)    T + 2R + C - 2
//	is        K        M           N         ceil(K/R) * ceil(M/C)    T + 2R + C - 2
//
// Column folds are the outer loop. An edge fold costs as much as a full one, and
// folds never overlap. The reported total is the index of the last cycle, counted
// from 0: F*f - 1.
//
// # What is reproduced although it is not physical
//
//   - The -1 above, once a layer. A 1 x 1 x 1 product on a 1 x 1 array has a
//     total of 0, on which SCALE-Sim fails with a division by zero; here it is an
//     error.
//   - The drain of an output-stationary array is free.
//   - OFMAP writes of os count R + C too many in each fold.
//   - "Compute Util %" of ws and is divides by f + C - 1 cycles a fold.
//   - "Overall Util %" may exceed 100, because of the -1.
//   - Convolutions have no padding and their output size is rounded up.
//
// # Where the native mode of this project differs
//
// A cycle count of the native mode is the number of clock edges from the one that
// accepts the first operand or weight beat to the one that delivers the last
// result beat, both counted, and equals that of the emitted Verilog. Hence:
//
//   - The drain of results is counted: an output-stationary array without overlap
//     needs R more cycles a fold than SCALE-Sim says.
//   - Shadow registers may load the next weights during the current fold, which
//     SCALE-Sim cannot express; for small T its ws and is totals are then much
//     too high.
//   - Totals count cycles instead of giving the last index.
//   - Layers have their true padding, stride, dilation and groups, with output
//     sizes rounded down. (A topology file read by package workloads keeps the M
//     that SCALE-Sim uses, in both modes.)
//   - Results that wait for memory stall the array through valid and ready.
//     SCALE-Sim's DRAM and prefetch columns are not reproduced; the reports leave
//     them empty.
package scalesim
