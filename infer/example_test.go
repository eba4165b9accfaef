package infer_test

import (
	"fmt"

	"tpe/arch"
	"tpe/infer"
	"tpe/numeric/quant"
	"tpe/sim"
)

// The same product in the reference arithmetic and on an engine whose weights have 2 bits.
func ExampleEngine() {
	cfg, err := arch.Load("systolic-ws", []string{"rows=4", "cols=4", "b=int2"})
	if err != nil {
		panic(err)
	}
	e, err := infer.NewEngine(cfg, infer.Recipe{}, sim.Lanes)
	if err != nil {
		panic(err)
	}
	defer e.Close()
	a := &quant.Matrix{Rows: 1, Cols: 3, Data: []float32{1, 2, 3}}
	b := &quant.Matrix{Rows: 3, Cols: 1, Data: []float32{4, -1, 3.5}}
	for _, m := range []infer.Multiplier{infer.Exact{}, e} {
		c, err := m.Multiply(a, b, true)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%.2f\n", c.Data)
	}
	fmt.Printf("%d word of the stepped graph compared, %d differ\n", e.Stats().Checked, e.Stats().Differ)
	// Output:
	// [12.50]
	// [15.97]
	// 1 word of the stepped graph compared, 0 differ
}
