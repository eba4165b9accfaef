package llvm_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/sim/llvm"
)

// accumulate runs an accumulator in each of two lanes for three cycles.
func accumulate() ([][]uint64, error) {
	b := hw.New("accumulate", "")
	lane := b.Axis("lane", 2)
	acc := b.Reg("acc", 8, 0, lane)
	b.Next(acc, b.Add(acc, b.In("x", 8, lane)))
	b.Out("sum", acc)
	m, err := b.Build()
	if err != nil {
		return nil, err
	}
	machine, err := llvm.New(m)
	if err != nil {
		return nil, err
	}
	var sums [][]uint64
	for range 3 {
		sum := make([]uint64, 2)
		machine.Set(0, []uint64{1, 100})
		machine.Settle()
		machine.Get(0, sum)
		machine.Step(false)
		sums = append(sums, sum)
	}
	return sums, nil
}

// Example needs clang to run, so that its output is compared by TestExample.
func Example() {
	if err := llvm.Available(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(accumulate())
}

func TestExample(t *testing.T) {
	tooltest.Need(t, tool.Clang)
	sums, err := accumulate()
	if got, want := fmt.Sprint(sums), "[[0 0] [1 100] [2 200]]"; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
