package lanes

import "unsafe"

// memPorts are the addresses of a memory's operands and of its next read data.
type memPorts struct {
	in [4]unsafe.Pointer // write enable, write address, write data, read address
	q  unsafe.Pointer
}

// step is the clock edge of a memory.
func (m *memory) step(p *memPorts) {
	if m.shared {
		m.rows(p)
		return
	}
	switch m.size {
	case 1:
		memLanes[uint8](m, p)
	case 2:
		memLanes[uint16](m, p)
	case 4:
		memLanes[uint32](m, p)
	default:
		memLanes[uint64](m, p)
	}
}

// rows is the clock edge of a memory whose lanes share their addresses.
func (m *memory) rows(p *memPorts) {
	wen, wa, ra := *(*uint64)(p.in[0]) != 0, *(*uint64)(p.in[1]), *(*uint64)(p.in[3])
	bytes := m.lanes * m.size
	words := unsafe.Slice((*byte)(m.words), m.depth*bytes)
	q, data := unsafe.Slice((*byte)(p.q), bytes), unsafe.Slice((*byte)(p.in[2]), bytes)
	wen = wen && wa < uint64(m.depth)
	switch {
	case ra >= uint64(m.depth):
		clear(q)
	case wen && m.forward && ra == wa:
		copy(q, data)
	default:
		copy(q, words[int(ra)*bytes:])
	}
	if wen {
		copy(words[int(wa)*bytes:], data)
	}
}

// memLanes is the clock edge of a memory in which every lane has its own addresses.
func memLanes[T lanewords](m *memory, p *memPorts) {
	switch {
	case m.sizes[0] != 1 || m.sizes[1] != m.sizes[3]:
		memAny[T](m, p)
	case m.sizes[1] == 1:
		memSame[T, uint8](m, p)
	case m.sizes[1] == 2:
		memSame[T, uint16](m, p)
	default:
		memAny[T](m, p)
	}
}

// memSame is memLanes for addresses of one size.
func memSame[T, A lanewords](m *memory, p *memPorts) {
	words := vec[T](m.words, m.depth*m.lanes)
	q, data := vec[T](p.q, m.lanes), vec[T](p.in[2], m.lanes)
	wen, waddr, raddr := vec[uint8](p.in[0], m.lanes), vec[A](p.in[1], m.lanes), vec[A](p.in[3], m.lanes)
	for i := range q {
		word := words[i*m.depth : (i+1)*m.depth]
		wa, ra := int(waddr[i]), int(raddr[i])
		var x T
		if ra < len(word) {
			x = word[ra]
		}
		if wen[i] != 0 && wa < len(word) {
			word[wa] = data[i]
			if m.forward && ra == wa {
				x = data[i]
			}
		}
		q[i] = x
	}
}

// memAny is memLanes for ports of any sizes.
func memAny[T lanewords](m *memory, p *memPorts) {
	words := vec[T](m.words, m.depth*m.lanes)
	q, data := vec[T](p.q, m.lanes), vec[T](p.in[2], m.lanes)
	for i := range q {
		word := words[i*m.depth : (i+1)*m.depth]
		wen, wa, ra := get(p.in[0], m.sizes[0], i) != 0, get(p.in[1], m.sizes[1], i), get(p.in[3], m.sizes[3], i)
		q[i] = 0
		if ra < uint64(len(word)) {
			q[i] = word[ra]
		}
		if wen && wa < uint64(len(word)) {
			word[wa] = data[i]
			if m.forward && ra == wa {
				q[i] = data[i]
			}
		}
	}
}
