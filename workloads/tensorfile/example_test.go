package tensorfile_test

import (
	"fmt"

	"tpe/workloads/tensorfile"
)

func Example() {
	f, err := tensorfile.Open("testdata/small.safetensors")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for i := range f.Tensors {
		t := &f.Tensors[i]
		x, err := f.Floats(t)
		fmt.Println(t.Name, t.Type, t.ShapeText(), x, err)
	}
	// Output:
	// b f16 1x2 [1.5 -2] <nil>
	// a i8 2x3 [-3 -2 -1 0 1 2] <nil>
}
