package arch

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxYAML bounds the size of an engine file.
const maxYAML = 1 << 20

// ParseYAML reads a configuration. Keys that are absent keep the value of
// [DefaultOf] its kind, which is systolic if the file does not say. Every error has the form file:line:col: key: what is wrong: the value (what
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
	c = DefaultOf(kindOf(top))
	at := map[string]*yaml.Node{}
	fail := func(n *yaml.Node, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", file, n.Line, n.Column, fmt.Sprintf(format, args...)))
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, val := top.Content[i], top.Content[i+1]
		f, ok := c.Field(key.Value)
		switch {
		case !ok:
			fail(key, "unknown key: %q (nearest is %q; tpe show prints all)", key.Value, Nearest(key.Value, c.FieldNames()))
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

// kindOf is the value of the key "kind", which decides what the other keys are.
func kindOf(top *yaml.Node) string {
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "kind" && familyOf(top.Content[i+1].Value) != nil {
			return top.Content[i+1].Value
		}
	}
	return Default().Kind
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
