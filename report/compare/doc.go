// Package compare puts engines beside each other on the same workloads, and workloads
// beside each other on the same engine.
//
// [Run] counts the cycles of every layer on every engine, at fidelity formula, gathers
// layers into groups (by operator, shape, layer or phase) and sets each engine's time
// against that of a baseline. Where cycles depend on operands, several seeds give a
// confidence interval of the ratio, and a difference within it is marked as uncertain.
//
// [Diff] joins two workloads: what was added, removed or changed, and what that costs.
// Contributions of groups add up exactly to the difference of the totals.
package compare
