package hw

import (
	"strconv"
	"strings"
)

// token is a piece of a line of the text form.
type token struct {
	kind tokenKind
	text string
	col  int // from 1, in bytes
}

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota // the end of the line
	tokenWord                    // letters, digits and _, not starting with a digit
	tokenNumber                  // digits, perhaps after a sign
	tokenString                  // a Go string in double quotes
	tokenPunct                   // one of ( ) { } [ ] , : = .
	tokenBad                     // anything else
)

func (t token) String() string {
	if t.kind == tokenEnd {
		return "the end of the line"
	}
	return strconv.Quote(shorten(t.text))
}

// shorten keeps messages readable.
func shorten(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}

func isWordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// lex cuts a line into tokens and appends the end.
func lex(line string) []token {
	var list []token
	for i := 0; i < len(line); {
		c, start := line[i], i
		kind := tokenBad
		i++
		switch {
		case c == ' ' || c == '\t' || c == '\r':
			continue
		case c == '#':
			i = len(line)
			continue
		case c >= '0' && c <= '9' || (c == '+' || c == '-') && i < len(line) && isWordByte(line[i]):
			kind = tokenNumber
			for i < len(line) && isWordByte(line[i]) {
				i++
			}
		case isWordByte(c):
			kind = tokenWord
			for i < len(line) && isWordByte(line[i]) {
				i++
			}
		case c == '"':
			for i < len(line) && line[i] != '"' {
				if line[i] == '\\' {
					i++
				}
				i++
			}
			if i < len(line) {
				kind = tokenString
				i++
			}
			i = min(i, len(line))
		case strings.IndexByte("(){}[],:=.", c) >= 0:
			kind = tokenPunct
		}
		list = append(list, token{kind, line[start:i], start + 1})
	}
	return append(list, token{tokenEnd, "", len(line) + 1})
}

// cursor reads the tokens of a line. After the first error it returns nothing
// more, so that a line reports one error.
type cursor struct {
	p      *parser
	line   int
	toks   []token
	at     int
	failed bool
}

// failAt records an error at a token, unless the line has one.
func (c *cursor) failAt(t token, format string, args ...any) {
	if !c.failed {
		c.failed = true
		c.p.fail(c.line, t.col, format, args...)
	}
}

func (c *cursor) peek() token { return c.toks[c.at] }

func (c *cursor) next() token {
	t := c.toks[c.at]
	if t.kind != tokenEnd {
		c.at++
	}
	return t
}

// accept takes the token if it has the text.
func (c *cursor) accept(text string) bool {
	if c.failed || c.peek().text != text || c.peek().kind == tokenString {
		return false
	}
	c.next()
	return true
}

// expect takes a token that must have the text.
func (c *cursor) expect(text string) bool {
	if c.accept(text) {
		return true
	}
	c.failAt(c.peek(), "unexpected %s (expected %q)", c.peek(), text)
	return false
}

// word takes a name; what says which.
func (c *cursor) word(what string) token {
	t := c.next()
	if t.kind != tokenWord {
		c.failAt(t, "unexpected %s (expected %s)", t, what)
	}
	return t
}

// name takes a name that must be an identifier.
func (c *cursor) name(what string) token {
	t := c.word(what)
	if !c.failed && !identifier.MatchString(t.text) {
		c.failAt(t, "%s is not an identifier: %s (expected a letter, then letters, digits and _)", what, t)
	}
	return t
}

// bits takes an unsigned number.
func (c *cursor) bits(what string) uint64 {
	t := c.next()
	v, err := strconv.ParseUint(t.text, 0, 64)
	if t.kind != tokenNumber || err != nil {
		c.failAt(t, "unexpected %s (expected %s, 0 to 0xffffffffffffffff)", t, what)
		return 0
	}
	return v
}

// number takes a number between lo and hi.
func (c *cursor) number(what string, lo, hi int) int {
	t := c.next()
	v, err := strconv.ParseInt(t.text, 0, 64)
	if t.kind != tokenNumber || err != nil || v < int64(lo) || v > int64(hi) {
		c.failAt(t, "unexpected %s (expected %s, %d to %d)", t, what, lo, hi)
		return lo
	}
	return int(v)
}

// end takes the end of the line.
func (c *cursor) end() {
	if t := c.peek(); t.kind != tokenEnd {
		c.failAt(t, "unexpected %s (expected the end of the line)", t)
	}
}
