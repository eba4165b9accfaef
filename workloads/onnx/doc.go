// Package onnx reads ONNX graphs as workloads. It infers the shapes of a graph
// itself, from its inputs, weights and operators: exported files often lack the
// shapes of inner values, and their weights may be in other files or missing.
// Weights are never held in memory; only small constants are, which tell other
// operators their shapes.
//
// Products are Conv, ConvTranspose, Gemm, MatMul, Einsum, the recurrent layers,
// attention, and their quantised forms (QLinear..., ...Integer, quantise-dequantise
// pairs around them, and those of the com.microsoft domain).
//
// The messages and their field numbers are those of onnx.proto.
package onnx

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tpe/workloads"
	"tpe/workloads/stream"
)

// Read reads a model. Symbolic dimensions that a product depends on must be bound
// by opt.Dims, by their name in the file; a dimension without a name is bound by
// the name of its input and its position, as in "input.0".
func Read(r io.Reader, opt workloads.ImportOptions, s *workloads.Sink) error {
	m, err := readModel(stream.NewProto(r))
	if err != nil {
		return stream.Report(s, err)
	}
	if m.graph == nil {
		s.FaultAt(workloads.Pos{}, "model has no graph", "", "an ONNX model")
		return nil
	}
	e := &evaluator{s: s, opt: opt, functions: m.functions, products: productTable(), operators: operatorTable(), unbound: make(map[string]bool), used: make(map[string]bool), times: 1}
	e.graph(m.graph, nil, nil)
	for name := range opt.Dims {
		if !e.used[name] {
			s.Warn("dimension %q does not occur in the graph", name)
		}
	}
	if e.err == errStop {
		return nil // a fault of the sink
	}
	if e.err != nil {
		return e.err
	}
	if len(e.unbound) > 0 && s.Faults() == 0 {
		names := slices.Sorted(maps.Keys(e.unbound))
		var flags []string
		for _, n := range names {
			flags = append(flags, fmt.Sprintf("--dim %s=N", quoted(n)))
		}
		s.FaultAt(workloads.Pos{}, fmt.Sprintf("%d products depend on sizes that the graph leaves open", e.open), strings.Join(names, " "), strings.Join(flags, " "))
	}
	return nil
}

// quoted quotes a name where a shell needs it.
func quoted(name string) string {
	if strings.ContainsAny(name, " \t'\"*?[]()+/<>&|;$`\\") {
		return "'" + name + "'"
	}
	return name
}
