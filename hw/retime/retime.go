package retime

import (
	"fmt"
	"slices"

	"tpe/hw"
	"tpe/hw/eval"
)

// Result is what [LocalTime] did.
type Result struct {
	Module *hw.Module // the rewritten module; the given one if there is no rewrite
	Nodes  int        // nodes that run in local time; 0: no rewrite
	Frame  string     // the lag of the region, such as "row + col"
	Why    string     // why there is no rewrite
}

// LocalTime rewrites a flat module such that what a skewed array computes in different
// lanes at different edges is computed in all lanes at one edge (see the package's
// comment). Ports, their bits in every cycle and the failures of assertions stay.
// Where no rewrite is proved to be right and worth it, the module stays as it is. The module is not
// changed.
func LocalTime(m *hw.Module) (Result, error) { return localTime(m, true) }

// localTime makes the first rewrite that is right, and if wanted a gain.
func localTime(m *hw.Module, gain bool) (Result, error) {
	none := Result{Module: m, Why: "no skewed array"}
	quiet, err := newQuiet(m)
	if err != nil {
		return none, err
	}
	c, fixed := newCopies(m), fixedNodes(m)
	for _, f := range frames(m, c) {
		r, out, why := inFrame(m, c, fixed, quiet, f)
		if out == nil {
			none.Why = fmt.Sprintf("in the frame %s: %s", f.text(m), why)
			continue
		}
		if was, is := cost(m), cost(out); gain && is*10 > was*9 {
			none.Why = fmt.Sprintf("no gain in the frame %s: %d lane operations instead of %d", f.text(m), is, was)
			continue
		}
		return Result{Module: out, Nodes: r.size(), Frame: f.text(m)}, nil
	}
	return none, nil
}

// inFrame makes the module in one frame. A node that turns out to be in the way is left out and
// what remains is tried again.
func inFrame(m *hw.Module, c *copies, fixed []bool, q *quiet, f lag) (*region, *hw.Module, string) {
	out := make([]bool, len(m.Nodes)) // left out
	for {
		r := newRegion(m, c, fixed, f, out)
		if r.size() == 0 {
			return r, nil, "no node can run in it"
		}
		mod, no := newRewriter(r, q).module()
		if no == nil {
			return r, mod, ""
		}
		if no.node == hw.None || out[no.node] {
			return r, nil, no.why
		}
		out[no.node] = true
	}
}

// cost estimates the work of a cycle in lanes.
func cost(m *hw.Module) int {
	sum := 0
	for i := range m.Nodes {
		n := &m.Nodes[i]
		lanes := m.Lanes(n.Shape)
		switch {
		case n.Op == hw.OpDelay && delayOf(m, n).sloped(m):
			lanes *= scattered // each lane goes to a row of its own
		case n.Op.Kind() == hw.KindLeaf:
			lanes = 0
		}
		sum += lanes
	}
	return sum
}

// scattered is how many operations on lanes a delay costs whose lanes differ.
const scattered = 8

func (a lag) text(m *hw.Module) string {
	s := ""
	for i, c := range a.coef {
		switch {
		case c == 0:
			continue
		case c == 1:
			s += " + " + m.Axes[i].Name
		default:
			s += fmt.Sprintf(" + %d*%s", c, m.Axes[i].Name)
		}
	}
	if a.k != 0 {
		s += fmt.Sprintf(" + %d", a.k)
	}
	if s == "" {
		return "0"
	}
	return s[3:]
}

// quiet knows the state of rest: all inputs and registers at their first values.
type quiet struct {
	m *hw.Module
	e *eval.Machine
}

func newQuiet(m *hw.Module) (*quiet, error) {
	e, err := eval.New(m)
	if err != nil {
		return nil, err
	}
	e.Settle()
	return &quiet{m, e}, nil
}

// word is a node's value at rest, if that is the same in all lanes.
func (q *quiet) word(id hw.ID) (uint64, error) {
	v := q.e.Value(id)
	if slices.ContainsFunc(v, func(x uint64) bool { return x != v[0] }) {
		return 0, fmt.Errorf("%s differs by lane at rest", name(q.m, id))
	}
	return v[0], nil
}

// wants returns an error unless a node is v in all lanes at rest.
func (q *quiet) wants(id hw.ID, v uint64) error {
	if x, err := q.word(id); err != nil || x != v {
		return fmt.Errorf("%s is not at rest after a reset", name(q.m, id))
	}
	return nil
}

func name(m *hw.Module, id hw.ID) string {
	if n := m.Nodes[id].Name; n != "" {
		return n
	}
	return fmt.Sprintf("node %d (%s)", id, m.Nodes[id].Op)
}
