package liberty

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Load reads a library from a file, gzip or plain.
func Load(path string) (*Library, error) {
	src, err := Text(path)
	if err != nil {
		return nil, err
	}
	return Read(path, src)
}

// Text returns the text of a file, gzip or plain.
func Text(path string) ([]byte, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("liberty file: %w", err)
	}
	if !bytes.HasPrefix(src, []byte{0x1f, 0x8b}) {
		return src, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(src))
	if err == nil {
		src, err = io.ReadAll(z)
	}
	if err != nil {
		return nil, fmt.Errorf("liberty file %s: %w", path, err)
	}
	return src, nil
}

// Read reads a library. The error joins the *[Error] of every fault, at most ten.
func Read(file string, src []byte) (*Library, error) {
	tree, err := Parse(file, src)
	if err != nil {
		return nil, err
	}
	r := &reader{file: file, templates: map[string]*template{}}
	l := &Library{Name: tree.Arg(), tree: tree, byName: map[string]*Cell{}}
	r.units(tree)
	l.Voltage = r.float(tree, "nom_voltage", 0) * r.scale.volt
	l.Temperature = r.float(tree, "nom_temperature", 25)
	if l.Voltage <= 0 {
		r.fail(tree.Line, "library %s: nom_voltage %q (expected a positive number)", l.Name, tree.Attr("nom_voltage"))
	}
	for _, g := range tree.Groups {
		if g.Name == "lu_table_template" || g.Name == "power_lut_template" {
			r.template(g)
		}
	}
	for _, g := range tree.Groups {
		if g.Name != "cell" {
			continue
		}
		c := r.cell(g, tree)
		if l.byName[c.Name] != nil {
			r.fail(g.Line, "cell %s stands twice", c.Name)
		}
		l.Cells, l.byName[c.Name] = append(l.Cells, c), c
	}
	if len(l.Cells) == 0 {
		r.fail(tree.Line, "library %s has no cells", l.Name)
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return l, nil
}

// reader turns groups into a library and collects faults.
type reader struct {
	file      string
	scale     scale
	templates map[string]*template
	errs      []error
}

// maxErrors bounds the faults that are reported.
const maxErrors = 10

func (r *reader) fail(line int, format string, args ...any) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, &Error{r.file, line, fmt.Sprintf(format, args...)})
	}
}

// float reads a numeric attribute.
func (r *reader) float(g *Group, name string, missing float64) float64 {
	a := g.find(name)
	if a == nil || len(a.Values) == 0 {
		return missing
	}
	v, err := number(a.Values[0])
	if err != nil {
		r.fail(a.Line, "%s: %v", name, err)
		return missing
	}
	return v
}

// function reads a boolean attribute; nil if it is absent or empty.
func (r *reader) function(g *Group, name string) *Function {
	a := g.find(name)
	if a == nil || len(a.Values) == 0 || strings.TrimSpace(a.Values[0]) == "" {
		return nil
	}
	f, err := ParseFunction(a.Values[0])
	if err != nil {
		r.fail(a.Line, "%s: %v", name, err)
		return nil
	}
	return f
}

func (r *reader) cell(g, lib *Group) *Cell {
	c := &Cell{Name: g.Arg(), Area: r.float(g, "area", 0), group: g}
	if c.Name == "" {
		r.fail(g.Line, "cell without a name")
	}
	var ffs int
	for _, s := range g.Groups {
		switch s.Name {
		case "leakage_power":
			c.States = append(c.States, State{r.function(s, "when"), r.float(s, "value", 0) * r.scale.leakage})
		case "ff":
			ffs++
			c.FF = r.ff(s)
		case "pin", "bundle", "bus":
			r.pins(c, s, lib)
		}
	}
	if ffs > 1 {
		c.FF = nil
	}
	if c.FF != nil && c.FF.Clock != nil {
		for _, v := range c.FF.Clock.Vars {
			if p := c.Pin(v); p != nil {
				p.Clock = true
			}
		}
	}
	c.Leakage = r.leakage(c, g, lib)
	c.Reason = reason(c, g, ffs)
	return c
}

// leakage is cell_leakage_power, or without it the mean over the states.
func (r *reader) leakage(c *Cell, g, lib *Group) float64 {
	if g.find("cell_leakage_power") != nil {
		return r.float(g, "cell_leakage_power", 0) * r.scale.leakage
	}
	if len(c.States) > 0 {
		sum := 0.0
		for _, s := range c.States {
			sum += s.Power
		}
		return sum / float64(len(c.States))
	}
	return r.float(lib, "default_cell_leakage_power", 0) * r.scale.leakage
}

func (r *reader) ff(g *Group) *FF {
	f := &FF{State: g.Arg(), Next: r.function(g, "next_state"), Clock: r.function(g, "clocked_on"),
		Clear: r.function(g, "clear"), Preset: r.function(g, "preset")}
	if len(g.Args) > 1 {
		f.Inverse = g.Args[1]
	}
	return f
}

// pins reads a pin group with any number of names, and those inside a bundle or bus.
func (r *reader) pins(c *Cell, g, lib *Group) {
	if g.Name != "pin" {
		for _, s := range g.Groups {
			if s.Name == "pin" {
				r.pins(c, s, lib)
			}
		}
		return
	}
	for _, name := range g.Args {
		c.Pins = append(c.Pins, r.pin(name, g, lib))
	}
}

func (r *reader) pin(name string, g, lib *Group) *Pin {
	p := &Pin{Name: name, Clock: g.Attr("clock") == "true"}
	missing := "default_input_pin_cap"
	switch g.Attr("direction") {
	case "input":
		p.Dir = In
	case "output":
		p.Dir, missing = Out, "default_output_pin_cap"
	case "inout", "internal":
		p.Dir, missing = Other, "default_inout_pin_cap"
	default:
		r.fail(g.Line, "pin %s: direction %q (expected input, output, inout or internal)", name, g.Attr("direction"))
	}
	p.Cap = r.float(g, "capacitance", r.float(lib, missing, 0)) * r.scale.cap
	p.RiseCap = r.float(g, "rise_capacitance", p.Cap/r.scale.cap) * r.scale.cap
	p.FallCap = r.float(g, "fall_capacitance", p.Cap/r.scale.cap) * r.scale.cap
	p.MaxLoad = r.float(g, "max_capacitance", 0) * r.scale.cap
	p.Function = r.function(g, "function")
	for _, s := range g.Groups {
		switch s.Name {
		case "timing":
			p.Arcs = append(p.Arcs, r.arcs(s)...)
		case "internal_power":
			p.Powers = append(p.Powers, r.powers(s)...)
		}
	}
	return p
}

// related lists the pins of related_pin; one empty name if there is none.
func related(g *Group) []string {
	if list := strings.Fields(g.Attr("related_pin")); len(list) > 0 {
		return list
	}
	return []string{""}
}

func (r *reader) arcs(g *Group) []Arc {
	a := Arc{When: r.function(g, "when")}
	switch g.Attr("timing_type") {
	case "", "combinational":
		a.Kind = Combinational
	case "rising_edge":
		a.Kind = ClockEdge
	case "falling_edge":
		a.Kind, a.Falling = ClockEdge, true
	case "setup_rising":
		a.Kind = Setup
	case "setup_falling":
		a.Kind, a.Falling = Setup, true
	case "hold_rising":
		a.Kind = Hold
	case "hold_falling":
		a.Kind, a.Falling = Hold, true
	default:
		a.Kind = OtherArc
	}
	switch g.Attr("timing_sense") {
	case "positive_unate":
		a.Sense = PositiveUnate
	case "negative_unate":
		a.Sense = NegativeUnate
	}
	for _, s := range g.Groups {
		to := map[string]**Table{"cell_rise": &a.CellRise, "cell_fall": &a.CellFall,
			"rise_transition": &a.TransitionRise, "fall_transition": &a.TransitionFall,
			"rise_constraint": &a.ConstraintRise, "fall_constraint": &a.ConstraintFall}[s.Name]
		if to != nil {
			*to = r.table(s, r.scale.time)
		}
	}
	var out []Arc
	for _, name := range related(g) {
		a.Related = name
		out = append(out, a)
	}
	return out
}

func (r *reader) powers(g *Group) []Power {
	p := Power{When: r.function(g, "when")}
	for _, s := range g.Groups {
		switch s.Name {
		case "rise_power":
			p.Rise = r.table(s, r.scale.energy)
		case "fall_power":
			p.Fall = r.table(s, r.scale.energy)
		case "power": // the same for both edges
			p.Rise = r.table(s, r.scale.energy)
			p.Fall = p.Rise
		}
	}
	var out []Power
	for _, name := range related(g) {
		p.Related = name
		out = append(out, p)
	}
	return out
}

// specialNames are cells whose function is that of a buffer, gate or flip-flop but
// whose purpose is not logic: clock trees, delays, low-power infrastructure, probes.
var specialNames = regexp.MustCompile(`(?i)(clk|dly|delay|lpflow|probe|spare|dont_?use)`)

// specialAttrs mark cells for a purpose that is not logic.
var specialAttrs = []string{"is_isolation_cell", "is_level_shifter", "is_filler_cell", "is_decap_cell", "is_tap_cell",
	"is_macro_cell", "is_clock_gating_cell", "retention_cell", "switch_cell_type", "antenna_diode_type", "pad_cell"}

// reason says why a cell is not usable.
func reason(c *Cell, g *Group, ffs int) string {
	in, out := c.Inputs(), c.Outputs()
	switch {
	case g.Attr("dont_use") == "true":
		return "dont_use"
	case g.has("latch") || g.has("latch_bank"):
		return "latch"
	case g.has("ff_bank") || ffs > 1:
		return "bank of flip-flops"
	case g.has("statetable") || g.find("clock_gating_integrated_cell") != nil:
		return "clock gate or state table"
	case g.has("test_cell"):
		return "scan cell"
	case slices.ContainsFunc(specialAttrs, func(a string) bool { return g.find(a) != nil && g.Attr(a) != "false" }):
		return "special purpose"
	case specialNames.MatchString(c.Name):
		return "special purpose by its name"
	case len(out) == 0:
		return "no output"
	case len(in) == 0:
		return "no input"
	case len(in)+len(out) < len(c.Pins):
		return "a pin that is neither input nor output"
	case len(in) > len(patterns):
		return fmt.Sprintf("%d inputs", len(in))
	case hasThreeState(g):
		return "three-state output"
	}
	if c.FF != nil {
		return ffReason(c)
	}
	if len(out) != 1 {
		return "several outputs"
	}
	var names []string
	for _, p := range in {
		names = append(names, p.Name)
	}
	if f := out[0].Function; f == nil {
		return "no function"
	} else if _, err := f.Truth(names); err != nil {
		return err.Error()
	}
	return ""
}

// asyncReason is the reason of a flip-flop that is plain but for its clear or preset.
const asyncReason = "asynchronous set or reset"

// ffReason accepts a D flip-flop on the rising edge with Q, or its inverse, or both.
func ffReason(c *Cell) string {
	const other = "not a plain flip-flop"
	f := c.FF
	if f.Next == nil || f.Clock == nil || len(f.Clock.Vars) != 1 || len(f.Next.Vars) != 1 {
		return other
	}
	pins := 2
	for _, async := range []*Function{f.Clear, f.Preset} {
		if async != nil {
			pins += len(async.Vars)
		}
	}
	clock, d := c.Pin(f.Clock.Vars[0]), c.Pin(f.Next.Vars[0])
	if len(c.Inputs()) != pins || clock == nil || d == nil || clock == d || clock.Dir != In || d.Dir != In {
		return other
	}
	if t, err := f.Clock.Truth(f.Clock.Vars); err != nil || t&3 != 0b10 {
		return "falling clock edge"
	}
	for _, p := range c.Outputs() {
		if p.Function == nil || len(p.Function.Vars) != 1 || p.Function.Vars[0] != f.State && p.Function.Vars[0] != f.Inverse {
			return other
		}
	}
	if pins > 2 {
		return asyncReason
	}
	return ""
}

func hasThreeState(g *Group) bool {
	for _, s := range g.Groups {
		if s.Name == "pin" && s.find("three_state") != nil {
			return true
		}
	}
	return false
}
