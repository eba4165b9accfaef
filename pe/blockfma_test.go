package pe_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/pe"
)

// blockBench places a unit over cases, with decoders in front.
func blockBench(u *pe.BlockFMA, cases int) (*hw.Module, error) {
	cell, err := u.Cell("unit", "k")
	if err != nil {
		return nil, err
	}
	b := hw.New("bench", "")
	ax, k := b.Axis("case", cases), b.Axis("k", u.N)
	in := hw.Ports{"c_i": b.In("c_i", u.C.Width(), ax)}
	for _, o := range []struct {
		name string
		f    numeric.Float
	}{{"a", u.A}, {"b", u.B}} {
		dec, err := pe.DecodeOperand("decode_"+o.name, o.f)
		if err != nil {
			return nil, err
		}
		for port, x := range b.Inst("decode_"+o.name, dec, hw.Ports{"x_i": b.In(o.name+"_i", o.f.Width(), ax, k)}, ax, k) {
			in[o.name+"_"+port[:len(port)-1]+"i"] = x
		}
	}
	if u.ZeroProductExponent {
		in["present_i"] = b.In("present_i", 1, ax, k)
	}
	b.Out("y_o", b.Inst("unit", cell, in, ax)["y_o"])
	m, err := b.Build()
	if err != nil {
		return nil, err
	}
	return hw.Flatten(m)
}

// TestBlockFMA compares the unit of every tensor core, with every number of stages and both readings of
// zeros, with the software: specials, subnormal numbers, zeros, absent products, cancellation.
func TestBlockFMA(t *testing.T) {
	cases, rounds := 128, 2
	if tooltest.IsDeep() {
		cases, rounds = 1024, 20
	}
	for i, core := range numeric.TensorCores() {
		rng := rand.New(rand.NewPCG(61, uint64(i)))
		u := &pe.BlockFMA{BlockFMA: core.Unit, Stages: 1 + i%5}
		u.Order, u.AddC, u.ZeroProductExponent = nil, false, rng.IntN(2) == 0
		t.Run(fmt.Sprintf("%s/stages=%d/zeros=%v", core.Name, u.Stages, u.ZeroProductExponent), func(t *testing.T) {
			if err := u.Validate(); err != nil {
				t.Fatal(err)
			}
			m, err := blockBench(u, cases)
			if err != nil {
				t.Fatal(err)
			}
			e, err := eval.New(m)
			if err != nil {
				t.Fatal(err)
			}
			for range rounds {
				blockRound(t, rng, u, m, e, cases)
			}
		})
	}
}

func blockRound(t *testing.T, rng *rand.Rand, u *pe.BlockFMA, m *hw.Module, e *eval.Machine, cases int) {
	a, b, c := make([]uint64, cases*u.N), make([]uint64, cases*u.N), make([]uint64, cases)
	here, want := make([]uint64, cases*u.N), make([]uint64, cases)
	for i := range cases {
		x, y, p := a[i*u.N:(i+1)*u.N], b[i*u.N:(i+1)*u.N], here[i*u.N:(i+1)*u.N]
		n := u.N // products that are there; the others are zeros
		if rng.IntN(3) == 0 {
			n = 1 + rng.IntN(u.N)
		}
		tame := rng.IntN(4) > 0
		for k := range n {
			p[k] = 1
			x[k], y[k] = u.A.MixedCode(rng.Uint64()), u.B.MixedCode(rng.Uint64())
			if tame && (u.A.Decode(x[k]).Class > numeric.Finite || u.B.Decode(y[k]).Class > numeric.Finite) {
				x[k], y[k] = 0, 0
			}
			if k > 0 && rng.IntN(4) == 0 {
				x[k], y[k] = x[k-1]^1<<(u.A.Width()-1), y[k-1]^uint64(rng.IntN(2))<<u.B.Pad
			}
		}
		if c[i] = u.C.MixedCode(rng.Uint64()); rng.IntN(3) == 0 || tame && u.C.Decode(c[i]).Class > numeric.Finite {
			c[i] = 0
		}
		want[i] = u.Dot(x[:n], y[:n], c[i])
	}
	for i, p := range m.Inputs {
		e.Set(i, map[string][]uint64{"a_i": a, "b_i": b, "c_i": c, "present_i": here}[p.Name])
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
			t.Fatalf("%x . %x + %x = %x, want %x", a[i*u.N:(i+1)*u.N], b[i*u.N:(i+1)*u.N], c[i], got[i], want[i])
		}
	}
}

// TestBlockFMAWidths pins the widths of the sum, which others have inferred from outside.
func TestBlockFMAWidths(t *testing.T) {
	for name, want := range map[string]int{"tc-v100-fp16-f32": 29, "tc-a100-fp16-f32": 31, "tc-h100-fp16-f32": 33, "tc-h100-e4m3-f32": 22, "tc-b200-e4m3-f32": 34} {
		core, err := numeric.FindTensorCore(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&pe.BlockFMA{BlockFMA: core.Unit}).SumBits(); got != want {
			t.Errorf("%s: %d bits, want %d", name, got, want)
		}
	}
}

// TestAddFloats adds all pairs of e5m2, a format with infinities.
func TestAddFloats(t *testing.T) {
	f, nan := numeric.E5M2, numeric.E5M2.AllOnes()
	m, err := pe.AddFloats("add", f, nan)
	if err != nil {
		t.Fatal(err)
	}
	b := hw.New("bench", "")
	ax := b.Axis("case", 1<<16)
	b.Out("s_o", b.Inst("add", m, hw.Ports{"x_i": b.In("x_i", 8, ax), "y_i": b.In("y_i", 8, ax)}, ax)["s_o"])
	_, e := machineOf(t, b)
	x, y, got := make([]uint64, 1<<16), make([]uint64, 1<<16), make([]uint64, 1<<16)
	for i := range x {
		x[i], y[i] = uint64(i&255), uint64(i>>8)
	}
	e.Set(0, x)
	e.Set(1, y)
	e.Settle()
	e.Get(0, got)
	for i := range got {
		s, _ := numeric.Add(f.Decode(x[i]), f.Decode(y[i]), numeric.NearEven)
		want, _ := f.Encode(s, &numeric.Env{})
		if s.Class == numeric.NaN {
			want = nan
		}
		if got[i] != want {
			t.Fatalf("%x + %x = %x, want %x", x[i], y[i], got[i], want)
		}
	}
}
