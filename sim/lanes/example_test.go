package lanes_test

import (
	"fmt"

	"tpe/hw"
	"tpe/sim/lanes"
)

// An accumulator in each of two lanes, run for three cycles.
func Example() {
	b := hw.New("accumulate", "")
	lane := b.Axis("lane", 2)
	acc := b.Reg("acc", 8, 0, lane)
	b.Next(acc, b.Add(acc, b.In("x", 8, lane)))
	b.Out("sum", acc)
	m, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	machine, err := lanes.New(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	sum := make([]uint64, 2)
	for range 3 {
		machine.Set(0, []uint64{1, 100})
		machine.Settle()
		machine.Get(0, sum)
		machine.Step(false)
		fmt.Println(sum)
	}
	// Output:
	// [0 0]
	// [1 100]
	// [2 200]
}
