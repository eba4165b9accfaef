package tensorfile

import (
	"regexp"
	"strconv"
	"strings"
)

// npyMagic begins every file of NumPy's format, numpy.lib.format, versions 1 to 3.
const npyMagic = "\x93NUMPY"

// maxNPYHeader bounds the header's text.
const maxNPYHeader = 1 << 16

var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([^)]*)\)`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*True`)
)

// readNPY reads the header of a C-ordered array, whose one tensor is called data.
func (f *File) readNPY() error {
	f.Format = "npy"
	var start [12]byte
	if err := f.bytes(start[:], 0); err != nil {
		return err
	}
	length, at := int64(le.Uint16(start[8:])), int64(10)
	switch start[6] {
	case 1:
	case 2, 3:
		length, at = int64(le.Uint32(start[8:])), 12
	default:
		return f.errorf(6, "unknown .npy version: %d (expected 1, 2 or 3)", start[6])
	}
	if length > maxNPYHeader || length > f.size-at {
		return f.errorf(8, "header is cut off or too long: %d bytes (expected at most %d)", length, min(maxNPYHeader, f.size-at))
	}
	text := make([]byte, length)
	if err := f.bytes(text, at); err != nil {
		return err
	}
	descr, shape := npyDescr.FindSubmatch(text), npyShape.FindSubmatch(text)
	if descr == nil || shape == nil {
		return f.errorf(at, "header lacks descr or shape: %q (expected both)", text)
	}
	typ, ok := npyTypes[string(descr[1])]
	if !ok {
		return f.errorf(at, "unknown element type: %q (expected |i1, |u1, <i2, <u2, <i4, <u4, <i8, <f2, <f4 or <f8)", descr[1])
	}
	t := Tensor{Name: "data", Type: typ, Offset: at + length}
	for _, part := range strings.Split(strings.Trim(string(shape[1]), ", "), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n < 0 {
			return f.errorf(at, "bad shape: %q (expected non-negative integers)", shape[1])
		}
		t.Shape = append(t.Shape, n)
	}
	if len(t.Shape) > 1 && npyFortran.Match(text) {
		return f.errorf(at, "array is in column order (expected 'fortran_order': False)")
	}
	if err := f.add(t, at); err != nil {
		return err
	}
	if n := f.Tensors[0].Bytes; n != f.size-t.Offset {
		return f.errorf(at, "shape and size differ: %q is %d bytes of %s (the file has %d)", shape[1], n, typ, f.size-t.Offset)
	}
	return nil
}
