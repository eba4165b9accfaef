package split_test

import (
	"fmt"
	"strings"

	"tpe/arch"
	"tpe/cost/split"
)

// The processing element of a 4 x 4 array is one part that the array holds 16 times.
func ExampleEngine() {
	cfg, err := arch.Load("systolic-os", []string{"rows=4", "cols=4"})
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := arch.Build(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	parts, err := split.Engine(e.Top)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range parts {
		if strings.HasPrefix(p.Module.Name, "pe_") {
			fmt.Println(p.Module.Name, p.Count)
		}
	}
	// Output: pe_os_mac 16
}
