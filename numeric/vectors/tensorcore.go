package vectors

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tpe/numeric"
)

// Uses of c in a recording.
const (
	COperand = "operand" // the accumulator operand of the instruction
	CZero    = "zero"    // the instruction had none; c is +0
	COutside = "outside" // added to the instruction's result afterwards, rounded to nearest even
)

// Header says what a file of recorded dot products holds.
type Header struct {
	GPU, Instruction string
	A, B, C, D       numeric.Float
	K                int    // products a vector
	CUse             string // COperand, CZero or COutside
	Vectors          int64  // lines promised; -1: not said
}

// maxK bounds the products of a vector.
const maxK = 1024

// Recording reads a file in the format "tensorcore-vectors 1".
type Recording struct {
	Header
	l     *lines
	words []field
	ready bool  // the first vector's line has been read
	count int64 // vectors read
}

// Vector is one recorded dot product: d = a[0]*b[0] + ... + c. A and B are overwritten by the
// next one.
type Vector struct {
	Line int64
	A, B []uint64
	C, D uint64
}

// Open reads the header. Errors have the form name:line:col: what is wrong: value (what was
// expected).
func Open(r io.Reader, name string) (*Recording, error) {
	rec := &Recording{Header: Header{K: -1, CUse: COperand, Vectors: -1}, l: newLines(r, name)}
	l := rec.l
	if !l.next() {
		if l.err != nil {
			return nil, l.err
		}
		return nil, fmt.Errorf("%s:1:1: file is empty (expected %q)", name, "# tensorcore-vectors 1")
	}
	if text := strings.TrimRight(string(l.text), " \r"); text != "# tensorcore-vectors 1" {
		return nil, l.at(0, "unknown form: %s (expected %q)", quote(l.text), "# tensorcore-vectors 1")
	}
	seen := map[string]bool{}
	for l.next() {
		text, ok := strings.CutPrefix(strings.TrimRight(string(l.text), " \r"), "#")
		if !ok {
			if strings.TrimSpace(string(l.text)) == "" {
				continue
			}
			rec.ready = true
			break
		}
		key, value, _ := strings.Cut(strings.TrimSpace(text), " ")
		if seen[key] {
			return nil, l.at(2, "key stands twice: %s (expected once)", quote([]byte(key)))
		}
		seen[key] = true
		if err := rec.set(key, strings.TrimSpace(value)); err != nil {
			return nil, l.at(2, "%s: %s", key, err)
		}
	}
	if l.err != nil {
		return nil, l.err
	}
	for _, key := range []string{"a_format", "b_format", "c_format", "d_format", "k"} {
		if !seen[key] {
			return nil, l.at(0, "header has no %s (expected a line %q before the vectors)", key, "# "+key+" ...")
		}
	}
	if rec.C.Width() != rec.D.Width() {
		return nil, l.at(0, "c_format %s and d_format %s (expected formats of one width)", rec.C, rec.D)
	}
	return rec, nil
}

// set takes a line of the header; unknown keys say nothing to us.
func (rec *Recording) set(key, value string) error {
	formats := map[string]*numeric.Float{"a_format": &rec.A, "b_format": &rec.B, "c_format": &rec.C, "d_format": &rec.D}
	if f := formats[key]; f != nil {
		var err error
		*f, err = numeric.ParseFloat(value)
		return err
	}
	switch key {
	case "gpu":
		rec.GPU = value
	case "instruction":
		rec.Instruction = value
	case "k":
		k, err := strconv.Atoi(value)
		if err != nil || k < 1 || k > maxK {
			return fmt.Errorf("not a number of products: %s (expected 1..%d)", quote([]byte(value)), maxK)
		}
		rec.K = k
	case "vectors":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("not a number of vectors: %s (expected a whole number)", quote([]byte(value)))
		}
		rec.Vectors = n
	case "c_use":
		if value != COperand && value != CZero && value != COutside {
			return fmt.Errorf("unknown use: %s (expected %s, %s or %s)", quote([]byte(value)), COperand, CZero, COutside)
		}
		rec.CUse = value
	}
	return nil
}

// Next returns the next vector, or io.EOF after the last.
func (rec *Recording) Next(v *Vector) error {
	l := rec.l
	for {
		if !rec.ready && !l.next() {
			if l.err == nil && rec.Vectors >= 0 && rec.count != rec.Vectors {
				return l.at(0, "file ends after %d vectors (expected the header's %d)", rec.count, rec.Vectors)
			}
			if l.err != nil {
				return l.err
			}
			return io.EOF
		}
		rec.ready = false
		if rec.words = l.fields(rec.words[:0]); len(rec.words) > 0 && rec.words[0].text[0] != '#' {
			break
		}
	}
	if len(rec.words) != 2*rec.K+2 {
		return l.at(0, "%d fields (expected %d of a, %d of b, c and d)", len(rec.words), rec.K, rec.K)
	}
	v.Line, v.A, v.B = l.n, v.A[:0], v.B[:0]
	for i, w := range rec.words {
		f, dst := rec.A, &v.A
		switch {
		case i == 2*rec.K:
			f, dst = rec.C, nil
		case i > 2*rec.K:
			f, dst = rec.D, nil
		case i >= rec.K:
			f, dst = rec.B, &v.B
		}
		if len(w.text) != digits(f) {
			return l.at(w.col, "not a code of %s: %s (expected %d hexadecimal digits)", f, quote(w.text), digits(f))
		}
		code, err := l.code(w, f)
		if err != nil {
			return err
		}
		switch {
		case dst != nil:
			*dst = append(*dst, code)
		case i == 2*rec.K:
			v.C = code
		default:
			v.D = code
		}
	}
	rec.count++
	return nil
}

// Unit is the model that a recording is compared with: the named preset, or the one of mma.sync if
// the header names that instruction and the preset has one, or the native one if it names
// another. The formats of the two must agree; the GPU need not.
func (h *Header) Unit(t numeric.TensorCore) (numeric.TensorCore, error) {
	base := strings.TrimSuffix(t.Name, "-mma")
	if h.Instruction != "" {
		name := base
		if strings.HasPrefix(h.Instruction, "mma") {
			name += "-mma"
		}
		// A GPU whose native instruction is mma.sync has one preset for both.
		for _, n := range []string{name, base} {
			if found, err := numeric.FindTensorCore(n); err == nil {
				zero := t.Unit.ZeroProductExponent
				t = found
				t.Unit.ZeroProductExponent = zero
				break
			}
		}
	}
	u := &t.Unit
	if h.A != u.A || h.B != u.B || h.C != u.C || h.D != u.C {
		return t, fmt.Errorf("engine %s multiplies %s x %s into %s, the file has %s x %s + %s into %s (expected the same formats)",
			t.Name, u.A, u.B, u.C, h.A, h.B, h.C, h.D)
	}
	return t, nil
}

// Dot compares every vector of a recording with a unit.
func Dot(rec *Recording, u numeric.BlockFMA) (*Result, error) {
	res := &Result{}
	if rec.CUse == COutside {
		u.AddC = true
	}
	var v Vector
	for {
		err := rec.Next(&v)
		if err == io.EOF {
			return res, nil
		}
		if err != nil {
			return res, err
		}
		res.Vectors++
		c := v.C
		if rec.CUse == CZero {
			c = 0
		}
		if got := u.Dot(v.A, v.B, c); !same(rec.D, got, v.D) {
			res.miss(func() Mismatch {
				m := Mismatch{Line: v.Line, Want: hexOf(rec.D, v.D), Got: hexOf(rec.D, got)}
				for i, code := range append(append([]uint64{}, v.A...), v.B...) {
					f := rec.A
					if i >= rec.K {
						f = rec.B
					}
					m.Operands = append(m.Operands, hexOf(f, code))
				}
				m.Operands = append(m.Operands, hexOf(rec.C, v.C))
				return m
			})
		}
	}
}
