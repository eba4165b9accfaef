package liberty_test

import (
	"fmt"

	"tpe/cost/liberty"
)

// A truth table has the value for each assignment, the first variable counting fastest.
func ExampleParseFunction() {
	f, err := liberty.ParseFunction("!(A B + C)")
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err := f.Truth([]string{"A", "B", "C"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%08b\n", t&0xff)
	// Output:
	// 00000111
}
