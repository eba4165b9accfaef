package tensorfile

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"tpe/numeric"
)

// Type is the type of the elements of a tensor: f32, bf16, i8, q4_k and so on. A type that this package cannot read has the
// name that the file's format gives it.
type Type string

// element says how the words of a type are read.
type element struct {
	name         Type
	block, bytes int // elements in a block, and its size
	float        func(dst []float32, b []byte)
	integer      func(b []byte) int64
}

var le = binary.LittleEndian

// elements are the types that can be read.
var elements = []element{
	{name: "f32", block: 1, bytes: 4, float: func(dst []float32, b []byte) { dst[0] = math.Float32frombits(le.Uint32(b)) }},
	{name: "f64", block: 1, bytes: 8, float: func(dst []float32, b []byte) { dst[0] = float32(math.Float64frombits(le.Uint64(b))) }},
	{name: "f16", block: 1, bytes: 2, float: func(dst []float32, b []byte) { dst[0] = half(b) }},
	{name: "bf16", block: 1, bytes: 2, float: func(dst []float32, b []byte) { dst[0] = math.Float32frombits(uint32(le.Uint16(b)) << 16) }},
	{name: "e4m3", block: 1, bytes: 1, float: func(dst []float32, b []byte) { dst[0] = small(numeric.E4M3, b) }},
	{name: "e5m2", block: 1, bytes: 1, float: func(dst []float32, b []byte) { dst[0] = small(numeric.E5M2, b) }},
	{name: "i8", block: 1, bytes: 1, integer: func(b []byte) int64 { return int64(int8(b[0])) }},
	{name: "u8", block: 1, bytes: 1, integer: func(b []byte) int64 { return int64(b[0]) }},
	{name: "bool", block: 1, bytes: 1, integer: func(b []byte) int64 { return int64(b[0]) }},
	{name: "i16", block: 1, bytes: 2, integer: func(b []byte) int64 { return int64(int16(le.Uint16(b))) }},
	{name: "u16", block: 1, bytes: 2, integer: func(b []byte) int64 { return int64(le.Uint16(b)) }},
	{name: "i32", block: 1, bytes: 4, integer: func(b []byte) int64 { return int64(int32(le.Uint32(b))) }},
	{name: "u32", block: 1, bytes: 4, integer: func(b []byte) int64 { return int64(le.Uint32(b)) }},
	{name: "i64", block: 1, bytes: 8, integer: func(b []byte) int64 { return int64(le.Uint64(b)) }},
	{name: "q4_0", block: 32, bytes: 18, float: q4_0},
	{name: "q4_1", block: 32, bytes: 20, float: q4_1},
	{name: "q8_0", block: 32, bytes: 34, float: q8_0},
	{name: "q4_k", block: 256, bytes: 144, float: q4_K},
	{name: "q6_k", block: 256, bytes: 210, float: q6_K},
}

func (t Type) element() *element {
	for i := range elements {
		if elements[i].name == t {
			return &elements[i]
		}
	}
	return nil
}

// Known reports whether tensors of the type can be read.
func (t Type) Known() bool { return t.element() != nil }

// Integer reports whether the words are integers.
func (t Type) Integer() bool { e := t.element(); return e != nil && e.integer != nil }

func (t Type) block() int { return t.element().block }
func (t Type) bytes() int { return t.element().bytes }

func typeNames() string {
	var names []string
	for _, e := range elements {
		names = append(names, string(e.name))
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// floats decodes words, as many as there are.
func (t Type) floats(dst []float32, words []byte) {
	e := t.element()
	for ; len(words) > 0; words, dst = words[e.bytes:], dst[e.block:] {
		if e.integer != nil {
			dst[0] = float32(e.integer(words))
		} else {
			e.float(dst, words)
		}
	}
}

func (t Type) ints(dst []int64, words []byte) {
	e := t.element()
	for ; len(words) > 0; words, dst = words[e.bytes:], dst[1:] {
		dst[0] = e.integer(words)
	}
}

func half(b []byte) float32 { return float32(numeric.FP16.Decode(uint64(le.Uint16(b))).Float64()) }

func small(f numeric.Float, b []byte) float32 { return float32(f.Decode(uint64(b[0])).Float64()) }

// The blocks of ggml (ggml-quants.c): a scale d, sometimes a minimum, and the integers, low nibbles first.

func q4_0(dst []float32, b []byte) {
	d := half(b)
	for j, q := range b[2:18] {
		dst[j], dst[j+16] = float32(int(q&15)-8)*d, float32(int(q>>4)-8)*d
	}
}

func q4_1(dst []float32, b []byte) {
	d, m := half(b), half(b[2:])
	for j, q := range b[4:20] {
		dst[j], dst[j+16] = float32(q&15)*d+m, float32(q>>4)*d+m
	}
}

func q8_0(dst []float32, b []byte) {
	d := half(b)
	for j, q := range b[2:34] {
		dst[j] = float32(int8(q)) * d
	}
}

// q4_K: 8 groups of 32, each with a scale and a minimum of 6 bits in units of d and dmin.
func q4_K(dst []float32, b []byte) {
	d, dmin, sm, qs := half(b), half(b[2:]), b[4:16], b[16:144]
	for g := range 8 {
		var s, m byte
		if g < 4 {
			s, m = sm[g]&63, sm[g+4]&63
		} else {
			s, m = sm[g+4]&15|sm[g-4]>>6<<4, sm[g+4]>>4|sm[g]>>6<<4
		}
		scale, least := d*float32(s), dmin*float32(m)
		for j := range 32 {
			q := qs[g/2*32+j] >> (g % 2 * 4) & 15
			dst[g*32+j] = scale*float32(q) - least
		}
	}
}

// q6_K: 16 groups of 16 with a scale of 8 bits; the integers in 4 low and 2 high bits.
func q6_K(dst []float32, b []byte) {
	low, high, scales, d := b[:128], b[128:192], b[192:208], half(b[208:])
	for i := range 256 {
		half, k := i/128, i%128 // of 128; within it, four runs of 32
		l := low[half*64+k%64] >> (k / 64 * 4) & 15
		h := high[half*32+k%32] >> (k / 32 * 2) & 3
		dst[i] = d * float32(int8(scales[i/16])) * float32(int(l|h<<4)-32)
	}
}

// ggmlTypes are the names of ggml's types by number, empty where there is none (any more).
var ggmlTypes = []Type{
	"f32", "f16", "q4_0", "q4_1", "", "", "q5_0", "q5_1", "q8_0", "q8_1", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "q8_k",
	"iq2_xxs", "iq2_xs", "iq3_xxs", "iq1_s", "iq4_nl", "iq3_s", "iq2_s", "iq4_xs", "i8", "i16", "i32", "i64", "f64", "iq1_m", "bf16",
	"", "", "", "tq1_0", "tq2_0", "", "", "", "mxfp4",
}

// safetensorsTypes are the names in safetensors headers.
var safetensorsTypes = map[string]Type{
	"F64": "f64", "F32": "f32", "F16": "f16", "BF16": "bf16", "F8_E4M3": "e4m3", "F8_E5M2": "e5m2", "I64": "i64", "I32": "i32",
	"I16": "i16", "I8": "i8", "U32": "u32", "U16": "u16", "U8": "u8", "BOOL": "bool",
}

// npyTypes are the types of .npy headers, little-endian or of one byte.
var npyTypes = map[string]Type{
	"|i1": "i8", "<i1": "i8", "|u1": "u8", "<u1": "u8", "|b1": "bool", "<i2": "i16", "<u2": "u16", "<i4": "i32", "<u4": "u32",
	"<i8": "i64", "<f2": "f16", "<f4": "f32", "<f8": "f64",
}

// tfliteTypes are the types of TensorFlow Lite by number.
var tfliteTypes = []Type{"f32", "f16", "i32", "u8", "i64", "string", "bool", "i16", "complex64", "i8", "f64", "complex128", "u64",
	"resource", "variant", "u32", "u16", "int4", "bf16"}

// byNumber is entry n of a list of types, or a name with the number.
func byNumber(list []Type, n int64, format string) Type {
	if n >= 0 && n < int64(len(list)) && list[n] != "" {
		return list[n]
	}
	return Type(fmt.Sprintf("%s type %d", format, n))
}
