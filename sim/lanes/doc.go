// Package lanes executes a hardware graph fast, in Go and, where the processor
// has AVX-512, in assembly. It is the executor that is always there.
//
// # How a graph becomes a program
//
// Two rewrites come first: axes are put into the order in which lanes are picked ([arrange]), and
// operators of which only some lanes are read are computed only there ([pull]).
//
// A flat module is then lowered to operations on vectors of lanes, kept in the least
// of 1, 2, 4 or 8 bytes that holds the word ([lowering]). Words without an axis
// are slots of a small interpreted program, because control has many operators
// and one lane. What is common is fused ([fuser]): products with their sums, Booth rows with the full
// adders that take them, and functions of at most 8 bits into tables ([fuser.tabulate]). Operations are then put in
// order and those of one shape that can run side by side become a region
// ([schedule]), which is executed a block of lanes at a time, so that what an
// operation makes is still in the first-level cache when the next reads it. The
// result is a list of steps, one call each, with all addresses fixed ([emit]).
//
// A register is two buffers. Which of them is current alternates with every
// clock edge, so the list of steps exists twice, once for each parity, and a
// clock edge copies nothing: the operation that computes a register's next value
// writes the buffer that will be current. Because the current buffer never
// changes within a cycle, registers need no order among themselves, chains and
// shared next values included, and Settle can be repeated.
//
// Every kernel exists in plain Go; the ones that engines spend their time in
// exist in assembly too, chosen once by CPUID. Instructions on words have
// assembly as well, so that a whole cycle of this array is one call into it. Tests run both, with
// and without fusing, and with blocks of different sizes.
//
// What a memory holds is stored once for lanes that are written alike. Choices, gathers and
// repetitions are permutations or copies of rows where the lanes lie such, folds go by pairs of lanes.
// Large buffers are placed such that no two have equal addresses modulo 4096, or loads would wait for
// stores that only look like theirs.
//
// # What each part is worth
//
// The 32x32 output-stationary int8 array with its control (94 operations on
// words and 42 on vectors, 37 when fused), not in local time (see hw/retime), in thousands of
// cycles per CPU second on one core with AVX-512, from BenchmarkPlans:
//
//	Go kernels, an operation at a time   148
//	with fusing                          280
//	assembly, an operation at a time     946
//	with fusing                         1252
//
// In local time the array is a product of a row and a column of words and a chain that
// is loaded once a tile; broadcasts, the product's clear and the load have kernels of their own, and words take
// a third of the time. Blocks of 1024 lanes are worth 10 to 20 % at 128x128
// (BenchmarkBlocks), which is hardly more than repeats differ by.
// Per element a 128x128 array runs about twice as fast as a 32x32 one.
//
// # Toggle counting
//
// The old and the new value of a register are both in memory when a cycle has
// settled, so counting its toggles is one pass popcount(current xor next) before
// the edge, an operation like any other. Values that are not registers would be
// given a second buffer by the same means: a register that nothing reads.
package lanes
