package tensorfile

import (
	"encoding/json"
	"fmt"
	"io"
)

// maxSafetensorsHeader is the bound that the safetensors project sets on a header.
const maxSafetensorsHeader = 100_000_000

// safetensor is the entry of a tensor in the header.
type safetensor struct {
	Dtype   string  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// readSafetensors reads the header: its length in 8 bytes, then JSON.
func (f *File) readSafetensors() error {
	f.Format = "safetensors"
	var word [8]byte
	if err := f.bytes(word[:], 0); err != nil {
		return err
	}
	n := int64(le.Uint64(word[:]))
	if n < 2 || n > maxSafetensorsHeader || n > f.size-8 {
		return f.errorf(0, "length of the header is out of range: %d bytes (expected 2 to %d)", n, max(min(maxSafetensorsHeader, f.size-8), 0))
	}
	dec := json.NewDecoder(io.NewSectionReader(f.r, 8, n))
	at := func() int64 { return 8 + dec.InputOffset() }
	open, err := dec.Token()
	if err != nil || open != json.Delim('{') {
		return f.errorf(8, "header is no JSON object: %v (expected {...})", err)
	}
	seen := map[string]bool{}
	for dec.More() {
		where := at()
		key, err := dec.Token()
		if err != nil {
			return f.errorf(at(), "header: %v", err)
		}
		name, _ := key.(string)
		if seen[name] {
			return f.errorf(where, "name given twice: %q", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			var meta map[string]string
			if err := dec.Decode(&meta); err != nil {
				return f.errorf(where, "metadata: %v (expected texts)", err)
			}
			f.Meta = map[string]any{}
			for k, v := range meta {
				f.Meta[k] = v
			}
			continue
		}
		var t safetensor
		if err := dec.Decode(&t); err != nil {
			return f.errorf(where, "tensor %q: %v", name, err)
		}
		if err := f.addSafetensor(name, t, 8+n, where); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return f.errorf(at(), "header ends inside an object: %v", err)
	}
	return nil
}

func (f *File) addSafetensor(name string, t safetensor, data, where int64) error {
	typ, ok := safetensorsTypes[t.Dtype]
	if !ok {
		typ = Type(fmt.Sprintf("safetensors type %s", t.Dtype))
	}
	if len(t.Offsets) != 2 || t.Offsets[0] < 0 || t.Offsets[1] < t.Offsets[0] || t.Offsets[1] > f.size-data {
		return f.errorf(where, "tensor %q has data_offsets %v (expected a begin and an end in 0..%d)", name, t.Offsets, f.size-data)
	}
	if err := f.add(Tensor{Name: name, Type: typ, Shape: t.Shape, Offset: data + t.Offsets[0]}, where); err != nil {
		return err
	}
	if last := &f.Tensors[len(f.Tensors)-1]; typ.Known() && last.Bytes != t.Offsets[1]-t.Offsets[0] {
		return f.errorf(where, "tensor %q: shape and data_offsets differ: %s of %s is %d bytes (data_offsets give %d)", name, last.ShapeText(), typ, last.Bytes, t.Offsets[1]-t.Offsets[0])
	}
	return nil
}
