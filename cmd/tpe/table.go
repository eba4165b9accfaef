package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// table prints columns: text to the left, numbers (columns whose heading starts with
// '>') to the right.
type table struct{ rows [][]string }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	right := make([]bool, len(t.rows[0]))
	for i, h := range t.rows[0] {
		t.rows[0][i], right[i] = strings.CutPrefix(h, ">")
	}
	width := make([]int, len(right))
	for _, r := range t.rows {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, r := range t.rows {
		var line strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				line.WriteString("  ")
			}
			if right[i] {
				line.WriteString(pad + c)
			} else {
				line.WriteString(c + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func csvOf(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// count prints a whole number in groups of three digits.
func count(n int64) string {
	s := fmt.Sprint(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func percent(x float64) string { return fmt.Sprintf("%.1f%%", 100*x) }

// isTerminal reports whether w is a terminal, for progress.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// progress shows one live line on a terminal and nothing elsewhere.
func (e *env) progress(format string, args ...any) {
	if isTerminal(e.err) {
		fmt.Fprintf(e.err, "\r\x1b[K"+format, args...)
	}
}

func (e *env) progressDone() {
	if isTerminal(e.err) {
		fmt.Fprint(e.err, "\r\x1b[K")
	}
}
