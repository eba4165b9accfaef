package arch_test

import (
	"fmt"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
)

// TestFusionPage makes the tables of docs/engines/bitfusion.md.
func TestFusionPage(t *testing.T) {
	s := arch.Shape{M: 256, N: 64, K: 512}
	table := "| A | B | products a beat | peak MACs a cycle | cycles, gemm " + s.String() + " |\n|---|---|---:|---:|---:|\n"
	for _, f := range []string{"int8 int8", "int8 int4", "int4 int4", "uint8 int2", "int4 int2", "int2 int2", "int3 int5"} {
		a, b, _ := strings.Cut(f, " ")
		c := presetConfig(t, "bitfusion", "a="+a, "b="+b)
		table += fmt.Sprintf("| %s | %s | %d | %d | %d |\n", a, b, c.MACsPerCycle()/(c.Rows*c.Cols), c.MACsPerCycle(), c.Cycles(s, nil))
	}
	small := []string{"rows=4", "cols=3", "acc_rows=8"}
	golden.Blocks(t, "../docs/engines/bitfusion.md", map[string]string{"precisions": table,
		"ports": hostPorts(t, "bitfusion", small), "registers": hostRegisters(t, []string{"systolic-ws", "bitfusion"})})
}
