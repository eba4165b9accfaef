package pe

import (
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
)

// TestAdders holds every adder to x + y: all pairs of up to six bits, and corner and random
// pairs of wider words.
func TestAdders(t *testing.T) {
	for _, adder := range Adders() {
		for _, w := range []int{1, 2, 3, 5, 6, 16, 31, 32, 64} {
			b := hw.New("adder", "Test.")
			b.Out("s_o", Spec{Adder: adder}.plus(b, b.In("x_i", w), b.In("y_i", w)))
			m, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			x, err := eval.New(m)
			if err != nil {
				t.Fatal(err)
			}
			check := func(p, q uint64) {
				p, q = p&hw.Mask(w), q&hw.Mask(w)
				x.Set(0, []uint64{p})
				x.Set(1, []uint64{q})
				x.Settle()
				var got [1]uint64
				x.Get(0, got[:])
				if want := (p + q) & hw.Mask(w); got[0] != want {
					t.Fatalf("%s, %d bits: %#x + %#x = %#x, want %#x", adder, w, p, q, got[0], want)
				}
			}
			if w <= 6 {
				for p := range uint64(1) << w {
					for q := range uint64(1) << w {
						check(p, q)
					}
				}
				continue
			}
			seed := uint64(1)
			for i := range w {
				check(1<<i, hw.Mask(w))
				check(1<<i-1, 1)
				check(hw.Mask(w)<<i, 1<<i)
				for range 20 {
					p := seed * 6364136223846793005
					q := p*6364136223846793005 + 1442695040888963407
					seed = q
					check(p>>7, q>>5)
					check(p>>7, ^(p >> 7)) // a carry of any length
				}
			}
		}
	}
}

// TestAddersOfPE holds that the PE uses the adder that it is given and computes the same.
func TestAddersOfPE(t *testing.T) {
	int8s := numeric.Int{Bits: 8, Signed: true}
	nodes := map[int]string{}
	for _, adder := range Adders() {
		for _, mul := range []string{MulStar, MulBooth4} {
			b := hw.New("mac", "Test.")
			mac := MAC{Spec: Spec{A: int8s, B: int8s, Signed: true, Adder: adder}, Mul: mul}
			b.Out("s_o", mac.MAC(b, []hw.ID{b.In("s_i", 20)}, b.In("x_i", 8), b.In("y_i", 8))[0])
			m, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			if adder != AdderAuto {
				for i := range m.Nodes {
					if m.Nodes[i].Op == hw.OpAdd {
						t.Errorf("%s, %s: an operator + is left", adder, mul)
					}
				}
			}
			if other := nodes[len(m.Nodes)]; other != "" {
				t.Errorf("%s %s has as many nodes as %s", adder, mul, other)
			}
			nodes[len(m.Nodes)] = adder + " " + mul
			x, err := eval.New(m)
			if err != nil {
				t.Fatal(err)
			}
			for p := -128; p < 128; p += 5 {
				for q := -128; q < 128; q += 3 {
					s := 1000*p + 7*q
					x.Set(0, []uint64{uint64(s) & hw.Mask(20)})
					x.Set(1, []uint64{uint64(p) & 0xff})
					x.Set(2, []uint64{uint64(q) & 0xff})
					x.Settle()
					var got [1]uint64
					x.Get(0, got[:])
					if want := uint64(s+p*q) & hw.Mask(20); got[0] != want {
						t.Fatalf("%s, %s: %d + %d * %d = %#x, want %#x", adder, mul, s, p, q, got[0], want)
					}
				}
			}
		}
	}
}
