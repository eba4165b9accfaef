package workloads

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tpe/numeric/quant"
	"tpe/workloads/tensorfile"
)

// maxStudent bounds the degrees of freedom of student, which is the number of normal draws of a value.
const maxStudent = 64

// parseNumbers reads the numbers of a kind with several: student:NU[:SCALE], uniform:A, outlier-columns:P:FACTOR[:SD].
func (d *Data) parseNumbers(arg string) error {
	want := map[DataKind]string{
		DataStudent:        "student:NU or student:NU:SCALE with NU of 1..64",
		DataUniform:        "uniform:A with A above 0",
		DataOutlierColumns: "outlier-columns:P:FACTOR or outlier-columns:P:FACTOR:SD with P from 0 to 1",
	}[d.Kind]
	var v []float64
	for _, text := range strings.Split(arg, ":") {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x >= 0 && x <= 1e30) {
			return fmt.Errorf("expected %s", want)
		}
		v = append(v, x)
	}
	ok := false
	switch {
	case d.Kind == DataStudent && len(v) <= 2:
		ok = v[0] >= 1 && v[0] <= maxStudent && v[0] == math.Floor(v[0])
		v = append(v, 1)
		d.Param, d.Scale = v[0], v[1]
	case d.Kind == DataUniform && len(v) == 1:
		ok = true
		d.Param, d.Scale = 0, v[0]
	case d.Kind == DataOutlierColumns && (len(v) == 2 || len(v) == 3):
		ok = v[0] <= 1
		v = append(v, 1)
		d.Param, d.Factor, d.Scale = v[0], v[1], v[2]
	}
	if !ok || d.Scale == 0 {
		return fmt.Errorf("expected %s", want)
	}
	return nil
}

// numbersText prints what parseNumbers read.
func (d Data) numbersText() string {
	list := []float64{d.Param, d.Scale}
	switch d.Kind {
	case DataUniform:
		list = []float64{d.Scale}
	case DataOutlierColumns:
		list = []float64{d.Param, d.Factor, d.Scale}
	}
	text := d.Kind.String()
	for _, v := range list {
		text += ":" + strconv.FormatFloat(v, 'g', -1, 64)
	}
	return text
}

// realSource makes numbers that are not yet codes. Each depends on the generator's seed, the operand and the element's index alone.
type realSource struct {
	data   Data
	unit   *sampler      // normal or laplace in steps of 1/floatUnit
	tensor *quant.Matrix // of a file
}

// newRealSource prepares the numbers of a kind that has them.
func newRealSource(d Data) (*realSource, error) {
	s := &realSource{data: d}
	var err error
	switch d.Kind {
	case DataNormal, DataLaplace, DataReLU, DataStudent, DataOutlierColumns:
		unit := d
		if d.Kind != DataLaplace {
			unit.Kind = DataNormal
		}
		unit.Param = floatUnit
		s.unit, err = newSampler(unit, -maxTable/2, maxTable/2-1)
		if s.data.Scale == 0 {
			s.data.Scale = d.Param
		}
	case DataUniform:
	case DataFile:
		s.tensor, err = readTensor(d.Path)
	default:
		err = fmt.Errorf("no real numbers: %v (expected normal, laplace, relu, student, uniform, outlier-columns or file)", d.Kind)
	}
	return s, err
}

// draw is a normal (or Laplace) number with the scale 1.
func (s *realSource) draw(h uint64) float64 { return float64(s.unit.at(h>>11)) / floatUnit }

// at is the number with the given index of an operand of cols columns, whose stream has the given key.
func (s *realSource) at(key uint64, index int64, cols int) float64 {
	h := mix(key + uint64(index)*golden)
	switch s.data.Kind {
	case DataUniform:
		return s.data.Scale * (float64(h>>11)/(1<<52) - 1)
	case DataStudent:
		z := s.draw(h)
		sum := 0.0
		for i := range int(s.data.Param) {
			x := s.draw(mix(h + uint64(i+1)*golden))
			sum += float64(x * x)
		}
		return s.data.Scale * z / math.Sqrt(max(sum, 1/float64(floatUnit*floatUnit))/s.data.Param)
	case DataOutlierColumns:
		v := s.data.Scale * s.draw(h)
		column := uint64(index)
		if cols > 0 {
			column %= uint64(cols)
		}
		if float64(mix(mix(key^golden)+column*golden)>>11) < s.data.Param*(1<<53) {
			v *= s.data.Factor
		}
		return v
	case DataReLU:
		return max(s.data.Scale*s.draw(h), 0)
	case DataFile:
		t := s.tensor
		if t.Rows == 1 { // in order
			return float64(t.Data[index%int64(t.Cols)])
		}
		i, j := index/int64(max(cols, 1)), index%int64(max(cols, 1))
		return float64(t.Data[i%int64(t.Rows)*int64(t.Cols)+j%int64(t.Cols)])
	}
	return s.data.Scale * s.draw(h)
}

// transposeMark behind the name of a tensor asks for its transpose.
const transposeMark = "^T"

// splitTensor parts PATH#TENSOR^T.
func splitTensor(path string) (file, tensor string, transposed bool) {
	path, transposed = strings.CutSuffix(path, transposeMark)
	if i := strings.LastIndexByte(path, '#'); i >= 0 {
		return path[:i], path[i+1:], transposed
	}
	return path, "", transposed
}

// openTensor opens a file and finds the tensor.
func openTensor(path string) (*tensorfile.File, *tensorfile.Tensor, error) {
	file, name, _ := splitTensor(path)
	f, err := tensorfile.Open(file)
	if err != nil {
		return nil, nil, err
	}
	t, err := f.Tensor(name)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, t, nil
}

// readTensor reads a tensor as a matrix of numbers: the last dimension is a row. A single row is a sequence, which fills an operand in
// order; a matrix keeps its rows and columns.
func readTensor(path string) (*quant.Matrix, error) {
	f, t, err := openTensor(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if t.Elems() == 0 || t.Elems() > maxQuantised {
		return nil, fmt.Errorf("%s: tensor %q has %d elements (expected 1 to %d)", f.Path, t.Name, t.Elems(), maxQuantised)
	}
	x, err := f.Real(t)
	if err != nil {
		return nil, err
	}
	cols := 1
	if len(t.Shape) > 0 {
		cols = int(t.Shape[len(t.Shape)-1])
	}
	m := &quant.Matrix{Rows: len(x) / cols, Cols: cols, Data: x}
	if _, _, transposed := splitTensor(path); transposed {
		m = m.Transposed()
	}
	return m, nil
}
