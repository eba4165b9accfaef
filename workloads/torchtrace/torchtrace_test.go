package torchtrace_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"tpe/workloads"
	"tpe/workloads/torchtrace"
)

type reader func(io.Reader, workloads.ImportOptions, *workloads.Sink) error

// read returns the records of a trace and the account.
func read(f reader, r io.Reader) ([]workloads.GEMM, workloads.Account, error) {
	return readWith(f, r, workloads.ImportOptions{})
}

func readWith(f reader, r io.Reader, opt workloads.ImportOptions) ([]workloads.GEMM, workloads.Account, error) {
	var rows []workloads.GEMM
	s := workloads.NewSink("t.json", "x", "events", func(g workloads.GEMM) error {
		rows = append(rows, g)
		return nil
	})
	err := f(r, opt, s)
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
		if f := strings.Join([]string{g.FormatA, g.FormatB}, ","); f != "," {
			row += " " + f
		}
		list = append(list, row)
	}
	return list
}

func reasons(a workloads.Account) map[string]int64 {
	m := map[string]int64{}
	for _, s := range a.Skipped {
		m[s.Reason] = s.Count
	}
	return m
}

// op is an event of a profiler trace.
func op(name string, ts, dur float64, args string) string {
	return fmt.Sprintf(`{"ph":"X","cat":"cpu_op","name":%q,"pid":1,"tid":1,"ts":%v,"dur":%v,"args":{%s}}`, name, ts, dur, args)
}

func dims(shapes string, more ...string) string {
	args := []string{`"Input Dims":` + shapes}
	for i, m := range more {
		args = append(args, []string{`"Input type":`, `"Concrete Inputs":`}[i]+m)
	}
	return strings.Join(args, ",")
}

func trace(events ...string) string {
	return `{"schemaVersion":1,"deviceProperties":[{"id":0}],"traceEvents":[` + strings.Join(events, ",\n") + `],"traceName":"x"}`
}

const half2 = `["c10::Half","c10::Half"]`

func TestKineto(t *testing.T) {
	other := strings.Replace(op("aten::mm", 12, 2, dims(`[[2,3],[3,4]]`)), `"tid":1`, `"tid":2`, 1)
	tests := []struct {
		name string
		text string
		want []string
		skip map[string]int64
	}{
		{"nested operators count once", trace(
			op("aten::linear", 10, 10, dims(`[[5,7,8],[9,8],[]]`)),
			op("aten::addmm", 11, 5, dims(`[[9],[35,8],[8,9]]`, `["float","c10::BFloat16","c10::BFloat16"]`)),
			op("aten::view", 12, 1, dims(`[[9]]`)),
			other,
			op("aten::matmul", 30, 4, dims(`[[2,6,5,4],[2,6,4,3]]`, half2)),
			`{"ph":"X","cat":"kernel","name":"gemm","pid":0,"tid":7,"ts":12,"dur":3,"args":{}}`,
		), []string{"addmm 35x9x8 bf16,bf16", "mm 2x4x3", "matmul 5x3x4 x12 fp16,fp16"},
			map[string]int64{"around counted operators": 1, "not a matrix product": 1, "event of another category": 1}},
		{"an operator around one of an unknown library", trace(
			op("aiter::gemm_a16w16", 0, 10, dims(`[[5,8],[9,8]]`)), op("aten::mm", 1, 5, dims(`[[5,8],[8,9]]`)),
			op("aiter::gemm_a16w16", 20, 10, dims(`[[6,8],[9,8]]`)),
			op("mylib::special_gemm", 40, 10, dims(`[[6,8],[9,8]]`)),
		), []string{"mm 5x9x8", "gemm_a16w16 6x9x8"},
			map[string]int64{"around counted operators": 1, "may be a matrix product, but the operator is not known": 1}},
		{"other products", trace(
			op("aten::baddbmm", 0, 1, dims(`[[4,1,6],[4,5,3],[4,3,6]]`)),
			op("aten::mv", 1, 1, dims(`[[5,3],[3]]`)),
			op("aten::dot", 2, 1, dims(`[[7],[7]]`)),
			op("aten::_int_mm", 3, 1, dims(`[[5,3],[3,2]]`, `["signed char","signed char"]`)),
			op("aten::_scaled_mm", 4, 1, dims(`[[5,3],[3,2]]`, `["c10::Float8_e4m3fn","c10::Float8_e5m2"]`)),
			op("aten::_weight_int4pack_mm", 5, 1, dims(`[[5,64],[2,2,32,4],[],[2,16,2]]`)),
			op("aten::mm", 6, 1, dims(`[[0,3],[3,2]]`)),
			op("aten::mm", 7, 1, dims(`[[1,3],[3,2]]`, `["c10::complex<float>","c10::complex<float>"]`)),
		), []string{"baddbmm 5x6x3 x4", "mv 5x1x3", "dot 1x1x7", "int_mm 5x2x3 int8,int8", "scaled_mm 5x2x3 e4m3,e5m2", "weight_int4pack_mm 5x16x64"},
			map[string]int64{"an operand is empty": 1, "complex numbers": 1}},
		{"the outermost convolution", trace(
			op("aten::conv2d", 0, 9, dims(`[[2,8,9,9],[6,4,3,3],[6],[],[],[],[]]`, `["float","float"]`, `["","","","[2, 2]","[1, 1]","[1, 1]","2"]`)),
			op("aten::convolution", 1, 7, dims(`[[2,8,9,9],[6,4,3,3],[6],[],[],[],[],[],[]]`, `["float","float"]`, `["","","","[2, 2]","[1, 1]","[1, 1]","False","[0, 0]","2"]`)),
			op("aten::cudnn_convolution", 2, 5, dims(`[[2,8,9,9],[6,4,3,3]]`)),
			op("aten::convolution", 20, 7, dims(`[[1,8,4,4],[8,5,2,2],[],[],[],[],[],[],[]]`, `["float","float"]`, `["","","","[2, 2]","[0, 0]","[1, 1]","True","[0, 0]","1"]`)),
			op("aten::convolution", 30, 7, dims(`[[1,4,20],[6,4,3],[],[],[],[],[],[],[]]`, `["float","float"]`, `["","","","[1]","[0]","[1]","False","[0]","1"]`)),
			op("aten::conv2d", 40, 9, dims(`[[2,8,9,9],[6,8,3,3],[6],[],[],[],[]]`, `["float","float"]`, `["","","","[1, 1]","same","[1, 1]","1"]`)),
			op("aten::convolution_backward", 50, 7, dims(`[[2,6,9,9],[2,8,9,9],[6,8,3,3],[],[],[],[],[],[],[],[]]`, `["float","float","float"]`, `["","","","[0]","[1, 1]","[1, 1]","[1, 1]","False","[0, 0]","1","[False, True, True]"]`)),
			op("aten::conv2d", 60, 9, dims(`[[2,8,9,9],[6,8,3,3]]`)),
		), []string{"conv 50x3x36 x2 fp32,fp32", "deconv 16x20x8 fp32,fp32", "conv 18x6x12 fp32,fp32", "conv 162x6x72 fp32,fp32", "conv_wgrad 72x6x162 fp32,fp32"},
			map[string]int64{"inside a counted operator": 2, "convolution without its strides and padding": 1}},
		{"attention", trace(
			op("aten::scaled_dot_product_attention", 0, 9, dims(`[[2,8,5,4],[2,2,7,4],[2,2,7,6]]`)),
			op("aten::_scaled_dot_product_flash_attention", 1, 7, dims(`[[2,8,5,4],[2,2,7,4],[2,2,7,6],[],[]]`, half2, `["","","","0.","True"]`)),
			op("aten::_flash_attention_forward", 2, 5, dims(`[[2,5,8,4],[2,7,2,4],[2,7,2,6]]`)),
			op("flash_attn::_flash_attn_varlen_forward", 20, 5, dims(`[[9,8,4],[9,2,4],[9,2,4],[4],[4]]`)),
			op("flash_attn::_flash_attn_varlen_forward", 30, 5, dims(`[[9,8,4],[9,2,4],[9,2,4],[2],[2]]`)),
			op("aten::_scaled_dot_product_flash_attention_backward", 40, 5, dims(`[[1,1,3,4],[1,1,3,4],[1,1,5,4],[1,1,5,4]]`)),
		), []string{"scores 20x7x4 x4 fp16,fp16", "context 20x6x7 x4 fp16,fp16", "scores 36x9x4 x2", "context 36x4x9 x2",
			"scores 3x5x4", "dq 3x4x5", "dk 4x5x3", "dp 3x5x4", "dv 5x4x3"},
			map[string]int64{"around counted operators": 1, "inside a counted operator": 1, "attention of packed sequences, whose lengths are not recorded": 1}},
		{"the array alone", "[" + op("aten::mm", 0, 1, dims(`[[2,3],[3,4]]`)) + "]", []string{"mm 2x4x3"}, map[string]int64{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, a, err := read(torchtrace.ReadKineto, strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(text(rows), tt.want); d != "" {
				t.Errorf("records (-got +want):\n%s", d)
			}
			if d := cmp.Diff(reasons(a), tt.skip); d != "" {
				t.Errorf("skipped (-got +want):\n%s", d)
			}
		})
	}
}

func TestCausal(t *testing.T) {
	in := trace(op("aten::_scaled_dot_product_flash_attention", 1, 7, dims(`[[1,1,4,8],[1,1,4,8],[1,1,4,8],[],[]]`, half2, `["","","","0.","True"]`)))
	full, a, err := read(torchtrace.ReadKineto, strings.NewReader(in))
	if err != nil || len(a.Warnings) != 1 {
		t.Fatalf("warnings %q, %v", a.Warnings, err)
	}
	causal, a, err := readWith(torchtrace.ReadKineto, strings.NewReader(in), workloads.ImportOptions{Attention: "causal"})
	if err != nil || len(a.Warnings) != 0 {
		t.Fatalf("causal: warnings %q, %v", a.Warnings, err)
	}
	sum := func(rows []workloads.GEMM) (n int64) {
		for _, g := range rows {
			n += g.MACs()
		}
		return n
	}
	if sum(full) != 2*16*8 || sum(causal) != 2*10*8 {
		t.Errorf("full %d, causal %d MAC, want 256 and 160", sum(full), sum(causal))
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name, text string
		read       reader
		want       string
	}{
		{"no shapes", trace(op("aten::mm", 0, 1, ""), op("aten::bmm", 1, 1, "")), torchtrace.ReadKineto,
			`t.json: trace was recorded without shapes: "2 matrix products without the sizes of their inputs" (expected a trace of torch.profiler.profile(record_shapes=True))`},
		{"inner sizes", trace(op("aten::mm", 0, 1, dims(`[[2,3],[4,5]]`))), torchtrace.ReadKineto,
			`t.json:1:175: aten::mm: product of shapes [2 3] and [4 5]: the inner extents differ: "aten::mm" (expected shapes that fit together)`},
		{"cut", trace(op("aten::mm", 0, 1, dims(`[[2,3],[3,5]]`)))[:150], torchtrace.ReadKineto,
			`t.json:1:151: text ends too early: "" (expected the rest of the JSON text)`},
		{"no trace", `{"a":1}`, torchtrace.ReadKineto, `t.json: file has no traceEvents: "" (expected a trace of the PyTorch profiler)`},
		{"deep", `{"a":` + strings.Repeat("[", 5000), torchtrace.ReadKineto, `t.json:1:206: values are nested too deep: "" (expected at most 200 levels)`},
		{"wrong kind", "{\"traceEvents\":[\n{\"ph\":7}]}", torchtrace.ReadKineto, `t.json:2:9: ph is of the wrong kind: "number" (expected string)`},
		{"ET without shapes", `{"schema":"1.0.1","nodes":[{"id":1,"name":"aten::mm","parent":0}]}`, torchtrace.ReadET,
			`t.json: trace was recorded without shapes: "1 matrix products without the sizes of their inputs" (expected an execution trace whose nodes have input shapes)`},
		{"ET in a circle", `{"nodes":[{"id":1,"parent":2,"name":"aten::mm","inputs":[1,2],"input_shapes":[[2,3],[3,4]]},{"id":2,"parent":1,"name":"aten::linear","inputs":[],"input_shapes":[[2,3],[4,3]]}]}`, torchtrace.ReadET,
			`t.json: node 1: nodes call each other in a circle: "1" (expected a tree of calls)`},
		{"ET with a node twice", `{"nodes":[{"id":1,"name":"x"},{"id":1,"name":"y"}]}`, torchtrace.ReadET,
			`t.json:1:31: node identifier is used twice: "1" (expected one node of that identifier)`},
		{"Chakra, cut", "\x05ab", torchtrace.ReadChakra, `t.json: byte 3: file ends within a message: "" (expected the rest of it)`},
		{"Chakra, huge", "\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f", torchtrace.ReadChakra, `t.json: byte 10: field reaches past its message: "9223372036854775807" (expected a length within it)`},
	}
	for _, tt := range tests {
		_, _, err := read(tt.read, strings.NewReader(tt.text))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error =\n%v\nwant\n%s", tt.name, err, tt.want)
		}
	}
}

// execution is one model in the schemas of execution traces: a linear layer around
// addmm, a convolution with all its wrappers, a product alone.
var execution = []struct {
	name, text string
}{
	{"1.1.0", `{"schema":"1.1.0-chakra.0.0.4","pid":1,"nodes":[
		{"id":2,"name":"[pytorch]","ctrl_deps":1,"inputs":{"values":[],"shapes":[],"types":[]},"outputs":{}},
		{"id":3,"name":"aten::linear","ctrl_deps":2,"inputs":{"values":[[8,1],[9,1],[7,1]],"shapes":[[4,8],[6,8],[6]],"types":["Tensor(float)","Tensor(float)","Tensor(float)"]}},
		{"id":4,"name":"aten::addmm","ctrl_deps":3,"inputs":{"values":[[7,1],[8,1],[10,1]],"shapes":[[6],[4,8],[8,6]],"types":["Tensor(float)","Tensor(float)","Tensor(float)"]},"outputs":{"values":[[1]],"shapes":[[4,6]],"types":["Tensor(float)"]}},
		{"id":5,"name":"aten::convolution","ctrl_deps":2,"inputs":{"values":[[1],[2],null,[2,2],[1,1],[1,1],false,[0,0],2],"shapes":[[2,8,9,9],[6,4,3,3],[],[],[],[],[],[],[]],"types":["Tensor(float)","Tensor(float)"]}},
		{"id":6,"name":"aten::_convolution","ctrl_deps":5,"inputs":{"values":[],"shapes":[[2,8,9,9],[6,4,3,3]],"types":[]}},
		{"id":7,"name":"aten::mm","ctrl_deps":2,"inputs":{"values":[[1],[2]],"shapes":[[3,2],[2,5]],"types":["Tensor(c10::Half)","Tensor(c10::Half)"]}}]}`},
	{"1.0.1", `{"schema":"1.0.1","nodes":[
		{"id":2,"name":"[pytorch]","parent":1,"inputs":[],"input_shapes":[],"input_types":[]},
		{"name":"aten::mm","id":7,"parent":2,"inputs":[[1],[2]],"input_shapes":[[3,2],[2,5]],"input_types":["Tensor(c10::Half)","Tensor(c10::Half)"]},
		{"name":"aten::addmm","id":4,"parent":3,"inputs":[[7],[8],[10]],"input_shapes":[[6],[4,8],[8,6]],"input_types":["Tensor(float)","Tensor(float)","Tensor(float)"]},
		{"name":"aten::linear","id":3,"parent":2,"inputs":[[8],[9],[7]],"input_shapes":[[4,8],[6,8],[6]],"input_types":["Tensor(float)"]},
		{"name":"aten::_convolution","id":6,"parent":5,"inputs":[],"input_shapes":[[2,8,9,9],[6,4,3,3]],"input_types":[]},
		{"name":"aten::convolution","id":5,"parent":2,"inputs":[[1],[2],"<None>",[2,2],[1,1],[1,1],false,[0,0],2],"input_shapes":[[2,8,9,9],[6,4,3,3],[],[],[],[],[],[],[]],"input_types":["Tensor(float)","Tensor(float)"]}]}`},
	{"Chakra as JSON", `{"version":"0.0.4"}
		{"id":"2","name":"root","type":"METADATA_NODE"}
		{"id":"3","name":"aten::linear","type":"COMP_NODE","ctrlDeps":["2"],"inputs":{"values":"[]","shapes":"[[4, 8], [6, 8], [6]]","types":"['Tensor(float)']"}}
		{"id":"4","name":"aten::addmm","type":"COMP_NODE","ctrlDeps":["3"],"inputs":{"values":"[]","shapes":"[[6], [4, 8], [8, 6]]","types":"['Tensor(float)', 'Tensor(float)', 'Tensor(float)']"}}
		{"id":"5","name":"aten::convolution","type":"COMP_NODE","ctrlDeps":["2"],"inputs":{"values":"[[1], [2], None, [2, 2], [1, 1], [1, 1], False, [0, 0], 2]","shapes":"[[2, 8, 9, 9], [6, 4, 3, 3], [], [], [], [], [], [], []]","types":"['Tensor(float)', 'Tensor(float)']"}}
		{"id":"6","name":"aten::_convolution","type":"COMP_NODE","ctrlDeps":["5"],"inputs":{"values":"[]","shapes":"[[2, 8, 9, 9], [6, 4, 3, 3]]","types":"[]"}}
		{"id":"7","name":"aten::mm","type":"COMP_NODE","ctrlDeps":["2"],"inputs":{"values":"[]","shapes":"[[3, 2], [2, 5]]","types":"['Tensor(c10::Half)', 'Tensor(c10::Half)']"}}
		{"id":"8","name":"ncclAllReduce","type":"COMM_COLL_NODE"}`},
}

var executionWant = []string{"addmm 4x6x8 fp32,fp32", "conv 50x3x36 x2 fp32,fp32", "mm 3x5x2 fp16,fp16"}

func TestET(t *testing.T) {
	for _, tt := range execution {
		rows, a, err := read(torchtrace.ReadET, strings.NewReader(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if d := cmp.Diff(text(rows), executionWant); d != "" {
			t.Errorf("%s: records (-got +want):\n%s", tt.name, d)
		}
		if r := reasons(a); r["around counted operators"] != 1 || r["inside a counted operator"] != 1 {
			t.Errorf("%s: skipped %v", tt.name, r)
		}
	}
}

// chakra encodes a trace of nodes: identifier, caller, type, name, values, shapes,
// types.
func chakra(nodes ...[]any) []byte {
	out := protowire.AppendBytes(nil, protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte("0.0.4")))
	for _, n := range nodes {
		var io []byte
		for i, s := range n[4:] {
			io = protowire.AppendBytes(protowire.AppendTag(io, protowire.Number(i+1), protowire.BytesType), []byte(s.(string)))
		}
		var m []byte
		m = protowire.AppendVarint(protowire.AppendTag(m, 1, protowire.VarintType), uint64(n[0].(int)))
		m = protowire.AppendBytes(protowire.AppendTag(m, 2, protowire.BytesType), []byte(n[3].(string)))
		m = protowire.AppendVarint(protowire.AppendTag(m, 3, protowire.VarintType), uint64(n[2].(int)))
		m = protowire.AppendBytes(protowire.AppendTag(m, 4, protowire.BytesType), protowire.AppendVarint(nil, uint64(n[1].(int))))
		m = protowire.AppendBytes(protowire.AppendTag(m, 8, protowire.BytesType), io)
		out = protowire.AppendBytes(out, m)
	}
	return out
}

var chakraTrace = chakra(
	[]any{2, 1, 1, "root", "", "", ""},
	[]any{3, 2, 4, "aten::linear", "[]", "[[4, 8], [6, 8], [6]]", "['Tensor(float)']"},
	[]any{4, 3, 4, "aten::addmm", "[]", "[[6], [4, 8], [8, 6]]", "['Tensor(float)', 'Tensor(float)', 'Tensor(float)']"},
	[]any{5, 2, 4, "aten::convolution", "[[1], [2], None, [2, 2], [1, 1], [1, 1], False, [0, 0], 2]", "[[2, 8, 9, 9], [6, 4, 3, 3], [], [], [], [], [], [], []]", "['Tensor(float)', 'Tensor(float)']"},
	[]any{6, 5, 4, "aten::_convolution", "[]", "[[2, 8, 9, 9], [6, 4, 3, 3]]", "[]"},
	[]any{7, 2, 4, "aten::mm", "[]", "[[3, 2], [2, 5]]", "['Tensor(c10::Half)', 'Tensor(c10::Half)']"},
	[]any{8, 2, 7, "ncclAllReduce", "", "", ""},
)

func TestChakra(t *testing.T) {
	rows, a, err := read(torchtrace.ReadChakra, bytes.NewReader(chakraTrace))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(text(rows), executionWant); d != "" {
		t.Errorf("records (-got +want):\n%s", d)
	}
	if r := reasons(a); r["node of another type"] != 2 {
		t.Errorf("skipped %v", r)
	}
}

func fuzz(t *testing.T, f reader, r io.Reader) {
	s := workloads.NewSink("t", "x", "events", func(g workloads.GEMM) error { return g.Validate() })
	if err := f(r, workloads.ImportOptions{}, s); err != nil {
		t.Fatal(err)
	}
	a := s.Account()
	n := a.Taken
	for _, k := range a.Skipped {
		n += k.Count
	}
	if n != a.Read {
		t.Fatalf("read %d, taken and skipped %d", a.Read, n)
	}
}

func FuzzKineto(f *testing.F) {
	f.Add(trace(op("aten::linear", 10, 10, dims(`[[5,7,8],[9,8],[]]`)), op("aten::addmm", 11, 5, dims(`[[9],[35,8],[8,9]]`, half2))))
	f.Add("[" + op("aten::conv2d", 0, 9, dims(`[[2,8,9,9],[6,4,3,3],[6],[],[],[],[]]`, half2, `["","","","[2, 2]","[1, 1]","[1, 1]","2"]`)) + "]")
	f.Add(trace(op("aten::_scaled_dot_product_flash_attention_backward", 40, 5, dims(`[[1,1,3,4],[1,1,3,4],[1,1,5,4],[1,1,5,4]]`))))
	f.Fuzz(func(t *testing.T, text string) { fuzz(t, torchtrace.ReadKineto, strings.NewReader(text)) })
}

func FuzzET(f *testing.F) {
	for _, e := range execution {
		f.Add(e.text)
	}
	f.Fuzz(func(t *testing.T, text string) { fuzz(t, torchtrace.ReadET, strings.NewReader(text)) })
}

func FuzzChakra(f *testing.F) {
	f.Add(chakraTrace)
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, torchtrace.ReadChakra, bytes.NewReader(data)) })
}
