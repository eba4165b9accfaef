package pe_test

import (
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
	"tpe/pe"
)

// TestFloatShiftAdd adds all products of e5m2 and int4 or uint4, in both forms, to sums of fp16, corners among them.
func TestFloatShiftAdd(t *testing.T) {
	const sums = 8
	rng := rand.New(rand.NewPCG(91, 1))
	for _, s := range []pe.FloatShiftAdd{
		{A: numeric.E5M2, B: numeric.Int{Bits: 4, Signed: true}, Form: pe.FormCombinational, Acc: numeric.FP16},
		{A: numeric.E5M2, B: numeric.Int{Bits: 4, Signed: true}, Form: pe.FormSignMagnitude, Acc: numeric.FP16},
		{A: numeric.E5M2, B: numeric.Int{Bits: 4}, Form: pe.FormCombinational, Acc: numeric.FP16},
		{A: numeric.E5M2, B: numeric.Int{Bits: 1}, Form: pe.FormCombinational, Acc: numeric.FP32},
	} {
		t.Run(s.String(), func(t *testing.T) {
			words := pe.ShiftAdd{B: s.B, Form: s.Form}
			n := 256 << s.B.Bits * sums
			b := hw.New("bench", "")
			ax := b.Axis("case", n)
			b.Out("s_o", s.Add(b, b.In("sum_i", s.Acc.Width(), ax), b.In("x_i", 8, ax), b.In("w_i", s.B.Bits, ax), hw.None))
			m, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			e, err := eval.New(m)
			if err != nil {
				t.Fatal(err)
			}
			sum, x, w, want := make([]uint64, n), make([]uint64, n), make([]uint64, n), make([]uint64, n)
			for i := range n {
				v := s.B.Wrap(int64(i >> 8))
				if s.Form == pe.FormSignMagnitude && v == s.B.Min() {
					v = 0
				}
				sum[i], x[i], w[i] = s.Acc.MixedCode(rng.Uint64()), uint64(i&255), words.Word(v)
				p, _ := numeric.Mul(s.A.Decode(x[i]), numeric.FromInt(v))
				r, _ := numeric.Add(p, s.Acc.Decode(sum[i]), numeric.NearEven)
				want[i], _ = s.Acc.Encode(r, &numeric.Env{})
				if sum[i] == 1<<(s.Acc.Width()-1) { // sums of an engine are never -0
					sum[i], want[i] = 0, 0
					if p.Class > numeric.Zero {
						want[i], _ = s.Acc.Encode(p, &numeric.Env{})
					}
				}
			}
			for i, in := range m.Inputs {
				e.Set(i, map[string][]uint64{"sum_i": sum, "x_i": x, "w_i": w}[in.Name])
			}
			e.Settle()
			got := make([]uint64, n)
			e.Get(0, got)
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%x + %x * %x = %x, want %x", sum[i], x[i], w[i], got[i], want[i])
				}
			}
		})
	}
}
