// Package workloads turns models, layer tables and shapes into one kind of
// record, the [GEMM], and makes the operand values that engines compute on.
//
// # The record
//
// A [GEMM] is C[M,N] = A[M,K] B[K,N], all three matrices row-major, repeated
// Batch x Groups x Count times with separate operands each time. A convolution
// is the GEMM of its im2col form and keeps its geometry in [GEMM.Conv]. Sizes
// are in elements, work in multiply-accumulates (MAC), traffic in bytes.
//
// # Where records come from
//
//   - [Lookup] knows the built-in models ([Names]) and "gemm:MxNxK".
//   - [ReadSCALESim] reads SCALE-Sim topology files, convolution or GEMM.
//   - [ReadCSV] reads the package's own table, which [CSVWriter] writes.
//   - [Open] opens a file and tells the two file kinds apart by content.
//
// Readers report every problem they find, not only the first, in the form
//
//	file:line:col: what is wrong: the value (what was expected)
//
// # Operand values
//
// [ParseData] reads a description such as "full" or "normal:20" and
// [NewGenerator] makes a random-access source of integers from it: each element
// depends only on the seed, the layer, the repetition, the operand and the
// element's index, so one tile of a huge GEMM can be made alone. The values are
// equal on every platform.
//
// The package knows nothing of engines; it imports the standard library only.
package workloads
