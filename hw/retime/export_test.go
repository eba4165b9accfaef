package retime

import "tpe/hw"

// Anyway is LocalTime without the question whether it pays.
func Anyway(m *hw.Module) (Result, error) { return localTime(m, false) }

// Wrong makes the same rewrite with one wait too long by an edge, number k of the module's
// delays that are not there before; it is nil if there are fewer.
func Wrong(m *hw.Module, k int) *hw.Module {
	r, err := localTime(m, false)
	if err != nil || r.Nodes == 0 {
		return nil
	}
	out := *r.Module
	out.Nodes = append([]hw.Node(nil), out.Nodes...)
	for i := range out.Nodes {
		if n := &out.Nodes[i]; n.Op == hw.OpDelay {
			if k--; k < 0 {
				n.K++
				return &out
			}
		}
	}
	return nil
}
