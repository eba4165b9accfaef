// Package liberty reads the cell libraries of chip makers: the Liberty format's
// groups and attributes, and of them what area, delay and energy of a netlist need.
//
// [Parse] gives the tree of groups, [Read] a [Library]: cells with their pins,
// functions, flip-flops, delay and energy tables. Whatever the file's units are
// (a file without them is an error), a Library is in ps, fF, fJ, V and nW, and
// areas are as the file has them (um^2 by custom; Liberty names no unit).
//
// What is kept: table look-up models (NLDM) of one to three axes with linear inter-
// and extrapolation, internal power by related pin and condition, leakage by state,
// boolean functions, ff and latch groups. What is not: current source models, wire
// loads, noise, statetables (such a cell keeps its area and is not [Cell.Usable]).
//
// Negative internal power is legal: some libraries hold the charge of the load in the
// table of the output's rise and take it back in that of its fall. Only the sum over
// rise and fall has a meaning, so nothing here clamps a table.
package liberty
