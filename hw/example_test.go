package hw_test

import (
	"fmt"

	"tpe/hw"
)

// A module of one processing element, placed over a row, with a hop from
// neighbour to neighbour.
func Example() {
	pe := hw.New("pe", "Multiplies and accumulates.")
	a, w := pe.In("a", 8), pe.In("w", 8)
	acc := pe.Reg("acc", 20, 0)
	pe.Next(acc, pe.Add(acc, pe.Sext(20, pe.MulS(16, a, w))))
	pe.Out("a_next", pe.Pipe("a_q", a))
	pe.Out("sum", acc)
	mod, err := pe.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	b := hw.New("row", "Four elements through which a travels.")
	col := b.Axis("col", 4)
	hop := b.Wire("hop", 8, col)
	u := b.Inst("pe", mod, hw.Ports{"a": b.Shift(col, 1, hop, b.In("a", 8)), "w": b.In("w", 8, col)}, col)
	b.Drive(hop, u["a_next"])
	b.Out("sum", u["sum"])
	row, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(row)
	// Output:
	// module pe {
	//   doc "Multiplies and accumulates."
	//   input a: 8
	//   input w: 8
	//   acc = reg(reset 0, next _5): 20
	//   _3 = muls(a, w): 16
	//   _4 = sext(_3): 20
	//   _5 = add(acc, _4): 20
	//   a_q = reg(reset 0, next a): 8
	//   output a_next = a_q
	//   output sum = acc
	// }
	//
	// module row {
	//   doc "Four elements through which a travels."
	//   axis col 4
	//   input a: 8
	//   input w: 8 [col]
	//   hop = wire(pe_a_next): 8 [col]
	//   _3 = shift(hop, a, col +1): 8 [col]
	//   inst pe = pe over [col] (a = _3, w = w)
	//   pe_a_next = instout(pe.a_next): 8 [col]
	//   pe_sum = instout(pe.sum): 20 [col]
	//   output sum = pe_sum
	// }
}

// Flatten puts every operator of a hierarchy into one module, once.
func ExampleFlatten() {
	m, err := hw.ParseText("double.ir", []byte(`
module double {
  input x: 8
  y = add(x, x): 8
  output y = y
}

module top {
  axis row 1000
  input x: 8 [row]
  inst u = double over [row] (x = x)
  u_y = instout(u.y): 8 [row]
  output y = u_y
}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	flat, err := hw.Flatten(m)
	fmt.Print(flat)
	fmt.Println(err)
	// Output:
	// module top {
	//   axis row 1000
	//   input x: 8 [row]
	//   u_y = add(x, x): 8 [row]
	//   output y = u_y
	// }
	// <nil>
}

// Errors of the text form name the place, the value and what was expected.
func ExampleParseText() {
	_, err := hw.ParseText("bad.ir", []byte("module m {\n  input x: 80\n  y = frob(x): 8\n}\n"))
	fmt.Println(err)
	// Output:
	// bad.ir:2:12: unexpected "80" (expected a width, 1 to 64)
	// bad.ir:3:7: no such operator: "frob"
}
