package blast_test

import (
	"fmt"

	"tpe/cost/blast"
)

// Equal nodes are one, and constants are folded.
func ExampleGraph_And() {
	g := blast.NewGraph()
	x, y := g.Input(), g.Input()
	fmt.Println(g.And(x, y) == g.And(y, x), g.And(x, blast.False) == blast.False)
	// Output: true true
}
