package workloads

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxFile bounds the bytes of a table that the readers accept.
const maxFile = 64 << 20

// readAll reads a whole table and refuses one that is too large.
func readAll(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: file is too large: more than %d bytes (expected a table)", name, maxFile)
	}
	return data, nil
}

// field is one cell of a row: its trimmed text and the byte column of its first
// character.
type field struct {
	text string
	col  int
}

// row is one line of a table, split into fields.
type row struct {
	line   int
	fields []field
}

// splitRows cuts text into rows. It accepts a byte-order mark, LF, CRLF and CR
// line ends; a line with a tab and no comma is split at its tabs.
func splitRows(text string) []row {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	var rows []row
	for i, line := range strings.Split(text, "\n") {
		sep := ","
		if strings.Contains(line, "\t") && !strings.Contains(line, ",") {
			sep = "\t"
		}
		rows = append(rows, row{line: i + 1, fields: splitLine(line, sep)})
	}
	return rows
}

func splitLine(line, sep string) []field {
	var fields []field
	col := 1
	for _, text := range strings.Split(line, sep) {
		trimmed := strings.TrimLeft(text, " \t\v\f")
		fields = append(fields, field{strings.TrimSpace(trimmed), col + len(text) - len(trimmed)})
		col += len(text) + len(sep)
	}
	return fields
}

// blank reports whether every field is empty.
func (r row) blank() bool {
	for _, f := range r.fields {
		if f.text != "" {
			return false
		}
	}
	return true
}

// get returns field i, or an empty field just behind the row.
func (r row) get(i int) field {
	if i >= 0 && i < len(r.fields) {
		return r.fields[i]
	}
	last := r.fields[len(r.fields)-1]
	return field{"", last.col + len(last.text)}
}

// maxDim bounds every integer of a table.
const maxDim = 1<<31 - 1

// positive reads a base-10 integer of 1 to maxDim and reports a problem under
// the given column name if it is not one.
func (p *problems) positive(r row, i int, name string) int {
	f := r.get(i)
	const want = "an integer of 1 to 2147483647"
	n, err := strconv.ParseInt(f.text, 10, 64)
	switch {
	case f.text == "":
		p.add(r.line, f.col, name+" is missing", "", want)
	case err != nil && isDigits(f.text):
		p.add(r.line, f.col, name+" is out of range", f.text, want)
	case err != nil:
		p.add(r.line, f.col, name+" is not an integer", f.text, want)
	case n < 1 || n > maxDim:
		p.add(r.line, f.col, name+" is out of range", f.text, want)
	default:
		return int(n)
	}
	return 0
}

func isDigits(s string) bool {
	return strings.Trim(strings.TrimLeft(s, "+-"), "0123456789") == "" && len(s) > 0
}

// nameList shows at most eight names.
func nameList(names []string) string {
	if len(names) <= 8 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:8], ", "), len(names)-8)
}

// IsTable reports whether a text begins with the header of the package's own
// table, which names m, n and k and no layer. (A SCALE-Sim GEMM header starts
// with "Layer" or ends in a comma.)
func IsTable(text string) bool {
	for _, r := range splitRows(text) {
		if r.blank() {
			continue
		}
		has := make(map[string]bool)
		for _, f := range r.fields {
			has[canonical(f.text)] = true
		}
		last := r.fields[len(r.fields)-1].text
		return has["m"] && has["n"] && has["k"] && !has["layer"] && !has["layername"] && last != ""
	}
	return false
}
