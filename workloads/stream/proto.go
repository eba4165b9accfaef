package stream

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"tpe/workloads"
)

// maxProtoDepth bounds messages within each other.
const maxProtoDepth = 64

// Proto reads one message of a protocol buffer file field by field. Fields that
// are skipped are never held in memory.
type Proto struct {
	in    *protoSource
	end   int64 // offset behind the message
	depth int
}

type protoSource struct {
	r    *bufio.Reader
	seek io.ReadSeeker // to jump over long fields, or nil
	size int64         // of seek
	off  int64
}

// NewProto returns a reader of a message that is the whole of r.
func NewProto(r io.Reader) *Proto {
	in := &protoSource{r: bufio.NewReaderSize(r, 64<<10)}
	if s, ok := r.(io.ReadSeeker); ok {
		at, err1 := s.Seek(0, io.SeekCurrent)
		size, err2 := s.Seek(0, io.SeekEnd)
		_, err3 := s.Seek(at, io.SeekStart)
		if errors.Join(err1, err2, err3) == nil {
			in.seek, in.size = s, size-at
		}
	}
	return &Proto{in: in, end: math.MaxInt64}
}

// Offset returns how many bytes of the input were read.
func (p *Proto) Offset() int64 { return p.in.off }

// Pos returns the offset as a place.
func (p *Proto) Pos() workloads.Pos {
	return workloads.Pos{Where: fmt.Sprintf("byte %d", p.in.off)}
}

func (p *Proto) fault(what, value, want string) error {
	return &Error{Pos: p.Pos(), What: what, Value: value, Want: want}
}

func (p *Proto) early() error {
	return p.fault("file ends within a message", "", "the rest of it")
}

// Next returns number and type of the next field of the message, or io.EOF
// behind the last.
func (p *Proto) Next() (protowire.Number, protowire.Type, error) {
	if p.in.off >= p.end {
		return 0, 0, io.EOF
	}
	if _, err := p.in.r.Peek(1); err == io.EOF && p.end == math.MaxInt64 {
		return 0, 0, io.EOF
	}
	v, err := p.Varint()
	if err != nil {
		return 0, 0, err
	}
	num, typ := protowire.DecodeTag(v)
	if num < protowire.MinValidNumber {
		return 0, 0, p.fault("bad field number", fmt.Sprint(v>>3), "a protocol buffer")
	}
	return num, typ, nil
}

// Varint reads a number of wire type varint.
func (p *Proto) Varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		if p.in.off >= p.end {
			return 0, p.fault("number reaches past its message", "", "a protocol buffer")
		}
		b, err := p.in.r.ReadByte()
		if err == io.EOF {
			return 0, p.early()
		}
		if err != nil {
			return 0, err
		}
		p.in.off++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if shift == 63 && b > 1 {
				break
			}
			return v, nil
		}
	}
	return 0, p.fault("number is too long", "", "a varint of 64 bits")
}

// length reads the length of a field of wire type bytes.
func (p *Proto) length() (int64, error) {
	n, err := p.Varint()
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt64 || p.in.off > p.end-int64(n) {
		return 0, p.fault("field reaches past its message", fmt.Sprint(n), "a length within it")
	}
	return int64(n), nil
}

// Bytes reads a field of wire type bytes, and refuses one of more than limit
// bytes.
func (p *Proto) Bytes(limit int) ([]byte, error) {
	n, err := p.length()
	if err != nil {
		return nil, err
	}
	return p.take(n, limit)
}

func (p *Proto) take(n int64, limit int) ([]byte, error) {
	if n > int64(limit) {
		return nil, p.fault("field is too long", fmt.Sprint(n), fmt.Sprintf("at most %d bytes", limit))
	}
	// Grow with what is really there: n is only what the file says.
	var b []byte
	for int64(len(b)) < n {
		part := min(n-int64(len(b)), 64<<10)
		b = append(b, make([]byte, part)...)
		got, err := io.ReadFull(p.in.r, b[int64(len(b))-part:])
		p.in.off += int64(got)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, p.early()
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Text reads a field of wire type bytes as a text of at most 64 KiB.
func (p *Proto) Text() (string, error) {
	b, err := p.Bytes(64 << 10)
	return string(b), err
}

// Fixed reads a number of wire type fixed32 or fixed64.
func (p *Proto) Fixed(typ protowire.Type) (uint64, error) {
	n := int64(4)
	if typ == protowire.Fixed64Type {
		n = 8
	}
	if p.in.off > p.end-n {
		return 0, p.fault("number reaches past its message", "", "a protocol buffer")
	}
	b, err := p.take(n, 8)
	if err != nil {
		return 0, err
	}
	var v uint64
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	return v, nil
}

// Varints reads a repeated number, packed or not, and appends it to list, which
// may grow to limit elements.
func (p *Proto) Varints(typ protowire.Type, list []int64, limit int) ([]int64, error) {
	if typ == protowire.VarintType {
		v, err := p.Varint()
		if err == nil && len(list) >= limit {
			err = p.fault("list is too long", "", fmt.Sprintf("at most %d numbers", limit))
		}
		return append(list, int64(v)), err
	}
	if typ != protowire.BytesType {
		return list, p.fault("field is of the wrong type", fmt.Sprint(typ), "numbers")
	}
	err := p.Message(func(m *Proto) error {
		for m.in.off < m.end {
			v, err := m.Varint()
			if err != nil {
				return err
			}
			if len(list) >= limit {
				return p.fault("list is too long", "", fmt.Sprintf("at most %d numbers", limit))
			}
			list = append(list, int64(v))
		}
		return nil
	})
	return list, err
}

// Skip reads the field of the given type without keeping it.
func (p *Proto) Skip(typ protowire.Type) error {
	switch typ {
	case protowire.VarintType:
		_, err := p.Varint()
		return err
	case protowire.Fixed32Type, protowire.Fixed64Type:
		_, err := p.Fixed(typ)
		return err
	case protowire.BytesType:
		n, err := p.length()
		if err != nil {
			return err
		}
		return p.discard(n)
	}
	return p.fault("unknown wire type", fmt.Sprint(int(typ)), "varint, fixed32, fixed64 or bytes")
}

func (p *Proto) discard(n int64) error {
	in := p.in
	if in.seek != nil && n > int64(in.r.Buffered())+64<<10 {
		if n > in.size-in.off {
			return p.early()
		}
		if _, err := in.seek.Seek(n-int64(in.r.Buffered()), io.SeekCurrent); err != nil {
			return err
		}
		in.r.Reset(in.seek)
		in.off += n
		return nil
	}
	for n > 0 {
		got, err := in.r.Discard(int(min(n, 1<<30)))
		in.off += int64(got)
		n -= int64(got)
		if err == io.EOF {
			return p.early()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Message reads a field of wire type bytes as a message with f. What f leaves is
// skipped.
func (p *Proto) Message(f func(*Proto) error) error {
	n, err := p.length()
	if err != nil {
		return err
	}
	if p.depth >= maxProtoDepth {
		return p.fault("messages are nested too deep", "", fmt.Sprintf("at most %d levels", maxProtoDepth))
	}
	m := &Proto{in: p.in, end: p.in.off + n, depth: p.depth + 1}
	if err := f(m); err != nil {
		return err
	}
	return m.discard(m.end - m.in.off)
}

// Fields reads a message with each, which is called for every field and must
// read it or skip it.
func (p *Proto) Fields(each func(num protowire.Number, typ protowire.Type) error) error {
	for {
		num, typ, err := p.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(num, typ); err != nil {
			return err
		}
	}
}

// More reports whether bytes follow, for files of messages one after the other.
func (p *Proto) More() bool {
	_, err := p.in.r.Peek(1)
	return err == nil && p.in.off < p.end
}
