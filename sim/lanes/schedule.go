package lanes

import "tpe/hw"

// unit is a group of operations that run together: instructions of the scalar
// program, a region of lane operations of one shape, or one whole operation.
type unit struct {
	form  form // word, lane (a region) or whole
	shape hw.Shape
	ops   []int
}

// schedule orders the operations into units. Small things go first, so that by
// the time a large shape has its turn, as much of it as possible is ready and
// makes one region.
func (l *lowering) schedule() []unit {
	s := scheduler{l: l, def: make([]int, len(l.values)), done: make([]bool, len(l.ops))}
	for i := range s.def {
		s.def[i] = -1
	}
	for i := range l.ops {
		if !l.ops[i].dead {
			for _, d := range l.ops[i].results() {
				s.def[d] = i
			}
			s.left = append(s.left, i)
		}
	}
	var units []unit
	for len(s.left) > 0 {
		u := s.words()
		if len(u.ops) == 0 {
			u = s.region()
		}
		units = append(units, u)
		rest := s.left[:0]
		for _, i := range s.left {
			if !s.done[i] {
				rest = append(rest, i)
			}
		}
		s.left = rest
	}
	return units
}

type scheduler struct {
	l    *lowering
	def  []int // per value: the operation that computes it, or -1
	done []bool
	left []int // what is not done, in evaluation order
}

func (s *scheduler) ready(o *operation) bool {
	for _, a := range o.args() {
		if d := s.def[a]; d >= 0 && !s.done[d] {
			return false
		}
	}
	return true
}

// words takes all words that can be computed now.
func (s *scheduler) words() unit {
	u := unit{form: word}
	for again := true; again; {
		again = false
		for _, i := range s.left {
			if o := &s.l.ops[i]; o.form == word && !s.done[i] && s.ready(o) {
				s.done[i], again = true, true
				u.ops = append(u.ops, i)
			}
		}
	}
	return u
}

// region takes the smallest ready whole operation, or the region of the
// smallest shape that has a ready operation.
func (s *scheduler) region() unit {
	best, lanes := -1, 0
	for _, i := range s.left {
		o := &s.l.ops[i]
		n := s.l.values[o.dst].lanes
		if (best < 0 || n < lanes || (n == lanes && o.form == whole && s.l.ops[best].form != whole)) && o.form != word && s.ready(o) {
			best, lanes = i, n
		}
	}
	if best < 0 {
		panic("lanes: operations depend on each other in a circle")
	}
	first := &s.l.ops[best]
	if first.form == whole {
		s.done[best] = true
		return unit{form: whole, ops: []int{best}}
	}
	u := unit{form: lane, shape: s.l.values[first.dst].shape}
	inside := map[int]bool{}
	for again := true; again; {
		again = false
		for _, i := range s.left {
			o := &s.l.ops[i]
			if inside[i] || (o.form != lane && o.form != near) || s.l.values[o.dst].shape != u.shape {
				continue
			}
			ok := true
			for k, a := range o.args() {
				d := s.def[a]
				local := d >= 0 && inside[d] && !(o.form == near && k < 2)
				ok = ok && (d < 0 || s.done[d] || local)
			}
			if ok {
				inside[i], again = true, true
				u.ops = append(u.ops, i)
			}
		}
	}
	for _, i := range u.ops {
		s.done[i] = true
	}
	return u
}
