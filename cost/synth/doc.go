// Package synth maps a module of the hardware graph to the cells of a library with
// Yosys and ABC.
//
// A module is synthesised without the modules below it, which stay blocks: each
// distinct module of an engine is done once. Results are kept by content in the cache
// of internal/tool.
//
// Synthesis is noisy: the same circuit with its statements in another order differs by
// some percent in area and up to ten in delay. [Shuffle] gives such an order by
// a seed, so that a caller can take the median of several and show the spread.
package synth
