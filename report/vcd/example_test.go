package vcd_test

import (
	"fmt"
	"os"

	"tpe/hw"
	"tpe/report/vcd"
)

// Two cycles of a register of two bits.
func Example() {
	b := hw.New("hold", "")
	b.Out("y", b.Pipe("q", b.In("x", 2)))
	m, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := vcd.New(os.Stdout, m, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		r.Set(0, []uint64{3})
		r.Settle()
		r.Step(false)
	}
	if err := r.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// $timescale 1ns $end
	// $scope module hold $end
	// $var wire 1 ~~~clk clk_i $end
	// $var wire 1 ~~~rst rst_ni $end
	// $var wire 2 ! x $end
	// $var wire 2 " q $end
	// $upscope $end
	// $enddefinitions $end
	// #0
	// 0~~~clk
	// 1~~~rst
	// b11 !
	// b0 "
	// #1
	// 1~~~clk
	// #2
	// 0~~~clk
	// 1~~~rst
	// b11 "
	// #3
	// 1~~~clk
}
