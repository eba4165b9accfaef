package tensorfile

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
)

// ggufMagic begins every GGUF file.
const ggufMagic = "GGUF"

// Bounds of a GGUF header, each far above what models have.
const (
	maxGGUFTensors = 1 << 20
	maxGGUFKeys    = 1 << 20
	maxGGUFString  = 1 << 24 // bytes of a value; names are shorter
	maxGGUFName    = 1 << 16
	maxGGUFDims    = 8
	maxGGUFNesting = 4
)

// ggufReader reads the header as a stream. The first problem stays.
type ggufReader struct {
	f   *File
	r   *bufio.Reader
	pos int64
	err error
	buf [8]byte
}

func (g *ggufReader) fail(at int64, format string, args ...any) {
	if g.err == nil {
		g.err = g.f.errorf(at, format, args...)
	}
}

// uint reads a little-endian word of n bytes.
func (g *ggufReader) uint(n int) uint64 {
	if g.err != nil {
		return 0
	}
	b := g.buf[:]
	clear(b)
	if _, err := io.ReadFull(g.r, b[:n]); err != nil {
		g.fail(g.pos, "header ends: %v (expected %d more bytes)", err, n)
	}
	g.pos += int64(n)
	return le.Uint64(b)
}

// count reads a 64-bit count of things that take at least size bytes each.
func (g *ggufReader) count(what string, size, most int64) int64 {
	at := g.pos
	n := g.uint(8)
	if limit := min(most, (g.f.size-at)/size); g.err == nil && n > uint64(max(limit, 0)) {
		g.fail(at, "%s: %d (expected at most %d here)", what, n, max(limit, 0))
	}
	if g.err != nil {
		return 0
	}
	return int64(n)
}

func (g *ggufReader) text(what string, most int64) string {
	b := make([]byte, g.count("length of "+what, 1, most))
	if g.err == nil {
		if _, err := io.ReadFull(g.r, b); err != nil {
			g.fail(g.pos, "%s ends: %v", what, err)
		}
		g.pos += int64(len(b))
	}
	return string(b)
}

func (g *ggufReader) skip(n int64) {
	if g.err != nil {
		return
	}
	m, err := io.CopyN(io.Discard, g.r, n)
	g.pos += m
	if err != nil {
		g.fail(g.pos, "header ends: %v", err)
	}
}

// ggufSizes are the sizes of the fixed value types: 0 u8, i8, u16, i16, u32, i32, f32, bool, 8 string, 9 array, u64, i64, f64.
var ggufSizes = [...]int{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}

// value reads a value; nil for an array, which is skipped.
func (g *ggufReader) value(kind uint64, depth int) any {
	at := g.pos - 4
	switch {
	case g.err != nil:
		return nil
	case kind >= uint64(len(ggufSizes)):
		g.fail(at, "unknown type of a value: %d (expected 0 to %d)", kind, len(ggufSizes)-1)
		return nil
	case kind == 8:
		return g.text("a text", maxGGUFString)
	case kind == 9:
		elem := g.uint(4)
		switch {
		case elem < uint64(len(ggufSizes)) && ggufSizes[elem] > 0:
			n := g.count("length of an array", int64(ggufSizes[elem]), math.MaxInt64)
			g.skip(n * int64(ggufSizes[elem]))
		case depth >= maxGGUFNesting:
			g.fail(at, "arrays in arrays: %d deep (expected at most %d)", depth, maxGGUFNesting)
		default:
			least := int64(8) // of a text; an array has 12
			for range g.count("length of an array", least, math.MaxInt64) {
				if g.err != nil {
					break
				}
				if elem == 8 {
					g.skip(g.count("length of a text", 1, maxGGUFString))
					continue
				}
				g.value(elem, depth+1)
			}
		}
		return nil
	}
	w := g.uint(ggufSizes[kind])
	switch kind {
	case 1:
		return int64(int8(w))
	case 3:
		return int64(int16(w))
	case 5:
		return int64(int32(w))
	case 6:
		return float64(math.Float32frombits(uint32(w)))
	case 7:
		return w != 0
	case 11:
		return int64(w)
	case 12:
		return math.Float64frombits(w)
	}
	return w
}

// readGGUF reads the header: version, keys and values, tensors.
func (f *File) readGGUF() error {
	f.Format, f.Meta = "gguf", map[string]any{}
	g := &ggufReader{f: f, r: bufio.NewReaderSize(io.NewSectionReader(f.r, 4, f.size-4), 1<<16), pos: 4}
	if v := g.uint(4); g.err == nil && v != 2 && v != 3 {
		g.fail(4, "unknown GGUF version: %d (expected 2 or 3, little-endian)", v)
	}
	tensors := g.count("number of tensors", 24, maxGGUFTensors)
	for range g.count("number of keys", 13, maxGGUFKeys) {
		key := g.text("a key", maxGGUFName)
		if v := g.value(g.uint(4), 0); v != nil {
			f.Meta[key] = v
		}
		if g.err != nil {
			return g.err
		}
	}
	type info struct {
		t  Tensor
		at int64
	}
	var list []info
	for range tensors {
		at := g.pos
		t := Tensor{Name: g.text("a tensor's name", maxGGUFName)}
		dims := g.uint(4)
		if g.err == nil && dims > maxGGUFDims {
			g.fail(at, "tensor %q has %d dimensions (expected at most %d)", t.Name, dims, maxGGUFDims)
		}
		for range dims {
			if g.err != nil {
				break
			}
			d := g.uint(8)
			if d > uint64(maxElems) {
				g.fail(at, "tensor %q has an extent of %d (expected at most %d)", t.Name, d, maxElems)
			}
			t.Shape = append(t.Shape, int64(d))
		}
		slices.Reverse(t.Shape) // the innermost comes first in the file
		t.Type = byNumber(ggmlTypes, int64(g.uint(4)), "ggml")
		offset := g.uint(8)
		if g.err == nil && offset > uint64(f.size) {
			g.fail(at, "tensor %q begins at byte %d of the data (the file has %d)", t.Name, offset, f.size)
		}
		if g.err != nil {
			return g.err
		}
		t.Offset = int64(offset)
		list = append(list, info{t, at})
	}
	if g.err != nil {
		return g.err
	}
	align, err := f.ggufAlignment()
	if err != nil {
		return err
	}
	data := (g.pos + align - 1) / align * align
	seen := map[string]bool{}
	for _, i := range list {
		if seen[i.t.Name] {
			return f.errorf(i.at, "name given twice: %q", i.t.Name)
		}
		seen[i.t.Name] = true
		i.t.Offset += data
		if err := f.add(i.t, i.at); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) ggufAlignment() (int64, error) {
	v, ok := f.Meta["general.alignment"]
	if !ok {
		return 32, nil
	}
	a, ok := v.(uint64)
	if !ok || a < 1 || a > 1<<20 {
		return 0, fmt.Errorf("%s: general.alignment is %v (expected a uint32 of 1 to %d)", f.Path, v, 1<<20)
	}
	return int64(a), nil
}
