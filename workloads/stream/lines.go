package stream

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"tpe/workloads"
)

// maxLine bounds the bytes of one line.
const maxLine = 1 << 20

// Lines reads a text line by line. Line ends are LF or CRLF; a byte-order mark
// before the first line is dropped.
type Lines struct {
	r    *bufio.Reader
	line int
	buf  []byte
}

// NewLines returns a reader of r.
func NewLines(r io.Reader) *Lines { return &Lines{r: bufio.NewReaderSize(r, 64<<10)} }

// Next returns the next line without its end and its number, counted from 1; the
// text is valid until the next call. At the end the error is io.EOF.
func (l *Lines) Next() (string, int, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case err == bufio.ErrBufferFull && len(l.buf) <= maxLine:
			continue
		case err == bufio.ErrBufferFull:
			return "", l.line + 1, &Error{Pos: workloads.Pos{Line: l.line + 1}, What: "line is too long", Want: fmt.Sprintf("at most %d bytes", maxLine)}
		case err == io.EOF && len(l.buf) == 0:
			return "", l.line, io.EOF
		case err != nil && err != io.EOF:
			return "", l.line + 1, err
		}
		l.line++
		text := bytes.TrimSuffix(bytes.TrimSuffix(l.buf, []byte("\n")), []byte("\r"))
		if l.line == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		}
		return string(text), l.line, nil
	}
}
