package arch

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Preset is a named engine.
type Preset struct {
	Name   string
	Doc    string
	Config Config
	// Minor marks a preset that differs from others of its kind in parameters only: it is not among
	// [Representatives].
	Minor bool
}

// preset changes the defaults of a kind.
func preset(kind, name, doc string, change func(*Config)) Preset {
	c := DefaultOf(kind)
	c.Name = name
	change(&c)
	return Preset{Name: name, Doc: doc, Config: c}
}

// Presets lists the named engines, kind by kind: int8 and 32 x 32 unless their name
// says otherwise.
func Presets() []Preset { return named(true) }

// Models lists the named engines that have a formula only.
func Models() []Preset { return named(false) }

func named(hardware bool) []Preset {
	var list []Preset
	for _, k := range kinds {
		for _, p := range k.presets() {
			if p.Config.HasHardware() == hardware {
				list = append(list, p)
			}
		}
	}
	return list
}

// Representatives lists the presets that stand for all: their Verilog is checked in, and tests of
// every preset run them.
func Representatives() []Preset {
	return slices.DeleteFunc(Presets(), func(p Preset) bool { return p.Minor })
}

// PresetNames lists the names of the presets.
func PresetNames() []string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return names
}

// Load finds a configuration by preset name or, if the name ends in .yaml or .yml,
// reads it from a file; then it applies settings of the form key=value and
// validates. All errors are reported together.
func Load(engine string, settings []string) (Config, error) {
	c, err := load(engine)
	if err != nil {
		return c, err
	}
	var errs []error
	for _, s := range settings {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			errs = append(errs, fmt.Errorf("--set: not a setting: %q (expected key=value)", s))
			continue
		}
		if err := c.Set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			errs = append(errs, fmt.Errorf("--set %s: %w", s, err))
		}
	}
	if len(errs) == 0 {
		for _, e := range c.Validate() {
			errs = append(errs, fmt.Errorf("engine %s: %w", c.Name, e))
		}
	}
	return c, errors.Join(errs...)
}

func load(engine string) (Config, error) {
	if strings.HasSuffix(engine, ".yaml") || strings.HasSuffix(engine, ".yml") {
		src, err := os.ReadFile(engine)
		if err != nil {
			return Config{}, fmt.Errorf("engine file: %w", err)
		}
		return ParseYAML(engine, src)
	}
	all := append(Presets(), Models()...)
	var names []string
	for _, p := range all {
		if p.Name == engine {
			return p.Config, nil
		}
		names = append(names, p.Name)
	}
	return Config{}, fmt.Errorf("--engine: unknown engine: %q (expected a .yaml file or a preset; nearest is %q, tpe list engines prints all)", engine, Nearest(engine, names))
}
