package netlist

import (
	"bytes"
	"fmt"
)

// Verilog writes the netlist as structural Verilog for other tools: ports as they are,
// nets n<number>, cells u<number>, blocks left out. [Netlist.Nets] has the names of the
// nets in the source.
func (n *Netlist) Verilog() []byte {
	var b, body bytes.Buffer
	fmt.Fprintf(&b, "module %s (", n.Name)
	sep := "\n  "
	for _, p := range n.Inputs {
		fmt.Fprintf(&b, "%sinput [%d:0] %s", sep, len(p.Nets)-1, p.Name)
		for i, net := range p.Nets {
			fmt.Fprintf(&body, "assign n%d = %s[%d];\n", net, p.Name, i)
		}
		sep = ",\n  "
	}
	for _, p := range n.Outputs {
		fmt.Fprintf(&b, "%soutput [%d:0] %s", sep, len(p.Nets)-1, p.Name)
		for i, net := range p.Nets {
			fmt.Fprintf(&body, "assign %s[%d] = %s;\n", p.Name, i, wire(net))
		}
		sep = ",\n  "
	}
	b.WriteString("\n);\n")
	for net := 2; net < len(n.Nets); net++ {
		fmt.Fprintf(&b, "wire n%d;\n", net)
	}
	b.Write(body.Bytes())
	for i := range n.Cells {
		c := &n.Cells[i]
		fmt.Fprintf(&b, "%s u%d (", c.Kind.Name, i)
		sep = ""
		for k, p := range c.Kind.Pins {
			if c.Pins[k] >= 0 {
				fmt.Fprintf(&b, "%s.%s(%s)", sep, p.Name, wire(c.Pins[k]))
				sep = ", "
			}
		}
		b.WriteString(");\n")
	}
	b.WriteString("endmodule\n")
	return b.Bytes()
}

func wire(net int) string {
	if net == Const0 || net == Const1 {
		return fmt.Sprintf("1'b%d", net)
	}
	return fmt.Sprintf("n%d", net)
}
