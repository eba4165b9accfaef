package arch

import (
	"fmt"
	"strconv"
	"strings"

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

// Fields lists the keys of the YAML form of a configuration's kind, in the order in
// which they are printed.
func (c *Config) Fields() []Field {
	list := []Field{
		intField("schema", "version of this form; 1", func(c *Config) *int { return &c.Schema }),
		textField("name", "name of the engine in reports", func(c *Config) *string { return &c.Name }),
		textField("kind", "kind of engine: "+orList(kindNames()), func(c *Config) *string { return &c.Kind }),
	}
	if f := c.family(); f != nil {
		list = append(list, f.fields()...)
	}
	return append(list, intField("freq_mhz", "clock in MHz, for reports", func(c *Config) *int { return &c.FreqMHz }))
}

// Get returns the field's value as the YAML form has it.
func (f Field) Get(c *Config) string { return f.get(c) }

// Set gives the field a value as in the YAML form. The kind cannot be changed (see [Config.Set]).
func (f Field) Set(c *Config, value string) error {
	if f.Name == "kind" && value != c.Kind {
		return FieldError{f.Name, fmt.Sprintf("cannot be changed: %q (expected %q, or another preset or file)", value, c.Kind)}
	}
	if err := f.set(c, value); err != nil {
		return FieldError{f.Name, err.Error()}
	}
	return nil
}

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

func encodingField(name, doc string, p func(*Config) *numeric.Encoding) Field {
	return Field{name, doc, func(c *Config, s string) (err error) {
		*p(c), err = numeric.ParseEncoding(s)
		return err
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

// Field finds a key of the configuration's kind.
func (c *Config) Field(name string) (Field, bool) {
	for _, f := range c.Fields() {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNames are the keys of the configuration's kind.
func (c *Config) FieldNames() []string {
	var names []string
	for _, f := range c.Fields() {
		names = append(names, f.Name)
	}
	return names
}

// Set changes one field by its YAML name; value is written as in YAML. The kind of
// an engine cannot be changed, since it decides which fields there are.
func (c *Config) Set(name, value string) error {
	f, ok := c.Field(name)
	if !ok {
		return fmt.Errorf("unknown key: %q (expected %s; nearest is %q)", name, orList(c.FieldNames()), Nearest(name, c.FieldNames()))
	}
	return f.Set(c, value)
}

// YAML prints a configuration, without keys that its PE does not read; reading it back gives the same.
func (c *Config) YAML() []byte {
	var b strings.Builder
	choosy, _ := c.family().(interface {
		reads(c *Config, key string) bool
	})
	for _, f := range c.Fields() {
		if choosy == nil || choosy.reads(c, f.Name) {
			fmt.Fprintf(&b, "%s: %s\n", f.Name, f.get(c))
		}
	}
	return []byte(b.String())
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
