package testbench_test

import (
	"fmt"
	"testing"

	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/pe"
	"tpe/testbench"
	"tpe/testbench/aig"
)

// TestAddMulProof compares the Verilog of the BF16 multipliers by addition with the definition of the field, written out
// here, 64 pairs of operands a word: all 2^32 pairs in a deep run, otherwise every x with one y each.
func TestAddMulProof(t *testing.T) {
	tooltest.Need(t, tool.Yosys)
	for _, tt := range []struct {
		kind   numeric.AddMulKind
		offset int64 // bias << 7, for L-Mul less 2^(7-4)
	}{{numeric.PAM, 0x3f80}, {numeric.LMul, 0x3f78}} {
		t.Run(tt.kind.String(), func(t *testing.T) {
			m := &pe.AddMul{AddMul: numeric.AddMul{Float: numeric.BF16, Kind: tt.kind}}
			cell, err := m.Cell("multiplier")
			if err != nil {
				t.Fatal(err)
			}
			g, err := testbench.CombinationalGraph(t.Context(), cell)
			if err != nil {
				t.Fatal(err)
			}
			opt, patterns := aig.Options{}, uint64(1)<<32
			if !tooltest.IsDeep() {
				opt.Sweep, patterns = []string{"x_i"}, 1<<16
			}
			const least, largest = 0x80, 0x7f7f // fields of the least normal and the largest number
			r, err := aig.Check(t.Context(), g, func(in, out []uint64) {
				x, y := in[0], in[1]
				fx, fy := int64(x&0x7fff), int64(y&0x7fff)
				z := fx + fy - tt.offset
				if fx < least || fy < least || z < least {
					z = 0
				}
				out[0] = (x^y)&0x8000 | uint64(min(z, largest))
			}, opt)
			if err != nil {
				t.Fatal(err)
			}
			if r.Mismatch != nil || r.Patterns != patterns {
				t.Fatal(fmt.Sprintf("%+v", r), r.Mismatch)
			}
			t.Logf("%d pairs of operands by simulation of %d gates, %v, %.0f Mpatterns/s", r.Patterns, r.Ands, r.Elapsed, r.Rate()/1e6)
		})
	}
}
