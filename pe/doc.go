// Package pe is the catalogue of processing elements. A processing element is
// its arithmetic, one file each ([Arith]: how a product is added to a running sum),
// placed in a cell that gives it registers and links for a dataflow
// ([OutputStationary], [WeightStationary], [Broadcast],
// [CubeCell], [DotProduct], [WeightPass]).
package pe
