package vectors

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"tpe/numeric"
)

// maxLine bounds a line of input in bytes.
const maxLine = 1 << 16

// lines splits a text, gzip-compressed or plain, into lines of fields.
type lines struct {
	name string
	scan *bufio.Scanner
	n    int64 // number of the line
	text []byte
	err  error
}

func newLines(r io.Reader, name string) *lines {
	l := &lines{name: name}
	b := bufio.NewReader(r)
	r = b
	if magic, _ := b.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			l.err = fmt.Errorf("%s:1:1: not a gzip file: %w", name, err)
		}
		r = z
	}
	if l.err == nil {
		l.scan = bufio.NewScanner(r)
		l.scan.Buffer(make([]byte, 4096), maxLine)
	}
	return l
}

// next moves to the next line.
func (l *lines) next() bool {
	if l.err != nil || !l.scan.Scan() {
		if l.err == nil {
			if err := l.scan.Err(); errors.Is(err, bufio.ErrTooLong) {
				l.n++
				l.err = l.at(0, "line is too long (expected at most %d bytes)", maxLine)
			} else if err != nil {
				l.err = fmt.Errorf("%s:%d:1: reading: %w", l.name, l.n+1, err)
			}
		}
		return false
	}
	l.n++
	l.text = l.scan.Bytes()
	return true
}

// at is an error in the current line; col counts from 0.
func (l *lines) at(col int, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", l.name, l.n, col+1, fmt.Sprintf(format, args...))
}

// field is a word of a line and where it starts.
type field struct {
	col  int
	text []byte
}

// fields appends the words of the current line, separated by spaces and tabs.
func (l *lines) fields(dst []field) []field {
	start := -1
	for i, c := range l.text {
		space := c == ' ' || c == '\t' || c == '\r'
		switch {
		case !space && start < 0:
			start = i
		case space && start >= 0:
			dst = append(dst, field{start, l.text[start:i]})
			start = -1
		}
	}
	if start >= 0 {
		dst = append(dst, field{start, l.text[start:]})
	}
	return dst
}

// code reads a code of a format in hexadecimal, in either case.
func (l *lines) code(f field, format numeric.Float) (uint64, error) {
	v, ok := hex(f.text)
	if !ok || v>>format.Width() != 0 {
		return 0, l.at(f.col, "not a code of %s: %s (expected %d hexadecimal digits)", format, quote(f.text), digits(format))
	}
	return v, nil
}

// hex reads up to 16 hexadecimal digits.
func hex(text []byte) (uint64, bool) {
	if len(text) == 0 || len(text) > 16 {
		return 0, false
	}
	var v uint64
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint64(c)
	}
	return v, true
}

// quote prints a word of input, cut to a readable length.
func quote(text []byte) string {
	if len(text) > 40 {
		text = text[:40]
		for len(text) > 0 && !utf8.Valid(text) {
			text = text[:len(text)-1]
		}
		return strconv.Quote(string(text)) + "..."
	}
	return strconv.Quote(string(text))
}

func digits(f numeric.Float) int { return (f.Width() + 3) / 4 }

func hexOf(f numeric.Float, code uint64) string { return fmt.Sprintf("%0*x", digits(f), code) }
