package arch

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"tpe/numeric"
)

// FieldError is something wrong with one field of a configuration.
type FieldError struct {
	Field string
	Text  string // what is wrong: the value (what was expected)
}

func (e FieldError) Error() string { return e.Field + ": " + e.Text }

// Field is a key of the YAML form; the same table serves --set, printing and the
// documentation.
type Field struct {
	Name string
	Doc  string
	set  func(*Config, string) error
	get  func(*Config) string
}

// Fields lists the keys of the YAML form in the order in which they are printed.
func Fields() []Field {
	return []Field{
		intField("schema", "version of this form; 1", func(c *Config) *int { return &c.Schema }),
		textField("name", "name of the engine in reports", func(c *Config) *string { return &c.Name }),
		textField("kind", "systolic", func(c *Config) *string { return &c.Kind }),
		intField("rows", "rows of the array, 1..256", func(c *Config) *int { return &c.Rows }),
		intField("cols", "columns of the array, 1..256", func(c *Config) *int { return &c.Cols }),
		textField("dataflow", "os, ws or is: output-, weight- or input-stationary", func(c *Config) *string { return &c.Dataflow }),
		textField("pe", "mac or opt1 (tpe list pes)", func(c *Config) *string { return &c.PE }),
		textField("multiplier", "of a mac: star (left to synthesis) or booth4", func(c *Config) *string { return &c.Multiplier }),
		formatField("a", "format of A, int2..int16 or uint2..uint16", func(c *Config) *numeric.Int { return &c.A }),
		formatField("b", "format of B, likewise", func(c *Config) *numeric.Int { return &c.B }),
		{"acc_bits", "width of the accumulator, 2..64, or auto: the least that cannot overflow for acc_k", setAccBits, getAccBits},
		intField("acc_k", "greatest K, for acc_bits: auto; otherwise 0, or a K for which acc_bits is checked", func(c *Config) *int { return &c.AccK }),
		textField("overflow", "wrap or saturate, at every addition", func(c *Config) *string { return &c.Overflow }),
		boolField("init_c", "true: a stream of initial C is added (C += A B)", func(c *Config) *bool { return &c.InitC }),
		textField("overlap", "none, load, drain or full (docs/cycles.md)", func(c *Config) *string { return &c.Overlap }),
		textField("drain", "output-stationary: down2 or up", func(c *Config) *string { return &c.Drain }),
		intField("acc_rows", "weight- and input-stationary: rows of the accumulator memory, 1..65536", func(c *Config) *int { return &c.AccRows }),
		intField("freq_mhz", "clock in MHz, for reports", func(c *Config) *int { return &c.FreqMHz }),
	}
}

// Get returns the field's value as the YAML form has it.
func (f Field) Get(c *Config) string { return f.get(c) }

func intField(name, doc string, p func(*Config) *int) Field {
	return Field{name, doc, func(c *Config, s string) error {
		v, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("not a whole number: %q (expected %s)", s, doc)
		}
		*p(c) = v
		return nil
	}, func(c *Config) string { return strconv.Itoa(*p(c)) }}
}

func textField(name, doc string, p func(*Config) *string) Field {
	return Field{name, doc, func(c *Config, s string) error { *p(c) = s; return nil }, func(c *Config) string { return *p(c) }}
}

func boolField(name, doc string, p func(*Config) *bool) Field {
	return Field{name, doc, func(c *Config, s string) error {
		if s != "true" && s != "false" {
			return fmt.Errorf("not a truth value: %q (expected true or false)", s)
		}
		*p(c) = s == "true"
		return nil
	}, func(c *Config) string { return strconv.FormatBool(*p(c)) }}
}

func formatField(name, doc string, p func(*Config) *numeric.Int) Field {
	return Field{name, doc, func(c *Config, s string) error {
		f, err := numeric.ParseInt(s)
		if err != nil {
			return err
		}
		*p(c) = f
		return nil
	}, func(c *Config) string { return p(c).String() }}
}

func setAccBits(c *Config, s string) error {
	if s == "auto" {
		c.AccBits = 0
		return nil
	}
	v, err := strconv.Atoi(s)
	if err != nil || v == 0 {
		return fmt.Errorf("not a width: %q (expected 2..64 or auto)", s)
	}
	c.AccBits = v
	return nil
}

func getAccBits(c *Config) string {
	if c.AccBits == 0 {
		return "auto"
	}
	return strconv.Itoa(c.AccBits)
}

func fieldByName(name string) (Field, bool) {
	for _, f := range Fields() {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func fieldNames() []string {
	var names []string
	for _, f := range Fields() {
		names = append(names, f.Name)
	}
	return names
}

// Set changes one field by its YAML name; value is written as in YAML.
func (c *Config) Set(name, value string) error {
	f, ok := fieldByName(name)
	if !ok {
		return fmt.Errorf("unknown key: %q (expected %s; nearest is %q)", name, orList(fieldNames()), Nearest(name, fieldNames()))
	}
	if err := f.set(c, value); err != nil {
		return FieldError{name, err.Error()}
	}
	return nil
}

// YAML prints a configuration; reading it back gives the same.
func (c *Config) YAML() []byte {
	var b strings.Builder
	for _, f := range Fields() {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.get(c))
	}
	return []byte(b.String())
}

// maxYAML bounds the size of an engine file.
const maxYAML = 1 << 20

// ParseYAML reads a configuration. Keys that are absent keep the value of
// [Default]. Every error has the form file:line:col: key: what is wrong: the value (what
// was expected), and all are reported together.
func ParseYAML(file string, src []byte) (Config, error) {
	c := Default()
	if len(src) > maxYAML {
		return c, fmt.Errorf("%s:1:1: file is too large: %d bytes (expected at most %d)", file, len(src), maxYAML)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return c, syntaxError(file, err)
	}
	if len(doc.Content) == 0 {
		return c, fmt.Errorf("%s:1:1: file is empty: %q (expected keys such as %q)", file, "", "rows: 32")
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return c, fmt.Errorf("%s:%d:%d: not a mapping: %q (expected keys such as %q)", file, top.Line, top.Column, top.Value, "rows: 32")
	}
	var errs []error
	at := map[string]*yaml.Node{}
	fail := func(n *yaml.Node, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", file, n.Line, n.Column, fmt.Sprintf(format, args...)))
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, val := top.Content[i], top.Content[i+1]
		f, ok := fieldByName(key.Value)
		switch {
		case !ok:
			fail(key, "unknown key: %q (nearest is %q; tpe show prints all)", key.Value, Nearest(key.Value, fieldNames()))
		case at[key.Value] != nil:
			fail(key, "key stands twice: %q (expected once; first on line %d)", key.Value, at[key.Value].Line)
		case val.Kind != yaml.ScalarNode:
			fail(val, "%s: not a single value: %s (expected %s)", key.Value, kindName(val.Kind), f.Doc)
		default:
			at[key.Value] = val
			if err := f.set(&c, val.Value); err != nil {
				fail(val, "%s: %s", key.Value, err)
			}
		}
	}
	if len(errs) == 0 {
		for _, e := range c.Validate() {
			n := at[e.Field]
			if n == nil {
				n = top
			}
			fail(n, "%s", e)
		}
	}
	return c, errors.Join(errs...)
}

// syntaxError gives yaml's message the form of the others; yaml knows no column.
func syntaxError(file string, err error) error {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if n, msg, ok := strings.Cut(rest, ": "); ok {
			if v, err := strconv.Atoi(n); err == nil {
				line, text = v, msg
			}
		}
	}
	return fmt.Errorf("%s:%d:1: not YAML: %s (expected keys such as %q)", file, line, text, "rows: 32")
}

func kindName(k yaml.Kind) string {
	switch k {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return "something else"
}

// Nearest returns the name of the list with the least edit distance to s.
func Nearest(s string, list []string) string {
	best, at := "", -1
	for _, x := range list {
		if d := distance(s, x); at < 0 || d < at {
			best, at = x, d
		}
	}
	return best
}

func distance(a, b string) int {
	if len(a) > 64 {
		a = a[:64]
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := prev
			if a[i] != b[j] {
				cost++
			}
			prev = row[j+1]
			row[j+1] = min(cost, row[j]+1, prev+1)
		}
	}
	return row[len(b)]
}
