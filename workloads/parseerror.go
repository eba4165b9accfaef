package workloads

import (
	"errors"
	"fmt"
)

// ParseError is one problem in an input file. Line and Col count from 1; Col is
// in bytes; a zero Line or Col is left out of the text. In files without lines
// Where says where instead, such as "byte 132" or "node conv1".
type ParseError struct {
	File  string
	Line  int
	Col   int
	Where string
	// What says what is wrong, Value is the offending text and Want what was
	// expected in its place.
	What, Value, Want string
}

// Error returns "file:line:col: what is wrong: the value (what was expected)",
// or "file: where: ...".
func (e *ParseError) Error() string {
	pos := e.File
	if e.Line > 0 {
		pos += fmt.Sprintf(":%d", e.Line)
		if e.Col > 0 {
			pos += fmt.Sprintf(":%d", e.Col)
		}
	}
	if e.Where != "" {
		pos += ": " + e.Where
	}
	return fmt.Sprintf("%s: %s: %q (expected %s)", pos, e.What, e.Value, e.Want)
}

// maxErrors bounds how many problems one reader reports.
const maxErrors = 100

// problems collects what is wrong with one file.
type problems struct {
	file string
	errs []error
	more int
}

func (p *problems) add(line, col int, what, value, want string) {
	p.addAt(Pos{Line: line, Col: col}, what, value, want)
}

func (p *problems) addAt(pos Pos, what, value, want string) {
	if len(p.errs) >= maxErrors {
		p.more++
		return
	}
	if len(value) > 80 {
		value = value[:77] + "..."
	}
	p.errs = append(p.errs, &ParseError{File: p.file, Line: pos.Line, Col: pos.Col, Where: plain(pos.Where), What: what, Value: value, Want: want})
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.errs[:len(p.errs):len(p.errs)], fmt.Errorf("%s: %d more errors not shown", p.file, p.more))...)
	}
	return errors.Join(p.errs...)
}
