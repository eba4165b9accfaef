package liberty

import (
	"strings"
)

// Group is one group of a Liberty file: cell (INVX1) { ... }.
type Group struct {
	Name   string
	Args   []string
	Line   int
	Attrs  []Attr
	Groups []*Group
}

// Attr is a simple attribute (area : 16;) with one value, or a complex one
// (index_1 ("1, 2");) with any number.
type Attr struct {
	Name    string
	Values  []string
	Complex bool
	Line    int
}

// maxDepth bounds the nesting of groups.
const maxDepth = 64

// Parse reads the groups of a file whose only outermost group is library. The
// error is an *[Error].
func Parse(file string, src []byte) (*Group, error) {
	p := &parser{lexer: lexer{file: file, src: string(src), line: 1, bol: true}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root := &Group{}
	if err := p.statements(root, 0); err != nil {
		return nil, err
	}
	if len(root.Groups) != 1 || root.Groups[0].Name != "library" {
		return nil, p.fail(1, "%d outermost groups (expected one, library)", len(root.Groups))
	}
	return root.Groups[0], nil
}

type parser struct {
	lexer
	tok token
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

// statements reads up to the closing brace of a group, or the end of the file at depth 0.
func (p *parser) statements(g *Group, depth int) error {
	if depth > maxDepth {
		return p.fail(p.tok.line, "groups nested deeper than %d", maxDepth)
	}
	for {
		switch p.tok.kind {
		case kindEOF:
			if depth > 0 {
				return p.fail(g.Line, "group %s without an end", g.Name)
			}
			return nil
		case '}':
			if depth == 0 {
				return p.fail(p.tok.line, "closing brace without a group")
			}
			return p.advance()
		case ';':
			if err := p.advance(); err != nil {
				return err
			}
		case kindWord, kindString:
			if err := p.statement(g, depth); err != nil {
				return err
			}
		default:
			return p.fail(p.tok.line, "unexpected %q (expected an attribute or a group)", p.tok.text)
		}
	}
}

func (p *parser) statement(g *Group, depth int) error {
	name, line := p.tok.text, p.tok.line
	if err := p.advance(); err != nil {
		return err
	}
	switch p.tok.kind {
	case ':':
		value, err := p.value()
		if err != nil {
			return err
		}
		g.Attrs = append(g.Attrs, Attr{name, []string{value}, false, line})
		return nil
	case '(':
		args, err := p.args(name, line)
		if err != nil {
			return err
		}
		if p.tok.kind != '{' {
			g.Attrs = append(g.Attrs, Attr{name, args, true, line})
			return nil
		}
		sub := &Group{Name: name, Args: args, Line: line}
		g.Groups = append(g.Groups, sub)
		if err := p.advance(); err != nil {
			return err
		}
		return p.statements(sub, depth+1)
	}
	return p.fail(line, "%s is followed by %q (expected : or a parenthesis)", name, p.tok.text)
}

// value reads what follows a colon: up to a semicolon, or the end of the line.
func (p *parser) value() (string, error) {
	if err := p.advance(); err != nil {
		return "", err
	}
	var words []string
	for first := true; ; first = false {
		end := p.tok.kind == kindEOF || p.tok.kind == '}' || p.tok.bol && !first
		if end && !first {
			return strings.Join(words, " "), nil
		}
		if end || p.tok.kind == '{' {
			return "", p.fail(p.tok.line, "attribute without a value")
		}
		if p.tok.kind == ';' {
			return strings.Join(words, " "), p.advance()
		}
		words = append(words, p.tok.text)
		if err := p.advance(); err != nil {
			return "", err
		}
	}
}

// args reads a parenthesised list; words that no comma parts are one argument each.
func (p *parser) args(name string, line int) ([]string, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	var args []string
	for p.tok.kind != ')' {
		switch p.tok.kind {
		case kindWord, kindString:
			args = append(args, p.tok.text)
		case ',', ':':
		default:
			return nil, p.fail(line, "%s (...: unexpected %q (expected a value or a closing parenthesis)", name, p.tok.text)
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return args, p.advance()
}

// Attr returns the value of a simple attribute, or "".
func (g *Group) Attr(name string) string {
	for i := range g.Attrs {
		if g.Attrs[i].Name == name && len(g.Attrs[i].Values) > 0 {
			return g.Attrs[i].Values[0]
		}
	}
	return ""
}

// find returns an attribute, or nil.
func (g *Group) find(name string) *Attr {
	for i := range g.Attrs {
		if g.Attrs[i].Name == name {
			return &g.Attrs[i]
		}
	}
	return nil
}

// Arg returns the first argument of the group, or "".
func (g *Group) Arg() string {
	if len(g.Args) == 0 {
		return ""
	}
	return g.Args[0]
}

// has tells whether a group of that name is among the sub-groups.
func (g *Group) has(name string) bool {
	for _, s := range g.Groups {
		if s.Name == name {
			return true
		}
	}
	return false
}
