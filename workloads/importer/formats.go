package importer

import (
	"bytes"
	"io"
	"regexp"
	"slices"

	"tpe/workloads"
	"tpe/workloads/liblog"
	"tpe/workloads/maptool"
	"tpe/workloads/modelfile"
	"tpe/workloads/onnx"
	"tpe/workloads/torchtrace"
)

// Formats lists the formats in the order in which they are tried.
func Formats() []Format {
	return []Format{
		{
			Name: "kineto", About: "PyTorch profiler (Kineto) trace in Chrome's JSON, with shapes", Unit: "events",
			detect: func(h *head) bool { return h.has("traceEvents") || h.array && h.has("ph") },
			read: func(in *input, opt Options, s *workloads.Sink) error {
				return torchtrace.ReadKineto(in.stream(), opt.ImportOptions, s)
			},
		},
		{
			Name: "et", About: "PyTorch execution trace, or Chakra trace as JSON", Unit: "nodes",
			detect: func(h *head) bool {
				return h.has("nodes") && h.has("schema", "pid", "start_ts", "time") || !h.array && h.has("ctrl_deps", "ctrlDeps", "dataDeps") && h.has("name") || h.chakraJSON()
			},
			read: func(in *input, opt Options, s *workloads.Sink) error {
				return torchtrace.ReadET(in.stream(), opt.ImportOptions, s)
			},
		},
		{
			Name: "onnx", About: "ONNX graph; weights may be external or missing", Unit: "nodes", Dims: "the graph's symbols",
			detect: func(h *head) bool { return !h.text && h.isONNX() },
			read: func(in *input, opt Options, s *workloads.Sink) error {
				return onnx.Read(in.stream(), opt.ImportOptions, s)
			},
		},
		{
			Name: "chakra", About: "Chakra execution trace in protocol buffers", Unit: "nodes",
			detect: func(h *head) bool { return !h.text && h.isChakra() },
			read: func(in *input, opt Options, s *workloads.Sink) error {
				return torchtrace.ReadChakra(in.stream(), opt.ImportOptions, s)
			},
		},
		{
			Name: "tflite", About: "TensorFlow Lite model", Unit: "operators",
			detect: func(h *head) bool { return len(h.data) >= 8 && string(h.data[4:8]) == "TFL3" },
			read: func(in *input, opt Options, s *workloads.Sink) error {
				r, size, err := in.random()
				if err != nil {
					return err
				}
				return modelfile.ReadTFLite(r, size, opt.ImportOptions, s)
			},
		},
		weightFormat("safetensors", "safetensors header: a product for each weight matrix", (*head).isSafetensors),
		weightFormat("gguf", "GGUF header: a product for each weight matrix", func(h *head) bool { return bytes.HasPrefix(h.data, []byte("GGUF")) }),
		{
			Name: "hf", About: "Hugging Face config.json, expanded to prefill and decode", Unit: "layers", Dims: "batch, seq, kv, layers",
			detect: func(h *head) bool {
				return !h.array && h.has("model_type") && h.has("architectures", "hidden_size", "n_embd", "dim", "d_model", "text_config")
			},
			read: func(in *input, opt Options, s *workloads.Sink) error {
				return workloads.ReadHFConfig(in.stream(), opt.ImportOptions, s)
			},
		},
		textFormat("onednn", "oneDNN verbose lines, versions 1 to 3", "lines", liblog.IsOneDNN, liblog.ReadOneDNN),
		textFormat("blaslt", "cuBLASLt and hipBLASLt trace lines", "lines", liblog.IsBLASLt, liblog.ReadBLASLt),
		textFormat("rocblas", "rocblas-bench and hipblaslt-bench command lines and YAML rows", "lines", liblog.IsBench, liblog.ReadBench),
		textFormat("deepbench", "DeepBench problem lists: C++ headers, or tables with a_t and b_t", "rows", liblog.IsDeepBench, liblog.ReadDeepBench),
		textFormat("maestro", "MAESTRO network", "layers", isMAESTRO, maptool.ReadMAESTRO),
		textFormat("zigzag", "ZigZag workload in YAML", "layers", func(l string) bool { return zigzagKey.MatchString(l) }, maptool.ReadZigZag),
		withDims("the shape's dimensions", textFormat("timeloop", "Timeloop problem in YAML", "problems", func(l string) bool { return timeloopKey.MatchString(l) }, maptool.ReadTimeloop)),
		{
			Name: "csv", About: "the project's own table: a header with m, n, k", Unit: "rows",
			detect: func(h *head) bool { return h.text && len(h.lines) > 0 && workloads.IsTable(h.lines[0]) },
			read: func(in *input, _ Options, s *workloads.Sink) error {
				return workloads.StreamCSV(in.stream(), s)
			},
		},
		{
			Name: "scalesim", About: "SCALE-Sim topology, convolutions or GEMMs", Unit: "rows",
			detect: func(h *head) bool { return h.text && workloads.IsTopology(h.lines) },
			read: func(in *input, opt Options, s *workloads.Sink) error {
				return workloads.ImportSCALESim(in.stream(), opt.SCALESim, s)
			},
		},
	}
}

var (
	zigzagKey   = regexp.MustCompile(`^-?\s*(operator_type|equation)\s*:`)
	timeloopKey = regexp.MustCompile(`^(data_spaces|data-spaces|dataspaces|shape\s*:\s*cnn.layer)`)
	maestroKey  = regexp.MustCompile(`^(Network|NETWORK)\s+\S+\s*\{|^Layer\s+\S+\s*\{`)
)

func isMAESTRO(line string) bool { return maestroKey.MatchString(line) }

func withDims(dims string, f Format) Format {
	f.Dims = dims
	return f
}

// weightFormat is a file of weights, of which the header matters.
func weightFormat(name, about string, is func(*head) bool) Format {
	return Format{
		Name: name, About: about, Unit: "tensors", Dims: "tokens, topk", detect: is,
		read: func(in *input, opt Options, s *workloads.Sink) error {
			r, size, err := in.random()
			if err != nil {
				return err
			}
			return modelfile.ReadWeights(r, size, name, opt.ImportOptions, s)
		},
	}
}

// textFormat is a format of lines, told by any of the first ones.
func textFormat(name, about, unit string, is func(string) bool, read func(io.Reader, workloads.ImportOptions, *workloads.Sink) error) Format {
	return Format{
		Name: name, About: about, Unit: unit,
		detect: func(h *head) bool { return h.text && slices.ContainsFunc(h.lines, is) },
		read: func(in *input, opt Options, s *workloads.Sink) error {
			return read(in.stream(), opt.ImportOptions, s)
		},
	}
}
