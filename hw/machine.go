package hw

// Machine executes a flat module cycle by cycle. A cycle is: Set the inputs,
// Settle, Get the outputs, Step. At first every register holds its reset value,
// and memories and delays hold 0.
type Machine interface {
	// Set gives input port p (its index in Module.Inputs) one word a lane.
	Set(p int, lanes []uint64)
	// Settle computes all values of this cycle from inputs and state.
	Settle()
	// Get copies the lanes of output port p, as settled, to dst.
	Get(p int, dst []uint64)
	// Step is the clock edge. Under reset, registers take their reset values and
	// delays become 0.
	Step(reset bool)
	// Failures returns how often each assertion has failed so far, in lanes and
	// cycles outside reset, by its index in Module.Asserts.
	Failures() []uint64
}
