package torchtrace

import (
	"strconv"
	"strings"
)

// literal is a value as traces write it, in JSON or as Python prints it: a list,
// or a word (a number, text, name or None).
type literal struct {
	list   []literal
	word   string
	isList bool
}

// Bounds of a literal.
const (
	maxLiteralDepth = 16
	maxLiteralItems = 1 << 16
)

// parseLiteral reads one value; ok is false if the text is none.
func parseLiteral(text string) (literal, bool) {
	p := literalParser{text: text}
	v := p.value(0)
	p.space()
	return v, !p.bad && p.at == len(p.text)
}

type literalParser struct {
	text  string
	at    int
	items int
	bad   bool
}

func (p *literalParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *literalParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *literalParser) value(depth int) literal {
	p.space()
	if p.items++; p.items > maxLiteralItems || depth > maxLiteralDepth {
		p.bad = true
		return literal{}
	}
	switch c := p.peek(); c {
	case '[', '(':
		p.at++
		return p.rest(c, depth)
	case '"', '\'':
		return literal{word: p.quoted(c)}
	}
	begin := p.at
	for p.at < len(p.text) && strings.IndexByte(",])", p.text[p.at]) < 0 {
		p.at++
	}
	return literal{word: strings.TrimSpace(p.text[begin:p.at])}
}

// rest reads the rest of a list.
func (p *literalParser) rest(open byte, depth int) literal {
	end := byte(']')
	if open == '(' {
		end = ')'
	}
	v := literal{isList: true}
	for p.space(); p.peek() != end; p.space() {
		if p.bad || p.at >= len(p.text) {
			p.bad = true
			return v
		}
		v.list = append(v.list, p.value(depth+1))
		p.space()
		if p.peek() == ',' {
			p.at++
		} else if p.peek() != end {
			p.bad = true
			return v
		}
	}
	p.at++
	return v
}

func (p *literalParser) quoted(quote byte) string {
	begin := p.at
	p.at++
	for p.at < len(p.text) && p.text[p.at] != quote {
		if p.text[p.at] == '\\' {
			p.at++
		}
		p.at++
	}
	if p.at >= len(p.text) {
		p.bad, p.at = true, len(p.text)
		return ""
	}
	p.at++
	raw := p.text[begin:p.at]
	if text, err := strconv.Unquote(raw); err == nil && quote == '"' {
		return text
	}
	return raw[1 : len(raw)-1]
}

// ints returns a list of integers.
func (v literal) ints() ([]int, bool) {
	if !v.isList {
		return nil, false
	}
	list := make([]int, len(v.list))
	for i, x := range v.list {
		n, err := strconv.Atoi(x.word)
		if err != nil || x.isList {
			return nil, false
		}
		list[i] = n
	}
	return list, true
}
