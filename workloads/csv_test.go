package workloads

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkRoundTrip writes and re-reads the rows of w.
func checkRoundTrip(t *testing.T, w Workload) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCSV(&b, w); err != nil {
		t.Fatalf("WriteCSV: %v", err)
	}
	text := b.String()
	back, err := ReadCSV(&b, w.Name+".csv")
	if err != nil {
		t.Fatalf("ReadCSV: %v\n%s", err, text)
	}
	if diff := cmp.Diff(w.Layers, back.Layers); diff != "" || len(back.Warnings) > 0 {
		t.Errorf("round trip (-written +read):\n%s%q\n%s", diff, back.Warnings, text)
	}
}

func TestCSVRoundTrip(t *testing.T) {
	for _, info := range Names() {
		if w, err := Lookup(info.Name); err == nil {
			checkRoundTrip(t, w)
		}
	}
	odd := NewGEMM(" \"a, b\" ", 1, 2, 3)
	odd.Op, odd.Batch, odd.Groups, odd.Count = "", 4, 5, 6
	odd.FormatA, odd.FormatB, odd.FormatOut = "int8", "t", "int32"
	odd.Phase, odd.Sparsity, odd.Source = "decode", "2:4", `\.`
	checkRoundTrip(t, Workload{Name: "odd", Layers: []GEMM{odd, NewGEMM("", 7, 8, 9), NewGEMM("#x", 1, 1, 1)}})
}

func TestReadCSV(t *testing.T) {
	w, err := ReadCSV(strings.NewReader("\ufeffName, K ,M,n,colour,count\r\n\r\nq,3,1,2,red,\r\n"), "dir/tab.csv")
	want := Workload{Name: "tab", Layers: []GEMM{NewGEMM("q", 1, 2, 3)}, Warnings: []string{`column 5 ("colour") is not used`}}
	if err != nil || !cmp.Equal(w, want) {
		t.Errorf("ReadCSV: %v\n%s", err, cmp.Diff(want, w))
	}
}

func TestMalformedCSV(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", `f.csv: file has no layers: "" (expected a header with m, n and k, and rows)`},
		{"only a header", "m,n,k\n", `f.csv: file has no layers: "" (expected a header with m, n and k, and rows)`},
		{"no header", "1,2,3\n", "f.csv:1:1: header has no column m: \"1,2,3\" (expected columns m, n and k)\nf.csv:1:1: header has no column n: \"1,2,3\" (expected columns m, n and k)\nf.csv:1:1: header has no column k: \"1,2,3\" (expected columns m, n and k)"},
		{"column twice", "m,n,k,M\n1,2,3,4\n", `f.csv:1:7: column is named twice: "M" (expected one column of that name)`},
		{"missing", "m,n,k\n1,2\n", `f.csv:2:4: k is missing: "" ` + wantInt},
		{"text", "m,n,k\n1,b,3\n", `f.csv:2:3: n is not an integer: "b" ` + wantInt},
		{"zero count", "m,n,k,count\n1,2,3,0\n", `f.csv:2:7: count is out of range: "0" ` + wantInt},
		{"long row", "m,n,k\n1,2,3,4\n", `f.csv:2:7: row is longer than the header: "4" (expected 3 fields)`},
		{"quote", "m,n,k,name\n1,2,3,\"x\n", `f.csv:2:10: bad quoting: "extraneous or missing \" in quoted-field" (expected quotes only around whole fields, doubled inside)`},
		{"control", "m,n,k,name\n1,2,3,\"a\nb\"\n", `f.csv:2:7: name is not plain text: "a\nb" (expected UTF-8 without control characters)`},
		{"geometry", "m,n,k,conv\n1,2,3,h=x\n", `f.csv:2:7: bad geometry: bad convolution field: "h=x" (expected name=integer): "h=x" (expected name=integer pairs)`},
		{"phase", "name,m,n,k,phase\nq,1,2,3,no\n", `f.csv:2:1: layer "q": unknown phase: "no" (expected "prefill", "decode" or none): "q" (expected a valid layer)`},
		{"two rows", "m,n,k\nx,2,3\n1,y,3\n", "f.csv:2:1: m is not an integer: \"x\" " + wantInt + "\nf.csv:3:3: n is not an integer: \"y\" " + wantInt},
	}
	for _, tt := range tests {
		_, err := ReadCSV(strings.NewReader(tt.text), "f.csv")
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error =\n%v\nwant\n%s", tt.name, err, tt.want)
		}
	}
}

func TestWriteCSVRefuses(t *testing.T) {
	var b bytes.Buffer
	err := WriteCSV(&b, Workload{Name: "bad", Layers: []GEMM{{M: 1}}})
	if err == nil || b.Len() > 0 {
		t.Errorf("WriteCSV of an invalid row: %v, wrote %q", err, &b)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("name,m,n,k\nq,1,2,3\n")
	f.Add("m,n,k,conv\n4,1,9,h=4 w=4 c=1 oc=1 kh=3 kw=3\n")
	f.Add("\ufeffm,n,k,count,phase,sparsity,source\r\n1,2,3,4,decode,2:4,\"a\"\"b\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ReadCSV(strings.NewReader(text), "f.csv")
		if err != nil {
			return
		}
		checkRoundTrip(t, w)
	})
}
