// Package arch turns a configuration into an engine: the hardware graph of an
// array with its control, the order in which operands are fed to it (a [Plan]), and
// the closed form of its cycle count.
//
// Matrices are C[M x N] = A[M x K] B[K x N], row-major. The streams of an engine and
// the order of their beats stand with its builder: os.go and ws.go.
package arch
