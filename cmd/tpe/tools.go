package main

import "tpe/internal/tool"

// foundTools lists the external programs and their versions, or that they are
// missing.
func foundTools() [][2]string {
	var out [][2]string
	for _, name := range []string{tool.Verilator, tool.Icarus, tool.Yosys, tool.Clang, tool.STA} {
		t, err := tool.Find(name)
		if err != nil {
			out = append(out, [2]string{name, err.Error()})
			continue
		}
		out = append(out, [2]string{name, t.Version})
	}
	return out
}
