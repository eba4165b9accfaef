package tensorfile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/tool/tooltest"
)

func mustOpen(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func floats(t *testing.T, f *File, name string) []float32 {
	t.Helper()
	x, err := f.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.Floats(x)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestBlocks reads every type of block in a file that the gguf Python package wrote, and compares with what that package
// dequantises (blocks.npy, one row a tensor).
func TestBlocks(t *testing.T) {
	f := mustOpen(t, "testdata/blocks.gguf")
	want := floats(t, mustOpen(t, "testdata/blocks.npy"), "")
	names := []string{"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q4_k", "q6_k"}
	for i, name := range names {
		x, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(x.Type) != name || x.Elems() != 256 {
			t.Errorf("%s: type %s, shape %s", name, x.Type, x.ShapeText())
		}
		if d := cmp.Diff(floats(t, f, name), want[i*256:][:256]); d != "" {
			t.Errorf("%s (-got +want):\n%s", name, d)
		}
	}
	part := make([]float32, 32)
	x, _ := f.Tensor("q8_0")
	if err := f.FloatsAt(x, part, 64); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(part, want[3*256+64:][:32]); d != "" {
		t.Errorf("elements 64 to 95 of q8_0 (-got +want):\n%s", d)
	}
	if got, want := fmt.Sprintf("%v %v %v", f.Meta["llama.block_count"], f.Meta["llama.eps"], f.Meta["general.name"]), "2 0.5 blocks"; got != want {
		t.Errorf("metadata: %s, want %s", got, want)
	}
	x, _ = f.Tensor("q5_k")
	if _, err := f.Floats(x); err == nil || !strings.Contains(err.Error(), `type "q5_k" cannot be read`) {
		t.Errorf("unknown type: %v", err)
	}
}

func TestSafetensors(t *testing.T) {
	f := mustOpen(t, "testdata/small.safetensors")
	x, err := f.Tensor("a")
	if err != nil {
		t.Fatal(err)
	}
	ints, err := f.Ints(x)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(ints, []int64{-3, -2, -1, 0, 1, 2}); d != "" {
		t.Errorf("a (-got +want):\n%s", d)
	}
	if d := cmp.Diff(floats(t, f, "b"), []float32{1.5, -2}); d != "" {
		t.Errorf("b (-got +want):\n%s", d)
	}
	if f.Meta["who"] != "test" {
		t.Errorf("metadata: %v", f.Meta)
	}
	if _, err := f.Tensor("c"); err == nil || !strings.Contains(err.Error(), `no tensor "c" (it has 2: "b", "a")`) {
		t.Errorf("missing tensor: %v", err)
	}
}

// safetensorsFile is a file with the given header and n bytes of data.
func safetensorsFile(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

// npyFile is an array with the given header's text.
func npyFile(header string, data ...byte) []byte {
	b := append([]byte(npyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	return append(append(b, header...), data...)
}

func TestNPY(t *testing.T) {
	header := "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }"
	data := npyFile(header, 1, 0, 0xff, 0xff)
	f, err := Parse(bytes.NewReader(data), int64(len(data)), "x.npy")
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Ints(&f.Tensors[0])
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, []int64{1, -1}); d != "" {
		t.Error(d)
	}
}

func TestRaw(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.f32")
	if err := os.WriteFile(path, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, 0o666); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(floats(t, mustOpen(t, path), ""), []float32{1, -2}); d != "" {
		t.Error(d)
	}
	f, err := OpenRaw(path, "i8", 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.Ints(&f.Tensors[0])
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, []int64{0, 0, -128, 63, 0, 0, 0, -64}); d != "" {
		t.Error(d)
	}
	if _, err := OpenRaw(path, "i8", 3); err == nil || !strings.Contains(err.Error(), "shape and size differ: 3 of i8 is 3 bytes (expected 8)") {
		t.Errorf("wrong shape: %v", err)
	}
}

// TestErrors reads files with one thing wrong each.
func TestErrors(t *testing.T) {
	entry := func(dtype string, shape, offsets []int) string {
		b, _ := json.Marshal(map[string]any{"w": map[string]any{"dtype": dtype, "shape": shape, "data_offsets": offsets}})
		return string(b)
	}
	gguf := func(words ...uint64) []byte {
		b := []byte(ggufMagic + "\x03\x00\x00\x00")
		for _, w := range words {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "x: byte 0: unknown file"},
		{"text", []byte("hello, world"), `x: byte 0: unknown file: it begins with "hello, w"`},
		{"header longer than the file", append([]byte{200, 0, 0, 0, 0, 0, 0, 0}, "{}"...), "x: byte 0: length of the header is out of range: 200 bytes (expected 2 to 2)"},
		{"header no object", safetensorsFile("{1}", 0), "x: byte 9: header:"},
		{"header cut", safetensorsFile(`{"w"`, 0), `x: byte 9: tensor "w": EOF`},
		{"offsets beyond", safetensorsFile(entry("F32", []int{2}, []int{0, 8}), 4), `tensor "w" has data_offsets [0 8]`},
		{"size differs", safetensorsFile(entry("F32", []int{2}, []int{0, 4}), 8), "shape and data_offsets differ: 2 of f32 is 8 bytes (data_offsets give 4)"},
		{"negative extent", safetensorsFile(entry("F32", []int{-2}, []int{0, 4}), 8), "is too large"},
		{"huge shape", safetensorsFile(entry("F32", []int{1 << 40, 1 << 40}, []int{0, 4}), 8), "is too large"},
		{"twice", safetensorsFile(`{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0), `name given twice: "w"`},
		{"npy version", append([]byte(npyMagic), make([]byte, 20)...), "x: byte 6: unknown .npy version: 0"},
		{"npy shape", npyFile("{'descr': '|i1', 'shape': (3,)}", 1, 2), "does not fit the file: 3 bytes from byte 41"},
		{"npy order", npyFile("{'descr': '|i1', 'fortran_order': True, 'shape': (1, 2)}", 1, 2), "column order"},
		{"npy big endian", npyFile("{'descr': '>i2', 'shape': (1,)}", 1, 2), `unknown element type: ">i2"`},
		{"gguf version", []byte(ggufMagic + "\x00\x00\x00\x03"), "x: byte 4: unknown GGUF version: 50331648"},
		{"gguf counts", gguf(1<<60, 0), "x: byte 8: number of tensors: 1152921504606846976"},
		{"gguf key", gguf(0, 1<<40), "number of keys: 1099511627776 (expected at most 0 here)"},
		{"gguf text", gguf(0, 1, 1<<40, 0, 0), "length of a key: 1099511627776"},
		{"tflite", []byte("\x10\x00\x00\x00TFL3"), "file ends"},
		{"tflite vtable", append([]byte("\x08\x00\x00\x00TFL3"), 0, 0, 0, 0x80, 0, 0, 0, 0), "file ends"},
	} {
		_, err := Parse(bytes.NewReader(c.data), int64(len(c.data)), "x")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzParse opens whatever it is given and reads all that the header promises.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"blocks.gguf", "blocks.npy", "small.safetensors", "dense.tflite"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(append([]byte{8, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0}, make([]byte, 500)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(bytes.NewReader(data), int64(len(data)), "x.f32")
		if err != nil {
			return
		}
		total := int64(0)
		for i := range file.Tensors {
			x := &file.Tensors[i]
			if total += x.Bytes; total > 4*int64(len(data)) { // tensors may share words
				break
			}
			if v, err := file.Floats(x); err == nil && int64(len(v)) != x.Elems() {
				t.Fatalf("%q: %d elements of %d", x.Name, len(v), x.Elems())
			}
			_, _ = file.Real(x)
			_, _ = file.Ints(x)
		}
	})
}

// TestDataModels reads the headers of models of the user's.
func TestDataModels(t *testing.T) {
	f := mustOpen(t, tooltest.Data(t, "weights/stories260K.bin"))
	w, err := f.Tensor("layers.4.feed_forward.w2.weight")
	if err != nil {
		t.Fatal(err)
	}
	if f.Format != "llama2c" || w.ShapeText() != "64x172" || len(f.Tensors) != 2+9*5 {
		t.Errorf("%s, w2 %s, %d tensors", f.Format, w.ShapeText(), len(f.Tensors))
	}
	f = mustOpen(t, tooltest.Data(t, "tflite/ad01_fp32.tflite"))
	weights, layers := int64(0), 0
	for _, op := range f.Ops {
		if op.Name != "FULLY_CONNECTED" {
			continue
		}
		layers++
		w := &f.Tensors[op.Inputs[1]]
		weights += w.Elems()
		if x, err := f.Floats(w); err != nil || x[0] == 0 {
			t.Errorf("%s: %v", w.Name, err)
		}
	}
	if layers != 10 || weights != 264192 {
		t.Errorf("ad01: %d layers with %d weights, want 10 with 264192", layers, weights)
	}
	f = mustOpen(t, tooltest.Data(t, "tflite/seanet_conv0.tflite"))
	if len(f.Ops) != 1 || f.Ops[0].Name != "CONV_2D" || f.Ops[0].SamePadding || f.Ops[0].StrideH < 1 {
		t.Errorf("seanet_conv0: operators %+v", f.Ops)
	}
	for _, x := range f.Tensors {
		t.Logf("%s %s %s %d bytes, %d scales", x.Name, x.Type, x.ShapeText(), x.Bytes, len(x.Quant.Scale))
	}
	f = mustOpen(t, tooltest.Data(t, "acts/stories260K_ffn_in_64x5x64.f32.gz"))
	if n := f.Tensors[0].Elems(); n != 64*5*64 {
		t.Errorf("activations: %d", n)
	}
}

// TestTFLite reads a model of one fully connected layer, made with the flatbuffers package.
func TestTFLite(t *testing.T) {
	f := mustOpen(t, "testdata/dense.tflite")
	w, err := f.Tensor("w")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(w.Quant, Affine{Scale: []float32{0.25, 0.5}, Zero: []int64{0, 0}}); d != "" {
		t.Errorf("quantisation (-got +want):\n%s", d)
	}
	real, err := f.Real(w)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(real, []float32{0.25, -0.5, 0.75, 2, 2.5, -3}); d != "" {
		t.Errorf("weights (-got +want):\n%s", d)
	}
	if d := cmp.Diff(f.Ops, []Op{{Name: "FULLY_CONNECTED", Inputs: []int{0, 1, 2}, Outputs: []int{3}, Activation: "relu"}}); d != "" {
		t.Errorf("operators (-got +want):\n%s", d)
	}
	if d := cmp.Diff([][]int{f.Inputs, f.Outputs}, [][]int{{0}, {3}}); d != "" {
		t.Errorf("inputs and outputs (-got +want):\n%s", d)
	}
	if _, err := f.Floats(&f.Tensors[0]); err == nil || !strings.Contains(err.Error(), `tensor "in" has no words`) {
		t.Errorf("tensor without words: %v", err)
	}
}
