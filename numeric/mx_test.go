package numeric

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// ratio is a value as a rational number.
func ratio(v Value) *big.Rat {
	r := new(big.Rat).SetInt(new(big.Int).SetUint64(v.Sig))
	scale := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(v.Exp, -v.Exp))))
	if v.Class == Zero {
		return new(big.Rat)
	}
	if v.Exp < 0 {
		r.Quo(r, scale)
	} else {
		r.Mul(r, scale)
	}
	if v.Neg {
		r.Neg(r)
	}
	return r
}

// nearestCode finds the code of a small format that is nearest to x, ties to even codes, by looking at
// all of them; codes of specials and of -0 are left out.
func nearestCode(f Format, x *big.Rat) uint64 {
	best, at := (*big.Rat)(nil), uint64(0)
	for c := range uint64(1) << f.Width() {
		v := f.Decode(c)
		if v.Class > Finite || v.Class == Zero && v.Neg {
			continue
		}
		d := new(big.Rat).Sub(ratio(v), x)
		d.Abs(d)
		if cmp := 1; best != nil {
			if cmp = best.Cmp(d); cmp < 0 || cmp == 0 && c%2 == 1 {
				continue
			}
		}
		best, at = d, c
	}
	return at
}

// TestMXQuantize compares blocks with a search over all codes.
func TestMXQuantize(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 1))
	for _, tt := range []struct {
		elem Format
		emax int
	}{{E5M2, 15}, {E4M3, 8}, {E3M2, 4}, {E2M3, 2}, {E2M1, 2}, {MXINT8, 0}} {
		m := MX{Elem: tt.elem, Block: 32}
		if got := m.elemMax(); got != tt.emax {
			t.Errorf("%s: largest exponent %d, want %d", tt.elem, got, tt.emax)
		}
		for range 8 {
			block := make([]Value, m.Block)
			at := rng.IntN(200) - 100
			top := 0
			for i := range block {
				block[i] = FromInt(rng.Int64N(1<<24) - 1<<23).Scale(at - rng.IntN(6))
				if block[i].Class == Finite && (i == 0 || block[i].Log2() > top) {
					top = block[i].Log2()
				}
			}
			scale, codes := m.Quantize(block, &Env{})
			if want := uint64(top - tt.emax + 127); scale != want {
				t.Fatalf("%s: scale %d, want %d", tt.elem, scale, want)
			}
			for i, v := range block {
				want := nearestCode(tt.elem, ratio(v.Scale(tt.emax-top)))
				if got := tt.elem.Decode(codes[i]); CompareMagnitude(got, tt.elem.Decode(want)) != 0 || got.Class == Finite && got.Neg != v.Neg {
					t.Fatalf("%s: %v is %x, want %x", tt.elem, v, codes[i], want)
				}
			}
		}
	}
}

// TestMXScales pins the rules, the clamps and the specials.
func TestMXScales(t *testing.T) {
	for _, tt := range []struct {
		v    Value
		rule ScaleRule
		want uint64
	}{
		{FromInt(7), ScaleFloor, 127}, {FromInt(7), ScaleCeil, 128}, {FromInt(4), ScaleCeil, 127}, {FromInt(7), ScaleEven, 128}, {FromInt(6), ScaleEven, 127},
		{FromInt(7), ScalePlus1, 128}, {Value{}, ScaleFloor, 0}, {Value{Class: Finite, Sig: 1, Exp: 127}, ScaleFloor, 252},
		{Value{Class: Finite, Sig: 1, Exp: 130}, ScaleFloor, 255}, {Value{Class: Finite, Sig: 1, Exp: -149}, ScaleFloor, 0},
		{Value{Class: NaN}, ScaleFloor, 255}, {Value{Class: Inf, Neg: true}, ScaleFloor, 255},
	} {
		m := MX{Elem: E2M1, Block: 2, Rule: tt.rule}
		if got, _ := m.Quantize([]Value{{}, tt.v}, &Env{}); got != tt.want {
			t.Errorf("%v by rule %d: scale %d, want %d", tt.v, tt.rule, got, tt.want)
		}
	}
	m := MX{Elem: E2M1}
	if v := m.Decode(255, 1); v.Class != NaN {
		t.Errorf("element under a NaN scale is %v", v)
	}
	if v := m.Decode(128, 7); CompareMagnitude(v, FromInt(12)) != 0 {
		t.Errorf("6 * 2 is %v", v)
	}
	// The rounding of elements is an option: half away from zero against nearest even.
	tie := []Value{FromInt(4), FromInt(5).Scale(-1)} // 2.5, between 2 and 3
	_, even := m.Quantize(tie, &Env{})
	_, away := m.Quantize(tie, &Env{Rounding: NearAway})
	if even[1] != 4 || away[1] != 5 {
		t.Errorf("2.5 is %d and %d", even[1], away[1])
	}
}

// TestNVFP4 compares blocks with rational arithmetic and a search over all codes.
func TestNVFP4(t *testing.T) {
	rng := rand.New(rand.NewPCG(52, 1))
	var q NVFP4
	for n := range 300 {
		block := make([]Value, q.Block())
		at := rng.IntN(30) - 22
		amax := new(big.Rat)
		for i := range block {
			block[i] = FromInt(rng.Int64N(1<<20) - 1<<19).Scale(at - 18 - rng.IntN(4))
			if a := new(big.Rat).Abs(ratio(block[i])); a.Cmp(amax) > 0 {
				amax = a
			}
		}
		tensor := FromInt(1)
		if n%2 == 1 {
			tensor = FP32.Decode(q.TensorScale(FromInt(rng.Int64N(1<<20) + 1).Scale(-10)))
		}
		scale, codes := q.Quantize(block, tensor)
		s := new(big.Rat).Quo(amax, new(big.Rat).Mul(big.NewRat(6, 1), ratio(tensor)))
		if s.Cmp(big.NewRat(1, 64)) < 0 {
			s = big.NewRat(1, 64)
		}
		if want := nearestCode(E4M3, s); scale != want {
			t.Fatalf("case %d: scale %x, want %x", n, scale, want)
		}
		by := new(big.Rat).Mul(ratio(E4M3.Decode(scale)), ratio(tensor))
		for i, v := range block {
			want := nearestCode(E2M1, new(big.Rat).Quo(ratio(v), by))
			if got := E2M1.Decode(codes[i]); CompareMagnitude(got, E2M1.Decode(want)) != 0 {
				t.Fatalf("case %d: %v by %v is %x, want %x", n, v, by, codes[i], want)
			}
		}
	}
	if scale, _ := q.Quantize([]Value{FromInt(1 << 20)}, FromInt(1)); scale != 0x7e {
		t.Errorf("scale of a huge block is %x, want 7e", scale)
	}
}

// TestScaledDot compares the dot product of two MX blocks with rational arithmetic.
func TestScaledDot(t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 1))
	for _, elem := range []Format{E4M3, E5M2, E2M1, MXINT8} {
		m := MX{Elem: elem, Block: 32}
		sum, want := NewKulischWidth(-400, 900), new(big.Rat)
		var blocks [2][]Value
		for s := range blocks {
			scale := uint64(100 + rng.IntN(50))
			for range m.Block {
				v := m.Decode(scale, rng.Uint64()&(1<<elem.Width()-1))
				if v.Class > Finite {
					v = Value{}
				}
				blocks[s] = append(blocks[s], v)
			}
		}
		ScaledDot(sum, blocks[0], blocks[1])
		for i := range blocks[0] {
			want.Add(want, new(big.Rat).Mul(ratio(blocks[0][i]), ratio(blocks[1][i])))
		}
		got := sum.Value()
		if got.Sig&1 == 0 && ratio(got).Cmp(want) != 0 { // an odd significand of 64 bits may be jammed
			t.Errorf("%s: %v, want %v", elem, ratio(got), want)
		}
		code, _ := FP32.Encode(got, &Env{})
		x := new(big.Int)
		scaled := new(big.Rat).Mul(want, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), refScale)))
		if !scaled.IsInt() {
			t.Fatalf("%s: the sum is finer than the reference", elem)
		}
		x.Set(scaled.Num())
		if msg := refRound(FP32, x, &Env{}, code, Inexact); msg != "" {
			if msg := refRound(FP32, x, &Env{}, code, 0); msg != "" {
				t.Errorf("%s: %x: %s", elem, code, msg)
			}
		}
	}
}
