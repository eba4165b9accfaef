package workloads

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// csvColumns are the columns of the package's own table, in writing order. Only
// m, n and k are required when reading; names may have any case.
//
//	name, op                        text
//	m, n, k                         extents of one product, at least 1
//	batch, groups, count            multipliers, at least 1 (empty: 1)
//	format_a, format_b, format_out  number formats (empty: the engine's)
//	phase                           prefill, decode or empty
//	sparsity                        N:M or empty
//	conv                            geometry as Conv.String writes it, or empty
//	source                          where the row comes from
func csvColumns() []csvColumn {
	text := func(name string, f func(*GEMM) *string) csvColumn {
		return csvColumn{name: name, text: f}
	}
	number := func(name string, required bool, f func(*GEMM) *int) csvColumn {
		return csvColumn{name: name, number: f, required: required}
	}
	return []csvColumn{
		text("name", func(g *GEMM) *string { return &g.Name }),
		text("op", func(g *GEMM) *string { return &g.Op }),
		number("m", true, func(g *GEMM) *int { return &g.M }),
		number("n", true, func(g *GEMM) *int { return &g.N }),
		number("k", true, func(g *GEMM) *int { return &g.K }),
		number("batch", false, func(g *GEMM) *int { return &g.Batch }),
		number("groups", false, func(g *GEMM) *int { return &g.Groups }),
		number("count", false, func(g *GEMM) *int { return &g.Count }),
		text("format_a", func(g *GEMM) *string { return &g.FormatA }),
		text("format_b", func(g *GEMM) *string { return &g.FormatB }),
		text("format_out", func(g *GEMM) *string { return &g.FormatOut }),
		text("phase", func(g *GEMM) *string { return &g.Phase }),
		text("sparsity", func(g *GEMM) *string { return &g.Sparsity }),
		{name: "conv"},
		text("source", func(g *GEMM) *string { return &g.Source }),
	}
}

// csvColumn is one column; with neither accessor it is the geometry.
type csvColumn struct {
	name     string
	required bool
	text     func(*GEMM) *string
	number   func(*GEMM) *int
}

// WriteCSV writes the rows of w as a comma-separated table with a header, which
// [ReadCSV] reads back identically. It refuses rows that are not valid.
func WriteCSV(w io.Writer, wl Workload) error {
	if err := wl.Validate(); err != nil {
		return err
	}
	columns := csvColumns()
	out := csv.NewWriter(w)
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.name
	}
	if err := out.Write(record); err != nil {
		return fmt.Errorf("%s: %w", wl.Name, err)
	}
	for _, g := range wl.Layers {
		for i, c := range columns {
			switch {
			case c.text != nil:
				record[i] = *c.text(&g)
			case c.number != nil:
				record[i] = strconv.Itoa(*c.number(&g))
			default:
				record[i] = ""
				if g.Conv != (Conv{}) {
					record[i] = g.Conv.String()
				}
			}
		}
		if err := out.Write(record); err != nil {
			return fmt.Errorf("%s: %w", wl.Name, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("%s: %w", wl.Name, err)
	}
	return nil
}

// ReadCSV reads a table with a header row that names at least the columns m, n
// and k; see [WriteCSV] for the others. Columns that it does not know are named
// in a warning. All errors are reported at once as [ParseError] values.
func ReadCSV(r io.Reader, name string) (Workload, error) {
	data, err := readAll(r, name)
	if err != nil {
		return Workload{}, err
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	in.FieldsPerRecord = -1
	t := csvTable{problems: problems{file: name}}
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.syntax(err)
			break
		}
		r := row{}
		for i, text := range record {
			line, col := in.FieldPos(i)
			if i == 0 {
				r.line = line
			}
			r.fields = append(r.fields, field{text, col})
		}
		t.row(r)
	}
	if len(t.layers) == 0 && len(t.errs) == 0 {
		t.add(0, 0, "file has no layers", "", "a header with m, n and k, and rows")
	}
	if err := t.err(); err != nil {
		return Workload{}, err
	}
	return Workload{Name: baseName(name), Layers: t.layers, Warnings: t.warnings}, nil
}

// csvTable reads rows one at a time.
type csvTable struct {
	problems
	columns  []*csvColumn // meaning of each field, nil where unknown
	layers   []GEMM
	warnings []string
}

// syntax reports an error of the quoting, behind which rows cannot be told
// apart.
func (t *csvTable) syntax(err error) {
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		t.add(pe.Line, pe.Column, "bad quoting", pe.Err.Error(), "quotes only around whole fields, doubled inside")
		return
	}
	t.add(0, 0, "cannot read the table", err.Error(), "comma-separated values")
}

func (t *csvTable) row(r row) {
	if r.trimmed().blank() {
		return
	}
	if t.columns == nil {
		t.header(r)
		return
	}
	before := len(t.errs) + t.more
	if len(r.fields) > len(t.columns) {
		f := r.fields[len(t.columns)]
		t.add(r.line, f.col, "row is longer than the header", f.text, fmt.Sprintf("%d fields", len(t.columns)))
	}
	g := GEMM{Op: "gemm", Batch: 1, Groups: 1, Count: 1}
	for i, c := range t.columns {
		if c != nil && (i < len(r.fields) || c.required) {
			t.field(&g, c, r, i)
		}
	}
	if len(t.errs)+t.more != before {
		return
	}
	if err := g.Validate(); err != nil {
		t.add(r.line, r.fields[0].col, err.Error(), g.Name, "a valid layer")
		return
	}
	t.layers = append(t.layers, g)
}

// field stores one field of a row.
func (t *csvTable) field(g *GEMM, c *csvColumn, r row, i int) {
	switch {
	case c.text != nil:
		text := r.fields[i].text
		if !printable(text) {
			t.add(r.line, r.fields[i].col, c.name+" is not plain text", text, "UTF-8 without control characters")
			return
		}
		*c.text(g) = text
	case c.number != nil:
		trimmed := r.trimmed()
		if trimmed.get(i).text != "" || c.required {
			*c.number(g) = t.positive(trimmed, i, c.name)
		}
	case r.fields[i].text != "":
		conv, err := ParseConv(r.fields[i].text)
		if err != nil {
			t.add(r.line, r.fields[i].col, "bad geometry: "+err.Error(), r.fields[i].text, "name=integer pairs")
			return
		}
		g.Conv = conv
	}
}

// trimmed is the row without the spaces around its fields.
func (r row) trimmed() row {
	fields := make([]field, len(r.fields))
	for i, f := range r.fields {
		fields[i] = field{strings.TrimSpace(f.text), f.col}
	}
	return row{r.line, fields}
}

// header finds the columns.
func (t *csvTable) header(r row) {
	all := csvColumns()
	t.columns = make([]*csvColumn, len(r.fields))
	seen := make(map[string]bool)
	for i, f := range r.trimmed().fields {
		name := strings.ToLower(f.text)
		for j := range all {
			if all[j].name != name {
				continue
			}
			if seen[name] {
				t.add(r.line, f.col, "column is named twice", f.text, "one column of that name")
			}
			seen[name] = true
			t.columns[i] = &all[j]
		}
		if t.columns[i] == nil && f.text != "" {
			t.warnings = append(t.warnings, fmt.Sprintf("column %d (%q) is not used", i+1, f.text))
		}
	}
	for _, c := range all {
		if c.required && !seen[c.name] {
			var found []string
			for _, f := range r.trimmed().fields {
				found = append(found, f.text)
			}
			t.add(r.line, 1, "header has no column "+c.name, strings.Join(found, ","), "columns m, n and k")
		}
	}
}
