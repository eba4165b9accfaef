package lanes

import (
	"math/rand/v2"
	"strconv"

	"tpe/hw"
)

// source hands out the bytes of a fuzz input, then zeros.
type source struct {
	data []byte
	at   int
}

func (s *source) n(limit int) int {
	if s.at >= len(s.data) {
		return 0
	}
	s.at++
	return int(s.data[s.at-1]) % limit
}

func (s *source) word(w int) uint64 {
	var v uint64
	for range (w + 7) / 8 {
		v = v<<8 | uint64(s.n(256))
	}
	return v & hw.Mask(w)
}

// laneOps are the operators that randomModule draws from by arity.
var laneOps = []hw.Op{
	hw.OpNot, hw.OpAnd, hw.OpOr, hw.OpXor, hw.OpXor3, hw.OpMaj, hw.OpCsaC, hw.OpNeg, hw.OpAdd, hw.OpSub, hw.OpMulU, hw.OpMulS, hw.OpMulSU,
	hw.OpUMin, hw.OpUMax, hw.OpSMin, hw.OpSMax, hw.OpBooth4, hw.OpEq, hw.OpNe, hw.OpULt, hw.OpULe, hw.OpSLt, hw.OpSLe, hw.OpMux, hw.OpRom,
	hw.OpZext, hw.OpSext, hw.OpSlice, hw.OpCat, hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl,
	hw.OpRedAnd, hw.OpRedOr, hw.OpRedXor, hw.OpPopcount, hw.OpFfs, hw.OpClz,
}

type maker struct {
	*source
	b    *hw.Builder
	pool []hw.ID
	axes int
	size []int
	roms int
}

// randomModule builds a legal module from any bytes: operands are coerced to what
// their operator wants.
func randomModule(data []byte) (*hw.Module, error) {
	m := &maker{source: &source{data: data}, b: hw.New("random", "")}
	sizes := []int{1, 2, 3, 5, 7, 8, 64, 33, 70, 4}
	m.axes = 1 + m.n(3)
	for i := range m.axes {
		size := sizes[m.n(len(sizes))]
		if i == 2 {
			size = min(size, 5)
		}
		m.size = append(m.size, size)
		m.b.Axis(string(rune('r'+i)), size)
	}
	widths := []int{1, 8, 32, 16, 64, 1, 5, 7, 9, 13, 17, 31, 33, 48, 63, 2, 3}
	width := func() int { return widths[m.n(len(widths))] }
	for i := range 2 + m.n(3) {
		m.put(m.b.In("in"+string(rune('a'+i))+"_i", width(), m.shape()...))
	}
	var regs []hw.ID
	for i := range m.n(5) {
		w := width()
		r := m.b.Reg("reg"+string(rune('a'+i)), w, m.word(w), m.shape()...)
		regs = append(regs, r)
		m.put(r)
	}
	var mem hw.ID = hw.None
	memWidth := width()
	if m.n(3) == 1 {
		mem = m.b.Mem("mem", memWidth, 1+m.n(9), m.n(2) == 1, m.shape()...)
		m.put(mem)
	}
	for range 3 + m.n(40) {
		m.put(m.step(width))
	}
	for _, r := range regs {
		m.b.Next(r, m.fit(m.pick(), m.b.Width(r), m.b.ShapeOf(r)))
	}
	if mem != hw.None {
		s := m.b.ShapeOf(mem)
		m.b.SetMem(mem, hw.MemPorts{WEn: m.fit(m.pick(), 1, s), WAddr: m.fit(m.pick(), 1+m.n(5), s), WData: m.fit(m.pick(), memWidth, s), RAddr: m.fit(m.pick(), 1+m.n(5), s)})
	}
	m.b.Assert("always", m.fit(m.pick(), 1, ^hw.Shape(0)))
	n := 0
	for i := len(m.pool) - 1; i >= 0 && n < 8; i -= 1 + m.n(3) {
		m.b.Out("out"+string(rune('a'+n))+"_o", m.pool[i])
		n++
	}
	mod, err := m.b.Build()
	if err != nil {
		return nil, err
	}
	return hw.Flatten(mod)
}

func (m *maker) put(x hw.ID) {
	if x != hw.None {
		m.pool = append(m.pool, x)
	}
}

func (m *maker) pick() hw.ID { return m.pool[len(m.pool)-1-m.n(len(m.pool))] }

func (m *maker) shape() []int {
	bits := m.n(1 << m.axes)
	return hw.Shape(bits).Axes()
}

// fit coerces x to a width and to axes within a shape.
func (m *maker) fit(x hw.ID, width int, within hw.Shape) hw.ID {
	for a := range m.axes {
		if m.b.ShapeOf(x).Has(a) && !within.Has(a) {
			x = m.b.Index(a, m.n(m.size[a]), x)
		}
	}
	w := m.b.Width(x)
	switch {
	case w < width && m.n(2) == 0:
		return m.b.Zext(width, x)
	case w < width:
		return m.b.Sext(width, x)
	case w > width:
		return m.b.Slice(x, m.n(w-width+1), width)
	}
	return x
}

func (m *maker) step(width func() int) hw.ID {
	b, x := m.b, m.pick()
	all := ^hw.Shape(0)
	switch m.n(10) {
	case 0:
		return b.Const(b.Width(x), m.word(b.Width(x)))
	case 1, 2:
		return m.wire(x)
	case 3:
		if m.n(2) == 0 || b.ShapeOf(x) == 0 {
			return b.Delay(x, m.n(6))
		}
		a := b.ShapeOf(x).Axes()[0]
		if m.n(2) == 0 {
			return b.Skew(x, m.n(3), a, 1)
		}
		return b.Skew(x, m.size[a]-1, a, -1)
	}
	op := laneOps[m.n(len(laneOps))]
	w := b.Width(x)
	switch op {
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		y := m.pick()
		return b.OpW(op, 1+m.n(min(64, w+b.Width(y))), x, y)
	case hw.OpBooth4:
		return b.OpW(op, width(), x, m.fit(m.pick(), 3, all))
	case hw.OpMux:
		return b.Mux(m.fit(m.pick(), 1, all), x, m.fit(m.pick(), w, all))
	case hw.OpRom:
		table := make([]uint64, 1+m.n(70))
		rw := width()
		for i := range table {
			table[i] = m.word(rw)
		}
		m.roms++
		return b.Rom("rom"+strconv.Itoa(m.roms), rw, table, x)
	case hw.OpZext, hw.OpSext:
		return b.OpW(op, w+m.n(65-w), x)
	case hw.OpSlice:
		lo := m.n(w)
		return b.Slice(x, lo, 1+m.n(w-lo))
	case hw.OpCat:
		y := m.pick()
		if w+b.Width(y) > 64 {
			return hw.None
		}
		return b.Cat(x, y)
	case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl:
		return b.Op(op, x, m.pick())
	}
	args := []hw.ID{x}
	for len(args) < hw.Ops[op].Arity {
		args = append(args, m.fit(m.pick(), w, all))
	}
	return b.Op(op, args...)
}

func (m *maker) wire(x hw.ID) hw.ID {
	b, s := m.b, m.b.ShapeOf(x)
	if s == 0 {
		return b.Bcast(x, m.shape()...)
	}
	axes := s.Axes()
	a := axes[m.n(len(axes))]
	without := ^hw.Shape(0).With(a)
	dir := 1 - 2*m.n(2)
	switch m.n(8) {
	case 0, 1:
		return b.Shift(a, dir, x, m.fit(m.pick(), b.Width(x), without))
	case 2:
		return b.Rotate(a, dir, x)
	case 3:
		return b.Select(a, x, m.fit(m.pick(), 1+m.n(8), without))
	case 4:
		return b.Reduce(a, hw.ReduceOps[m.n(len(hw.ReduceOps))], x)
	case 5:
		if m.size[a] > 64 {
			return hw.None
		}
		return b.Pack(a, m.fit(x, 1, s))
	case 6:
		for t := range m.axes {
			if !s.Has(t) {
				return b.Stride(a, t, m.n(3), 1+m.n(3), x, m.fit(m.pick(), b.Width(x), without.Without(t)))
			}
		}
	}
	return b.Index(a, m.n(m.size[a]), x)
}

// randomBytes is a fuzz input made from a seed.
func randomBytes(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(rng.Uint32())
	}
	return out
}
