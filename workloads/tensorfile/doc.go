// Package tensorfile reads tensors from the files in which models and their data are kept: safetensors, GGUF, NumPy's
// .npy, TensorFlow Lite, the binary layout of llama2.c, and raw words.
//
// [Open] reads the header alone: names, types, shapes and where the words stand. [File.Floats] and
// [File.Ints] then read one tensor, [File.FloatsAt] a part of one, so a file may be larger than memory.
//
// Nothing in a file is trusted. Every count is checked against the size of the file before anything is allocated for
// it, and a problem is reported as
//
//	file: byte OFFSET: what is wrong: the value (what was expected)
//
// Sources of the formats: the README of the safetensors project; docs/gguf.md and ggml-quants.c of the ggml project;
// numpy.lib.format, versions 1 to 3; schema.fbs of TensorFlow Lite, version 3; run.c of llama2.c.
package tensorfile
