package vectors_test

import (
	"fmt"
	"strings"

	"tpe/numeric"
	"tpe/numeric/vectors"
)

// Two lines of operands, result and flags: 1 + 2 = 3 in FP16, and a sum that is wrong.
func ExampleCheck() {
	f, err := vectors.ParseFunction("f16_add")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := vectors.Check(strings.NewReader("3C00 4000 4200 00\n3C00 3C00 4200 00\n"), "sums.txt", f, &numeric.Env{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d vectors, %d differ\n", r.Vectors, r.Mismatches)
	// Output:
	// 2 vectors, 1 differ
}
