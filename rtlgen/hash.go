package rtlgen

import (
	"crypto/sha256"
	"fmt"

	"tpe/hw"
)

// hash identifies a module by its content, the modules below it included. These
// have been emitted before.
func (d *design) hash(m *hw.Module) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %v\n", m.Name, m.Doc, m.Axes)
	for i := range m.Nodes {
		fmt.Fprintf(h, "%v\n", m.Nodes[i])
	}
	fmt.Fprintf(h, "%v %v %v %v %v %v\n", m.Inputs, m.Outputs, m.Regs, m.Mems, m.Roms, m.Asserts)
	for _, in := range m.Insts {
		fmt.Fprintf(h, "%s %s %d %v %v\n", in.Name, d.byModule[in.Mod].hash, in.Over, in.In, in.Out)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
