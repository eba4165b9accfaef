package arch

import (
	"fmt"

	"tpe/hw"
)

// This file lets a column skip groups without digits (empty: skip).

// occupancy keeps, for both halves of the code store and each weight, a bit for each group:
// it has a digit that is not zero.
func (s *columnCtlBuilder) occupancy() {
	b := s.b
	s.plane = b.Axis("plane", s.top+1)
	axes := append([]int{s.plane}, s.lanes...)
	n := s.c.chunkGroups()
	write, clear, at := b.In("code_write_i", 1), b.In("code_first_i", 1), b.In("code_at_i", 1+s.gw)
	some := b.In("code_nonzero_i", 1, axes...)
	mark := b.Mux(some, b.Shl(b.Const(n, 1), b.Slice(at, 0, s.gw)), b.Const(n, 0))
	for h := range s.groupsOf {
		q := b.Reg(fmt.Sprintf("groups%d_q", h), n, 0, axes...)
		b.NextIf(q, b.And(write, b.Eq(b.Bit(at, s.gw), b.Const(1, uint64(h)))), b.Or(mark, b.Mux(clear, b.Const(n, 0), q)))
		s.groupsOf[h] = q
	}
	s.readHalf = b.In("read_half_i", 1)
}

// groupsAt are the groups with digits of a weight.
func (s *columnCtlBuilder) groupsAt(weight hw.ID) hw.ID {
	return s.b.Select(s.plane, s.b.Mux(s.readHalf, s.groupsOf[1], s.groupsOf[0]), weight)
}

// skip is the next group of the weight that has a digit; last: there is none.
func (s *columnCtlBuilder) skip(weight, group hw.ID) (after, last hw.ID) {
	b, n := s.b, s.c.chunkGroups()
	above := b.Shl(b.Const(n, hw.Mask(n)), b.Add(b.Zext(s.gw+1, group), b.Const(s.gw+1, 1)))
	later := b.Named("later", b.And(s.groupsAt(weight), above))
	return s.lowestGroup(later), isZero(b, later)
}

// firstGroup is the group with which a pass begins: the first with a digit, or group 0.
func (s *columnCtlBuilder) firstGroup(start, weightAfter hw.ID) hw.ID {
	b := s.b
	pass := b.Mux(start, b.Const(b.Width(weightAfter), 0), weightAfter)
	return s.lowestGroup(b.Named("groups_of_pass", s.groupsAt(pass)))
}

// lowestGroup is the index of the lowest one, 0 if there is none.
func (s *columnCtlBuilder) lowestGroup(x hw.ID) hw.ID {
	b := s.b
	at := b.Ffs(x)
	return b.Mux(isZero(b, x), b.Const(s.gw, 0), b.Slice(b.Zext(max(s.gw, b.Width(at)), at), 0, s.gw))
}
