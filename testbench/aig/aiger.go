package aig

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxVars bounds what a header may ask for: the inputs of a binary file take no
// bytes of it.
const maxVars = 1 << 22

// Read parses an AIGER file, ASCII ("aag") or binary ("aig"), of version 1.9 without
// properties. Inputs, latches and outputs without a symbol are called i0, l0, o0
// and so on.
func Read(text []byte) (*Graph, error) {
	p := &parser{text: text}
	g, err := p.graph()
	if err != nil {
		return nil, fmt.Errorf("aiger: line %d: %w", p.line, err)
	}
	return g, nil
}

type parser struct {
	text []byte
	at   int
	line int    // of what is being read, from 1
	m    [5]int // maxvar, inputs, latches, outputs, ands
}

// next returns the next line.
func (p *parser) next() (string, error) {
	p.line++
	if p.at >= len(p.text) {
		return "", io.ErrUnexpectedEOF
	}
	rest := p.text[p.at:]
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		end = len(rest) - 1
		p.at = len(p.text)
		return string(rest[:end+1]), nil
	}
	p.at += end + 1
	return string(rest[:end]), nil
}

// numbers reads a line of numbers, at least least and at most most.
func (p *parser) numbers(least, most int) ([]int, error) {
	line, err := p.next()
	if err != nil {
		return nil, err
	}
	list, err := parseNumbers(strings.Fields(line), 2*p.m[0]+1)
	if err == nil && (len(list) < least || len(list) > most) {
		err = fmt.Errorf("%d numbers: %q (expected %d to %d)", len(list), line, least, most)
	}
	return list, err
}

func parseNumbers(words []string, most int) ([]int, error) {
	list := make([]int, len(words))
	for i, w := range words {
		v, err := strconv.ParseUint(w, 10, 32)
		if err != nil || v > uint64(most) {
			return nil, fmt.Errorf("number %q (expected 0 to %d)", w, most)
		}
		list[i] = int(v)
	}
	return list, nil
}

func (p *parser) graph() (*Graph, error) {
	head, err := p.next()
	if err != nil {
		return nil, err
	}
	words := strings.Fields(head)
	if len(words) < 6 || len(words) > 10 || (words[0] != "aag" && words[0] != "aig") {
		return nil, fmt.Errorf("header %.80q (expected aag or aig and five numbers)", head)
	}
	h, err := parseNumbers(words[1:], maxVars)
	if err != nil {
		return nil, err
	}
	for _, n := range h[5:] {
		if n != 0 {
			return nil, fmt.Errorf("header %q: properties are not supported", head)
		}
	}
	copy(p.m[:], h)
	if sum := h[1] + h[2] + h[4]; sum > h[0] || (words[0] == "aig" && sum != h[0]) {
		return nil, fmt.Errorf("header %q: %d variables for %d inputs, latches and ands", head, h[0], sum)
	}
	least := len(p.text) // every latch, output and and takes at least two bytes
	if 2*(h[2]+h[3]+h[4]) > least {
		return nil, fmt.Errorf("header %q promises more than %d bytes hold", head, least)
	}
	g := &Graph{}
	if words[0] == "aag" {
		err = p.ascii(g)
	} else {
		err = p.binary(g)
	}
	if err != nil {
		return nil, err
	}
	return g, p.symbols(g)
}

// place checks a latch's line and adds it; init follows AIGER 1.9.
func (p *parser) place(g *Graph, own int, n []int) error {
	l := Latch{Name: "l" + strconv.Itoa(len(g.Latches)), Next: Lit(n[0])}
	if len(n) > 1 {
		if n[1] > 1 && n[1] != own {
			return fmt.Errorf("initial value %d (expected 0, 1 or %d)", n[1], own)
		}
		l.Init = Lit(n[1])
	}
	g.Latches = append(g.Latches, l)
	return nil
}

func (p *parser) outputs(g *Graph) error {
	for i := range p.m[3] {
		n, err := p.numbers(1, 1)
		if err != nil {
			return err
		}
		g.Outputs = append(g.Outputs, Output{"o" + strconv.Itoa(i), Lit(n[0])})
	}
	return nil
}

func (p *parser) binary(g *Graph) error {
	for i := range p.m[1] {
		g.Inputs = append(g.Inputs, "i"+strconv.Itoa(i))
	}
	for i := range p.m[2] {
		n, err := p.numbers(1, 2)
		if err != nil {
			return err
		}
		if err := p.place(g, 2*(1+p.m[1]+i), n); err != nil {
			return err
		}
	}
	if err := p.outputs(g); err != nil {
		return err
	}
	p.line++
	for i := range p.m[4] {
		lhs := uint64(2 * (1 + p.m[1] + p.m[2] + i))
		d0, err0 := p.delta()
		d1, err1 := p.delta()
		if err := errors.Join(err0, err1); err != nil {
			return fmt.Errorf("and %d: %w", i, err)
		}
		if d0 == 0 || d0 > lhs || d1 > lhs-d0 {
			return fmt.Errorf("and %d: differences %d and %d at literal %d", i, d0, d1, lhs)
		}
		g.Ands = append(g.Ands, [2]Lit{Lit(lhs - d0), Lit(lhs - d0 - d1)})
	}
	return nil
}

// delta reads a number of 7 bits a byte, low bits first.
func (p *parser) delta() (uint64, error) {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		if p.at >= len(p.text) {
			return 0, io.ErrUnexpectedEOF
		}
		c := p.text[p.at]
		p.at++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, nil
		}
	}
	return 0, errors.New("number of more than 5 bytes")
}

// ascii reads the text form, whose variables may come in any order, and renumbers.
func (p *parser) ascii(g *Graph) error {
	const none = ^Lit(0)
	moved := make([]Lit, p.m[0]+1) // old variable to new literal
	for i := range moved {
		moved[i] = none
	}
	moved[0] = False
	define := func(lit int, to Lit) error {
		if lit < 2 || lit&1 == 1 {
			return fmt.Errorf("defines literal %d (expected an even one from 2)", lit)
		}
		if moved[lit/2] != none {
			return fmt.Errorf("defines literal %d twice", lit)
		}
		moved[lit/2] = to
		return nil
	}
	for i := range p.m[1] {
		n, err := p.numbers(1, 1)
		if err != nil {
			return err
		}
		if err := define(n[0], Lit(2*(1+i))); err != nil {
			return err
		}
		g.Inputs = append(g.Inputs, "i"+strconv.Itoa(i))
	}
	for i := range p.m[2] {
		n, err := p.numbers(2, 3)
		if err != nil {
			return err
		}
		own := Lit(2 * (1 + p.m[1] + i))
		if err := errors.Join(define(n[0], own), p.place(g, n[0], n[1:])); err != nil {
			return err
		}
		if l := &g.Latches[i]; l.Init > True {
			l.Init = own
		}
	}
	if err := p.outputs(g); err != nil {
		return err
	}
	old := make(map[int][2]int, p.m[4])
	var order []int
	for range p.m[4] {
		n, err := p.numbers(3, 3)
		if err != nil {
			return err
		}
		if err := define(n[0], none-1); err != nil { // known, not yet numbered
			return err
		}
		old[n[0]/2] = [2]int{n[1], n[2]}
		order = append(order, n[0]/2)
	}
	if err := number(g, moved, old, order, none); err != nil {
		return err
	}
	at := func(l Lit) (Lit, error) {
		if moved[l.node()] >= none-1 {
			return 0, fmt.Errorf("literal %d is not defined", l)
		}
		return moved[l.node()] ^ l&1, nil
	}
	var err error
	for i := range g.Latches {
		if g.Latches[i].Next, err = at(g.Latches[i].Next); err != nil {
			return err
		}
	}
	for i := range g.Outputs {
		if g.Outputs[i].Lit, err = at(g.Outputs[i].Lit); err != nil {
			return err
		}
	}
	return nil
}

// number adds the ands in an order in which operands come first.
func number(g *Graph, moved []Lit, old map[int][2]int, order []int, none Lit) error {
	const waiting, open = 1, 2
	state := map[int]int{}
	for _, root := range order {
		stack := []int{root}
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			if moved[v] < none-1 {
				stack = stack[:len(stack)-1]
				continue
			}
			args, ok := old[v]
			if !ok {
				return fmt.Errorf("literal %d is not defined", 2*v)
			}
			ready := true
			for _, a := range args {
				if moved[a/2] >= none-1 {
					if state[a/2] == open {
						return fmt.Errorf("literal %d depends on itself", a&^1)
					}
					stack, ready = append(stack, a/2), false
				}
			}
			state[v] = open
			if !ready {
				continue
			}
			x, y := moved[args[0]/2]^Lit(args[0]&1), moved[args[1]/2]^Lit(args[1]&1)
			g.Ands = append(g.Ands, [2]Lit{max(x, y), min(x, y)})
			moved[v] = g.and(len(g.Ands) - 1)
			state[v] = waiting
			stack = stack[:len(stack)-1]
		}
	}
	return nil
}

func (p *parser) symbols(g *Graph) error {
	for p.at < len(p.text) {
		line, err := p.next()
		if err != nil {
			return err
		}
		if line == "c" || line == "" {
			return nil
		}
		key, name, found := strings.Cut(line, " ")
		at, err := strconv.ParseUint(key[min(1, len(key)):], 10, 32)
		if !found || err != nil || name == "" {
			return fmt.Errorf("symbol %.80q (expected i, l or o, a number and a name)", line)
		}
		k := int(at)
		switch {
		case key[0] == 'i' && k < len(g.Inputs):
			g.Inputs[k] = name
		case key[0] == 'l' && k < len(g.Latches):
			g.Latches[k].Name = name
		case key[0] == 'o' && k < len(g.Outputs):
			g.Outputs[k].Name = name
		default:
			return fmt.Errorf("symbol %.80q names nothing", line)
		}
	}
	return nil
}

// Write prints the graph as a binary AIGER file with symbols.
func (g *Graph) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "aig %d %d %d %d %d\n", g.Vars()-1, len(g.Inputs), len(g.Latches), len(g.Outputs), len(g.Ands))
	for _, l := range g.Latches {
		fmt.Fprintf(b, "%d %d\n", l.Next, l.Init)
	}
	for _, o := range g.Outputs {
		fmt.Fprintf(b, "%d\n", o.Lit)
	}
	delta := func(v Lit) {
		for ; v >= 0x80; v >>= 7 {
			b.WriteByte(byte(v) | 0x80)
		}
		b.WriteByte(byte(v))
	}
	for i, a := range g.Ands {
		x, y := max(a[0], a[1]), min(a[0], a[1])
		delta(g.and(i) - x)
		delta(x - y)
	}
	for i, name := range g.Inputs {
		fmt.Fprintf(b, "i%d %s\n", i, name)
	}
	for i, l := range g.Latches {
		fmt.Fprintf(b, "l%d %s\n", i, l.Name)
	}
	for i, o := range g.Outputs {
		fmt.Fprintf(b, "o%d %s\n", i, o.Name)
	}
	return b.Flush()
}
