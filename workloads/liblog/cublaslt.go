package liblog

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tpe/workloads"
)

// Bounds of a call that is wrapped over lines.
const (
	maxWrapped  = 64
	maxCallText = 64 << 10
)

// ReadBLASLt reads the trace lines of cuBLASLt (CUBLASLT_LOG_LEVEL=2 and up) and
// hipBLASLt (HIPBLASLT_LOG_LEVEL=5). A call may be wrapped over several lines.
// Results and operands are column-major unless their layout says ORDER_ROW.
func ReadBLASLt(r io.Reader, _ workloads.ImportOptions, s *workloads.Sink) error {
	c := ltReader{s: s}
	if err := eachLine(r, s, c.add); err != nil {
		return err
	}
	return c.flush()
}

// IsBLASLt reports whether a line begins a matrix product of these traces.
func IsBLASLt(line string) bool {
	for _, head := range []string{"[cublasLtMatmul]", "[cublasLtTSTMatmul]", "[cublasLtSSSMatmul]", "[cublasLtHSHMatmul]", "[rocblaslt_matmul]", "[hipblasLtMatmul]"} {
		if strings.Contains(line, head) {
			return true
		}
	}
	return strings.Contains(line, "[cublasLt") && strings.Contains(line, "Matmul]") && strings.Contains(line, "Adesc=[")
}

// isTrace reports whether a line is of such a trace at all.
func isTrace(line string) bool {
	return strings.HasPrefix(line, "[") && (strings.Contains(line, "[cublasLt]") || strings.Contains(line, "[HIPBLASLT]"))
}

type ltReader struct {
	s     *workloads.Sink
	text  string
	line  int
	lines int
}

func (c *ltReader) add(text string, line int) error {
	text = strings.TrimSuffix(strings.TrimSpace(text), "\\")
	begins := IsBLASLt(text)
	if begins || isTrace(text) {
		if err := c.flush(); err != nil {
			return err
		}
		if begins {
			c.text, c.line, c.lines = text, line, 1
			return nil
		}
		c.s.Skip("call of another function", "")
		return nil
	}
	if c.text != "" && c.lines < maxWrapped && len(c.text)+len(text) < maxCallText {
		c.text += " " + text
		c.lines++
		return nil
	}
	if text != "" {
		c.s.Skip("line of something else", "")
	}
	return nil
}

// flush makes the record of the call that is complete.
func (c *ltReader) flush() error {
	if c.text == "" {
		return nil
	}
	text := c.text
	c.text = ""
	bad := func(what, value string) error {
		c.s.Fault(c.line, 1, what, value, "Adesc, Bdesc, Ddesc and computeDesc of a matrix product")
		return nil
	}
	a, b, d, compute := layout(text, "Adesc"), layout(text, "Bdesc"), layout(text, "Ddesc"), layout(text, "computeDesc")
	if a == nil || b == nil || d == nil {
		return bad("call has no layout of A, B and D", text)
	}
	size := func(l map[string]string, key string) int {
		v, err := strconv.Atoi(l[key])
		if err != nil || v < 1 || v > 1<<31-1 {
			return 0
		}
		return v
	}
	transposed := func(key string) bool {
		v := compute[key]
		return v != "" && v != "OP_N"
	}
	m, n := size(d, "rows"), size(d, "cols")
	k, kb := size(a, "cols"), size(b, "rows")
	if transposed("transa") {
		k = size(a, "rows")
	}
	if transposed("transb") {
		kb = size(b, "cols")
	}
	if m == 0 || n == 0 || k == 0 || kb == 0 {
		return bad("rows or cols are missing or out of range", text)
	}
	if k != kb {
		return bad("inner sizes of A and B differ", fmt.Sprintf("%d and %d", k, kb))
	}
	batch := max(1, size(d, "batchcount"), size(d, "batch_count"), size(d, "batch"))
	fa, fb, out := formatOf(a["type"]), formatOf(b["type"]), formatOf(d["type"])
	g := columnMajor("matmul", "gemm", m, n, k, batch, fa, fb, out)
	if strings.Contains(d["order"], "ROW") {
		g.M, g.N = m, n
		g.FormatA, g.FormatB = fa, fb
	}
	return c.s.Take(workloads.Pos{Line: c.line, Col: 1}, g)
}

// layout reads "name=[key=value key=value]"; keys come in lower case.
func layout(text, name string) map[string]string {
	_, rest, ok := strings.Cut(text, name+"=[")
	if !ok {
		return nil
	}
	rest, _, ok = strings.Cut(rest, "]")
	if !ok {
		return nil
	}
	fields := make(map[string]string)
	for _, f := range strings.Fields(rest) {
		k, v, _ := strings.Cut(f, "=")
		fields[strings.ToLower(k)] = v
	}
	return fields
}
