package maptool

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"tpe/workloads"
)

// ReadMAESTRO reads MAESTRO networks: layers of the types CONV, DSCONV (depthwise),
// TRCONV (transposed) and GEMM, in sizes that may be constants of the file. X and Y
// are input sizes, and there is no padding: a network written without its padding
// has fewer outputs than the original. Dataflow blocks are passed over.
func ReadMAESTRO(r io.Reader, _ workloads.ImportOptions, s *workloads.Sink) error {
	text, err := readText(r, s)
	if err != nil || text == "" {
		return err
	}
	m := maestro{s: s, tokens: tokens(text), constants: map[string]int{}}
	for m.at < len(m.tokens) && s.Faults() == 0 {
		switch t := m.next(); t.text {
		case "Constant":
			name, value := m.next(), m.next()
			v, ok := size(value.text)
			if !ok {
				m.fault(value, "value of a constant is out of range", "an integer of 1 to 2147483647")
				break
			}
			m.constants[name.text] = v
		case "Network", "NETWORK":
			if err := m.network(); err != nil {
				return err
			}
		case "Accelerator", "Configuration":
			m.next()
			m.pass()
		}
	}
	return nil
}

// token is a word, a number or a sign, with its place.
type token struct {
	text      string
	line, col int
}

// tokens splits a text; comments begin with // and end with the line.
func tokens(text string) []token {
	var list []token
	line := 0
	for row := range strings.Lines(text) {
		line++
		row, _, _ = strings.Cut(row, "//")
		for i := 0; i < len(row); {
			c := rune(row[i])
			j := i + 1
			switch {
			case unicode.IsSpace(c) || c == ':' || c == ',' || c == ';':
				i++
				continue
			case word(row[i]):
				for j < len(row) && word(row[j]) {
					j++
				}
			}
			list = append(list, token{row[i:j], line, i + 1})
			i = j
		}
	}
	return list
}

func word(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

type maestro struct {
	s         *workloads.Sink
	tokens    []token
	at        int
	constants map[string]int
}

func (m *maestro) next() token {
	if m.at < len(m.tokens) {
		m.at++
		return m.tokens[m.at-1]
	}
	last := token{line: 1, col: 1}
	if n := len(m.tokens); n > 0 {
		last = token{line: m.tokens[n-1].line, col: m.tokens[n-1].col + len(m.tokens[n-1].text)}
	}
	return last
}

func (m *maestro) fault(t token, what, want string) {
	m.s.Fault(t.line, t.col, what, t.text, want)
}

// open reads the brace that begins a block.
func (m *maestro) open() bool {
	t := m.next()
	if t.text != "{" {
		m.fault(t, "block does not begin", "{")
	}
	return t.text == "{"
}

// pass skips a block, or what stands before one.
func (m *maestro) pass() {
	depth := 0
	for m.at < len(m.tokens) {
		switch m.next().text {
		case "{":
			depth++
		case "}":
			if depth--; depth <= 0 {
				return
			}
		}
	}
}

func (m *maestro) network() error {
	m.next() // its name
	if !m.open() {
		return nil
	}
	for m.s.Faults() == 0 {
		switch t := m.next(); t.text {
		case "Layer":
			if err := m.layer(); err != nil {
				return err
			}
		case "}":
			return nil
		case "":
			m.fault(t, "network does not end", "}")
		default:
			m.fault(t, "unknown part of a network", "Layer")
		}
	}
	return nil
}

func (m *maestro) layer() error {
	name := m.next()
	if !m.open() {
		return nil
	}
	kind := "CONV"
	var dims, stride map[string]int
	for {
		t := m.next()
		switch t.text {
		case "Type":
			kind = strings.ToUpper(m.next().text)
		case "Stride":
			stride = m.sizes()
		case "Dimensions":
			dims = m.sizes()
		case "Dataflow":
			m.pass()
		case "{":
			m.at--
			m.pass()
		case "}":
			return m.take(name, kind, dims, stride)
		case "":
			m.fault(t, "layer does not end", "}")
		}
		if t.text == "" || m.s.Faults() > 0 {
			return nil
		}
	}
}

// sizes reads { K: 64, C 3, R Const }.
func (m *maestro) sizes() map[string]int {
	sizes := map[string]int{}
	if !m.open() {
		return nil
	}
	for {
		name := m.next()
		if name.text == "}" || name.text == "" {
			return sizes
		}
		value := m.next()
		v, ok := m.constants[value.text]
		if !ok {
			v, ok = size(value.text)
		}
		if !ok {
			m.fault(value, "size of "+name.text+" is out of range", "an integer of 1 to 2147483647, or a constant")
			return nil
		}
		sizes[strings.ToUpper(name.text)] = v
	}
}

// take makes the record of a layer.
func (m *maestro) take(name token, kind string, dims, stride map[string]int) error {
	or := func(key string) int {
		if v, ok := dims[key]; ok {
			return v
		}
		return 1
	}
	step := func(key string) int {
		if v, ok := stride[key]; ok {
			return v
		}
		return 1
	}
	title := workloads.PlainName(name.text)
	c := workloads.ConvND{Batch: or("N"), InC: or("C"), OutC: or("K"), Groups: or("G"), In: []int{or("Y"), or("X")}, Kernel: []int{or("R"), or("S")},
		Stride: []int{step("Y"), step("X")}}
	var g workloads.GEMM
	var err error
	switch kind {
	case "GEMM":
		g = workloads.NewGEMM(title, or("M"), or("N"), or("K"))
	case "CONV":
		g, err = c.GEMM(title)
	case "DSCONV", "DWCONV":
		per := or("K")
		if per == c.InC { // some files give all output channels
			per = 1
		}
		var ok bool
		if c.OutC, ok = workloads.Extent(c.InC, per); !ok {
			err = fmt.Errorf("layer has too many channels: %d times %d", c.InC, per)
			break
		}
		c.Groups = c.InC
		g, err = c.GEMM(title)
	case "TRCONV":
		g, err = c.Transposed(title)
	default:
		m.s.Skip("layer of another type", kind)
		return nil
	}
	if dims == nil && err == nil {
		err = fmt.Errorf("layer has no Dimensions")
	}
	if err != nil {
		m.s.Fault(name.line, name.col, err.Error(), name.text, "a layer of MAESTRO")
		return nil
	}
	return m.s.Take(workloads.Pos{Line: name.line, Col: name.col}, g)
}
