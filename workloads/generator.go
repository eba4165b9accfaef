package workloads

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"tpe/numeric"
	"tpe/numeric/quant"
)

// Operand names one matrix of one repetition of one layer.
type Operand struct {
	// Layer is the row of the workload and Repeat the repetition, both from 0.
	Layer, Repeat int
	// Matrix is 'A', 'B' or 'C', or 'S' and 'Z' for scales and zero points of B.
	Matrix byte
	// Rows and Cols are the size of the whole matrix. Only data with columns or a quantiser depend on it.
	Rows, Cols int
}

// Generator makes operand values. The value of an element is a pure function of
// the generator's arguments, the operand and the element's row-major index
// (row*columns + column), so any part of a matrix can be made alone. It is safe
// for concurrent use.
type Generator struct {
	data    Data
	format  Format
	seed    uint64
	least   int64
	most    int64
	zeros   uint64 // of 2^53, the share of zeros
	sampler *sampler
	values  []int64 // of a file, or of corners

	constant int64        // of const
	floats   *floatSource // of a float operand
	real     *realSource  // of numbers that are not yet codes

	mu    sync.Mutex // of what follows
	last  Operand    // whose codes are kept
	codes *numeric.Dense
}

// NewGenerator returns a source of values of the given kind in the range of f.
// It reads the file of a [DataFile] once and refuses values outside the range.
func NewGenerator(d Data, f Format, seed uint64) (*Generator, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	g := &Generator{data: d, format: f, seed: seed, constant: d.Value}
	g.least, g.most = f.Range()
	if f.isFloat() {
		if err := g.newFloatSource(d); err != nil {
			return nil, err
		}
	}
	var err error
	if d.Quant != "" || d.Kind == DataStudent || d.Kind == DataUniform || d.Kind == DataOutlierColumns {
		if g.real, err = newRealSource(d); err != nil {
			return nil, err
		}
		return g, nil
	}
	switch d.Kind {
	case DataFull, DataAlternate, DataMin, DataMax:
	case DataConst:
		if g.floats == nil && (d.Value < g.least || d.Value > g.most) {
			return nil, fmt.Errorf("constant is out of range: %d (expected %d to %d for %v)", d.Value, g.least, g.most, f)
		}
	case DataZeros:
		if !(d.Param >= 0 && d.Param <= 1) {
			return nil, fmt.Errorf("share of zeros is out of range: %v (expected 0 to 1)", d.Param)
		}
		g.zeros = uint64(d.Param * (1 << 53))
	case DataNormal, DataLaplace, DataReLU, DataOutlier:
		if g.floats == nil {
			g.sampler, err = newSampler(d, g.least, g.most)
		}
	case DataCorners:
		if g.floats != nil {
			return nil, fmt.Errorf("data for integer operands: %v (expected another kind for %v)", d, f)
		}
		g.values = corners(g.least, g.most)
	case DataMixed:
		if g.floats == nil {
			return nil, fmt.Errorf("data for float operands: %v (expected another kind for %v)", d, f)
		}
	case DataFile:
		g.values, err = readValues(d.Path, f)
	default:
		err = fmt.Errorf("unknown data: %v (expected %s)", d.Kind, dataForms)
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Data returns the description that the generator was made from.
func (g *Generator) Data() Data { return g.data }

// Format returns the range of the values.
func (g *Generator) Format() Format { return g.format }

// Element returns the value with the given row-major index, 0 or more.
func (g *Generator) Element(op Operand, index int64) int64 {
	var one [1]int64
	g.FillRow(one[:], op, index)
	return one[0]
}

// FillRow sets dst to the elements start, start+1, ... of the operand in
// row-major order. It allocates nothing, but of an operand that is quantised as a whole, which has to be
// prepared (see [Generator.Prepare]).
func (g *Generator) FillRow(dst []int64, op Operand, start int64) {
	if g.real != nil {
		g.fillReal(dst, op, start)
		return
	}
	switch g.data.Kind {
	case DataConst:
		fill(dst, g.constant)
	case DataMin:
		fill(dst, g.least)
	case DataMax:
		fill(dst, g.most)
	case DataAlternate:
		for i := range dst {
			dst[i] = g.most
			if (start+int64(i))&1 == 1 {
				dst[i] = g.least
			}
		}
	case DataFile:
		n := int64(len(g.values))
		at := start % n
		for i := range dst {
			dst[i] = g.values[at]
			if at++; at == n {
				at = 0
			}
		}
	default:
		g.fillRandom(dst, streamKey(g.seed, op), uint64(start))
	}
}

// Prepare makes the codes of an operand that is quantised as a whole, and keeps them until another one is asked for; for
// other data it does nothing. The operand's size must be given.
func (g *Generator) Prepare(op Operand) error {
	_, err := g.quantised(op)
	return err
}

// quantised are the codes of a whole operand; nil if there is no quantiser.
func (g *Generator) quantised(op Operand) (*numeric.Dense, error) {
	if g.data.Quant == "" {
		return nil, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.codes != nil && g.last == op {
		return g.codes, nil
	}
	if op.Rows < 1 || op.Cols < 1 || op.Rows > maxQuantised/op.Cols {
		return nil, fmt.Errorf("matrix %c is too large to be quantised: %d x %d (expected at most %d elements)", op.Matrix, op.Rows, op.Cols, maxQuantised)
	}
	q, err := parseQuantiser(g.data.Quant)
	if err != nil {
		return nil, err
	}
	m, key := quant.NewMatrix(op.Rows, op.Cols), streamKey(g.seed, op)
	for i := range m.Data {
		m.Data[i] = float32(g.real.at(key, int64(i), op.Cols))
	}
	codes, err := q.matrix(m, g.format, op.Matrix)
	if err != nil {
		return nil, fmt.Errorf("matrix %c, %v: %w", op.Matrix, g.data, err)
	}
	g.last, g.codes = op, codes
	return codes, nil
}

// fillReal is FillRow of codes of a quantiser, or of numbers rounded to the format.
func (g *Generator) fillReal(dst []int64, op Operand, start int64) {
	codes, err := g.quantised(op)
	if err != nil {
		panic("workloads: an operand that was not prepared: " + err.Error())
	}
	if codes != nil {
		for i, v := range codes.Data[start : start+int64(len(dst))] {
			dst[i] = int64(v)
		}
		return
	}
	key := streamKey(g.seed, op)
	for i := range dst {
		v := g.real.at(key, start+int64(i), op.Cols)
		if g.floats != nil {
			code, _ := g.floats.format.Encode(numeric.FromFloat64(v), &numeric.Env{Saturate: true})
			dst[i] = int64(code)
			continue
		}
		dst[i] = int64(min(max(math.RoundToEven(v), float64(g.least)), float64(g.most)))
	}
}

func fill(dst []int64, v int64) {
	for i := range dst {
		dst[i] = v
	}
}

func (g *Generator) fillRandom(dst []int64, key, start uint64) {
	counter := key + start*golden
	switch g.data.Kind {
	case DataNormal, DataLaplace, DataReLU, DataOutlier:
		for i := range dst {
			dst[i] = g.sampler.at(mix(counter+uint64(i)*golden) >> 11)
		}
		if g.data.Kind == DataReLU {
			g.rectify(dst, counter)
		}
		if g.floats != nil {
			for i, v := range dst {
				dst[i] = g.floats.number(v)
			}
		}
		if g.data.Kind == DataOutlier {
			g.addOutliers(dst, counter)
		}
	case DataCorners:
		for i := range dst {
			at, _ := bits.Mul64(mix(counter), uint64(len(g.values)))
			dst[i] = g.values[at]
			counter += golden
		}
	case DataMixed:
		for i := range dst {
			dst[i] = g.floats.mixed(mix(counter))
			counter += golden
		}
	case DataZeros:
		for i := range dst {
			h := mix(counter)
			dst[i] = 0
			if h>>11 >= g.zeros {
				dst[i] = g.uniform(mix(h ^ golden))
			}
			counter += golden
		}
	default:
		for i := range dst {
			dst[i] = g.uniform(mix(counter))
			counter += golden
		}
	}
}

// rectify sets the negative half to 0; of an unsigned operand, which has none, values
// with an odd hash (the sampler does not use the low bits).
func (g *Generator) rectify(dst []int64, counter uint64) {
	unsigned := g.least == 0 && g.floats == nil
	for i, v := range dst {
		if v < 0 || unsigned && mix(counter+uint64(i)*golden)&1 == 1 {
			dst[i] = 0
		}
	}
}

// addOutliers makes one element in 64 uniform.
func (g *Generator) addOutliers(dst []int64, counter uint64) {
	for i := range dst {
		h := mix(mix(counter+uint64(i)*golden) ^ golden)
		if h>>58 == 0 {
			dst[i] = g.uniform(mix(h))
		}
	}
}

// corners are the values at which arithmetic of a range goes wrong first; 0101...01 has all
// radix-4 digits not zero, and the most digits in canonical signed form.
func corners(least, most int64) []int64 {
	span := uint64(most)
	if least < 0 {
		span = 2*span + 1
	}
	list := []int64{least, least + 1, most - 1, most, int64(span / 3), -int64(span / 3)}
	for v := int64(-2); v <= 2; v++ {
		list = append(list, v)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(v int64) bool { return v < least || v > most })
}

// uniform maps 64 random bits to a value of the format.
func (g *Generator) uniform(h uint64) int64 {
	switch {
	case g.floats != nil:
		return g.floats.finite(h)
	case g.format.Symmetric: // one value less than a power of two
		i, _ := bits.Mul64(h, uint64(g.most-g.least+1))
		return g.least + int64(i)
	case g.format.Signed:
		return int64(h) >> (64 - g.format.Bits)
	}
	return int64(h >> (64 - g.format.Bits))
}

// golden is 2^64 divided by the golden ratio, the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is the output function of SplitMix64 (Steele, Lea, Flood: Fast splittable
// pseudorandom number generators, OOPSLA 2014, figure 16, with the constants of
// Stafford's variant 13). Element i of a stream is mix(key + i*golden).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// streamKey gives each operand a stream of its own.
func streamKey(seed uint64, op Operand) uint64 {
	h := mix(seed + golden)
	h = mix(h + golden ^ uint64(op.Layer))
	h = mix(h + golden ^ uint64(op.Repeat))
	return mix(h + golden ^ uint64(op.Matrix))
}
