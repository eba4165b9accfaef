package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"tpe/numeric"
	"tpe/numeric/quant"
	"tpe/workloads"
	"tpe/workloads/tensorfile"
)

// tensorsCmd lists the tensors of a file, or the statistics of their codes.
type tensorsCmd struct {
	File   string `arg:"" help:"safetensors, GGUF, .npy, TensorFlow Lite, llama2.c, or raw words (docs/tensors.md)."`
	Match  string `placeholder:"PATTERN" default:"*" help:"Only tensors whose name matches; * stands for anything."`
	Stats  bool   `help:"Figures and mean numbers of non-zero digits of the codes, for each tensor and for all."`
	Quant  string `default:"token" placeholder:"Q" help:"How numbers become codes: a quantiser of --data; token is a scale for each row (of weights [out][in], each output channel). Integers stay as they are."`
	Format string `default:"int8" placeholder:"F" help:"Format of these codes."`
	outputFlags
}

// tensorRow is a tensor in the JSON of tpe tensors.
type tensorRow struct {
	Name   string             `json:"name"`
	Type   string             `json:"type"`
	Shape  []int64            `json:"shape"`
	Offset int64              `json:"offset"`
	Bytes  int64              `json:"bytes"`
	Format string             `json:"format,omitempty"` // of the codes
	Stats  *quant.Summary     `json:"stats,omitempty"`
	Digits map[string]float64 `json:"digits,omitempty"`
}

// tensorsReport is the JSON of tpe tensors.
type tensorsReport struct {
	File    string         `json:"file"`
	Format  string         `json:"format"`
	Meta    map[string]any `json:"meta,omitempty"`
	Tensors []tensorRow    `json:"tensors"`
	Total   *tensorRow     `json:"total,omitempty"` // of all with statistics, if their formats are one
	Left    []string       `json:"left_out,omitempty"`
}

// leftSeparator stands between the name of a tensor that is left out and the reason.
const leftSeparator = ": "

// Run implements the command.
func (c *tensorsCmd) Run(e *env) error {
	format, err := numeric.ParseFormat(c.Format)
	if err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	pattern, err := regexp.Compile("^" + strings.ReplaceAll(regexp.QuoteMeta(c.Match), `\*`, ".*") + "$")
	if err != nil {
		return fmt.Errorf("--match: %q: %w", c.Match, err)
	}
	f, err := tensorfile.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &tensorsReport{File: c.File, Format: f.Format, Meta: f.Meta}
	var all *quant.Histogram
	same := true
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if !pattern.MatchString(t.Name) {
			continue
		}
		row := tensorRow{Name: t.Name, Type: string(t.Type), Shape: t.Shape, Offset: t.Offset, Bytes: t.Bytes}
		if c.Stats {
			h, why, err := c.histogram(t, format)
			if err != nil {
				return err
			}
			if why != "" {
				r.Left = append(r.Left, t.Name+leftSeparator+why)
				continue
			}
			row.of(h)
			if all == nil {
				all = quant.NewHistogram(h.Format)
			}
			if same = same && all.Format == h.Format; same {
				all.Merge(h)
			}
		}
		r.Tensors = append(r.Tensors, row)
		if err := e.ctx.Err(); err != nil {
			return err
		}
	}
	if len(r.Tensors)+len(r.Left) == 0 {
		return fmt.Errorf("--match: no tensor of %s matches: %q (it has %d)", c.File, c.Match, len(f.Tensors))
	}
	if all != nil && same && len(r.Tensors) > 1 {
		r.Total = &tensorRow{Name: "all"}
		r.Total.of(all)
	}
	return c.emit(e, r, r.rows, func(w io.Writer) error { return r.table(w) })
}

// histogram counts the codes of a tensor; why says that it has none.
func (c *tensorsCmd) histogram(t *tensorfile.Tensor, format numeric.Format) (h *quant.Histogram, why string, err error) {
	d := workloads.Data{Kind: workloads.DataFile, Path: c.File + "#" + t.Name, Quant: c.Quant}
	op := workloads.Operand{Matrix: 'A', Rows: 1, Cols: int(t.Elems())}
	switch {
	case !t.Type.Known():
		return nil, fmt.Sprintf("type %s, which cannot be read", t.Type), nil
	case t.Elems() == 0 || t.Bytes == 0:
		return nil, "no words in the file", nil
	case t.Type.Integer():
		bits := map[tensorfile.Type]numeric.Int{"i8": {Bits: 8, Signed: true}, "u8": {Bits: 8}, "i16": {Bits: 16, Signed: true}, "u16": {Bits: 16}}
		n, ok := bits[t.Type]
		if !ok {
			return nil, fmt.Sprintf("integers of type %s (expected at most 16 bits)", t.Type), nil
		}
		d.Quant, format = "", n
	case len(t.Shape) > 1:
		op.Cols = int(t.Shape[len(t.Shape)-1])
		op.Rows = int(t.Elems()) / op.Cols
	}
	// The quantiser is checked where --data checks it.
	if d.Quant != "" {
		if _, err := workloads.ParseData("uniform:1@" + d.Quant); err != nil {
			return nil, "", fmt.Errorf("--quant: %w", err)
		}
	}
	switch format.(type) {
	case numeric.Int, numeric.Float:
	default:
		return nil, "", fmt.Errorf("--format: %s (expected an integer or a float format)", format)
	}
	g, err := workloads.NewGenerator(d, workloads.FormatOf(format), 0)
	if err == nil {
		err = g.Prepare(op)
	}
	if err != nil {
		return nil, "", fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	h = quant.NewHistogram(format)
	row, codes := make([]int64, op.Cols), make([]int32, op.Cols)
	for i := range op.Rows {
		g.FillRow(row, op, int64(i)*int64(op.Cols))
		for j, v := range row {
			codes[j] = int32(v)
		}
		h.Add(codes)
	}
	return h, "", nil
}

// of fills in what a histogram says.
func (r *tensorRow) of(h *quant.Histogram) {
	s := h.Summary()
	r.Format, r.Stats = h.Format.String(), &s
	if _, ok := h.Format.(numeric.Int); ok {
		r.Digits = map[string]float64{}
		for _, e := range numeric.Encodings() {
			r.Digits[e.String()] = h.Digits(e)
		}
	}
}

func (r *tensorsReport) rows() [][]string {
	head := []string{"name", "type", "shape", "bytes"}
	stats := len(r.Tensors) > 0 && r.Tensors[0].Stats != nil
	if stats {
		head = append(head, "format", "words", "zeros", "mean", "sd", "min", "max", "kurtosis")
		for _, e := range numeric.Encodings() {
			head = append(head, e.String())
		}
	}
	rows := [][]string{head}
	list := r.Tensors
	if r.Total != nil {
		list = append(list[:len(list):len(list)], *r.Total)
	}
	for _, t := range list {
		row := []string{t.Name, t.Type, strings.ReplaceAll(strings.Trim(fmt.Sprint(t.Shape), "[]"), " ", "x"), fmt.Sprint(t.Bytes)}
		if stats {
			s := t.Stats
			row = append(row, t.Format, fmt.Sprint(s.Words), fmt.Sprintf("%.4f", s.Zeros), fmt.Sprintf("%.4g", s.Mean), fmt.Sprintf("%.4g", s.SD),
				fmt.Sprintf("%g", s.Min), fmt.Sprintf("%g", s.Max), fmt.Sprintf("%.3g", s.Kurtosis))
			for _, e := range numeric.Encodings() {
				text := ""
				if d, ok := t.Digits[e.String()]; ok {
					text = fmt.Sprintf("%.3f", d)
				}
				row = append(row, text)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *tensorsReport) table(w io.Writer) error {
	fmt.Fprintf(w, "%s: %s, %d tensors\n", r.File, r.Format, len(r.Tensors))
	rows := r.rows()
	for i := 3; i < len(rows[0]); i++ {
		if rows[0][i] != "format" {
			rows[0][i] = ">" + rows[0][i]
		}
	}
	if err := (&table{rows}).write(w); err != nil {
		return err
	}
	counts := map[string]int{}
	var reasons []string
	for _, l := range r.Left {
		_, why, _ := strings.Cut(l, leftSeparator)
		if counts[why]++; counts[why] == 1 {
			reasons = append(reasons, why)
		}
	}
	for _, why := range reasons {
		fmt.Fprintf(w, "left out: %d with %s\n", counts[why], why)
	}
	return nil
}
