package torchtrace

import (
	"strconv"
	"strings"
)

// operator is a recorded operator with its inputs, by their position.
type operator struct {
	name   string
	inputs []input
	output []int  // shape of the first output, if recorded
	outFmt string // its format
	shaped bool   // whether shapes were recorded
}

// input is one input: a tensor with a shape, or another value.
type input struct {
	shape  []int // of a tensor; nil for other values and for None
	format string
	value  literal // of an input that is not a tensor, if recorded
	given  bool    // value is recorded
}

// newOperator puts an operator together from the recorded lists: shapes
// ([[4,3],[]]), types (["float",""]) and values (["","[2, 2]"]), any of which may
// be missing.
func newOperator(name, shapes, types, values string) operator {
	o := operator{name: name}
	dims, ok := parseLiteral(shapes)
	o.shaped = ok && dims.isList && shapes != ""
	kinds, _ := parseLiteral(types)
	concrete, _ := parseLiteral(values)
	n := max(len(dims.list), len(concrete.list))
	for i := range min(n, 64) {
		var in input
		if i < len(dims.list) {
			if shape, ok := dims.list[i].ints(); ok && len(shape) > 0 {
				in.shape = shape
			}
		}
		if i < len(kinds.list) {
			in.format = formatOf(kinds.list[i].word)
		}
		if i < len(concrete.list) && in.shape == nil {
			in.value, in.given = concrete.list[i], true
			if !in.value.isList {
				if v, ok := parseLiteral(in.value.word); ok && v.isList {
					in.value = v // profiler traces quote lists
				}
				in.given = in.value.isList || in.value.word != ""
			}
		}
		o.inputs = append(o.inputs, in)
	}
	return o
}

// shape returns the shape of input i, or nil.
func (o operator) shape(i int) []int {
	if i < len(o.inputs) {
		return o.inputs[i].shape
	}
	return nil
}

func (o operator) format(i int) string {
	if i < len(o.inputs) {
		return o.inputs[i].format
	}
	return ""
}

// ints returns the list that input i holds; one number stands for n of them.
func (o operator) ints(i, n int) ([]int, bool) {
	if i >= len(o.inputs) || !o.inputs[i].given {
		return nil, false
	}
	v := o.inputs[i].value
	if !v.isList {
		v = literal{isList: true, list: []literal{v}}
	}
	list, ok := v.ints()
	if ok && len(list) == 1 && n > 1 {
		for len(list) < n {
			list = append(list, list[0])
		}
	}
	return list, ok && len(list) == n
}

// flag returns the truth value that input i holds.
func (o operator) flag(i int) (value, ok bool) {
	if i >= len(o.inputs) || !o.inputs[i].given {
		return false, false
	}
	switch strings.ToLower(o.inputs[i].value.word) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// word returns the text that input i holds.
func (o operator) word(i int) string {
	if i < len(o.inputs) {
		return o.inputs[i].value.word
	}
	return ""
}

func (o operator) number(i, otherwise int) int {
	if i < len(o.inputs) && o.inputs[i].given {
		if n, err := strconv.Atoi(o.inputs[i].value.word); err == nil {
			return n
		}
	}
	return otherwise
}

// formatOf translates PyTorch's names of element types, as they are or within
// "Tensor(...)". What is no number format gives the empty text.
func formatOf(t string) string {
	if inner, ok := strings.CutPrefix(t, "Tensor("); ok {
		t = strings.TrimSuffix(inner, ")")
	}
	switch strings.TrimPrefix(t, "c10::") {
	case "float":
		return "fp32"
	case "double":
		return "fp64"
	case "Half":
		return "fp16"
	case "BFloat16":
		return "bf16"
	case "Float8_e4m3fn":
		return "e4m3"
	case "Float8_e5m2":
		return "e5m2"
	case "Float8_e4m3fnuz":
		return "e4m3fnuz"
	case "Float8_e5m2fnuz":
		return "e5m2fnuz"
	case "Float4_e2m1fn_x2":
		return "e2m1"
	case "signed char", "qint8":
		return "int8"
	case "unsigned char", "quint8":
		return "uint8"
	case "short", "short int":
		return "int16"
	case "int", "qint32":
		return "int32"
	case "long", "long int", "long long":
		return "int64"
	}
	if strings.Contains(t, "omplex") {
		return "complex"
	}
	return ""
}
