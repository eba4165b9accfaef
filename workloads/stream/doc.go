// Package stream reads lines, JSON and protocol buffers piece by piece, in memory
// that does not grow with the file, and says where in the file a piece stands.
// The importers of workloads stand on it.
//
// What is wrong with a file comes as an [Error], with its place; [Report] hands
// it to a sink. Other errors are those of the reader below.
package stream

import (
	"errors"
	"io"

	"tpe/workloads"
)

// Error is one problem of a file.
type Error struct {
	Pos               workloads.Pos
	What, Value, Want string
}

// Error returns the problem without the name of the file.
func (e *Error) Error() string {
	return (&workloads.ParseError{File: "input", Line: e.Pos.Line, Col: e.Pos.Col, Where: e.Pos.Where, What: e.What, Value: e.Value, Want: e.Want}).Error()
}

// Report makes a fault of the sink out of an [Error] and returns every other
// error, nil included, as it is.
func Report(s *workloads.Sink, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	s.FaultAt(e.Pos, e.What, e.Value, e.Want)
	return nil
}

// errLong says that one piece of the input is larger than a reader accepts.
var errLong = errors.New("piece of the input is too long")

// counted counts the bytes read and where lines begin, and refuses to read more
// than a limit past a mark, so that one piece cannot fill the memory.
type counted struct {
	r      io.Reader
	off    int64   // bytes read
	mark   int64   // bytes that are done with
	limit  int64   // most bytes past the mark
	base   int     // lines that begin at or before the mark
	first  int64   // where the last of them begins
	starts []int64 // where further lines begin; those before head are forgotten
	head   int
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	room := c.mark + c.limit - c.off
	if room <= 0 {
		return 0, errLong
	}
	n, err := c.r.Read(p[:min(int64(len(p)), room)])
	for i, b := range p[:n] {
		if b == '\n' {
			c.starts = append(c.starts, c.off+int64(i)+1)
		}
	}
	c.off += int64(n)
	return n, err
}

// forget moves the mark.
func (c *counted) forget(off int64) {
	c.mark = off
	for c.head < len(c.starts) && c.starts[c.head] <= off {
		c.first = c.starts[c.head]
		c.base++
		c.head++
	}
	if c.head > 1024 && c.head > len(c.starts)/2 {
		c.starts = append(c.starts[:0], c.starts[c.head:]...)
		c.head = 0
	}
}

// pos returns line and column of an offset at or behind the mark.
func (c *counted) pos(off int64) workloads.Pos {
	line, first := c.base, c.first
	for _, s := range c.starts[c.head:] {
		if s > off {
			break
		}
		line, first = line+1, s
	}
	return workloads.Pos{Line: line + 1, Col: int(off-first) + 1}
}
