package workloads

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tpe/workloads/tensorfile"
)

// readValues reads the integers of a tensor file for operands of format f. A raw file whose extension does not name a type
// has that of the operand: one byte up to 8 bits, two up to 16.
func readValues(path string, f Format) ([]int64, error) {
	if _, _, transposed := splitTensor(path); transposed {
		return nil, fmt.Errorf("%s: codes of a transposed tensor (expected a quantiser behind it, or no %s)", path, transposeMark)
	}
	values, err := readCodes(path, f)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s: file has no values (expected at least one value)", path)
	}
	least, most := f.Range()
	for i, v := range values {
		if v < least || v > most {
			return nil, fmt.Errorf("%s: value %d is out of range: %d (expected %d to %d for %v)", path, i, v, least, most, f)
		}
	}
	return values, nil
}

func readCodes(path string, f Format) ([]int64, error) {
	open := func() (*tensorfile.File, *tensorfile.Tensor, error) { return openTensor(path) }
	if typ := tensorfile.Type(strings.TrimPrefix(filepath.Ext(path), ".")); isHeaderless(path) && !typ.Known() {
		raw, err := rawType(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		open = func() (*tensorfile.File, *tensorfile.Tensor, error) {
			file, err := tensorfile.OpenRaw(path, raw)
			if err != nil {
				return nil, nil, err
			}
			return file, &file.Tensors[0], nil
		}
	}
	file, t, err := open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if t.Elems() > maxQuantised {
		return nil, fmt.Errorf("%s: tensor %q is too large: %d elements (expected at most %d)", path, t.Name, t.Elems(), maxQuantised)
	}
	return file.Ints(t)
}

// isHeaderless reports whether a file without a tensor's name is of no format that has a header.
func isHeaderless(path string) bool {
	if strings.ContainsRune(path, '#') || filepath.Ext(path) == ".npy" {
		return false
	}
	f, err := tensorfile.Open(path)
	if err != nil {
		_, err := os.Stat(path)
		return err == nil
	}
	f.Close()
	return f.Format == "raw"
}

// rawType is the type of the words of a raw file for operands of a format.
func rawType(f Format) (tensorfile.Type, error) {
	size := 8
	if f.Bits > 8 {
		size = 16
	}
	if f.Bits > 16 {
		return "", fmt.Errorf("raw file for a wide operand: %v (expected a .npy or .i32 file beyond 16 bits)", f)
	}
	letter := "u"
	if f.Signed {
		letter = "i"
	}
	return tensorfile.Type(letter + strconv.Itoa(size)), nil
}
