package stream

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"tpe/workloads"
)

// Bounds of a JSON text.
const (
	maxJSONValue = 8 << 20 // bytes of one value that is held in memory
	maxJSONDepth = 200     // arrays and objects within each other
)

// JSON reads a JSON text from top to bottom.
type JSON struct {
	dec   *json.Decoder
	src   *counted
	depth int
}

// NewJSON returns a reader of r.
func NewJSON(r io.Reader) *JSON {
	src := &counted{r: r, limit: maxJSONValue}
	return &JSON{dec: json.NewDecoder(src), src: src}
}

// Pos returns the place behind what was read last.
func (j *JSON) Pos() workloads.Pos { return j.src.pos(j.dec.InputOffset()) }

// Start returns the place of the value that is read next, behind the comma or
// colon before it.
func (j *JSON) Start() workloads.Pos {
	j.dec.More()
	off := j.dec.InputOffset()
	ahead := bufio.NewReaderSize(j.dec.Buffered(), 64)
	for {
		b, err := ahead.ReadByte()
		if err != nil || !strings.ContainsRune(",: \t\r\n", rune(b)) {
			return j.src.pos(off)
		}
		off++
	}
}

// Object reads an object and calls each with every key, which must read the
// value or skip it.
func (j *JSON) Object(each func(key string) error) error { return j.Either(each, nil) }

// Array reads an array and calls each before every value, which must read the
// value or skip it.
func (j *JSON) Array(each func() error) error { return j.Either(nil, each) }

// Either reads an object with object or an array with array, for values that may
// be both; the one that is nil is refused.
func (j *JSON) Either(object func(key string) error, array func() error) error {
	t, err := j.token()
	if err != nil {
		return err
	}
	var each func() error
	want := "a JSON object or array"
	switch {
	case t == json.Delim('{') && object != nil:
		each = func() error {
			t, err := j.token()
			if err != nil {
				return err
			}
			key, ok := t.(string)
			if !ok {
				return j.fault("key is not a text", fmt.Sprint(t), "a JSON object")
			}
			return object(key)
		}
	case t == json.Delim('[') && array != nil:
		each = array
	case object == nil:
		want = "a JSON array"
	case array == nil:
		want = "a JSON object"
	}
	if each == nil {
		return j.fault("value is of the wrong kind", fmt.Sprint(t), want)
	}
	if j.depth++; j.depth > maxJSONDepth {
		return j.fault("values are nested too deep", "", fmt.Sprintf("at most %d levels", maxJSONDepth))
	}
	for j.dec.More() {
		if err := each(); err != nil {
			return err
		}
	}
	j.depth--
	_, err = j.token() // the closing bracket, or what is wrong instead
	return err
}

func (j *JSON) token() (json.Token, error) {
	t, err := j.dec.Token()
	if err != nil {
		return nil, j.wrap(err)
	}
	j.src.forget(j.dec.InputOffset())
	return t, nil
}

// Value decodes the next value into v, as json.Unmarshal does.
func (j *JSON) Value(v any) error {
	err := j.dec.Decode(v)
	if err == nil {
		j.src.forget(j.dec.InputOffset())
		return nil
	}
	var bad *json.UnmarshalTypeError
	if errors.As(err, &bad) {
		what := "value is of the wrong kind"
		if bad.Field != "" {
			what = bad.Field + " is of the wrong kind"
		}
		return j.fault(what, bad.Value, bad.Type.String())
	}
	return j.wrap(err)
}

// Skip reads the next value without keeping it.
func (j *JSON) Skip() error {
	depth := 0
	for {
		t, err := j.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; j.depth+depth > maxJSONDepth {
				return j.fault("values are nested too deep", "", fmt.Sprintf("at most %d levels", maxJSONDepth))
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth <= 0 {
			return nil
		}
	}
}

func (j *JSON) fault(what, value, want string) error {
	return &Error{Pos: j.Pos(), What: what, Value: value, Want: want}
}

// wrap turns what the decoder says into a fault with a place.
func (j *JSON) wrap(err error) error {
	var bad *json.SyntaxError
	switch {
	case errors.As(err, &bad):
		return j.fault("bad JSON: "+bad.Error(), "", "JSON")
	case errors.Is(err, errLong):
		return j.fault("one value is too long", "", fmt.Sprintf("at most %d bytes", int64(maxJSONValue)))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Pos: j.src.pos(j.src.off), What: "text ends too early", Want: "the rest of the JSON text"}
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return j.fault("value is of the wrong kind", kind.Value, kind.Type.String())
	}
	return err
}

// More reports whether another value follows, in an array or behind a value that
// stood alone.
func (j *JSON) More() bool { return j.dec.More() }
