package verify

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/arch"
	"tpe/internal/tool/tooltest"
)

// hostSettings draws settings of a kind that hosts multiply-accumulate PEs, not always
// valid ones.
func hostSettings(rng *rand.Rand, kind string) []string {
	list := []string{}
	set := func(key string, values ...any) {
		list = append(list, fmt.Sprintf("%s=%v", key, values[rng.IntN(len(values))]))
	}
	size := func(key string, most int) { set(key, 1+rng.IntN(most)) }
	format := func(key string) {
		set(key, fmt.Sprintf("int%d", 2+rng.IntN(15)), fmt.Sprintf("uint%d", 2+rng.IntN(15)))
	}
	switch kind {
	case "matrix2d":
		size("rows", 6)
		size("cols", 6)
		size("lanes", 5)
		size("chunk", 20)
	case "systolic-os", "systolic-ws", "systolic-is":
		size("rows", 6)
		size("cols", 6)
		size("acc_rows", 12)
		set("overlap", "none", "drain", "full")
	case "tree":
		size("lanes", 10)
		size("cells", 6)
		size("acc_rows", 12)
		size("levels", 4)
		set("operands", "forward", "broadcast")
		set("overlap", "none", "load", "drain", "full")
	case "cube":
		size("x", 5)
		size("y", 9)
		size("z", 5)
		size("levels", 4)
		size("drain_rows", 5)
		set("form", "systolic", "tree")
	}
	set("pe", "mac", "mac", "opt1", "opt2")
	set("edge_encoder", "none", "none", "ent", "booth", "csd", "bits", "magnitude")
	set("multiplier", "star", "booth4")
	set("overflow", "wrap", "wrap", "saturate")
	set("init_c", true, false)
	set("acc_bits", 8+rng.IntN(30))
	format("a")
	format("b")
	return list
}

// TestHosts compares closed form, stepped graph and software GEMM on random settings of
// the host arrays: sizes, options, formats, overflow rules.
func TestHosts(t *testing.T) {
	engines, shapes := 60, 8
	if tooltest.IsDeep() {
		engines, shapes = 400, 20
	}
	for _, kind := range []string{"systolic-os", "systolic-ws", "systolic-is", "matrix2d", "tree", "cube"} {
		t.Run(kind, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			for done := 0; done < engines; {
				c, err := arch.Load(kind, hostSettings(rng, kind))
				if err != nil {
					continue
				}
				e, err := arch.Build(c)
				if err != nil {
					t.Fatal(err)
				}
				formulaEqualsCycle(t, e, shapes)
				done++
			}
		})
	}
}
