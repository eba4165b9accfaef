package numeric

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigGEMM is the definition once more, on unbounded integers: clamp or wrap after every
// addition, in the stated order.
func bigGEMM(a, b *Dense, init []int64, acc Acc) []int64 {
	mod := new(big.Int).Lsh(big.NewInt(1), uint(acc.Bits))
	lo, hi := new(big.Int), new(big.Int).Sub(mod, big.NewInt(1))
	if acc.Signed {
		half := new(big.Int).Rsh(mod, 1)
		lo, hi = new(big.Int).Neg(half), new(big.Int).Sub(half, big.NewInt(1))
	}
	limit := func(v *big.Int) *big.Int {
		switch {
		case acc.Saturate && v.Cmp(lo) < 0:
			return new(big.Int).Set(lo)
		case acc.Saturate && v.Cmp(hi) > 0:
			return new(big.Int).Set(hi)
		case acc.Saturate:
			return v
		}
		w := new(big.Int).Sub(v, lo)
		w.Mod(w, mod)
		return w.Add(w, lo)
	}
	chunk := acc.Chunk
	if chunk == 0 {
		chunk = a.Cols
	}
	out := make([]int64, a.Rows*b.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			total := new(big.Int)
			for k0 := 0; k0 < a.Cols; k0 += chunk {
				part := new(big.Int)
				for k := k0; k < min(k0+chunk, a.Cols); k++ {
					p := new(big.Int).Mul(big.NewInt(int64(a.At(i, k))), big.NewInt(int64(b.At(k, j))))
					part = limit(part.Add(part, p))
				}
				total = limit(total.Add(total, part))
			}
			if init != nil {
				total = limit(total.Add(total, big.NewInt(init[i*b.Cols+j])))
			}
			out[i*b.Cols+j] = total.Int64()
		}
	}
	return out
}

func TestGEMMAgainstBig(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 400 {
		acc := Acc{Int: Int{Bits: 2 + rng.IntN(62), Signed: rng.IntN(2) == 0}, Saturate: rng.IntN(2) == 0, Chunk: rng.IntN(5)}
		m, k, cols := 1+rng.IntN(4), 1+rng.IntN(9), 1+rng.IntN(4)
		a, b := NewDense(m, k), NewDense(k, cols)
		for _, d := range []*Dense{a, b} {
			for i := range d.Data {
				d.Data[i] = rng.Int32N(1 << 16)
				if acc.Signed {
					d.Data[i] -= 1 << 15
				}
			}
		}
		var init []int64
		if rng.IntN(2) == 0 {
			init = make([]int64, m*cols)
			for i := range init {
				init[i] = acc.Wrap(rng.Int64())
			}
		}
		got, err := GEMM(a, b, init, acc)
		if err != nil {
			t.Fatal(err)
		}
		want := bigGEMM(a, b, init, acc)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("case %d %+v: word %d is %d, want %d", n, acc, i, got[i], want[i])
			}
		}
	}
}

func TestAccBits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		k    int
		want int
	}{{"int8", "int8", 1, 16}, {"int8", "int8", 2, 17}, {"int8", "int8", 131071, 32}, {"int8", "int8", 131072, 33}, {"uint8", "uint8", 1, 16}, {"uint8", "int8", 1, 16}, {"int2", "int2", 1, 4}, {"uint8", "uint8", 2, 17}} {
		a, err1 := ParseInt(tt.a)
		b, err2 := ParseInt(tt.b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := AccBits(a, b, tt.k); got != tt.want {
			t.Errorf("AccBits(%s, %s, %d) = %d, want %d", tt.a, tt.b, tt.k, got, tt.want)
		}
	}
}

func TestParseInt(t *testing.T) {
	for _, s := range []string{"int2", "int64", "uint1", "uint64", "int8"} {
		f, err := ParseInt(s)
		if err != nil || f.String() != s {
			t.Errorf("ParseInt(%q) = %v, %v", s, f, err)
		}
	}
	for _, s := range []string{"", "int", "int1", "int65", "uint0", "int08", "float8", "int+8", "int-8", "Int8"} {
		if f, err := ParseInt(s); err == nil {
			t.Errorf("ParseInt(%q) = %v, want an error", s, f)
		}
	}
}

func ExampleGEMM() {
	a := &Dense{Rows: 1, Cols: 2, Data: []int32{-128, -128}}
	b := &Dense{Rows: 2, Cols: 1, Data: []int32{-128, -128}}
	wrap, _ := GEMM(a, b, nil, Acc{Int: Int{Bits: 16, Signed: true}})
	clamp, _ := GEMM(a, b, nil, Acc{Int: Int{Bits: 16, Signed: true}, Saturate: true})
	fmt.Println(wrap[0], clamp[0])
	// Output: -32768 32767
}
