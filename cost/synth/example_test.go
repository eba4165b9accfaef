package synth_test

import (
	"context"
	"fmt"
	"log"

	"tpe/cost/liberty"
	"tpe/cost/synth"
	"tpe/hw"
)

// An adder mapped to the cells of a library; it needs Yosys.
func ExampleSynthesizer_Module() {
	b := hw.New("sum", "")
	b.Out("z_o", b.Add(b.In("x_i", 8), b.In("y_i", 8)))
	m, err := b.Build()
	if err != nil {
		log.Fatal(err)
	}
	lib, err := liberty.Load("cells.lib") // a library of yours
	if err != nil {
		log.Fatal(err)
	}
	s, err := synth.New(lib)
	if err != nil {
		log.Fatal(err)
	}
	n, err := s.Module(context.Background(), m, synth.Area, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.0f um^2\n", n.Area())
}
