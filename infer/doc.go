// Package infer runs small networks whose every matrix product goes through a [Multiplier]: the exact one or
// an [Engine], which codes the operands in the engine's formats, multiplies the codes in its bit-exact arithmetic, and turns the
// results back into numbers. What a network loses by that is the accuracy of the engine on it.
//
// Layers work on a [quant.Matrix] with one row for each token, frame or image. Everything that is no matrix product
// (norms, softmax, activations, residual sums) is float32, one rounding for each operation, in a fixed order, so that results are
// the same on every platform that rounds exponentials and sines alike.
package infer
