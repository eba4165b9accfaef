package workloads

import (
	"slices"
	"strings"
	"testing"
)

const convHeader = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"

func readText(text string, opt SCALESimOptions) (Workload, error) {
	return ReadSCALESim(strings.NewReader(text), "f.csv", opt)
}

func sizes(w Workload) [][4]int {
	var s [][4]int
	for _, g := range w.Layers {
		s = append(s, [4]int{g.M, g.N, g.K, int(g.Repeats())})
	}
	return s
}

// TestReadSCALESim shows what the tolerant reader takes.
func TestReadSCALESim(t *testing.T) {
	tests := []struct {
		name, text string
		want       [][4]int // M, N, K, repetitions
		warnings   []string
	}{
		{"conv", convHeader + "c1, 8, 8, 3, 3, 4, 6, 1,\n", [][4]int{{36, 6, 36, 1}}, nil},
		{"gemm", "Layer,M,N,K,\nq,4,5,6,\n", [][4]int{{4, 5, 6, 1}}, nil},
		{"byte-order mark, CRLF, no final newline, no trailing comma", "\ufeffLayer,M,N,K\r\nq,4,5,6", [][4]int{{4, 5, 6, 1}}, nil},
		{"tabs", strings.ReplaceAll(convHeader, ",", "\t") + "c1\t8\t8\t3\t3\t4\t6\t1\t\n", [][4]int{{36, 6, 36, 1}}, nil},
		{"no header, conv", "c1,8,8,3,3,4,6,1,\n", [][4]int{{36, 6, 36, 1}}, nil},
		{"no header, gemm", "q,4,5,6,\n", [][4]int{{4, 5, 6, 1}}, nil},
		{"no header, gemm with sparsity", "q,4,5,6,2:4,\n", [][4]int{{4, 5, 6, 1}}, []string{"sparsity is noted but the sizes are dense: q 2:4"}},
		{"columns in another order", "Layer,K,M,N,\nq,6,4,5,\n", [][4]int{{4, 5, 6, 1}}, nil},
		{"blank, comma-only and title rows", "Layer,M,N,K,\n\n,,,,\nBlock A,\nq,4,5,6,\n Block B\n", [][4]int{{4, 5, 6, 1}}, []string{"rows with only a title are not layers: Block A, Block B"}},
		{"header repeated", "Layer,M,N,K,\nq,4,5,6,\nLayer,N,M,K,\nr,5,4,6,\n", [][4]int{{4, 5, 6, 1}, {4, 5, 6, 1}}, nil},
		{"extra columns", strings.TrimSuffix(convHeader, "\n") + ",,Eh,\nc1,8,8,3,3,4,6,1,,9,7,\n", [][4]int{{36, 6, 36, 1}},
			[]string{`column 10 (without a name) is not used; its first value is "9" in line 2`, `column 11 ("Eh") is not used; its first value is "7" in line 2`}},
		{"batch of a conv", strings.TrimSuffix(convHeader, "\n") + "batch size,\nc1,8,8,3,3,4,6,1,5,\n", [][4]int{{180, 6, 36, 1}}, nil},
		{"batch of a gemm, one empty", "Layer,M,N,K,Batch,\nq,4,5,6,3,\nr,4,5,6,,\n", [][4]int{{4, 5, 6, 3}, {4, 5, 6, 1}}, nil},
		{"dense sparsity", "Layer,M,N,K,Sparsity,\nq,4,5,6,1:1,\n", [][4]int{{4, 5, 6, 1}}, nil},
		{"ceil", convHeader + "c1, 8, 8, 1, 1, 8, 8, 2,\n", [][4]int{{25, 8, 8, 1}}, []string{"output size is rounded up where frameworks round down: c1"}},
		{"depthwise", convHeader + "DP1, 8, 8, 3, 3, 4, 1, 1,\n", [][4]int{{36, 1, 9, 4}}, []string{"a name with DP is depthwise: one group a channel, each with all the filters: DP1"}},
	}
	for _, tt := range tests {
		w, err := readText(tt.text, SCALESimOptions{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := sizes(w); !slices.Equal(got, tt.want) {
			t.Errorf("%s: sizes = %v, want %v", tt.name, got, tt.want)
		}
		if !slices.Equal(w.Warnings, tt.warnings) {
			t.Errorf("%s: warnings = %q, want %q", tt.name, w.Warnings, tt.warnings)
		}
		if err := w.Validate(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

const wantInt = "(expected an integer of 1 to 2147483647)"

// TestMalformedSCALESim is the table of files that are refused, with the whole
// message of each.
func TestMalformedSCALESim(t *testing.T) {
	strict := SCALESimOptions{Strict: true}
	gemmRow := "q,4,5,6,\n"
	tests := []struct {
		name, text string
		opt        SCALESimOptions
		want       []string
	}{
		{"empty", "", SCALESimOptions{}, []string{`f.csv: file has no layers: "" (expected rows of a name and its sizes)`}},
		{"only a header", convHeader, SCALESimOptions{}, []string{`f.csv: file has no layers: "" (expected rows of a name and its sizes)`}},
		{"symbols", "Layer,M,N,K,\nq,H,B,D,\n", SCALESimOptions{}, []string{
			`f.csv:2:3: M is not an integer: "H" ` + wantInt, `f.csv:2:5: N is not an integer: "B" ` + wantInt, `f.csv:2:7: K is not an integer: "D" ` + wantInt}},
		{"fraction", "Layer,M,N,K,\nq,4.5,5,6,\n", SCALESimOptions{}, []string{`f.csv:2:3: M is not an integer: "4.5" ` + wantInt}},
		{"zero and negative", "Layer,M,N,K,\nq, 0, -5,6,\n", SCALESimOptions{}, []string{
			`f.csv:2:4: M is out of range: "0" ` + wantInt, `f.csv:2:7: N is out of range: "-5" ` + wantInt}},
		{"huge", "Layer,M,N,K,\nq,4,99999999999999999999,6,\n", SCALESimOptions{}, []string{`f.csv:2:5: N is out of range: "99999999999999999999" ` + wantInt}},
		{"missing value", "Layer,M,N,K,\nq,4,,6,\n", SCALESimOptions{}, []string{`f.csv:2:5: N is missing: "" ` + wantInt}},
		{"short row", "Layer,M,N,K,\nq,4,5\n", SCALESimOptions{}, []string{`f.csv:2:6: K is missing: "" ` + wantInt}},
		{"short conv row", convHeader + "c, 8, 8, 3, 3, 4, 6,\n", SCALESimOptions{}, []string{`f.csv:2:21: stride is missing: "" ` + wantInt}},
		{"filter larger than input", convHeader + "c, 2, 8, 3, 9, 4, 6, 1,\n", SCALESimOptions{}, []string{
			`f.csv:2:10: filter height is more than the ifmap height: "3" (expected at most 2)`,
			`f.csv:2:13: filter width is more than the ifmap width: "9" (expected at most 8)`}},
		{"five values", "q,1,2,3,4,5,\n", SCALESimOptions{}, []string{`f.csv:1:1: row has 5 values behind the name: "q" (expected 3 (M, N, K) or 7 (ifmap, filter, channels, filters, stride))`}},
		{"bad sparsity", "Layer,M,N,K,Sparsity,\nq,4,5,6,4:2,\n", SCALESimOptions{}, []string{`f.csv:2:9: sparsity is not a ratio: "4:2" (expected N:M with 1 <= N <= M <= 1024)`}},
		{"bad batch", "Layer,M,N,K,Batch,\nq,4,5,6,x,\n", SCALESimOptions{}, []string{`f.csv:2:9: batch size is not an integer: "x" ` + wantInt}},
		{"column twice", "Layer,M,N,K,M,\n" + gemmRow, SCALESimOptions{}, []string{`f.csv:1:13: column is named twice: "M" (expected one column of that name)`}},
		{"errors of all rows", "Layer,M,N,K,\nq,x,5,6,\n\nr,4,y,6,\n", SCALESimOptions{}, []string{
			`f.csv:2:3: M is not an integer: "x" ` + wantInt, `f.csv:4:5: N is not an integer: "y" ` + wantInt}},
		{"control character", "Layer,M,N,K,\nq\x01,4,5,6,\n", SCALESimOptions{}, []string{`f.csv:2:1: name is not plain text: "q\x01" (expected UTF-8 without control characters)`}},
		{"kind", gemmRow, SCALESimOptions{Kind: "fc"}, []string{`unknown SCALE-Sim file kind: "fc" (expected "conv", "gemm" or none)`}},
		{"strict: line 1 is the only layer", "q,4,5,6,\n", strict, []string{`f.csv: file has no layers behind line 1: "" (expected rows of a name and its sizes)`}},
		{"strict: no trailing comma", "h\nq,4,5,6\n", SCALESimOptions{Strict: true, Kind: "gemm"}, []string{`f.csv:2:1: row has 3 fields before its last comma: "q" (expected 4, or 5 with a sparsity, and a trailing comma)`}},
		{"strict: no trailing comma, conv", convHeader + "c, 8, 8, 3, 3, 4, 6, 1\n", strict, []string{`f.csv:2:1: row has 7 fields before its last comma: "c" (expected 8, or 9 with a sparsity, and a trailing comma)`}},
		{"strict: title", convHeader + "Block,\nc, 8, 8, 3, 3, 4, 6, 1,\n", strict, []string{`f.csv:2:1: row has 1 fields before its last comma: "Block" (expected 8, or 9 with a sparsity, and a trailing comma)`}},
		{"strict: batch column", convHeader + "c, 8, 8, 3, 3, 4, 6, 1, 2,\n", strict, []string{`f.csv:2:25: sparsity is not a ratio: "2" (expected N:M with 1 <= N <= M <= 1024)`}},
		{"strict: comma-only row", convHeader + ",,,,,,,,\n", strict, []string{
			`f.csv:2:2: ifmap height is not an integer: "" ` + wantInt, `f.csv:2:3: ifmap width is not an integer: "" ` + wantInt,
			`f.csv:2:4: filter height is not an integer: "" ` + wantInt, `f.csv:2:5: filter width is not an integer: "" ` + wantInt,
			`f.csv:2:6: channels is not an integer: "" ` + wantInt, `f.csv:2:7: number of filters is not an integer: "" ` + wantInt,
			`f.csv:2:8: stride is not an integer: "" ` + wantInt}},
		{"strict: gemm file read as conv", "h\n" + gemmRow, SCALESimOptions{Strict: true, Kind: "conv"}, []string{`f.csv:2:1: row has 4 fields before its last comma: "q" (expected 8, or 9 with a sparsity, and a trailing comma)`}},
		{"strict: tabs", "h\nq\t4\t5\t6\t\n", strict, []string{`f.csv:2:1: row has 0 fields before its last comma: "" (expected 8, or 9 with a sparsity, and a trailing comma)`}},
		{"strict: too many channels", convHeader + "DP, 8, 8, 3, 3, 2000000, 1, 1,\n", strict, []string{`f.csv:2:1: depthwise layer expands to too many layers: "2000000" (expected at most 1048576 in all)`}},
	}
	for _, tt := range tests {
		w, err := readText(tt.text, tt.opt)
		if err == nil {
			t.Errorf("%s: read %v without error", tt.name, sizes(w))
			continue
		}
		if got, want := err.Error(), strings.Join(tt.want, "\n"); got != want {
			t.Errorf("%s: error =\n%s\nwant\n%s", tt.name, got, want)
		}
	}
}

// TestStrict shows the original's habits.
func TestStrict(t *testing.T) {
	tests := []struct {
		name, text string
		want       [][4]int
		names      string
	}{
		{"line 1 is dropped", "q,1,1,1,\nr,4,5,6,\n", [][4]int{{4, 5, 6, 1}}, "r"},
		{"last field is dropped", "h\nr,4,5,6,x\n", [][4]int{{4, 5, 6, 1}}, "r"},
		{"sparsity without trailing comma is lost", "h\nr,4,5,6,2:4\n", [][4]int{{4, 5, 6, 1}}, "r"},
		{"python integers", "h\nr, +4 ,1_0,6,\n", [][4]int{{4, 10, 6, 1}}, "r"},
		{"depthwise is expanded", convHeader + "aDP, 8, 8, 3, 3, 2, 3, 1,\n", [][4]int{{36, 3, 9, 1}, {36, 3, 9, 1}}, "aDPChannel_0 aDPChannel_1"},
		{"rounds up", convHeader + "c1, 8, 8, 1, 1, 8, 8, 2,\n", [][4]int{{25, 8, 8, 1}}, "c1"},
	}
	for _, tt := range tests {
		w, err := readText(tt.text, SCALESimOptions{Strict: true})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var names []string
		for _, g := range w.Layers {
			names = append(names, g.Name)
		}
		if got := sizes(w); !slices.Equal(got, tt.want) || strings.Join(names, " ") != tt.names {
			t.Errorf("%s: %v %q, want %v %q", tt.name, got, names, tt.want, tt.names)
		}
		if err := w.Validate(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestSkipBadRows(t *testing.T) {
	w, err := readText("Layer,M,N,K,\nq,x,5,6,\nr,4,5,6,\n", SCALESimOptions{SkipBadRows: true})
	want := `row left out: f.csv:2:3: M is not an integer: "x" ` + wantInt
	if err != nil || len(w.Layers) != 1 || len(w.Warnings) != 1 || w.Warnings[0] != want {
		t.Errorf("SkipBadRows: %v, %q, %v; want one layer and %q", sizes(w), w.Warnings, err, want)
	}
}

func TestErrorsAreBounded(t *testing.T) {
	_, err := readText("Layer,M,N,K,\n"+strings.Repeat("q,x,1,1,\n", 300), SCALESimOptions{})
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != maxErrors+1 || lines[maxErrors] != "f.csv: 200 more errors not shown" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func FuzzReadSCALESim(f *testing.F) {
	f.Add(convHeader+"c1, 8, 8, 3, 3, 4, 6, 1,\nDPx, 8, 8, 3, 3, 4, 6, 2, 2:4,\n", false)
	f.Add("Layer,M,N,K,\nq,4,5,6,\n", true)
	f.Add("\ufeffLayer\tM\tN\tK\tbatch size\r\nq\t4\t5\t6\t7\r\n\r\nTitle\r\n", false)
	f.Add("q,2147483647,2147483647,2147483647,1:2,\n", false)
	f.Fuzz(func(t *testing.T, text string, strict bool) {
		w, err := readText(text, SCALESimOptions{Strict: strict})
		if err != nil {
			return
		}
		if err := w.Validate(); err != nil {
			t.Errorf("read an invalid workload: %v", err)
		}
		checkRoundTrip(t, w)
	})
}
