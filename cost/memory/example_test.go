package memory_test

import (
	"fmt"

	"tpe/cost/memory"
)

// Twice the capacity takes more area.
func ExampleSRAM_Cost() {
	for _, bytes := range []int{8192, 16384} {
		c, err := memory.SRAM{Bytes: bytes, Width: 64, Node: 45, Device: memory.HP}.Cost()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d bytes: %.4f mm^2, %.2f pJ a read\n", bytes, c.Area, c.Read)
	}
	// Output:
	// 8192 bytes: 0.0263 mm^2, 5.29 pJ a read
	// 16384 bytes: 0.0508 mm^2, 9.99 pJ a read
}
