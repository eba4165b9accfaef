package quant

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/numeric"
)

var (
	int4  = numeric.Int{Bits: 4, Signed: true}
	int8f = numeric.Int{Bits: 8, Signed: true}
	uint4 = numeric.Int{Bits: 4}
)

// gaussian is a random matrix; every stretch-th column is larger.
func gaussian(rows, cols int, seed uint64, stretch int) *Matrix {
	r := rand.New(rand.NewPCG(seed, 0))
	m := NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = float32(r.NormFloat64())
		if stretch > 0 && i%cols%stretch == stretch-1 {
			m.Data[i] *= 30
		}
	}
	return m
}

// distance is the root of the summed squares of x - y over that of x.
func distance(x, y *Matrix) float64 {
	d, n := 0.0, 0.0
	for i, v := range x.Data {
		d += float64(v-y.Data[i]) * float64(v-y.Data[i])
		n += float64(v) * float64(v)
	}
	return math.Sqrt(d / n)
}

func TestQuantizeByHand(t *testing.T) {
	m := &Matrix{2, 3, []float32{-1, 0.52, 0.26, 0, 7, -3.5}}
	for _, c := range []struct {
		name       string
		format     numeric.Format
		block      Block
		asymmetric bool
		codes      []int32
		scale      []float32
		zero       []int32
	}{
		{"rows, symmetric", int4, PerRow, false, []int32{-7, 4, 2, 0, 7, -4}, []float32{1. / 7, 1}, []int32{0, 0}}, // -3.5 and 3.5 to even
		{"tensor, symmetric", int4, PerTensor, false, []int32{-1, 1, 0, 0, 7, -4}, []float32{1}, []int32{0}},
		{"columns, symmetric", int8f, PerColumn, false, []int32{-127, 9, 9, 0, 127, -127}, []float32{1. / 127, 7. / 127, 3.5 / 127}, []int32{0, 0, 0}},
		{"rows, asymmetric", uint4, PerRow, true, []int32{0, 15, 13, 5, 15, 0}, []float32{1.52 / 15, 0.7}, []int32{10, 5}},
		{"groups of two in rows", int4, RowGroups(2), false, []int32{-7, 4, 7, 0, 7, -7}, []float32{1. / 7, 0.26 / 7, 1, 0.5}, []int32{0, 0, 0, 0}},
		{"fp8", numeric.E4M3, PerTensor, false, []int32{0xe8, 0x60, 0x58, 0, 0x7e, 0xf6}, []float32{1. / 64}, []int32{0}},
		{"bf16", numeric.BF16, PerTensor, false, []int32{0xbf80, 0x3f05, 0x3e85, 0, 0x40e0, 0xc060}, []float32{1}, []int32{0}},
	} {
		got, err := Quantize(m, c.format, c.block, c.asymmetric)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(got.Data, c.codes); d != "" {
			t.Errorf("%s: codes (-got +want):\n%s", c.name, d)
		}
		if d := cmp.Diff(got.Zero, c.zero); d != "" {
			t.Errorf("%s: zero points (-got +want):\n%s", c.name, d)
		}
		for i, s := range got.Scale {
			if math.Abs(float64(s/c.scale[i]-1)) > 1e-6 {
				t.Errorf("%s: scale %d is %v, want %v", c.name, i, s, c.scale[i])
			}
		}
	}
	if _, err := Quantize(&Matrix{1, 1, []float32{float32(math.NaN())}}, int4, PerRow, false); err == nil {
		t.Error("a NaN was coded")
	}
}

// TestQuantizeBound checks that no element is farther from its code than half a step, for every scheme and odd shapes.
func TestQuantizeBound(t *testing.T) {
	m := gaussian(13, 29, 3, 7)
	for _, block := range []Block{PerTensor, PerRow, PerColumn, RowGroups(8), ColumnGroups(5), {4, 6}} {
		for _, f := range []numeric.Int{int4, int8f, uint4, {Bits: 3, Signed: true}} {
			for _, asymmetric := range []bool{false, true} {
				c, err := Quantize(m, f, block, asymmetric)
				if err != nil {
					t.Fatal(err)
				}
				values := c.Values()
				for i := range m.Rows {
					for j := range m.Cols {
						half := float64(c.ScaleAt(i, j)) / 2
						if asymmetric || !f.Signed { // the zero point is rounded too
							half *= 2
						}
						if e := math.Abs(float64(m.At(i, j) - values.At(i, j))); e > half*(1+1e-5) {
							t.Fatalf("%s %v asymmetric %v: element (%d, %d) = %v is coded as %v, step %v", f, block, asymmetric, i, j, m.At(i, j), values.At(i, j), c.ScaleAt(i, j))
						}
					}
				}
			}
		}
	}
}

func TestBitNet(t *testing.T) {
	m := &Matrix{2, 2, []float32{3, -0.1, -3, 1.9}} // mean magnitude 2
	c, err := Ternary(m)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(c.Data, []int32{1, 0, -1, 1}); d != "" || c.Scale[0] != 2 {
		t.Errorf("ternary: scale %v, %s", c.Scale[0], d)
	}
	// A product of two vectors with signs is represented without error.
	in, out := []float32{1, 2, 0.5}, []float32{3, 1}
	w := NewMatrix(3, 2)
	for i := range w.Data {
		w.Data[i] = in[i/2] * out[i%2] * float32(1-2*(i%3%2))
	}
	o, err := OneBit(w)
	if err != nil {
		t.Fatal(err)
	}
	if d := distance(w, o.Values()); d > 1e-6 {
		t.Errorf("OneBit of a product of vectors is off by %v", d)
	}
}

func TestLowRank(t *testing.T) {
	w := Product(gaussian(20, 3, 1, 0), gaussian(3, 12, 2, 0))
	u, v, err := LowRank(w, 3)
	if err != nil {
		t.Fatal(err)
	}
	if d := distance(w, Product(u, v)); d > 1e-5 {
		t.Errorf("rank 3 of a matrix of rank 3 is off by %v", d)
	}
	w = gaussian(48, 32, 5, 8)
	plain, _ := Quantize(w, int4, PerTensor, false)
	before := distance(w, plain.Values())
	last := before
	for _, r := range []int{1, 4, 16} {
		c, err := LQER(w, int4, PerTensor, false, r)
		if err != nil {
			t.Fatal(err)
		}
		if d := distance(w, c.Values()); d >= last {
			t.Errorf("LQER with rank %d is off by %v, with less by %v", r, d, last)
		} else {
			last = d
		}
	}
	c, err := SVDQuant(w, int4, PerTensor, false, 4)
	if err != nil {
		t.Fatal(err)
	}
	if d := distance(w, c.Values()); d > before/3 {
		t.Errorf("SVDQuant takes 4 large columns out and is off by %v, plain codes by %v", d, before)
	}
}

func TestSparse(t *testing.T) {
	w := &Matrix{5, 1, []float32{1, -4, 2, 3, 0.5}}
	p, err := PruneNM(w, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Data, []float32{0, -4, 0, 3, 0.5}); d != "" {
		t.Errorf("2:4 (-got +want):\n%s", d)
	}
	p, err = Prune(w, 0.4)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Data, []float32{0, -4, 2, 3, 0}); d != "" {
		t.Errorf("40 %% zeros (-got +want):\n%s", d)
	}
}

func TestMixed(t *testing.T) {
	a := gaussian(16, 24, 9, 12) // channels 11 and 23 are large
	o := SplitOutliers(a, 15)
	if d := cmp.Diff(o.Columns, []int{11, 23}); d != "" {
		t.Fatalf("outliers (-got +want):\n%s", d)
	}
	if o.Rest.At(3, 11) != 0 || o.Rest.At(3, 10) != a.At(3, 10) {
		t.Error("the rest has outliers, or lacks another number")
	}
	m, err := MixedBlocks(a, 8, int4, int8f, 5)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m.Wide, []bool{true, false, false}); d != "" {
		t.Errorf("wide blocks (-got +want):\n%s", d)
	}
	for i := range m.Rows {
		for j, q := range m.Row(i)[8:] {
			if q < -7 || q > 7 {
				t.Fatalf("code %d of a narrow block in column %d", q, 8+j)
			}
		}
	}
	for j, from := range m.Order {
		if e := math.Abs(float64(m.Values().At(0, j) - a.At(0, from))); e > float64(m.ScaleAt(0, j)) {
			t.Errorf("column %d (channel %d) is off by %v", j, from, e)
		}
	}
	for scale, want := range map[float32]FPTQKind{0.01: FPTQStatic, 1: FPTQEqualised, 100: FPTQToken} {
		b := a.Clone()
		for i := range b.Data {
			b.Data[i] *= scale
		}
		if kind, by := FPTQ(b); kind != want || (by != nil) != (want == FPTQEqualised) {
			t.Errorf("FPTQ of activations times %v: kind %v, want %v", scale, kind, want)
		}
	}
}

func TestBlockFormats(t *testing.T) {
	m := gaussian(6, 70, 4, 0)
	mx, err := MXBlocks(m, numeric.MX{Elem: numeric.E4M3, Block: 32}, false)
	if err != nil {
		t.Fatal(err)
	}
	if d := distance(m, mx.Values()); d > 0.04 {
		t.Errorf("MXFP8 is off by %v", d)
	}
	nv, err := NVFP4Blocks(m.Transposed(), 16, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := distance(m.Transposed(), nv.Values()); d > 0.12 {
		t.Errorf("NVFP4 is off by %v", d)
	}
	four, err := MXBlocks(m, numeric.MX{Elem: numeric.E2M1, Block: 32}, false)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := distance(m, four.Values()), distance(m.Transposed(), nv.Values()); a <= b {
		t.Errorf("MXFP4 is off by %v and NVFP4, whose blocks are half as long, by %v", a, b)
	}
}

// TestGPTQ compares the error of the product, which GPTQ makes small, with that of rounding to nearest.
func TestGPTQ(t *testing.T) {
	mix := gaussian(32, 32, 8, 0)
	x := Product(gaussian(200, 32, 7, 0), mix) // correlated channels
	w := gaussian(32, 16, 6, 0)
	plain, err := Quantize(w, uint4, ColumnGroups(16), true)
	if err != nil {
		t.Fatal(err)
	}
	g, err := GPTQ(w, x, uint4, 16)
	if err != nil {
		t.Fatal(err)
	}
	want := Product(x, w)
	a, b := distance(want, Product(x, g.Values())), distance(want, Product(x, plain.Values()))
	t.Logf("error of the product: GPTQ %.4f, nearest %.4f", a, b)
	if a > 0.85*b {
		t.Errorf("error of the product: GPTQ %v, nearest %v", a, b)
	}
}

func TestHistogram(t *testing.T) {
	h := NewHistogram(int8f)
	var all []int32
	for v := int32(-128); v < 128; v++ {
		all = append(all, v)
	}
	h.Add(all)
	// All 256 codes: Booth 3, CSD 2.777, two's complement 4, magnitude 3.5 digits on average.
	for e, want := range map[numeric.Encoding]float64{numeric.Booth: 3, numeric.CSD: 2.777, numeric.BitsC: 4, numeric.BitsM: 3.504} {
		if got := h.Digits(e); math.Abs(got-want) > 0.0005 {
			t.Errorf("%s: %v digits, want %v", e, got, want)
		}
	}
	s := h.Summary()
	if s.Min != -128 || s.Max != 127 || s.Mean != -0.5 || math.Abs(s.SD-73.9) > 0.01 || s.Zeros != 1./256 {
		t.Errorf("summary: %+v", s)
	}
	if b := h.Bins(); len(b) != 16 || b[0] != (Bin{-128, -113, 16}) || b[15] != (Bin{112, 127, 16}) {
		t.Errorf("bins: %v", b)
	}
	f := NewHistogram(numeric.BF16)
	f.Add([]int32{0, 0x3f80, 0x3fc0, 0xbf00, 0x7f80})
	if d := cmp.Diff(f.Bins(), []Bin{{0, 0, 1}, {0.5, 1, 1}, {1, 2, 2}}); d != "" {
		t.Errorf("bins of bf16 (-got +want):\n%s", d)
	}
}
