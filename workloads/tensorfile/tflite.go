package tensorfile

import (
	"fmt"
	"math"
)

// tfliteMagic stands at byte 4 of a TensorFlow Lite file.
const tfliteMagic = "TFL3"

// Bounds of a TensorFlow Lite model.
const (
	maxTFLiteTensors = 1 << 18
	maxTFLiteDims    = 8
	maxTFLiteText    = 1 << 12
)

// Op is an operator of a TensorFlow Lite model.
type Op struct {
	Name            string // as in the schema: CONV_2D, FULLY_CONNECTED, ...; BUILTIN n for others, or a custom operator's own
	Inputs, Outputs []int  // indices of tensors; -1: left out
	// What convolutions and fully connected layers state beside; zero for other operators.
	SamePadding                            bool // SAME, otherwise VALID
	StrideH, StrideW, DilationH, DilationW int
	DepthMultiplier                        int    // of DEPTHWISE_CONV_2D
	Activation                             string // relu, relu6, ... or none
}

// tfliteOps are the operators that are told by name.
var tfliteOps = map[int64]string{0: "ADD", 1: "AVERAGE_POOL_2D", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE",
	9: "FULLY_CONNECTED", 14: "LOGISTIC", 16: "LSTM", 17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 21: "RELU6", 22: "RESHAPE", 23: "RESIZE_BILINEAR",
	25: "SOFTMAX", 28: "TANH", 32: "CUSTOM", 34: "PAD", 39: "TRANSPOSE", 40: "MEAN", 41: "SUB", 43: "SQUEEZE", 44: "UNIDIRECTIONAL_SEQUENCE_LSTM",
	45: "STRIDED_SLICE", 67: "TRANSPOSE_CONV", 80: "FAKE_QUANT", 114: "QUANTIZE", 117: "HARD_SWISH", 126: "BATCH_MATMUL"}

var tfliteActivations = [...]string{"", "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit"}

// flat walks a flatbuffer. The first problem stays, and everything after it reads as zero.
type flat struct {
	f      *File
	err    error
	budget int64 // bytes that may still be read: a hostile file refers to the same ones over and over
}

// table is a table of a flatbuffer, at a byte of the file; 0 is none.
type table struct {
	b        *flat
	at, vtab int64
	fields   int
}

func (b *flat) fail(at int64, format string, args ...any) {
	if b.err == nil {
		b.err = b.f.errorf(at, format, args...)
	}
}

func (b *flat) uint(at int64, n int) uint64 {
	var w [8]byte
	b.bytes(w[:n], at)
	if b.err != nil {
		return 0
	}
	return le.Uint64(w[:])
}

func (b *flat) bytes(dst []byte, at int64) {
	if b.budget -= int64(len(dst)); b.budget < 0 {
		b.fail(at, "model refers to the same bytes again and again")
	}
	if b.err == nil {
		b.err = b.f.bytes(dst, at)
	}
}

// follow is the byte to which the offset at a byte points.
func (b *flat) follow(at int64) int64 { return at + int64(b.uint(at, 4)) }

func (b *flat) table(at int64) table {
	t := table{b: b, at: at}
	if b.err != nil {
		return t
	}
	t.vtab = at - int64(int32(b.uint(at, 4)))
	size := b.uint(t.vtab, 2)
	if b.err == nil && size < 4 {
		b.fail(t.vtab, "table of fields has %d bytes (expected at least 4)", size)
	}
	if b.err == nil {
		t.fields = int(size-4) / 2
	}
	return t
}

// field is the byte of field i, or 0 if it is left out.
func (t table) field(i int) int64 {
	if i >= t.fields {
		return 0
	}
	o := t.b.uint(t.vtab+4+2*int64(i), 2)
	if o == 0 {
		return 0
	}
	return t.at + int64(o)
}

// int is a signed scalar of n bytes.
func (t table) int(i, n int, absent int64) int64 {
	at := t.field(i)
	if at == 0 {
		return absent
	}
	shift := 64 - 8*n
	return int64(t.b.uint(at, n)<<shift) >> shift
}

// sub is the table in field i; its at is 0 if there is none.
func (t table) sub(i int) table {
	at := t.field(i)
	if at == 0 {
		return table{b: t.b}
	}
	return t.b.table(t.b.follow(at))
}

// vector is the byte of the first element of the vector in field i, and its length.
func (t table) vector(i int, size, most int64) (int64, int64) {
	at := t.field(i)
	if at == 0 {
		return 0, 0
	}
	at = t.b.follow(at)
	n := int64(t.b.uint(at, 4))
	if t.b.err == nil && (n > most || n > (t.b.f.size-at-4)/size) {
		t.b.fail(at, "vector is too long: %d elements of %d bytes (expected at most %d)", n, size, min(most, max((t.b.f.size-at-4)/size, 0)))
	}
	if t.b.err != nil {
		return 0, 0
	}
	return at + 4, n
}

// tables calls do for each table of the vector in field i.
func (t table) tables(i int, do func(table)) {
	at, n := t.vector(i, 4, maxTFLiteTensors)
	for k := range n {
		if t.b.err != nil {
			return
		}
		do(t.b.table(t.b.follow(at + 4*k)))
	}
}

// ints is the vector of signed integers of size bytes in field i.
func (t table) ints(i, size int, most int64) []int64 {
	at, n := t.vector(i, int64(size), most)
	var list []int64
	shift := 64 - 8*size
	for k := range n {
		list = append(list, int64(t.b.uint(at+int64(size)*k, size)<<shift)>>shift)
	}
	return list
}

func (t table) indices(i int) []int {
	var list []int
	for _, v := range t.ints(i, 4, maxTFLiteTensors) {
		list = append(list, int(v))
	}
	return list
}

func (t table) text(i int) string {
	at, n := t.vector(i, 1, maxTFLiteText)
	s := make([]byte, n)
	t.b.bytes(s, at)
	return string(s)
}

// readTFLite reads the tensors and operators of the first subgraph.
func (f *File) readTFLite() error {
	f.Format = "tflite"
	b := &flat{f: f, budget: 64*f.size + 1<<16}
	model := b.table(b.follow(0))
	var buffers [][2]int64
	model.tables(4, func(t table) {
		at, n := t.vector(0, 1, math.MaxInt64)
		if off := t.int(1, 8, 0); n == 0 && off > 1 { // words behind the flatbuffer
			at, n = off, t.int(2, 8, 0)
		}
		buffers = append(buffers, [2]int64{at, n})
	})
	var codes []string
	model.tables(1, func(t table) {
		code := max(t.int(0, 1, 0), t.int(3, 4, 0))
		name, ok := tfliteOps[code]
		if !ok {
			name = fmt.Sprintf("BUILTIN %d", code)
		}
		if custom := t.text(1); name == "CUSTOM" && custom != "" {
			name = custom
		}
		codes = append(codes, name)
	})
	first := true
	model.tables(2, func(graph table) {
		if !first {
			return
		}
		first = false
		graph.tables(0, func(t table) { f.addTFLite(b, t, buffers) })
		f.Inputs, f.Outputs = graph.indices(1), graph.indices(2)
		graph.tables(3, func(t table) { f.addOp(b, t, codes) })
	})
	if b.err == nil && first {
		b.fail(0, "model has no subgraph (expected at least one)")
	}
	return b.err
}

func (f *File) addTFLite(b *flat, t table, buffers [][2]int64) {
	tensor := Tensor{Name: t.text(3), Type: byNumber(tfliteTypes, t.int(1, 1, 0), "tflite"), Shape: t.ints(0, 4, maxTFLiteDims)}
	if q := t.sub(4); q.at != 0 {
		for _, bits := range q.ints(2, 4, 1<<20) {
			tensor.Quant.Scale = append(tensor.Quant.Scale, math.Float32frombits(uint32(bits)))
		}
		tensor.Quant.Zero = q.ints(3, 8, 1<<20)
		tensor.Quant.Axis = int(q.int(6, 4, 0))
	}
	for i, d := range tensor.Shape { // -1 is an extent that is not known
		if d < 0 {
			tensor.Shape[i] = 0
		}
	}
	if s := len(tensor.Quant.Scale); b.err == nil && s > 1 {
		if a := tensor.Quant.Axis; a < 0 || a >= len(tensor.Shape) || tensor.Shape[a] != int64(s) {
			b.fail(t.at, "tensor %q has %d scales for dimension %d of %s", tensor.Name, s, a, tensor.ShapeText())
		}
	}
	number := int(t.int(2, 4, 0))
	if b.err == nil && (number < 0 || number >= max(len(buffers), 1)) {
		b.fail(t.at, "tensor %q is in buffer %d (the model has %d)", tensor.Name, number, len(buffers))
	}
	if b.err != nil {
		return
	}
	if number < len(buffers) && buffers[number][1] > 0 && tensor.Type.Known() {
		tensor.Offset = buffers[number][0]
		if b.err = f.add(tensor, t.at); b.err != nil {
			return
		}
		last := &f.Tensors[len(f.Tensors)-1]
		if t.field(6) != 0 { // sparse: its shape is known, its words cannot be read
			last.Offset, last.Bytes = 0, 0
		} else if last.Bytes != buffers[number][1] {
			b.fail(t.at, "tensor %q: shape and buffer differ: %s of %s is %d bytes (the buffer has %d)",
				tensor.Name, last.ShapeText(), last.Type, last.Bytes, buffers[number][1])
		}
		return
	}
	if elems(tensor.Shape) < 0 {
		b.fail(t.at, "tensor %q is too large: %s", tensor.Name, tensor.ShapeText())
	}
	f.Tensors = append(f.Tensors, tensor)
}

func (f *File) addOp(b *flat, t table, codes []string) {
	code := t.int(0, 4, 0)
	op := Op{Inputs: t.indices(1), Outputs: t.indices(2)}
	if b.err == nil && (code < 0 || code >= int64(len(codes))) {
		b.fail(t.at, "operator has code %d (the model has %d)", code, len(codes))
	}
	for _, list := range [][]int{op.Inputs, op.Outputs} {
		for _, i := range list {
			if b.err == nil && (i < -1 || i >= len(f.Tensors)) {
				b.fail(t.at, "operator refers to tensor %d (the model has %d)", i, len(f.Tensors))
			}
		}
	}
	if b.err != nil {
		return
	}
	op.Name = codes[code]
	o := t.sub(4)
	activation := -1
	switch {
	case o.at == 0:
	case op.Name == "CONV_2D":
		op.SamePadding = o.int(0, 1, 0) == 0
		op.StrideW, op.StrideH = int(o.int(1, 4, 0)), int(o.int(2, 4, 0))
		op.DilationW, op.DilationH = int(o.int(4, 4, 1)), int(o.int(5, 4, 1))
		activation = int(o.int(3, 1, 0))
	case op.Name == "DEPTHWISE_CONV_2D":
		op.SamePadding = o.int(0, 1, 0) == 0
		op.StrideW, op.StrideH = int(o.int(1, 4, 0)), int(o.int(2, 4, 0))
		op.DilationW, op.DilationH = int(o.int(5, 4, 1)), int(o.int(6, 4, 1))
		op.DepthMultiplier, activation = int(o.int(3, 4, 0)), int(o.int(4, 1, 0))
	case op.Name == "FULLY_CONNECTED":
		activation = int(o.int(0, 1, 0))
	}
	if activation >= 0 && activation < len(tfliteActivations) {
		op.Activation = tfliteActivations[activation]
	}
	f.Ops = append(f.Ops, op)
}
