package workloads

import (
	"bufio"
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

// CSVWriter writes records as a comma-separated table with a header, which
// [ReadCSV] and [StreamCSV] read back identically. It holds one row at a time.
type CSVWriter struct {
	out     *csv.Writer
	columns []csvColumn
	record  []string
	begun   bool
}

// NewCSVWriter returns a writer of the table to w.
func NewCSVWriter(w io.Writer) *CSVWriter {
	columns := csvColumns()
	return &CSVWriter{out: csv.NewWriter(w), columns: columns, record: make([]string, len(columns))}
}

// Write writes one record, and the header before the first. It refuses a record
// that is not valid.
func (w *CSVWriter) Write(g GEMM) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if err := w.header(); err != nil {
		return err
	}
	for i, c := range w.columns {
		switch {
		case c.text != nil:
			w.record[i] = *c.text(&g)
		case c.number != nil:
			w.record[i] = strconv.Itoa(*c.number(&g))
		default:
			w.record[i] = ""
			if g.Conv != (Conv{}) {
				w.record[i] = g.Conv.String()
			}
		}
	}
	return w.out.Write(w.record)
}

func (w *CSVWriter) header() error {
	if w.begun {
		return nil
	}
	w.begun = true
	for i, c := range w.columns {
		w.record[i] = c.name
	}
	return w.out.Write(w.record)
}

// Flush writes what is buffered, and the header if there was no record.
func (w *CSVWriter) Flush() error {
	if err := w.header(); err != nil {
		return err
	}
	w.out.Flush()
	return w.out.Error()
}

// WriteCSV writes the rows of wl with a [CSVWriter]. It refuses a workload that
// is not valid.
func WriteCSV(w io.Writer, wl Workload) error {
	if err := wl.Validate(); err != nil {
		return err
	}
	out := NewCSVWriter(w)
	for _, g := range wl.Layers {
		if err := out.Write(g); err != nil {
			return fmt.Errorf("%s: %w", wl.Name, err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("%s: %w", wl.Name, err)
	}
	return nil
}

// ReadCSV reads a table with a header row that names at least the columns m, n
// and k; see [CSVWriter] for the others. Columns that it does not know are named
// in a warning. All errors are reported at once as [ParseError] values.
func ReadCSV(r io.Reader, name string) (Workload, error) {
	w := Workload{Name: BaseName(name)}
	s := NewSink(name, "csv", "rows", w.Append)
	if err := StreamCSV(r, s); err != nil {
		return Workload{}, err
	}
	if len(w.Layers) == 0 && s.Faults() == 0 {
		s.Fault(0, 0, "file has no layers", "", "a header with m, n and k, and rows")
	}
	if err := s.Err(); err != nil {
		return Workload{}, err
	}
	w.Warnings = s.Account().Warnings
	return w, nil
}

// StreamCSV reads the table of [ReadCSV] into s, one row at a time: its memory
// does not grow with the number of rows. Records keep the source that the table
// states. The error is one of r or of the receiver of s; what is wrong with the
// table is a fault of s.
func StreamCSV(r io.Reader, s *Sink) error {
	guard := &guarded{r: bufio.NewReaderSize(r, 1<<16)}
	if mark, err := guard.r.Peek(3); err == nil && string(mark) == "\ufeff" {
		guard.r.Discard(3)
	}
	in := csv.NewReader(guard)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	t := csvTable{s: s}
	s.keepSource = true
	for !s.Full() {
		guard.left = maxCSVRow
		record, err := in.Read()
		if err == io.EOF {
			return nil
		}
		var pe *csv.ParseError
		switch {
		case errors.Is(err, errLongRow):
			line, _ := in.FieldPos(0)
			s.Fault(line, 0, "row is too long", "", fmt.Sprintf("at most %d bytes", maxCSVRow))
			return nil
		case errors.As(err, &pe):
			s.Fault(pe.Line, pe.Column, "bad quoting", pe.Err.Error(), "quotes only around whole fields, doubled inside")
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", s.File(), err)
		}
		t.raw.fields = t.raw.fields[:0]
		for i, text := range record {
			line, col := in.FieldPos(i)
			if i == 0 {
				t.raw.line = line
			}
			t.raw.fields = append(t.raw.fields, field{text, col})
		}
		if err := t.row(t.raw); err != nil {
			return err
		}
	}
	return nil
}

// maxCSVRow bounds the bytes of one row, so that an open quote cannot fill the
// memory.
const maxCSVRow = 1 << 20

var errLongRow = errors.New("row is too long")

// guarded refuses to give more than left bytes.
type guarded struct {
	r    *bufio.Reader
	left int
}

// Read implements io.Reader.
func (g *guarded) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errLongRow
	}
	n, err := g.r.Read(p[:min(len(p), g.left)])
	g.left -= n
	return n, err
}

// csvTable reads rows one at a time.
type csvTable struct {
	s       *Sink
	columns []*csvColumn // meaning of each field, nil where unknown
	raw     row          // reused
	cut     row
}

func (t *csvTable) row(r row) error {
	t.cut.line, t.cut.fields = r.line, t.cut.fields[:0]
	for _, f := range r.fields {
		t.cut.fields = append(t.cut.fields, field{strings.TrimSpace(f.text), f.col})
	}
	if t.cut.blank() {
		return nil
	}
	if t.columns == nil {
		t.header(t.cut)
		return nil
	}
	before := t.s.Faults()
	if len(r.fields) > len(t.columns) {
		f := r.fields[len(t.columns)]
		t.s.Fault(r.line, f.col, "row is longer than the header", f.text, fmt.Sprintf("%d fields", len(t.columns)))
	}
	g := GEMM{Op: "gemm", Batch: 1, Groups: 1, Count: 1}
	for i, c := range t.columns {
		if c != nil && (i < len(r.fields) || c.required) {
			t.field(&g, c, r, i)
		}
	}
	if t.s.Faults() != before {
		return nil
	}
	return t.s.Take(Pos{Line: r.line, Col: r.fields[0].col}, g)
}

// field stores one field of a row.
func (t *csvTable) field(g *GEMM, c *csvColumn, r row, i int) {
	switch {
	case c.text != nil:
		text := r.fields[i].text
		if !printable(text) {
			t.s.Fault(r.line, r.fields[i].col, c.name+" is not plain text", text, "UTF-8 without control characters")
			return
		}
		*c.text(g) = strings.Clone(text)
	case c.number != nil:
		if t.cut.get(i).text != "" || c.required {
			*c.number(g) = t.s.faults.positive(t.cut, i, c.name)
		}
	case r.fields[i].text != "":
		conv, err := ParseConv(r.fields[i].text)
		if err != nil {
			t.s.Fault(r.line, r.fields[i].col, "bad geometry: "+err.Error(), r.fields[i].text, "name=integer pairs")
			return
		}
		g.Conv = conv
	}
}

// header finds the columns.
func (t *csvTable) header(r row) {
	all := csvColumns()
	t.columns = make([]*csvColumn, len(r.fields))
	seen := make(map[string]bool)
	for i, f := range r.fields {
		name := strings.ToLower(f.text)
		for j := range all {
			if all[j].name != name {
				continue
			}
			if seen[name] {
				t.s.Fault(r.line, f.col, "column is named twice", f.text, "one column of that name")
			}
			seen[name] = true
			t.columns[i] = &all[j]
		}
		if t.columns[i] == nil && f.text != "" {
			t.s.Warn("column %d (%q) is not used", i+1, f.text)
		}
	}
	for _, c := range all {
		if c.required && !seen[c.name] {
			var found []string
			for _, f := range r.fields {
				found = append(found, f.text)
			}
			t.s.Fault(r.line, 1, "header has no column "+c.name, strings.Join(found, ","), "columns m, n and k")
		}
	}
}
