package pe_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// addMulKinds are the multiplications by addition.
func addMulKinds() []numeric.AddMulKind {
	return []numeric.AddMulKind{numeric.PAM, numeric.LMul, numeric.LMulEq, numeric.AddCarry}
}

// TestAddMulEveryPair runs each multiplier by addition of every format of at most 8 bits on all pairs of codes, with
// infinities and NaNs read as numbers and as what they are, and compares it with the software.
func TestAddMulEveryPair(t *testing.T) {
	for _, f := range []numeric.Float{numeric.E4M3, numeric.E5M2, numeric.E4M3FNUZ, numeric.E5M2FNUZ, numeric.E3M2, numeric.E2M3, numeric.E2M1} {
		for _, kind := range addMulKinds() {
			for _, specials := range []bool{false, true} {
				m := &pe.AddMul{AddMul: numeric.AddMul{Float: f, Kind: kind, Specials: specials}}
				t.Run(fmt.Sprintf("%s/%s/specials=%v", kind, f, specials), func(t *testing.T) {
					if err := m.Validate(); err != nil {
						t.Fatal(err)
					}
					checkAddMul(t, m)
				})
			}
		}
	}
}

// checkAddMul runs a multiplier on all pairs of codes at once.
func checkAddMul(t *testing.T, m *pe.AddMul) {
	w := m.Width()
	cell, err := m.Cell("multiplier")
	if err != nil {
		t.Fatal(err)
	}
	b := hw.New("bench", "")
	ax := b.Axis("pair", 1<<(2*w))
	pair := b.Coord(ax, 2*w)
	out := b.Inst("multiplier", cell, hw.Ports{"x_i": b.Slice(pair, w, w), "y_i": b.Slice(pair, 0, w)}, ax)
	for _, o := range cell.Outputs {
		b.Out(o.Name, out[o.Name])
	}
	flat, e := machineOf(t, b)
	e.Settle()
	got := map[string][]uint64{}
	for i, o := range flat.Outputs {
		words := make([]uint64, 1<<(2*w))
		e.Get(i, words)
		got[o.Name] = words
	}
	for i := range uint64(1) << (2 * w) {
		x, y := i>>w, i&(1<<w-1)
		if m.Kind == numeric.LMulEq {
			word := func(name string) uint64 { return got[name][i] }
			z := equationValue(m, word)
			if want := m.Mul(x, y); !sameValue(z, want) {
				t.Fatalf("%x * %x = %s, want %s", x, y, z, want)
			}
		} else if z, want := got["z_o"][i], m.AddMul.Product(x, y); z != want {
			t.Fatalf("%x * %x = %x, want %x", x, y, z, want)
		}
	}
}

// equationValue is the number that the ports of lmul-eq stand for.
func equationValue(m *pe.AddMul, word func(string) uint64) numeric.Value {
	v := numeric.Value{Class: numeric.Finite, Neg: word("neg_o") == 1, Exp: int(word("exp_o")) - m.Bias - m.Man, Sig: word("sig_o")}
	switch {
	case word("nan_o") == 1:
		return numeric.Value{Class: numeric.NaN}
	case word("inf_o") == 1:
		return numeric.Value{Class: numeric.Inf, Neg: v.Neg}
	case word("zero_o") == 1:
		return numeric.Value{Neg: v.Neg}
	}
	return v
}

// sameValue reports whether two values are one number with its sign, or both NaN.
func sameValue(x, y numeric.Value) bool {
	switch {
	case x.Class != y.Class:
		return false
	case x.Class == numeric.NaN:
		return true
	case x.Class == numeric.Finite && numeric.CompareMagnitude(x, y) != 0:
		return false
	}
	return x.Neg == y.Neg
}
