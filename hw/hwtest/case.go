package hwtest

import (
	"fmt"

	"tpe/hw"
	"tpe/hw/eval"
)

// Case is a program with its stimulus.
type Case struct {
	Name   string       // unique in the suite: letters, digits, _ and /
	Top    *hw.Module   // may have instances
	Inputs [][][]uint64 // [cycle][input port][lane]
	Reset  []bool       // per cycle: is the edge that ends it under reset
}

// Cases returns the conformance suite, the same on every call.
func Cases() []Case {
	var list []Case
	list = append(list, laneCases()...)
	list = append(list, wireCases()...)
	list = append(list, stateCases()...)
	list = append(list, arrayCases()...)
	list = append(list, nameCases()...)
	list = append(list, randomCases()...)
	list = append(list, SkewedCases(4)...)
	list = append(list, crashers()...)
	return list
}

// Expect runs a case on the reference evaluator: the outputs of every cycle,
// sampled after Settle and before Step, and the failures of every assertion of
// the flattened module.
func Expect(c Case) (outs [][][]uint64, failures []uint64, err error) {
	flat, err := hw.Flatten(c.Top)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	m, err := eval.New(flat)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	outs, failures = play(c, flat, m)
	return outs, failures, nil
}

// play runs the stimulus of a case on a machine.
func play(c Case, flat *hw.Module, m hw.Machine) (outs [][][]uint64, failures []uint64) {
	for t, in := range c.Inputs {
		for p, lanes := range in {
			m.Set(p, lanes)
		}
		m.Settle()
		row := make([][]uint64, len(flat.Outputs))
		for p, port := range flat.Outputs {
			row[p] = make([]uint64, flat.Lanes(flat.Nodes[port.Node].Shape))
			for l := range row[p] {
				row[p][l] = unwritten
			}
			m.Get(p, row[p])
		}
		outs = append(outs, row)
		m.Step(c.Reset[t])
	}
	return outs, append([]uint64(nil), m.Failures()...)
}

// unwritten fills the buffers given to Get, so that a lane that a machine forgets
// is seen.
const unwritten = 0xdead_beef_dead_beef

// must builds a module of the suite; the suite itself is wrong if that fails.
func must(b *hw.Builder) *hw.Module {
	m, err := b.Build()
	if err != nil {
		panic("hwtest: " + err.Error())
	}
	return m
}
