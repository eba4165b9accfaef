package verify

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/arch"
	"tpe/internal/tool/tooltest"
)

// setter draws a value of a key.
type setter func(key string, values ...any)

// drawing makes a list of settings and what adds to it.
func drawing(rng *rand.Rand) (*[]string, setter) {
	list := []string{}
	return &list, func(key string, values ...any) {
		list = append(list, fmt.Sprintf("%s=%v", key, values[rng.IntN(len(values))]))
	}
}

// arraySettings draws the sizes and options of a kind that hosts multiply-accumulate PEs.
func arraySettings(rng *rand.Rand, set setter, kind string) {
	size := func(key string, most int) { set(key, 1+rng.IntN(most)) }
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
}

// hostSettings draws settings with PEs of integers, not always valid ones.
func hostSettings(rng *rand.Rand, kind string) []string {
	list, set := drawing(rng)
	arraySettings(rng, set, kind)
	format := func(key string) {
		set(key, fmt.Sprintf("int%d", 2+rng.IntN(15)), fmt.Sprintf("uint%d", 2+rng.IntN(15)))
	}
	set("pe", "mac", "mac", "opt1", "opt2")
	set("edge_encoder", "none", "none", "ent", "booth", "csd", "bits", "magnitude")
	set("multiplier", "star", "booth4")
	set("overflow", "wrap", "wrap", "saturate")
	set("init_c", true, false)
	set("acc_bits", 8+rng.IntN(30))
	format("a")
	format("b")
	return *list
}

// floatSettings draws settings with PEs of floats, likewise.
func floatSettings(rng *rand.Rand, kind string) []string {
	list, set := drawing(rng)
	arraySettings(rng, set, kind)
	set("pe", "fma", "fma", "anfma", "lmul", "lmul-eq", "pam", "fp8add")
	set("a", "bf16", "fp16", "e4m3", "e5m2", "tf32", "e2m1", "e4m3fnuz")
	set("b", "bf16", "fp16", "e4m3", "e5m2", "tf32", "e3m2", "e5m2fnuz")
	set("acc", "fp32", "fp16", "bf16", "kulisch")
	set("acc_k", 0, 40)
	set("skewed", false, false, true)
	set("norm", "exact", "none", "an-1-1", "an-1-2", "an-2-2")
	set("sum_bits", 12, 16, 24, 30)
	set("align", "cut", "sticky")
	set("stale_zero", false, true)
	set("result", "fp32", "fp16", "bf16")
	set("overflow", "inf", "saturate")
	set("subnormals", "keep", "flush")
	set("zeros", "signed", "positive")
	set("nan", "propagate", "number")
	set("init_c", true, false)
	set("stages", 1, 1, 1, 2, 2, 3, 4)
	return *list
}

// TestHosts compares closed form, stepped graph and software GEMM on random settings of
// the host arrays: sizes, options, formats, overflow rules.
func TestHosts(t *testing.T) {
	engines, shapes := 60, 8
	if tooltest.IsDeep() {
		engines, shapes = 400, 20
	}
	for _, kind := range []string{"systolic-os", "systolic-ws", "systolic-is", "matrix2d", "tree", "cube"} {
		t.Run(kind, func(t *testing.T) { runHosts(t, kind, hostSettings, engines, shapes) })
	}
}

// TestFloatHosts does the same with PEs of floats: formats and policies.
func TestFloatHosts(t *testing.T) {
	engines, shapes := 5, 4
	if tooltest.IsDeep() {
		engines, shapes = 300, 20
	}
	for _, kind := range []string{"systolic-os", "systolic-ws", "systolic-is", "matrix2d", "tree", "cube"} {
		t.Run(kind, func(t *testing.T) { runHosts(t, kind, floatSettings, engines, shapes) })
	}
}

// runHosts draws engines of a kind and checks them on random shapes.
func runHosts(t *testing.T, kind string, settings func(*rand.Rand, string) []string, engines, shapes int) {
	rng := rand.New(rand.NewPCG(7, 8))
	for done := 0; done < engines; {
		c, err := arch.Load(kind, settings(rng, kind))
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
}
