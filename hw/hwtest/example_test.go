package hwtest_test

import (
	"fmt"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/hw/hwtest"
)

// A reader of the graph is held against the reference evaluator, one case at a
// time; in a test, Check runs all of them.
func ExampleCheckCase() {
	reader := func(flat *hw.Module) (hw.Machine, error) { return eval.New(flat) }
	for _, c := range hwtest.Cases() {
		if c.Name == "state/swap" {
			fmt.Println(c.Name, hwtest.CheckCase(reader, c))
		}
	}
	// Output:
	// state/swap <nil>
}

// Past failures are text files: a program and its stimulus.
func ExampleParseCase() {
	c, err := hwtest.ParseCase("sum", []byte(`
module m {
  axis lane 2
  input x: 8 [lane]
  r = reg(reset 5, next s): 8 [lane]
  s = add(r, x): 8 [lane]
  output y = r
}

stimulus
step x = 1 2
step x = 10
reset x = 0
step x = 0
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	outs, _, err := hwtest.Expect(c)
	fmt.Println(outs, err)
	// Output:
	// [[[5 5]] [[6 7]] [[16 17]] [[5 5]]] <nil>
}
