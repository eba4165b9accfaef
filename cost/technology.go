package cost

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"tpe/cost/synth"
)

// Technology is what the fast model knows of a library: the mean cost of nodes and
// flip-flops, fitted on pieces of PEs.
type Technology struct {
	Name    string               `yaml:"name"`
	Source  string               `yaml:"source"` // where the figures come from, in words
	NodeNM  int                  `yaml:"node_nm"`
	NandUM2 float64              `yaml:"nand2_um2"` // a gate equivalent
	Recipes map[string]RecipeFit `yaml:"recipes"`
	Energy  EnergyFit            `yaml:"energy"`
}

// RecipeFit is area and delay of one recipe.
type RecipeFit struct {
	AndUM2      float64 `yaml:"and_um2"`
	XorUM2      float64 `yaml:"xor_um2"`
	MuxUM2      float64 `yaml:"mux_um2"`   // of a multiplexer, beside its three ANDs
	MajUM2      float64 `yaml:"maj_um2"`   // of the carry of a full adder, beside its three ANDs
	ResetUM2    float64 `yaml:"reset_um2"` // the AND of a flip-flop's reset
	FlipFlopUM2 float64 `yaml:"flip_flop_um2"`
	FixedPS     float64 `yaml:"fixed_ps"`  // clock to output and setup
	LevelPS     float64 `yaml:"level_ps"`  // an AND or XOR with one reader
	FanoutPS    float64 `yaml:"fanout_ps"` // more for every doubling of the readers, of inputs and flip-flops too
	AreaError   Error   `yaml:"area_error"`
	DelayError  Error   `yaml:"delay_error"`
}

// EnergyFit is the energy of an edge at the output of a node, glitches included in the
// count.
type EnergyFit struct {
	AndFJ           float64 `yaml:"and_fj"`
	XorFJ           float64 `yaml:"xor_fj"`
	MuxFJ           float64 `yaml:"mux_fj"` // where an AND ends a multiplexer, beside AndFJ
	MajFJ           float64 `yaml:"maj_fj"` // where it ends a majority, likewise
	FlipFlopFJ      float64 `yaml:"flip_flop_fj"`
	ClockFJ         float64 `yaml:"clock_fj"` // of a flip-flop and cycle
	LeakageNWPerUM2 float64 `yaml:"leakage_nw_per_um2"`
	Error           Error   `yaml:"error"`
}

// Error says how far a fit is off on PEs of a family that was left out of it: absolute
// relative errors.
type Error struct {
	Mean  float64 `yaml:"mean" json:"mean"`
	P90   float64 `yaml:"p90" json:"p90"`
	Worst float64 `yaml:"worst" json:"worst"`
	Which string  `yaml:"which" json:"which"` // the PE with the worst
	Count int     `yaml:"count" json:"count"` // PEs; 0: not measured
}

func (e Error) String() string {
	if e.Count == 0 {
		return "not measured"
	}
	return fmt.Sprintf("mean %.1f %%, p90 %.1f %%, worst %.0f %% (%s) of %d", 100*e.Mean, 100*e.P90, 100*e.Worst, e.Which, e.Count)
}

// Short is the mean and the ninth decile.
func (e Error) Short() string {
	if e.Count == 0 {
		return "not measured"
	}
	return fmt.Sprintf("mean %.1f %%, p90 %.1f %%", 100*e.Mean, 100*e.P90)
}

//go:embed tech/*.yaml
var techFiles embed.FS

// TechnologyNames lists the embedded technologies.
func TechnologyNames() []string {
	list, err := fs.Glob(techFiles, "tech/*.yaml")
	if err != nil {
		return nil
	}
	for i := range list {
		list[i] = strings.TrimSuffix(strings.TrimPrefix(list[i], "tech/"), ".yaml")
	}
	slices.Sort(list)
	return list
}

// LoadTechnology returns an embedded technology by name, or reads a .yaml file.
func LoadTechnology(name string) (*Technology, error) {
	src, err := []byte(nil), error(nil)
	file := name
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		src, err = os.ReadFile(name)
	} else {
		file = "tech/" + name + ".yaml"
		if src, err = techFiles.ReadFile(file); err != nil {
			return nil, fmt.Errorf("unknown technology: %q (expected a .yaml file, or %s)", name, strings.Join(TechnologyNames(), ", "))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("technology file: %w", err)
	}
	return ParseTechnology(file, src)
}

// ParseTechnology reads the YAML form.
func ParseTechnology(file string, src []byte) (*Technology, error) {
	t := &Technology{}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	if err := dec.Decode(t); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

func (t *Technology) check() error {
	positive := func(what string, v float64) error {
		if !(v >= 0 && v < 1e12) {
			return fmt.Errorf("%s: out of range: %g (expected at least 0)", what, v)
		}
		return nil
	}
	if t.Name == "" || t.NodeNM < 1 || len(t.Recipes) == 0 {
		return fmt.Errorf("name %q, node_nm %d, %d recipes (expected all of them)", t.Name, t.NodeNM, len(t.Recipes))
	}
	for name, r := range t.Recipes {
		if err := synth.Recipe(name).Check(); err != nil {
			return err
		}
		for what, v := range map[string]float64{"and_um2": r.AndUM2, "xor_um2": r.XorUM2, "mux_um2": r.MuxUM2, "maj_um2": r.MajUM2,
			"reset_um2": r.ResetUM2, "flip_flop_um2": r.FlipFlopUM2, "fixed_ps": r.FixedPS, "level_ps": r.LevelPS, "fanout_ps": r.FanoutPS} {
			if err := positive("recipes."+name+"."+what, v); err != nil {
				return err
			}
		}
	}
	e := t.Energy
	for what, v := range map[string]float64{"and_fj": e.AndFJ, "xor_fj": e.XorFJ, "mux_fj": e.MuxFJ, "maj_fj": e.MajFJ, "flip_flop_fj": e.FlipFlopFJ, "clock_fj": e.ClockFJ, "leakage_nw_per_um2": e.LeakageNWPerUM2} {
		if err := positive("energy."+what, v); err != nil {
			return err
		}
	}
	return nil
}

// YAML writes the form that [ParseTechnology] reads.
func (t *Technology) YAML() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(t); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}
