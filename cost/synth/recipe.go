package synth

import (
	"fmt"
	"strings"
)

// Recipe is a named script of technology-independent optimisation and mapping.
type Recipe string

// The recipes, from the smallest to the fastest netlist.
const (
	Area     Recipe = "area"
	Balanced Recipe = "balanced"
	Speed    Recipe = "speed"
)

// Recipes lists the recipes.
func Recipes() []Recipe { return []Recipe{Area, Balanced, Speed} }

// Check reports a recipe that is not known.
func (r Recipe) Check() error {
	if r.script() == "" {
		return fmt.Errorf("recipe: unknown: %q (expected area, balanced or speed)", string(r))
	}
	return nil
}

// script is what ABC runs between reading the logic and writing the netlist. All end
// with a topological sort, which the buffering commands need and the others do not mind.
// dch goes before mapping only: on a mapped network ABC ends without a word.
func (r Recipe) script() string {
	const size = "; topo; buffer -c -N 8; upsize; dnsize"
	switch r {
	case Area:
		return "strash; ifraig; scorr; dc2; strash; dch -f; amap -m; topo"
	case Balanced:
		return "strash; ifraig; scorr; balance; resub -K 6; rewrite; resub -K 6 -N 2; refactor; balance; rewrite -z; resub -K 10 -N 2; balance; dch -f; map -B 0.9" + size
	case Speed:
		return "strash; ifraig; scorr; &get -n; &st; &dch; &nf; &put; strash; &get -n; &syn2; &put; dch; map -B 0.9" + strings.Replace(size, " -N 8", "", 1)
	}
	return ""
}
