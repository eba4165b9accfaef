package hw

// RegisterBits is the number of bits that a module holds in registers and delays, those of
// its instances not included; words of memories and their read registers are not counted.
func (m *Module) RegisterBits() int {
	bits := 0
	for _, r := range m.Regs {
		n := &m.Nodes[r.Node]
		bits += n.Width * m.Lanes(n.Shape)
	}
	for id := range m.Nodes {
		if n := &m.Nodes[id]; n.Op == OpDelay {
			for _, d := range m.Delays(ID(id)) {
				bits += n.Width * d
			}
		}
	}
	return bits
}
