// Package sweep explores design spaces: every point is an engine with values for some of
// its keys, evaluated on each of a list of workloads.
//
// A [Space] is read from YAML. Its points are a function of an index, so nothing is listed in
// memory and a space may have billions. [Run] evaluates a plan on all cores into a [Store]
// (SQLite), which survives being killed at any time: what is in it is not evaluated again.
// Workers evaluate shards into checked part files that [Merge] takes up, once each.
//
// At fidelity formula cycles are exact, except for engines whose count depends on operands: a
// sweep takes the expected count of their distribution (see [expected]). Each row says which.
package sweep
