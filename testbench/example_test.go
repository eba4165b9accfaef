package testbench_test

import (
	"fmt"
	"log"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/testbench"
)

// The files beside the Verilog of a module that doubles words, for users who do not
// have tpe.
func ExampleSelfChecking() {
	b := hw.New("double", "")
	valid, ready := b.In("s_valid_i", 1), b.In("y_ready_i", 1)
	b.Out("s_ready_o", ready)
	b.Out("y_valid_o", valid)
	b.Out("y_data_o", b.ShlConst(b.In("s_data_i", 8), 1))
	top, err := b.Build()
	if err != nil {
		log.Fatal(err)
	}
	play := drive.Play{Reset: 1, Beats: [][]byte{{1, 2, 3}}, Results: 3}
	trace := drive.Trace{Results: []byte{2, 4, 6}, At: []int64{0, 1, 2}, First: []int64{0}, Taken: []int64{3}, Cycles: 3}
	files, err := testbench.SelfChecking(top, play, trace)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name)
	}
	fmt.Printf("%s", files[2].Text) // the cycle in 8 digits, then the data
	// Output:
	// tb.v
	// tb_s.hex
	// tb_expected.hex
	// Makefile
	// synth.ys
	// 0000000002
	// 0000000104
	// 0000000206
}
