package workloads

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestParseData(t *testing.T) {
	for _, spec := range []string{"full", "normal:20", "laplace:0.5", "const:-3", "zeros:0.25", "student:4:20", "uniform:30", "outlier-columns:0.01:40:3", "normal:1@token", "file:a.gguf#w^T@group:128+asym", "laplace:2@sparse:2:4+outliers:6+channel", "alternate", "min", "max", "relu:20", "outlier:5", "corners", "file:dir/a b.npy"} {
		d, err := ParseData(spec)
		if err != nil || d.String() != spec {
			t.Errorf("ParseData(%q) = %v, %v", spec, d, err)
		}
	}
	tests := []struct{ spec, want string }{
		{"ful", `unknown data: "ful" (expected ` + dataForms + `; the nearest is "full")`},
		{"normal", `bad data: "normal" (expected normal:NUMBER with a number of at least 0.01)`},
		{"normal:-1", `bad data: "normal:-1" (expected normal:NUMBER with a number of at least 0.01)`},
		{"laplace:NaN", `bad data: "laplace:NaN" (expected laplace:NUMBER with a number of at least 0.01)`},
		{"laplace:Inf", `bad data: "laplace:Inf" (expected laplace:NUMBER with a number of at least 0.01)`},
		{"zeros:1.5", `bad data: "zeros:1.5" (expected zeros:P with P from 0 to 1)`},
		{"const:x", `bad data: "const:x" (expected const:INTEGER)`},
		{"max:1", `bad data: "max:1" (expected max without a parameter)`},
		{"file:", `bad data: "file:" (expected file:PATH)`},
	}
	for _, tt := range tests {
		if _, err := ParseData(tt.spec); err == nil || err.Error() != tt.want {
			t.Errorf("ParseData(%q) error = %v, want %s", tt.spec, err, tt.want)
		}
	}
}

func TestParseDataSet(t *testing.T) {
	for spec, want := range map[string]string{
		"normal:20":               "normal:20",
		"b=const:1":               "a=full,b=const:1,c=const:0",
		"A=min, B=max ,c=full":    "a=min,b=max,c=full",
		"a=laplace:3,b=laplace:3": "laplace:3",
	} {
		if s, err := ParseDataSet(spec); err != nil || s.String() != want {
			t.Errorf("ParseDataSet(%q) = %v, %v, want %s", spec, s, err, want)
		}
	}
	for spec, want := range map[string]string{
		"a=min,a=max": `data of operand a given twice: "a=max" (expected once)`,
		"a=min,d=max": `bad data of an operand: "d=max" (expected a=DATA, b=DATA or c=DATA)`,
	} {
		if _, err := ParseDataSet(spec); err == nil || err.Error() != want {
			t.Errorf("ParseDataSet(%q) error = %v, want %s", spec, err, want)
		}
	}
}

func generator(t *testing.T, spec string, f Format, seed uint64) *Generator {
	t.Helper()
	d, err := ParseData(spec)
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGenerator(d, f, seed)
	if err != nil {
		t.Fatalf("NewGenerator(%v, %v): %v", d, f, err)
	}
	return g
}

// TestGeneratorValues pins values: they must never change, on any platform.
func TestGeneratorValues(t *testing.T) {
	i8, u4 := Format{Bits: 8, Signed: true}, Format{Bits: 4, Signed: false}
	tests := []struct {
		spec   string
		format Format
		want   []int64
	}{
		{"full", i8, []int64{-75, 121, 48, 120, 96, -6, 119, 109}},
		{"full", u4, []int64{11, 7, 3, 7, 6, 15, 7, 6}},
		{"normal:20", i8, []int64{11, -1, -18, -2, -6, 41, -2, -4}},
		{"normal:3", u4, []int64{3, 2, 0, 2, 1, 7, 2, 1}},
		{"laplace:5", i8, []int64{3, 0, -5, 0, -1, 16, 0, -1}},
		{"zeros:0.5", i8, []int64{53, 0, 0, 0, 0, -123, 0, 0}},
		{"full", Format{Bits: 64, Signed: true}, []int64{-5342044344230905106, 8745817503348835249, 3515914090289191764, 8656496265276190402, 6968407992797158847, -388321140209501444, 8633774689739338167, 7875024722138314200}},
		{"alternate", i8, []int64{127, -128, 127, -128, 127, -128, 127, -128}},
		{"min", i8, []int64{-128, -128, -128, -128, -128, -128, -128, -128}},
		{"max", u4, []int64{15, 15, 15, 15, 15, 15, 15, 15}},
		{"relu:20", i8, []int64{11, 0, 0, 0, 0, 41, 0, 0}},
		{"relu:3", u4, []int64{3, 0, 0, 2, 0, 7, 0, 1}},
		{"outlier:2", i8, []int64{1, 0, -2, 0, -1, 4, 0, 0}},
		{"corners", i8, []int64{2, 0, -85, 0, -1, 127, 0, -1}},
		{"corners", u4, []int64{14, 2, 1, 2, 2, 15, 2, 2}},
		{"const:-7", i8, []int64{-7, -7, -7, -7, -7, -7, -7, -7}},
	}
	for _, tt := range tests {
		got := make([]int64, 8)
		generator(t, tt.spec, tt.format, 1).FillRow(got, Operand{Layer: 2, Repeat: 3, Matrix: 'A'}, 1000)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s %v = %#v, want %v", tt.spec, tt.format, got, tt.want)
		}
	}
}

// TestRandomAccess checks that rows, in any cut, agree with single elements, stay
// in range, and differ between seeds and operands.
func TestRandomAccess(t *testing.T) {
	for _, spec := range []string{"full", "normal:30", "laplace:9", "zeros:0.3", "alternate", "relu:30", "outlier:9", "corners"} {
		for _, f := range []Format{{Bits: 8, Signed: true}, {Bits: 8}, {Bits: 2, Signed: true}, {Bits: 1}, {Bits: 16, Signed: true}, {Bits: 5, Signed: true, Symmetric: true}} {
			g := generator(t, spec, f, 42)
			op := Operand{Layer: 1, Repeat: 1 << 40, Matrix: 'B'}
			const start = int64(1) << 50
			row := make([]int64, 257)
			g.FillRow(row, op, start)
			least, most := f.Range()
			for i, v := range row {
				if got := g.Element(op, start+int64(i)); got != v {
					t.Fatalf("%s %v: element %d = %d, in a row %d", spec, f, i, got, v)
				}
				if v < least || v > most {
					t.Fatalf("%s %v: %d is out of range", spec, f, v)
				}
			}
		}
	}
	base := make([]int64, 64)
	generator(t, "full", Format{Bits: 16, Signed: true}, 1).FillRow(base, Operand{Matrix: 'A'}, 0)
	for name, other := range map[string]struct {
		seed uint64
		op   Operand
	}{
		"seed": {2, Operand{Matrix: 'A'}}, "layer": {1, Operand{Layer: 1, Matrix: 'A'}},
		"repeat": {1, Operand{Repeat: 1, Matrix: 'A'}}, "matrix": {1, Operand{Matrix: 'B'}},
	} {
		row := make([]int64, 64)
		generator(t, "full", Format{Bits: 16, Signed: true}, other.seed).FillRow(row, other.op, 0)
		if slices.Equal(row, base) {
			t.Errorf("another %s gives the same values", name)
		}
	}
}

func TestFillRowAllocatesNothing(t *testing.T) {
	row := make([]int64, 512)
	for _, spec := range []string{"full", "normal:30", "zeros:0.5", "relu:30", "outlier:9", "corners"} {
		g := generator(t, spec, Format{Bits: 8, Signed: true}, 1)
		if n := testing.AllocsPerRun(10, func() { g.FillRow(row, Operand{Matrix: 'A'}, 7) }); n != 0 {
			t.Errorf("%s: %v allocations a row, want 0", spec, n)
		}
	}
}

// TestShares counts what relu and outlier do to a normal distribution, and what corners are.
func TestShares(t *testing.T) {
	const n = 1 << 16
	row := make([]int64, n)
	fill := func(spec string, f Format) []int64 {
		generator(t, spec, f, 3).FillRow(row, Operand{Matrix: 'A'}, 0)
		return row
	}
	share := func(want float64, what string, is func(v int64) bool) {
		t.Helper()
		got := 0
		for _, v := range row {
			if is(v) {
				got++
			}
		}
		// Five standard deviations of a binomial count.
		if d := math.Abs(float64(got)/n - want); d > 5*math.Sqrt(want*(1-want)/n) {
			t.Errorf("%s: %.4f of the values (expected %.4f)", what, float64(got)/n, want)
		}
	}
	i8 := Format{Bits: 8, Signed: true}
	fill("relu:20", i8)
	share(0.5+0.5*0.0199, "zeros of relu", func(v int64) bool { return v == 0 }) // erf(0.5/20/sqrt 2) of the normal ones round to 0
	share(0, "negative values of relu", func(v int64) bool { return v < 0 })
	fill("relu:20", Format{Bits: 8})
	share(0.5+0.5*0.0391, "zeros of unsigned relu", func(v int64) bool { return v == 0 }) // of -0.5 to infinity
	fill("outlier:2", i8)
	share(237./256/64, "values of outlier past ten deviations", func(v int64) bool { return v < -20 || v > 20 })
	seen := map[int64]int{}
	for _, v := range fill("corners", i8) {
		seen[v]++
	}
	want := []int64{-128, -127, -85, -2, -1, 0, 1, 2, 85, 126, 127}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("corners of int8: %v (expected %v)", got, want)
	}
	share(1./11, "a corner", func(v int64) bool { return v == 85 })
	for f, want := range map[Format][]int64{
		{Bits: 1}:                                {0, 1},
		{Bits: 2, Signed: true}:                  {-2, -1, 0, 1},
		{Bits: 3, Signed: true, Symmetric: true}: {-3, -2, -1, 0, 1, 2, 3},
		{Bits: 4}:                                {0, 1, 2, 5, 14, 15},
	} {
		if got := corners(f.Range()); !slices.Equal(got, want) {
			t.Errorf("corners of %v: %v (expected %v)", f, got, want)
		}
	}
}

// mean averages f over the exact distribution of a sampler.
func (s *sampler) mean(f func(v int64) float64) float64 {
	sum, last := 0.0, uint64(0)
	for i, u := range s.upTo {
		sum += float64(u-last) / (1 << 53) * f(s.first+int64(i))
		last = u
	}
	return sum
}

// TestSamplerTables pins the tables of the distributions bit for bit. Run it with
// GOAMD64=v3, where the compiler may fuse products and sums, to see that nothing
// depends on that.
func TestSamplerTables(t *testing.T) {
	tests := []struct {
		data Data
		want uint64
	}{
		{Data{Kind: DataNormal, Param: 0.3}, 0x36ac40b24f7b8a2d},
		{Data{Kind: DataNormal, Param: 20}, 0x0c8caee5bb5863d5},
		{Data{Kind: DataNormal, Param: 3000}, 0x166b3e866fab7f2f},
		{Data{Kind: DataLaplace, Param: 0.7}, 0x30446243ebb94655},
		{Data{Kind: DataLaplace, Param: 12.5}, 0xcd2226d9a28ba892},
		{Data{Kind: DataLaplace, Param: 900}, 0x259fb0ce4b1c2263},
	}
	for _, tt := range tests {
		s, err := newSampler(tt.data, -1<<15, 1<<15-1)
		if err != nil {
			t.Fatal(err)
		}
		h := uint64(0)
		for _, u := range s.upTo {
			h = mix(h ^ u)
		}
		if h != tt.want {
			t.Errorf("table of %v = %#x, want %#x", tt.data, h, tt.want)
		}
	}
}

// TestNormalDigits checks the normal distribution against the mean number of
// non-zero radix-4 digits of rounded normal 8-bit values: in the Booth recoding,
// of values clipped to the range, and in the recoding of the sign-magnitude
// encoder EN-T, of values drawn again when they are outside.
func TestNormalDigits(t *testing.T) {
	booth := func(v int64) float64 {
		n := 0
		for i := 0; i < 8; i += 2 {
			group := (v << 1) >> i & 7
			if group != 0 && group != 7 {
				n++
			}
		}
		return float64(n)
	}
	ent := func(v int64) float64 {
		n := 0
		for v = max(v, -v); v != 0; v /= 4 {
			switch v % 4 {
			case 3:
				v++ // digit -1 and a carry
				n++
			case 1, 2:
				n++
			}
		}
		return float64(n)
	}
	tests := []struct {
		name   string
		digits func(int64) float64
		sd     float64
		want   float64
	}{
		{"booth", booth, 8, 1.816}, {"booth", booth, 16, 2.161}, {"booth", booth, 24, 2.405},
		{"booth", booth, 32, 2.564}, {"booth", booth, 40, 2.671}, {"booth", booth, 64, 2.790},
		{"en-t", ent, 10, 1.762}, {"en-t", ent, 20, 2.115}, {"en-t", ent, 30, 2.334},
		{"en-t", ent, 40, 2.489}, {"en-t", ent, 50, 2.604},
	}
	for _, tt := range tests {
		least, most := int64(-128), int64(127)
		if tt.name == "booth" {
			least, most = -1<<15, 1<<15
		}
		s, err := newSampler(Data{Kind: DataNormal, Param: tt.sd}, least, most)
		if err != nil {
			t.Fatal(err)
		}
		got := s.mean(func(v int64) float64 { return tt.digits(max(-128, min(v, 127))) })
		if math.Abs(got-tt.want) > 0.002 {
			t.Errorf("%s digits of normal:%v = %.4f, want %v", tt.name, tt.sd, got, tt.want)
		}
	}
}

// TestSamplerProbabilities compares tables with the library's error function and
// exponential.
func TestSamplerProbabilities(t *testing.T) {
	for _, p := range []float64{0.01, 0.2, 1, 7.3, 1000} {
		for _, kind := range []DataKind{DataNormal, DataLaplace} {
			s, err := newSampler(Data{Kind: kind, Param: p}, -1<<15, 1<<15-1)
			if err != nil {
				t.Fatal(err)
			}
			cdf := func(x float64) float64 { return 0.5 * math.Erfc(-x/p/math.Sqrt2) }
			if kind == DataLaplace {
				cdf = func(x float64) float64 {
					if x < 0 {
						return 0.5 * math.Exp(x/p)
					}
					return 1 - 0.5*math.Exp(-x/p)
				}
			}
			if p == 1000 && kind == DataLaplace {
				continue // the range cuts it
			}
			for i, u := range s.upTo {
				want := cdf(float64(s.first+int64(i)) + 0.5)
				if got := float64(u) / (1 << 53); math.Abs(got-want) > 1e-9 {
					t.Fatalf("%v:%v: P(v <= %d) = %v, want %v", kind, p, s.first+int64(i), got, want)
				}
			}
		}
	}
}

func TestDistributionOfDraws(t *testing.T) {
	const n = 1 << 16
	row := make([]int64, n)
	counts := func(spec string, f Format) map[int64]int {
		generator(t, spec, f, 7).FillRow(row, Operand{Matrix: 'A'}, 0)
		m := make(map[int64]int)
		for _, v := range row {
			m[v]++
		}
		return m
	}
	if m := counts("full", Format{Bits: 4, Signed: true}); len(m) != 16 || m[-8] < 3800 || m[-8] > 4400 {
		t.Errorf("full int4 = %v", m)
	}
	if m := counts("zeros:0.75", Format{Bits: 16, Signed: true}); math.Abs(float64(m[0])/n-0.75) > 0.01 {
		t.Errorf("zeros:0.75 has %d zeros of %d", m[0], n)
	}
	if m := counts("zeros:1", Format{Bits: 16, Signed: true}); m[0] != n {
		t.Errorf("zeros:1 has %d zeros of %d", m[0], n)
	}
	sum, squares := 0.0, 0.0
	if m := counts("full", Format{Bits: 2, Signed: true, Symmetric: true}); len(m) != 3 || math.Abs(float64(m[-1])/n-1./3) > 0.01 || math.Abs(float64(m[0])/n-1./3) > 0.01 {
		t.Errorf("full ternary: %v", m)
	}
	for v, c := range counts("normal:20", Format{Bits: 8, Signed: true}) {
		sum += float64(v) * float64(c)
		squares += float64(v*v) * float64(c)
	}
	if mean, sd := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.3 || math.Abs(sd-20) > 0.3 {
		t.Errorf("normal:20 has mean %v and deviation %v", mean, sd)
	}
}

func TestGeneratorErrors(t *testing.T) {
	tests := []struct {
		spec   string
		format Format
		want   string
	}{
		{"const:128", Format{Bits: 8, Signed: true}, "constant is out of range: 128 (expected -128 to 127 for int8)"},
		{"full", Format{Bits: 0, Signed: true}, "operand width is out of range: 0 bits (expected 1 to 64)"},
		{"full", Format{Bits: 64, Signed: false}, "operand width is out of range: 64 bits (expected 1 to 63)"},
		{"normal:1e6", Format{Bits: 32, Signed: true}, "distribution is too wide: normal:1e+06 spans 20000001 values (expected at most 1048576)"},
		{"laplace:1e9", Format{Bits: 8, Signed: true}, "scale of the distribution is out of range: laplace:1e+09 (expected 0.01 to 1048576)"},
	}
	for _, tt := range tests {
		d, err := ParseData(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewGenerator(d, tt.format, 1); err == nil || err.Error() != tt.want {
			t.Errorf("NewGenerator(%s, %v) error = %v, want %s", tt.spec, tt.format, err, tt.want)
		}
	}
	if _, err := NewGenerator(Data{}, Format{Bits: 8, Signed: true}, 1); err == nil {
		t.Error("NewGenerator of the zero Data: no error")
	}
}

// npy makes a version 1 .npy file.
func npy(descr, order, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, order, shape)
	b := append([]byte("\x93NUMPY"), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	return append(append(b, header...), data...)
}

func TestValueFiles(t *testing.T) {
	i8, i16, u8 := Format{Bits: 8, Signed: true}, Format{Bits: 16, Signed: true}, Format{Bits: 8, Signed: false}
	tests := []struct {
		name   string
		data   []byte
		format Format
		want   []int64 // the first five elements
		err    string
	}{
		{"a.i8", []byte{1, 255, 128}, i8, []int64{1, -1, -128, 1, -1}, ""},
		{"a.u8", []byte{1, 255}, u8, []int64{1, 255, 1, 255, 1}, ""},
		{"a.i16", []byte{1, 0, 255, 255}, i16, []int64{1, -1, 1, -1, 1}, ""},
		{"a.bin", []byte{1, 255}, i8, []int64{1, -1, 1, -1, 1}, ""},
		{"b.bin", []byte{1, 1, 255, 255}, i16, []int64{257, -1, 257, -1, 257}, ""},
		{"a.npy", npy("|i1", "False", "(3,)", []byte{1, 2, 255}), i8, []int64{1, 2, -1, 1, 2}, ""},
		{"b.npy", npy("<i4", "False", "(1, 2)", []byte{1, 0, 0, 0, 254, 255, 255, 255}), i8, []int64{1, -2, 1, -2, 1}, ""},
		{"c.npy", npy("<f4", "False", "(1,)", make([]byte, 4)), i8, nil, `tensor "data" holds f32 (expected integers)`},
		{"d.npy", npy("|i1", "True", "(1, 2)", make([]byte, 2)), i8, nil, `byte 10: array is in column order (expected 'fortran_order': False)`},
		{"e.npy", npy("|i1", "False", "(5,)", make([]byte, 4)), i8, nil, `byte 10: tensor "data" does not fit the file: 5 bytes from byte 68 (expected at most 72 bytes)`},
		{"f.npy", []byte("text"), i8, nil, `byte 0: not a .npy file: "text" (expected it to begin with "\x93NUMPY")`},
		{"g.npy", []byte("\x93NUMPY" + "\x01\x00\xff\xff{}"), i8, nil, "byte 8: header is cut off or too long: 65535 bytes (expected at most 2)"},
		{"h.npy", []byte("\x93NUMPY" + "\x09\x00\xff\xff{}"), i8, nil, "byte 6: unknown .npy version: 9 (expected 1, 2 or 3)"},
		{"c.i16", []byte{1, 2, 3}, i16, nil, "byte 3: size is not a multiple of the element: 3 bytes (expected a multiple of 2 for i16)"},
		{"d.i16", []byte{1, 2}, i8, nil, "value 0 is out of range: 513 (expected -128 to 127 for int8)"},
		{"e.i8", nil, i8, nil, "file has no values (expected at least one value)"},
		{"e.bin", []byte{1, 2, 3, 4}, Format{Bits: 32, Signed: true}, nil, "raw file for a wide operand: int32 (expected a .npy or .i32 file beyond 16 bits)"},
	}
	dir := t.TempDir()
	for _, tt := range tests {
		path := filepath.Join(dir, tt.name)
		if err := os.WriteFile(path, tt.data, 0o666); err != nil {
			t.Fatal(err)
		}
		g, err := NewGenerator(Data{Kind: DataFile, Path: path}, tt.format, 1)
		if tt.err != "" {
			if err == nil || err.Error() != path+": "+tt.err {
				t.Errorf("%s: error = %v, want %s", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := make([]int64, 5)
		g.FillRow(got, Operand{Matrix: 'A'}, 0)
		if !slices.Equal(got, tt.want) || g.Element(Operand{}, 4) != tt.want[4] {
			t.Errorf("%s = %v, want %v", tt.name, got, tt.want)
		}
	}
	if _, err := NewGenerator(Data{Kind: DataFile, Path: filepath.Join(dir, "none.npy")}, i8, 1); err == nil {
		t.Error("missing file: no error")
	}
}
