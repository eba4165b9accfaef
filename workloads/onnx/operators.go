package onnx

import (
	"math"
	"strings"
)

// alike are operators whose first output is shaped like their first input.
const alike = `Relu LeakyRelu Sigmoid Tanh Erf Gelu FastGelu BiasGelu QuickGelu Exp Log Sqrt Neg Abs Clip Dropout Softmax LogSoftmax Hardmax BatchNormalization
	InstanceNormalization LayerNormalization SimplifiedLayerNormalization SkipLayerNormalization SkipSimplifiedLayerNormalization RMSNormalization LRN Elu Selu
	HardSigmoid HardSwish Swish Mish Softplus Softsign PRelu Not Sign Cos Sin CumSum ReverseSequence Trilu RotaryEmbedding GroupNorm GroupNormalization MeanVarianceNormalization
	LpNormalization ThresholdedRelu IsNaN IsInf Celu Shrink QLinearSigmoid QLinearLeakyRelu QLinearSoftmax ScatterND ScatterElements Scatter FakeQuant Reciprocal
	QuantizeBFP Bernoulli CastLike Round Tan Atan NhwcMaxPoolGrad`

// operatorTable lists the operators that are no products, with the shapes of their
// outputs.
func operatorTable() map[string]func(*run) []value {
	t := map[string]func(*run) []value{
		"Identity": (*run).same, "Cast": (*run).cast, "Floor": (*run).rounded, "Ceil": (*run).rounded,
		"QuantizeLinear": (*run).quantize, "DequantizeLinear": (*run).dequantize, "DynamicQuantizeLinear": (*run).dynamicQuantize,
		"Shape": (*run).shapeOf, "Size": (*run).sizeOf, "Constant": (*run).constant, "ConstantOfShape": (*run).constantOfShape, "Range": (*run).rangeOf,
		"Gather": (*run).gather, "Concat": (*run).concat, "Slice": (*run).slice, "Squeeze": (*run).squeeze, "Unsqueeze": (*run).unsqueeze,
		"Reshape": (*run).reshape, "Flatten": (*run).flatten, "Transpose": (*run).transpose, "Expand": (*run).expand, "Split": (*run).split, "Pad": (*run).pad,
		"Tile": (*run).tile, "Resize": (*run).resize, "Upsample": (*run).resize, "MaxPool": (*run).pool, "AveragePool": (*run).pool, "LpPool": (*run).pool,
		"QLinearAveragePool": (*run).pool, "GlobalAveragePool": (*run).globalPool, "GlobalMaxPool": (*run).globalPool, "GlobalLpPool": (*run).globalPool,
		"QLinearGlobalAveragePool": (*run).globalPool, "ArgMax": (*run).reduceOne, "ArgMin": (*run).reduceOne, "TopK": (*run).topK, "OneHot": (*run).oneHot,
		"GatherElements": (*run).likeIndices, "GatherND": (*run).gatherND, "DepthToSpace": (*run).depthToSpace, "SpaceToDepth": (*run).spaceToDepth,
		"EmbedLayerNormalization": (*run).embed, "Where": (*run).where, "QLinearConcat": (*run).quantConcat,
	}
	for _, op := range strings.Fields(alike) {
		t[op] = (*run).like
	}
	for _, op := range strings.Fields("Add Sub Mul Div Pow Max Min Mod Mean Sum Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor BitShift") {
		t[op] = (*run).elementwise
	}
	t["QLinearAdd"], t["QLinearMul"] = (*run).quantBinary, (*run).quantBinary
	for _, op := range strings.Fields("Sum Mean Max Min Prod L1 L2 LogSum LogSumExp SumSquare") {
		t["Reduce"+op] = (*run).reduce
	}
	return t
}

func (r *run) same() []value { return []value{r.input(0)} }

// like keeps the shape and forgets the elements; further outputs (a mask) have the
// same shape.
func (r *run) like() []value {
	v := r.input(0)
	v.data, v.from = nil, 0
	out := make([]value, max(1, len(r.node.outputs)))
	for i := range out {
		out[i] = v
	}
	return out
}

func (r *run) cast() []value {
	v := r.input(0)
	v.elem, v.from = r.int("to", v.elem), 0
	return []value{v}
}

func (r *run) rounded() []value {
	v := r.input(0)
	var data []float64
	for _, x := range v.data {
		data = append(data, map[string]func(float64) float64{"Floor": math.Floor, "Ceil": math.Ceil}[r.node.op](x))
	}
	v.data = data
	return []value{v}
}

func (r *run) quantize() []value {
	v := r.input(0)
	v.data, v.from = nil, 0
	v.elem = elemUint8
	if z := r.input(2); z.elem != 0 {
		v.elem = z.elem
	} else if t := r.int("output_dtype", 0); t != 0 {
		v.elem = t
	}
	return []value{v}
}

func (r *run) dequantize() []value {
	v := r.input(0)
	v.data, v.from, v.elem = nil, v.elem, elemFloat
	return []value{v}
}

func (r *run) dynamicQuantize() []value {
	v := r.input(0)
	v.data, v.from, v.elem = nil, 0, elemUint8
	return []value{v, shaped(elemFloat), shaped(elemUint8)}
}

func (r *run) shapeOf() []value {
	v := r.input(0)
	if !v.ranked {
		return []value{lost(v.why)}
	}
	from, to := r.int("start", 0), r.int("end", v.rank())
	from, to = clampIndex(from, v.rank()), clampIndex(to, v.rank())
	out := shaped(elemInt64, max(0, to-from))
	out.data = []float64{}
	for i := from; i < to; i++ {
		out.data = append(out.data, number(v.shape[i]))
	}
	return []value{out}
}

// number turns an extent into an element; symbols keep their number, below
// unknown, so that they survive a reshape.
func number(d int) float64 {
	if d == unknown {
		return math.NaN()
	}
	if d < 0 {
		return symbolBase + float64(d)
	}
	return float64(d)
}

// symbolBase marks elements that are symbolic dimensions.
const symbolBase = -1 << 50

// extent is the reverse of number.
func extent(x float64) int {
	switch {
	case x < symbolBase/2:
		return int(x - symbolBase)
	case x != x || x < 0 || x > 1<<40 || x != math.Trunc(x):
		return unknown
	}
	return int(x)
}

func clampIndex(i, n int) int {
	if i < 0 {
		i += n
	}
	return min(max(i, 0), n)
}

func (r *run) sizeOf() []value {
	v := r.input(0)
	out := shaped(elemInt64)
	out.data = []float64{number(count(v.shape))}
	if !v.ranked {
		out.data = nil
	}
	return []value{out}
}

func (r *run) constant() []value {
	if t := r.attr("value").tensor; t != nil {
		return []value{t.value()}
	}
	if a := r.attr("value_ints"); a.set {
		v := shaped(elemInt64, len(a.ints))
		for _, x := range a.ints[:min(len(a.ints), maxConstants)] {
			v.data = append(v.data, float64(x))
		}
		if len(a.ints) > maxConstants {
			v.data = nil
		}
		return []value{v}
	}
	if a := r.attr("value_int"); a.set {
		v := shaped(elemInt64)
		v.data = []float64{float64(a.i)}
		return []value{v}
	}
	if a := r.attr("value_float"); a.set {
		v := shaped(elemFloat)
		v.data = []float64{a.f}
		return []value{v}
	}
	return nil
}

// target is the shape that a constant input gives.
func (r *run) target(i int) ([]int, bool) {
	v := r.input(i)
	if v.data == nil || len(v.data) > maxRank {
		return nil, false
	}
	var shape []int
	for _, x := range v.data {
		shape = append(shape, extent(x))
	}
	return shape, true
}

func (r *run) constantOfShape() []value {
	shape, ok := r.target(0)
	if !ok {
		if v := r.input(0); v.rank() == 1 && v.shape[0] >= 0 && v.shape[0] <= maxRank {
			shape = make([]int, v.shape[0])
			for i := range shape {
				shape[i] = unknown
			}
		} else {
			return []value{lost("ConstantOfShape of a shape that is not constant")}
		}
	}
	out := shaped(elemFloat, shape...)
	fill := 0.0
	if t := r.attr("value").tensor; t != nil {
		out.elem = t.elem
		if len(t.data) == 1 {
			fill = t.data[0]
		}
	}
	if n := count(shape); n >= 0 && n <= maxConstants {
		out.data = make([]float64, n)
		for i := range out.data {
			out.data[i] = fill
		}
	}
	return []value{out}
}

func (r *run) rangeOf() []value {
	a, b, d := r.input(0), r.input(1), r.input(2)
	out := shaped(a.elem, unknown)
	if len(a.data) == 1 && len(b.data) == 1 && len(d.data) == 1 && d.data[0] != 0 {
		n := math.Ceil((b.data[0] - a.data[0]) / d.data[0])
		if n >= 0 && n < 1<<40 && a.data[0] > symbolBase/2 && b.data[0] > symbolBase/2 {
			out.shape[0] = int(n)
		}
		if n >= 0 && n <= maxConstants && out.shape[0] >= 0 {
			out.data = []float64{}
			for i := range int(n) {
				out.data = append(out.data, a.data[0]+float64(i)*d.data[0])
			}
		}
	}
	return []value{out}
}

func (r *run) elementwise() []value {
	out := broadcast(r.in...)
	switch r.node.op {
	case "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor":
		out.elem = elemBool
	}
	if len(r.in) == 2 && out.ranked {
		out.data = fold(r.node.op, r.in[0].data, r.in[1].data, r.in[0].elem)
	}
	return []value{out}
}

// fold computes small constants element by element.
func fold(op string, a, b []float64, elem int) []float64 {
	n := max(len(a), len(b))
	if a == nil || b == nil || n > maxConstants || len(a) != n && len(a) != 1 || len(b) != n && len(b) != 1 {
		return nil
	}
	truth := func(t bool) float64 {
		if t {
			return 1
		}
		return 0
	}
	out := make([]float64, n)
	for i := range out {
		x, y := a[i%len(a)], b[i%len(b)]
		if x < symbolBase/2 || y < symbolBase/2 {
			// What stays a symbol: times or divided by 1, plus 0.
			out[i] = math.NaN()
			if (op == "Mul" || op == "Div") && y == 1 || (op == "Add" || op == "Sub") && y == 0 {
				out[i] = x
			} else if op == "Mul" && x == 1 || op == "Add" && x == 0 {
				out[i] = y
			} else if op == "Equal" && (x == -1 || y == -1) {
				out[i] = 0
			}
			continue
		}
		switch op {
		case "Add":
			out[i] = x + y
		case "Sub":
			out[i] = x - y
		case "Mul":
			out[i] = x * y
		case "Div":
			if out[i] = x / y; elem == elemInt32 || elem == elemInt64 {
				out[i] = math.Trunc(out[i])
			}
		case "Mod":
			out[i] = x - y*math.Floor(x/y)
		case "Max":
			out[i] = max(x, y)
		case "Min":
			out[i] = min(x, y)
		case "Equal":
			out[i] = truth(x == y)
		case "Less":
			out[i] = truth(x < y)
		case "Greater":
			out[i] = truth(x > y)
		default:
			return nil
		}
		if math.Abs(out[i]) > 1<<49 {
			out[i] = math.NaN()
		}
	}
	return out
}

func (r *run) where() []value {
	out := broadcast(r.in...)
	out.elem = r.input(1).elem
	c, a, b := r.input(0).data, r.input(1).data, r.input(2).data
	if n := max(len(a), len(b), len(c)); out.ranked && c != nil && a != nil && b != nil && n <= maxConstants && n > 0 && n%len(c) == 0 && n%max(len(a), 1) == 0 && n%max(len(b), 1) == 0 && len(a) > 0 && len(b) > 0 {
		for i := range n {
			pick := b
			if c[i%len(c)] != 0 {
				pick = a
			}
			x := pick[i%len(pick)]
			if c[i%len(c)] != c[i%len(c)] {
				x = math.NaN()
			}
			out.data = append(out.data, x)
		}
	}
	return []value{out}
}

func (r *run) quantBinary() []value {
	out := broadcast(r.input(0), r.input(3))
	return []value{out}
}

// embed is BERT's embedding: identifiers [batch, positions], word vectors.
func (r *run) embed() []value {
	ids, words := r.input(0), r.input(2)
	if !ids.ranked || ids.rank() != 2 {
		return nil
	}
	return []value{shaped(elemFloat, ids.shape[0], ids.shape[1], words.dim(1)), shaped(elemInt32, ids.shape[0]), shaped(elemFloat, ids.shape[0], ids.shape[1], words.dim(1))}
}
