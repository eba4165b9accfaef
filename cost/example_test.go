package cost_test

import (
	"fmt"

	"tpe/cost"
)

// The fast model needs no tools, only one of these or a file of tpe calibrate.
func ExampleTechnologyNames() {
	fmt.Println(cost.TechnologyNames())
	// Output: [horowitz45 osu018 sg13g2 sky130hd unit]
}
