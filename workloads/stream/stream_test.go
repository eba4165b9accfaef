package stream_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"tpe/workloads/stream"
)

func TestLines(t *testing.T) {
	l := stream.NewLines(strings.NewReader("\ufeffa\r\n\nlast"))
	var got []string
	for {
		text, n, err := l.Next()
		if err == io.EOF {
			break
		}
		if err != nil || n != len(got)+1 {
			t.Fatalf("line %d, %v", n, err)
		}
		got = append(got, text)
	}
	if strings.Join(got, "|") != "a||last" {
		t.Errorf("lines %q", got)
	}
	_, _, err := stream.NewLines(io.LimitReader(zeros{}, 1<<30)).Next()
	var bad *stream.Error
	if !errors.As(err, &bad) || bad.Pos.Line != 1 {
		t.Errorf("a long line: %v", err)
	}
}

// zeros gives the digit 0 without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestJSONPlaces(t *testing.T) {
	j := stream.NewJSON(strings.NewReader("{\n \"skip\": [1, {\"x\": [2]}],\n \"list\": [\n  {\"n\": 1},\n  {\"n\": \"x\"}]}"))
	var n struct{ N int }
	var at []int
	err := j.Object(func(key string) error {
		if key == "skip" {
			return j.Skip()
		}
		return j.Array(func() error {
			at = append(at, j.Start().Line)
			return j.Value(&n)
		})
	})
	var bad *stream.Error
	if !errors.As(err, &bad) || bad.Pos.Line != 5 || bad.Want != "int" || len(at) != 2 || at[0] != 4 || at[1] != 5 {
		t.Errorf("error %v at %+v, values begin in lines %v", err, bad, at)
	}
}

// TestJSONBounds feeds values without end: a text, digits, and brackets.
func TestJSONBounds(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"text":   io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(zeros{}, 1<<30)),
		"number": io.MultiReader(strings.NewReader(`{"a":1`), io.LimitReader(zeros{}, 1<<30)),
		"depth":  strings.NewReader(`{"a":` + strings.Repeat(`{"a":`, 1000)),
	} {
		j := stream.NewJSON(r)
		err := j.Object(func(string) error { return j.Skip() })
		var bad *stream.Error
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProto(t *testing.T) {
	inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 300)
	inner = protowire.AppendBytes(protowire.AppendTag(inner, 2, protowire.BytesType), []byte{1, 2, 0x83, 0x01})
	outer := protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), bytes.Repeat([]byte{7}, 1<<20))
	outer = protowire.AppendBytes(protowire.AppendTag(outer, 7, protowire.BytesType), inner)
	outer = protowire.AppendFixed32(protowire.AppendTag(outer, 9, protowire.Fixed32Type), 77)
	for name, r := range map[string]io.Reader{"that can be sought in": bytes.NewReader(outer), "that cannot": io.MultiReader(bytes.NewReader(outer))} {
		p := stream.NewProto(r)
		var v, fixed uint64
		var list []int64
		err := p.Fields(func(num protowire.Number, typ protowire.Type) error {
			var err error
			switch num {
			case 7:
				return p.Message(func(m *stream.Proto) error {
					return m.Fields(func(num protowire.Number, typ protowire.Type) error {
						if num == 1 {
							v, err = m.Varint()
							return err
						}
						list, err = m.Varints(typ, nil, 10)
						return err
					})
				})
			case 9:
				fixed, err = p.Fixed(typ)
				return err
			}
			return p.Skip(typ)
		})
		if err != nil || v != 300 || fixed != 77 || len(list) != 3 || list[2] != 131 || p.Offset() != int64(len(outer)) {
			t.Errorf("a reader %s: %v, %d, %d, %v, offset %d of %d", name, err, v, fixed, list, p.Offset(), len(outer))
		}
	}
	// A length that the file does not have must not be allocated or believed.
	for _, cut := range []int{len(outer) - 1, 1 << 19, 3} {
		p := stream.NewProto(bytes.NewReader(outer[:cut]))
		err := p.Fields(func(_ protowire.Number, typ protowire.Type) error { return p.Skip(typ) })
		var bad *stream.Error
		if !errors.As(err, &bad) {
			t.Errorf("cut to %d bytes: %v", cut, err)
		}
	}
}
