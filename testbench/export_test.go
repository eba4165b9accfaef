package testbench

// ProveChanged is ProveNetlist of a netlist that a test has changed.
var ProveChanged = proveNetlist
