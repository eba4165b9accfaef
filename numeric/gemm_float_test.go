package numeric

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// randomCodes draws a matrix: with mild 0 anything the format has, specials rarely; with mild 1
// numbers of moderate size.
func randomCodes(rng *rand.Rand, f Float, rows, cols int, mild bool) *Dense {
	d := NewDense(rows, cols)
	for i := range d.Data {
		c := operand(rng, f)
		if v := f.Decode(c); mild && v.Class > Finite || v.Class > Finite && rng.IntN(40) > 0 {
			c = 0
		}
		d.Data[i] = int32(uint32(c))
	}
	return d
}

// negate returns the matrix of negatives.
func (d *Dense) negate(f Float) *Dense {
	n := NewDense(d.Rows, d.Cols)
	for i, v := range d.Data {
		n.Data[i] = int32(uint32(v) ^ 1<<(f.Width()-1))
	}
	return n
}

// TestChainGEMM compares the fast paths and the chunks with steps that the second opinion checks one by
// one.
func TestChainGEMM(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	formats := []Float{BF16, FP16, E4M3, E5M2, TF32, E4M3FNUZ}
	accs := []Float{FP32, FP16, BF16}
	for n := range 600 {
		f := Chain{A: formats[rng.IntN(6)], B: formats[rng.IntN(6)], Acc: accs[rng.IntN(3)], Chunk: rng.IntN(2) * rng.IntN(5)}
		f.Env.PositiveZero = rng.IntN(3) == 0
		if f.Exact = rng.IntN(5) == 0; f.Exact || rng.IntN(4) == 0 {
			f.Out = accs[rng.IntN(3)]
		}
		f.Tree = !f.Exact && rng.IntN(5) == 0
		if rng.IntN(4) == 0 {
			f.Env = Env{Rounding: Rounding(rng.IntN(6)), Saturate: rng.IntN(2) == 0, Flush: rng.IntN(2) == 0}
		}
		if rng.IntN(6) == 0 {
			f.B = f.A
			f.Mul = &AddMul{Float: f.A, Kind: AddMulKind(rng.IntN(3)), Specials: rng.IntN(2) == 0}
		}
		m, k, cols := 1+rng.IntN(3), 1+rng.IntN(40), 1+rng.IntN(3)
		a, b := randomCodes(rng, f.A, m, k, rng.IntN(2) == 0), randomCodes(rng, f.B, k, cols, rng.IntN(2) == 0)
		var init []int64
		if rng.IntN(2) == 0 {
			init = make([]int64, m*cols)
			for i := range init {
				init[i] = int64(operand(rng, f.out()))
			}
		}
		got, err := f.GEMM(a, b, init)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m {
			for j := range cols {
				if want := f.stepByStep(t, a, b, init, i, j); got[i*cols+j] != int64(want) {
					t.Fatalf("case %d %+v: word %d,%d is %x, want %x", n, f, i, j, got[i*cols+j], want)
				}
			}
		}
	}
}

// stepByStep computes one word by single operations and has each exact step judged by the second opinion.
func (f *Chain) stepByStep(t *testing.T, a, b *Dense, init []int64, i, j int) uint64 {
	o := f.out()
	one, _ := o.Encode(FromInt(1), &Env{})
	chunk := f.Chunk
	if chunk == 0 {
		chunk = a.Cols
	}
	add := func(x, y uint64) uint64 {
		s, flags := FMA(o.DecodeIn(x, &f.Env), o.Decode(one), o.DecodeIn(y, &f.Env), f.Env.Rounding)
		code, more := o.Encode(s, &f.Env)
		if !f.Env.Flush {
			if msg := refFMA(o, o, o, o, x, one, y, &f.Env, code, flags|more); msg != "" {
				t.Fatalf("%x + %x = %x: %s", x, y, code, msg)
			}
		}
		return code
	}
	total := uint64(0)
	for k0 := 0; k0 < a.Cols; k0 += chunk {
		sum := uint64(0)
		if f.Tree {
			sum = f.treeByStep(a, b, i, j, k0, min(k0+chunk, a.Cols))
		}
		exact := NewKulisch(f.A, f.B, Float{}, a.Cols)
		for k := k0; k < min(k0+chunk, a.Cols); k++ {
			x, y := code(a.At(i, k), f.A), code(b.At(k, j), f.B)
			if f.Tree {
				continue
			}
			if f.Exact {
				exact.Add(f.product(x, y))
				continue
			}
			var v Value
			var flags Flags
			if f.Mul == nil {
				v, flags = FMA(f.A.DecodeIn(x, &f.Env), f.B.DecodeIn(y, &f.Env), f.Acc.DecodeIn(sum, &f.Env), f.Env.Rounding)
			} else {
				v, flags = Add(f.Mul.Mul(x, y), f.Acc.DecodeIn(sum, &f.Env), f.Env.Rounding)
			}
			next, more := f.Acc.Encode(v, &f.Env)
			if f.Mul == nil && !f.Env.Flush {
				if msg := refFMA(f.A, f.B, f.Acc, f.Acc, x, y, sum, &f.Env, next, flags|more); msg != "" {
					t.Fatalf("%x * %x + %x = %x: %s", x, y, sum, next, msg)
				}
			}
			sum = next
		}
		if f.Exact {
			sum, _ = o.Encode(exact.Value(), &f.Env)
		} else if o != f.Acc {
			sum, _ = o.Encode(f.Acc.DecodeIn(sum, &f.Env), &f.Env)
		}
		if k0 == 0 {
			total = sum
		} else {
			total = add(sum, total)
		}
	}
	if init != nil {
		total = add(uint64(init[i*b.Cols+j]), total)
	}
	return total
}

// treeByStep is the sum of an adder tree from k0 to k1, by halves: the left one has the greatest power of two of
// products that is less than all.
func (f *Chain) treeByStep(a, b *Dense, i, j, k0, k1 int) uint64 {
	if k1-k0 == 1 {
		p, _ := f.Acc.Encode(f.product(code(a.At(i, k0), f.A), code(b.At(k0, j), f.B)), &f.Env)
		return p
	}
	half := 1
	for 2*half < k1-k0 {
		half *= 2
	}
	s, _ := Add(f.Acc.DecodeIn(f.treeByStep(a, b, i, j, k0, k0+half), &f.Env), f.Acc.DecodeIn(f.treeByStep(a, b, i, j, k0+half, k1), &f.Env), f.Env.Rounding)
	c, _ := f.Acc.Encode(s, &f.Env)
	return c
}

// TestBlockGEMM compares the fast path with single dot products.
func TestBlockGEMM(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 1))
	cores := TensorCores()
	for n := range 1200 {
		core := cores[n%len(cores)]
		u := core.Unit
		u.ZeroProductExponent = rng.IntN(3) == 0
		m, k, cols := 1+rng.IntN(2), 1+rng.IntN(3*u.K()), 1+rng.IntN(3)
		if rng.IntN(2) == 0 {
			k = u.K() * (1 + rng.IntN(3))
		}
		mild := rng.IntN(3) > 0
		a, b := randomCodes(rng, u.A, m, k, mild), randomCodes(rng, u.B, k, cols, mild)
		if rng.IntN(4) == 0 { // sums about the least subnormal number, which may vanish
			for i := range a.Data {
				a.Data[i] = int32(u.A.join(rng.IntN(2) == 0, rng.Uint32N(2<<u.A.Man)))
			}
			for i := range b.Data {
				b.Data[i] = int32(u.B.join(rng.IntN(2) == 0, rng.Uint32N(uint32(u.B.Bias)<<u.B.Man)))
			}
		}
		if k > 1 && rng.IntN(2) == 0 { // the second half of K cancels the first
			an := a.negate(u.A)
			for x := range k / 2 {
				for i := range m {
					a.Data[i*k+k/2+x] = an.Data[i*k+x]
				}
				copy(b.Row(k/2+x), b.Row(x))
			}
		}
		var init []int64
		if rng.IntN(2) == 0 {
			init = make([]int64, m*cols)
			for i := range init {
				init[i] = int64(operand(rng, u.C))
			}
		}
		got, err := u.GEMM(a, b, init)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m {
			for j := range cols {
				var x, y []uint64
				for k := range k {
					x, y = append(x, code(a.At(i, k), u.A)), append(y, code(b.At(k, j), u.B))
				}
				c := uint64(0)
				if init != nil {
					c = uint64(init[i*cols+j])
				}
				if want := u.Dot(x, y, c); got[i*cols+j] != int64(want) {
					t.Fatalf("case %d %s: word %d,%d is %x, want %x (%x . %x + %x)", n, core.Name, i, j, got[i*cols+j], want, x, y, c)
				}
			}
		}
	}
}

// TestExactDot compares Kulisch sums with sums on unbounded integers.
func TestExactDot(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 1))
	formats := []Float{BF16, FP16, E4M3, E5M2, E2M1, TF32}
	for range 1500 {
		d := ExactDot{A: formats[rng.IntN(6)], B: formats[rng.IntN(6)], Acc: []Float{FP32, FP16, BF16}[rng.IntN(3)], Env: Env{Rounding: Rounding(rng.IntN(6))}}
		k := 1 + rng.IntN(20)
		a, b := randomCodes(rng, d.A, 1, k, true), randomCodes(rng, d.B, k, 1, true)
		var init []int64
		sum := new(big.Int)
		if c := operand(rng, d.Acc); rng.IntN(2) == 0 && d.Acc.Decode(c).Class <= Finite {
			init = []int64{int64(c)}
			sum, _, _ = refNumber(d.Acc, c)
		}
		for i := range k {
			x, _, _ := refNumber(d.A, code(a.Data[i], d.A))
			y, _, _ := refNumber(d.B, code(b.Data[i], d.B))
			sum.Add(sum, new(big.Int).Rsh(new(big.Int).Mul(x, y), refScale))
		}
		got, err := d.GEMM(a, b, init)
		if err != nil {
			t.Fatal(err)
		}
		near, err := d.Float64s(a, b, init)
		if err != nil {
			t.Fatal(err)
		}
		x := new(big.Float).SetInt(sum)
		if want, _ := x.SetMantExp(x, -refScale).Float64(); near[0] != want {
			t.Fatalf("%+v: %v in float64, want %v", d, near[0], want)
		}
		if sum.Sign() == 0 {
			if got[0] != 0 {
				t.Fatalf("%+v: exact zero is %x", d, got[0])
			}
			continue
		}
		msg := ""
		for _, flags := range []Flags{0, Inexact, Inexact | Underflow, Inexact | Overflow} {
			if msg = refRound(d.Acc, sum, &d.Env, uint64(got[0]), flags); msg == "" {
				break
			}
		}
		if msg != "" {
			t.Fatalf("%+v: %v . %v is %x: %s", d, a.Data, b.Data, got[0], msg)
		}
	}
}

// TestKulischWidth pins the widths that make every sum exact, and that wider sums wrap back.
func TestKulischWidth(t *testing.T) {
	for _, tt := range []struct {
		f    Float
		k    int
		want int
	}{{E4M3, 32, 42}, {E5M2, 32, 70}, {E2M1, 32, 14}, {FP16, 1024, 91}, {BF16, 1024, 533}} {
		if got := NewKulisch(tt.f, tt.f, Float{}, tt.k).Width; got != tt.want {
			t.Errorf("%d products of %s: %d bits, want %d", tt.k, tt.f, got, tt.want)
		}
	}
	k := NewKulischWidth(0, 70)
	big := Value{Class: Finite, Exp: 69, Sig: 1}
	k.Add(big) // -2^69 in 70 bits
	if v := k.Value(); !v.Neg || v.Log2() != 69 {
		t.Errorf("2^69 in 70 bits is %v", v)
	}
	k.Add(big)
	if v := k.Value(); v.Class != Zero {
		t.Errorf("2^70 in 70 bits is %v", v)
	}
}

// TestMonotoneBlocks shows a published oddity: with one term more the sum can fall, because the
// greatest exponent cuts the others (Fasi et al. 2021, section on monotonicity).
func TestMonotoneBlocks(t *testing.T) {
	core, err := FindTensorCore("tc-v100-fp16-f32")
	if err != nil {
		t.Fatal(err)
	}
	// Four times 1: below c = 2^24 they are cut, below 2^24 - 1 they count.
	ones := []uint64{0x3c00, 0x3c00, 0x3c00, 0x3c00}
	if got := core.Unit.Dot(ones, ones, 0x4b800000); got != 0x4b800000 {
		t.Errorf("2^24 + 4 = %x, want 2^24", got)
	}
	if got := core.Unit.Dot(ones, ones, 0x4b7fffff); got != 0x4b800001 {
		t.Errorf("2^24 - 1 + 4 = %x, want 2^24 + 2", got)
	}
}
