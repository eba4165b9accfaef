package torchtrace

import (
	"cmp"
	"fmt"
	"slices"

	"tpe/workloads"
)

// tree settles the operators of an execution trace, whose nodes name the node that
// called them.
type tree struct {
	s        *workloads.Sink
	v        *verdicts
	parent   map[int64]int64
	entries  []entry
	nodes    []int64 // identifiers of entries
	products int64
	bare     int64
}

// maxNodes bounds the nodes of one trace.
const maxNodes = 1 << 24

func newTree(opt workloads.ImportOptions, s *workloads.Sink) *tree {
	return &tree{s: s, v: newVerdicts(opt), parent: make(map[int64]int64)}
}

// node is one node of an execution trace.
type node struct {
	id, parent int64
	name       string
	// Texts of lists, a value an input: ["shapes", "types", "values"], and the
	// shapes and types of the outputs.
	shapes, types, values, outShapes, outTypes string
	pos                                        workloads.Pos
}

func (t *tree) add(n node) error {
	if len(t.parent) >= maxNodes {
		return fmt.Errorf("trace has more than %d nodes (expected a shorter trace)", maxNodes)
	}
	if _, twice := t.parent[n.id]; twice {
		t.s.FaultAt(n.pos, "node identifier is used twice", fmt.Sprint(n.id), "one node of that identifier")
		return nil
	}
	t.parent[n.id] = n.parent
	if !candidate(n.name) {
		t.s.Skip(reasonOther, n.name)
		return nil
	}
	if r, ok := rules[n.name]; ok && r.kind != bare {
		t.products++
		if n.shapes == "" {
			t.bare++
		}
	}
	verdict, err := t.v.of(n.name, [4]string{n.shapes, n.types, n.values, n.outShapes + n.outTypes}, func() operator {
		o := newOperator(n.name, n.shapes, n.types, n.values)
		if out := newOperator("", n.outShapes, n.outTypes, ""); len(out.inputs) > 0 {
			o.output, o.outFmt = out.inputs[0].shape, out.inputs[0].format
		}
		return o
	})
	if err != nil {
		return err
	}
	t.entries = append(t.entries, entry{index: int32(len(t.entries)), verdict: verdict, name: t.v.name(n.name), line: int32(n.pos.Line), col: int32(n.pos.Col)})
	t.nodes = append(t.nodes, n.id)
	return nil
}

// settle hands on the operators that count, in the order of their identifiers,
// which is that of their start.
func (t *tree) settle() error {
	n := len(t.entries)
	at := make(map[int64]int32, n)
	for i, id := range t.nodes {
		at[id] = int32(i)
	}
	up := t.callers(at)
	depth := depths(up)
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	deepest := slices.Clone(order)
	slices.SortStableFunc(deepest, func(a, b int32) int { return cmp.Compare(depth[b], depth[a]) })
	outcome := make([]state, n)
	below := make([]bool, n)
	for _, i := range deepest {
		d := t.v.list[t.entries[i].verdict]
		switch {
		case below[i] && (d.wraps || d.reason != ""):
			outcome[i] = around
		case d.reason == "" || d.fault != "":
			outcome[i] = counts
		}
		if outcome[i] != nothing && up[i] >= 0 {
			below[up[i]] = true
		}
	}
	inside := make([]bool, n)
	slices.Reverse(deepest)
	for _, i := range deepest { // from the top
		if j := up[i]; j >= 0 {
			inside[i] = inside[j] || outcome[j] == counts
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(t.nodes[a], t.nodes[b]) })
	for _, i := range order {
		e := t.entries[i]
		if inside[i] {
			t.s.Skip(reasonInside, t.v.names[e.name])
			continue
		}
		if _, err := t.v.settle(t.s, e, outcome[i] == around); err != nil || t.s.Full() {
			return err
		}
	}
	return nil
}

// depths returns how many entries stand above each one, itself included.
func depths(up []int32) []int32 {
	depth := make([]int32, len(up))
	var path []int32
	for i := range up {
		path = path[:0]
		j := int32(i)
		for ; j >= 0 && depth[j] == 0; j = up[j] {
			path = append(path, j)
		}
		d := int32(0)
		if j >= 0 {
			d = depth[j]
		}
		for k := len(path) - 1; k >= 0; k-- {
			d++
			depth[path[k]] = d
		}
	}
	return depth
}

// callers returns, for each entry, the nearest entry among those that called it,
// or -1. Nodes that call each other in a circle are a fault.
func (t *tree) callers(at map[int64]int32) []int32 {
	up := make([]int32, len(t.nodes))
	// nearest remembers the answer of nodes that were passed.
	nearest := make(map[int64]int32)
	for i, id := range t.nodes {
		var path []int64
		found := int32(-1)
		seen := id
		for p, ok := t.parent[id]; ok; p, ok = t.parent[p] {
			if j, is := at[p]; is && p != id {
				found = j
				break
			}
			if j, known := nearest[p]; known {
				found = j
				break
			}
			if p == seen || len(path) > len(t.parent) {
				break // the root calls itself
			}
			path = append(path, p)
			seen = p
		}
		for _, p := range path {
			nearest[p] = found
		}
		up[i] = found
	}
	t.breakCircles(up)
	return up
}

// breakCircles reports entries that call each other in a circle.
func (t *tree) breakCircles(up []int32) {
	mark := make([]int32, len(up)) // 0 new, i+1 on the way from i, -1 done
	for i := range up {
		j := int32(i)
		for j >= 0 && mark[j] == 0 {
			mark[j] = int32(i) + 1
			j = up[j]
		}
		if j >= 0 && mark[j] == int32(i)+1 {
			t.s.FaultAt(workloads.Pos{Where: fmt.Sprintf("node %d", t.nodes[j])}, "nodes call each other in a circle", fmt.Sprint(t.nodes[j]), "a tree of calls")
			up[j] = -1
		}
		for j := int32(i); j >= 0 && mark[j] == int32(i)+1; j = up[j] {
			mark[j] = -1
		}
	}
}
