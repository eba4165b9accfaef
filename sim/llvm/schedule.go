package llvm

import (
	"cmp"
	"slices"

	"tpe/hw"
)

// A task is what the cycle does at one point: a loop over the lanes of one shape
// for several nodes, or one node that moves words between lanes or owns state.
//
// Nodes get levels such that a value crosses from one kind of task to another only
// upwards: lane nodes of one shape on one level make one loop, and single words need
// no task. First every node gets the least level, then the greatest: all that
// only the clock edge needs falls into the last level, which is what makes one big
// loop of a processing element and lets it write registers in place.
type task struct {
	shape hw.Shape // of a loop
	nodes []int    // of a loop: in evaluation order; otherwise one
	level int
	rank  int // order on one level
}

// schedule is a program's tasks in order.
type schedule struct {
	p      *program
	live   []bool
	level  []int
	users  [][]int
	tasks  []task
	pos    []int       // per node: the index of its task, or -1
	below  map[int]int // per store: the node whose value is in the memory that it writes
	kept   []bool      // per lane node: other tasks read it, so it has a buffer
	claim  claims
	moving bool  // registers may be moved: the program is a clock edge
	sorted []int // the live nodes by level, each after its operands
}

const (
	rankWire  = iota // moves between lanes, captures, pushes
	rankSteal        // shifts of a register
	rankLanes
	rankLate // shifts that only feed registers
	rankEnd  // memories
)

// ownTask reports whether a node has a task of its own.
func (n *node) ownTask() bool {
	return n.role == roleWire || n.role == roleSkew || n.role >= rolePush
}

// inLoop reports whether a node belongs to a loop over lanes.
func (n *node) inLoop() bool {
	return n.shape != 0 && (n.role == roleLane || n.role == roleStore)
}

// newSchedule orders the tasks of a program. roots are single words that are needed
// beside the sinks.
func newSchedule(p *program, roots []int, claim claims) *schedule {
	s := &schedule{p: p, claim: claim, moving: true, live: make([]bool, len(p.nodes)), level: make([]int, len(p.nodes)),
		users: make([][]int, len(p.nodes)), pos: make([]int, len(p.nodes)), kept: make([]bool, len(p.nodes)), below: map[int]int{}}
	for i := range p.nodes {
		s.live[i] = p.nodes[i].role.sink() && !claim.dead[i]
	}
	for _, r := range roots {
		s.live[r] = true
	}
	for sh := range claim.late {
		s.live[sh] = true
	}
	order := s.order()
	for _, i := range order {
		for _, a := range p.nodes[i].args {
			s.users[a] = append(s.users[a], i)
		}
	}
	s.levels(order)
	s.sorted = slices.Clone(order)
	slices.SortStableFunc(s.sorted, func(a, b int) int { return cmp.Compare(s.level[a], s.level[b]) })
	s.collect(order)
	return s
}

// order lists the live nodes so that each follows its operands. Broadcasts are
// made when first needed, which may be after nodes that use them were numbered.
func (s *schedule) order() []int {
	mark := make([]bool, len(s.p.nodes))
	var list []int
	var visit func(int)
	visit = func(i int) {
		if mark[i] {
			return
		}
		mark[i], s.live[i] = true, true
		for _, a := range s.p.nodes[i].args {
			visit(a)
		}
		list = append(list, i)
	}
	for i := range s.p.nodes {
		if s.live[i] {
			visit(i)
		}
	}
	return list
}

// step is how much higher a user must be than its operand.
func (s *schedule) step(a, user int) int {
	x, u := &s.p.nodes[a], &s.p.nodes[user]
	if x.role.source() {
		return 0
	}
	if !x.ownTask() && !u.ownTask() && x.shape == u.shape {
		return 0
	}
	return 1
}

func (s *schedule) levels(order []int) {
	top := 0
	for _, i := range order {
		for _, a := range s.p.nodes[i].args {
			s.level[i] = max(s.level[i], s.level[a]+s.step(a, i))
		}
		top = max(top, s.level[i])
	}
	late := slices.Clone(s.level)
	for _, i := range slices.Backward(order) {
		n := &s.p.nodes[i]
		if n.role.source() || n.role == roleCapture {
			continue // a result is read before registers change
		}
		late[i] = top
		for _, u := range s.users[i] {
			late[i] = min(late[i], late[u]-s.step(i, u))
		}
	}
	s.level = late
}

func (s *schedule) collect(order []int) {
	p := s.p
	type key struct {
		level int
		shape hw.Shape
	}
	loops := map[key]int{}
	for _, i := range order {
		n := &p.nodes[i]
		s.pos[i] = -1
		switch {
		case n.ownTask():
			s.tasks = append(s.tasks, task{nodes: []int{i}, level: s.level[i], rank: s.rank(i)})
		case n.inLoop():
			k := key{s.level[i], n.shape}
			t, ok := loops[k]
			if !ok {
				t = len(s.tasks)
				loops[k] = t
				s.tasks = append(s.tasks, task{shape: n.shape, level: k.level, rank: rankLanes})
			}
			s.tasks[t].nodes = append(s.tasks[t].nodes, i)
		}
	}
	slices.SortStableFunc(s.tasks, func(a, b task) int {
		late := func(t task) int { return max(t.rank, rankLanes) - rankLanes }
		// Of loops that need nothing of each other the greater comes first: it reads the
		// registers of a row or column before their own loop writes them in place.
		return cmp.Or(cmp.Compare(late(a), late(b)), cmp.Compare(a.level, b.level), cmp.Compare(a.rank, b.rank),
			cmp.Compare(p.lanes(b.shape), p.lanes(a.shape)))
	})
	for t := range s.tasks {
		for _, i := range s.tasks[t].nodes {
			s.pos[i] = t
		}
	}
	for _, i := range order {
		if n := &p.nodes[i]; n.inLoop() {
			for _, u := range s.users[i] {
				s.kept[i] = s.kept[i] || s.pos[u] != s.pos[i]
			}
		}
	}
}

func (s *schedule) rank(i int) int {
	n := &s.p.nodes[i]
	switch {
	case n.role == roleMem:
		return rankEnd
	case s.claim.late[i]:
		return rankLate
	case s.p.movesReg(n):
		return rankSteal
	}
	return rankWire
}
