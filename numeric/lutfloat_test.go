package numeric

import (
	"math/rand/v2"
	"testing"
)

// TestFloatTable compares the engine's sums with chains of multiply-adds: tables as chains of products with 1 and -1,
// sums as chains of products of entries with powers of two.
func TestFloatTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(81, 1))
	one := func(f Float, v int64) uint64 {
		c, _ := f.Encode(FromInt(v), &Env{})
		return c
	}
	for _, table := range []*FloatTable{{A: FP16, Acc: FP16, Inputs: 4, WeightBits: 2}, {A: BF16, Acc: FP32, Inputs: 3, WeightBits: 4}, {A: FP16, Acc: BF16, Inputs: 1, WeightBits: 1}} {
		sums := Chain{A: table.A, B: FP16, Acc: table.A}
		total := Chain{A: table.A, B: FP16, Acc: table.Acc}
		for range 400 {
			k := 1 + rng.IntN(3*table.Inputs)
			a, b := NewDense(1, k), NewDense(k, 1)
			for i := range a.Data {
				a.Data[i], b.Data[i] = int32(table.A.MixedCode(rng.Uint64())), int32(rng.IntN(1<<table.WeightBits))
				if i > 0 && rng.IntN(4) == 0 {
					a.Data[i] = a.Data[i-1] ^ 1<<15
				}
			}
			init := []int64{int64(table.Acc.MixedCode(rng.Uint64()))}
			got, err := table.GEMM(a, b, init)
			if err != nil {
				t.Fatal(err)
			}
			acc := uint64(0)
			for k0 := 0; k0 < k; k0 += table.Inputs {
				for bit := range table.WeightBits {
					last := false // the bit of the last weight, 0 past the end
					if at := k0 + table.Inputs - 1; at < k {
						last = b.Data[at]>>bit&1 == 1
					}
					entry := uint64(0)
					for i := k0; i < min(k0+table.Inputs, k); i++ {
						sign := int64(1)
						if (b.Data[i]>>bit&1 == 1) != last {
							sign = -1
						}
						entry = sums.Step(entry, uint64(a.Data[i]), one(FP16, sign))
					}
					weight := int64(1) << bit
					if !last {
						weight = -weight
					}
					acc = total.Step(acc, entry, one(FP16, weight))
				}
			}
			want := total.Add(uint64(init[0]), acc)
			if uint64(got[0]) != want {
				t.Fatalf("%v, weights %v, + %x = %x, want %x", a.Data, b.Data, init[0], got[0], want)
			}
		}
	}
}

// TestPublishedTable pins what the published hardware does: a zero becomes 2^-14 on plane 1 (observed on its Verilog), a
// subnormal entry is zero on plane 0 and a normal number on plane 1, and the exponent wraps.
func TestPublishedTable(t *testing.T) {
	for _, tt := range []struct {
		entry uint64
		bit   int
		want  uint64
	}{
		{0, 0, 0}, {0, 1, 0x0400}, {0, 2, 0x0800}, {0x0001, 0, 0}, {0x0001, 1, 0x0401}, {0x3c00, 1, 0x4000}, {0x7800, 1, 0x7c00}, {0x7800, 2, 0},
		{0x7c01, 0, 0x7c00}, {0x7fff, 1, 0},
	} {
		published := FloatTable{A: FP16, Acc: FP16, Inputs: 1, WeightBits: 2, Published: true}
		if got := published.step(0, tt.entry, false, tt.bit); got != tt.want {
			t.Errorf("%04x on plane %d is %04x, want %04x", tt.entry, tt.bit, got, tt.want)
		}
	}
	ieee := FloatTable{A: FP16, Acc: FP16, Inputs: 1, WeightBits: 2}
	if got := ieee.step(0, 0, false, 1); got != 0 {
		t.Errorf("zero on plane 1 is %04x", got)
	}
	if got := ieee.step(0xfbff, 0x7bff, false, 1); got != 0x7bff { // 2 * 65504 - 65504
		t.Errorf("a term above the largest number: %04x", got)
	}
	if _, err := (&FloatTable{A: FP16, Acc: FP32, Inputs: 1, WeightBits: 1, Published: true}).GEMM(NewDense(1, 1), NewDense(1, 1), nil); err == nil {
		t.Error("published units have two formats")
	}
}
