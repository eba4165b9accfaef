// Package split takes an engine apart into what is synthesised once and counted.
//
// A module of the hierarchy is cut at its instances, memories, delays and links between
// lanes. What is left is logic and registers, which stand once in every lane of
// their shape; it is parted into pieces by shape, and a [Piece] is one lane of it: a
// module of its own, placed as often as the shape has lanes. So the cost of a
// skid buffer of 256 columns is that of its control once and of one column 256 times,
// and grows with the array exactly as the array does.
//
// An axis along which a module reduces or selects stays whole inside the piece.
//
// What this leaves out: the buffers that a signal needs which reaches every lane, and
// what synthesis could save at the edges of an array, where operands are constant.
package split
