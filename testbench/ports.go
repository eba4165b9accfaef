package testbench

import (
	"fmt"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/rtlgen"
)

// field is a data port of a stream as Verilog has it: lanes words of width bits,
// side by side, lane 0 lowest.
type field struct {
	port  string
	width int
	lanes int
	bytes int // of a word in a beat
}

// bits is the number of bits of the port.
func (f field) bits() int { return f.width * f.lanes }

// stream is a valid/ready stream by the names of its ports.
type stream struct {
	name      string
	valid     string
	ready     string
	fields    []field
	beatBytes int
}

// bits is the number of bits of all data ports together.
func (s stream) bits() int {
	n := 0
	for _, f := range s.fields {
		n += f.bits()
	}
	return n
}

// design is what a simulator needs: the Verilog and the ports of its top module.
type design struct {
	top     string
	clocked bool
	files   []rtlgen.File
	inputs  []string // names of all input ports in Verilog
	outputs []string
	in      []stream
	out     stream
	idle    []rtlgen.Port // inputs that belong to no stream; they stay 0
	status  []rtlgen.Port // outputs that belong to no stream; they are not read
}

// newDesign emits a module and finds its streams.
func newDesign(top *hw.Module) (*design, error) {
	ports, err := drive.PortsOf(top)
	if err != nil {
		return nil, err
	}
	out, err := rtlgen.Emit(top, rtlgen.Options{})
	if err != nil {
		return nil, err
	}
	return bind(ports, out)
}

// bind matches the streams of a module with the ports of its Verilog.
func bind(ports drive.Ports, out *rtlgen.Output) (*design, error) {
	d := &design{top: out.Top, clocked: out.Clocked, files: out.Files}
	for _, p := range out.Inputs {
		d.inputs = append(d.inputs, p.Name)
	}
	for _, p := range out.Outputs {
		d.outputs = append(d.outputs, p.Name)
	}
	usedIn, usedOut := make([]bool, len(out.Inputs)), make([]bool, len(out.Outputs))
	one := func(p rtlgen.Port) error {
		if p.Verilog != 1 {
			return fmt.Errorf("testbench: port %s of %s has %d bits (expected 1)", p.Name, out.Top, p.Verilog)
		}
		return nil
	}
	convert := func(s drive.Stream, same, other []rtlgen.Port, usedSame, usedOther []bool) (stream, error) {
		t := stream{name: s.Name, valid: same[s.Valid].Name, ready: other[s.Ready].Name, beatBytes: s.BeatBytes}
		usedSame[s.Valid], usedOther[s.Ready] = true, true
		for _, f := range s.Fields {
			usedSame[f.Port] = true
			t.fields = append(t.fields, field{same[f.Port].Name, f.Width, f.Lanes, f.Bytes})
		}
		if err := one(same[s.Valid]); err != nil {
			return t, err
		}
		return t, one(other[s.Ready])
	}
	var err error
	for _, s := range ports.In {
		t, e := convert(s, out.Inputs, out.Outputs, usedIn, usedOut)
		if e != nil {
			return nil, e
		}
		d.in = append(d.in, t)
	}
	if d.out, err = convert(ports.Out, out.Outputs, out.Inputs, usedOut, usedIn); err != nil {
		return nil, err
	}
	for i, p := range out.Inputs {
		if !usedIn[i] {
			d.idle = append(d.idle, p)
		}
	}
	for i, p := range out.Outputs {
		if !usedOut[i] {
			d.status = append(d.status, p)
		}
	}
	return d, nil
}

// fileNames lists the names of the Verilog files, leaves first.
func (d *design) fileNames() []string {
	var list []string
	for _, f := range d.files {
		list = append(list, f.Name)
	}
	return list
}
