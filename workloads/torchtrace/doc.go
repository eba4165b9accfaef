// Package torchtrace reads what PyTorch records of a run: profiler traces
// (Kineto, [ReadKineto]), execution traces in JSON ([ReadET]) and Chakra traces in
// protocol buffers ([ReadChakra]).
//
// All three list operators with the shapes of their inputs, and an operator may
// call others: aten::linear calls aten::addmm. A product is counted once. An
// operator that does the work itself (aten::mm, aten::convolution, fused
// attention) counts and hides all below it; one that only wraps others
// (aten::linear, aten::matmul) counts if nothing below it did. The rules are the
// table of rules.go.
package torchtrace

import (
	"fmt"

	"tpe/workloads"
)

// Reasons for which operators are left out.
const (
	reasonOther    = "not a matrix product"
	reasonInside   = "inside a counted operator"
	reasonAround   = "around counted operators"
	reasonNoShapes = "shapes were not recorded"
	reasonUnknown  = "may be a matrix product, but the operator is not known"
	reasonPacked   = "attention of packed sequences, whose lengths are not recorded"
	reasonPrepared = "weights are packed, without a shape"
	reasonNoConv   = "convolution without its strides and padding"
	reasonComplex  = "complex numbers"
	reasonEmpty    = "an operand is empty"
)

// verdict is what the rules say of an operator and its inputs.
type verdict struct {
	wraps  bool   // counts only if nothing below it does
	reason string // why it gives no records, or empty
	rows   []workloads.GEMM
	fault  string // shapes that do not fit together
	causal bool   // of attention, counted in full
}

// entry is an operator that the rules know, in a trace.
type entry struct {
	start, end float64 // of a profiler trace
	thread     int32
	index      int32 // order in the file
	verdict    int32 // in verdicts
	name       int32
	line, col  int32
}

// verdicts remembers what the rules said: traces repeat the same few operators
// many times.
type verdicts struct {
	opt   workloads.ImportOptions
	known map[string]int32
	list  []verdict
	names []string
	ids   map[string]int32
}

func newVerdicts(opt workloads.ImportOptions) *verdicts {
	return &verdicts{opt: opt, known: make(map[string]int32), ids: make(map[string]int32)}
}

// maxVerdicts bounds the different operators that are told apart.
const maxVerdicts = 1 << 20

// name numbers the names of operators.
func (v *verdicts) name(n string) int32 {
	id, ok := v.ids[n]
	if !ok {
		id = int32(len(v.names))
		v.ids[n] = id
		v.names = append(v.names, n)
	}
	return id
}

// of returns the number of the verdict on an operator. The texts stand for its
// inputs; make parses them when they are new.
func (v *verdicts) of(name string, texts [4]string, make func() operator) (int32, error) {
	key := fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%s", name, texts[0], texts[1], texts[2], texts[3])
	if i, ok := v.known[key]; ok {
		return i, nil
	}
	if len(v.list) >= maxVerdicts {
		return 0, fmt.Errorf("trace has more than %d different operators (expected a trace of one model)", maxVerdicts)
	}
	i := int32(len(v.list))
	v.list = append(v.list, judge(make(), v.opt))
	v.known[key] = i
	return i, nil
}

// settled says what becomes of an operator, given that something below it
// counted. It reports whether the operator counts.
func (v *verdicts) settle(s *workloads.Sink, e entry, below bool) (bool, error) {
	d, name := v.list[e.verdict], v.names[e.name]
	switch {
	case below && (d.wraps || d.reason != ""):
		s.Skip(reasonAround, name)
	case d.fault != "":
		s.FaultAt(workloads.Pos{Line: int(e.line), Col: int(e.col)}, name+": "+d.fault, name, "shapes that fit together")
	case d.reason != "":
		s.Skip(d.reason, name)
	default:
		if d.causal {
			s.Warn("causal attention is counted in full, every query with every key; --attention causal counts half")
		}
		rows := make([]workloads.GEMM, len(d.rows))
		copy(rows, d.rows)
		return true, s.Take(workloads.Pos{Line: int(e.line), Col: int(e.col)}, rows...)
	}
	return below, nil
}

// noShapes reports a trace in which every product lacks its shapes.
func noShapes(s *workloads.Sink, products, bare int64, flag string) {
	if bare > 0 && bare == products {
		s.FaultAt(workloads.Pos{}, "trace was recorded without shapes", fmt.Sprintf("%d matrix products without the sizes of their inputs", bare), flag)
	}
}
