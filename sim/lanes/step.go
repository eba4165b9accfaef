package lanes

import "unsafe"

// step is one call of a kernel with all that it needs. Assembly knows the
// offsets of the fields up to fn, and of dst2.
type step struct {
	code  uintptr        // 0: assembly kernel, or 0
	dst   unsafe.Pointer // 8
	a     unsafe.Pointer // 16
	b     unsafe.Pointer // 24
	c     unsafe.Pointer // 32
	e     unsafe.Pointer // 40
	n     int            // 48: lanes
	bytes int            // 56: bytes of the result
	mask  uint64         // 64: repeated over a word, as are imm and imm2 where they are words
	imm   uint64         // 72
	imm2  uint64         // 80
	fn    func(*step)    // 88: Go kernel, if code is 0
	x     *extra
	m     *Machine
	dst2  unsafe.Pointer // 112: the second result
}

// stretch is a run of steps of one kind.
type stretch struct {
	steps []step
	asm   bool
}

// maxStretch bounds the steps of one call into assembly, in which the
// goroutine cannot be preempted.
const maxStretch = 512

// stretches cuts a list of steps into runs.
func stretches(steps []step) []stretch {
	var out []stretch
	for i := 0; i < len(steps); {
		k := i
		for k < len(steps) && (steps[k].code != 0) == (steps[i].code != 0) && k-i < maxStretch {
			k++
		}
		out = append(out, stretch{steps[i:k:k], steps[i].code != 0})
		i = k
	}
	return out
}

func (s *step) run() {
	if s.code != 0 {
		runSteps(s, 1)
		return
	}
	s.fn(s)
}

func run(list []stretch) {
	for i := range list {
		s := &list[i]
		if s.asm {
			runSteps(&s.steps[0], len(s.steps))
			continue
		}
		for k := range s.steps {
			s.steps[k].fn(&s.steps[k])
		}
	}
}
