package pe_test

import (
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/pe"
)

// scaledBench places a unit over cases, with decoders and the aligner in front.
func scaledBench(u *pe.BlockScaled, cases int) (*hw.Module, error) {
	cell, err := u.Cell("unit", "part", "k")
	if err != nil {
		return nil, err
	}
	b := hw.New("bench", "")
	ax, part, k := b.Axis("case", cases), b.Axis("part", u.Parts()), b.Axis("k", u.Part())
	in := hw.Ports{"c_i": b.In("c_i", u.C.Width(), ax)}
	decode := func(name string, f numeric.Format, axes ...int) hw.Ports {
		m, e := pe.DecodeOperand("decode_"+name, f)
		if e != nil {
			err = e
			return nil
		}
		return b.Inst("decode_"+name, m, hw.Ports{"x_i": b.In(name+"_i", f.Width(), axes...)}, axes...)
	}
	join := func(name string, ports hw.Ports) {
		for port, x := range ports {
			in[name+"_"+port[:len(port)-1]+"i"] = x
		}
	}
	a := decode("a", u.A, ax, part, k)
	if al := u.Aligner(); al != nil && err == nil {
		m, e := al.Cell("align", "k", u.Part())
		if e != nil {
			return nil, e
		}
		for port, x := range al.Place(b, "align", m, a, ax, part) {
			a[port] = x
		}
		delete(a, "exp_o")
	}
	join("a", a)
	join("b", decode("b", u.B, ax, part, k))
	if u.ScaleA.Exp > 0 {
		join("sa", decode("sa", u.ScaleA, ax, part))
	}
	if u.ScaleB.Exp > 0 {
		join("sb", decode("sb", u.ScaleB, ax, part))
	}
	if err != nil {
		return nil, err
	}
	b.Out("y_o", b.Inst("unit", cell, in, ax)["y_o"])
	m, err := b.Build()
	if err != nil {
		return nil, err
	}
	return hw.Flatten(m)
}

// scaledUnits are units for block formats, of every kind of term and element.
func scaledUnits() map[string]*pe.BlockScaled {
	mx := func(stages int, f numeric.Format, change func(*pe.BlockScaled)) *pe.BlockScaled {
		u := &pe.BlockScaled{Stages: stages, BlockScaled: numeric.BlockScaled{A: f, B: f, ScaleA: numeric.E8M0, ScaleB: numeric.E8M0, Block: 32, N: 32,
			C: numeric.FP32, Out: numeric.FP32, Frac: 25, Floor: -133, Rounding: numeric.TowardZero, NaN: numeric.FP32.AllOnes()}}
		change(u)
		return u
	}
	return map[string]*pe.BlockScaled{
		"e4m3":         mx(5, numeric.E4M3, func(*pe.BlockScaled) {}),
		"e5m2":         mx(4, numeric.E5M2, func(u *pe.BlockScaled) { u.N = 8 }),
		"e2m3 x e3m2":  mx(3, numeric.E2M3, func(u *pe.BlockScaled) { u.B, u.Rounding = numeric.E3M2, numeric.NearEven }),
		"e2m1 exact":   mx(2, numeric.E2M1, func(u *pe.BlockScaled) { u.N, u.Exact, u.Frac = 8, true, 35 }),
		"int8 exact":   mx(1, numeric.MXINT8, func(u *pe.BlockScaled) { u.Exact, u.Frac, u.Rounding = true, 30, numeric.NearEven }),
		"int8 x uint4": mx(5, numeric.MXINT8, func(u *pe.BlockScaled) { u.B, u.N = numeric.Int{Bits: 4}, 4 }),
		"e4m3 exact":   mx(4, numeric.E4M3, func(u *pe.BlockScaled) { u.Exact, u.Frac = true, 30 }),
		"nvfp4": mx(5, numeric.E2M1, func(u *pe.BlockScaled) {
			u.ScaleA, u.ScaleB, u.Block, u.N, u.Exact, u.Frac, u.Floor = numeric.UE4M3, numeric.UE4M3, 16, 64, true, 35, numeric.NoFloor
		}),
		"figna": mx(5, numeric.FP16, func(u *pe.BlockScaled) {
			u.B, u.ScaleA, u.ScaleB, u.Block, u.N, u.Exact, u.Align, u.AlignRounding = numeric.Int{Bits: 4, Signed: true}, numeric.Float{}, numeric.BF16, 32, 16, true, 14, numeric.TowardZero
			u.Frac = 30
		}),
		"figna narrow": mx(3, numeric.BF16, func(u *pe.BlockScaled) {
			u.B, u.ScaleA, u.ScaleB, u.Block, u.N, u.Exact, u.Align, u.AlignRounding = numeric.Int{Bits: 4}, numeric.Float{}, numeric.Float{}, 8, 16, true, 5, numeric.NearEven
			u.C, u.Out, u.Rounding, u.Frac, u.Floor, u.NaN = numeric.FP16, numeric.FP16, numeric.NearEven, 20, -21, numeric.FP16.AllOnes()
		}),
		"figna even": mx(2, numeric.FP16, func(u *pe.BlockScaled) {
			u.B, u.ScaleA, u.ScaleB, u.Block, u.N, u.Exact, u.Align, u.AlignRounding = numeric.Int{Bits: 3, Signed: true}, numeric.Float{}, numeric.Float{}, 8, 8, true, 20, numeric.NearEven
		}),
	}
}

// scaledWord is a random element as the streams have it: of integers the code of the value.
func scaledWord(rng *rand.Rand, f numeric.Format) uint64 {
	if f, ok := f.(numeric.Float); ok {
		return f.MixedCode(rng.Uint64())
	}
	top := uint64(1) << (f.Width() - 1)
	switch rng.IntN(8) {
	case 0:
		return top
	case 1:
		return top - 1
	case 2:
		return 0
	}
	return rng.Uint64() % (2 * top)
}

// TestBlockScaled compares the units with the software: NaN and zero scales, specials, subnormal
// numbers, zeros, parts that are cut short, cancellation.
func TestBlockScaled(t *testing.T) {
	cases, rounds := 64, 2
	if tooltest.IsDeep() {
		cases, rounds = 1024, 30
	}
	for name, u := range scaledUnits() {
		t.Run(name, func(t *testing.T) {
			if err := u.Validate(); err != nil {
				t.Fatal(err)
			}
			m, err := scaledBench(u, cases)
			if err != nil {
				t.Fatal(err)
			}
			e, err := eval.New(m)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(62, uint64(u.N)))
			for range rounds {
				scaledRound(t, rng, u, m, e, cases)
			}
		})
	}
}

func scaledRound(t *testing.T, rng *rand.Rand, u *pe.BlockScaled, m *hw.Module, e *eval.Machine, cases int) {
	words := map[string][]uint64{"a_i": make([]uint64, cases*u.N), "b_i": make([]uint64, cases*u.N), "c_i": make([]uint64, cases),
		"sa_i": make([]uint64, cases*u.Parts()), "sb_i": make([]uint64, cases*u.Parts())}
	want, finite := make([]uint64, cases), 0
	for i := range cases {
		k := u.N // products that are there; the others are zeros
		if rng.IntN(3) == 0 {
			k = 1 + rng.IntN(u.N)
		}
		tame := rng.IntN(4) > 0
		draw := func(f numeric.Format) uint64 {
			w := scaledWord(rng, f)
			if tame && f.Decode(w).Class > numeric.Finite {
				return 0
			}
			return w
		}
		a, b := numeric.NewDense(1, k), numeric.NewDense(k, 1)
		for n := range k {
			x, y := draw(u.A), draw(u.B)
			if _, float := u.A.(numeric.Float); float && n > 0 && rng.IntN(4) == 0 {
				x, y = words["a_i"][i*u.N+n-1]^1<<(u.A.Width()-1), words["b_i"][i*u.N+n-1]
			}
			words["a_i"][i*u.N+n], words["b_i"][i*u.N+n] = x, y
			a.Data[n], b.Data[n] = int32(uint32(x)), int32(uint32(y))
		}
		blocks := (k + u.Block - 1) / u.Block
		scales := func(name string, f numeric.Float, rows, cols int) *numeric.Dense {
			if f.Exp == 0 {
				return nil
			}
			d := numeric.NewDense(rows, cols)
			for n := range d.Data {
				d.Data[n] = int32(uint32(draw(f)))
			}
			for p := range u.Parts() {
				if block := p * u.Part() / u.Block; block < blocks {
					words[name][i*u.Parts()+p] = uint64(uint32(d.Data[block]))
				}
			}
			return d
		}
		sa, sb := scales("sa_i", u.ScaleA, 1, blocks), scales("sb_i", u.ScaleB, blocks, 1)
		c := uint64(0)
		if rng.IntN(3) > 0 {
			c = draw(u.C)
		}
		words["c_i"][i] = c
		out, err := u.GEMM(a, b, sa, sb, []int64{int64(c)})
		if err != nil {
			t.Fatal(err)
		}
		want[i] = uint64(out[0])
		if u.C.Decode(want[i]).Class == numeric.Finite {
			finite++
		}
	}
	if finite < cases/3 {
		t.Errorf("%d of %d results are finite", finite, cases)
	}
	for i, p := range m.Inputs {
		e.Set(i, words[p.Name])
	}
	for range u.Stages - 1 {
		e.Settle()
		e.Step(false)
	}
	e.Settle()
	got := make([]uint64, cases)
	e.Get(0, got)
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%x . %x, scales %x %x, + %x = %x, want %x", words["a_i"][i*u.N:(i+1)*u.N], words["b_i"][i*u.N:(i+1)*u.N],
				words["sa_i"][i*u.Parts():(i+1)*u.Parts()], words["sb_i"][i*u.Parts():(i+1)*u.Parts()], words["c_i"][i], got[i], want[i])
		}
	}
}
