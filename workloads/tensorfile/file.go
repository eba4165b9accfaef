package tensorfile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Tensor is one tensor of a file.
type Tensor struct {
	Name string
	Type Type
	// Shape has the extents, the last one innermost; none for a scalar.
	Shape []int64
	// Offset is the byte of the file at which the words begin, Bytes their size. Both are 0
	// for a tensor without words (an activation of a TensorFlow Lite model).
	Offset, Bytes int64
	// Quant says what integers mean, in files that tell (TensorFlow Lite).
	Quant Affine
}

// Affine is the meaning of integers q: Scale*(q - Zero), one pair for each index of dimension Axis, or
// one for all. There is none if Scale is empty.
type Affine struct {
	Scale []float32
	Zero  []int64
	Axis  int
}

// Elems is the number of elements.
func (t *Tensor) Elems() int64 {
	n := int64(1)
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// maxElems bounds the elements of a tensor, so that sizes in bytes cannot overflow.
const maxElems = int64(1) << 48

// elems is the product of a shape, or -1 if it is negative somewhere or too large.
func elems(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > maxElems || d > 0 && n > maxElems/d {
			return -1
		}
		n *= d
	}
	return n
}

// ShapeText prints a shape as 64x128; a scalar is "1".
func (t *Tensor) ShapeText() string {
	if len(t.Shape) == 0 {
		return "1"
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(t.Shape), "[]"), " ", "x")
}

// File is an open tensor file.
type File struct {
	Path   string
	Format string // safetensors, gguf, npy, tflite, llama2c or raw
	// Tensors are in the order of the file.
	Tensors []Tensor
	// Meta are the scalar values of a GGUF or safetensors header, each an int64, uint64, float64, bool or
	// string, and the header of llama2.c.
	Meta map[string]any
	// Ops are the operators of a TensorFlow Lite model's first subgraph.
	Ops []Op
	// Inputs and Outputs are the tensors of that subgraph by index.
	Inputs, Outputs []int

	r     io.ReaderAt
	size  int64
	close func() error
}

// Error is a problem at a byte of a file.
type Error struct {
	File   string
	Offset int64
	What   string // with the value and what was expected
}

// Error returns "file: byte OFFSET: what is wrong: the value (what was expected)".
func (e *Error) Error() string { return fmt.Sprintf("%s: byte %d: %s", e.File, e.Offset, e.What) }

func (f *File) errorf(offset int64, format string, args ...any) error {
	return &Error{f.Path, offset, fmt.Sprintf(format, args...)}
}

// maxUnpacked bounds what a .gz file may unpack to.
const maxUnpacked = 1 << 30

// Open opens a file and reads its header. The format is told by content; a file of no known
// header is raw, little-endian, of the type that its extension names (.i8, .u8, .i16, .u16, .i32, .f16, .bf16, .f32, .f64).
// A file whose name ends in .gz is unpacked first, into memory.
func Open(path string) (*File, error) { return open(path, "") }

// OpenRaw opens a file without a header as one tensor of the given type, called data. With no shape it has one
// dimension, as long as the file is.
func OpenRaw(path string, t Type, shape ...int64) (*File, error) { return open(path, t, shape...) }

func open(path string, raw Type, shape ...int64) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tensor file: %w", err)
	}
	fail := func(err error) (*File, error) {
		file.Close()
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return fail(fmt.Errorf("tensor file: %w", err))
	}
	if !info.Mode().IsRegular() {
		return fail(fmt.Errorf("tensor file: %s: not a regular file", path))
	}
	var r io.ReaderAt = file
	size, name := info.Size(), path
	if strings.HasSuffix(path, ".gz") {
		data, err := unpack(file)
		if err != nil {
			return fail(fmt.Errorf("tensor file: %s: %w", path, err))
		}
		r, size, name = bytes.NewReader(data), int64(len(data)), strings.TrimSuffix(path, ".gz")
	}
	f := &File{Path: path, r: r, size: size, close: file.Close}
	if raw == "" {
		err = f.header(name)
	} else {
		err = f.readRaw(raw, shape)
	}
	if err != nil {
		return fail(err)
	}
	return f, nil
}

func unpack(r io.Reader) ([]byte, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err == nil && len(data) > maxUnpacked {
		err = fmt.Errorf("unpacked file is too large (expected at most %d bytes)", maxUnpacked)
	}
	return data, err
}

// Parse is [Open] on size bytes at r; name stands in errors, and its extension names the type of a raw file.
func Parse(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{Path: name, r: r, size: size, close: func() error { return nil }}
	if err := f.header(name); err != nil {
		return nil, err
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.close() }

// header tells the format and reads the header.
func (f *File) header(name string) error {
	start := make([]byte, min(f.size, 28))
	if err := f.bytes(start, 0); err != nil {
		return err
	}
	has := func(at int, s string) bool { return len(start) >= at+len(s) && string(start[at:at+len(s)]) == s }
	ext := strings.TrimPrefix(filepath.Ext(name), ".")
	switch {
	case has(0, ggufMagic):
		return f.readGGUF()
	case has(0, npyMagic):
		return f.readNPY()
	case has(4, tfliteMagic):
		return f.readTFLite()
	case has(8, "{"), ext == "safetensors":
		return f.readSafetensors()
	case f.isLlama2C(start):
		return f.readLlama2C(start)
	}
	switch t := Type(ext); {
	case ext == "npy":
		return f.errorf(0, "not a .npy file: %q (expected it to begin with %q)", start[:min(len(start), 6)], npyMagic)
	case ext == "gguf", ext == "tflite":
		return f.errorf(0, "not a .%s file: it begins with %q", ext, start[:min(len(start), 8)])
	case t.Known() && t.block() == 1:
		return f.readRaw(t, nil)
	}
	return f.errorf(0, "unknown file: it begins with %q (expected safetensors, GGUF, .npy, TensorFlow Lite, llama2.c, or raw words with an extension such as .f32 or .i8)", start[:min(len(start), 8)])
}

// bytes fills dst from an offset.
func (f *File) bytes(dst []byte, at int64) error {
	if at < 0 || at > f.size || int64(len(dst)) > f.size-at {
		return f.errorf(at, "file ends: %d bytes (expected %d more here)", f.size, len(dst))
	}
	if n, err := f.r.ReadAt(dst, at); n < len(dst) {
		return f.errorf(at, "reading: %v", err)
	}
	return nil
}

// readRaw makes the one tensor of a raw file.
func (f *File) readRaw(t Type, shape []int64) error {
	f.Format = "raw"
	if !t.Known() {
		return fmt.Errorf("%s: unknown element type: %q (expected %s)", f.Path, string(t), typeNames())
	}
	if len(shape) == 0 {
		if f.size%int64(t.bytes()) != 0 {
			return f.errorf(f.size, "size is not a multiple of the element: %d bytes (expected a multiple of %d for %s)", f.size, t.bytes(), t)
		}
		shape = []int64{f.size / int64(t.bytes()) * int64(t.block())}
	}
	if err := f.add(Tensor{Name: "data", Type: t, Shape: shape}, 0); err != nil {
		return err
	}
	if n := f.Tensors[0].Bytes; n != f.size {
		return f.errorf(0, "shape and size differ: %s of %s is %d bytes (expected %d)", f.Tensors[0].ShapeText(), t, n, f.size)
	}
	return nil
}

// add appends a tensor whose header stands at byte at, with its size from its shape where the type is known.
func (f *File) add(t Tensor, at int64) error {
	n := elems(t.Shape)
	if n < 0 {
		return f.errorf(at, "tensor %q is too large: shape %s (expected at most %d elements)", t.Name, t.ShapeText(), maxElems)
	}
	if t.Type.Known() {
		if b := int64(t.Type.block()); len(t.Shape) > 0 && t.Shape[len(t.Shape)-1]%b != 0 {
			return f.errorf(at, "tensor %q has rows of %d elements (expected a multiple of %d for %s)", t.Name, t.Shape[len(t.Shape)-1], b, t.Type)
		}
		t.Bytes = n / int64(t.Type.block()) * int64(t.Type.bytes())
		if t.Offset < 0 || t.Offset > f.size || t.Bytes > f.size-t.Offset {
			return f.errorf(at, "tensor %q does not fit the file: %d bytes from byte %d (expected at most %d bytes)", t.Name, t.Bytes, t.Offset, f.size)
		}
	}
	f.Tensors = append(f.Tensors, t)
	return nil
}

// Tensor finds a tensor by name. An empty name is the only tensor of the file.
func (f *File) Tensor(name string) (*Tensor, error) {
	if name == "" && len(f.Tensors) == 1 {
		return &f.Tensors[0], nil
	}
	var some []string
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i], nil
		}
		if len(some) < 5 {
			some = append(some, fmt.Sprintf("%q", f.Tensors[i].Name))
		}
	}
	if len(f.Tensors) > len(some) {
		some = append(some, "...")
	}
	return nil, fmt.Errorf("%s: no tensor %q (it has %d: %s)", f.Path, name, len(f.Tensors), strings.Join(some, ", "))
}

// maxRead bounds the elements that are read at once.
const maxRead = 1 << 30

// Floats reads a tensor as numbers: integers by their value, without [Tensor.Quant], blocks dequantised. 64-bit numbers are
// rounded to float32.
func (f *File) Floats(t *Tensor) ([]float32, error) {
	n, err := f.readable(t)
	if err != nil {
		return nil, err
	}
	out := make([]float32, n)
	return out, f.FloatsAt(t, out, 0)
}

// readable is the number of elements of a tensor that has words and fits memory.
func (f *File) readable(t *Tensor) (int64, error) {
	n := t.Elems()
	switch {
	case !t.Type.Known():
		return 0, fmt.Errorf("%s: tensor %q: type %q cannot be read (expected %s)", f.Path, t.Name, string(t.Type), typeNames())
	case n > 0 && t.Bytes == 0:
		return 0, fmt.Errorf("%s: tensor %q has no words in the file", f.Path, t.Name)
	case n > maxRead:
		return 0, f.errorf(t.Offset, "tensor %q is too large to read: %d elements (expected at most %d)", t.Name, n, maxRead)
	}
	return n, nil
}

// chunkBytes is about how much is read at a time.
const chunkBytes = 1 << 20

// FloatsAt sets dst to the elements from start on, in row-major order.
func (f *File) FloatsAt(t *Tensor, dst []float32, start int64) error {
	block := int64(0)
	if t.Type.Known() {
		block = int64(t.Type.block())
	}
	if block > 0 && (start < 0 || start%block != 0 || int64(len(dst))%block != 0 || int64(len(dst)) > t.Elems()-start) {
		return fmt.Errorf("tensorfile: elements %d to %d of %q, which has %d in blocks of %d", start, start+int64(len(dst)), t.Name, t.Elems(), block)
	}
	return f.each(t, start, int64(len(dst)), func(i int64, words []byte) {
		t.Type.floats(dst[i:], words)
	})
}

// each reads n elements from start on, in pieces of whole blocks, and calls do with the index of the first element of a
// piece from start.
func (f *File) each(t *Tensor, start, n int64, do func(i int64, words []byte)) error {
	if _, err := f.readable(t); err != nil {
		return err
	}
	block, size := int64(t.Type.block()), int64(t.Type.bytes())
	step := max(chunkBytes/size, 1) * block
	buf := make([]byte, min(step, n)/block*size)
	for i := int64(0); i < n; i += step {
		part := buf[:min(step, n-i)/block*size]
		if err := f.bytes(part, t.Offset+(start+i)/block*size); err != nil {
			return err
		}
		do(i, part)
	}
	return nil
}

// Ints reads a tensor of an integer type.
func (f *File) Ints(t *Tensor) ([]int64, error) {
	n, err := f.readable(t)
	if err != nil {
		return nil, err
	}
	if !t.Type.Integer() {
		return nil, fmt.Errorf("%s: tensor %q holds %s (expected integers)", f.Path, t.Name, t.Type)
	}
	out := make([]int64, n)
	return out, f.each(t, 0, n, func(i int64, words []byte) { t.Type.ints(out[i:], words) })
}

// Real reads a tensor as the numbers that it means: [File.Floats] with [Tensor.Quant] applied.
func (f *File) Real(t *Tensor) ([]float32, error) {
	x, err := f.Floats(t)
	if err != nil || len(t.Quant.Scale) == 0 {
		return x, err
	}
	scales := len(t.Quant.Scale)
	inner := int64(1)
	if scales > 1 {
		for _, d := range t.Shape[t.Quant.Axis+1:] {
			inner *= d
		}
	}
	for i := range x {
		q := int(int64(i)/inner) % scales
		zero := int64(0)
		if q < len(t.Quant.Zero) {
			zero = t.Quant.Zero[q]
		}
		x[i] = float32(float64(t.Quant.Scale[q]) * (float64(x[i]) - float64(zero)))
	}
	return x, nil
}
