// Package quant turns matrices of real numbers into the codes that engines multiply, by the quantisers that the field
// uses, and back.
//
// A GEMM is C[M x N] = A[M x K] B[K x N]: a row of A is a token, a column of B an output channel, and groups lie along K.
// [Quantize] is the common scheme, a scale (and a zero point) for each block of a matrix; [PerTensor], [PerRow], [PerColumn],
// [RowGroups] and [ColumnGroups] name the blocks. The other schemes split a matrix first ([SplitOutliers],
// [LowRank]), choose a format for each block ([MixedBlocks]), or have codes of their own ([Ternary], [OneBit], [GPTQ],
// [MXBlocks], [NVFP4Blocks]). [PruneNM] and [Prune] make zeros.
//
// Arithmetic is float64 inside; scales are float32, as they are stored. Rounding is to nearest, ties to even.
package quant
