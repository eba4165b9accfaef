package liblog

import (
	"io"
	"regexp"
	"strconv"
	"strings"

	"tpe/workloads"
)

// ReadDeepBench reads DeepBench's problem lists: the C++ headers (make_tuple rows of
// five values for a product, eleven for a convolution, four for a recurrent layer,
// in the sets that the lines between them name) and tables of the columns
// set,m,n,k,a_t,b_t. Products are column-major.
func ReadDeepBench(r io.Reader, _ workloads.ImportOptions, s *workloads.Sink) error {
	set := "deepbench"
	var columns []string
	return eachLine(r, s, func(text string, line int) error {
		trimmed := strings.TrimSpace(text)
		if m := tuple.FindStringSubmatchIndex(text); m != nil {
			return deepBenchTuple(set, text[m[2]:m[3]], line, m[2]+1, s)
		}
		if m := setName.FindStringSubmatch(text); m != nil {
			set = m[1]
			return nil
		}
		switch {
		case IsDeepBench(trimmed):
			columns = strings.Split(strings.ToLower(strings.ReplaceAll(trimmed, " ", "")), ",")
		case columns != nil && trimmed != "":
			return deepBenchRow(columns, text, line, s)
		}
		return nil
	})
}

var (
	tuple   = regexp.MustCompile(`make_tuple\(([^()]*)\)`)
	setName = regexp.MustCompile(`(\w+)\s*=\s*\{`)
)

// IsDeepBench reports whether a line is the header of a DeepBench table or a row
// of its lists.
func IsDeepBench(line string) bool {
	header := "," + strings.ToLower(strings.ReplaceAll(line, " ", "")) + ","
	return strings.Contains(header, ",a_t,") && strings.Contains(header, ",b_t,") || tuple.MatchString(line)
}

func deepBenchRow(columns []string, text string, line int, s *workloads.Sink) error {
	values := strings.Split(text, ",")
	set, size, col := "deepbench", map[string]int{}, 1
	for i, v := range values {
		name := ""
		if i < len(columns) {
			name = columns[i]
		}
		switch name {
		case "set":
			set = workloads.PlainName(strings.TrimSpace(v))
		case "m", "n", "k":
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil || n < 1 || n > 1<<31-1 {
				s.Fault(line, col, name+" is out of range", v, "an integer of 1 to 2147483647")
				return nil
			}
			size[name] = n
		}
		col += len(v) + 1
	}
	if len(size) != 3 {
		s.Fault(line, 1, "row has no m, n and k", text, strings.Join(columns, ","))
		return nil
	}
	return s.Take(workloads.Pos{Line: line, Col: 1}, columnMajor(set, "gemm", size["m"], size["n"], size["k"], 1, "", "", ""))
}

func deepBenchTuple(set, text string, line, col int, s *workloads.Sink) error {
	var v []int
	var words []string
	for _, f := range strings.Split(text, ",") {
		f = strings.Trim(strings.TrimSpace(f), `"`)
		n, err := strconv.Atoi(f)
		if err != nil {
			words = append(words, f)
			continue
		}
		if n < 0 || n > 1<<31-1 {
			s.Fault(line, col, "size is out of range", f, "an integer of 0 to 2147483647")
			return nil
		}
		v = append(v, n)
	}
	var rows []workloads.GEMM
	var err error
	switch {
	case len(v)+len(words) == 5 && len(v) >= 3: // m, n, k, transposes
		rows = []workloads.GEMM{columnMajor(set, "gemm", v[0], v[1], v[2], 1, "", "", "")}
	case len(v) == 11: // w, h, c, n, k, filter w and h, pad w and h, stride w and h
		var g workloads.GEMM
		g, err = workloads.ConvND{
			Batch: v[3], InC: v[2], OutC: v[4], Groups: 1, In: []int{v[1], v[0]}, Kernel: []int{v[6], v[5]},
			PadBegin: []int{v[8], v[7]}, PadEnd: []int{v[8], v[7]}, Stride: []int{v[10], v[9]},
		}.GEMM(set)
		rows = []workloads.GEMM{g}
	case len(v) == 3 && len(words) == 1: // hidden, batch, steps, cell
		gates := map[string]int{"vanilla": 1, "gru": 3, "lstm": 4}[words[0]]
		rows, err = workloads.Recurrent{Gates: gates, Steps: v[2], Batch: v[1], Input: v[0], Hidden: v[0], Directions: 1, Layers: 1}.GEMMs(set)
	default:
		s.Skip("row of another kind", "")
		return nil
	}
	if err != nil {
		s.Fault(line, col, err.Error(), text, "sizes of a product, convolution or recurrent layer")
		return nil
	}
	return s.Take(workloads.Pos{Line: line, Col: col}, rows...)
}
