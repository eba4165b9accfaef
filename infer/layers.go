package infer

import (
	"math"

	"tpe/numeric/quant"
)

// RMSNorm divides each row by the root of its mean square (plus eps) and multiplies it by weight.
func RMSNorm(x *quant.Matrix, weight []float32, eps float32) *quant.Matrix {
	out := quant.NewMatrix(x.Rows, x.Cols)
	for i := range x.Rows {
		sum := float32(0)
		for _, v := range x.Row(i) {
			sum += float32(v * v)
		}
		by := 1 / float32(math.Sqrt(float64(sum/float32(x.Cols)+eps)))
		dst := out.Row(i)
		for j, v := range x.Row(i) {
			dst[j] = weight[j] * float32(by*v)
		}
	}
	return out
}

// LayerNorm makes the mean of each row 0 and its variance 1 (eps is added to it), multiplies it by weight and adds bias.
func LayerNorm(x *quant.Matrix, weight, bias []float32, eps float32) *quant.Matrix {
	out := quant.NewMatrix(x.Rows, x.Cols)
	for i := range x.Rows {
		mean, square := 0.0, 0.0
		for _, v := range x.Row(i) {
			mean += float64(v)
		}
		mean /= float64(x.Cols)
		for _, v := range x.Row(i) {
			square += (float64(v) - mean) * (float64(v) - mean)
		}
		by := 1 / math.Sqrt(square/float64(x.Cols)+float64(eps))
		dst := out.Row(i)
		for j, v := range x.Row(i) {
			dst[j] = float32((float64(v)-mean)*by)*weight[j] + bias[j]
		}
	}
	return out
}

// Softmax replaces each row by the exponentials of its numbers over their sum.
func Softmax(x *quant.Matrix) {
	for i := range x.Rows {
		softmax(x.Row(i))
	}
}

func softmax(row []float32) {
	top := float32(math.Inf(-1))
	for _, v := range row {
		top = max(top, v)
	}
	sum := float32(0)
	for j, v := range row {
		row[j] = float32(math.Exp(float64(v - top)))
		sum += row[j]
	}
	for j := range row {
		row[j] /= sum
	}
}

// ReLU replaces negative numbers by zero.
func ReLU(x *quant.Matrix) { apply(x, func(v float32) float32 { return max(v, 0) }) }

// SiLU replaces x by x / (1 + exp(-x)).
func SiLU(x *quant.Matrix) {
	apply(x, func(v float32) float32 { return v * (1 / (1 + float32(math.Exp(float64(-v))))) })
}

// GELU replaces x by x times the normal distribution function of x.
func GELU(x *quant.Matrix) {
	apply(x, func(v float32) float32 { return float32(float64(v) / 2 * (1 + math.Erf(float64(v)/math.Sqrt2))) })
}

// Tanh replaces x by its hyperbolic tangent.
func Tanh(x *quant.Matrix) {
	apply(x, func(v float32) float32 { return float32(math.Tanh(float64(v))) })
}

func apply(x *quant.Matrix, f func(float32) float32) {
	for i, v := range x.Data {
		x.Data[i] = f(v)
	}
}

// add adds y to x.
func add(x, y *quant.Matrix) {
	for i, v := range y.Data {
		x.Data[i] += v
	}
}

// addBias adds a number to each column.
func addBias(x *quant.Matrix, bias []float32) {
	for i := range x.Rows {
		row := x.Row(i)
		for j, b := range bias {
			row[j] += b
		}
	}
}

// argmax is the index of the greatest number, the first of equals.
func argmax(row []float32) int {
	best := 0
	for j, v := range row {
		if v > row[best] {
			best = j
		}
	}
	return best
}
