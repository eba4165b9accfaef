package lanes

import "unsafe"

// memory is a synchronous memory. If all lanes share their addresses and write enable, its
// words are stored address by address, so that a row is one copy. Otherwise they are stored
// lane by lane, and only once for lanes that are written alike and differ in what they read.
type memory struct {
	q        val // current value of the read data
	port     [4]val
	depth    int
	forward  bool
	shared   bool
	size     int
	lanes    int     // that are read
	together bool    // not shared: written with one enable and one address
	written  int     // lanes that are written; those of the ports but the read address
	first    []int32 // not shared: per lane, its word of address 0
	words    unsafe.Pointer
	sizes    [4]int
}

// memPorts are the addresses of a memory's operands and of its next read data.
type memPorts struct {
	in   [4]unsafe.Pointer // write enable, write address, write data, read address
	q    unsafe.Pointer
	read step // not shared: the choice of the words
}

// step is the clock edge of a memory.
func (m *memory) step(p *memPorts) {
	if m.shared {
		m.rows(p)
		return
	}
	if !m.forward {
		p.read.run()
	}
	switch m.size {
	case 1:
		write[uint8](m, p)
	case 2:
		write[uint16](m, p)
	case 4:
		write[uint32](m, p)
	default:
		write[uint64](m, p)
	}
	if m.forward {
		p.read.run()
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

// write writes a word in every lane that wants it.
func write[T lanewords](m *memory, p *memPorts) {
	words, data := vec[T](m.words, m.depth*m.written), vec[T](p.in[2], m.written)
	if m.together { // one enable and one address
		if wa := *(*uint64)(p.in[1]); *(*uint64)(p.in[0]) != 0 && wa < uint64(m.depth) {
			for i, x := range data {
				words[i*m.depth+int(wa)] = x
			}
		}
		return
	}
	enables := vec[uint8](p.in[0], m.written)
	for i := 0; i < len(data); i++ {
		if i%8 == 0 && i+8 <= len(data) && *(*uint64)(unsafe.Pointer(&enables[i])) == 0 {
			i += 7
			continue
		}
		if wa := get(p.in[1], m.sizes[1], i); get(p.in[0], m.sizes[0], i) != 0 && wa < uint64(m.depth) {
			words[i*m.depth+int(wa)] = data[i]
		}
	}
}
