package numeric

import (
	"math/rand/v2"
	"testing"
)

// TestFloatGroups compares groups with chains of multiply-adds, weights as bf16 numbers.
func TestFloatGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(92, 1))
	for _, g := range []*FloatGroups{{A: FP16, Acc: FP32, Scale: BF16, Len: 5}, {A: BF16, Acc: BF16, Scale: FP16, Len: 3}, {A: FP16, Acc: FP16, Len: 4}} {
		chain := Chain{A: g.A, B: BF16, Acc: g.Acc}
		times := Chain{A: g.Acc, B: g.Scale, Acc: g.Acc}
		for range 300 {
			k := 1 + rng.IntN(3*g.Len)
			a, b, groups := NewDense(1, k), NewDense(k, 1), (k+g.Len-1)/g.Len
			for i := range a.Data {
				a.Data[i], b.Data[i] = int32(g.A.MixedCode(rng.Uint64())), int32(rng.IntN(16)-8)
			}
			var scale *Dense
			if g.Scale.Exp > 0 {
				scale = NewDense(groups, 1)
				for i := range scale.Data {
					scale.Data[i] = int32(g.Scale.MixedCode(rng.Uint64()))
				}
			}
			init := []int64{int64(g.Acc.MixedCode(rng.Uint64()))}
			got, err := g.GEMM(a, b, scale, init)
			if err != nil {
				t.Fatal(err)
			}
			total := uint64(0)
			for q := range groups {
				sum := uint64(0)
				for i := q * g.Len; i < min((q+1)*g.Len, k); i++ {
					w, _ := BF16.Encode(FromInt(int64(b.Data[i])), &Env{})
					sum = chain.Step(sum, uint64(a.Data[i]), w)
				}
				if scale != nil {
					minus := uint64(1) << (g.Acc.Width() - 1) // -0 leaves the product's sign
					sum = times.Step(minus, sum, uint64(scale.Data[q]))
				}
				if q == 0 {
					total = sum
				} else {
					total = chain.Add(sum, total)
				}
			}
			if want := chain.Add(uint64(init[0]), total); uint64(got[0]) != want {
				t.Fatalf("%v . %v, scales %v, + %x = %x, want %x", a.Data, b.Data, scale, init[0], got[0], want)
			}
		}
	}
	if _, err := (&FloatGroups{A: FP16, Acc: FP32, Scale: BF16, Len: 4}).GEMM(NewDense(1, 4), NewDense(4, 1), nil, nil); err == nil {
		t.Error("scales may be missing")
	}
}
