package main

import (
	"fmt"
	"io"

	"tpe/numeric"
	"tpe/numeric/quant"
	"tpe/sim"
)

// fedTable prints what the operands were: figures, the mean numbers of non-zero digits, and the histogram as bars from the
// least value of the format to the greatest (of floats by magnitude).
func fedTable(w io.Writer, r *sim.Report) error {
	if len(r.Fed) == 0 {
		return nil
	}
	var t table
	head := []string{"operand", "format", ">words fed", ">zeros", ">min", ">mean", ">max", ">sd"}
	for _, e := range numeric.Encodings() {
		head = append(head, ">"+e.String())
	}
	t.add(append(head, "histogram")...)
	for _, f := range r.Fed {
		row := []string{f.Matrix, f.Format, count(f.Words), percent(f.Zeros), fmt.Sprintf("%.4g", f.Min), fmt.Sprintf("%.3g", f.Mean), fmt.Sprintf("%.4g", f.Max), fmt.Sprintf("%.4g", f.SD)}
		for _, e := range numeric.Encodings() {
			text := "-"
			if d, ok := f.Digits[e.String()]; ok {
				text = fmt.Sprintf("%.3f", d)
			}
			row = append(row, text)
		}
		t.add(append(row, bars(f.Bins))...)
	}
	return t.write(w)
}

// bars draws a histogram in one line; a bin with any word has a bar.
func bars(bins []quant.Bin) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	top := int64(0)
	for _, b := range bins {
		top = max(top, b.Count)
	}
	line := make([]rune, 0, len(bins))
	for _, b := range bins {
		switch {
		case b.Count == 0:
			line = append(line, ' ')
		default:
			line = append(line, levels[(b.Count*int64(len(levels))-1)/top])
		}
	}
	return "|" + string(line) + "|"
}
