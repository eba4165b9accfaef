package importer

import (
	"io"
	"slices"

	"tpe/workloads"
	"tpe/workloads/liblog"
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
			Name: "onnx", About: "ONNX graph; weights may be external or missing", Unit: "nodes",
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
		textFormat("onednn", "oneDNN verbose lines, versions 1 to 3", "lines", liblog.IsOneDNN, liblog.ReadOneDNN),
		textFormat("blaslt", "cuBLASLt and hipBLASLt trace lines", "lines", liblog.IsBLASLt, liblog.ReadBLASLt),
		textFormat("rocblas", "rocblas-bench and hipblaslt-bench command lines and YAML rows", "lines", liblog.IsBench, liblog.ReadBench),
		textFormat("deepbench", "DeepBench problem lists: C++ headers, or tables with a_t and b_t", "rows", liblog.IsDeepBench, liblog.ReadDeepBench),
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
