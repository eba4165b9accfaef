package workloads

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/numeric"
)

// whole makes a matrix row by row.
func whole(t *testing.T, spec string, f Format, op Operand) [][]int64 {
	t.Helper()
	g := generator(t, spec, f, 3)
	if err := g.Prepare(op); err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	var rows [][]int64
	for i := range op.Rows {
		row := make([]int64, op.Cols)
		g.FillRow(row, op, int64(i*op.Cols))
		rows = append(rows, row)
	}
	return rows
}

// greatest is the greatest magnitude of each row and of each column.
func greatest(rows [][]int64) (row, col []int64) {
	col = make([]int64, len(rows[0]))
	for _, r := range rows {
		top := int64(0)
		for j, v := range r {
			v = max(v, -v)
			top, col[j] = max(top, v), max(col[j], v)
		}
		row = append(row, top)
	}
	return row, col
}

// TestQuantised checks of each quantiser what shows that it took effect.
func TestQuantised(t *testing.T) {
	i8, i4, u4 := Format{Bits: 8, Signed: true}, Format{Bits: 4, Signed: true}, Format{Bits: 4}
	a, b := Operand{Matrix: 'A', Rows: 12, Cols: 64}, Operand{Matrix: 'B', Rows: 64, Cols: 12}
	all := func(list []int64, want int64) bool {
		for _, v := range list {
			if v != want {
				return false
			}
		}
		return true
	}
	if rows, _ := greatest(whole(t, "normal:1@token", i8, a)); !all(rows, 127) {
		t.Errorf("token: rows reach %v", rows)
	}
	if _, cols := greatest(whole(t, "laplace:3@channel", i4, b)); !all(cols, 7) {
		t.Errorf("channel: columns reach %v", cols)
	}
	if rows, _ := greatest(whole(t, "student:3@tensor", i8, a)); all(rows, 127) {
		t.Error("tensor: every row reaches 127")
	}
	_, cols := greatest(whole(t, "normal:1@group:16", i8, b))
	if !all(cols, 127) {
		t.Errorf("group: columns reach %v", cols)
	}
	least, most := int64(15), int64(0)
	for _, r := range whole(t, "uniform:2@channel+asym", u4, b) {
		for _, v := range r {
			least, most = min(least, v), max(most, v)
		}
	}
	if least != 0 || most != 15 {
		t.Errorf("asymmetric codes are %d to %d", least, most)
	}
	for _, r := range whole(t, "normal:1@ternary", Format{Bits: 2, Signed: true}, b) {
		for _, v := range r {
			if v < -1 || v > 1 {
				t.Fatalf("ternary code %d", v)
			}
		}
	}
	for _, r := range whole(t, "normal:1@onebit", i8, b) {
		for _, v := range r {
			if v != 1 && v != -1 {
				t.Fatalf("sign %d", v)
			}
		}
	}
	for i, r := range whole(t, "normal:1@sparse:2:4+token", i8, a) {
		for j := 0; j < len(r); j += 4 {
			n := 0
			for _, v := range r[j : j+4] {
				if v != 0 {
					n++
				}
			}
			if n > 2 {
				t.Fatalf("row %d, block %d of A has %d numbers in 4", i, j, n)
			}
		}
	}
	// Columns of outliers: some of 64 are larger, and outliers:X makes them zero.
	rows := whole(t, "outlier-columns:0.1:50@tensor", i8, a)
	_, cols = greatest(rows)
	large := 0
	for _, c := range cols {
		if c > 20 {
			large++
		}
	}
	if large < 2 || large > 20 {
		t.Errorf("%d of 64 columns are large: %v", large, cols)
	}
	_, without := greatest(whole(t, "outlier-columns:0.1:50@outliers:6+tensor", i8, a))
	for j, c := range cols {
		if (c > 20) != (without[j] == 0) {
			t.Errorf("column %d reaches %d, without outliers %d", j, c, without[j])
		}
	}
	narrow, wide := 0, 0
	for _, r := range whole(t, "outlier-columns:0.1:50@comet:8", i8, a) {
		for j := 0; j < len(r); j += 8 {
			top := int64(0)
			for _, v := range r[j : j+8] {
				top = max(top, v, -v)
			}
			if top > 7 {
				wide++
			} else {
				narrow++
			}
		}
	}
	if wide == 0 || narrow == 0 {
		t.Errorf("COMET: %d wide and %d narrow blocks", wide, narrow)
	}
	e2m1 := FormatOf(numeric.E2M1)
	if d := cmp.Diff(whole(t, "normal:1@mx:32", e2m1, a), whole(t, "normal:1@nvfp4", e2m1, a)); d == "" {
		t.Error("MX and NVFP4 give the same codes")
	}
	if d := cmp.Diff(whole(t, "normal:1@svdquant:2+channel", i8, b), whole(t, "normal:1@channel", i8, b)); d == "" {
		t.Error("taking singular values out changes nothing")
	}
	if d := cmp.Diff(whole(t, "normal:100@fptq", i8, a), whole(t, "normal:100@token", i8, a)); d != "" {
		t.Errorf("FPTQ of large activations is not by token (-fptq +token):\n%s", d)
	}
}

// TestRealDistributions compares standard deviations.
func TestRealDistributions(t *testing.T) {
	for spec, want := range map[string]float64{
		"student:5:8":           8 * math.Sqrt(5./3),
		"uniform:30":            30 / math.Sqrt(3),
		"outlier-columns:0:9:7": 7,
		"outlier-columns:1:3:7": 21,
	} {
		row := make([]int64, 1<<16)
		generator(t, spec, Format{Bits: 16, Signed: true}, 7).FillRow(row, Operand{Matrix: 'A', Rows: 256, Cols: 256}, 0)
		sum := 0.0
		for _, v := range row {
			sum += float64(v * v)
		}
		if sd := math.Sqrt(sum / float64(len(row))); math.Abs(sd/want-1) > 0.03 {
			t.Errorf("%s has the deviation %v, want %v", spec, sd, want)
		}
	}
}

// TestQuantisedFile codes a tensor of a file, repeated and transposed.
func TestQuantisedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, npy("<i2", "False", "(2, 3)", []byte{1, 0, 3, 0, 4, 0, 10, 0, 25, 0, 40, 0}), 0o666); err != nil {
		t.Fatal(err)
	}
	i4 := Format{Bits: 4, Signed: true}
	got := whole(t, "file:"+path+"@token", i4, Operand{Matrix: 'A', Rows: 3, Cols: 4})
	if d := cmp.Diff(got, [][]int64{{2, 5, 7, 2}, {2, 4, 7, 2}, {2, 5, 7, 2}}); d != "" {
		t.Errorf("repeated (-got +want):\n%s", d)
	}
	got = whole(t, "file:"+path+"#data^T@tensor", Format{Bits: 8, Signed: true}, Operand{Matrix: 'B', Rows: 3, Cols: 2})
	if d := cmp.Diff(got, [][]int64{{3, 32}, {10, 79}, {13, 127}}); d != "" {
		t.Errorf("transposed (-got +want):\n%s", d)
	}
	got = whole(t, "file:"+path+"#data", Format{Bits: 8, Signed: true}, Operand{Matrix: 'B', Rows: 2, Cols: 3})
	if d := cmp.Diff(got, [][]int64{{1, 3, 4}, {10, 25, 40}}); d != "" {
		t.Errorf("codes (-got +want):\n%s", d)
	}
	flat := filepath.Join(t.TempDir(), "y.f32")                                                                  // one dimension: in order, whatever the size of the operand
	if err := os.WriteFile(flat, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40}, 0o666); err != nil { // 1, 2, 3
		t.Fatal(err)
	}
	got = whole(t, "file:"+flat+"@tensor", i4, Operand{Matrix: 'A', Rows: 2, Cols: 2})
	if d := cmp.Diff(got, [][]int64{{2, 5}, {7, 2}}); d != "" {
		t.Errorf("one dimension (-got +want):\n%s", d)
	}
	for spec, want := range map[string]string{
		"file:" + path + "#w":          `no tensor "w" (it has 1: "data")`,
		"file:" + path + "^T":          "codes of a transposed tensor",
		"full@token":                   "no real numbers",
		"normal:1@tokens":              `bad quantiser: "tokens"`,
		"normal:1@group":               `bad quantiser: "group"`,
		"normal:1@token+channel":       `bad quantiser: "channel"`,
		"student:0.5":                  "expected student:NU",
		"outlier-columns:2:3":          "with P from 0 to 1",
		"normal:1@ternary":             "expected signed integers",
		"file:" + path + "@sparse:5:4": "bad sparsity",
	} {
		d, err := ParseData(spec)
		if err == nil {
			var g *Generator
			if g, err = NewGenerator(d, Format{Bits: 4}, 1); err == nil {
				err = g.Prepare(Operand{Matrix: 'A', Rows: 2, Cols: 2})
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}

// FuzzParseData reads descriptions and what they print.
func FuzzParseData(f *testing.F) {
	for _, s := range []string{"normal:20", "a=file:x#w^T@group:128+asym,b=student:3:2,c=full", "outlier-columns:0.1:9@sparse:2:4+nvfp4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		d, err := ParseDataSet(spec)
		if err != nil || strings.Contains(spec, "file:") { // a path may hold anything
			return
		}
		if again, err := ParseDataSet(d.String()); err != nil || again != d {
			t.Errorf("%q: %v is read again as %v, %v", spec, d, again, err)
		}
	})
}
