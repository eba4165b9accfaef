package arch

import (
	"strings"

	"tpe/hw"
)

// PEModule is the processing element of an engine: the first module whose name begins with
// "pe_", or where there is none the module that the top places over axes and that holds
// the most registers in all its places.
func (e *Engine) PEModule() *hw.Module {
	for _, m := range e.Top.Modules() {
		if strings.HasPrefix(m.Name, "pe_") {
			return m
		}
	}
	var most *hw.Module
	held := 0
	for i := range e.Top.Insts {
		in := &e.Top.Insts[i]
		if n := e.Top.Lanes(in.Over) * in.Mod.RegisterBits(); in.Over != 0 && n > held {
			most, held = in.Mod, n
		}
	}
	return most
}

// PERegisters counts the register bits of one processing element with all that it holds;
// 0 if the engine has none of its own.
func (e *Engine) PERegisters() (int, error) {
	m := e.PEModule()
	if m == nil {
		return 0, nil
	}
	flat, err := hw.Flatten(m)
	if err != nil {
		return 0, err
	}
	return flat.RegisterBits(), nil
}
