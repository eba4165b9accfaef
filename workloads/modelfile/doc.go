// Package modelfile reads files of weights as workloads: TensorFlow Lite models,
// whose operators are the products ([ReadTFLite]), and the headers of safetensors
// and GGUF files, where the products follow from names and shapes of the weights
// ([ReadWeights]). Package tensorfile reads the files themselves.
package modelfile

import (
	"errors"
	"fmt"
	"io"

	"tpe/workloads"
	"tpe/workloads/tensorfile"
)

// parse opens a file of the format wanted; a fault of it goes to the sink.
func parse(r io.ReaderAt, size int64, s *workloads.Sink, want string) (*tensorfile.File, error) {
	f, err := tensorfile.Parse(r, size, s.File())
	var bad *tensorfile.Error
	switch {
	case errors.As(err, &bad):
		s.FaultAt(workloads.Pos{Where: fmt.Sprintf("byte %d", bad.Offset)}, bad.What, "", "a "+want+" file")
		return nil, nil
	case err != nil:
		return nil, err
	case f.Format != want:
		s.FaultAt(workloads.Pos{Where: "byte 0"}, "file is of another format", f.Format, want)
		return nil, nil
	}
	return f, nil
}

// formatOf names a number format of tensorfile as the project does elsewhere.
// Blocks of quantised weights keep the name of their file format.
func formatOf(t tensorfile.Type) string {
	name := map[tensorfile.Type]string{"f32": "fp32", "f16": "fp16", "bf16": "bf16", "f64": "fp64", "i4": "int4", "i8": "int8", "u8": "uint8", "i16": "int16",
		"u16": "uint16", "i32": "int32", "u32": "uint32", "i64": "int64", "u64": "uint64"}[t]
	if name == "" {
		return workloads.PlainName(string(t))
	}
	return name
}

// extents turns a shape into integers of a usable size.
func extents(shape []int64) ([]int, bool) {
	list := make([]int, len(shape))
	for i, d := range shape {
		if d < 1 || d > 1<<31-1 {
			return nil, false
		}
		list[i] = int(d)
	}
	return list, true
}
