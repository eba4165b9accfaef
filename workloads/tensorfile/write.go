package tensorfile

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// Floats32 is a tensor to be written.
type Floats32 struct {
	Name  string
	Shape []int64
	Data  []float32
}

// WriteSafetensors writes a safetensors file of float32 tensors, with texts as metadata.
func WriteSafetensors(w io.Writer, meta map[string]string, tensors []Floats32) error {
	header := []byte(`{"__metadata__":`)
	text, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	header = append(header, text...)
	at := int64(0)
	for _, t := range tensors {
		if n := elems(t.Shape); n != int64(len(t.Data)) {
			return fmt.Errorf("tensorfile: tensor %q of shape %v has %d elements", t.Name, t.Shape, len(t.Data))
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return err
		}
		end := at + 4*int64(len(t.Data))
		entry, err := json.Marshal(safetensor{"F32", t.Shape, []int64{at, end}})
		if err != nil {
			return err
		}
		header = append(append(append(append(header, ','), name...), ':'), entry...)
		at = end
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	out := le.AppendUint64(nil, uint64(len(header)))
	out = append(out, header...)
	for _, t := range tensors {
		for _, v := range t.Data {
			out = le.AppendUint32(out, math.Float32bits(v))
		}
	}
	_, err = w.Write(out)
	return err
}
