package retime_test

import (
	"fmt"

	"tpe/hw"
	"tpe/hw/retime"
)

// A word travels along a row whose sums leave skewed, as nobody aligns them: each would need a delay
// of its own in local time. Such a rewrite is not made, and the result says why.
func ExampleLocalTime() {
	b := hw.New("row", "")
	col := b.Axis("col", 8)
	hop := b.Wire("hop", 8, col)
	b.Drive(hop, b.Pipe("x_q", b.Shift(col, 1, hop, b.In("x", 8))))
	acc := b.Reg("acc", 20, 0, col)
	b.Next(acc, b.Add(acc, b.Sext(20, b.MulS(16, hop, hop))))
	b.Out("sum", acc)
	m, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if m, err = hw.Flatten(m); err != nil {
		fmt.Println(err)
		return
	}
	r, err := retime.LocalTime(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d nodes, frame %q, %q\n", r.Nodes, r.Frame, r.Why)
	// Output:
	// 0 nodes, frame "", "no gain in the frame col: 77 lane operations instead of 48"
}
