package sweep

import (
	"math"
	"math/rand/v2"
	"slices"

	"tpe/sweep/search"
)

// chooser says which points are evaluated. Its choices follow from the plan and from what it
// is told, so that a resumed sweep makes them again.
type chooser interface {
	// next lists points to be evaluated together; none when done. Points that conditions
	// exclude may be among them.
	next() []uint64
	// tell gives the outcome of the points of next, in that order: nil for a point that
	// conditions exclude.
	tell(rows []*Row)
	// listens reports whether tell needs results, also of points that were evaluated before.
	listens() bool
	// total is the number of points in all.
	total() uint64
}

// Decode is the point at a place of the unit cube: the engine by the first coordinate, each of
// the space's axes by one of the others.
func (s *Space) Decode(u []float64) uint64 {
	e := int(u[0] * float64(len(s.Engines)))
	axes := s.Engines[e].Axes
	levels := make([]int, len(axes))
	for i, a := range axes {
		j := slices.IndexFunc(s.Axes, func(x Axis) bool { return x.Key == a.Key })
		levels[i] = int(u[1+j] * float64(len(a.Values)))
	}
	return s.Of(e, levels)
}

// Dims is the number of coordinates of [Space.Decode].
func (s *Space) Dims() int { return 1 + len(s.Axes) }

// chooser makes that of the space's method.
func (s *Space) chooser() chooser {
	m := s.Method
	switch m.Kind {
	case Random:
		return &listed{size: s.size, draw: s.drawer(search.Uniform), want: m.Points}
	case LHS:
		return &listed{size: s.size, draw: s.drawer(search.LatinHypercube), want: m.Points}
	case Halton:
		return &listed{size: s.size, draw: s.drawer(search.Halton), want: m.Points}
	case NSGA2:
		return &evolving{s: s, nsga: search.NewNSGA(s.Dims(), m.Population, m.Seed), seen: NewSet()}
	case GP:
		return &proposing{s: s, gp: search.NewGP(s.Dims(), m.Seed), rng: rand.New(rand.NewPCG(m.Seed, 0x70726f)), seen: NewSet()}
	}
	return &counting{size: s.size}
}

// counting visits all points in order.
type counting struct{ at, size uint64 }

// block is the number of points that are given out together.
const block = 4096

func (c *counting) next() []uint64 {
	var list []uint64
	for ; c.at < c.size && len(list) < block; c.at++ {
		list = append(list, c.at)
	}
	return list
}

func (c *counting) tell([]*Row)   {}
func (c *counting) listens() bool { return false }
func (c *counting) total() uint64 { return c.size }

func (s *Space) drawer(f func(n, dims int, seed uint64) [][]float64) func(n int, seed uint64) []uint64 {
	return func(n int, seed uint64) []uint64 {
		var list []uint64
		for _, u := range f(n, s.Dims(), s.Method.Seed+seed) {
			list = append(list, s.Decode(u))
		}
		return list
	}
}

// listed visits different points of a sample. What conditions exclude, and what was drawn
// twice, is replaced by further draws.
type listed struct {
	size uint64
	draw func(n int, seed uint64) []uint64
	want int
	seed uint64
	got  int
	dry  int // draws in a row without a new point
	seen *Set
}

func (l *listed) next() []uint64 {
	if l.seen == nil {
		l.seen = NewSet()
	}
	for l.got < l.want && uint64(l.seen.Len()) < l.size && l.dry < 64 {
		var list []uint64
		for _, i := range l.draw(min(l.want-l.got, block), l.seed) {
			if l.seen.Add(i) {
				list = append(list, i)
			}
		}
		l.seed++
		if len(list) > 0 {
			l.dry = 0
			return list
		}
		l.dry++
	}
	return nil
}

func (l *listed) tell(rows []*Row) {
	for _, r := range rows {
		if r != nil {
			l.got++
		}
	}
}

func (l *listed) listens() bool { return false }

func (l *listed) total() uint64 { return min(uint64(l.want), l.size) }

// outcome is what a search knows of a point.
type outcome struct {
	objective []float64
	violation float64
}

// outcomeOf gives the objectives of a row, all to be minimised, by logarithm where they are
// positive, and how far it is from being allowed: infinite if it has no result.
func (s *Space) outcomeOf(r *Row) *outcome {
	o := &outcome{objective: make([]float64, len(s.Objectives))}
	if r == nil || r.Status != StatusOK {
		o.violation = math.Inf(1)
		return o
	}
	t := together(r.Results)
	for i, x := range s.Objectives {
		m, _ := metricOf(x.Metric)
		v := m.Value(&t)
		if x.AtLeast != nil {
			o.violation += math.Max(0, (*x.AtLeast-v)/math.Max(math.Abs(*x.AtLeast), 1e-300))
		}
		if x.AtMost != nil {
			o.violation += math.Max(0, (v-*x.AtMost)/math.Max(math.Abs(*x.AtMost), 1e-300))
		}
		if v = math.Log(math.Max(v, 1e-300)); x.Maximise {
			v = -v
		}
		o.objective[i] = v
	}
	return o
}

// evolving is NSGA-II. Points that were met before are not evaluated again.
type evolving struct {
	s     *Space
	nsga  *search.NSGA
	asked [][]float64
	fresh []uint64
	seen  *Set
	count int
	idle  int // generations in a row without a new point
}

func (e *evolving) next() []uint64 {
	for e.count < e.s.Method.Points && uint64(e.seen.Len()) < e.s.size && e.idle < 100 {
		e.asked, e.fresh = nil, nil
		for _, u := range e.nsga.Ask() {
			// A child that is there already moves on to a place of its own.
			for try := 0; try < 8 && e.seen.Has(e.s.Decode(u)); try++ {
				u = e.nsga.Neighbour(u)
			}
			if i := e.s.Decode(u); e.count+len(e.fresh) < e.s.Method.Points && e.seen.Add(i) {
				e.asked, e.fresh = append(e.asked, u), append(e.fresh, i)
			}
		}
		if len(e.fresh) > 0 {
			e.idle = 0
			return e.fresh
		}
		e.idle++
	}
	return nil
}

func (e *evolving) tell(rows []*Row) {
	var y [][]float64
	var violation []float64
	for _, r := range rows {
		o := e.s.outcomeOf(r)
		y, violation = append(y, o.objective), append(violation, o.violation)
		if r != nil {
			e.count++
		}
	}
	e.nsga.Tell(e.asked, y, violation)
}

func (e *evolving) listens() bool { return true }

func (e *evolving) total() uint64 { return min(uint64(e.s.Method.Points), e.s.size) }

// proposing is the Gaussian process. Points without a result are not told.
type proposing struct {
	s     *Space
	gp    *search.GP
	rng   *rand.Rand
	asked [][]float64
	seen  *Set
	count int
	idle  int
}

// proposals is the number of points that are proposed at a time.
const proposals = 8

func (p *proposing) next() []uint64 {
	for p.count < p.s.Method.Points && uint64(p.seen.Len()) < p.s.size && p.idle < 100 {
		p.asked = nil
		var list []uint64
		for _, u := range p.gp.Ask(max(proposals, 2*p.s.Dims())) {
			for try := 0; try < 8 && p.seen.Has(p.s.Decode(u)); try++ {
				u[p.rng.IntN(len(u))] = p.rng.Float64()
			}
			if i := p.s.Decode(u); p.count+len(list) < p.s.Method.Points && p.seen.Add(i) {
				p.asked, list = append(p.asked, u), append(list, i)
			}
		}
		if len(list) > 0 {
			p.idle = 0
			return list
		}
		p.idle++
	}
	return nil
}

func (p *proposing) tell(rows []*Row) {
	var x, y [][]float64
	for i, r := range rows {
		if r != nil {
			p.count++
		}
		if o := p.s.outcomeOf(r); o.violation == 0 {
			x, y = append(x, p.asked[i]), append(y, o.objective)
		}
	}
	if len(x) > 0 {
		p.gp.Tell(x, y)
	}
}

func (p *proposing) listens() bool { return true }

func (p *proposing) total() uint64 { return min(uint64(p.s.Method.Points), p.s.size) }
