package modelfile

import (
	"fmt"
	"io"

	"tpe/workloads"
	"tpe/workloads/tensorfile"
)

// ReadTFLite reads the operators of a TensorFlow Lite model's first subgraph.
// Shapes are those that the model states for its tensors; a convolution keeps its
// geometry.
func ReadTFLite(r io.ReaderAt, size int64, _ workloads.ImportOptions, s *workloads.Sink) error {
	f, err := parse(r, size, s, "tflite")
	if f == nil {
		return err
	}
	for i, op := range f.Ops {
		t := lite{f: f, op: op, s: s, pos: workloads.Pos{Where: fmt.Sprintf("operator %d", i)}}
		if err := t.take(); err != nil {
			return err
		}
	}
	return nil
}

// lite is one operator.
type lite struct {
	f   *tensorfile.File
	op  tensorfile.Op
	s   *workloads.Sink
	pos workloads.Pos
}

// liteProducts are the operators that are products.
var liteProducts = map[string]func(*lite) ([]workloads.GEMM, error){
	"CONV_2D": (*lite).conv, "DEPTHWISE_CONV_2D": (*lite).conv, "TRANSPOSE_CONV": (*lite).transposed, "BUILTIN 132": (*lite).conv3D,
	"FULLY_CONNECTED": (*lite).dense, "BATCH_MATMUL": (*lite).matmul,
	"LSTM": (*lite).lstm, "UNIDIRECTIONAL_SEQUENCE_LSTM": (*lite).lstm, "BUILTIN 27": (*lite).svdf,
	"BUILTIN 35": (*lite).rnn, "BUILTIN 24": (*lite).rnn,
}

var errUnknown = fmt.Errorf("sizes are not known")

func (t *lite) take() error {
	product, ok := liteProducts[t.op.Name]
	if !ok {
		t.s.Skip("not a matrix product", t.op.Name)
		return nil
	}
	rows, err := product(t)
	switch {
	case err == errUnknown:
		t.s.Skip("sizes are not known", t.op.Name)
		return nil
	case err != nil:
		t.s.FaultAt(t.pos, err.Error(), t.op.Name, "shapes that fit together")
		return nil
	}
	for i := range rows {
		if len(t.op.Outputs) > 0 && t.op.Outputs[0] >= 0 {
			rows[i].Name = workloads.PlainName(t.f.Tensors[t.op.Outputs[0]].Name)
		}
	}
	return t.s.Take(t.pos, rows...)
}

// tensor returns the tensor of an input and its shape.
func (t *lite) tensor(list []int, i int) (tensorfile.Tensor, []int, error) {
	if i >= len(list) || list[i] < 0 {
		return tensorfile.Tensor{}, nil, fmt.Errorf("operator has no tensor %d", i)
	}
	x := t.f.Tensors[list[i]]
	shape, ok := extents(x.Shape)
	if !ok || len(shape) == 0 {
		return x, nil, errUnknown
	}
	return x, shape, nil
}

// operands returns two inputs and the output.
func (t *lite) operands(ia, ib int) (a, b, out []int, formats [3]string, err error) {
	ta, a, err1 := t.tensor(t.op.Inputs, ia)
	tb, b, err2 := t.tensor(t.op.Inputs, ib)
	to, out, err3 := t.tensor(t.op.Outputs, 0)
	for _, e := range []error{err1, err2, err3} {
		if e != nil {
			return nil, nil, nil, formats, e
		}
	}
	return a, b, out, [3]string{formatOf(ta.Type), formatOf(tb.Type), formatOf(to.Type)}, nil
}

func one(g workloads.GEMM, formats [3]string, err error) ([]workloads.GEMM, error) {
	g.FormatA, g.FormatB, g.FormatOut = formats[0], formats[1], formats[2]
	return []workloads.GEMM{g}, err
}

// conv is a convolution of [batch, height, width, channels] with weights [out, height,
// width, in], or depthwise with [1, height, width, out].
func (t *lite) conv() ([]workloads.GEMM, error) {
	x, w, out, formats, err := t.operands(0, 1)
	if err != nil {
		return nil, err
	}
	if len(x) != 4 || len(w) != 4 || len(out) != 4 {
		return nil, fmt.Errorf("input %v, weight %v and output %v of a convolution", x, w, out)
	}
	c := workloads.ConvND{Batch: x[0], InC: x[3], OutC: w[0], Groups: x[3] / max(1, w[3]), In: x[1:3], Kernel: w[1:3],
		Stride: []int{max(1, t.op.StrideH), max(1, t.op.StrideW)}, Dilation: []int{max(1, t.op.DilationH), max(1, t.op.DilationW)}}
	if t.op.Name == "DEPTHWISE_CONV_2D" {
		c.OutC, c.Groups = w[3], x[3]
	}
	if t.op.SamePadding {
		c.PadBegin, c.PadEnd = make([]int, 2), make([]int, 2)
		for i := range 2 {
			pad := max(0, (out[1+i]-1)*c.Stride[i]+c.Dilation[i]*(c.Kernel[i]-1)+1-c.In[i])
			c.PadBegin[i], c.PadEnd[i] = pad/2, pad-pad/2
		}
	}
	space, err := c.Out()
	if err == nil && (space[0] != out[1] || space[1] != out[2] || c.OutC != out[3]) {
		err = fmt.Errorf("output is %v by the input and the weight, and %v as stated", space, out)
	}
	if err != nil {
		return nil, err
	}
	g, err := c.GEMM(t.op.Name)
	return one(g, formats, err)
}

// transposed has the output's shape first, then weights [out, height, width, in].
func (t *lite) transposed() ([]workloads.GEMM, error) {
	x, w, _, formats, err := t.operands(2, 1)
	if err != nil {
		return nil, err
	}
	if len(x) != 4 || len(w) != 4 || x[3] != w[3] {
		return nil, fmt.Errorf("input %v and weight %v of a transposed convolution", x, w)
	}
	g, err := workloads.ConvND{Batch: x[0], InC: x[3], OutC: w[0], Groups: 1, In: x[1:3], Kernel: w[1:3]}.Transposed(t.op.Name)
	return one(g, formats, err)
}

// conv3D has weights [depth, height, width, in, out]; its strides follow from the
// output.
func (t *lite) conv3D() ([]workloads.GEMM, error) {
	x, w, out, formats, err := t.operands(0, 1)
	if err != nil {
		return nil, err
	}
	if len(x) != 5 || len(w) != 5 || len(out) != 5 {
		return nil, fmt.Errorf("input %v, weight %v and output %v of a convolution", x, w, out)
	}
	m, ok1 := workloads.Extent(out[:4]...)
	k, ok2 := workloads.Extent(w[:4]...)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("weight %v and output %v are too large", w, out)
	}
	g := workloads.NewGEMM(t.op.Name, m, w[4], k)
	g.Op = "conv"
	return one(g, formats, nil)
}

// dense has weights [out, in].
func (t *lite) dense() ([]workloads.GEMM, error) {
	x, w, _, formats, err := t.operands(0, 1)
	if err != nil {
		return nil, err
	}
	n, ok := workloads.Extent(x...)
	if len(w) != 2 || !ok || n%w[1] != 0 {
		return nil, fmt.Errorf("input %v and weight %v of a fully connected layer", x, w)
	}
	g := workloads.NewGEMM(t.op.Name, n/w[1], w[0], w[1])
	g.Op = "fc"
	return one(g, formats, nil)
}

// matmul is a batched product; which operands are transposed follows from the
// output.
func (t *lite) matmul() ([]workloads.GEMM, error) {
	a, b, out, formats, err := t.operands(0, 1)
	if err != nil {
		return nil, err
	}
	if len(a) < 2 || len(b) < 2 || len(out) < 2 {
		return nil, fmt.Errorf("operands %v and %v of a product", a, b)
	}
	orient := func(s []int, i, want int) []int {
		s = append([]int(nil), s...)
		if p, q := len(s)-2, len(s)-1; s[p+i] != want {
			s[p], s[q] = s[q], s[p]
		}
		return s
	}
	g, err := workloads.Matmul(t.op.Name, orient(a, 0, out[len(out)-2]), orient(b, 1, out[len(out)-1]))
	return one(g, formats, err)
}

// lstm has the input weights of up to four gates at 1 to 4 and the recurrent ones
// at 5 to 8; its input is [batch, in], or [batch, steps, in].
func (t *lite) lstm() ([]workloads.GEMM, error) {
	gates := 0
	for i := 1; i <= 4; i++ {
		if i < len(t.op.Inputs) && t.op.Inputs[i] >= 0 {
			gates++
		}
	}
	if gates < 3 {
		return nil, errUnknown // the basic kernel, with weights in one
	}
	return t.cell(gates, 2, 6)
}

// rnn has input weights and recurrent weights.
func (t *lite) rnn() ([]workloads.GEMM, error) { return t.cell(1, 1, 2) }

func (t *lite) cell(gates, iw, ir int) ([]workloads.GEMM, error) {
	x, w, _, formats, err := t.operands(0, iw)
	if err != nil {
		return nil, err
	}
	_, rec, err := t.tensor(t.op.Inputs, ir)
	if err != nil {
		return nil, err
	}
	if len(x) < 2 || len(x) > 3 || len(w) != 2 || len(rec) != 2 || rec[0] != w[0] {
		return nil, fmt.Errorf("input %v, weights %v and %v of a recurrent layer", x, w, rec)
	}
	steps := 1
	if len(x) == 3 {
		steps = x[1]
	}
	r := workloads.Recurrent{Gates: gates, Steps: steps, Batch: x[0], Input: w[1], Hidden: w[0], Directions: 1, Layers: 1}
	if rec[1] != w[0] {
		r.Project = rec[1]
	}
	rows, err := r.GEMMs(t.op.Name)
	for i := range rows {
		rows[i].FormatA, rows[i].FormatB, rows[i].FormatOut = formats[0], formats[1], formats[2]
	}
	return rows, err
}

// svdf is a product with the feature weights [filters, in], then one dot product a
// filter over its memory [filters, steps].
func (t *lite) svdf() ([]workloads.GEMM, error) {
	x, w, _, formats, err := t.operands(0, 1)
	if err != nil {
		return nil, err
	}
	_, times, err := t.tensor(t.op.Inputs, 2)
	if err != nil {
		return nil, err
	}
	if len(x) != 2 || len(w) != 2 || len(times) != 2 {
		return nil, fmt.Errorf("input %v, weights %v and %v of SVDF", x, w, times)
	}
	feature := workloads.NewGEMM(t.op.Name, x[0], w[0], w[1])
	feature.Op = "svdf_feature"
	time := workloads.NewGEMM(t.op.Name, x[0], 1, times[1])
	time.Op, time.Groups = "svdf_time", times[0]
	rows := []workloads.GEMM{feature, time}
	for i := range rows {
		rows[i].FormatA, rows[i].FormatB, rows[i].FormatOut = formats[0], formats[1], formats[2]
	}
	return rows, nil
}
