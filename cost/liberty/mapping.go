package liberty

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Mapping returns two Liberty texts that hold what technology mapping needs and no
// more: the usable gates with their timing, and the flip-flops without. Mapping tools
// take any cell that they find, and parse a file several times, so both the cells
// that must not be used and the power tables cost.
func (l *Library) Mapping() (gates, flops []byte) {
	var comb []*Group
	for _, c := range l.Cells {
		if c.Usable() && c.FF == nil {
			comb = append(comb, c.group)
		}
	}
	var seq []*Group
	for _, c := range l.FlipFlops() {
		seq = append(seq, c.group)
	}
	return l.write(comb, true), l.write(seq, false)
}

// mapAttrs and mapGroups are what Mapping keeps.
var (
	mapAttrs = []string{
		"delay_model", "time_unit", "voltage_unit", "current_unit", "pulling_resistance_unit", "leakage_power_unit",
		"capacitive_load_unit", "nom_process", "nom_voltage", "nom_temperature", "default_max_transition",
		"slew_upper_threshold_pct_rise", "slew_lower_threshold_pct_rise", "slew_upper_threshold_pct_fall", "slew_lower_threshold_pct_fall",
		"input_threshold_pct_rise", "input_threshold_pct_fall", "output_threshold_pct_rise", "output_threshold_pct_fall",
		"variable_1", "variable_2", "variable_3", "index_1", "index_2", "index_3", "values",
		"area", "direction", "capacitance", "rise_capacitance", "fall_capacitance", "max_capacitance", "function", "clock",
		"related_pin", "timing_sense", "timing_type", "next_state", "clocked_on", "clear", "preset"}
	mapGroups = []string{"pin", "timing", "cell_rise", "cell_fall", "rise_transition", "fall_transition", "ff"}
)

func (l *Library) write(cells []*Group, timing bool) []byte {
	w := &groupWriter{timing: timing}
	head := &Group{Name: "library", Args: l.tree.Args, Attrs: l.tree.Attrs}
	if timing {
		for _, g := range l.tree.Groups {
			if g.Name == "lu_table_template" {
				head.Groups = append(head.Groups, g)
			}
		}
	}
	head.Groups = append(head.Groups, cells...)
	w.group(head, "")
	return w.b.Bytes()
}

type groupWriter struct {
	b      bytes.Buffer
	timing bool
}

func (w *groupWriter) group(g *Group, indent string) {
	fmt.Fprintf(&w.b, "%s%s (%s) {\n", indent, g.Name, quoteArgs(g.Args))
	for _, a := range g.Attrs {
		if !slices.Contains(mapAttrs, a.Name) {
			continue
		}
		if a.Complex {
			fmt.Fprintf(&w.b, "%s  %s (%s);\n", indent, a.Name, quoteArgs(a.Values))
		} else {
			fmt.Fprintf(&w.b, "%s  %s : %s;\n", indent, a.Name, quoteValue(a.Values[0]))
		}
	}
	for _, s := range g.Groups {
		keep := slices.Contains(mapGroups, s.Name) || s.Name == "cell" || s.Name == "lu_table_template"
		if keep && (w.timing || s.Name != "timing") {
			w.group(s, indent+"  ")
		}
	}
	fmt.Fprintf(&w.b, "%s}\n", indent)
}

// plainRE is a value that readers take without quotes: a number or a name.
var plainRE = regexp.MustCompile(`^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$|^[A-Za-z_][A-Za-z0-9_]*$`)

func quoteValue(v string) string {
	if plainRE.MatchString(v) {
		return v
	}
	return `"` + strings.ReplaceAll(v, `"`, `\"`) + `"`
}

func quoteArgs(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = quoteValue(a)
	}
	return strings.Join(out, ", ")
}
