package quant_test

import (
	"fmt"

	"tpe/numeric"
	"tpe/numeric/quant"
)

func ExampleQuantize() {
	w := &quant.Matrix{Rows: 2, Cols: 2, Data: []float32{0.7, -2, -0.3, 8}}
	c, err := quant.Quantize(w, numeric.Int{Bits: 4, Signed: true}, quant.PerColumn, false)
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Data, c.Values().Data)
	// Output: [7 -2 -3 7] [0.7 -2.2857144 -0.3 8]
}
