package pe_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
	"tpe/pe"
)

// arithModule is an arithmetic alone, over every pair of operands at once: lane i has
// x = i mod 2^n and y = i / 2^n.
func arithModule(s pe.Spec, arith pe.Arith, width int) (*hw.Module, error) {
	b := hw.New("arith", "")
	ax := b.Axis("pair", 1<<(s.A.Bits+s.B.Bits))
	pair := b.Coord(ax, s.A.Bits+s.B.Bits)
	x, y := b.Slice(pair, 0, s.A.Bits), b.Slice(pair, s.A.Bits, s.B.Bits)
	var sum []hw.ID
	for i := range arith.Words() {
		sum = append(sum, b.In(fmt.Sprintf("sum%d_i", i), width))
	}
	b.Out("sum_o", arith.Resolve(b, arith.MAC(b, sum, x, y)))
	m, err := b.Build()
	if err != nil {
		return nil, err
	}
	return hw.Flatten(m)
}

func ariths(s pe.Spec) map[string]pe.Arith {
	m := map[string]pe.Arith{"star": pe.MAC{Spec: s, Mul: pe.MulStar}, "booth4": pe.MAC{Spec: s, Mul: pe.MulBooth4}}
	if !s.Saturate {
		m["opt1"] = pe.OPT1{Spec: s}
	}
	return m
}

// clampOrWrap is what a MAC promises, on Go integers.
func clampOrWrap(f numeric.Int, saturate bool, v int64) int64 {
	if saturate {
		return min(max(v, f.Min()), f.Max())
	}
	return f.Wrap(v)
}

// TestEveryOperandPair runs each arithmetic on all operand pairs, 8 x 8 bits in every
// mix of signs and a few odd widths, for sums at the ends of their range and between.
func TestEveryOperandPair(t *testing.T) {
	for _, f := range []struct{ a, b, acc int }{{8, 8, 20}, {8, 8, 16}, {2, 2, 5}, {3, 5, 9}, {5, 4, 7}, {7, 3, 64}} {
		for signs := range 4 {
			for _, saturate := range []bool{false, true} {
				s := pe.Spec{A: numeric.Int{Bits: f.a, Signed: signs&1 == 1}, B: numeric.Int{Bits: f.b, Signed: signs&2 == 2}, Saturate: saturate}
				s.Signed = signs != 0
				if saturate && f.acc < f.a+f.b {
					continue
				}
				for name, arith := range ariths(s) {
					t.Run(fmt.Sprintf("%s/%sx%s/%d/saturate=%v", name, s.A, s.B, f.acc, saturate), func(t *testing.T) {
						checkPairs(t, s, arith, f.acc)
					})
				}
			}
		}
	}
}

func checkPairs(t *testing.T, s pe.Spec, arith pe.Arith, width int) {
	m, err := arithModule(s, arith, width)
	if err != nil {
		t.Fatal(err)
	}
	e, err := eval.New(m)
	if err != nil {
		t.Fatal(err)
	}
	acc := numeric.Int{Bits: width, Signed: s.Signed}
	got := make([]uint64, 1<<(s.A.Bits+s.B.Bits))
	for i, old := range []int64{0, acc.Max(), acc.Min(), 1234567 % (acc.Max()/2 + 1), -1} {
		old = acc.Wrap(old)
		if width == 64 && i > 0 && s.Saturate {
			continue // the oracle below needs a 65th bit
		}
		// A pair that resolves to old; the split varies.
		words := []uint64{uint64(old) & hw.Mask(width)}
		if len(arith.Words()) == 2 {
			carry := uint64(0x5a5a5a5a5a5a5a5a) * uint64(i) & hw.Mask(width)
			words = []uint64{(uint64(old) - carry) & hw.Mask(width), carry}
		}
		for k, w := range words {
			e.Set(k, []uint64{w})
		}
		e.Settle()
		e.Get(0, got)
		for l, w := range got {
			x := s.A.Wrap(int64(l))
			y := s.B.Wrap(int64(l) >> s.A.Bits)
			want := clampOrWrap(acc, s.Saturate, old+x*y)
			if uint64(want)&hw.Mask(width) != w {
				t.Fatalf("%d + %d*%d = %d, want %d (mod 2^%d)", old, x, y, w, uint64(want)&hw.Mask(width), width)
			}
		}
	}
}

// machineOf is what a test has built, flattened, on the reference evaluator.
func machineOf(t *testing.T, b *hw.Builder) (*hw.Module, *eval.Machine) {
	t.Helper()
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	flat, err := hw.Flatten(top)
	if err != nil {
		t.Fatal(err)
	}
	m, err := eval.New(flat)
	if err != nil {
		t.Fatal(err)
	}
	return flat, m
}
