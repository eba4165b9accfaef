package liberty

import (
	"fmt"
	"strings"
)

// kind of a token; punctuation has its own character as kind.
type kind byte

const (
	kindEOF    kind = 0
	kindWord   kind = 'w'
	kindString kind = 's'
)

type token struct {
	kind kind
	text string
	line int
	bol  bool // first of its line, and the line before was not continued
}

// lexer cuts a text into tokens.
type lexer struct {
	file string
	src  string
	pos  int
	line int
	bol  bool
}

// Error is a fault of a Liberty file.
type Error struct {
	File string
	Line int // from 1
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

func (l *lexer) fail(line int, format string, args ...any) error {
	return &Error{l.file, line, fmt.Sprintf(format, args...)}
}

// skip passes blanks, comments and continued line ends.
func (l *lexer) skip() error {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '\n':
			l.line++
			l.bol = true
			l.pos++
		case c == ' ' || c == '\t' || c == '\r':
			l.pos++
		case c == '\\' && isContinued(l.src[l.pos+1:]):
			l.pos += 1 + strings.IndexByte(l.src[l.pos+1:], '\n') + 1
			l.line++
		case strings.HasPrefix(l.src[l.pos:], "//"):
			if end := strings.IndexByte(l.src[l.pos:], '\n'); end >= 0 {
				l.pos += end
			} else {
				l.pos = len(l.src)
			}
		case strings.HasPrefix(l.src[l.pos:], "/*"):
			end := strings.Index(l.src[l.pos+2:], "*/")
			if end < 0 {
				return l.fail(l.line, "comment without an end")
			}
			body := l.src[l.pos : l.pos+2+end+2]
			l.line += strings.Count(body, "\n")
			l.pos += len(body)
		default:
			return nil
		}
	}
	return nil
}

// isContinued tells whether a backslash followed by rest ends its line.
func isContinued(rest string) bool {
	for i := range len(rest) {
		switch rest[i] {
		case '\n':
			return true
		case ' ', '\t', '\r':
		default:
			return false
		}
	}
	return false
}

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	t := token{line: l.line, bol: l.bol}
	l.bol = false
	if l.pos == len(l.src) {
		return t, nil
	}
	switch c := l.src[l.pos]; c {
	case '(', ')', '{', '}', ':', ';', ',':
		l.pos++
		t.kind, t.text = kind(c), string(c)
		return t, nil
	case '"':
		return l.quoted(t)
	}
	start := l.pos
	for l.pos < len(l.src) && !strings.ContainsRune(" \t\r\n(){}:;,\"\\", rune(l.src[l.pos])) {
		l.pos++
	}
	if l.pos == start {
		return t, l.fail(t.line, "unexpected character %q", l.src[l.pos])
	}
	t.kind, t.text = kindWord, l.src[start:l.pos]
	return t, nil
}

// quoted reads a string; line ends in it (with or without a backslash) are dropped.
func (l *lexer) quoted(t token) (token, error) {
	start := l.pos + 1
	for i := start; i < len(l.src); i++ {
		switch l.src[i] {
		case '\n':
			l.line++
		case '\\':
			if i+1 < len(l.src) && l.src[i+1] == '"' {
				i++
			}
		case '"':
			t.kind, t.text = kindString, l.src[start:i]
			if strings.ContainsAny(t.text, "\\\n") {
				t.text = strings.NewReplacer("\\\r\n", "", "\\\n", "", "\n", "", `\"`, `"`).Replace(t.text)
			}
			l.pos = i + 1
			return t, nil
		}
	}
	return t, l.fail(t.line, "string without an end")
}
