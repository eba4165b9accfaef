package onnx_test

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The functions of this file encode models for the tests, a message a function.

func msg(b []byte, num protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
}

func str(b []byte, num protowire.Number, s string) []byte { return msg(b, num, []byte(s)) }

func num(b []byte, n protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), uint64(v))
}

// part is a field of the graph.
type part struct {
	num protowire.Number
	m   []byte
}

func model(parts ...part) []byte {
	var g []byte
	for _, p := range parts {
		g = msg(g, p.num, p.m)
	}
	m := num(nil, 1, 8)
	m = msg(m, 8, num(nil, 2, 17))
	return msg(m, 7, g)
}

func graphOf(parts ...part) []byte {
	var g []byte
	for _, p := range parts {
		g = msg(g, p.num, p.m)
	}
	return g
}

// value declares a value; a dimension is an int or the name of a symbol.
func value(name string, elem int, dims ...any) []byte {
	var shape []byte
	for _, d := range dims {
		var dim []byte
		switch d := d.(type) {
		case int:
			dim = num(nil, 1, d)
		case string:
			dim = str(nil, 2, d)
		}
		shape = msg(shape, 1, dim)
	}
	tensor := msg(num(nil, 1, elem), 2, shape)
	return msg(str(nil, 1, name), 2, msg(nil, 1, tensor))
}

func input(name string, elem int, dims ...any) part { return part{11, value(name, elem, dims...)} }

func output(name string) part { return part{12, str(nil, 1, name)} }

// weight is a tensor whose elements are in another file.
func weight(name string, elem int, dims ...int) part {
	var m []byte
	for _, d := range dims {
		m = num(m, 1, d)
	}
	m = num(m, 2, elem)
	m = str(m, 8, name)
	return part{5, num(m, 14, 1)}
}

// ints is a constant.
func ints(name string, values ...int) part { return part{5, intsTensor(name, values...)} }

func intsTensor(name string, values ...int) []byte {
	m := num(nil, 1, len(values))
	m = str(num(m, 2, 7), 8, name)
	var raw []byte
	for _, v := range values {
		raw = protowire.AppendFixed64(raw, uint64(v))
	}
	return msg(m, 9, raw)
}

// attr is an attribute: an int, a text, a list of ints, or an encoded graph.
func attr(name string, v any) []byte {
	a := str(nil, 1, name)
	switch v := v.(type) {
	case int:
		a = num(a, 3, v)
	case string:
		a = str(a, 4, v)
	case []int:
		for _, x := range v {
			a = num(a, 8, x)
		}
	case []byte:
		a = msg(a, 6, v)
	case float64:
		a = protowire.AppendFixed32(protowire.AppendTag(a, 2, protowire.Fixed32Type), math.Float32bits(float32(v)))
	}
	return a
}

// node is an operator "domain.Op" or "Op" with inputs, outputs and attributes.
func node(op string, in, out []string, attrs ...[]byte) part {
	return part{1, nodeOf(op, in, out, attrs...)}
}

func nodeOf(op string, in, out []string, attrs ...[]byte) []byte {
	var n []byte
	for _, s := range in {
		n = str(n, 1, s)
	}
	for _, s := range out {
		n = str(n, 2, s)
	}
	for i := len(op) - 1; i >= 0; i-- {
		if op[i] == '.' {
			n = str(n, 7, op[:i])
			op = op[i+1:]
			break
		}
	}
	n = str(n, 4, op)
	for _, a := range attrs {
		n = msg(n, 5, a)
	}
	return n
}

func l(names ...string) []string { return names }
