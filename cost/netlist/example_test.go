package netlist_test

import (
	"context"
	"fmt"
	"log"

	"tpe/cost/liberty"
	"tpe/cost/synth"
	"tpe/hw"
)

// The cells of a synthesised adder, by kind; it needs Yosys.
func Example() {
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
	for _, c := range n.Histogram() {
		fmt.Println(c.Cell, c.Count)
	}
}
