// Package numeric holds number formats and the software GEMM: what each engine's
// arithmetic promises, written straight from the definitions. It never looks at
// the hardware graph, because it is the second opinion on it.
package numeric
