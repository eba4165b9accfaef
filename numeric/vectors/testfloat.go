package vectors

import (
	"fmt"
	"io"
	"strings"

	"tpe/numeric"
)

// Function is an operation with a name of TestFloat's form.
type Function struct {
	Name string
	In   []numeric.Float
	Out  numeric.Float
	eval func(in []numeric.Value, r numeric.Rounding) (numeric.Value, numeric.Flags)
}

// operations are those on values of one format; the name follows the format's.
var operations = []struct {
	name  string
	arity int
	eval  func(in []numeric.Value, r numeric.Rounding) (numeric.Value, numeric.Flags)
}{
	{"add", 2, func(v []numeric.Value, r numeric.Rounding) (numeric.Value, numeric.Flags) {
		return numeric.Add(v[0], v[1], r)
	}},
	{"sub", 2, func(v []numeric.Value, r numeric.Rounding) (numeric.Value, numeric.Flags) {
		return numeric.Add(v[0], v[1].Negate(), r)
	}},
	{"mul", 2, func(v []numeric.Value, _ numeric.Rounding) (numeric.Value, numeric.Flags) {
		return numeric.Mul(v[0], v[1])
	}},
	{"mulAdd", 3, func(v []numeric.Value, r numeric.Rounding) (numeric.Value, numeric.Flags) {
		return numeric.FMA(v[0], v[1], v[2], r)
	}},
}

const functionForms = "<format>_add, _sub, _mul, _mulAdd, _to_<format> or _mulAdd_<format>"

// ParseFunction finds a function by name: <format>_add, _sub, _mul and _mulAdd take operands of
// one format and round to it, <format>_to_<format> converts, and <format>_mulAdd_<format> multiplies two
// operands of the first format and adds a third one of the second, which is the result's too.
func ParseFunction(name string) (Function, error) {
	first, op, ok := strings.Cut(name, "_")
	if !ok {
		return Function{}, fmt.Errorf("unknown function: %q (expected %s)", name, functionForms)
	}
	in, err := numeric.ParseFloat(first)
	if err != nil {
		return Function{}, fmt.Errorf("function %q: %w", name, err)
	}
	second := first
	for _, sep := range []string{"to_", "mulAdd_"} {
		if rest, ok := strings.CutPrefix(op, sep); ok {
			op, second = strings.TrimSuffix(sep, "_"), rest
		}
	}
	out, err := numeric.ParseFloat(second)
	if err != nil {
		return Function{}, fmt.Errorf("function %q: %w", name, err)
	}
	if op == "to" {
		same := func(v []numeric.Value, _ numeric.Rounding) (numeric.Value, numeric.Flags) { return v[0], 0 }
		return Function{name, []numeric.Float{in}, out, same}, nil
	}
	for _, o := range operations {
		if o.name != op || second != first && op != "mulAdd" {
			continue
		}
		f := Function{Name: name, Out: out, eval: o.eval}
		for i := range o.arity {
			if i == 2 {
				in = out
			}
			f.In = append(f.In, in)
		}
		return f, nil
	}
	return Function{}, fmt.Errorf("unknown function: %q (expected %s)", name, functionForms)
}

// Eval computes the function on codes.
func (f *Function) Eval(in []uint64, env *numeric.Env) (uint64, numeric.Flags) {
	var v [3]numeric.Value
	for i, code := range in {
		v[i] = f.In[i].DecodeIn(code, env)
	}
	z, flags := f.eval(v[:len(in)], env.Rounding)
	code, more := f.Out.Encode(z, env)
	return code, flags | more
}

// Check reads lines of operands, result and flags in hexadecimal and compares each with the
// function. NaN results are equal whatever their sign and payload. name stands in errors.
func Check(r io.Reader, name string, f Function, env *numeric.Env) (*Result, error) {
	res := &Result{}
	l := newLines(r, name)
	var words []field
	in := make([]uint64, len(f.In))
	for l.next() {
		words = l.fields(words[:0])
		if len(words) == 0 {
			continue
		}
		if len(words) != len(in)+2 {
			return res, l.at(0, "%s: %d fields (expected %d operands, result, flags)", f.Name, len(words), len(in))
		}
		var err error
		for i := range in {
			if in[i], err = l.code(words[i], f.In[i]); err != nil {
				return res, err
			}
		}
		want, err := l.code(words[len(in)], f.Out)
		if err != nil {
			return res, err
		}
		flags, ok := hex(words[len(in)+1].text)
		if !ok || flags > 0x1f {
			return res, l.at(words[len(in)+1].col, "not flags: %s (expected 00..1f)", quote(words[len(in)+1].text))
		}
		res.Vectors++
		got, gotFlags := f.Eval(in, env)
		if !same(f.Out, got, want) || uint64(gotFlags) != flags {
			res.miss(func() Mismatch {
				m := Mismatch{Line: l.n, Want: hexOf(f.Out, want), Got: hexOf(f.Out, got), WantFlags: fmt.Sprintf("%02x", flags), GotFlags: fmt.Sprintf("%02x", gotFlags)}
				for i, code := range in {
					m.Operands = append(m.Operands, hexOf(f.In[i], code))
				}
				return m
			})
		}
	}
	return res, l.err
}
