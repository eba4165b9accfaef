package liberty

import (
	"fmt"
	"strconv"
	"strings"
)

// scale turns the units of a file into ps, fF, fJ and nW.
type scale struct {
	time, cap, energy, leakage, volt float64
}

// quantity reads "10ps" or "1 nW" as a multiple of the base unit ("s", "W").
func quantity(text, unit string) (float64, error) {
	t := strings.TrimSpace(text)
	low := strings.ToLower(t)
	bad := fmt.Errorf("not a unit: %q (expected a number and a unit such as 1n%s)", text, unit)
	if !strings.HasSuffix(low, strings.ToLower(unit)) {
		return 0, bad
	}
	t = t[:len(t)-len(unit)]
	number := strings.TrimRight(t, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	v := 1.0
	if s := strings.TrimSpace(number); s != "" {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || f <= 0 {
			return 0, bad
		}
		v = f
	}
	switch strings.TrimSpace(t[len(number):]) {
	case "":
	case "m":
		v *= 1e-3
	case "u":
		v *= 1e-6
	case "n":
		v *= 1e-9
	case "p":
		v *= 1e-12
	case "f":
		v *= 1e-15
	case "k":
		v *= 1e3
	default:
		return 0, bad
	}
	return v, nil
}

// units reads the unit attributes of a library. Energy has none of its own: it is
// capacitance times voltage squared.
func (r *reader) units(g *Group) {
	get := func(name, unit string, required bool) float64 {
		a := g.find(name)
		if a == nil || len(a.Values) == 0 {
			if required {
				r.fail(g.Line, "library %s has no %s", g.Arg(), name)
			}
			return 1
		}
		v, err := quantity(a.Values[0], unit)
		if err != nil {
			r.fail(a.Line, "%s: %v", name, err)
			return 1
		}
		return v
	}
	r.scale.time = get("time_unit", "s", true) / 1e-12
	r.scale.volt = get("voltage_unit", "V", true)
	leaks := len(g.Groups) > 0 && g.find("leakage_power_unit") == nil && r.leaks(g)
	r.scale.leakage = get("leakage_power_unit", "W", leaks) / 1e-9
	a := g.find("capacitive_load_unit")
	if a == nil || len(a.Values) != 2 {
		r.fail(g.Line, "library %s: no capacitive_load_unit (number, unit)", g.Arg())
		r.scale.cap = 1
	} else {
		v, err := quantity(a.Values[0]+a.Values[1], "F")
		if err != nil {
			r.fail(a.Line, "capacitive_load_unit: %v", err)
		}
		r.scale.cap = v / 1e-15
	}
	r.scale.energy = r.scale.cap * r.scale.volt * r.scale.volt
}

// leaks tells whether a cell states a leakage that needs a unit.
func (r *reader) leaks(g *Group) bool {
	for _, c := range g.Groups {
		if c.Name == "cell" && (c.has("leakage_power") || c.find("cell_leakage_power") != nil) {
			return true
		}
	}
	return false
}
