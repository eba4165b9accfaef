package llvm

import (
	"slices"

	"tpe/hw"
)

// Where registers live.
//
// The next value of a register goes, if at all possible, where it costs no copy:
//
//   - in place, when everything that reads the old value stands before the loop
//     that writes the new one, or reads its own lane in that loop;
//   - nowhere, when the next value is a register moved by one lane (a systolic hop):
//     then the buffer's address changes by one lane, and only the lanes at the edge
//     are written. After as many steps as the region has room, the words are moved
//     back. Old and new value share the memory, so the shift must be the last to
//     read the old one;
//   - where a buffer became free, with the addresses exchanged at the end of the
//     cycle: the buffer of a register that took over another's, or a spare one.
//
// The two registers of a result chain, d1 <= d0 of the cell above and d0 <= last ?
// sum : d1, thus need one loop that reads d1 and writes d0 in its place. Without
// moving and exchanging, with copies, an output-stationary array of 32x32 made 2.75
// instead of 5.0 Mcycles/s, one of 128x128 146 instead of 496 kcycles/s.

// claims are the shifts that are known before scheduling to end in one register
// and nowhere else; they stand at the end of the cycle.
type claims struct {
	late map[int]bool // shift nodes
	dead map[int]bool // stores that they make needless
}

// movesReg reports whether n is a register of the same shape moved by one lane.
func (p *program) movesReg(n *node) bool {
	if n.role != roleWire || n.op != hw.OpShift {
		return false
	}
	x := &p.nodes[n.args[0]]
	return x.role == roleReg && x.shape == n.shape && !p.shortRow(n)
}

// shortRow reports whether n is a shift of at most one vector of lanes along its only
// axis: moving the words in a register is less than keeping an address.
func (p *program) shortRow(n *node) bool {
	x := &p.nodes[n.args[0]]
	return n.op == hw.OpShift && x.shape == n.shape && len(n.shape.Axes()) == 1 && p.nodes[n.args[1]].shape == 0 &&
		vector(p.lanes(n.shape))*container(n.width) <= maxVectorBits/2 && p.lanes(n.shape) <= maxVector
}

// claimLate finds them.
func (p *program) claimLate() claims {
	c := claims{late: map[int]bool{}, dead: map[int]bool{}}
	users := make([][]int, len(p.nodes))
	for i := range p.nodes {
		for _, a := range p.nodes[i].args {
			users[a] = append(users[a], i)
		}
	}
	stolen := map[int]bool{}
	for i := range len(p.nodes) {
		if !p.movesReg(&p.nodes[i]) || len(users[i]) != 1 {
			continue
		}
		u, from := users[i][0], p.nodes[i].args[0]
		if p.nodes[u].role != roleStore || p.nodes[u].to != toReg || stolen[from] {
			continue
		}
		stolen[from], c.late[i], c.dead[u] = true, true, true
		args := slices.Clone(p.nodes[i].args)
		args[1] = p.steady(args[1])
		p.nodes[i].args = args
	}
	return c
}

// area says where a register's next value is.
type area uint8

const (
	areaSame  area = iota // where it was
	areaMoved             // in the same region at the moved address, written there
	areaTaken             // it is the moved value of register from: nothing is written
	areaFree              // written where register from was
	areaSpare             // written to spare buffer number from
)

type placing struct {
	area  area
	from  int
	moves bool // the address changes: kept in the state's header
}

// class are the buffers that can be exchanged.
type class struct {
	shape hw.Shape
	bytes int
}

// places is the result for all registers with axes.
type places struct {
	reg    []placing
	stolen map[int]int   // shift node: register whose buffer it moves
	spares []class       // per spare
	refill []int         // per spare: the register whose region it becomes
	slack  map[class]int // bytes that buffers can move
}

// place decides; it drops stores that became needless from the loops.
func (s *schedule) place() *places {
	p := s.p
	pl := &places{reg: make([]placing, len(p.m.Regs)), stolen: map[int]int{}, slack: map[class]int{}}
	store := make([]int, len(p.m.Regs))
	for i := range p.nodes {
		if n := &p.nodes[i]; n.role == roleStore && n.to == toReg {
			store[n.idx] = i
		}
	}
	mover, taken := s.steal(pl)
	var homeless []int
	keeps := make([]bool, len(p.m.Regs)) // the region is in use after the cycle
	for r := range p.m.Regs {
		q := p.of[p.m.Regs[r].Node]
		if p.nodes[q].shape == 0 {
			continue
		}
		g := s.pos[store[r]]
		sh, moved := mover[r]
		x := &pl.reg[r]
		switch from, ok := taken[r]; {
		case ok:
			x.area, x.from, x.moves = areaTaken, from, true
			keeps[from] = true
		case moved && !slices.Contains(values(taken), r) && s.readBy(sh, g) && s.pos[sh] < g:
			x.area, x.moves = areaMoved, true
			keeps[r] = true
		case !moved && s.readBy(q, g):
			keeps[r] = true
		default:
			homeless = append(homeless, r)
		}
	}
	s.house(pl, homeless, keeps, store, mover)
	for r := range p.m.Regs {
		q := p.of[p.m.Regs[r].Node]
		if p.nodes[q].shape == 0 {
			continue
		}
		switch x := &pl.reg[r]; x.area {
		case areaSame:
			s.below[store[r]] = q
		case areaMoved:
			s.below[store[r]] = mover[r]
		case areaFree:
			s.below[store[r]] = p.of[p.m.Regs[x.from].Node]
		}
	}
	return pl
}

func values(m map[int]int) []int {
	var list []int
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// readBy reports whether all that reads the buffer of node x stands at task g or
// before.
func (s *schedule) readBy(x, g int) bool {
	for _, u := range s.users[x] {
		if s.pos[u] > g {
			return false
		}
	}
	return true
}

// steal finds the shifts that move a register's buffer: mover is the shift by
// register, taken the source by the register that becomes the moved value.
func (s *schedule) steal(pl *places) (mover, taken map[int]int) {
	p := s.p
	mover, taken = map[int]int{}, map[int]int{}
	for t := range s.tasks {
		if s.tasks[t].rank != rankSteal && s.tasks[t].rank != rankLate {
			continue
		}
		sh := s.tasks[t].nodes[0]
		n := &p.nodes[sh]
		q, r := n.args[0], p.nodes[n.args[0]].idx
		if _, ok := mover[r]; ok {
			continue
		}
		free := true
		for _, u := range s.users[q] {
			free = free && (u == sh || s.pos[u] < t)
		}
		if !free {
			continue
		}
		mover[r] = sh
		pl.stolen[sh] = r
		c := class{n.shape, laneBytes(n.width)}
		delta := p.m.Stride(n.shape, n.g.Axis) * c.bytes
		pl.slack[c] = max(pl.slack[c], 16*delta, padded(p.lanes(n.shape))*c.bytes/2)
		for i := range p.nodes {
			u := &p.nodes[i]
			if u.role != roleStore || u.to != toReg || u.args[0] != sh {
				continue
			}
			if _, ok := taken[u.idx]; !ok {
				taken[u.idx] = r
				s.drop(i)
				break
			}
		}
	}
	return mover, taken
}

// drop removes a store from its loop.
func (s *schedule) drop(i int) {
	if t := s.pos[i]; s.live[i] && t >= 0 {
		s.tasks[t].nodes = slices.DeleteFunc(s.tasks[t].nodes, func(x int) bool { return x == i })
		s.live[i] = false
	}
}

// house finds buffers for the registers whose own cannot be written in time.
func (s *schedule) house(pl *places, homeless []int, keeps []bool, store []int, mover map[int]int) {
	p := s.p
	classOf := func(r int) class {
		n := &p.nodes[p.of[p.m.Regs[r].Node]]
		return class{n.shape, laneBytes(n.width)}
	}
	var free []int
	for r := range p.m.Regs {
		if p.nodes[p.of[p.m.Regs[r].Node]].shape != 0 && !keeps[r] {
			free = append(free, r)
			pl.reg[r].moves = true
		}
	}
	take := func(r int, fits func(k int) bool) (int, bool) {
		for i, k := range free {
			if classOf(k) == classOf(r) && fits(k) {
				free = slices.Delete(free, i, i+1)
				return k, true
			}
		}
		return 0, false
	}
	var late []int
	for _, r := range homeless {
		g := s.pos[store[r]]
		k, ok := take(r, func(k int) bool {
			_, moved := mover[k]
			return !moved && s.readBy(p.of[p.m.Regs[k].Node], g)
		})
		if !ok {
			late = append(late, r)
			continue
		}
		pl.reg[r] = placing{areaFree, k, true}
	}
	for _, r := range late {
		k, _ := take(r, func(int) bool { return true }) // as many as are needed are left
		pl.reg[r] = placing{areaSpare, len(pl.spares), true}
		pl.spares = append(pl.spares, classOf(r))
		pl.refill = append(pl.refill, k)
	}
	for r := range pl.reg {
		// A region that moves on its own or goes elsewhere has no fixed address.
		if _, ok := mover[r]; ok {
			pl.reg[r].moves = true
		}
	}
}
