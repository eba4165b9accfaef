package aig_test

import (
	"context"
	"fmt"
	"log"

	"tpe/testbench/aig"
)

// A half adder, proved over its four patterns.
func ExampleCheck() {
	const text = `aag 5 2 0 2 3
2
4
10
6
6 2 4
8 3 5
10 7 9
i0 x
i1 y
o0 z[0]
o1 z[1]
`
	g, err := aig.Read([]byte(text))
	if err != nil {
		log.Fatal(err)
	}
	for _, op := range []aig.Reference{
		func(in, out []uint64) { out[0] = in[0] + in[1] },
		func(in, out []uint64) { out[0] = in[0] | in[1] },
	} {
		r, err := aig.Check(context.Background(), g, op, aig.Options{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Complete, r.Patterns, r.Mismatch)
	}
	// Output:
	// true 4 <nil>
	// true 4 aig: output z is 0x2 (expected 0x1) for x=0x1 y=0x1
}
