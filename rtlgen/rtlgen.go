package rtlgen

import (
	"bytes"
	"fmt"
	"strings"

	"tpe/hw"
)

// Options choose among styles. The zero value is the default.
type Options struct {
	// LineWidth is the column at which lines are broken; 0 means 100.
	LineWidth int
	// NoInitial leaves out the initial values of registers and delays, which
	// then hold X from power-up until the first clock edge under reset. Memories
	// keep theirs, because reset does not reach them.
	NoInitial bool
}

// File is one emitted source file.
type File struct {
	Name string // the module's name and ".v"
	Text []byte
}

// Port tells how a port of the graph's top module appears in Verilog.
type Port struct {
	Name    string // in Verilog; the graph's name unless that is a keyword or clashes
	Width   int    // of one lane
	Lanes   int
	Verilog int // bits of the Verilog port: Lanes * Width
}

// Output is an emitted design.
type Output struct {
	Top     string // name of the top module
	Files   []File // one a module, leaves first
	Clocked bool   // the top module has the ports clk_i and rst_ni
	Inputs  []Port // in the order of the graph's inputs
	Outputs []Port
}

// Emit prints a module and all modules below it.
func Emit(top *hw.Module, opt Options) (*Output, error) {
	if opt.LineWidth == 0 {
		opt.LineWidth = 100
	}
	if opt.LineWidth < 60 {
		return nil, fmt.Errorf("rtlgen: line width %d is too small (expected at least 60)", opt.LineWidth)
	}
	d := &design{opt: opt, names: namer{}, byHash: map[string]*emitted{}, byModule: map[*hw.Module]*emitted{}, library: map[string]string{}}
	for _, m := range top.Modules() {
		if err := d.module(m); err != nil {
			return nil, fmt.Errorf("rtlgen: module %s: %w", m.Name, err)
		}
	}
	t := d.byModule[top]
	return &Output{Top: t.name, Files: d.files, Clocked: t.clocked, Inputs: t.in, Outputs: t.out}, nil
}

// design is one run of Emit.
type design struct {
	opt      Options
	names    namer // of modules
	files    []File
	byHash   map[string]*emitted // modules that are equal are emitted once
	byModule map[*hw.Module]*emitted
	library  map[string]string // names of the library modules that are among the files
}

// emitted is what a parent must know of an emitted module.
type emitted struct {
	name    string
	hash    string // SHA-256 of the text form, hexadecimal
	clocked bool
	asserts bool // it or a module below it has assertions
	in, out []Port
}

func (d *design) module(m *hw.Module) error {
	hash, err := hash(m)
	if err != nil {
		return err
	}
	if e := d.byHash[hash]; e != nil {
		d.byModule[m] = e
		return nil
	}
	out := &emitted{name: d.names.fresh(m.Name), hash: hash, asserts: len(m.Asserts) > 0}
	d.byHash[hash], d.byModule[m] = out, out
	e, err := newEmitter(d, m, out)
	if err != nil {
		return err
	}
	e.emit()
	d.files = append(d.files, File{out.name + ".v", e.print()})
	return nil
}

// addLibrary emits a library module at its first use and returns its name, which
// differs from the one given only if a module of the graph has that.
func (d *design) addLibrary(base string, text func(name string) string) string {
	if d.library[base] != "" {
		return d.library[base]
	}
	name := d.names.fresh(base)
	d.library[base] = name
	w := &writer{width: d.opt.LineWidth}
	for l := range strings.SplitSeq(strings.TrimSuffix(text(name), "\n"), "\n") {
		if c, ok := strings.CutPrefix(l, "// "); ok {
			comment(w, c)
		} else {
			w.wrap("", l)
		}
	}
	d.files = append(d.files, File{name + ".v", []byte(w.b.String())})
	return name
}

// YosysScript returns a Yosys script that reads all files of a design, elaborates
// it and fails on anything that "check" reports. Paths are relative to where the files are.
func YosysScript(out *Output) []byte {
	var b bytes.Buffer
	for _, f := range out.Files {
		fmt.Fprintf(&b, "read_verilog %s\n", f.Name)
	}
	fmt.Fprintf(&b, "hierarchy -check -top %s\nproc\ncheck -assert\n", out.Top)
	return b.Bytes()
}

// FileNames lists the names of the files, leaves first, as tools take them.
func (o *Output) FileNames() []string {
	var list []string
	for _, f := range o.Files {
		list = append(list, f.Name)
	}
	return list
}

// Modules lists the names of the modules, leaves first.
func (o *Output) Modules() []string {
	var list []string
	for _, f := range o.Files {
		list = append(list, strings.TrimSuffix(f.Name, ".v"))
	}
	return list
}
