package workloads

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// maxValuesFile bounds the bytes of a file of operand values.
const maxValuesFile = 1 << 30

// readValues reads the values of a file for operands of format f. A .npy file
// states its type. A raw file is little-endian and has the type of its extension
// (.i8, .u8, .i16, .u16, .i32) or, with another extension, that of the operand:
// one byte up to 8 bits, two up to 16.
func readValues(path string, f Format) ([]int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("operand file: %w", err)
	}
	if info.Size() > maxValuesFile {
		return nil, fmt.Errorf("%s: file is too large: %d bytes (expected at most %d)", path, info.Size(), maxValuesFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("operand file: %w", err)
	}
	values, err := parseValues(data, path, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s: file has no values: %d bytes (expected at least one value)", path, len(data))
	}
	least, most := f.Range()
	for i, v := range values {
		if v < least || v > most {
			return nil, fmt.Errorf("%s: value %d is out of range: %d (expected %d to %d for %v)", path, i, v, least, most, f)
		}
	}
	return values, nil
}

func parseValues(data []byte, path string, f Format) ([]int64, error) {
	if bytes.HasPrefix(data, []byte(npyMagic)) {
		return parseNPY(data)
	}
	element := strings.TrimPrefix(filepath.Ext(path), ".")
	switch element {
	case "npy":
		return nil, fmt.Errorf("not a .npy file: %q (expected it to begin with %q)", data[:min(len(data), 6)], npyMagic)
	case "i8", "u8", "i16", "u16", "i32":
	default:
		size := 8
		if f.Bits > 8 {
			size = 16
		}
		if f.Bits > 16 {
			return nil, fmt.Errorf("raw file for a wide operand: %v (expected a .npy or .i32 file beyond 16 bits)", f)
		}
		element = "u" + strconv.Itoa(size)
		if f.Signed {
			element = "i" + strconv.Itoa(size)
		}
	}
	return decode(data, element)
}

// decode reads little-endian integers of type i8, u8, i16, u16 or i32.
func decode(data []byte, element string) ([]int64, error) {
	bits, err := strconv.Atoi(element[1:])
	size := bits / 8
	if err != nil || size < 1 {
		return nil, fmt.Errorf("unknown element type: %q (expected i8, u8, i16, u16 or i32)", element)
	}
	if len(data)%size != 0 {
		return nil, fmt.Errorf("size is not a multiple of the element: %d bytes (expected a multiple of %d)", len(data), size)
	}
	values := make([]int64, len(data)/size)
	for i := range values {
		b := data[i*size:]
		switch element {
		case "i8":
			values[i] = int64(int8(b[0]))
		case "u8":
			values[i] = int64(b[0])
		case "i16":
			values[i] = int64(int16(binary.LittleEndian.Uint16(b)))
		case "u16":
			values[i] = int64(binary.LittleEndian.Uint16(b))
		case "i32":
			values[i] = int64(int32(binary.LittleEndian.Uint32(b)))
		default:
			return nil, fmt.Errorf("unknown element type: %q (expected i8, u8, i16, u16 or i32)", element)
		}
	}
	return values, nil
}

// npyMagic begins every file of NumPy's format, numpy.lib.format, versions 1 to 3.
const npyMagic = "\x93NUMPY"

// parseNPY reads a C-ordered .npy array of int8, uint8, int16, uint16 or int32;
// its shape only has to match its size.
func parseNPY(data []byte) ([]int64, error) {
	if len(data) < 12 {
		return nil, fmt.Errorf("header is cut off: %d bytes (expected at least 12)", len(data))
	}
	version, headerLen, start := data[6], int64(binary.LittleEndian.Uint16(data[8:])), int64(10)
	switch version {
	case 1:
	case 2, 3:
		headerLen, start = int64(binary.LittleEndian.Uint32(data[8:])), 12
	default:
		return nil, fmt.Errorf("unknown .npy version: %d (expected 1, 2 or 3)", version)
	}
	if start+headerLen > int64(len(data)) {
		return nil, fmt.Errorf("header is cut off: %d bytes (expected %d)", len(data), start+headerLen)
	}
	header := string(data[start : start+headerLen])
	descr := regexp.MustCompile(`'descr':\s*'([^']*)'`).FindStringSubmatch(header)
	shape := regexp.MustCompile(`'shape':\s*\(([^)]*)\)`).FindStringSubmatch(header)
	if descr == nil || shape == nil {
		return nil, fmt.Errorf("header lacks descr or shape: %q (expected both)", header)
	}
	types := map[string]string{"|i1": "i8", "<i1": "i8", "|u1": "u8", "<u1": "u8", "<i2": "i16", "<u2": "u16", "<i4": "i32"}
	element, ok := types[descr[1]]
	if !ok {
		return nil, fmt.Errorf("unknown element type: %q (expected |i1, |u1, <i2, <u2 or <i4)", descr[1])
	}
	if regexp.MustCompile(`'fortran_order':\s*True`).MatchString(header) && strings.Count(strings.Trim(shape[1], ", "), ",") > 0 {
		return nil, fmt.Errorf("array is in column order: %q (expected 'fortran_order': False)", strings.TrimSpace(header))
	}
	want := int64(1)
	for _, part := range strings.Split(strings.Trim(shape[1], ", "), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n < 0 || n > maxValuesFile {
			return nil, fmt.Errorf("bad shape: %q (expected non-negative integers)", shape[1])
		}
		if want *= n; want > maxValuesFile {
			return nil, fmt.Errorf("array is too large: shape %q (expected at most %d values)", shape[1], maxValuesFile)
		}
	}
	values, err := decode(data[start+headerLen:], element)
	if err == nil && int64(len(values)) != want {
		return nil, fmt.Errorf("shape and size differ: %q with %d values (expected %d)", shape[1], len(values), want)
	}
	return values, err
}
