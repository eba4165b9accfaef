package maptool_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/workloads"
	"tpe/workloads/maptool"
)

type reader func(io.Reader, workloads.ImportOptions, *workloads.Sink) error

func read(f reader, text string, dims map[string]int) ([]string, workloads.Account, error) {
	var got []string
	s := workloads.NewSink("f", "x", "layers", func(g workloads.GEMM) error {
		row := fmt.Sprintf("%s %s %dx%dx%d", g.Name, g.Op, g.M, g.N, g.K)
		if r := g.Repeats(); r != 1 {
			row += fmt.Sprintf(" x%d", r)
		}
		got = append(got, row)
		return nil
	})
	err := f(strings.NewReader(text), workloads.ImportOptions{Dims: dims}, s)
	if err == nil {
		err = s.Err()
	}
	return got, s.Account(), err
}

const shape = `
  shape:
    name: depthwise
    dimensions: [C, P, R]
    data-spaces:
      - { name: Filter, projection: [[[C]], [[R]]] }
      - { name: Input, projection: [[[C]], [[R, Wdilation], [P, Wstride]]] }
      - { name: Result, projection: [[[C]], [[P]]], read-write: True }
`

func TestReaders(t *testing.T) {
	tests := []struct {
		name, text string
		read       reader
		dims       map[string]int
		want       []string
	}{
		{"Timeloop, all three index a dimension", "problem:" + shape + "  instance: {C: 8, P: 20, R: 3}\n", maptool.ReadTimeloop, nil, []string{"depthwise gemm 20x1x3 x8"}},
		{"Timeloop, sizes of the user's", "problem:" + shape, maptool.ReadTimeloop, map[string]int{"C": 8, "P": 20, "R": 3}, []string{"depthwise gemm 20x1x3 x8"}},
		{"Timeloop, cnn-layer", "problem: {shape: cnn-layer, R: 3, S: 3, P: 14, Q: 14, C: 16, K: 32, N: 2}\n", maptool.ReadTimeloop, nil, []string{"cnn-layer gemm 392x32x144"}},
		{"Timeloop, aliases", "s: &s {name: mm, dimensions: [M, N, K], data_spaces: [{name: A, projection: [[[M]], [[K]]]}, {name: B, projection: [[[K]], [[N]]]}, {name: Z, projection: [[[M]], [[N]]], read_write: true}]}\nproblem: {shape: *s, instance: {M: 2, N: 3, K: 4}}\n",
			maptool.ReadTimeloop, nil, []string{"mm gemm 2x3x4"}},
		{"ZigZag, batched", "- {id: 3, operator_type: MatMul, equation: 'O[h][m][n]+=I[h][m][k]*W[h][k][n]', loop_dims: [H, M, N, K], loop_sizes: [12, 5, 6, 7]}\n", maptool.ReadZigZag, nil,
			[]string{"MatMul 3 matmul 5x6x7 x12"}},
		{"ZigZag, an addition", "- {id: 0, operator_type: Add, equation: 'O[b][k]+=X[b][k]*Y[b][k]', loop_dims: [B, K], loop_sizes: [8, 4]}\n", maptool.ReadZigZag, nil, nil},
		{"ZigZag, weights first", "- {id: 0, operator_type: Conv, equation: 'O[k][ox]+=W[k][c][fx]*I[c][ix]', dimension_relations: ['ix=2*ox+1*fx'], loop_dims: [K, C, OX, FX], loop_sizes: [8, 4, 10, 3]}\n", maptool.ReadZigZag, nil,
			[]string{"Conv 0 conv 10x8x12"}},
		{"MAESTRO", "Constant A 4;\nNetwork N { Layer L1 { Type: CONV Stride { X: 2, Y: 1 } Dimensions { N: 2, K: A, C: 3, R: 3, S: 3, Y: 8, X: 9 } Dataflow { Cluster(A, P); } }\n Layer L2 { Type: DSCONV Dimensions { K 6, C 6, R 3, S 3, Y 8, X 8 } } // end\n Layer L3 { Type: TRCONV Dimensions { K 6, C 5, R 2, S 2, Y 8, X 8 } } Layer L4 { Type: POOL Dimensions { K 6 } } }",
			maptool.ReadMAESTRO, nil, []string{"L1 conv 48x4x27", "L2 dwconv 36x1x9 x6", "L3 deconv 64x24x5"}},
	}
	for _, tt := range tests {
		got, _, err := read(tt.read, tt.text, tt.dims)
		if d := cmp.Diff(got, tt.want); err != nil || d != "" {
			t.Errorf("%s: %v, records (-got +want):\n%s", tt.name, err, d)
		}
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name, text string
		read       reader
		want       string
	}{
		{"no sizes", "problem:" + shape, maptool.ReadTimeloop, `f:3:5: file has no sizes of dimensions: "C P R" (expected an instance, or --dim C=N --dim P=N --dim R=N)`},
		{"bad size", "problem:" + shape + "  instance: {C: 8, P: 0, R: 3}\n", maptool.ReadTimeloop, `f:9:23: size of P is out of range: "0" (expected an integer of 1 to 2147483647)`},
		{"another file", "problem: {shape: mine, C: 8}\n", maptool.ReadTimeloop, `f:1:18: shape is in another file: "mine" (expected the shape itself, or cnn-layer)`},
		{"bad YAML", "a: [", maptool.ReadTimeloop, `f: bad YAML: yaml: line 1: did not find expected node content: "" (expected YAML)`},
		{"ZigZag sizes", "- {equation: 'O[a]+=I[b]*W[c]', loop_dims: [A], loop_sizes: [1, 2]}", maptool.ReadZigZag, `f:1:14: layer has 1 loop_dims and 2 loop_sizes: "" (expected a layer of ZigZag)`},
		{"MAESTRO end", "Network N { Layer L {", maptool.ReadMAESTRO, `f:1:22: layer does not end: "" (expected })`},
		{"MAESTRO constant", "Network N { Layer L { Dimensions { K: A } } }", maptool.ReadMAESTRO, `f:1:39: size of K is out of range: "A" (expected an integer of 1 to 2147483647, or a constant)`},
		{"MAESTRO window", "Network N {\nLayer L { Dimensions { K: 1, R: 9, Y: 3 } } }", maptool.ReadMAESTRO, `f:2:7: convolution "L": window of 9 is larger than the padded input of axis 0: 3: "L" (expected a layer of MAESTRO)`},
	}
	for _, tt := range tests {
		_, _, err := read(tt.read, tt.text, nil)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error =\n%v\nwant\n%s", tt.name, err, tt.want)
		}
	}
}

func FuzzReaders(f *testing.F) {
	f.Add("problem:" + shape + "  instance: {C: 8, P: 20, R: 3}\n")
	f.Add("problem: {shape: cnn-layer, R: 3, S: 3, P: 14, Q: 14, C: 16, K: 32, N: 2}\n")
	f.Add("- {id: 0, equation: 'O[k][ox]+=W[k][c][fx]*I[c][ix]', dimension_relations: ['ix=2*ox+1*fx'], loop_dims: [K, C, OX, FX], loop_sizes: [8, 4, 10, 3], operand_precision: {W: 8}}\n")
	f.Add("Constant A 4;\nNetwork N { Layer L1 { Type: CONV Stride { X: 2 } Dimensions { K: A, Y 9 } Dataflow { Cluster(A, P); } } }")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range []reader{maptool.ReadTimeloop, maptool.ReadZigZag, maptool.ReadMAESTRO} {
			s := workloads.NewSink("f", "x", "layers", func(g workloads.GEMM) error { return g.Validate() })
			if err := r(strings.NewReader(text), workloads.ImportOptions{}, s); err != nil {
				t.Fatal(err)
			}
		}
	})
}
