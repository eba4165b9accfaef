package workloads

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tpe/numeric"
)

// DataKind is how operand values are made.
type DataKind int

// The kinds of data; the zero value is not one.
const (
	DataFull           DataKind = iota + 1 // uniform over the whole range
	DataNormal                             // rounded normal, mean 0
	DataLaplace                            // rounded Laplace, mean 0
	DataConst                              // one value
	DataZeros                              // a fraction of zeros, the rest full
	DataAlternate                          // greatest and least value in turn
	DataMin                                // the least value
	DataMax                                // the greatest value
	DataFile                               // values of a file
	DataMixed                              // of floats: corners and numbers near one
	DataReLU                               // rounded normal, the negative half replaced by zeros
	DataOutlier                            // rounded normal, but one in 64 uniform over the whole range
	DataStudent                            // Student's t
	DataUniform                            // uniform between two numbers
	DataOutlierColumns                     // normal, some columns multiplied
	DataCorners                            // of integers: extremes, numbers next to zero, 0101..01
	numDataKinds
)

func dataNames() [numDataKinds]string {
	return [numDataKinds]string{DataFull: "full", DataNormal: "normal", DataLaplace: "laplace", DataConst: "const",
		DataZeros: "zeros", DataAlternate: "alternate", DataMin: "min", DataMax: "max", DataFile: "file", DataMixed: "mixed",
		DataReLU: "relu", DataOutlier: "outlier", DataStudent: "student", DataUniform: "uniform",
		DataOutlierColumns: "outlier-columns", DataCorners: "corners"}
}

// String returns the word that [ParseData] takes.
func (k DataKind) String() string {
	if k <= 0 || k >= numDataKinds {
		return fmt.Sprintf("DataKind(%d)", int(k))
	}
	return dataNames()[k]
}

// Data describes operand values. Make one with [ParseData].
type Data struct {
	Kind DataKind
	// Param is the standard deviation of normal, relu and outlier, the scale b of laplace, the
	// fraction of zeros, that of infinities and NaNs which mixed keeps, the degrees of freedom of
	// student, or the share of columns of outlier-columns.
	Param float64
	// Scale is that of student, the bound of uniform and the standard deviation of outlier-columns, Factor what multiplies
	// its columns.
	Scale, Factor float64
	// Value is the value of const.
	Value int64
	// Path is the file of file, with the tensor behind "#" and "^T" for its transpose.
	Path string
	// Quant is how numbers become codes, empty if they are codes.
	Quant string
}

const dataForms = "full, normal:SD, laplace:B, relu:SD, outlier:SD, student:NU:SCALE, uniform:A, outlier-columns:P:FACTOR:SD, const:V, zeros:P, mixed:P, corners, alternate, min, max or file:PATH#TENSOR, and @QUANTISER"

// ParseData reads a description of operand values:
//
//	full        uniform over the whole range of the operand
//	normal:SD   normal with standard deviation SD, rounded to integers
//	laplace:B   Laplace with scale B (standard deviation B*sqrt 2), rounded
//	relu:SD     as normal:SD, with 0 for the negative half
//	outlier:SD  as normal:SD, but one in 64 as full
//	const:V     V everywhere
//	zeros:P     0 with probability P, else as full
//	alternate   the greatest and the least value in turn along the elements
//	min, max    the least or the greatest value everywhere
//	file:PATH   the integers of a file of package tensorfile, from its start again when
//	            the operand is longer; PATH#TENSOR if it holds several. A raw file
//	            without an extension that says so has the type of the operand
//
//	student:NU:SCALE             Student's t with NU degrees of freedom times SCALE (1 if absent)
//	uniform:A                    uniform from -A to A
//	outlier-columns:P:FACTOR:SD  normal:SD (1 if absent), but a column of the matrix is multiplied by
//	                             FACTOR with probability P
//
//	corners     integer operands only: the two least and the two greatest values, -2 to 2,
//	            0101...01 and its negative, each as likely
//	mixed:P     float operands only: zeros, subnormal and extreme numbers among
//	            numbers near one; of the infinities and NaNs drawn, P stay
//
// Float operands are codes: full is uniform over those of finite numbers, normal and
// laplace are rounded to the format, min, max and alternate are its largest numbers, V must be
// a number of it, and files hold codes.
//
// Normal and Laplace values outside of the operand's range are drawn again, so an
// unsigned operand gets the positive half; of relu, half of its values are 0. Those of the last three
// kinds become the range's end.
//
// With "@QUANTISER" behind it, a description is one of real numbers, and the quantiser makes codes of the whole matrix:
//
//	normal:1@token               a scale for each row; channel: for each column; tensor: one
//	file:w.safetensors#q^T@group:128+asym   the transpose of a tensor (its last dimension is a row), repeated
//	                             where the operand is larger, a scale and a zero point for 128 consecutive k; a
//	                             tensor of one dimension fills the operand in order
//
// Quantisers, joined by "+": tensor, token, channel, group:N, each with asym; ternary (BitNet b1.58),
// onebit (signs), comet:N (blocks of N channels in half the width but those with outliers), fptq (by the range of the
// activations), mx:N and nvfp4 (elements without their scales); before them sparse:N:M and prune:P (zeros), outliers:X (columns that
// LLM.int8() keeps apart become zero), svdquant:R (R singular values taken out).
func ParseData(spec string) (Data, error) {
	text, d := strings.TrimSpace(spec), Data{}
	if i := strings.LastIndexByte(text, '@'); i >= 0 && !strings.ContainsAny(text[i:], "/\\") {
		if _, err := parseQuantiser(text[i+1:]); err != nil {
			return Data{}, err
		}
		text, d.Quant = text[:i], text[i+1:]
	}
	word, arg, hasArg := strings.Cut(text, ":")
	var names []string
	for k, name := range dataNames() {
		if name == "" {
			continue
		}
		names = append(names, name)
		if name == word {
			d.Kind = DataKind(k)
		}
	}
	bad := func(what, want string) (Data, error) {
		return Data{}, fmt.Errorf("%s: %q (expected %s)", what, spec, want)
	}
	switch d.Kind {
	case 0:
		return bad("unknown data", fmt.Sprintf("%s; the nearest is %q", dataForms, nearest(word, names)))
	case DataNormal, DataLaplace, DataReLU, DataOutlier, DataZeros, DataMixed:
		v, err := strconv.ParseFloat(arg, 64)
		least, most := minScale, math.MaxFloat64
		want := fmt.Sprintf("%s:NUMBER with a number of at least %g", word, minScale)
		if d.Kind == DataZeros || d.Kind == DataMixed {
			least, most, want = 0, 1, word+":P with P from 0 to 1"
		}
		if err != nil || !(v >= least && v <= most) {
			return bad("bad data", want)
		}
		d.Param = v
	case DataStudent, DataUniform, DataOutlierColumns:
		if err := d.parseNumbers(arg); err != nil {
			return Data{}, fmt.Errorf("bad data: %q (%w)", spec, err)
		}
	case DataConst:
		v, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return bad("bad data", "const:INTEGER")
		}
		d.Value = v
	case DataFile:
		if arg == "" {
			return bad("bad data", "file:PATH")
		}
		d.Path = arg
	default:
		if hasArg {
			return bad("bad data", word+" without a parameter")
		}
	}
	return d, nil
}

// String returns the description in the form that [ParseData] reads.
func (d Data) String() string {
	if d.Quant != "" {
		quantiser := d.Quant
		d.Quant = ""
		return d.String() + "@" + quantiser
	}
	switch d.Kind {
	case DataStudent, DataUniform, DataOutlierColumns:
		return d.numbersText()
	case DataNormal, DataLaplace, DataReLU, DataOutlier, DataZeros, DataMixed:
		return d.Kind.String() + ":" + strconv.FormatFloat(d.Param, 'g', -1, 64)
	case DataConst:
		return d.Kind.String() + ":" + strconv.FormatInt(d.Value, 10)
	case DataFile:
		return d.Kind.String() + ":" + d.Path
	}
	return d.Kind.String()
}

// DataSet describes the values of the three operands of a GEMM.
type DataSet struct {
	A, B, C Data
}

// ParseDataSet reads one description for A and B ("normal:20"), or one for each
// operand ("a=normal:20,b=laplace:8,c=full"). A and B are full and the initial C
// is const:0 where nothing else is said.
func ParseDataSet(spec string) (DataSet, error) {
	s := DataSet{A: Data{Kind: DataFull}, B: Data{Kind: DataFull}, C: Data{Kind: DataConst}}
	if len(spec) < 2 || spec[1] != '=' {
		d, err := ParseData(spec)
		if err != nil {
			return DataSet{}, err
		}
		s.A, s.B = d, d
		return s, nil
	}
	seen := ""
	for _, part := range strings.Split(spec, ",") {
		operand, text, ok := strings.Cut(strings.TrimSpace(part), "=")
		operand = strings.ToLower(operand)
		if !ok || len(operand) != 1 || !strings.Contains("abc", operand) {
			return DataSet{}, fmt.Errorf("bad data of an operand: %q (expected a=DATA, b=DATA or c=DATA)", part)
		}
		if strings.Contains(seen, operand) {
			return DataSet{}, fmt.Errorf("data of operand %s given twice: %q (expected once)", operand, part)
		}
		seen += operand
		d, err := ParseData(text)
		if err != nil {
			return DataSet{}, err
		}
		*map[string]*Data{"a": &s.A, "b": &s.B, "c": &s.C}[operand] = d
	}
	return s, nil
}

// String returns the description in the form that [ParseDataSet] reads.
func (s DataSet) String() string {
	if s.A == s.B && s.C == (Data{Kind: DataConst}) {
		return s.A.String()
	}
	return fmt.Sprintf("a=%v,b=%v,c=%v", s.A, s.B, s.C)
}

// Format is the range of an operand: integers of Bits bits, two's complement if
// Signed, without the least of them if Symmetric as well; or, if Float has an
// exponent, codes of that float format.
type Format struct {
	Bits      int
	Signed    bool
	Symmetric bool
	Float     numeric.Float
}

// FormatOf returns the range of a numeric format: an integer, a fixed-point or a float one.
func FormatOf(f numeric.Format) Format {
	switch f := f.(type) {
	case numeric.Int:
		return Format{Bits: f.Bits, Signed: f.Signed}
	case numeric.Fixed: // its integers
		return Format{Bits: f.Bits, Signed: f.Signed}
	case numeric.Float:
		return Format{Bits: f.Width(), Float: f}
	}
	panic(fmt.Sprintf("workloads: operands of format %s", f))
}

// isFloat reports whether values are codes of a float format.
func (f Format) isFloat() bool { return f.Float.Exp > 0 }

// Validate reports a width that int64 values cannot hold.
func (f Format) Validate() error {
	most := 63
	if f.Signed {
		most = 64
	}
	if f.Bits < 1 || f.Bits > most {
		return fmt.Errorf("operand width is out of range: %d bits (expected 1 to %d)", f.Bits, most)
	}
	return nil
}

// Range returns the least and the greatest value of the format.
func (f Format) Range() (least, greatest int64) {
	if f.Signed {
		least, greatest = -1<<(f.Bits-1), 1<<(f.Bits-1)-1
		if f.Symmetric {
			least = -greatest
		}
		return least, greatest
	}
	return 0, 1<<f.Bits - 1
}

// String returns "int8", "uint4" and so on.
func (f Format) String() string {
	switch {
	case f.isFloat():
		return f.Float.Name
	case f.Symmetric:
		return "symint" + strconv.Itoa(f.Bits)
	case f.Signed:
		return "int" + strconv.Itoa(f.Bits)
	}
	return "uint" + strconv.Itoa(f.Bits)
}
