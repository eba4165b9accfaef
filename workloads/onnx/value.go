package onnx

import (
	"fmt"
	"math"
	"strings"
)

// unknown is a size or number that is not known. Sizes below it stand for
// symbolic dimensions, numbered by the evaluator.
const unknown = -1

// value is what is known of one value of the graph.
type value struct {
	ranked bool      // shape is known, but for the extents that are negative
	shape  []int     // extents; negative where unknown
	data   []float64 // elements of a small constant, NaN where unknown; nil if unknown
	elem   int       // element type, 0 if unknown
	from   int       // element type before dequantisation, or 0
	why    string    // what lost the shape
}

func shaped(elem int, dims ...int) value { return value{ranked: true, shape: dims, elem: elem} }

func lost(why string) value { return value{why: why} }

// format names the number format of the operand, behind dequantisation the one
// before it.
func (v value) format() string {
	if v.from != 0 {
		return formats[v.from]
	}
	return formats[v.elem]
}

// complete reports whether all extents are known.
func (v value) complete() bool {
	if !v.ranked {
		return false
	}
	for _, d := range v.shape {
		if d < 0 {
			return false
		}
	}
	return true
}

func (v value) rank() int { return len(v.shape) }

// dim returns extent i, counted from the end if negative, or unknown.
func (v value) dim(i int) int {
	if i < 0 {
		i += len(v.shape)
	}
	if !v.ranked || i < 0 || i >= len(v.shape) {
		return unknown
	}
	return v.shape[i]
}

// ints returns the elements as integers; unknown ones are math.MinInt.
func (v value) ints() ([]int, bool) {
	if v.data == nil {
		return nil, false
	}
	list := make([]int, len(v.data))
	for i, x := range v.data {
		list[i] = math.MinInt
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			list[i] = int(x)
		}
	}
	return list, true
}

// count multiplies extents; unknown if one is, or if it is beyond reason.
func count(dims []int) int {
	n := 1
	for _, d := range dims {
		if d < 0 || d > 1<<40 || n > 1<<40 {
			return unknown
		}
		n *= d
	}
	return n
}

// broadcast merges the shapes of an elementwise operator.
func broadcast(in ...value) value {
	out := value{ranked: true}
	for _, v := range in {
		if !v.ranked {
			return lost(v.why)
		}
		for len(out.shape) < len(v.shape) {
			out.shape = append([]int{1}, out.shape...)
		}
		shift := len(out.shape) - len(v.shape)
		for i, d := range v.shape {
			o := &out.shape[shift+i]
			switch {
			case *o == 1:
				*o = d
			case *o < 0 && d > 1: // the extent cannot be another
				*o = d
			}
		}
		if out.elem == 0 {
			out.elem = v.elem
		}
	}
	return out
}

func (v value) String() string {
	if !v.ranked {
		return "?"
	}
	var parts []string
	for _, d := range v.shape {
		if d < 0 {
			parts = append(parts, "?")
		} else {
			parts = append(parts, fmt.Sprint(d))
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}
