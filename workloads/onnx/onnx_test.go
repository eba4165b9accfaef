package onnx_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/tool/tooltest"
	"tpe/workloads"
	"tpe/workloads/onnx"
)

func read(data []byte, opt workloads.ImportOptions) ([]workloads.GEMM, workloads.Account, error) {
	var rows []workloads.GEMM
	s := workloads.NewSink("m.onnx", "onnx", "nodes", func(g workloads.GEMM) error {
		rows = append(rows, g)
		return nil
	})
	err := onnx.Read(bytes.NewReader(data), opt, s)
	if err == nil {
		err = s.Err()
	}
	return rows, s.Account(), err
}

func text(rows []workloads.GEMM) []string {
	var list []string
	for _, g := range rows {
		row := fmt.Sprintf("%s %dx%dx%d", g.Op, g.M, g.N, g.K)
		if r := g.Repeats(); r != 1 {
			row += fmt.Sprintf(" x%d", r)
		}
		list = append(list, row+" "+g.FormatA+","+g.FormatB)
	}
	return list
}

// selfAttention is what an exporter makes of multi-head attention: shapes are
// computed by operators, batch and length are symbols.
func selfAttention() []byte {
	heads := func(in, out string) []part {
		return []part{
			node("Gather", l("sh", "zero"), l(out+"_b"), attr("axis", 0)),
			node("Gather", l("sh", "one"), l(out+"_s"), attr("axis", 0)),
			node("Concat", l(out+"_b", out+"_s", "twelve", "sixtyfour"), l(out+"_shape"), attr("axis", 0)),
			node("Reshape", l(in, out+"_shape"), l(out+"_4")),
			node("Transpose", l(out+"_4"), l(out), attr("perm", []int{0, 2, 1, 3})),
		}
	}
	parts := []part{
		input("x", 1, "batch", "length", 768),
		node("Shape", l("x"), l("sh")),
		node("MatMul", l("x", "wq"), l("q0")), node("MatMul", l("x", "wk"), l("k0")), node("Add", l("k0", "bk"), l("k1")),
	}
	parts = append(parts, heads("q0", "q")...)
	parts = append(parts, heads("k1", "k")...)
	parts = append(parts,
		node("Transpose", l("k"), l("kt"), attr("perm", []int{0, 1, 3, 2})),
		node("MatMul", l("q", "kt"), l("scores")), node("Softmax", l("scores"), l("p")), node("MatMul", l("p", "k"), l("ctx")),
		node("Transpose", l("ctx"), l("ctx_t"), attr("perm", []int{0, 2, 1, 3})),
		node("Reshape", l("ctx_t", "back"), l("flat")),
		node("Gemm", l("flat", "wo", "bo"), l("y"), attr("transB", 1)),
		weight("wq", 1, 768, 768), weight("wk", 1, 768, 768), weight("bk", 1, 768), weight("wo", 1, 32, 768), weight("bo", 1, 32),
		ints("zero", 0), ints("one", 1), ints("twelve", 12), ints("sixtyfour", 64), ints("back", -1, 768), output("y"))
	return model(parts...)
}

func TestRead(t *testing.T) {
	functions := func() []byte { // a function of two layers, called twice
		body := str(nil, 1, "Two")
		body = str(str(body, 4, "fx"), 4, "fw")
		body = str(body, 5, "fy")
		body = msg(body, 7, nodeOf("MatMul", l("fx", "fw"), l("t")))
		body = msg(body, 7, nodeOf("MatMul", l("t", "fw"), l("fy")))
		body = str(body, 10, "mine")
		return msg(model(input("x", 1, 4, 8), weight("w", 1, 8, 8), node("mine.Two", l("x", "w"), l("a")), node("mine.Two", l("a", "w"), l("y"))), 25, body)
	}
	loop := graphOf(input("i", 7), input("c", 9), input("s", 1, 4, 8), node("MatMul", l("s", "w"), l("s2")), output("c"), output("s2"))
	branch := graphOf(node("MatMul", l("x", "w"), l("b")), output("b"))
	other := graphOf(node("Relu", l("x"), l("b")), output("b"))
	tests := []struct {
		name  string
		model []byte
		dims  map[string]int
		want  []string
	}{
		{"shapes computed by operators", selfAttention(), map[string]int{"batch": 2, "length": 10}, []string{
			"matmul 20x768x768 fp32,fp32", "matmul 20x768x768 fp32,fp32", "matmul 10x10x64 x24 fp32,fp32", "matmul 10x64x10 x24 fp32,fp32", "matmul 20x32x768 fp32,fp32"}},
		{"a chain of convolutions and pools", model(input("x", 1, 1, 3, 23, 17), weight("w1", 1, 8, 3, 5, 3), weight("w2", 1, 8, 1, 3, 3), weight("w3", 1, 10, 32),
			node("Conv", l("x", "w1"), l("a"), attr("strides", []int{2, 1}), attr("pads", []int{2, 1, 2, 1})),
			node("MaxPool", l("a"), l("b"), attr("kernel_shape", []int{2, 2}), attr("strides", []int{2, 2})),
			node("Conv", l("b", "w2"), l("c"), attr("group", 8), attr("auto_pad", "SAME_UPPER"), attr("strides", []int{3, 4})),
			node("Flatten", l("c"), l("d")), node("Gemm", l("d", "w3"), l("y"), attr("transB", 1))), nil,
			[]string{"conv 204x8x45 fp32,fp32", "dwconv 4x1x9 x8 fp32,fp32", "matmul 1x10x32 fp32,fp32"}},
		{"quantised operators", model(input("x", 2, 1, 4, 8, 8), weight("w", 3, 6, 4, 3, 3), weight("s", 1), weight("z", 2),
			node("QLinearConv", l("x", "s", "z", "w", "s", "z", "s", "z"), l("a")),
			node("ConvInteger", l("x", "w"), l("ci")),
			node("Reshape", l("a", "flat"), l("b")), ints("flat", 1, -1), weight("w2", 3, 216, 5),
			node("QLinearMatMul", l("b", "s", "z", "w2", "s", "z", "s", "z"), l("c")),
			node("MatMulInteger", l("c", "w3"), l("d")), weight("w3", 3, 5, 7),
			node("com.microsoft.QGemm", l("c", "s", "z", "w4", "s", "z"), l("e"), attr("transB", 1)), weight("w4", 3, 9, 5)), nil,
			[]string{"conv 36x6x36 uint8,int8", "conv 36x6x36 uint8,int8", "matmul 1x5x216 uint8,int8", "matmul 1x7x5 uint8,int8", "matmul 1x9x5 uint8,int8"}},
		{"quantise and dequantise around a product", model(input("x", 1, 4, 8), weight("s", 1), weight("z", 3), weight("wq", 3, 6, 8),
			node("QuantizeLinear", l("x", "s", "z"), l("xq")), node("DequantizeLinear", l("xq", "s", "z"), l("xd")),
			node("DequantizeLinear", l("wq", "s", "z"), l("wd")), node("Transpose", l("wd"), l("wt"), attr("perm", []int{1, 0})), node("MatMul", l("xd", "wt"), l("y"))), nil,
			[]string{"matmul 4x6x8 int8,int8"}},
		{"weights of a few bits", model(input("x", 10, 2, 4, 64), node("com.microsoft.MatMulNBits", l("x", "w", "s"), l("y"), attr("K", 64), attr("N", 96), attr("bits", 4)), weight("w", 2, 96, 2, 16)), nil,
			[]string{"matmul 8x96x64 fp16,uint4"}},
		{"transposed convolution", model(input("x", 1, 1, 8, 4, 5), weight("w", 1, 8, 6, 2, 2), weight("w2", 1, 3, 6, 1, 1),
			node("ConvTranspose", l("x", "w"), l("a"), attr("strides", []int{2, 2})), node("Conv", l("a", "w2"), l("y"))), nil,
			[]string{"deconv 20x24x8 fp32,fp32", "conv 80x3x6 fp32,fp32"}},
		{"recurrent", model(input("x", 1, 5, 2, 12), weight("w", 1, 2, 64, 12), weight("r", 1, 2, 64, 16),
			node("LSTM", l("x", "w", "r"), l("y", "h"), attr("hidden_size", 16), attr("direction", "bidirectional")),
			node("GRU", l("x", "w", "r"), l("y2"), attr("hidden_size", 16))), nil,
			[]string{"rnn_input 10x64x12 x2 fp32,fp32", "rnn_step 2x64x16 x10 fp32,fp32", "rnn_input 10x48x12 fp32,fp32", "rnn_step 2x48x16 x5 fp32,fp32"}},
		{"attention of com.microsoft", model(input("x", 1, 2, 6, 32), weight("w", 1, 32, 96), node("com.microsoft.Attention", l("x", "w", "b"), l("y"), attr("num_heads", 4)), weight("b", 1, 96),
			node("com.microsoft.MultiHeadAttention", l("y", "k", "k"), l("z"), attr("num_heads", 4)), input("k", 1, 2, 9, 32),
			node("com.microsoft.GroupQueryAttention", l("z", "kv", "kv", "past", "past", "len", "total"), l("g"), attr("num_heads", 4), attr("kv_num_heads", 2)),
			input("kv", 1, 2, 6, 16), input("past", 1, 2, 2, 10, 8), input("len", 6, 2), input("total", 6)), nil,
			[]string{"qkv 12x96x32 fp32,fp32", "scores 6x6x8 x8 fp32,fp32", "context 6x8x6 x8 fp32,fp32", "scores 6x9x8 x8 fp32,fp32", "context 6x8x9 x8 fp32,fp32",
				"scores 12x16x8 x4 fp32,fp32", "context 12x8x16 x4 fp32,fp32"}},
		{"attention of the standard", model(input("q", 1, 2, 6, 32), input("k", 1, 2, 9, 16), node("Attention", l("q", "k", "k"), l("y"), attr("q_num_heads", 4), attr("kv_num_heads", 2))), nil,
			[]string{"scores 12x9x8 x4 fp32,fp32", "context 12x8x9 x4 fp32,fp32"}},
		{"functions of the model", functions(), nil, slices.Repeat([]string{"matmul 4x8x8 fp32,fp32"}, 4)},
		{"loops and branches", model(input("x", 1, 4, 8), weight("w", 1, 8, 8), ints("trips", 7), ints("no", 0),
			node("Loop", l("trips", "", "x"), l("y"), attr("body", loop)),
			node("If", l("no"), l("z"), attr("then_branch", branch), attr("else_branch", other))), nil, []string{"matmul 4x8x8 x7 fp32,fp32"}},
		{"einsum", model(input("a", 1, 2, 5, 3, 4), input("b", 1, 2, 7, 3, 4), node("Einsum", l("a", "b"), l("y"), attr("equation", "bqhd,bkhd->bhqk")),
			node("Einsum", l("y", "c"), l("z"), attr("equation", "...k,ko->...o")), input("c", 1, 7, 9)), nil,
			[]string{"einsum 5x7x4 x6 fp32,fp32", "einsum 30x9x7 fp32,fp32"}},
		{"shapes that the file states", model(part{13, value("a", 1, 3, 8)}, input("x", 1, 4), weight("w", 1, 8, 2), node("other.Thing", l("x"), l("a")), node("MatMul", l("a", "w"), l("y"))), nil,
			[]string{"matmul 3x2x8 fp32,fp32"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, a, err := read(tt.model, workloads.ImportOptions{Dims: tt.dims})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(text(rows), tt.want); d != "" {
				t.Errorf("records (-got +want):\n%s", d)
			}
			for _, s := range a.Skipped {
				if s.Reason != "not a matrix product" {
					t.Errorf("skipped: %+v", s)
				}
			}
		})
	}
}

func TestUnknownSizes(t *testing.T) {
	_, _, err := read(selfAttention(), workloads.ImportOptions{Dims: map[string]int{"batch": 1}})
	want := `m.onnx: 5 products depend on sizes that the graph leaves open: "length" (expected --dim length=N)`
	if err == nil || err.Error() != want {
		t.Errorf("error =\n%v\nwant\n%s", err, want)
	}
	rows, a, err := read(model(input("x", 1, 4, 8), weight("w", 1, 8, 2), node("other.Thing", l("x"), l("a")), node("MatMul", l("a", "w"), l("y")), node("MatMul", l("x", "w"), l("z"))), workloads.ImportOptions{Dims: map[string]int{"n": 2}})
	warnings := []string{"node y (MatMul) is left out: the shape of an operand is not known, because of output of Thing", `dimension "n" does not occur in the graph`}
	if d := cmp.Diff(a.Warnings, warnings); err != nil || len(rows) != 1 || d != "" {
		t.Errorf("%d rows, %v, warnings (-got +want):\n%s", len(rows), err, d)
	}
}

func TestFaults(t *testing.T) {
	recursive := msg(str(str(str(nil, 1, "F"), 4, "a"), 5, "a"), 7, append(nodeOf("d.F", l("a"), l("b")), nodeOf("d.F", l("b"), l("a"))...))
	recursive = msg(recursive, 7, nodeOf("d.F", l("a"), l("b")))
	bomb := msg(model(input("x", 1, 4), node("d.F", l("x"), l("y"))), 25, str(recursive, 10, "d"))
	tests := []struct {
		name, want string
		data       []byte
	}{
		{"cut", `m.onnx: byte 60: file ends within a message: "" (expected the rest of it)`, selfAttention()[:60]},
		{"no graph", `m.onnx: model has no graph: "" (expected an ONNX model)`, num(nil, 1, 8)},
		{"inner sizes", `m.onnx: node y: product of shapes [4 8] and [9 2]: the inner extents differ: "MatMul" (expected shapes that fit together)`,
			model(input("x", 1, 4, 8), weight("w", 1, 9, 2), node("MatMul", l("x", "w"), l("y")))},
		{"a long field", `m.onnx: byte 11: field reaches past its message: "1099511627776" (expected a length within it)`, append(num(nil, 1, 8), 0x3a, 0x08, 0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0, 0, 0, 0, 0)},
	}
	for _, tt := range tests {
		_, _, err := read(tt.data, workloads.ImportOptions{})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error =\n%v\nwant\n%s", tt.name, err, tt.want)
		}
	}
	if _, a, err := read(bomb, workloads.ImportOptions{}); err != nil || a.Taken != 0 {
		t.Errorf("a function that calls itself: %d taken, %v", a.Taken, err)
	}
}

// TestDataONNX compares every product of the graphs of the user's with the list
// that the reference shape inference gave.
func TestDataONNX(t *testing.T) {
	list, err := os.Open(tooltest.Data(t, "gemmlists/onnx_gemms.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	records, err := csv.NewReader(list).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for _, r := range records[1:] {
		want[r[0]] = append(want[r[0]], strings.Join(r[4:8], " "))
	}
	for _, name := range []string{"onnx/light_bvlc_alexnet.onnx", "onnx/light_resnet50.onnx", "onnx/light_squeezenet.onnx", "peers/zigzag_alexnet.onnx"} {
		data, err := os.ReadFile(tooltest.Data(t, name))
		if err != nil {
			t.Fatal(err)
		}
		rows, _, err := read(data, workloads.ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, g := range rows {
			got = append(got, fmt.Sprint(g.Groups, g.M, g.N, g.K))
		}
		if d := cmp.Diff(got, want[filepath.Base(name)]); d != "" || len(got) == 0 {
			t.Errorf("%s (-got +want):\n%s", name, d)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(selfAttention())
	f.Add(model(input("x", 2, 1, 4, 8, 8), weight("w", 3, 6, 4, 3, 3), node("QLinearConv", l("x", "", "", "w"), l("a")), node("Resize", l("a", "", "s"), l("b")), ints("s", 1, 1, 2, 2), node("Split", l("b"), l("c", "d"), attr("axis", 1))))
	f.Add(model(input("a", 1, 2, 5), node("Einsum", l("a", "a"), l("y"), attr("equation", "...i,j...->ij")), node("Pad", l("a", "p"), l("q")), ints("p", 1, 2, 3, 4), node("Slice", l("a", "p", "p"), l("r"))))
	f.Add(model(input("x", 1, 5, 2, 12), node("LSTM", l("x", "w", "r"), l("y", "h"), attr("hidden_size", 16)), node("Scan", l("x"), l("z"), attr("body", graphOf(output("x"))), attr("num_scan_inputs", 1))))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := workloads.NewSink("m", "onnx", "nodes", func(g workloads.GEMM) error { return g.Validate() })
		if err := onnx.Read(bytes.NewReader(data), workloads.ImportOptions{}, s); err != nil {
			t.Fatal(err)
		}
	})
}
