package liberty

import (
	"fmt"
	"slices"
	"strings"
)

// Function is a boolean function of named variables: pins, or the state variables
// of an ff group. Operators by precedence: ! before and ' after an operand, ^, then
// * & or a blank, then + |.
type Function struct {
	Text string
	Vars []string // in the order of their first use
	code []step   // postfix
}

type step struct {
	op  byte // 'v' variable, '0', '1', '!', '^', '&', '|'
	arg uint8
}

// maxVars bounds the variables of one function.
const maxVars = 32

// ParseFunction reads a boolean function.
func ParseFunction(text string) (*Function, error) {
	p := &funcParser{src: text, f: &Function{Text: text}}
	p.or(0)
	p.blank()
	if p.err == nil && p.pos < len(p.src) {
		p.fail()
	}
	return p.f, p.err
}

type funcParser struct {
	src string
	pos int
	f   *Function
	err error
}

func (p *funcParser) fail() {
	if p.err == nil {
		p.err = fmt.Errorf("function %q: column %d (expected a boolean function of pins)", p.src, p.pos+1)
	}
}

func (p *funcParser) blank() {
	for p.pos < len(p.src) && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t') {
		p.pos++
	}
}

// peek returns the next character after blanks, 0 at the end or after an error.
func (p *funcParser) peek() byte {
	p.blank()
	if p.err != nil || p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

func (p *funcParser) emit(op byte, arg uint8) { p.f.code = append(p.f.code, step{op, arg}) }

func (p *funcParser) or(depth int) {
	p.and(depth)
	for c := p.peek(); c == '+' || c == '|'; c = p.peek() {
		p.pos++
		p.and(depth)
		p.emit('|', 0)
	}
}

func (p *funcParser) and(depth int) {
	p.xor(depth)
	for {
		c := p.peek()
		if c == '*' || c == '&' {
			p.pos++
		} else if c != '!' && c != '(' && !isName(c) {
			return
		}
		p.xor(depth)
		p.emit('&', 0)
	}
}

func (p *funcParser) xor(depth int) {
	p.unary(depth)
	for p.peek() == '^' {
		p.pos++
		p.unary(depth)
		p.emit('^', 0)
	}
}

func (p *funcParser) unary(depth int) {
	c := p.peek()
	switch {
	case depth > maxDepth:
		p.fail()
	case c == '!':
		p.pos++
		p.unary(depth + 1)
		p.emit('!', 0)
	case c == '(':
		p.pos++
		p.or(depth + 1)
		if p.peek() != ')' {
			p.fail()
			return
		}
		p.pos++
		p.post()
	case isName(c):
		p.name()
		p.post()
	default:
		p.fail()
	}
}

func (p *funcParser) post() {
	for p.peek() == '\'' {
		p.pos++
		p.emit('!', 0)
	}
}

func (p *funcParser) name() {
	start := p.pos
	for p.pos < len(p.src) && isName(p.src[p.pos]) {
		p.pos++
	}
	name := p.src[start:p.pos]
	if name == "0" || name == "1" {
		p.emit(name[0], 0)
		return
	}
	i := slices.Index(p.f.Vars, name)
	if i < 0 {
		if i = len(p.f.Vars); i == maxVars {
			p.fail()
			return
		}
		p.f.Vars = append(p.f.Vars, name)
	}
	p.emit('v', uint8(i))
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_[]<>.$", c) >= 0 && c != 0
}

// Eval computes the function for 64 assignments at once: bit k of the result belongs
// to bit k of each variable.
func (f *Function) Eval(vars []uint64) uint64 {
	var buf [2*maxDepth + 8]uint64
	stack := buf[:0]
	for _, s := range f.code {
		n := len(stack)
		switch s.op {
		case 'v':
			stack = append(stack, vars[s.arg])
		case '0':
			stack = append(stack, 0)
		case '1':
			stack = append(stack, ^uint64(0))
		case '!':
			stack[n-1] = ^stack[n-1]
		case '^':
			stack = append(stack[:n-2], stack[n-2]^stack[n-1])
		case '&':
			stack = append(stack[:n-2], stack[n-2]&stack[n-1])
		case '|':
			stack = append(stack[:n-2], stack[n-2]|stack[n-1])
		}
	}
	return stack[0]
}

// patterns are the columns of a truth table of six variables.
var patterns = [6]uint64{0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000}

// Truth returns the truth table over the given variables, at most six: bit i is the
// value where variable k is bit k of i. It repeats past 2^len(vars).
func (f *Function) Truth(vars []string) (uint64, error) {
	if len(vars) > len(patterns) {
		return 0, fmt.Errorf("function %q: %d inputs (expected at most %d)", f.Text, len(vars), len(patterns))
	}
	in := make([]uint64, len(f.Vars))
	for i, v := range f.Vars {
		k := slices.Index(vars, v)
		if k < 0 {
			return 0, fmt.Errorf("function %q: %s is not an input", f.Text, v)
		}
		in[i] = patterns[k]
	}
	return f.Eval(in), nil
}
