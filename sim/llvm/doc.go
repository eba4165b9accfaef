// Package llvm executes a flat hardware graph as machine code: the graph
// becomes LLVM IR (llir/llvm), the installed clang makes a shared object of it,
// and purego loads that without cgo. It is the fastest executor and an optional
// one: [Available] says whether it can be used here.
//
// # How a cycle is compiled
//
// Words without axes become SSA values of one function that holds the cycle loop,
// so control costs what it costs in C. Words with axes are computed in loops over
// explicit vectors of lanes, one loop for all lane operators of one shape that
// can stand together, each in a function of its own: inside the big function LLVM 14
// carries values around the cycle loop and spoils the code. Vectors are explicit
// because LLVM unrolls a loop of just 32 lanes before it tries to vectorise it.
//
// What only one loop needs stays in vector registers; the rest lives in buffers
// typed by width (1, 2, 4 or 8 bytes a lane, padded to whole vectors; lanes of padding
// hold anything, since every operator is total). See the comments of
//
//   - program.go: the graph made ready for compiling,
//   - schedule.go: what stands together and in which order,
//   - place.go: where the next value of a register goes without a copy, and
//     how a register that moves by one lane moves by changing its address,
//   - lower.go: the operators, lanes.go: the loops, wires.go and folds.go: moves between lanes,
//   - state.go: memories and delays, cycle.go: the cycle, drive.go: the stimulus.
//
// All state is in memory that Go owns and hands over as one pointer, so one shared
// object serves any number of instances. Objects are kept in the cache of
// internal/tool by the content of the IR, clang's version and the host CPU.
package llvm
