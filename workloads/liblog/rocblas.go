package liblog

import (
	"io"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"tpe/workloads"
)

// ReadBench reads the problems of rocBLAS and hipBLASLt as they log them: command
// lines of rocblas-bench and hipblaslt-bench (ROCBLAS_LAYER=2,
// HIPBLASLT_LOG_MASK=32) and YAML rows (ROCBLAS_LAYER=4, HIPBLASLT_LOG_MASK=64, and
// the problem files of the benchmarks), one a line, among other lines.
func ReadBench(r io.Reader, _ workloads.ImportOptions, s *workloads.Sink) error {
	return eachLine(r, s, func(text string, line int) error {
		trimmed := strings.TrimSpace(text)
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
			return nil
		case isBenchYAML(trimmed):
			return benchYAML(text, line, s)
		case IsBench(trimmed):
			return benchArgs(text, line, s)
		}
		s.Skip("line of something else", "")
		return nil
	})
}

// IsBench reports whether a line is a problem of rocblas-bench or hipblaslt-bench.
func IsBench(line string) bool {
	if isBenchYAML(line) {
		return true
	}
	padded := " " + line + " "
	return (strings.Contains(line, "rocblas-bench") || strings.Contains(line, "hipblaslt-bench") ||
		strings.Contains(padded, " -f gemm") || strings.Contains(padded, " --function gemm") || strings.Contains(line, "${bench}")) &&
		(strings.Contains(padded, " -m ") || strings.Contains(padded, " --sizem ") || strings.Contains(padded, " -m=") ||
			strings.Contains(padded, " -f ") || strings.Contains(padded, " --function "))
}

func isBenchYAML(line string) bool {
	return strings.Contains(line, "blas_function:") || strings.Contains(line, "blaslt_function:") ||
		strings.Contains(line, "function:") && strings.Contains(line, "M:") && strings.Contains(line, "{")
}

// problem is one call by the names of its parameters, in lower case.
type problem struct {
	s    *workloads.Sink
	line int
	args map[string]string
	cols map[string]int
}

// keys that stand for the same parameter.
var benchKeys = map[string]string{
	"sizem": "m", "sizen": "n", "sizek": "k", "f": "function", "rocblas_function": "function", "hipblaslt_function": "function",
	"batch": "batch_count", "r": "precision", "calls": "call_count",
}

func benchKey(k string) string {
	k = strings.ToLower(strings.TrimLeft(k, "-"))
	if name, ok := benchKeys[k]; ok {
		return name
	}
	return k
}

// benchArgs reads a command line: "-m 128", "--m=128" and "--sizem 128" alike.
func benchArgs(text string, line int, s *workloads.Sink) error {
	p := problem{s: s, line: line, args: map[string]string{}, cols: map[string]int{}}
	key, col := "", 0
	for len(text) > 0 {
		rest := strings.TrimLeft(text, " \t\"'`")
		col += len(text) - len(rest)
		word, after, _ := strings.Cut(rest, " ")
		isKey := len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9') && word[1] != '.'
		switch {
		case isKey:
			name, value, ok := strings.Cut(word, "=")
			key = benchKey(name)
			if ok {
				p.set(key, value, col+len(name)+2)
				key = ""
			}
		case key != "" && word != "":
			p.set(key, word, col+1)
			key = ""
		}
		col += len(rest) - len(after)
		text = after
	}
	if p.args["function"] == "" {
		p.args["function"] = "matmul" // of hipblaslt-bench
	}
	return p.take()
}

func (p *problem) set(key, value string, col int) {
	if _, known := p.args[key]; !known {
		p.args[key], p.cols[key] = strings.Trim(value, "\"',"), col
	}
}

// benchYAML reads "- { rocblas_function: rocblas_sgemm, M: 128, ... }".
func benchYAML(text string, line int, s *workloads.Sink) error {
	p := problem{s: s, line: line, args: map[string]string{}, cols: map[string]int{}}
	begin, end := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if begin < 0 || end < begin {
		s.Fault(line, 1, "problem is not on one line", strings.TrimSpace(text), "- { rocblas_function: ..., M: ..., N: ..., K: ... }")
		return nil
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text[begin:end+1]), &node); err != nil || len(node.Content) != 1 || node.Content[0].Kind != yaml.MappingNode {
		s.Fault(line, begin+1, "problem is not a YAML mapping", strings.TrimSpace(text), "name: value pairs in braces")
		return nil
	}
	pairs := node.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1].Kind == yaml.ScalarNode {
			p.set(benchKey(pairs[i].Value), pairs[i+1].Value, begin+pairs[i+1].Column)
		}
	}
	return p.take()
}

func (p *problem) number(key string, otherwise int) int {
	text, ok := p.args[key]
	if !ok && otherwise > 0 {
		return otherwise
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < 1 || v > 1<<31-1 {
		p.s.Fault(p.line, p.cols[key], key+" is missing or out of range", text, "an integer of 1 to 2147483647")
		return 0
	}
	return v
}

// take makes the record.
func (p *problem) take() error {
	function := strings.TrimPrefix(p.args["function"], "rocblas_")
	before := p.s.Faults()
	precision := p.args["precision"]
	typ := func(key string) string {
		if t := p.args[key]; t != "" {
			return t
		}
		return precision
	}
	a, b, out := typ("a_type"), typ("b_type"), typ("d_type")
	if out == "" {
		out = p.args["c_type"]
	}
	kind := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(function, "_ex"), "_batched"), "_strided")
	if len(kind) == 5 && strings.HasSuffix(kind, "gemm") || len(kind) == 5 && strings.HasSuffix(kind, "gemv") {
		letter := map[byte]string{'s': "f32_r", 'd': "f64_r", 'h': "f16_r", 'c': "f32_c", 'z': "f64_c"}[kind[0]]
		if a == "" {
			a, b, out = letter, letter, letter
		}
		kind = kind[1:]
	}
	if strings.HasSuffix(a, "_c") {
		p.s.Skip("complex numbers", function)
		return nil
	}
	batch := p.number("batch_count", 1)
	count := p.number("call_count", 1)
	var g workloads.GEMM
	switch kind {
	case "gemm", "gemm_ex2", "gemm_ext2", "matmul":
		g = columnMajor(function, "gemm", p.number("m", 0), p.number("n", 0), p.number("k", 0), batch, formatOf(a), formatOf(b), formatOf(out))
	case "gemv":
		m, n := p.number("m", 0), p.number("n", 0)
		if t := strings.ToUpper(p.args["transposea"] + p.args["transa"]); t != "" && t != "N" {
			m, n = n, m
		}
		g = columnMajor(function, "gemv", m, 1, n, batch, formatOf(a), formatOf(b), formatOf(out))
	default:
		p.s.Skip("not a matrix product", function)
		return nil
	}
	if p.s.Faults() != before {
		return nil
	}
	g.Count = count
	return p.s.Take(workloads.Pos{Line: p.line, Col: p.cols["m"]}, g)
}
