package pe_test

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// The operators that a multiply-accumulate PE puts between a running sum and the next one.
func ExampleMAC() {
	int4 := numeric.Int{Bits: 4, Signed: true}
	mac := pe.MAC{Spec: pe.Spec{A: int4, B: int4, Signed: true}, Mul: pe.MulStar}
	b := hw.New("mac", "")
	sum := b.In("sum", 12)
	b.Out("next", mac.MAC(b, []hw.ID{sum}, b.In("x", 4), b.In("y", 4))[0])
	m, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(m)
	// Output:
	// module mac {
	//   input sum: 12
	//   input x: 4
	//   input y: 4
	//   product = muls(x, y): 8
	//   _4 = sext(product): 12
	//   _5 = add(sum, _4): 12
	//   output next = _5
	// }
}
